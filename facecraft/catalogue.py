"""Every model that Facecraft can load: its task, its rank, how it is built, what goes in and what comes out.

A new model takes an entry here and one in models.lock. A network of ours also takes a file in
restoration/nets/; a restorer that is published as an ONNX file does not.

Importing this module is cheap: the functions import a model's code when they are called.
"""

# ruff: noqa: PLC0415
from collections.abc import Mapping
from typing import TYPE_CHECKING

from facecraft.model import BuiltModel, DetectionModel, ImageModel, Model
from facecraft.restoration.signature import Signature

if TYPE_CHECKING:
    from pathlib import Path

    from facecraft.detection.base import Detector
    from facecraft.detection.facemesh import FaceMesh
    from facecraft.detection.iris import IrisModel
    from facecraft.matting.segmenters import Segmenter
    from facecraft.restoration.base import Restorer
    from facecraft.restoration.engines.base import Engine
    from facecraft.restoration.network import Module
    from facecraft.runtime.device import Device


def _centerface(path: "Path", device: "Device") -> "Detector":
    from facecraft.detection.centerface import CenterFace

    return CenterFace(path, device)


def _scrfd(path: "Path", device: "Device") -> "Detector":
    from facecraft.detection.scrfd import Scrfd

    return Scrfd(path, device)


def _facemesh(path: "Path", _device: "Device") -> "FaceMesh":
    from facecraft.detection.facemesh import FaceMesh

    return FaceMesh(path)


def _iris(path: "Path", _device: "Device") -> "IrisModel":
    from facecraft.detection.iris import IrisModel

    return IrisModel(path)


def _modnet(path: "Path", device: "Device") -> "Segmenter":
    from facecraft.matting.segmenters import ModNet

    return ModNet(path, device)


def _selfie(path: "Path", _device: "Device") -> "Segmenter":
    from facecraft.matting.segmenters import SelfieSegmentation

    return SelfieSegmentation(path)


def _gfpgan() -> "Module":
    from facecraft.restoration.nets.gfpgan import GFPGAN

    return GFPGAN()


def _codeformer() -> "Module":
    from facecraft.restoration.nets.codeformer import CodeFormer

    return CodeFormer()


def _cleaner() -> "Module":
    from facecraft.restoration.nets.cleaner import Cleaner

    return Cleaner()


def _x4plus() -> "Module":
    from facecraft.restoration.nets.rrdbnet import RRDBNet

    return RRDBNet()


def _x2plus() -> "Module":
    from facecraft.restoration.nets.rrdbnet import RRDBNet

    return RRDBNet(scale=2)


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
IRIS: "BuiltModel[IrisModel]" = BuiltModel(name="iris", task="landmarks", build=_iris)

SEGMENTERS: "tuple[BuiltModel[Segmenter], ...]" = (
    BuiltModel(name="modnet", task="matting", build=_modnet),
    BuiltModel(name="selfie-segmentation", task="matting", build=_selfie, fallback=True),
)

IMAGE_MODELS = (
    ImageModel(
        name="facecraft-clean",
        signature=Signature(side_px=64, black=0, any_side=True),
        architecture=_cleaner,
        cleans=True,
        fallback=True,
    ),
    ImageModel(
        name="gfpgan-1.4",
        signature=Signature(side_px=512, black=-1),
        architecture=_gfpgan,
        restorer=square,
        invents=True,
    ),
    ImageModel(
        name="codeformer",
        signature=Signature(side_px=512, black=-1, takes=("fidelity",)),
        architecture=_codeformer,
        restorer=square,
        bears_bfloat16=False,
        invents=True,
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
    entries: tuple[Model, ...] = (*DETECTORS, MESH, IRIS, *SEGMENTERS, *IMAGE_MODELS)
    return {model.name: model for model in entries}


def restorers() -> tuple[ImageModel, ...]:
    """The models that restore faces, the best first."""
    return tuple(model for model in IMAGE_MODELS if model.restorer is not None)


def cleaners() -> tuple[ImageModel, ...]:
    """The models that clean whole pictures, the best first."""
    return tuple(model for model in IMAGE_MODELS if model.cleans)


def upscalers() -> tuple[ImageModel, ...]:
    """The models that enlarge pictures."""
    return tuple(model for model in IMAGE_MODELS if model.factor is not None)
