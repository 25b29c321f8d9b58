"""docs/architecture.md names every room, the order that import-linter holds, and functions that there are."""

import re
import tomllib

import pytest

from tests.docs.documents import ROOT, blocks, page, table, tables

TEXT = page("architecture.md")
NO_ROOM = {"__init__.py", "__main__.py", "__pycache__", "py.typed"}


def layers() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = [each for each in contracts if each["type"] == "layers"]
    return [layer.replace("(", "").replace(")", "") for layer in contract["layers"]]


def test_the_order_of_imports_is_the_one_that_is_checked() -> None:
    assert layers() in [block.splitlines() for block in blocks(TEXT, "text")]


def test_every_room_is_in_the_table() -> None:
    rooms = {path.name for path in (ROOT / "facecraft").iterdir()} - NO_ROOM
    assert {row[0].strip("`").removeprefix("facecraft/") for row in table(TEXT, "room")} == rooms


@pytest.mark.parametrize(("function", "file"), [row[:2] for row in tables(TEXT, "function")])
def test_the_bytes_walk_through_functions_that_there_are(function: str, file: str) -> None:
    code = (ROOT / "facecraft" / file.strip("`")).read_text()
    for name in function.strip("`").split("."):
        assert re.search(rf"^ *(async )?(def|class) {name}\b", code, re.MULTILINE), name
