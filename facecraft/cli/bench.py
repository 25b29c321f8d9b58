"""`facecraft bench`: measure a server on this machine."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from facecraft.cli.photos import AsJson
from facecraft.errors import RequestError


def counts(text: str) -> list[int]:
    """Parse whole numbers above 0, separated by commas.

    Raises:
        typer.BadParameter: the text has anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise typer.BadParameter("give whole numbers above 0, separated by commas")
    return [int(part) for part in parts]


def bench(
    photo: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A photo with one face. Default: one in the package.")
    ] = None,
    requests: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of requests for each measurement.")
    ] = 20,
    clients: Annotated[
        str, typer.Option(metavar="N,N,…", help="Numbers of clients that send requests at the same time.")
    ] = "1,4,32",
    restorer: Annotated[
        str, typer.Option(metavar="NAME", help="Value of the option restorer in the requests.")
    ] = "auto",
    *,
    noise: Annotated[
        float,
        typer.Option(
            min=0,
            max=50,
            metavar="LEVELS",
            help="Noise that is added to the photo, because a good photo is not restored.",
        ),
    ] = 12,
    as_json: AsJson = False,
) -> int:
    """Start a server with these settings on this machine, and measure it."""
    numbers = counts(clients)
    from facecraft.checks.bench import measure, table  # noqa: PLC0415

    try:
        data = (photo or measure.PHOTO).read_bytes()
    except OSError as error:
        raise RequestError(
            f"{photo} cannot be read: {error.strerror}.", hint="Give another photo."
        ) from error
    result = measure.run(data, requests, numbers, restorer, noise)
    print(json.dumps(asdict(result), indent=2) if as_json else table.markdown(result))
    return 0
