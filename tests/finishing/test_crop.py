import cv2
import numpy as np
import pytest

from facecraft.errors import NoFaceFound
from facecraft.finishing import crop, frame
from facecraft.finishing.demand import Demand, Subject
from facecraft.imaging.head import Extent, Head, head_of
from facecraft.options import Options
from facecraft.pipeline.pipeline import Pipeline
from facecraft.types import RGBImage
from tests.conftest import Encode
from tests.portraits import Make, Trace, measured, pixels

HEAD = Head(np.array([[220.0, 190.0], [280.0, 210.0]]), np.array([230.0, 280.0]))
"""Eyes 63 px apart, turned by 18 degrees."""


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"width": 300, "height": 400}, (300, 400)),
        ({"height": 256}, (256, 256)),
        ({"width": 128, "height": 512, "head": 0.3}, (128, 512)),
        ({"align": True, "beyond": "fill"}, (512, 512)),
        ({"width": 4096, "height": 64}, (4096, 64)),
    ],
    ids=str,
)
def test_a_portrait_has_the_size_asked_for(
    make: Make, astronaut: RGBImage, fields: dict[str, object], size: tuple[int, int]
) -> None:
    portrait = make(astronaut, **fields)
    assert (portrait.width, portrait.height) == size


@pytest.mark.parametrize(
    ("fields", "photo", "natural_px", "size"),
    [
        ({"head": 0.3}, (4000, 3000), 4500, (4096, 3072)),
        ({"head": 0.5}, (6000, 4000), 4400, (4096, 2731)),
        ({"head": 0.5}, (90, 60), 30, (96, 64)),
        ({"align": True}, (7728, 5152), 5152, (7728, 5152)),
        ({"align": True}, (90, 60), 60, (90, 60)),
    ],
    ids=str,
)
def test_a_natural_size_keeps_its_shape(
    fields: dict[str, float], photo: tuple[int, int], natural_px: float, size: tuple[int, int]
) -> None:
    assert crop.portrait_size(Options.parse(fields), *photo, natural_px) == size


def test_without_a_size_the_head_keeps_its_pixels(make: Make, astronaut: RGBImage, trace: Trace) -> None:
    portrait = make(astronaut, head=0.5)
    head, _, _ = measured(portrait, trace)
    assert head == pytest.approx(0.5, rel=0.02)
    assert portrait.width == portrait.height == pytest.approx(146 / 0.5, rel=0.03)  # its head has 146 px


