import pytest

from facecraft.service.request.negotiation import prefers_json


@pytest.mark.parametrize(
    "accept",
    [
        [],
        [""],
        ["*/*"],
        ["image/*"],
        ["image/png"],
        ["text/html"],
        ["application/problem+json"],
        ["application/json, image/png"],
        ["application/json, text/plain, */*"],
        ["application/json;q=0.5, image/webp;q=0.6"],
        ["application/json;q=0"],
        ["application/json;q=high"],
        ["application/json;q=1.5"],
        ["application/json;q=nan"],
        ["*/*, application/json;q=0.1"],
    ],
)
def test_an_image_is_the_answer_unless_json_is_preferred(accept: list[str]) -> None:
    assert not prefers_json(accept)


@pytest.mark.parametrize(
    "accept",
    [
        ["application/json"],
        ["Application/JSON; charset=utf-8"],
        ["application/*"],
        ["application/json, image/*;q=0.9"],
        ["application/json, */*;q=0.8"],
        ["image/png;q=0.2, application/json;q=0.3"],
        ["*/*;q=0.1, image/*;q=0, application/json;q=0.05"],
        ["*/*, image/*;q=0.5"],
        ["image/*;q=0.5", "application/json"],
        ["application/json ; Q=0.9 , image/png ; q=0.8"],
    ],
)
def test_json_is_the_answer_when_it_ranks_above_every_image(accept: list[str]) -> None:
    assert prefers_json(accept)
