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
from facecraft.folders.search import Found, find_photos, read_photo
from facecraft.folders.selection import EVERYTHING, Selection
from facecraft.imaging.formats import READABLE_LIST
from facecraft.text import printable

if TYPE_CHECKING:
    from facecraft.results import Findings

T = TypeVar("T", bound="Findings")

logger = logging.getLogger(__name__)

Photos: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="PHOTO...", help="A file, a folder or a pattern such as '*.jpg'.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def find(inputs: Iterable[str], outputs: Iterable[Path] = (), selection: Selection = EVERYTHING) -> Found:
    """Find every photo in the inputs. What else there is, is reported on standard error.

    Raises:
        RequestError: nothing was found.
    """
    found = find_photos(inputs, outputs, selection)
    if not found.photos and not found.refused:
        hint = f"Give photos as {READABLE_LIST}, or folders or patterns that contain some."
        raise RequestError(f"No photo was found in {', '.join(inputs)}.", hint=hint)
    for refused in found.refused:
        print(failure(str(refused.path), refused.error.problem()), file=sys.stderr)
    return found


def look_at(found: Found, work: Callable[[bytes], T]) -> Iterator[tuple[Path, "T | FacecraftError"]]:
    """Process each photo. A failed one is reported on standard error and does not stop the others.

    Yields:
        The path and the result of each photo, after those files that are none.
    """
    yield from ((refused.path, refused.error) for refused in found.refused)
    for photo in (each.path for each in found.photos):
        outcome: T | FacecraftError
        try:
            outcome = work(read_photo(photo))
        except FacecraftError as error:
            outcome = error
        except Exception as error:  # it is reported, and the other photos are still processed
            logger.debug("%s failed.", printable(str(photo)), exc_info=True)
            outcome = InferenceFailed(f"The models failed on this picture: {error!r}.")
        if isinstance(outcome, FacecraftError):
            print(failure(str(photo), outcome.problem()), file=sys.stderr)
        yield photo, outcome


def failure(file: str, problem: Mapping[str, object]) -> str:
    """One line about a failed photo."""
    hint = in_cli_terms(str(problem["hint"]))
    return printable(f"{file}: {problem['code']}: {problem['detail']} {hint}")


def as_json(entries: list[dict[str, Any]]) -> str:
    """The entries as JSON, with the same member name as in a manifest."""
    return json.dumps({"files": entries}, indent=2)


def entry(photo: Path, outcome: "Findings | FacecraftError") -> dict[str, Any]:
    """One photo for JSON; its members have the same names as in the HTTP API."""
    if isinstance(outcome, FacecraftError):
        members = {"status": "failed", "problem": outcome.problem()}
        return {"file": str(photo), **members, "source": None, "faces": None, "timings_ms": None}
    return {"file": str(photo), "status": "done", "problem": None, **outcome.findings()}
