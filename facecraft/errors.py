"""The tree of errors.

Each has a `detail` (what happened), a `limit` if one was exceeded, and a `hint` (what to do).

These steps raise them:

    request head                  HeadTooLarge, CrossSite, Unauthorized, NotReady, QueueFull
    request body                  UnsupportedEncoding, UploadTooLarge, UploadTimeout, TooManyFiles
    options                       InvalidOption
    look (decode, detect)         UndecodableImage, UnsupportedFormat, ImageTooLarge
    plan                          NoFaceFound, TooManyFaces, ImageTooLarge, InvalidOption
    draw (restore, encode)        QueueFull, InferenceFailed, CannotFit
    anywhere                      DeadlineExceeded
    start of the process          StartupError and its subclasses: exit code 1

Over HTTP a RequestError or ServiceError becomes `application/problem+json` (RFC 9457); in a hot folder it
becomes a file with that content.
"""

from math import ceil
from typing import ClassVar

MILLION = 1_000_000


class FacecraftError(Exception):
    """The base of every error.

    Attributes:
        status: HTTP status code.
        code: stable, machine-readable name of the kind of error.
        detail: what happened; safe to show to the caller.
        hint: what the caller can do.
        limit: the exceeded limit, in the unit in `detail`; None if there is none.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    hint: str = "Try again. If it fails again, tell the operator the time of the request."

    def __init__(self, detail: str, *, hint: str | None = None, limit: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.limit = limit
        if hint is not None:
            self.hint = hint

    def problem(self) -> dict[str, object]:
        """The error as the members of an RFC 9457 problem."""
        return problem(self.status, self.code, self.detail, self.hint, self.limit)


def problem(status: int, code: str, detail: str, hint: str, limit: float | None = None) -> dict[str, object]:
    """The members of an RFC 9457 problem."""
    members: dict[str, object] = {
        "type": f"urn:facecraft:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint,
    }
    return members if limit is None else members | {"limit": limit}


def in_millions(value: int, *, up: bool = False) -> str:
    """Bytes as MB, or pixels as megapixels, to a tenth; rounded `up` if it has to stay over a limit."""
    if value < MILLION:
        return f"{value / MILLION:g}"
    tenths = 10 * value / MILLION
    return f"{(ceil(tenths) if up else round(tenths)) / 10:g}"


class RequestError(FacecraftError):
    """The request has to change before it can succeed."""

    status = 400
    code = "bad_request"


class UndecodableImage(RequestError):
    status = 400
    code = "undecodable_image"
    hint = "Check that an image viewer opens the file, and that it was uploaded completely."


class UploadTooLarge(RequestError):
    status = 413
    code = "upload_too_large"
    hint = "Send a smaller file."


def file_too_large(limit_bytes: int, found_bytes: int | None = None) -> UploadTooLarge:
    """The error for a file over the limit; `found_bytes` if its size, or that of its request, is known."""
    most = in_millions(limit_bytes)
    found = f"more than {most}" if found_bytes is None else in_millions(found_bytes, up=True)
    return UploadTooLarge(f"The file has {found} MB; at most {most} are taken.", limit=limit_bytes)


class UploadTimeout(RequestError):
    status = 408
    code = "upload_timeout"
    hint = "Send a smaller file, or use a faster connection."


class HeadTooLarge(RequestError):
    status = 431
    code = "head_too_large"
    hint = "Send fewer or shorter headers."


class TooManyFiles(RequestError):
    status = 413
    code = "too_many_files"
    hint = "Send the other files in another batch."


class ImageTooLarge(RequestError):
    status = 413
    code = "image_too_large"
    hint = "Scale the picture down before sending it."


class UnsupportedFormat(RequestError):
    status = 415
    code = "unsupported_format"
    hint = "Send a photo in a format that is read; docs/http-api.md names them."


class UnsupportedEncoding(RequestError):
    status = 415
    code = "unsupported_encoding"
    hint = "Send the body as it is, without compressing or encoding it."


class InvalidOption(RequestError):
    status = 422
    code = "invalid_option"
    hint = "See docs/options.md or GET /openapi.json for the options and their ranges."


class NoFaceFound(RequestError):
    status = 422
    code = "no_face_found"
    hint = "Send a photo with a visible face, or use require_face=false."


class TooManyFaces(RequestError):
    status = 422
    code = "too_many_faces"
    hint = "Use faces=largest, or faces=N for the N largest."


class CannotFit(RequestError):
    status = 422
    code = "cannot_fit"
    hint = "Raise max_kb, or use format=jpeg, format=webp or format=avif."


class Unauthorized(RequestError):
    status = 401
    code = "unauthorized"
    hint = "Send a valid key in the header X-API-Key, or as Authorization: Bearer KEY."


class CrossSite(RequestError):
    status = 403
    code = "cross_site"
    hint = "Use Facecraft's own page, or name the site's origin in FACECRAFT_CORS_ORIGINS."


class ServiceError(FacecraftError):
    """The request is valid, but the service cannot answer it now.

    Attributes:
        retry_after_s: seconds after which to try again; None if that is unknown.
    """

    status = 503
    code = "service_unavailable"

    def __init__(
        self,
        detail: str,
        *,
        hint: str | None = None,
        limit: float | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail, hint=hint, limit=limit)
        self.retry_after_s = retry_after_s


class QueueFull(ServiceError):
    status = 503
    code = "queue_full"
    hint = "Wait for the seconds in Retry-After, then send the request again."


class NotReady(ServiceError):
    status = 503
    code = "not_ready"
    hint = "Wait until GET /ready answers 200."


class DeadlineExceeded(ServiceError):
    status = 504
    code = "deadline_exceeded"
    hint = "Send a smaller picture, or fewer at the same time, or raise FACECRAFT_DEADLINE_S."


class InferenceFailed(ServiceError):
    status = 500
    code = "inference_failed"


class StartupError(FacecraftError):
    """The process cannot start. It ends with exit code 1 and one line."""

    code = "startup_failed"


class LockInvalid(StartupError):
    code = "lock_invalid"
    hint = "Restore models.lock from the release."


class HashMismatch(StartupError):
    code = "hash_mismatch"
    hint = "Delete the file and run `facecraft models pull`."


class WeightsMissing(StartupError):
    code = "weights_missing"
    hint = "Run `facecraft models pull`."


class PresetInvalid(StartupError):
    code = "preset_invalid"
    hint = "Correct the preset, or restore presets.toml from the release."


class DeviceUnavailable(StartupError):
    code = "device_unavailable"
    hint = "Give the process a GPU (in a container: docker run --gpus all), or set FACECRAFT_DEVICE=cpu."


class SettingInvalid(StartupError):
    code = "setting_invalid"
    hint = "See the variables in docs/settings.md."
