from facecraft.imaging.formats import READABLE
from facecraft.presets.presets import Preset
from facecraft.service.response.schemas import PresetBody, SourceBody


def test_the_source_of_an_answer_may_have_a_format_that_is_not_written() -> None:
    size = {"width": 1, "height": 1, "reduced": 1}
    assert (
        SourceBody(format="gif", frames=3, jpeg_quality=None, turned_deg=0, share=1, **size).format == "gif"
    )
    assert SourceBody.model_json_schema()["properties"]["format"]["enum"] == list(READABLE)


def test_a_preset_is_answered_with_all_its_fields() -> None:
    size_px = {"width_px", "height_px"}  # one way to give the size, which is always in pixels in the answer
    assert set(PresetBody.model_fields) == set(Preset.model_fields) - size_px | {"width", "height"}
