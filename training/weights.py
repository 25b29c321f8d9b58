"""Save and load the cleaner's weights: float16 safetensors, with the network's shape."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from facecraft.restoration.nets.cleaner import Cleaner, Shape
from training import checkpoint


def load(path: Path) -> Cleaner:
    """Load exported safetensors, or the moving average of a checkpoint or of a run's newest checkpoint."""
    if path.suffix == ".safetensors":
        return _load_safetensors(path)
    found = checkpoint.newest(path) if path.is_dir() else path
    if found is None:
        raise FileNotFoundError(f"{path} has no checkpoint")
    state = checkpoint.read(found)
    return _fill(state.shape, state.average)


def save(net: Cleaner, path: Path) -> None:
    """Write float16. The rounding changes a pixel by much less than one level of 255."""
    halves = {name: value.half().contiguous() for name, value in net.state_dict().items()}
    save_file(halves, path, metadata={"shape": json.dumps(asdict(net.shape))})


def channels_last(net: Cleaner) -> Cleaner:
    """The same network with channels-last weights, for the fastest convolutions."""
    converted: Cleaner = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return converted


def _load_safetensors(path: Path) -> Cleaner:
    with safe_open(path, framework="pt") as file:
        fields = json.loads(file.metadata()["shape"])
        values = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
    return _fill(Shape(**{name: tuple(counts) for name, counts in fields.items()}), values)


def _fill(shape: Shape, values: dict[str, Tensor]) -> Cleaner:
    net = channels_last(Cleaner(shape))
    net.load_state_dict(values)
    return net
