"""Names of files in what the commands print: a name may hold anything but a slash and a zero byte."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facecraft.cli import watch
from tests.cli.conftest import Main

ROGUE = "a\nb.jpg: done\x1b[31m\u202e"
SHOWN = r"a\nb.jpg: done\x1b[31m\u202e"
COMMANDS = [("detect",), ("check",), ("process", "-o", "out")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_name_adds_lines_or_escape_sequences(
    command: tuple[str, ...],
    main: Main,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("in")
    folder.mkdir()
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(folder / f"{ROGUE} whole.jpg")
    (folder / f"{ROGUE} broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    main(*command, "in")
    printed = capsys.readouterr()
    assert f"in/{SHOWN} broken.jpg: undecodable_image: " in printed.err
    assert all(line.isprintable() for line in (printed.out + printed.err).split("\n"))
    assert not any(line.startswith("b.jpg") for line in (printed.out + printed.err).split("\n"))


def test_the_lines_of_a_watcher_are_as_safe(capsys: pytest.CaptureFixture[str]) -> None:
    watch._report(f"/in/{ROGUE}: done")
    assert capsys.readouterr().out == f"/in/{SHOWN}: done\n"
