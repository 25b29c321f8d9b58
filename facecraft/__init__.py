"""A portrait photo in, a finished portrait out.

    from facecraft import Facecraft

    with Facecraft() as fc:
        fc.process("anna.jpg", preset="badge").save("anna-badge.jpg")

Each name is imported when it is first used: `import facecraft` takes milliseconds and loads no model code.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

# ONNX Runtime sends telemetry unless this is set before it is imported, by us or by insightface.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

__all__ = [
    "CannotFit",
    "Check",
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
    "RequestError",
    "Result",
    "RuleResult",
    "ServiceError",
    "SettingInvalid",
    "Settings",
    "Source",
    "StartupError",
    "UndecodableImage",
    "UnsupportedFormat",
    "UploadTooLarge",
    "Verdict",
    "WeightsMissing",
    "__version__",
]

if TYPE_CHECKING:
    from facecraft.api import Facecraft, Result
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
        RequestError,
        ServiceError,
        SettingInvalid,
        StartupError,
        UndecodableImage,
        UnsupportedFormat,
        UploadTooLarge,
        WeightsMissing,
    )
    from facecraft.options import Options
    from facecraft.photo import Photo
    from facecraft.settings import Settings
    from facecraft.types import Check, Detection, Face, Note, Portrait, RuleResult, Source, Verdict
else:
    _HOMES = {
        **dict.fromkeys(("Facecraft", "Result"), "facecraft.api"),
        **dict.fromkeys(("Check", "Detection", "Face", "Note", "Portrait"), "facecraft.types"),
        **dict.fromkeys(("RuleResult", "Source", "Verdict"), "facecraft.types"),
        "Options": "facecraft.options",
        "Photo": "facecraft.photo",
        "Settings": "facecraft.settings",
    }

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES.get(name, "facecraft.errors")), name)

    def __dir__() -> list[str]:
        return __all__
