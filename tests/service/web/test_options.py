"""What is set on the page is what is asked for, and what the command says."""

import re

import pytest
from playwright.sync_api import expect

from facecraft.options import Options
from facecraft.presets import presets
from tests.service.web.conftest import Open, command

pytestmark = pytest.mark.browser


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
    tab.page.get_by_label("A good photo").select_option("always")
    tab.page.get_by_label("Area cleaned").select_option("head")
    tab.page.get_by_label("Strength").fill("0.4")
    tab.page.get_by_label("Head, %").fill("57")
    tab.page.get_by_role("radio", name="gradient").check()
    tab.page.get_by_label("Mask").select_option("oval")
    tab.make_and_wait()
    given = {
        "when": "always",
        "area": "head",
        "strength": "0.4",
        "head": "0.57",
        "background": "linear-gradient(#f4f6f8, #b9c5d2)",
        "mask": "oval",
    }
    assert tab.asked[0].model_dump(exclude_unset=True) == Options.parse(given).model_dump(exclude_unset=True)
    assert [word for word in command(tab.page) if "=" in word][1:] == [f"{k}={v}" for k, v in given.items()]


def test_a_control_without_meaning_is_not_offered(open_tab: Open) -> None:
    page = open_tab().page
    expect(page.get_by_label("Fidelity")).to_be_hidden()
    page.get_by_label("Restorer").select_option("none")
    for label in ("Strength", "A good photo", "Area cleaned"):
        expect(page.get_by_label(label)).to_be_hidden()


def test_fidelity_is_offered_for_restorers_that_take_it(open_tab: Open) -> None:
    page = open_tab().page
    known = page.evaluate("fetch('models').then((answer) => answer.json())")["models"][0]
    models = [
        {**known, "name": name, "task": "restoration", "loaded": True, "takes": takes}
        for name, takes in (("plain", []), ("steered", ["fidelity"]))
    ]
    page.route("**/models", lambda route: route.fulfill(json={"models": models}))
    page.reload()
    page.get_by_label("Restorer").select_option("plain")
    expect(page.get_by_label("Fidelity")).to_be_hidden()
    page.get_by_label("Restorer").select_option("steered")
    expect(page.get_by_label("Fidelity")).to_be_visible()
    page.get_by_label("Fidelity").fill("0.8")
    assert {"restorer=steered", "fidelity=0.8"} <= set(command(page))


def test_of_head_and_margin_one_can_be_set(open_tab: Open) -> None:
    tab = open_tab()
    tab.open_all()
    tab.page.locator("#head").fill("50")
    expect(tab.page.locator("#margin")).to_be_disabled()
    tab.page.locator("#head").fill("")
    tab.page.locator("#margin").fill("40")
    assert "margin=0.4" in command(tab.page)
    expect(tab.page.locator("#head")).to_be_disabled()


def test_loaded_restorers_are_offered(open_tab: Open) -> None:
    restorer = open_tab().page.get_by_label("Restorer")
    expect(restorer.locator("option[value=realesrgan-x4plus]")).to_have_count(1)
    expect(restorer.locator("option[value=codeformer]")).to_have_count(0)


def test_a_preset_says_what_it_asks_for_and_is_sent(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.page.get_by_label("Preset", exact=True).select_option("United States passport")
    about = tab.page.locator("#about")
    expect(about).to_contain_text("50.8 × 50.8 mm, 600 × 600 px at 300 dpi. Head 50–68.8 % of the height.")
    expect(about.get_by_role("link")).to_have_attribute("href", re.compile("^https://travel.state.gov/"))
    tab.make_and_wait()
    assert tab.asked[0].model_dump(exclude_unset=True) == {"preset": "us-passport"}
    assert command(tab.page)[-1] == "me-us-passport.jpg"


def test_each_preset_is_offered_and_explained(open_tab: Open) -> None:
    page = open_tab().page
    for name in presets.load():
        page.get_by_label("Preset", exact=True).select_option(name)
        expect(page.locator("#about")).not_to_contain_text(re.compile("null|undefined|NaN"))


def test_what_a_preset_decides_stands_where_nothing_is_set(open_tab: Open) -> None:
    tab = open_tab()
    tab.page.get_by_label("Preset", exact=True).select_option("us-passport")
    tab.open_all()
    expect(tab.page.get_by_label("Restorer")).to_contain_text("as preset: none")
    expect(tab.page.get_by_label("Width")).to_have_attribute("placeholder", "600")
    expect(tab.page.get_by_label("Strength")).to_be_hidden()


def test_a_default_is_sent_where_a_preset_decides_otherwise(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose()
    tab.page.get_by_label("Preset", exact=True).select_option("badge")
    tab.open_all()
    tab.page.get_by_role("radio", name="keep", exact=True).check()
    tab.make_and_wait()
    assert tab.asked[0].model_dump(exclude_unset=True) == {"preset": "badge", "background": "keep"}


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
