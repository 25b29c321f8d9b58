"""What the person with the camera, or the operator, does about a rule that fails. One row for each rule."""

from collections.abc import Mapping

ADVICE: Mapping[str, tuple[str | None, str | None]] = {
    # name: what to do about a value that is too small, and about one that is too large
    "one_face": (
        "Show one face from the front: none was found.",
        "Show one person only: cut the others off.",
    ),
    "width": ("Make the picture wider.", "Make the picture narrower."),
    "height": ("Make the picture higher.", "Make the picture lower."),
    "head_height": (
        "Step closer, or cut more off: the head is too small in the picture.",
        "Step back, or cut less off: the head is too large in the picture.",
    ),
    "eye_line": (
        "Aim the camera lower: the eyes are too low in the picture.",
        "Aim the camera higher: the eyes are too high in the picture.",
    ),
    "top_margin": ("Leave more room above the head.", "Leave less room above the head."),
    "head_inside": ("Step back, and show the whole head: the edge of the picture cuts it.", None),
    "eyes_visible": ("Show both eyes: take off dark glasses, and hold hair and hands away.", None),
    "face_uncovered": ("Show the whole face: take off the mask or scarf, and hold hands away.", None),
    "glare": (None, "Move the lamp or tilt the glasses: light on them hides an eye."),
    "inside_photo": (
        None,
        "Step back: the photo ends {ends}.",
    ),
    "photo_whole": ("Use the camera's own file, or copy it again: a part of this one is missing.", None),
    "roll": ("Hold the head upright.", "Hold the head upright."),
    "yaw": ("Turn the head to the camera.", "Turn the head to the camera."),
    "pitch": ("Lift the chin.", "Lower the chin."),
    "eyes_open": ("Open both eyes.", None),
    "gaze": (None, "Look into the camera."),
    "mouth_closed": (None, "Close the mouth."),
    "sharpness": ("Hold the camera still, and focus on the eyes: the face is blurred.", None),
    "brightness": ("Put more light on the face.", "Put less light on the face."),
    "exposure": (None, "Expose the face so that no part of it is black or white."),
    "shadows": (None, "Light the face evenly, from the front: one half of it is dark."),
    "background_even": (None, "Stand before a plain wall, or replace the background."),
    "background_colour": (None, "Stand before a wall of an accepted colour, or replace the background."),
    "source_resolution": (
        "Step closer, or use the camera's own file: the face has too little detail in the photo.",
        None,
    ),
    "drift": (None, "Restore the face with less strength: it moved."),
    "likeness": ("Restore the face with less strength: it changed.", None),
    "retouched": (None, "Do not restore, enlarge or tone the picture, and keep its background."),
    "file_size": ("Save a larger file.", "Save a smaller file."),
}


def advice_on(name: str, *, too_small: bool, ends: str | None = None) -> str | None:
    """One sentence on a rule that fails.

    Args:
        name: of the rule.
        too_small: whether the value is below the limits, not above them.
        ends: where the photo does, in words.

    Returns:
        None if the rule has no such limit.
    """
    below, above = ADVICE[name]
    text = below if too_small else above
    return None if text is None else text.format(ends=ends or "too near the head")
