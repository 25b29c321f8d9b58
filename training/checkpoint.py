"""Save and load the state of a run, so that it can continue. A file is written completely or not at all."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from facecraft.restoration.nets.cleaner import Shape
from training.schedule import Schedule

_KEPT = 3


@dataclass(frozen=True)
class Checkpoint:
    """A run after `step` steps. Seed and step determine the batches, so no generator state is needed."""

    step: int
    seed: int
    shape: Shape
    schedule: Schedule
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    optimiser: dict[str, object]


def save(checkpoint: Checkpoint, folder: Path) -> Path:
    """Write `checkpoint-STEP.pt`, and remove all checkpoints but the newest three."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"checkpoint-{checkpoint.step:08d}.pt"
    part = path.with_suffix(".part")
    plain = {name: getattr(checkpoint, name) for name in ("step", "seed", "weights", "average", "optimiser")}
    with part.open("wb") as file:
        torch.save(plain | {"shape": asdict(checkpoint.shape), "schedule": asdict(checkpoint.schedule)}, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    for old in _all(folder)[:-_KEPT]:
        old.unlink()
    return path


def newest(folder: Path) -> Path | None:
    """Find the newest checkpoint in a folder."""
    return next(reversed(_all(folder)), None)


def read(path: Path) -> Checkpoint:
    plain = torch.load(path, map_location="cpu", weights_only=True)
    return Checkpoint(**plain | {"shape": Shape(**plain["shape"]), "schedule": Schedule(**plain["schedule"])})


def _all(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*.pt"))
