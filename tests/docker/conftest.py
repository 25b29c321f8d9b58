"""Tests of images. Those marked docker need an engine and an image: `make test-image IMAGE=facecraft:cpu`."""

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from docker.release.engine import Engine

Layer = Callable[[str], str]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine()


@pytest.fixture(scope="session")
def image() -> str:
    """The image under test."""
    name = os.environ.get("IMAGE")
    assert name, "run `make test-image IMAGE=facecraft:cpu`, after `make image-cpu`"
    return name


@pytest.fixture
def layer(engine: Engine, image: str) -> Iterator[Layer]:
    """Puts a layer on top of the image: `layer("RUN …")`, as root; gives the name of what comes of it."""
    made = []

    def build(instructions: str) -> str:
        name = f"facecraft-test:{secrets.token_hex(6)}"
        user = engine.inspect(image)["Config"]["User"]
        dockerfile = f"FROM {image}\nUSER 0\n{instructions}\nUSER {user}\n"
        engine.run("build", "-q", "-t", name, "-", stdin=dockerfile.encode())
        made.append(name)
        return name

    yield build
    for name in made:
        engine.run("rmi", "-f", name)
