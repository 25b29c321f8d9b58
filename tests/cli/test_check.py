"""`facecraft check`."""

import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from facecraft.checks.bench.measure import PHOTO
from facecraft.cli import load
from facecraft.cli.check import allowed
from facecraft.options import Options
from facecraft.results import Check
from facecraft.service.response.schemas import CheckBody, RuleBody
from facecraft.types import RuleResult, RuleStatus, Source, Verdict
from tests.cli.conftest import Main, command_main, run

Capture = pytest.CaptureFixture[str]


def test_each_rule_is_a_line_of_a_table(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("not a photo")
    result = run("check", PHOTO, tmp_path / "broken.jpg", "--preset", "badge")
    assert result.returncode == 1
    title, head, *rows = result.stdout.splitlines()
    assert title == f"{PHOTO}: fail"
    assert head.split()[:4] == ["rule", "measured", "allowed", "result"]
    assert rows[0].split()[:4] == ["one_face", "1", "1", "pass"]
    assert any(row.startswith("head_height") and "0.65 to 0.9375" in row and " fail " in row for row in rows)
    (line,) = (line for line in result.stderr.splitlines() if "broken.jpg" in line)
    assert line.startswith(f"{tmp_path / 'broken.jpg'}: unsupported_format: ")
    assert line.endswith("Send a photo as JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP.")


def test_json_has_what_http_answers(main: Main, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("not a photo")
    assert main("check", PHOTO, tmp_path / "broken.jpg", "--json") == 1
    done, failed = json.loads(capsys.readouterr().out)["files"]
    assert (done["file"], done["status"], done["problem"]) == (str(PHOTO), "done", None)
    assert set(done) == set(failed) == {"file", "status", "problem", *CheckBody.model_fields}
    assert set(done["verdict"]["rules"][0]) == set(RuleBody.model_fields)
    CheckBody.model_validate(done)
    assert (failed["status"], failed["problem"]["code"]) == ("failed", "unsupported_format")


@pytest.mark.parametrize(("status", "code"), [("pass", 0), ("unknown", 0), ("fail", 1)])
def test_the_exit_code_is_1_if_a_photo_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, status: RuleStatus, code: int
) -> None:
    rule = RuleResult("roll", status, None if status == "unknown" else 1, -8, 8, "deg", "tilt")
    verdict = Verdict((rule,))
    source = Source(1, 1, "jpeg", 1)

    class Pipeline:
        def check(self, _data: bytes, _options: Options) -> Check:
            return Check(source=source, faces=(), timings_ms={}, verdict=verdict)

    runtime = SimpleNamespace(pipeline=Pipeline())
    monkeypatch.setattr(load, "runtime", lambda _settings: nullcontext(runtime))
    assert command_main("check", PHOTO) == code
    assert capsys.readouterr().out.startswith(f"{PHOTO}: {status}\n")


def test_an_unknown_preset_is_reported_before_the_models_are_loaded(
    main_without_models: Main, capsys: Capture
) -> None:
    assert main_without_models("check", PHOTO, "--preset", "bodge") == 1
    message = capsys.readouterr().err
    assert message.startswith("facecraft: invalid_option: There is no preset 'bodge'. Did you mean badge?")
    assert "`facecraft presets`" in message


def test_without_a_photo_it_fails(main_without_models: Main, capsys: Capture, tmp_path: Path) -> None:
    assert main_without_models("check", tmp_path) == 1
    assert f"bad_request: No photo was found in {tmp_path}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (None, None, "any"),
        (None, 0.08, "at most 0.08"),
        (60, None, "at least 60"),
        (413, 413, "413"),
        (-8, 8, "-8 to 8"),
    ],
)
def test_limits_are_put_in_words(least: float | None, most: float | None, words: str) -> None:
    assert allowed(RuleResult("width", "pass", 1, least, most, "", "")) == words
