"""/docs in a real browser: Swagger UI shows OpenAPI 3.1 and calls the service."""

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from tests.service.web.conftest import RED, Open, Tab

pytestmark = pytest.mark.browser


def docs(open_tab: Open, prefix: str = "") -> Tab:
    tab = open_tab(prefix=prefix)
    tab.page.goto(tab.page.url + "docs")
    expect(tab.page.locator(".opblock")).to_have_count(10)
    return tab


def unfolded(tab: Tab, operation: str) -> Locator:
    block = tab.page.locator(f"#operations-default-{operation}")
    block.locator(".opblock-summary-control").click()
    return block


def execute(block: Locator) -> None:
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")


def photo(name: str) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": RED}


def test_it_shows_openapi_3_1(open_tab: Open) -> None:
    page = docs(open_tab).page
    expect(page.locator(".info")).to_contain_text("OAS 3.1")
    expect(page.locator("#operations-default-process")).to_contain_text("Process a portrait")


@pytest.mark.parametrize("prefix", ["", "portraits"])
def test_an_operation_is_tried_out_behind_any_prefix(open_tab: Open, prefix: str) -> None:
    block = unfolded(docs(open_tab, prefix), "health")
    execute(block)
    path = block.locator(".request-url pre").inner_text().removeprefix("http://").partition("/")[2]
    assert path == (f"{prefix}/health" if prefix else "health")


def test_a_form_sends_what_was_filled_in_and_nothing_else(open_tab: Open) -> None:
    tab = docs(open_tab)
    block = unfolded(tab, "process")
    block.locator("input[type=file]").set_input_files(photo("me.png"))
    block.locator("[data-property-name=strength] input").first.fill("0.4")
    execute(block)
    expect(block.locator(".response img").first).to_be_visible()
    assert [options.model_dump(exclude_unset=True) for options in tab.asked] == [{"strength": 0.4}]


def test_a_batch_sends_its_options_before_its_files(open_tab: Open) -> None:
    tab = docs(open_tab)
    block = unfolded(tab, "batch")
    block.locator("[data-property-name=quality] input").first.fill("80")
    block.locator("[data-property-name=dpi] input").first.fill("300")
    block.get_by_role("button", name="Add string item").click()
    for index in range(2):
        block.locator("input[type=file]").nth(index).set_input_files(photo(f"{index}.png"))
    execute(block)
    asked = [options.model_dump(exclude_unset=True) for options in tab.asked]
    assert asked == [{"quality": 80, "dpi": 300}] * 2
