"""What goes into a build, and what ends it."""

import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import tarfile
from pathlib import Path

import pytest

from docker.release.engine import CheckFailed, Engine
from docker.release.subject import ROOT

FLAVOURS = ("cpu", "gpu")
ARGUMENTS = shlex.split(os.environ.get("BUILD_FLAGS", ""))


@pytest.mark.docker
def test_the_build_context_holds_what_an_image_is_made_of_and_nothing_else(
    engine: Engine, tmp_path: Path
) -> None:
    # What must stay out, put into a copy of the checkout.
    context = tmp_path / "context"
    shutil.copytree(ROOT, context, ignore=shutil.ignore_patterns(".venv", ".git", "dist"))
    for name in (
        ".git/HEAD",
        ".env",
        "facecraft/.env.local",
        ".venv/bin/python",
        "PLAN.md",
        "node_modules/a",
    ):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text("secret")
    (context / "all").write_text("FROM scratch\nCOPY . /\n")
    command = ("build", "-q", "-f", str(context / "all"), "-o", "type=tar,dest=-", str(context))
    with tarfile.open(fileobj=io.BytesIO(engine.run(*command))) as tar:
        files = [member.name for member in tar if member.isfile()]
    allowed = re.compile(
        r"facecraft/([a-z]+/)*\w+\.py|facecraft/py\.typed"
        r"|facecraft/checks/bench/astronaut\.jpg|facecraft/presets/presets\.toml"
        r"|facecraft/weights/packaged/facecraft-clean\.safetensors"
        r"|facecraft/service/web/\w+\.(html|css|js|svg)"
        r"|requirements/[\w-]+\.txt|docker/prune\.py|models\.lock|pyproject\.toml|LICENSE"
    )
    assert [name for name in files if not allowed.fullmatch(name)] == []
    assert {"facecraft/cli/main.py", "docker/prune.py", "models.lock", "requirements/gpu.txt"} <= set(files)


@pytest.mark.docker
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_wrong_hash_in_models_lock_ends_the_build(engine: Engine, tmp_path: Path, flavour: str) -> None:
    shutil.copytree(ROOT / "facecraft", tmp_path / "facecraft")
    lock = (ROOT / "models.lock").read_text()
    right = "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c"
    (tmp_path / "models.lock").write_text(lock.replace(right, wrong := right[::-1]))
    with pytest.raises(CheckFailed, match="hash_mismatch") as caught:
        engine.run(
            *("build", "--progress", "plain", "--target", "models", "--build-arg", "MODEL_SET=default"),
            *ARGUMENTS,
            *("-f", str(ROOT / "docker" / f"Dockerfile.{flavour}"), str(tmp_path)),
        )
    assert right in str(caught.value)
    assert wrong in str(caught.value)


def stages(flavour: str) -> list[str]:
    text = (ROOT / "docker" / f"Dockerfile.{flavour}").read_text()
    return re.findall(r"^FROM (.+)$", text, re.MULTILINE)


def test_both_images_have_the_same_stages_in_the_same_order() -> None:
    assert stages("cpu") == stages("gpu")
    assert len(stages("cpu")) == 8


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_what_an_image_runs_is_a_module_that_there_is(flavour: str) -> None:
    text = (ROOT / "docker" / f"Dockerfile.{flavour}").read_text()
    (entrypoint,) = re.findall(r"^ENTRYPOINT (.+)$", text, re.MULTILINE)
    *python, module = json.loads(entrypoint)
    assert python == ["python", "-P", "-m"]
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_dockerfile_holds_no_models_url_and_no_hash(flavour: str) -> None:
    text = (ROOT / "docker" / f"Dockerfile.{flavour}").read_text()
    assert not re.search(r"[0-9a-f]{40}", text)
    assert {"https://github.com/djok/facecraft", "https://download.pytorch.org/whl/cpu"} >= set(
        re.findall(r"https?://[^\s\"]+", text)
    )
