"""Every model that Facecraft can load: its task, its rank, how it is built, what goes in and what comes out.

A new model takes an entry here and one in models.lock. A network of ours also takes a file in
restoration/nets/; a restorer that is published as an ONNX file does not.

Importing this module is cheap: the functions import a model's code when they are called.
"""

# ruff: noqa: PLC0415
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from facecraft.restoration.signature import Signature

if TYPE_CHECKING:
    from pathlib import Path

    from facecraft.detection.base import Detector
    from facecraft.detection.facemesh import FaceMesh
    from facecraft.matting.segmenters import Segmenter
    from facecraft.restoration.base import Restorer
    from facecraft.restoration.engines.base import Engine
    from facecraft.restoration.nets.architecture import Architecture
    from facecraft.restoration.network import Network
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
    """A network of images. It restores faces, or enlarges pictures, or both.

    Attributes:
        signature: its inputs and its output.
        architecture: a network of ours, whose file is a checkpoint. None means that the file is ONNX and runs
            as it is: it has one input, (N, 3, side, side) float32, and its first output is like it.
        restorer: makes a Restorer of an engine that runs it; None if it does not restore faces.
        factor: how many times it enlarges pictures; None if it does not.
    """

    task: Task = "restoration"
    signature: Signature
    architecture: "Callable[[], Architecture] | None" = None
    restorer: "Callable[[ImageModel, Engine], Restorer] | None" = None
    factor: int | None = None

    def __post_init__(self) -> None:
        if self.restorer is None and self.factor is None:
            raise ValueError(f"{self.name} neither restores nor enlarges.")
        free = self.signature.any_side or bool(self.signature.takes)
        if self.architecture is None and (free or self.factor is not None):
            raise ValueError(f"{self.name} is an ONNX file: its side is fixed, and it can only restore.")

    @property
    def takes(self) -> tuple[str, ...]:
        return self.signature.takes

    @property
    def network(self) -> "Network | None":
        """The network of ours; None if the file is ONNX."""
        from facecraft.restoration.network import Network

        return None if self.architecture is None else Network(self.architecture(), self.signature)

    def load(self, path: "Path", device: "Device") -> object:
        from facecraft.restoration.engines.onnx import OnnxFileEngine

        network = self.network
        return OnnxFileEngine(path, self.signature, device) if network is None else network.load(path)


def _centerface(path: "Path", device: "Device") -> "Detector":
    from facecraft.detection.centerface import CenterFace

    return CenterFace(path, device)


def _scrfd(path: "Path", device: "Device") -> "Detector":
    from facecraft.detection.scrfd import Scrfd

    return Scrfd(path, device)


def _facemesh(path: "Path", _device: "Device") -> "FaceMesh":
    from facecraft.detection.facemesh import FaceMesh

    return FaceMesh(path)


def _modnet(path: "Path", device: "Device") -> "Segmenter":
    from facecraft.matting.segmenters import ModNet

    return ModNet(path, device)


def _selfie(path: "Path", _device: "Device") -> "Segmenter":
    from facecraft.matting.segmenters import SelfieSegmentation

    return SelfieSegmentation(path)


def _gfpgan() -> "Architecture":
    from facecraft.restoration.nets.gfpgan import ARCHITECTURE

    return ARCHITECTURE


def _codeformer() -> "Architecture":
    from facecraft.restoration.nets.codeformer import ARCHITECTURE

    return ARCHITECTURE


def _x4plus() -> "Architecture":
    from facecraft.restoration.nets.rrdbnet import X4PLUS

    return X4PLUS


def _x2plus() -> "Architecture":
    from facecraft.restoration.nets.rrdbnet import X2PLUS

    return X2PLUS


def square(model: ImageModel, engine: "Engine") -> "Restorer":
    """Make a restorer of a network that takes a whole aligned face and gives one of the same side."""
    from facecraft.restoration.square import SquareRestorer

    return SquareRestorer(model.name, engine, model.signature)


def _realesrgan(model: ImageModel, engine: "Engine") -> "Restorer":
    from facecraft.restoration.realesrgan import RealESRGAN

    return RealESRGAN(model.name, engine)


# Each table is in order of rank: the best first.
DETECTORS = (
    DetectionModel(name="centerface", build=_centerface, refined=True, fallback=True),
    DetectionModel(name="scrfd-10g", build=_scrfd, auto=False),
    DetectionModel(name="scrfd-500m", build=_scrfd, auto=False),
)

MESH: "BuiltModel[FaceMesh]" = BuiltModel(name="facemesh", task="landmarks", build=_facemesh)

SEGMENTERS: "tuple[BuiltModel[Segmenter], ...]" = (
    BuiltModel(name="modnet", task="matting", build=_modnet),
    BuiltModel(name="selfie-segmentation", task="matting", build=_selfie, fallback=True),
)

IMAGE_MODELS = (
    ImageModel(
        name="gfpgan-1.4", signature=Signature(side_px=512, black=-1), architecture=_gfpgan, restorer=square
    ),
    ImageModel(
        name="codeformer",
        signature=Signature(side_px=512, black=-1, takes=("fidelity",)),
        architecture=_codeformer,
        restorer=square,
    ),
    ImageModel(
        name="realesrgan-x4plus",
        signature=Signature(side_px=64, black=0, any_side=True),
        architecture=_x4plus,
        restorer=_realesrgan,
        factor=4,
        fallback=True,
    ),
    ImageModel(
        name="realesrgan-x2plus",
        task="upscaling",
        signature=Signature(side_px=64, black=0, any_side=True),
        architecture=_x2plus,
        factor=2,
    ),
)


def models() -> Mapping[str, Model]:
    """All models, by name."""
    entries: tuple[Model, ...] = (*DETECTORS, MESH, *SEGMENTERS, *IMAGE_MODELS)
    return {model.name: model for model in entries}


def restorers() -> tuple[ImageModel, ...]:
    """The models that restore faces, the best first."""
    return tuple(model for model in IMAGE_MODELS if model.restorer is not None)


def upscalers() -> tuple[ImageModel, ...]:
    """The models that enlarge pictures."""
    return tuple(model for model in IMAGE_MODELS if model.factor is not None)
