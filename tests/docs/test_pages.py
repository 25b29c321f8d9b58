"""What holds for every document: its length, its links, the paths and names in it."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, INLINE, PAGES, README, ROOT, anchors, links, prose, sections

MEASURED = re.compile(r"\d[^|]*\b(ms|MB|GB|s)\b|, (ms|MB)\b")
MEASURES = re.compile(
    r"benchmarks\.\w+|facecraft bench|:cpu bench|models list|tests/load"
    r"|make (verify-image|image-cpu|test-nightly)"
)
PATH = re.compile(r"(facecraft|tests|docs|docker|benchmarks|examples)/[\w./-]+")
EXAMPLES_OF_NAMES = re.compile(r"facecraft/(models|graphs)$")


def by_name(document: Path) -> str:
    return document.name


def test_the_readme_has_under_200_lines() -> None:
    assert len(README.read_text().splitlines()) < 200


def test_the_readme_leads_to_every_page() -> None:
    linked = {link.partition("#")[0] for link in links(README.read_text())}
    assert {f"docs/{page.name}" for page in PAGES} <= linked


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    for link in links(document.read_text()):
        path, _, anchor = link.partition("#")
        if path.startswith("https://"):
            continue
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text()), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_every_path_that_is_named_exists(document: Path) -> None:
    if document.name == "CHANGELOG.md":  # it tells of what was, too
        return
    for code in INLINE.findall(prose(document.read_text())):
        if PATH.fullmatch(code) and not EXAMPLES_OF_NAMES.fullmatch(code):
            assert (ROOT / code).exists(), code


@pytest.mark.parametrize("document", [README, *PAGES], ids=by_name)
def test_measured_numbers_name_the_command_that_measures_them(document: Path) -> None:
    for section in sections(document.read_text()):
        rows = [line for line in section.splitlines() if line.startswith("|")]
        if document.name in {"settings.md", "options.md", "hot-folder.md"}:  # limits and ranges
            continue
        if any(MEASURED.search(row) for row in rows):
            assert MEASURES.search(section), section.splitlines()[0]


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").glob("*.*")), ids=by_name)
def test_pictures_are_small(picture: Path) -> None:
    assert picture.stat().st_size < 200_000
