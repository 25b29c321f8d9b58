"""Whatever is asked for of whatever picture: a portrait that is that, or an error that says why."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from facecraft.errors import RequestError
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.damages import noisy


def maybe(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, str]]:
    """Some of these fields, as a form has them."""
    return st.fixed_dictionaries({}, optional={name: each.map(str) for name, each in choices.items()})


FIELDS = maybe(
    restorer=st.sampled_from(["auto", "none", "facecraft-clean"]),
    when=st.sampled_from(["needed", "always"]),
    area=st.sampled_from(["photo", "head", "face"]),
    strength=st.sampled_from([0, 0.5, 1]),
    max_drift=st.floats(0.001, 1),
    faces=st.sampled_from(["all", "largest"]),
    preset=st.sampled_from(["us-passport", "badge", "ad", "japan-passport", "india-visa", "no-such"]),
    width=st.integers(64, 700),
    height=st.integers(64, 700),
    head=st.floats(0.05, 0.95),
    margin=st.floats(0.05, 4),
    align=st.sampled_from(["true", "false"]),
    eye_line=st.floats(0.05, 0.95),
    background=st.sampled_from(
        [
            "keep",
            "transparent",
            "blur",
            "white",
            "#123",
            "linear-gradient(red, blue)",
            "radial-gradient(red,#fff)",
        ]
    ),
    tone=st.sampled_from(["auto", "off"]),
    mask=st.sampled_from(["none", "oval", "circle", "rounded"]),
    feather=st.floats(0, 0.5),
    layout=st.sampled_from(["4x6in", "a6", "a5"]),
    format=st.sampled_from(["auto", "jpeg", "png", "webp", "avif"]),
    quality=st.integers(1, 100),
    max_kb=st.integers(1, 300),
    dpi=st.integers(36, 400),
    keep_metadata=st.sampled_from(["true", "false", "gps"]),
    require_face=st.sampled_from(["true", "false"]),
)


@pytest.fixture(scope="module")
def pictures(astronaut: RGBImage, png: Encode) -> list[bytes]:
    alpha = np.full((512, 512), 200, np.uint8)
    return [
        png(astronaut),
        png(astronaut[:200, 120:330].copy()),
        png(np.dstack((astronaut, alpha))),
        png(np.full((90, 40, 3), 128, np.uint8)),
        png(np.full((1, 1, 3), 128, np.uint8)),
        png(noisy(astronaut[20:190, 130:320], 15)),
    ]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=FIELDS, which=st.integers(0, 5), judge=st.booleans())
def test_a_portrait_is_what_was_asked_for_or_refused_with_a_reason(
    pipeline: Pipeline, pictures: list[bytes], fields: dict[str, str], which: int, judge: bool
) -> None:
    try:
        options = Options.parse(fields)
        portrait = pipeline.process(pictures[which], options, judge=judge)
    except RequestError:
        return
    image = Image.open(io.BytesIO(portrait.data))
    image.load()
    assert image.size == (portrait.width, portrait.height)
    if options.format != "auto":
        assert portrait.format == options.format
    if options.max_kb is not None:
        assert len(portrait.data) <= options.max_kb * 1000
    smaller = "smaller" in [note.code for note in portrait.notes]
    if options.width is not None and options.layout is None and not smaller:
        assert portrait.width == options.width
    if options.height is not None and options.layout is None and not smaller:
        assert portrait.height == options.height
    if options.restorer == "none" or options.strength == 0:
        assert not portrait.cleaned
    if portrait.cleaned:
        assert portrait.restorer == "facecraft-clean"
        assert "restoration_not_needed" not in [note.code for note in portrait.notes]
    else:
        assert (portrait.restored, portrait.restorer) == (0, "none")
    assert (portrait.verdict is not None) == (judge or options.preset is not None)
