"""Tests are marked by what they use, so that `make test-fast` can leave out what is slow."""

from pathlib import Path

import pytest

from tests.conftest import PLACES, TESTS


def marks(request: pytest.FixtureRequest) -> set[str]:
    return {mark.name for mark in request.node.iter_markers()}


@pytest.mark.usefixtures("model_path")
def test_a_test_that_uses_a_model_is_marked(request: pytest.FixtureRequest) -> None:
    assert "models" in marks(request)


def test_a_test_that_uses_none_is_not_marked(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    assert not marks(request) & {"models", "server", "alone"}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_is_marked_exists(place: str) -> None:
    assert (TESTS / place).exists()
