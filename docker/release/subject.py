"""An image to verify, with the expected values from the checkout."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from docker.release.engine import Engine

ROOT = Path(__file__).resolve().parents[2]
LABEL = "org.opencontainers.image."
NO_NETWORK = ("--rm", "--network", "none")


@dataclass(frozen=True)
class Subject:
    image: str
    engine: Engine

    @cached_property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.engine.inspect(self.image)["Config"]
        return config

    @cached_property
    def environment(self) -> dict[str, str]:
        return dict(variable.split("=", 1) for variable in self.config["Env"])

    @property
    def labels(self) -> dict[str, str]:
        """The OCI labels, without their prefix."""
        found = self.config.get("Labels") or {}
        return {name.removeprefix(LABEL): value for name, value in found.items() if name.startswith(LABEL)}

    @property
    def version(self) -> str:
        return self.labels.get("version", "none")

    @property
    def wants_gpu(self) -> bool:
        return self.environment.get("FACECRAFT_DEVICE") == "cuda"

    @property
    def serve_options(self) -> tuple[str, ...]:
        """Options to run a GPU image on the CPU, for a machine without a GPU."""
        return ("-e", "FACECRAFT_DEVICE=cpu") if self.wants_gpu else ()

    @cached_property
    def lock(self) -> dict[str, dict[str, Any]]:
        """The models of the checkout's models.lock, by file."""
        return models_by_file((ROOT / "models.lock").read_text())

    def command(self, *args: str) -> str:
        """Run a program in the image and return its output."""
        return self.engine.text(
            "run", *NO_NETWORK, *self.serve_options, "--entrypoint", args[0], self.image, *args[1:]
        )

    @cached_property
    def baked(self) -> dict[str, str]:
        """SHA-256 of the models in the image, by file name.

        Python's own library hashes them, not Facecraft.
        """
        program = (
            "import hashlib, pathlib\n"
            "for path in pathlib.Path('/opt/models').rglob('*'):\n"
            "    if path.is_file(): print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)"
        )
        lines = self.command("python", "-c", program).splitlines()
        return {name: sha256 for sha256, _, name in (line.partition(" ") for line in lines)}


def models_by_file(lock: str) -> dict[str, dict[str, Any]]:
    """The models of a models.lock by file, with the name as an additional field."""
    models = tomllib.loads(lock)["models"]
    return {model["file"]: model | {"name": name} for name, model in models.items()}
