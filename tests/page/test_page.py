"""The page as its users meet it."""

import io
import shlex
from threading import Event

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from facecraft.errors import NoFaceFound
from facecraft.options import ProcessOptions
from facecraft.portrait import Portrait
from tests.page.conftest import BLUE, Open, blue, judged, png

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


def command(page: Page) -> list[str]:
    return shlex.split(page.locator("#command").inner_text())


def test_a_chosen_photo_becomes_a_portrait(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    expect(tab.page.get_by_alt_text("Your photo")).to_be_visible()
    tab.make()
    expect(tab.page.get_by_alt_text("The portrait")).to_be_visible()
    expect(tab.page.locator("#result")).to_contain_text("640 × 480 px")
    expect(tab.page.locator("#result")).to_contain_text("1 restored by realesrgan-x4plus")


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_photo_may_be_dropped_or_pasted(open_tab: Open, event: str) -> None:
    tab = open_tab()
    tab.page.evaluate(BRING_FILE, [event, "", list(png("#ff0000", 64, 48))])
    expect(tab.page.locator("#photo-facts")).to_contain_text("me.png, 64 × 48 px")


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
    box = tab.page.locator("#stage").bounding_box()
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


def test_what_is_not_set_is_not_sent(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.make_and_wait()
    assert tab.asked[0].model_fields_set == set()
    assert command(tab.page)[:3] == ["curl", "-F", "file=@me.png"]
    assert command(tab.page)[-2:] == ["-o", "me-portrait.png"]


def test_what_is_set_is_sent_and_stands_in_the_command(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.open_all()
    tab.page.get_by_label("Strength").fill("0.4")
    tab.page.get_by_label("Head, %").fill("57")
    tab.page.get_by_role("radio", name="gradient").check()
    tab.page.get_by_label("Mask").select_option("oval")
    tab.make_and_wait()
    given = {
        "strength": "0.4",
        "head": "0.57",
        "background": "linear-gradient(#f4f6f8, #b9c5d2)",
        "mask": "oval",
    }
    assert tab.asked[0].model_dump(exclude_unset=True) == ProcessOptions.parse(given).model_dump(
        exclude_unset=True
    )
    assert [word for word in command(tab.page) if "=" in word][1:] == [f"{k}={v}" for k, v in given.items()]


def test_a_control_without_meaning_is_not_offered(open_tab: Open) -> None:
    page = open_tab().page
    expect(page.get_by_label("Fidelity")).to_be_hidden()
    page.get_by_label("Restorer").select_option("none")
    expect(page.get_by_label("Strength")).to_be_hidden()


def test_loaded_restorers_are_offered(open_tab: Open) -> None:
    restorer = open_tab().page.get_by_label("Restorer")
    expect(restorer.locator("option[value=realesrgan-x4plus]")).to_have_count(1)
    expect(restorer.locator("option[value=codeformer]")).to_have_count(0)


def test_a_preset_says_what_it_asks_for_and_is_sent(open_tab: Open) -> None:
    def fake(data: bytes, options: ProcessOptions) -> Portrait:
        return blue(data, options)

    tab = open_tab(fake)
    tab.choose()
    tab.page.get_by_label("Preset").select_option("Passport")
    about = tab.page.locator("#about")
    expect(about).to_contain_text("35 × 45 mm: 413 × 531 px at 300 dpi. Head 71–80 % of the height.")
    expect(about.get_by_role("link")).to_have_attribute("href", "https://example.org/rules")
    assert tab.page.locator("#width").get_attribute("placeholder") == "413"
    tab.make_and_wait()
    assert tab.asked[0].model_dump(exclude_unset=True) == {"preset": "passport"}
    assert command(tab.page)[-1] == "me-passport.jpg"


def test_reset_takes_back_what_was_set(open_tab: Open) -> None:
    page = open_tab().page
    page.get_by_label("Strength").fill("0.4")
    page.get_by_role("button", name="Reset all").click()
    assert "strength" not in page.locator("#command").inner_text()


def test_a_value_out_of_range_is_not_sent_and_shown_in_its_group(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.open_all()
    tab.page.locator("#dpi").fill("5000")
    tab.page.locator("summary", has_text="Output").click()
    tab.make()
    expect(tab.page.locator("#dpi")).to_be_focused()
    assert tab.asked == []


def test_the_command_survives_a_shell_whatever_the_photo_is_called(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose('it\'s; "me".png')
    assert command(tab.page)[2] == 'file=@"it\'s; \\"me\\".png"'


def test_the_command_is_copied(open_tab: Open) -> None:
    page = open_tab().page
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#copied")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#command").inner_text()


def test_the_download_is_the_portrait(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.make_and_wait()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "me-portrait.png"
    assert download.value.path().read_bytes() == BLUE


def test_the_verdict_and_notes_are_words(open_tab: Open) -> None:
    tab = open_tab(judged)
    tab.choose()
    tab.make_and_wait()
    expect(tab.page.get_by_role("heading", name="The portrait fails 1 of 2 rules")).to_be_visible()
    expect(tab.page.locator("#notes")).to_have_text("The face is enlarged 3 times.")
    rules = tab.page.locator("#verdict li")
    expect(rules.nth(0)).to_contain_text("Head height fails")
    expect(rules.nth(0)).to_contain_text("0.71 to 0.8 of the height")
    expect(rules.nth(1)).to_contain_text("Eyes open unknown")


def test_check_only_judges_the_photo(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.page.get_by_role("button", name="Check only").click()
    expect(tab.page.locator("#verdict")).to_contain_text("Roll fails")
    expect(tab.page.get_by_role("link", name="Download")).to_be_hidden()
    assert tab.asked == []


def test_without_a_photo_it_says_so(open_tab: Open) -> None:
    tab = open_tab()
    tab.make()
    expect(tab.page.get_by_role("alert")).to_contain_text("There is no photo yet.")


def test_a_problem_is_told_in_words(open_tab: Open) -> None:
    def faceless(data: bytes, options: ProcessOptions) -> Portrait:
        raise NoFaceFound("No face was found in the picture.")

    tab = open_tab(faceless)
    tab.choose()
    tab.make()
    alert = tab.page.get_by_role("alert")
    expect(alert).to_contain_text("No face was found in the picture.")
    expect(alert).to_contain_text("Send a photo with a visible face")


def test_a_broken_connection_is_told_in_words(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.route("**/process", lambda route: route.abort())
    tab.choose()
    tab.make()
    expect(tab.page.get_by_role("alert")).to_contain_text("The connection to the service broke off.")


def test_a_service_with_keys_asks_for_one_and_goes_on(open_tab: Open) -> None:
    tab = open_tab(api_keys="secret")
    tab.page.get_by_label("API key").fill("secret")
    tab.page.get_by_role("button", name="Use it").click()
    expect(tab.page.locator("#restorer option[value=realesrgan-x4plus]")).to_have_count(1)
    tab.choose()
    tab.make_and_wait()
    expect(tab.page.get_by_role("alert")).to_be_empty()
    assert "X-API-Key: KEY" in command(tab.page)
    assert tab.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_a_wrong_key_is_asked_for_again(open_tab: Open) -> None:
    page = open_tab(api_keys="secret").page
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_role("alert")).to_contain_text("The key is not valid.")
    expect(page.get_by_label("API key")).to_be_focused()


def test_work_is_shown_with_its_seconds_and_can_be_cancelled(open_tab: Open) -> None:
    done = Event()

    def slow(data: bytes, options: ProcessOptions) -> Portrait:
        done.wait(30)
        return blue(data, options)

    tab = open_tab(slow)
    tab.choose()
    tab.make()
    expect(tab.page.locator("#busy")).to_contain_text("Restoring… 1 s")
    tab.page.get_by_role("button", name="Cancel").click()
    done.set()
    expect(tab.page.locator("#busy")).to_be_hidden()
    expect(tab.page.get_by_role("alert")).to_be_empty()
    expect(tab.page.get_by_role("button", name="Make portrait")).to_be_focused()


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
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "me.png", "mimeType": "image/png", "buffer": BLUE})
    walk_to("#preset")
    page.keyboard.press("ArrowDown")
    walk_to("#process")
    page.keyboard.press("Enter")
    expect(page.locator("#result-title")).to_be_focused()
    assert tab.asked[0].preset == "passport"
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
