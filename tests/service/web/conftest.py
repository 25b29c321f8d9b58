"""The page in Debian's Chromium, in front of a service whose pipeline a test makes up."""

import io
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.types import Note, RuleResult, Verdict
from tests.service.conftest import FACE, Process, echo, loading, running

WIDE: ViewportSize = {"width": 1280, "height": 900}
VERDICT = Verdict(
    (
        RuleResult("one_face", "pass", 1, 1, 1, "", "faces in the picture"),
        RuleResult(
            *("head_height", "fail", 0.6234, 0.711, 0.8, "share", "chin to crown over the picture's height"),
            advice="Step closer.",
        ),
        RuleResult("roll", "pass", -1.04, -8, 8, "deg", "tilt of the eyes' line"),
        RuleResult("eyes_open", "unknown", None, 0.19, None, "ratio", "height over width of an eye"),
        RuleResult("file_size", "unknown", 66.315, None, None, "kB", "size of the file"),
        RuleResult("drift", "unknown", None, None, None, "eye distances", "how far the points moved"),
    )
)


def png(colour: str, width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


RED, BLUE = png("#ff0000", 640, 480), png("#0000ff", 640, 480)


def blue(data: bytes, options: Options) -> Portrait:
    return replace(echo(BLUE, Options()), width=640, height=480)


def judged(data: bytes, options: Options) -> Portrait:
    note = Note("source_small", "The face is enlarged 3 times.")
    return replace(blue(data, options), faces=(FACE,), notes=(note,), verdict=VERDICT)


@dataclass
class Tab:
    """A page in a browser.

    Attributes:
        asked: the options of each portrait or check that was asked for.
        left: addresses of requests to other origins.
        complaints: errors of the console, violations of the policy among them.
    """

    page: Page
    asked: list[Options]
    left: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def choose(self, name: str = "me.png", data: bytes = RED, media_type: str = "image/png") -> None:
        self.page.set_input_files("#file", {"name": name, "mimeType": media_type, "buffer": data})

    def make(self) -> None:
        self.page.get_by_role("button", name="Make portrait").click()

    def make_and_wait(self) -> None:
        self.make()
        self.page.wait_for_selector("#after:not([hidden])")

    def open_all(self) -> None:
        while self.page.locator("#options details:not([open]) > summary").count():
            self.page.locator("#options details:not([open]) > summary").first.click()


Open = Callable[..., Tab]


def command(page: Page) -> list[str]:
    return shlex.split(page.locator("#command").inner_text())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("needs Chromium: apt-get install chromium")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium has none for root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Open]:
    """Opens the page of a service: `open_tab(process, viewport=..., prefix=..., **settings)`.

    Whatever a test does, no request may leave the origin, and the console may hold no error but those of
    answers that the test asks for.
    """
    tabs = []
    with ExitStack() as stack:

        def start(
            process: Process = blue, viewport: ViewportSize = WIDE, prefix: str = "", **settings: Any
        ) -> Tab:
            asked: list[Options] = []

            def recorded(data: bytes, options: Options) -> Portrait:
                asked.append(options)
                return process(data, options)

            client = stack.enter_context(running(loading(recorded), **settings))
            context = stack.enter_context(browser.new_context(viewport=viewport))
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            tab = Tab(context.new_page(), asked)
            tabs.append(tab)
            _prepare(tab, str(client.base_url), prefix)
            return tab

        yield start
        for tab in tabs:
            tab.page.unroute_all(behavior="wait")
    for tab in tabs:
        assert tab.left == []
        assert [line for line in tab.complaints if "Failed to load resource" not in line] == []


def _prepare(tab: Tab, origin: str, prefix: str) -> None:
    page = tab.page

    def see(address: str) -> None:
        if not address.startswith((origin, "blob:", "data:")):
            tab.left.append(address)

    page.on("request", lambda request: see(request.url))
    page.on("console", lambda line: tab.complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    if prefix:
        page.route(
            f"{origin}/{prefix}/**",
            lambda route: route.continue_(url=route.request.url.replace(f"/{prefix}/", "/")),
        )
    page.goto(f"{origin}/{prefix + '/' if prefix else ''}")
