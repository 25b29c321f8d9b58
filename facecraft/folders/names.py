"""Find free and short file names."""

import os
from collections.abc import Callable
from pathlib import Path

LONGEST_NAME_BYTES = 225
"""File systems allow 255. The rest is for a number, another suffix and .json."""


def first_free(path: Path, is_taken: Callable[[Path], bool]) -> Path:
    """The path itself or, if it is taken, the first free one of a-2.jpg, a-3.jpg and so on."""
    candidate, number = path, 1
    while is_taken(candidate):
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return candidate


def shorten(path: Path) -> Path:
    """Cut off the end of the stem if the name is too long."""
    stem = path.stem
    while len(os.fsencode(stem + path.suffix)) > LONGEST_NAME_BYTES and len(stem) > 1:
        stem = stem[:-1]
    return path.with_name(stem + path.suffix)


def problem_path(photo: Path) -> Path:
    """Path for the problem of a failed photo: a.jpg.json next to a.jpg."""
    return photo.with_name(f"{photo.name}.json")


def is_failed_taken(photo: Path) -> bool:
    """Whether a photo has this name, or another program's file has the name for its problem."""
    problem = problem_path(photo)
    if photo.exists() or problem.is_dir():
        return True
    return problem.exists() and b'"urn:facecraft:problem:' not in problem.read_bytes()
