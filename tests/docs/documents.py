"""Reads the documents: blocks of code, commands, tables, links and headings."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = tuple(sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = (README, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", *PAGES)

FENCE = re.compile(r"^```(\w*)$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
INLINE = re.compile(r"`([^`\n]+)`")
PROGRAMS = ("curl", "docker", "facecraft", "make", "pip", "python")


@dataclass(frozen=True)
class Command:
    """One command line of a document, as a shell splits it.

    Attributes:
        variables: assignments in front of it.
        words: the program and its arguments.
    """

    document: str
    variables: tuple[str, ...]
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.document}: {' '.join(self.words)}"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of code in one language."""
    return [code for found, code in FENCE.findall(text) if found == language]


def prose(text: str) -> str:
    """The text without its fenced blocks."""
    return FENCE.sub("", text)


def links(text: str) -> list[str]:
    return LINK.findall(prose(text))


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings."""
    titles = [title.replace("`", "").lower() for _, title in HEADING.findall(prose(text))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def sections(text: str) -> list[str]:
    """The text, cut before each heading of the second level."""
    return re.split(r"^(?=## )", text, flags=re.MULTILINE)


def table(text: str, column: str) -> list[list[str]]:
    """The rows of the first table whose first column has this heading."""
    whole = text.splitlines()
    start = whole.index(next(line for line in whole if line.startswith(f"| {column} |")))
    return list(_rows(iter(whole[start + 2 :])))


def tables(text: str, column: str) -> list[list[str]]:
    """The rows of all such tables."""
    return [
        row
        for section in re.split(rf"^(?=\| {column} \|)", text, flags=re.MULTILINE)[1:]
        for row in table(section, column)
    ]


def _rows(lines: Iterator[str]) -> Iterator[list[str]]:
    """The cells of each line up to the end of the table, without the spaces around them."""
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def commands() -> list[Command]:
    """Every command line of every document, each once: those in blocks, and those in the text."""
    found: dict[tuple[str, ...], Command] = {}
    for document in DOCUMENTS:
        text = document.read_text()
        lines = [line for block in blocks(text, "sh") for line in _joined(block)]
        lines += [code for code in INLINE.findall(prose(text)) if _is_command(code)]
        for line in lines:
            for words in _split(line):
                variables = tuple(word for word in words if re.match(r"[A-Z_]+=", word))
                rest = tuple(words[len(variables) :]) if words[: len(variables)] == [*variables] else words
                found.setdefault(tuple(words), Command(document.name, variables, tuple(rest)))
    return list(found.values())


def _is_command(code: str) -> bool:
    program, _, arguments = code.partition(" ")
    return program in PROGRAMS and arguments != "" and "…" not in code


def _joined(block: str) -> list[str]:
    """The lines of a block of shell, those that end with a backslash joined to the next."""
    lines = block.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _split(line: str) -> Iterator[list[str]]:
    """The words of each command of a pipeline; redirections are dropped."""
    words: list[str] = []
    for word in shlex.split(line, comments=True):
        if word == "|":
            yield words
            words = []
        else:
            words.append(word)
    yield words[: words.index(">")] if ">" in words else words
