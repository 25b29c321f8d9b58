"""List the content of an image: the Python packages, with the hashes in their lock, and the models."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from docker.release.engine import CheckFailed
from docker.release.subject import ROOT, Subject


def sbom(subject: Subject) -> dict[str, Any]:
    """Make a bill of materials in CycloneDX's JSON.

    Raises:
        CheckFailed: the image has a package that is not in its lock.
    """
    inside = subject.command(
        "python",
        "-c",
        "import importlib.metadata as m\nfor d in m.distributions(): print(d.name + '==' + d.version)",
    ).splitlines()
    lock = ("gpu.txt",) if subject.wants_gpu else ("torch-cpu.txt", "cpu.txt")
    locked = "\n".join((ROOT / "requirements" / name).read_text() for name in lock)
    pins = re.findall(r"^[\w.-]+==.*?(?=^[\w.-]+==|\Z)", locked, re.MULTILINE | re.DOTALL)
    installed = {_normal(name) for name in inside} - {f"facecraft=={subject.version}"}
    requirements = [pin for pin in pins if _normal(pin.split()[0]) in installed]
    unlocked = installed - {_normal(pin.split()[0]) for pin in pins}
    if unlocked:
        raise CheckFailed(f"packages that are not in a lock: {', '.join(sorted(unlocked))}")
    tool = Path(sys.executable).parent / "cyclonedx-py"
    command: list[str | Path] = [
        tool,
        "requirements",
        "--pyproject",
        ROOT / "pyproject.toml",
        "--of",
        "JSON",
        "-",
    ]
    document: dict[str, Any] = json.loads(
        subprocess.run(
            command, input="".join(requirements), capture_output=True, text=True, check=True
        ).stdout
    )
    document["components"] += [_model(subject.lock[file]) for file in sorted(subject.baked)]
    return document


def _normal(requirement: str) -> str:
    name, _, version = requirement.partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def _model(model: dict[str, Any]) -> dict[str, Any]:
    licence = model["licence"]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model-{model['name']}",
        "name": model["name"],
        "version": model["sha256"][:12],
        "hashes": [{"alg": "SHA-256", "content": model["sha256"]}],
        "licenses": [{"license": {"name": licence["name"], "url": licence["url"]}}],
    }
