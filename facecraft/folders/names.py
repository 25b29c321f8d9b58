"""Names of files that are free, and short enough."""

import os
from collections.abc import Callable
from pathlib import Path

LONGEST_NAME_BYTES = 225
"""File systems allow 255; a number, another suffix and .json are added to it."""


def first_free(wanted: Path, is_taken: Callable[[Path], bool]) -> Path:
    """The path itself or, if it is taken, the first of a-2.jpg, a-3.jpg and so on that is free."""
    path, number = wanted, 1
    while is_taken(path):
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return path


def shortened(path: Path) -> Path:
    """The path with the end of its stem cut off if its name is too long."""
    stem = path.stem
    while len(os.fsencode(stem + path.suffix)) > LONGEST_NAME_BYTES and len(stem) > 1:
        stem = stem[:-1]
    return path.with_name(stem + path.suffix)


def problem_path(photo: Path) -> Path:
    """Where the problem of a failed photo is written: a.jpg.json beside a.jpg."""
    return photo.with_name(f"{photo.name}.json")


def is_failed_taken(photo: Path) -> bool:
    """Whether a photo has this name, or its problem's name belongs to a file that is not ours."""
    problem = problem_path(photo)
    if photo.exists() or problem.is_dir():
        return True
    return problem.exists() and b'"urn:facecraft:problem:' not in problem.read_bytes()
