"""`facecraft process` on files and folders; tests/folders has what is common to all ways to process them."""

import csv
import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import skimage.data
from PIL import Image

from facecraft.cli import load
from tests.cli.conftest import Main, command_main, run
from tests.imaging.heifs import heic

Capture = pytest.CaptureFixture[str]


def test_files_are_restored_and_what_failed_is_reported(group_path: Path, tmp_path: Path) -> None:
    # One real photo, and a text file with a photo's name.
    (tmp_path / "broken.jpg").write_text("not a photo")
    out = tmp_path / "out"
    result = run(
        "process", group_path, tmp_path / "broken.jpg", "-o", out, "--faces", "largest", "--format", "png"
    )
    assert result.returncode == 1
    assert "1 done, 1 failed" in result.stdout
    assert "broken.jpg: unsupported_format" in result.stderr
    assert "Send a photo as JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF or BMP." in result.stderr
    assert [path.name for path in out.iterdir()] == ["t1.png"]
    with Image.open(out / "t1.png") as portrait:
        assert portrait.size == (1280, 886)


def test_photos_of_each_format_are_taken_from_a_folder(main: Main, tmp_path: Path) -> None:
    # Named as Windows, phones, cameras and scanners name them.
    photo = Image.fromarray(skimage.data.astronaut())  # type: ignore[no-untyped-call]
    folder = tmp_path / "in"
    folder.mkdir()
    for name, format_ in (
        ("a.jfif", "JPEG"), ("b.jpe", "JPEG"), ("c.MPO", "MPO"), ("d.TIF", "TIFF"), ("e.gif", "GIF"),
        ("f.bmp", "BMP"), ("g.avif", "AVIF"), ("h.apng", "PNG"),
    ):  # fmt: skip
        photo.save(folder / name, format_)
    (folder / "IMG_0001.HEIC").write_bytes(heic(photo))
    out = tmp_path / "out"
    assert main("process", folder, "-o", out, "--restorer", "none", "--width", "200", "--height", "250") == 0
    assert {path.name for path in out.iterdir()} == {
        "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg", "g.avif", "h.png", "IMG_0001.jpg",
    }  # fmt: skip
    for path in out.iterdir():
        with Image.open(path) as portrait:
            assert portrait.size == (200, 250)


