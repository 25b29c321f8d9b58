"""Decide which part of the photo becomes the portrait."""

from dataclasses import replace

from facecraft.errors import NoFaceFound
from facecraft.finishing import crop, frame
from facecraft.finishing.crop import Crop
from facecraft.finishing.demand import Demand, Subject
from facecraft.finishing.frame import Lack
from facecraft.imaging.geometry import compose, quarter_turns
from facecraft.imaging.head import Extent, head_of
from facecraft.imaging.mesh import Points, transform_points
from facecraft.options import Options
from facecraft.pipeline.look import Scene
from facecraft.presets.presets import Preset
from facecraft.ranges import as_range

TRACES, STEADY_DEG = 4, 5.0
"""The points of a head on its side are wrong at first. They are traced again until its roll is steady."""
NO_EXTENT = Extent(0, 0, 0)
"""Where the person is not measured, because nothing reads it."""


def place(
    options: Options, preset: Preset | None, scene: Scene, *, painted: bool
) -> tuple[Points | None, Crop | None, Lack | None]:
    """Place the crop around the portrait's face.

    Args:
        options: with the preset's values filled in.
        preset: whose ranges they are.
        scene: the photo.
        painted: whether a new background hides what the photo lacks.

    Returns:
        The face's points, in the photo's pixels; the crop, None if the portrait is the whole photo; and what
        the photo lacks for a crop in the ranges, None if nothing.

    Raises:
        NoFaceFound: the crop needs a head, and there is none.
    """
    points = scene.points
    if not options.crops:
        return points, None, None
    size = (scene.picture.width, scene.picture.height)
    if points is None or head_of(points).height_px < 1:
        if options.fits_head:
            raise NoFaceFound("No face was found to place the crop.")
        return None, crop.largest(*size, crop.portrait_size(options, *size, None), None), None
    part, lack = _crop(options, preset, scene, points, painted=painted)
    for _ in range(TRACES):
        roll_deg = head_of(points).roll_deg
        points = scene.points_in(part, points)
        part, lack = _crop(options, preset, scene, points, painted=painted)
        if abs(head_of(points).roll_deg - roll_deg) < STEADY_DEG:
            break
    return points, part, lack


def _crop(
    options: Options, preset: Preset | None, scene: Scene, points: Points, *, painted: bool
) -> tuple[Crop, Lack | None]:
    width, height = scene.picture.width, scene.picture.height
    if not options.fits_head:
        size = crop.portrait_size(options, width, height, None)
        return crop.largest(width, height, size, head_of(points)), None
    # A photo on its side is first turned as a whole.
    turns = round(head_of(points).roll_deg / 90) % 4 if options.align else 0
    upright = quarter_turns(turns, width, height)
    if turns % 2:
        width, height = height, width
    demand = _demand(options, preset, width, height, painted=painted)
    fills = options.beyond == "fill"
    extent = NO_EXTENT if fills else scene.extent(turns)
    subject = Subject(width, height, head_of(transform_points(points, upright)), extent)
    found = frame.middle(demand, subject) if fills else frame.search(demand, subject)
    part = crop.of_frame(found, crop.portrait_size(options, width, height, found.height_px))
    return replace(part, matrix=compose(upright, part.matrix)), found.lack


def _demand(options: Options, preset: Preset | None, width: int, height: int, *, painted: bool) -> Demand:
    wide, high = crop.portrait_size(options, width, height, None)
    style = None if preset is None or preset.document else preset
    return Demand(
        aspect=wide / high,
        head=options.head_range,
        eyes=as_range(options.eye_line),
        crown=preset.top_margin if preset is not None and options.eye_line is None else None,
        most_head=style.most_head if style and options.head_range == style.head else None,
        least_eyes=style.least_eyes if style and options.eye_line == style.eye_line else None,
        centred=options.margin is not None,
        levels=options.align,
        in_place=not any((options.width, options.height, options.head_range, options.eye_line)),
        painted=painted,
    )
