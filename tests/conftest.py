"""Fixtures of several rooms: real portraits, and the default models behind one pipeline."""

import io
from collections.abc import Callable
from pathlib import Path

import insightface
import numpy as np
import pytest
import skimage.data
from PIL import Image

from facecraft.bootstrap import Runtime, load
from facecraft.imaging.mesh import Points
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.results import Portrait
from facecraft.settings import Settings
from facecraft.types import RGBImage
from facecraft.weights.lockfile import default_lock_path, load_lock
from facecraft.weights.store import default_models_dir, verify
from tests.portraits import Make, Trace

Encode = Callable[..., bytes]

TESTS = Path(__file__).parent
# What a fixture brings marks every test that uses it, directly or through another fixture.
FIXTURES = {
    "codeformer": ("models",),
    "exported": ("models",),
    "fc": ("models",),
    "gfpgan": ("models",),
    "loaded": ("models",),
    "model_path": ("models",),
    "real_client": ("models", "server"),
    "rrdbnet": ("models",),
    "serve": ("server",),
    "server": ("models", "server"),
    "shared": ("server",),
}
# Tests in these places load models or start processes. What measures time or memory must run alone.
PLACES = {
    "benchmarks/test_quality.py": ("models",),
    "checks": ("models", "server"),
    "cli": ("models", "server"),
    "cli/test_healthcheck.py": ("alone",),
    "faults": ("models", "server", "alone"),
    "finishing/test_memory.py": ("models", "alone"),
    "hostile": ("models", "server", "alone"),
    "imaging/test_memory.py": ("alone",),
    "load": ("models", "server", "alone"),
    "folders/test_killed.py": ("server",),
    "pipeline/test_memory.py": ("models", "alone"),
    "restoration": ("models",),
    "restoration/test_memory.py": ("models", "alone"),
    "service/capacity/test_admission.py": ("alone",),
    "service/test_crowds.py": ("models", "server", "alone"),
    "service/test_descriptors.py": ("server",),
    "service/test_server.py": ("server",),
    "test_api.py": ("models", "alone"),
    "test_api_map.py": ("models",),
    "test_bootstrap.py": ("models",),
    "test_package.py": ("models",),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their fixtures and places; `make test-fast` and `make test` choose by these marks."""
    for item in items:
        for name in marks_of(item):
            item.add_marker(name)


def marks_of(item: pytest.Item) -> set[str]:
    fixtures = item.fixturenames if isinstance(item, pytest.Function) else []
    by_fixture = [FIXTURES[name] for name in fixtures if name in FIXTURES]
    by_place = [marks for place, marks in PLACES.items() if item.path.is_relative_to(TESTS / place)]
    return {mark for marks in by_fixture + by_place for mark in marks}


@pytest.fixture(scope="session")
def astronaut() -> RGBImage:
    """Eileen Collins by NASA, 512 x 512, public domain: one face, whose FFHQ square spans 174 px."""
    return np.asarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]


@pytest.fixture(scope="session")
def group_path() -> Path:
    """The test picture inside insightface, 1280 x 886 JPEG: six faces of about 100 px, none of them level."""
    return Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"


@pytest.fixture(scope="session")
def group(group_path: Path) -> RGBImage:
    return np.asarray(Image.open(group_path))


@pytest.fixture(scope="session")
def loaded() -> Runtime:
    """The default models; pulled by `make models` where they are missing."""
    return load(Settings(device="cpu"), load_lock(default_lock_path()))


@pytest.fixture(scope="session")
def pipeline(loaded: Runtime) -> Pipeline:
    return loaded.pipeline


@pytest.fixture(scope="session")
def model_path() -> Callable[[str], Path]:
    """The verified file of a model of the default set."""
    lock = load_lock(default_lock_path())
    return lambda name: verify(lock.named(name), default_models_dir())


@pytest.fixture(scope="session")
def png() -> Encode:
    """Encodes an array or a Pillow image as PNG."""

    def encode(picture: RGBImage | Image.Image, **parameters: object) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        buffer = io.BytesIO()
        image.save(buffer, "PNG", **parameters)
        return buffer.getvalue()

    return encode


@pytest.fixture(scope="session")
def trace(pipeline: Pipeline) -> Trace:
    """The points of the largest face, from nothing but the picture."""

    def found(picture: RGBImage) -> Points:
        face = pipeline.models.detector.detect(picture)[0]
        points, _ = pipeline.models.mesh.trace(picture, face.bbox, face.landmarks[:2])
        return points

    return found


@pytest.fixture(scope="session")
def make(pipeline: Pipeline, png: Encode) -> Make:
    """A portrait of a picture, with options as a form gives them; restored only if that is asked for."""

    def made(picture: RGBImage, *, judge: bool = False, **fields: object) -> Portrait:
        options = {"restorer": "none", **{name: str(value).lower() for name, value in fields.items()}}
        return pipeline.process(png(picture), Options.parse(options), judge=judge)

    return made