@pytest.mark.parametrize("head", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("eye_line", [0.45, 0.6])
def test_the_head_has_the_share_and_the_eyes_the_height_asked_for(
    make: Make, astronaut: RGBImage, trace: Trace, head: float, eye_line: float
) -> None:
    frame = {"width": 600, "height": 800, "align": True, "beyond": "fill"}
    portrait = make(astronaut, **frame, head=head, eye_line=eye_line)
    found_head, found_eyes, roll_deg = measured(portrait, trace)
    assert found_head == pytest.approx(head, rel=0.02)
    assert found_eyes == pytest.approx(eye_line, rel=0.02)
    assert abs(roll_deg) < 1


def test_a_head_without_a_size_is_in_the_middle_of_the_width(
    make: Make, astronaut: RGBImage, trace: Trace
) -> None:
    aside = np.ascontiguousarray(astronaut[:, 60:])  # her eyes are at 0.36 of its width
    portrait = make(aside, head=0.6)
    eyes = head_of(trace(pixels(portrait))).middle[0] + 0.5
    assert eyes / portrait.width == pytest.approx(0.5, abs=0.02)


def test_a_margin_is_the_room_on_both_sides_of_the_head(
    make: Make, astronaut: RGBImage, trace: Trace
) -> None:
    portrait = make(astronaut, width=600, height=600, margin=0.5, align=True, beyond="fill")
    head, eyes, _ = measured(portrait, trace)
    assert head == pytest.approx(1 / 2, rel=0.02)
    assert eyes == pytest.approx(0.25 + 0.5 / 1.95, rel=0.02)


@pytest.mark.parametrize("angle_deg", [-20, -12, -5, 5, 12, 20])
def test_a_turned_picture_comes_out_as_the_upright_one(
    make: Make, astronaut: RGBImage, trace: Trace, angle_deg: int
) -> None:
    matrix = cv2.getRotationMatrix2D((224, 110), angle_deg, 1.0)
    turned = cv2.warpAffine(
        astronaut, matrix, (512, 512), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    options = {"width": 500, "height": 500, "head": 0.5, "align": True, "beyond": "fill"}
    upright = measured(make(astronaut, **options), trace)
    head, eyes, roll_deg = measured(make(np.asarray(turned, np.uint8), **options), trace)
    assert abs(roll_deg - upright[2]) < 1.5
    assert head == pytest.approx(upright[0], rel=0.03)
    assert eyes == pytest.approx(upright[1], rel=0.03)


def test_without_align_the_roll_stays(make: Make, astronaut: RGBImage, trace: Trace) -> None:
    _, _, roll_deg = measured(make(astronaut, width=500, height=500, head=0.5), trace)
    assert roll_deg == pytest.approx(3.3, abs=1)


def test_nothing_is_stretched() -> None:
    for width, height in ((300, 600), (600, 300)):
        demand = Demand(width / height, head=(0.4, 0.4), levels=True)
        part = crop.of_frame(frame.middle(demand, Subject(500, 500, HEAD, Extent(0, 0, 0))), (width, height))
        linear = part.matrix[:, :2]
        assert np.allclose(linear @ linear.T, part.scale**2 * np.eye(2))


def test_a_size_alone_cuts_the_largest_part_of_its_shape(make: Make, astronaut: RGBImage) -> None:
    portrait = make(astronaut, width=256, height=512)
    assert portrait.notes == ()
    # 256 columns of the picture, unchanged but for where they begin, with the face (x = 224) in their middle.
    shifts = [
        abs(pixels(portrait).astype(int) - astronaut[:, left : left + 256]).max() for left in range(256)
    ]
    assert min(shifts) == 0
    assert abs(int(np.argmin(shifts)) - 96) < 6


def test_a_size_alone_needs_no_face(make: Make) -> None:
    grey = np.full((300, 200, 3), 99, np.uint8)
    portrait = make(grey, width=100, height=100, require_face=False)
    assert (portrait.width, portrait.height) == (100, 100)


@pytest.mark.parametrize(
    "fields", [{"head": 0.5}, {"align": True}, {"eye_line": 0.5}, {"margin": 1}], ids=str
)
def test_a_frame_for_a_head_needs_one_even_where_no_face_is_required(
    make: Make, fields: dict[str, object]
) -> None:
    with pytest.raises(NoFaceFound):
        make(np.full((300, 200, 3), 99, np.uint8), require_face=False, **fields)


def test_a_source_with_too_few_pixels_is_said(make: Make, astronaut: RGBImage) -> None:
    small = make(astronaut, width=200, height=200, head=0.5)
    large = make(astronaut, width=1000, height=1000, head=0.5)
    assert "source_small" not in [note.code for note in small.notes]
    (note,) = (note for note in large.notes if note.code == "source_small")
    assert "3.4" in note.detail


def test_a_source_that_ends_inside_the_frame_is_said(make: Make, astronaut: RGBImage) -> None:
    notes = make(astronaut, head=0.2, beyond="fill").notes
    (note,) = (note for note in notes if note.code == "extended")
    assert "%" in note.detail
    assert "extended" not in [note.code for note in make(astronaut, head=0.8).notes]


def test_beyond_the_source_it_is_plain(make: Make, astronaut: RGBImage) -> None:
    beyond = pixels(make(astronaut, width=800, height=800, head=0.18, beyond="fill"))[:40].astype(int)
    # No streak: neighbours differ by next to nothing, along and across.
    assert abs(np.diff(beyond, axis=0)).max() <= 4
    assert abs(np.diff(beyond, axis=1)).max() <= 4


def test_beyond_the_source_lies_the_background_where_one_is_asked_for(
    make: Make, astronaut: RGBImage
) -> None:
    beyond = pixels(make(astronaut, width=400, height=400, head=0.18, background="#204060", beyond="fill"))[
        :20
    ]
    assert (beyond == (0x20, 0x40, 0x60)).all()


def test_a_frame_that_changes_nothing_leaves_every_pixel(make: Make, astronaut: RGBImage) -> None:
    assert (pixels(make(astronaut, width=512, height=512)) == astronaut).all()


def test_a_portrait_is_cut_from_the_source_in_one_step(make: Make, astronaut: RGBImage, trace: Trace) -> None:
    # As sharp as OpenCV makes the same cut in one go; a second resampling would soften it by a tenth.
    found = pixels(make(astronaut, width=600, height=600, head=0.6, align=True))
    head = head_of(trace(astronaut))
    scale = 0.6 * 600 / head.height_px
    matrix = cv2.getRotationMatrix2D(tuple(head.middle.tolist()), head.roll_deg, scale)
    eyes = head_of(trace(found)).middle
    matrix = np.asarray(matrix) + np.column_stack((np.zeros((2, 2)), eyes - head.middle))
    once = cv2.warpAffine(astronaut, matrix, (600, 600), flags=cv2.INTER_CUBIC)
    face = slice(250, 450), slice(200, 400)
    sharp = [cv2.Laplacian(each[face], cv2.CV_32F).std() for each in (found, np.asarray(once, np.uint8))]
    assert sharp[0] == pytest.approx(sharp[1], rel=0.05)


def test_restored_faces_are_pasted_into_the_frame_from_their_own_pixels(
    pipeline: Pipeline, astronaut: RGBImage, png: Encode, make: Make
) -> None:
    options = Options(restorer="realesrgan-x4plus", width=800, height=800, head=0.6, align=True)
    restored = pixels(pipeline.process(png(astronaut), options))
    plain = pixels(make(astronaut, width=800, height=800, head=0.6, align=True))
    face = slice(300, 640), slice(260, 540)
    edges = [cv2.Laplacian(picture[face], cv2.CV_32F).std() for picture in (restored, plain)]
    assert edges[0] > 1.5 * edges[1]  # finer than the source, whose face has 110 px


def test_faces_outside_of_the_frame_are_not_restored(
    pipeline: Pipeline, group: RGBImage, png: Encode
) -> None:
    options = Options(width=300, height=300, head=0.75, align=True, format="jpeg", when="always")
    portrait = pipeline.process(png(group), options)
    assert len(portrait.faces) == 6
    assert 1 <= portrait.restored < 4
