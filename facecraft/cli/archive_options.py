"""Command line options that only buckets have."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

PANEL = "Buckets"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveOptions:
    """What is given of them."""

    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Do one of N parts of the photos, 0/N to N-1/N, each on another machine.",
            rich_help_panel=PANEL,
        ),
    ] = None
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Also try photos again that failed for good.", rich_help_panel=PANEL
        ),
    ] = False
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Work with the actors of a Ray cluster; auto: the one of this machine.",
            rich_help_panel=PANEL,
        ),
    ] = None
    actors: Annotated[
        str | None,
        typer.Option(metavar="MIN:MAX", help="How many actors; 1 without it.", rich_help_panel=PANEL),
    ] = None
    actor_cpus: Annotated[
        float | None, typer.Option(help="Processors of each actor; 1 without it.", rich_help_panel=PANEL)
    ] = None
    actor_gpus: Annotated[
        float | None, typer.Option(help="GPUs of each actor, also a part of one.", rich_help_panel=PANEL)
    ] = None

    @property
    def given(self) -> bool:
        return self != ArchiveOptions()


def archive_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add the options to a command, which receives them as `archive`."""
    kinds = get_type_hints(ArchiveOptions, include_extras=True)
    own = [each for each in inspect.signature(command).parameters.values() if each.name != "archive"]
    added = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, annotation=kinds[each.name], default=each.default
        )
        for each in fields(ArchiveOptions)
    ]

    @wraps(command)
    def with_archive(**arguments: Any) -> int:
        archive = ArchiveOptions(**{each.name: arguments.pop(each.name) for each in added})
        return command(archive=archive, **arguments)

    with_archive.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    return with_archive
