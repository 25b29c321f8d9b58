"""A portrait photo in, a finished portrait out.

    from facecraft import Facecraft

    with Facecraft() as fc:
        fc.process("anna.jpg", preset="badge").save("anna-badge.jpg")

Each name is imported when it is first used: `import facecraft` takes milliseconds and loads no model code.
"""

import os

# ONNX Runtime sends telemetry unless this is set before it is imported, by us or by insightface.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

__all__ = [
    "Cancellation",
    "CannotFit",
    "Check",
    "Closed",
    "Component",
    "DeadlineExceeded",
    "Detection",
    "DeviceUnavailable",
    "Face",
    "Facecraft",
    "FacecraftError",
    "HashMismatch",
    "ImageTooLarge",
    "InferenceFailed",
    "InvalidOption",
    "LockInvalid",
    "NoFaceFound",
    "Note",
    "Options",
    "Photo",
    "Portrait",
    "Portrayal",
    "PresetInvalid",
    "QueueFull",
    "RequestError",
    "Result",
    "RuleResult",
    "ServiceError",
    "SettingInvalid",
    "Settings",
    "Source",
    "StartupError",
    "TooManyFaces",
    "UndecodableImage",
    "UnsupportedFormat",
    "UploadTooLarge",
    "Verdict",
    "WeightsMissing",
    "__version__",
]

TYPE_CHECKING = False  # the name is enough for mypy: importing typing would take as long as Python's start
if TYPE_CHECKING:
    from facecraft.api import Closed, Facecraft
    from facecraft.cancellation import Cancellation
    from facecraft.errors import (
        CannotFit,
        DeadlineExceeded,
        DeviceUnavailable,
        FacecraftError,
        HashMismatch,
        ImageTooLarge,
        InferenceFailed,
        InvalidOption,
        LockInvalid,
        NoFaceFound,
        PresetInvalid,
        QueueFull,
        RequestError,
        ServiceError,
        SettingInvalid,
        StartupError,
        TooManyFaces,
        UndecodableImage,
        UnsupportedFormat,
        UploadTooLarge,
        WeightsMissing,
    )
    from facecraft.options import Options
    from facecraft.photo import Photo, Result
    from facecraft.results import Check, Detection, Portrait, Portrayal
    from facecraft.settings import Settings
    from facecraft.types import Component, Face, Note, RuleResult, Source, Verdict
else:
    _NAMES = {
        "facecraft.api": ("Closed", "Facecraft"),
        "facecraft.cancellation": ("Cancellation",),
        "facecraft.errors": (
            *("CannotFit", "DeadlineExceeded", "DeviceUnavailable", "FacecraftError", "HashMismatch"),
            *("ImageTooLarge", "InferenceFailed", "InvalidOption", "LockInvalid", "NoFaceFound"),
            *("PresetInvalid", "QueueFull", "RequestError", "ServiceError", "SettingInvalid", "StartupError"),
            *("TooManyFaces", "UndecodableImage", "UnsupportedFormat", "UploadTooLarge", "WeightsMissing"),
        ),
        "facecraft.options": ("Options",),
        "facecraft.photo": ("Photo", "Result"),
        "facecraft.results": ("Check", "Detection", "Portrait", "Portrayal"),
        "facecraft.settings": ("Settings",),
        "facecraft.types": ("Component", "Face", "Note", "RuleResult", "Source", "Verdict"),
    }
    _HOMES = {name: home for home, names in _NAMES.items() for name in names}

    def __getattr__(name: str) -> object:
        from importlib import import_module  # noqa: PLC0415  # not every command needs it

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)

    def __dir__() -> list[str]:
        return __all__
