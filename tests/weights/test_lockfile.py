from pathlib import Path

import pytest

from facecraft.errors import LockInvalid, SettingInvalid
from facecraft.weights import lockfile
from facecraft.weights.lockfile import PackageSource, default_lock_path, load_lock, parse_lock

SHA256 = "0123456789abcdef" * 4
FIELDS = {
    "task": '"detection"',
    "file": '"a.onnx"',
    "bytes": "10",
    "sha256": f'"{SHA256}"',
    "licence": '{ name = "MIT", spdx = "MIT", url = "https://example.org", commercial_use = true }',
    "sets": '["default"]',
    "sources": '[{ url = "https://example.org/a.onnx" }]',
}


def lock_text(name: str = "a", /, **fields: str | None) -> str:
    """One model; a field given as None is left out."""
    lines = [f"{key} = {value}" for key, value in (FIELDS | fields).items() if value is not None]
    return f"[models.{name}]\n" + "\n".join(lines) + "\n"


def test_a_whole_entry_is_read() -> None:
    assert list(parse_lock(lock_text()).models) == ["a"]


@pytest.mark.parametrize("name", FIELDS)
def test_a_missing_field_is_refused_by_model_and_name(name: str) -> None:
    without: dict[str, str | None] = {name: None}
    with pytest.raises(LockInvalid, match=rf"^models\.a\.{name}: is missing\.$"):
        parse_lock(lock_text(**without))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("colour", '"red"', "models.a.colour: is not a field"),
        ("task", "1", "models.a.task: must be text"),
        ("task", '" "', "models.a.task: must be text"),
        ("file", '"../a.onnx"', "models.a.file: must be a bare file name"),
        ("file", '"/a.onnx"', "models.a.file: must be a bare file name"),
        ("file", '"b/a.onnx"', "models.a.file: must be a bare file name"),
        ("file", "'b\\a.onnx'", "models.a.file: must be a bare file name"),
        ("file", '".."', "models.a.file: must be a bare file name"),
        ("file", '".hidden"', "models.a.file: must be a bare file name"),
        ("bytes", '"10"', "models.a.bytes: must be a whole number"),
        ("bytes", "10.0", "models.a.bytes: must be a whole number"),
        ("bytes", "true", "models.a.bytes: must be a whole number"),
        ("bytes", "0", "models.a.bytes: must be a whole number"),
        ("sha256", '""', "models.a.sha256: must be text"),
        ("sha256", f'"{SHA256[:-1]}"', "models.a.sha256: must be 64 lowercase hex digits"),
        ("sha256", f'"{SHA256.upper()}"', "models.a.sha256: must be 64 lowercase hex digits"),
        ("sha256", f'"{SHA256[:-1]}g"', "models.a.sha256: must be 64 lowercase hex digits"),
        ("licence", '"MIT"', "models.a.licence: must be a table"),
        (
            "licence",
            '{ name = "MIT", spdx = "MIT", url = "https://a.b" }',
            "models.a.licence.commercial_use: is missing",
        ),
        (
            "licence",
            '{ name = "MIT", spdx = "MIT", url = "https://a.b", commercial_use = "yes" }',
            "models.a.licence.commercial_use: must be true or false",
        ),
        (
            "licence",
            '{ name = "MIT", spdx = "MIT", url = "https://a.b", commercial_use = true, year = 1 }',
            "models.a.licence.year: is not a field",
        ),
        ("sets", "[]", "models.a.sets: must be a list with at least one item"),
        ("sets", '"default"', "models.a.sets: must be a list"),
        ("sets", "[1]", "models.a.sets.0: must be text"),
        ("sources", "[]", "models.a.sources: must be a list with at least one item"),
        ("sources", '["https://a.b/c"]', "models.a.sources.0: must be a table"),
        ("sources", "[{}]", "models.a.sources.0.url: is missing"),
        ("sources", '[{ url = "http://example.org/a" }]', "models.a.sources.0.url: must be https"),
        ("sources", '[{ url = "file:///etc/passwd" }]', "models.a.sources.0.url: must be https"),
        ("sources", '[{ url = "https:///a" }]', "models.a.sources.0.url: must be https"),
        (
            "sources",
            '[{ url = "https://a.b/c", mirror = true }]',
            "models.a.sources.0.mirror: is not a field",
        ),
        ("sources", '[{ package = "../a" }]', "models.a.sources.0.package: must be a bare file name"),
        ("sources", "[{ package = 1 }]", "models.a.sources.0.package: must be text"),
        (
            "sources",
            '[{ package = "a", member = "m" }]',
            "models.a.sources.0.member: is not a field",
        ),
        ("sources", '[{ wheel = "a==1" }]', "models.a.sources.0.member: is missing"),
        (
            "sources",
            '[{ wheel = "a>=1", member = "m" }]',
            "models.a.sources.0.wheel: must be one exact version",
        ),
        (
            "sources",
            '[{ wheel = "--pre", member = "m" }]',
            "models.a.sources.0.wheel: must be one exact version",
        ),
        (
            "sources",
            '[{ wheel = "a==1", member = "m", url = "https://a.b/c" }]',
            "models.a.sources.0.url: is not a field",
        ),
    ],
)
def test_a_wrong_field_is_refused_by_model_and_name(field: str, value: str, message: str) -> None:
    with pytest.raises(LockInvalid) as refusal:
        parse_lock(lock_text(**{field: value}))
    assert refusal.value.detail.startswith(message)


