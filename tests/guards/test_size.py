"""How long a file and a function may be."""

import textwrap
from pathlib import Path

import pytest

from lint import size
from lint.size import Excess

BODY = "    pass\n"


def test_a_file_of_250_lines_is_accepted_and_one_of_251_is_not() -> None:
    assert list(size.in_file("a.py", "\n" * 250)) == []
    assert list(size.in_file("a.py", "\n" * 251)) == [Excess("a.py", 251, 250)]


@pytest.mark.parametrize("keyword", ["def", "async def"])
def test_a_function_of_40_lines_is_accepted_and_one_of_41_is_not(keyword: str) -> None:
    accepted = f"{keyword} build():\n{BODY * 39}"
    assert list(size.in_file("a.py", accepted)) == []
    assert list(size.in_file("a.py", accepted + BODY)) == [Excess("a.py:build", 41, 40)]


def test_decorators_and_the_docstring_do_not_count() -> None:
    head = '@decorated(\n    1,\n)\ndef build():\n    """Build.\n\n    A house.\n    """\n'
    assert list(size.in_file("a.py", head + BODY * 39)) == []


def test_methods_and_nested_functions_count_by_themselves() -> None:
    inner = textwrap.indent(f"def inner():\n{BODY * 40}", "        ")
    found = list(size.in_file("a.py", f"class House:\n    def outer(self):\n{inner}"))
    assert [excess.name for excess in found] == ["a.py:House.outer", "a.py:House.outer.inner"]


def test_an_exception_is_accepted_while_it_is_needed() -> None:
    found = [Excess("a.py", 300, 250), Excess("b.py:build", 50, 40)]
    assert size.complaints(found, {"a.py": "a table"}) == ["b.py:build: 50 lines, 40 allowed"]
    assert size.complaints([], {"a.py": "a table"}) == ["a.py: no exception is needed"]


def test_all_folders_of_code_are_read(tmp_path: Path) -> None:
    for folder in ("facecraft/imaging", "docker", "tests"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "long.py").write_text("\n" * 300)
    names = [excess.name for excess in size.excesses(tmp_path)]
    assert names == ["facecraft/imaging/long.py", "docker/long.py", "tests/long.py"]


def test_every_exception_has_a_reason() -> None:
    assert all(reason for reason in size.EXCEPTIONS.values())
