"""`facecraft selftest`."""

import hashlib
from pathlib import Path

from tests.cli.conftest import run


def test_selftest_loads_every_model() -> None:
    result = run("selftest", device="cpu")
    assert result.returncode == 0, result.stderr
    for name in ("centerface", "realesrgan-x4plus", "facemesh", "iris", "selfie-segmentation"):
        assert f"{name} is verified and loads" in result.stdout


def test_selftest_names_a_model_that_does_not_load(tmp_path: Path) -> None:
    # A lock that agrees with the broken file, so that only loading it can tell.
    broken = b"no model at all"
    (tmp_path / "broken.onnx").write_bytes(broken)
    lock = tmp_path / "models.lock"
    lock.write_text(
        f"""[models.centerface]
task = "detection"
file = "broken.onnx"
bytes = {len(broken)}
sha256 = "{hashlib.sha256(broken).hexdigest()}"
licence = {{ name = "MIT", spdx = "MIT", url = "https://example.org", commercial_use = true }}
sets = ["default"]
sources = [{{ url = "https://example.org/broken.onnx" }}]
"""
    )
    result = run("selftest", device="cpu", models_dir=str(tmp_path), models_lock=str(lock))
    assert result.returncode == 1
    assert "facecraft: startup_failed: centerface does not load" in result.stderr
