"""The common parts of the commands for photos: find them, process each, print JSON."""

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer

from facecraft.cli.terms import in_cli_terms
from facecraft.errors import FacecraftError, InferenceFailed, RequestError
from facecraft.folders.search import find_photos, read_photo
from facecraft.imaging.formats import READABLE_LIST

if TYPE_CHECKING:
    from facecraft.results import Findings

T = TypeVar("T", bound="Findings")

logger = logging.getLogger(__name__)

Photos: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="PHOTO...", help="A file, a folder or a pattern such as '*.jpg'.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def find(inputs: Iterable[str]) -> list[Path]:
    """Find the path of every photo in the inputs.

    Raises:
        RequestError: there is no photo.
    """
    photos = [photo.path for photo in find_photos(inputs)]
    if not photos:
        raise no_photo(inputs)
    return photos


def no_photo(inputs: Iterable[str]) -> RequestError:
    """The error for inputs without a photo."""
    hint = f"Give photos as {READABLE_LIST}, or folders or patterns that contain some."
    return RequestError(f"No photo was found in {', '.join(inputs)}.", hint=hint)


def look_at(
    photos: Iterable[Path], work: Callable[[bytes], T]
) -> Iterator[tuple[Path, "T | FacecraftError"]]:
    """Process each photo. A failed one is reported on standard error and does not stop the others."""
    for photo in photos:
        outcome: T | FacecraftError
        try:
            outcome = work(read_photo(photo))
        except FacecraftError as error:
            outcome = error
        except Exception as error:  # it is reported, and the other photos are still processed
            logger.debug("%s failed.", photo, exc_info=True)
            outcome = InferenceFailed(f"The models failed on this picture: {error!r}.")
        if isinstance(outcome, FacecraftError):
            print(failure(str(photo), outcome.problem()), file=sys.stderr)
        yield photo, outcome


def failure(file: str, problem: Mapping[str, object]) -> str:
    """One line about a failed photo."""
    return f"{file}: {problem['code']}: {problem['detail']} {in_cli_terms(str(problem['hint']))}"


def as_json(entries: list[dict[str, Any]]) -> str:
    """The entries as JSON, with the same member name as in a manifest."""
    return json.dumps({"files": entries}, indent=2)


def entry(photo: Path, outcome: "Findings | FacecraftError") -> dict[str, Any]:
    """One photo for JSON; its members have the same names as in the HTTP API."""
    if isinstance(outcome, FacecraftError):
        members = {"status": "failed", "problem": outcome.problem()}
        return {"file": str(photo), **members, "source": None, "faces": None, "timings_ms": None}
    return {"file": str(photo), "status": "done", "problem": None, **outcome.findings()}
