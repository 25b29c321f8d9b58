"""What the page does with files of each kind: judge them when they are chosen, and show them."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from facecraft.imaging.formats import READ_SUFFIXES, WRITERS
from facecraft.options import Options
from facecraft.results import Portrait
from tests.imaging.heifs import heic
from tests.service.conftest import echo
from tests.service.web.conftest import BLUE, Open, blue, png
from tests.service.web.test_page import colour_at, red

pytestmark = pytest.mark.browser

SMALL = Image.new("RGB", (320, 240), "#ff0000")


def saved(format_: str, image: Image.Image = SMALL) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_)
    return buffer.getvalue()


def test_a_heic_is_shown_and_becomes_a_portrait(open_tab: Open) -> None:
    tab = open_tab()
    tab.choose("IMG_0001.HEIC", heic(Image.new("RGB", (3200, 2400), "#ff0000")), "image/heic")
    expect(tab.page.get_by_alt_text("Your photo")).to_be_visible()
    expect(tab.page.locator("#photo-facts")).to_contain_text("IMG_0001.HEIC, 3200 × 2400 px")
    assert red(colour_at(tab.page, 0.5))
    tab.make_and_wait()
    expect(tab.page.locator("#stage")).to_have_attribute("data-view", "slide")
    assert red(colour_at(tab.page, 0.3))
    expect(tab.page.locator("#download")).to_have_attribute("download", "IMG_0001-portrait.png")
    assert "file=@IMG_0001.HEIC" in tab.page.locator("#command").inner_text()


@pytest.mark.parametrize(
    ("format_", "media_type"),
    [("TIFF", "image/tiff"), ("TIFF", ""), ("GIF", "image/gif"), ("BMP", "image/bmp")],
)
def test_each_kind_that_is_read_is_shown(open_tab: Open, format_: str, media_type: str) -> None:
    tab = open_tab()
    tab.choose("photo", saved(format_), media_type)
    expect(tab.page.locator("#photo-facts")).to_contain_text("photo, 320 × 240 px")
    assert red(colour_at(tab.page, 0.5))


@pytest.mark.parametrize(
    ("name", "data", "media_type", "words"),
    [
        ("letter.pdf", b"%PDF-1.7\n" + bytes(99), "application/pdf", "is a PDF file, which is not accepted"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "is a SVG file"),
        ("photo.jpg", b"%PDF-1.7\n" + bytes(99), "image/jpeg", "is a PDF file"),
        ("cut.heic", heic(SMALL)[:300], "image/heic", "cannot be decoded"),
    ],
)
def test_another_kind_is_refused_when_it_is_chosen(
    open_tab: Open, name: str, data: bytes, media_type: str, words: str
) -> None:
    tab = open_tab()
    tab.choose()
    tab.choose(name, data, media_type)
    expect(tab.page.locator("#error")).to_contain_text(words)
    expect(tab.page.get_by_text("Choose a photo")).to_be_visible()
    tab.choose()
    expect(tab.page.locator("#error")).to_be_empty()
    tab.make_and_wait()


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(open_tab: Open) -> None:
    tab = open_tab(max_upload_bytes=1_000_000)
    sent: list[str] = []
    tab.page.on("request", lambda request: sent.append(request.url))
    tab.choose("large.png", png("#ff0000", 64, 48) + bytes(1_500_000))
    expect(tab.page.locator("#error")).to_contain_text("large.png has 1.5 MB; at most 1 MB are accepted.")
    expect(tab.page.get_by_text("Choose a photo")).to_be_visible()
    assert not [url for url in sent if url.endswith(("/preview", "/process"))]


def test_the_photo_that_was_chosen_last_is_shown(open_tab: Open) -> None:
    tab = open_tab()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (2000, 2000, 3), np.uint8))
    tab.choose("first.tif", saved("TIFF", noise), "image/tiff")
    tab.choose("second.tif", saved("TIFF"), "image/tiff")
    expect(tab.page.locator("#photo-facts")).to_contain_text("second.tif, 320 × 240 px")
    expect(tab.page.get_by_role("button", name="Make portrait")).to_be_enabled()
    expect(tab.page.locator("#busy")).to_be_hidden()


def test_a_preview_wants_the_key_and_goes_on_once_it_is_there(open_tab: Open) -> None:
    tab = open_tab(api_keys="secret")
    tab.choose("photo.tif", saved("TIFF"), "image/tiff")
    expect(tab.page.locator("#key-value")).to_be_visible()
    tab.page.locator("#key-value").fill("secret")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator("#photo-facts")).to_contain_text("photo.tif, 320 × 240 px")


def test_it_offers_each_format_and_takes_each_suffix(open_tab: Open) -> None:
    def avif(data: bytes, options: Options) -> Portrait:
        return blue(data, options) if options.format == "auto" else echo(saved("AVIF"), options)

    tab = open_tab(avif)
    accepted = (tab.page.locator("#file").get_attribute("accept") or "").split(",")
    assert set(accepted) == {"image/*", *READ_SUFFIXES}
    expect(tab.page.locator("#limits")).to_contain_text("JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP")
    tab.open_all()
    offered = tab.page.locator("#format option[data-type]").evaluate_all("all => all.map(each => each.value)")
    assert offered == list(WRITERS)
    tab.choose(data=BLUE)
    tab.page.locator("#format").select_option("avif")
    tab.make_and_wait()
    expect(tab.page.locator("#download")).to_have_attribute("download", "me-portrait.avif")
