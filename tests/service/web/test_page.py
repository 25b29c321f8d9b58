"""The page as its users meet it."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.service.web.conftest import BLUE, Open, judged, png

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
BRING_FILE = """([event, field, bytes]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], 'me.png', { type: 'image/png' }));
    document.querySelector('#stage').dispatchEvent(
        event === 'drop'
            ? new DragEvent(event, { dataTransfer: files, bubbles: true, cancelable: true })
            : new ClipboardEvent(event, { clipboardData: files, bubbles: true, cancelable: true }));
}"""


def colour_at(page: Page, across: float) -> tuple[int, ...]:
    """Of the stage, in the middle of its height and `across` of its width."""
    shot = Image.open(io.BytesIO(page.locator("#stage").screenshot())).convert("RGB")
    found = shot.getpixel((int(shot.width * across), shot.height * 2 // 5))
    assert isinstance(found, tuple)
    return found


def red(found: tuple[int, ...]) -> bool:
    return found[0] > 200 and found[2] < 60


def test_a_chosen_photo_becomes_a_portrait(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    expect(tab.page.get_by_alt_text("Your photo")).to_be_visible()
    tab.make()
    expect(tab.page.get_by_alt_text("The portrait")).to_be_visible()
    expect(tab.page.locator("#result")).to_contain_text("640 × 480 px")
    expect(tab.page.locator("#result")).to_contain_text("1 face, restored by realesrgan-x4plus")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_may_be_dropped_or_pasted(open_tab: Open, event: str) -> None:
    tab = open_tab()
    tab.page.evaluate(BRING_FILE, [event, "", list(png("#ff0000", 64, 48))])
    expect(tab.page.locator("#photo-facts")).to_contain_text("me.png, 64 × 48 px")


def test_there_is_a_sample_photo(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.get_by_role("button", name="Try a sample photo").click()
    expect(tab.page.locator("#photo-facts")).to_contain_text("astronaut.jpg, 512 × 512 px")


def test_the_slider_moved_by_keyboard_shows_more_of_the_photo(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.make_and_wait()
    assert red(colour_at(tab.page, 0.3))
    assert not red(colour_at(tab.page, 0.7))
    tab.page.get_by_role("slider", name="How much of the photo").focus()
    tab.page.keyboard.press("End")
    assert red(colour_at(tab.page, 0.7))


def test_the_divider_is_dragged_with_the_pointer(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.make_and_wait()
    box = tab.page.locator("#after img").bounding_box()
    assert box is not None
    tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 50)
    tab.page.mouse.up()
    assert tab.page.locator("#split").input_value() == "20"
    assert not red(colour_at(tab.page, 0.3))


def test_a_portrait_of_another_shape_stands_beside_its_photo(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose(data=png("#ff0000", 300, 400))
    tab.make_and_wait()
    expect(tab.page.locator("#stage")).to_have_attribute("data-view", "pair")
    tab.page.get_by_role("button", name="Side by side").click()
    expect(tab.page.locator("#stage")).to_have_attribute("data-view", "slide")


def test_a_portrait_with_a_frame_of_its_own_stands_beside_its_photo(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.page.get_by_label("Preset", exact=True).select_option("linkedin")
    tab.make_and_wait()
    expect(tab.page.locator("#stage")).to_have_attribute("data-view", "pair")


def test_a_keyboard_alone_is_enough(open_tab: Open) -> None:
    tab = open_tab()
    page = tab.page

    def walk_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"Tab does not lead to {selector}")

    walk_to("#file")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files({"name": "me.png", "mimeType": "image/png", "buffer": BLUE})
    walk_to("#preset")
    page.keyboard.press("ArrowDown")
    walk_to("#process")
    page.keyboard.press("Enter")
    expect(page.locator("#result-title")).to_be_focused()
    assert tab.asked[0].preset == "icao"
    with page.expect_download():
        walk_to("#download")
        page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_needs_no_sideways_scrolling(open_tab: Open, width: int) -> None:
    tab = open_tab(judged, viewport={"width": width, "height": PHONE["height"]})
    tab.choose("a-name-without-a-place-to-break-" * 4 + ".png")
    tab.open_all()
    tab.page.get_by_role("radio", name="gradient").check()
    tab.make_and_wait()
    assert tab.page.evaluate("document.documentElement.scrollWidth") == width


def test_it_works_behind_a_prefix(open_tab: Open) -> None:
    tab = open_tab(prefix="portraits")
    tab.choose()
    tab.make_and_wait()
    assert "/portraits/process" in tab.page.locator("#command").inner_text()


def test_switched_off_there_is_none(open_tab: Open) -> None:
    expect(open_tab(page="off").page.locator("body")).to_contain_text("There is no /.")
