from facecraft.service.response.schemas import SourceBody


def test_the_source_of_an_answer_may_have_a_format_that_is_not_written() -> None:
    assert SourceBody(width=1, height=1, format="gif", frames=3, jpeg_quality=None).format == "gif"
    assert SourceBody.model_json_schema()["properties"]["format"]["enum"] == ["jpeg", "png", "webp"]
