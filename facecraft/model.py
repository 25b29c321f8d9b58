"""What the catalogue says about a model."""

# ruff: noqa: PLC0415
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from facecraft.restoration.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from facecraft.detection.base import Detector  # noqa: F401  # in a string below
    from facecraft.restoration.base import Restorer
    from facecraft.restoration.engines.base import Engine
    from facecraft.restoration.network import Module, Network
    from facecraft.runtime.device import Device

Task: TypeAlias = Literal["detection", "landmarks", "matting", "restoration", "upscaling"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(ABC):
    """What every entry says.

    Attributes:
        name: as in models.lock.
        task: as in models.lock.
        auto: whether a setting of `auto` may choose it; if not, it has to be named.
        fallback: whether `auto` chooses it where no file of its task is present; everybody can pull it.
    """

    name: str
    task: Task
    auto: bool = True
    fallback: bool = False

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of the options that only this model, and others like it, can use."""
        return ()

    @abstractmethod
    def load(self, path: "Path", device: "Device") -> object:
        """Load the model by itself, to see that its file is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel(Model, Generic[T]):
    """A model with a class of its own.

    Attributes:
        build: makes an object of that class from the model's file.
    """

    build: "Callable[[Path, Device], T]"

    def load(self, path: "Path", device: "Device") -> T:
        return self.build(path, device)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionModel(BuiltModel["Detector"]):
    """A detector.

    Attributes:
        refined: whether landmarks of the face mesh replace its own.
    """

    task: Task = "detection"
    refined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageModel(Model):
    """A network of images. It restores faces, cleans pictures, or enlarges them.

    Attributes:
        signature: its inputs and its output.
        architecture: makes the module of a network of ours, whose file has its weights. None means that the
            file is ONNX and runs as it is: it has one input, (N, 3, side, side) float32, and its first output
            is like it.
        restorer: makes a Restorer of an engine that runs it; None if it does not restore faces.
        cleans: whether it cleans whole pictures at their own size.
        invents: whether `auto` uses it for faces that have too little detail to be cleaned only.
        factor: how many times it enlarges pictures; None if it does not.
        bears_bfloat16: whether it draws the same picture in bfloat16. A network that chooses between codes
            does not: rounding changes its choice.
    """

    task: Task = "restoration"
    signature: Signature
    architecture: "Callable[[], Module] | None" = None
    restorer: "Callable[[ImageModel, Engine], Restorer] | None" = None
    cleans: bool = False
    invents: bool = False
    factor: int | None = None
    bears_bfloat16: bool = True

    def __post_init__(self) -> None:
        if self.restorer is None and self.factor is None and not self.cleans:
            raise ValueError(f"{self.name} neither restores nor cleans nor enlarges.")
        free = self.signature.any_side or bool(self.signature.takes)
        if self.architecture is None and (free or self.cleans or self.factor is not None):
            raise ValueError(f"{self.name} is an ONNX file: its side is fixed, and it can only restore.")

    @property
    def takes(self) -> tuple[str, ...]:
        return self.signature.takes

    @property
    def network(self) -> "Network | None":
        """The network of ours; None if the file is ONNX."""
        from facecraft.restoration.network import Network

        if self.architecture is None:
            return None
        return Network(self.name, self.architecture, self.signature, self.bears_bfloat16)

    def load(self, path: "Path", device: "Device") -> object:
        from facecraft.restoration.engines.onnx import OnnxFileEngine

        network = self.network
        return OnnxFileEngine(path, self.signature, device) if network is None else network.load(path)
