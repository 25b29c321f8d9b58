"""What the page shows of an answer, and of none."""

from threading import Event

import pytest
from playwright.sync_api import expect

from facecraft.errors import NoFaceFound
from facecraft.options import Options
from facecraft.results import Portrait
from tests.service.web.conftest import BLUE, Open, blue, command, judged

pytestmark = pytest.mark.browser


def test_the_download_is_the_portrait(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.make_and_wait()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "me-portrait.png"
    assert download.value.path().read_bytes() == BLUE


def test_notes_are_sentences(open_tab: Open) -> None:
    tab = open_tab(judged)
    tab.choose()
    tab.make_and_wait()
    expect(tab.page.locator("#notes")).to_have_text("The face is enlarged 3 times.")


def test_a_verdict_is_told_in_words(open_tab: Open) -> None:
    tab = open_tab(judged)
    tab.choose()
    tab.make_and_wait()
    expect(tab.page.locator("#judged")).to_have_text("Good practice: fails 1 of 4 rules")
    failing = tab.page.locator("#failing li")
    expect(failing).to_have_count(2)
    expect(failing.nth(0)).to_contain_text("Head height fails")
    expect(failing.nth(0)).to_contain_text("62.3 % 71.1 to 80 %")
    expect(failing.nth(0)).to_contain_text("Chin to crown over the picture's height.")
    expect(failing.nth(0)).to_contain_text("Step closer.")
    expect(failing.nth(1)).to_contain_text("Eyes open could not be measured")


def test_what_passes_is_a_fold_away(open_tab: Open) -> None:
    tab = open_tab(judged)
    tab.choose()
    tab.make_and_wait()
    expect(tab.page.locator("#passing")).to_be_hidden()
    tab.page.get_by_text("2 rules pass").click()
    expect(tab.page.locator("#passing")).to_contain_text("Roll passes")
    expect(tab.page.locator("#passing")).to_contain_text("−1° −8 to 8°")


def test_what_nothing_limits_stands_apart(open_tab: Open) -> None:
    tab = open_tab(judged)
    tab.choose()
    tab.make_and_wait()
    tab.page.get_by_text("Also measured").click()
    expect(tab.page.locator("#measured")).to_have_text("File size66.3 kB")


def test_check_only_judges_the_photo(open_tab: Open) -> None:
    tab = open_tab(judged)
    tab.choose()
    tab.page.get_by_label("Preset", exact=True).select_option("badge")
    tab.page.get_by_label("Enlarge").select_option("2")
    tab.page.get_by_role("button", name="Check only").click()
    expect(tab.page.get_by_role("heading", name="The photo is checked")).to_be_focused()
    expect(tab.page.locator("#judged")).to_contain_text("Company badge (CR80 card): fails 1 of 4 rules")
    expect(tab.page.get_by_role("link", name="Download")).to_be_hidden()
    assert tab.asked[0].model_dump(exclude_unset=True) == {"preset": "badge"}


def test_without_a_photo_it_says_so(open_tab: Open) -> None:
    tab = open_tab()
    tab.make()
    expect(tab.page.get_by_role("alert")).to_contain_text("There is no photo yet.")


def test_a_problem_is_told_in_words(open_tab: Open) -> None:
    def faceless(data: bytes, options: Options) -> Portrait:
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
    expect(tab.page.get_by_role("alert")).to_be_empty()
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

    def slow(data: bytes, options: Options) -> Portrait:
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
