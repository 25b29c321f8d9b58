"""Fail where a file has over 250 lines or a function over 40, but for a short list of exceptions.

    python -m lint.size

A file's lines are all its lines. A function's lines go from its `def` to its end, without decorators and
without its docstring: what explains a function does not make it long.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("facecraft", "docker", "benchmarks", "training", "examples", "lint", "tests")
FILE_LINES, FUNCTION_LINES = 250, 40

# What may be longer, and why: "path" for a file, "path:function" for a function.
EXCEPTIONS: Mapping[str, str] = {
    "tests/restoration/official.py": "a table of every tensor in the published checkpoints",
    "tests/restoration/test_engines.py": "one table of cases for every engine",
}


@dataclass(frozen=True, order=True)
class Excess:
    """A file or function that is too long. `name` is its key in EXCEPTIONS."""

    name: str
    lines: int
    limit: int

    def __str__(self) -> str:
        return f"{self.name}: {self.lines} lines, {self.limit} allowed"


def excesses(root: Path) -> Iterator[Excess]:
    """Everything too long in the folders of `root`, exceptions included."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield from in_file(path.relative_to(root).as_posix(), path.read_text())


def in_file(name: str, source: str) -> Iterator[Excess]:
    lines = len(source.splitlines())
    if lines > FILE_LINES:
        yield Excess(name, lines, FILE_LINES)
    for function, length in functions(ast.parse(source)):
        if length > FUNCTION_LINES:
            yield Excess(f"{name}:{function}", length, FUNCTION_LINES)


def functions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, int]]:
    """The qualified name and the number of lines of every function below `node`, nested ones too."""
    for child in ast.iter_child_nodes(node):
        below = prefix
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            below = f"{prefix}{child.name}."
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + child.name, length_of(child)
        yield from functions(child, below)


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines without decorators and docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    assert docstring.end_lineno is not None
    return lines - (docstring.end_lineno - docstring.lineno + 1)


def complaints(found: list[Excess], exceptions: Mapping[str, str]) -> list[str]:
    """What is too long without a reason, and exceptions that nothing needs any more."""
    names = {excess.name for excess in found}
    too_long = [str(excess) for excess in found if excess.name not in exceptions]
    return too_long + [f"{name}: no exception is needed" for name in exceptions if name not in names]


def main() -> int:
    wrong = complaints(sorted(excesses(Path())), EXCEPTIONS)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