def test_a_manifest_is_written_also_when_files_failed(main: Main, group_path: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("not a photo")
    table = tmp_path / "tables" / "portraits.csv"
    inputs, out = (group_path, tmp_path / "broken.jpg"), tmp_path / "out"
    assert main("process", *inputs, "-o", out, "--restorer", "none", "--manifest", table) == 1
    with table.open(newline="") as lines:
        done, failed = csv.DictReader(lines)
    assert (done["status"], done["output"]) == ("done", str(out / "t1.jpg"))
    assert done["verdict"] in {"pass", "fail", "unknown"}
    assert (failed["status"], failed["code"]) == ("failed", "unsupported_format")


def test_a_manifest_of_another_suffix_is_refused_before_anything_is_read(
    main_without_models: Main, capsys: Capture, tmp_path: Path
) -> None:
    manifest = tmp_path / "a.xlsx"
    assert main_without_models("process", tmp_path / "gone", "-o", tmp_path, "--manifest", manifest) == 1
    assert "invalid_option: --manifest takes a .csv or .json file, not a.xlsx" in capsys.readouterr().err


def test_without_a_photo_it_fails(main_without_models: Main, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert main_without_models("process", tmp_path / "empty", "-o", tmp_path / "out") == 1
    message = capsys.readouterr().err
    assert message.startswith(f"facecraft: bad_request: No photo was found in {tmp_path / 'empty'}. Give ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "format_"), [("anna.jpg", "JPEG"), ("anna.JPEG", "JPEG"), ("anna.webp", "WEBP")]
)
def test_one_photo_and_a_files_name_make_that_file(
    main: Main, group_path: Path, tmp_path: Path, name: str, format_: str
) -> None:
    out = tmp_path / "new" / name
    assert main("process", group_path, "-o", out, "--restorer", "none") == 0
    assert [path.name for path in out.parent.iterdir()] == [name]
    with Image.open(out) as portrait:
        assert portrait.format == format_


def test_a_files_name_overrides_the_format_of_a_preset(main: Main, group_path: Path, tmp_path: Path) -> None:
    assert main("process", group_path, "-o", tmp_path / "anna.png", "--preset", "badge") == 0
    with Image.open(tmp_path / "anna.png") as portrait:
        assert (portrait.format, portrait.size) == ("PNG", (328, 437))


def test_the_manifest_of_one_file_names_it(main: Main, group_path: Path, tmp_path: Path) -> None:
    out, manifest = tmp_path / "anna.jpeg", tmp_path / "manifest.json"
    assert main("process", group_path, "-o", out, "--restorer", "none", "--manifest", manifest) == 0
    (entry,) = json.loads(manifest.read_text())["files"]
    assert (entry["file"], entry["output"]) == (str(group_path), str(out))


@pytest.mark.parametrize("inputs", ["two photos", "a folder"])
def test_several_photos_and_folders_make_a_folder_whatever_its_name(
    main: Main, group_path: Path, tmp_path: Path, inputs: str
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(group_path.read_bytes())
    named = [photos] if inputs == "a folder" else [photos / "a.jpg", group_path]
    out = tmp_path / "out.jpg"
    assert main("process", *named, "-o", out, "--restorer", "none") == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.jpg", "t1.jpg"][: len(named)]


def test_an_existing_folder_is_always_a_folder(main: Main, group_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "anna.png"
    out.mkdir()
    assert main("process", group_path, "-o", out, "--restorer", "none") == 0
    assert [path.name for path in out.iterdir()] == ["t1.jpg"]


def test_a_name_without_a_suffix_is_a_folder(main: Main, group_path: Path, tmp_path: Path) -> None:
    assert main("process", group_path, "-o", tmp_path / "out", "--restorer", "none") == 0
    assert (tmp_path / "out" / "t1.jpg").is_file()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.jpg", ("--format", "png"), "-o a.jpg is a JPEG file, but --format is png."),
        ("a.png", ("--quality", "80"), "The option quality has no meaning for format=png"),
        ("a.gif", (), "Portraits cannot be written as .gif files."),
        ("a.tiff", (), "Portraits cannot be written as .tiff files."),
    ],
)
def test_a_files_name_that_contradicts_is_refused(
    main_without_models: Main,
    capsys: Capture,
    *,
    group_path: Path,
    tmp_path: Path,
    name: str,
    options: tuple[str, ...],
    message: str,
) -> None:
    assert main_without_models("process", group_path, "-o", tmp_path / name, *options) == 1
    assert f"facecraft: invalid_option: {message}" in capsys.readouterr().err


def test_a_photo_is_not_overwritten_by_its_portrait(
    main_without_models: Main, capsys: Capture, group_path: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(group_path.read_bytes())
    assert main_without_models("process", photo, "-o", photo) == 1
    assert "would overwrite the photo" in capsys.readouterr().err
    assert photo.read_bytes() == group_path.read_bytes()


@pytest.mark.parametrize(
    "options", [("-o", "file/out"), ("-o", "file/a.jpg"), ("-o", "out", "--manifest", "file/a.csv")]
)
def test_a_folder_that_cannot_be_written_is_reported_before_the_models_are_loaded(
    main_without_models: Main,
    capsys: Capture,
    *,
    group_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("no folder")
    assert main_without_models("process", group_path, *options) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("facecraft: startup_failed: The folder file")
    assert line.endswith("Use a folder that this user can write to.")


def test_a_manifest_that_cannot_be_written_at_the_end_is_an_error(
    main: Main, capsys: Capture, group_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").mkdir()
    options = ("--restorer", "none", "--manifest", tmp_path / "a.csv")
    assert main("process", group_path, "-o", tmp_path / "out", *options) == 1
    shown = capsys.readouterr()
    assert "1 done, 0 failed" in shown.out
    assert "The manifest" in shown.err
    assert "choose another --manifest" in shown.err


@pytest.mark.parametrize("name", ["a" * 300 + ".jpg", "unsearchable/a.jpg"])
def test_a_photo_that_cannot_be_looked_up_fails_in_one_line(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pipeline = SimpleNamespace(validate=lambda _options: None, process=pytest.fail)
    monkeypatch.setattr(load, "runtime", lambda _settings: nullcontext(SimpleNamespace(pipeline=pipeline)))
    lookup = Path.is_dir

    def is_dir(path: Path) -> bool:
        if path.parent.name == "unsearchable":
            raise PermissionError(13, "Permission denied")
        return lookup(path)

    monkeypatch.setattr(Path, "is_dir", is_dir)
    assert command_main("process", name, "-o", tmp_path / "out") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{name}: bad_request: The photo cannot be read: ")


def test_an_output_with_too_long_a_name_is_an_error_in_one_line(
    main_without_models: Main, capsys: Capture, group_path: Path
) -> None:
    assert main_without_models("process", group_path, "-o", "o" * 300) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("facecraft: startup_failed: The folder ooo")


def test_a_large_photo_and_a_damaged_one(group_path: Path, tmp_path: Path) -> None:
    photos, out = tmp_path / "in", tmp_path / "out"
    photos.mkdir()
    large = group_path.read_bytes()  # 1280 x 886, of which 400 000 pixels are decoded
    (photos / "large.jpg").write_bytes(large)
    (photos / "cut.jpg").write_bytes(large[: round(0.8 * len(large))])
    options = ("-o", out, "--width", "200", "--restorer", "none", "--manifest", tmp_path / "m.json")
    refused = run("process", photos, *options, max_pixels="400000")
    assert refused.returncode == 1
    assert "cut.jpg: undecodable_image: The JPEG is damaged: " in refused.stderr
    taken = run("process", photos, *options, "--damaged", "accept", max_pixels="400000")
    assert taken.returncode == 0
    notes = {
        Path(row["file"]).name: row["notes"] for row in json.loads((tmp_path / "m.json").read_text())["files"]
    }
    assert {"damaged", "reduced"} <= set(notes["cut.jpg"])
    assert "reduced" in notes["large.jpg"]
