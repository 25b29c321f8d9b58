"""Portraits of every face of a photo, for /process and for batches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError, TooManyFaces
from facecraft.results import Portrait, Portrayal

if TYPE_CHECKING:
    from facecraft.options import Options
    from facecraft.pipeline.pipeline import Pipeline
    from facecraft.service.telemetry.metrics import Metrics


def portray(
    pipeline: "Pipeline", content: bytes, options: "Options", token: Cancellation, *, limit_bytes: int
) -> list[Portrayal]:
    """Make the portraits of every face, and keep them, up to `limit_bytes` together.

    Raises:
        TooManyFaces: they take more.
        FacecraftError: as `Pipeline.process_each`; or there is no portrait, then the first face's reason.
    """
    made, size_bytes = [], 0
    for each in pipeline.process_each(content, options, token, judge=True):
        if isinstance(each.result, Portrait):
            size_bytes += len(each.result.data)
        if size_bytes > limit_bytes:
            raise TooManyFaces(
                f"The portraits of all faces take more than {limit_bytes} bytes.",
                hint="Ask for smaller portraits, or for one after another with face=1, face=2 and so on.",
                limit=limit_bytes,
            )
        made.append(each)
    reasons = [each.result for each in made if isinstance(each.result, FacecraftError)]
    if len(reasons) == len(made):
        raise reasons[0]
    return made


def count(metrics: "Metrics", results: Sequence[Portrait | FacecraftError]) -> None:
    """Count the stages of each portrait of a photo, its errors, and the photo's faces once."""
    faces = None
    for result in results:
        if isinstance(result, Portrait):
            faces = len(result.faces) if faces is None else 0
            metrics.count_stages(result.timings_ms, faces)
        else:
            metrics.count_error(result.code)
