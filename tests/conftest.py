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
from facecraft.settings import Settings
from facecraft.types import Portrait, RGBImage
from facecraft.weights.lockfile import default_lock_path, load_lock
from facecraft.weights.store import default_models_dir, verify
from tests.portraits import Make, Trace

Encode = Callable[..., bytes]


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