def test_two_models_may_not_share_a_file() -> None:
    with pytest.raises(LockInvalid, match=r"^models\.a\.file: another model has the file"):
        parse_lock(lock_text("a") + lock_text("b", file='"A.ONNX"'))


def test_two_models_may_not_share_a_name() -> None:
    with pytest.raises(LockInvalid, match="not TOML"):
        parse_lock(lock_text("a") + lock_text("a", file='"b.onnx"'))


def test_a_name_that_is_no_model_name_is_refused() -> None:
    with pytest.raises(LockInvalid, match="a name has lowercase letters"):
        parse_lock(lock_text('"A b"'))


def test_a_field_beside_models_is_refused() -> None:
    with pytest.raises(LockInvalid, match=r"^extra: is not a field"):
        parse_lock("extra = 1\n" + lock_text())


def test_a_lock_without_models_is_refused() -> None:
    with pytest.raises(LockInvalid, match=r"^models: is missing"):
        parse_lock("")


def test_a_file_that_is_not_there_is_refused_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(LockInvalid, match=r"nowhere\.lock cannot be read"):
        load_lock(tmp_path / "nowhere.lock")


def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "my.lock").write_text(lock_text(bytes="0"))
    with pytest.raises(LockInvalid, match=r"my\.lock: models\.a\.bytes: "):
        load_lock(tmp_path / "my.lock")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(LockInvalid, match="cannot be read"):
        load_lock(tmp_path / "my.lock")


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingInvalid) as refusal:
        load_lock(default_lock_path()).in_set("ful")
    assert "default, full" in refusal.value.hint


def test_an_unknown_model_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingInvalid, match="Did you mean centerface"):
        load_lock(default_lock_path()).named("centreface")


def test_the_lock_cannot_be_changed() -> None:
    models = parse_lock(lock_text()).models
    assert not hasattr(models, "__setitem__")


def test_a_packaged_file_is_in_the_package_whatever_the_folder(tmp_path: Path) -> None:
    (entry,) = parse_lock(lock_text(sources='[{ package = "a.onnx" }]')).models.values()
    assert entry.sources == (PackageSource("a.onnx"),)
    assert entry.path(tmp_path) == Path(lockfile.__file__).parent / "packaged" / "a.onnx"
    (other,) = parse_lock(lock_text()).models.values()
    assert other.path(tmp_path) == tmp_path / "a.onnx"
