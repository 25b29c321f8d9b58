"""One portrait: bytes in, bytes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from facecraft.cancellation import Cancellation
from facecraft.detection.base import Detector
from facecraft.detection.facemesh import FaceMesh
from facecraft.errors import NoFaceFound
from facecraft.finishing import frame, sheet
from facecraft.finishing.background import Background
from facecraft.finishing.sheet import Sheet
from facecraft.imaging import codec, geometry, mesh
from facecraft.imaging import fit as size
from facecraft.imaging.codec import DecodedImage, Limits
from facecraft.imaging.fit import Encoded
from facecraft.imaging.geometry import Affine
from facecraft.imaging.head import head_of
from facecraft.judging import measures, verdict
from facecraft.judging.rules import Drift, Evidence
from facecraft.matting.segmenters import Segmenter
from facecraft.options import Options
from facecraft.pipeline import faces as restoring
from facecraft.pipeline import finish
from facecraft.pipeline.faces import Restored
from facecraft.pipeline.finish import Canvas
from facecraft.pipeline.job import Job, canvas_of, count_within, framed, middles_of, traced
from facecraft.pipeline.order import Order, understand
from facecraft.pipeline.timings import Timings
from facecraft.presets import reader as presets
from facecraft.presets.reader import Preset
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler
from facecraft.types import Check, Detection, Face, Portrait, Verdict


@dataclass(frozen=True, slots=True)
class Models:
    """What a pipeline runs.

    Attributes:
        restorers: the best first, which is what `auto` takes.
        upscalers: by their factor.
    """

    detector: Detector
    mesh: FaceMesh
    segmenter: Segmenter
    restorers: Mapping[str, BatchingRestorer]
    upscalers: Mapping[int, Upscaler]


class Pipeline:
    """Detects, restores and finishes. Synchronous; safe to call from several threads.

    Attributes:
        models: what it runs.
        presets: by name.
    """

    def __init__(self, models: Models, presets: Mapping[str, Preset], limits: Limits) -> None:
        self.models = models
        self.presets = presets
        self._limits = limits

    def validate(self, options: Options) -> None:
        """Refuse options that no picture could be processed with.

        Raises:
            InvalidOption: a name that there is not, or options that exclude each other.
        """
        self._understood(options, judge=False)

    def process(
        self,
        data: bytes,
        options: Options,
        cancellation: Cancellation | None = None,
        *,
        judge: bool = False,
    ) -> Portrait:
        """Make the portrait of one picture.

        Args:
            data: the file.
            options: what is asked for.
            cancellation: asked before each face and tile.
            judge: whether the portrait is judged; one with a preset always is.

        Raises:
            RequestError: the file, its content or the options do not allow it.
            DeadlineExceeded: it was cancelled.
        """
        order = self._understood(options, judge=judge)
        job = self._started(data, order, cancellation or Cancellation())
        paper = self._paper(job)
        canvas, moved = canvas_of(job)
        restored = self._restored(job, canvas, moved)
        finished = finish.finish(canvas, order.options, order.background, self.models.segmenter, job.timings)
        if job.format == "jpeg":
            finished = replace(finished, rgb=finish.flattened(finished, order.background), alpha=None)
        result = finished
        if paper is not None:
            with job.timings.stage("sheet"):
                result = finish.on_sheet(finished, paper, order.background, finish.dpi_of(order.options))
        with job.timings.stage("encode"):
            options = finish.printed(order.options) if paper else order.options
            file = size.encode(result.rgb, result.alpha, job.format, options, job.cancellation)
        judged = self._judged(job, finished, moved, restored, file) if order.judge else None
        framing = () if job.frame is None else frame.notes_on(job.frame, canvas.covered)
        return Portrait(
            data=file.data,
            format=job.format,
            source=job.image.source,
            faces=tuple(job.faces),
            restored=restored.count,
            restorer="none" if order.restorer is None else order.restorer.name,
            timings_ms=job.timings.ms,
            width=file.width,
            height=file.height,
            quality=file.quality,
            notes=(*order.notes, *restored.notes, *framing, *file.notes),
            verdict=judged,
        )

    def detect(self, data: bytes) -> Detection:
        """Find the faces of one picture.

        Raises:
            RequestError: the file is not one that can be decoded within the limits.
        """
        timings = Timings()
        image, faces = self._detected(data, timings)
        return Detection(source=image.source, faces=tuple(faces), timings_ms=timings.ms)

    def check(self, data: bytes, options: Options) -> Check:
        """Judge one picture as it is.

        Args:
            data: the file.
            options: whose preset's rules it is to keep; without one, good practice alone.

        Raises:
            RequestError: there is no such preset, or the file cannot be decoded within the limits.
        """
        _, rules = presets.applied(options, self.presets)
        timings = Timings()
        image, faces = self._detected(data, timings)
        with timings.stage("verdict"):
            points = traced(image, faces, self.models.mesh)
            canvas = Canvas(image.rgb, image.alpha, None, points, middles_of(faces, geometry.enlarging(1)))
            subject = Evidence(
                image=finish.flattened(canvas, Background("keep")),
                faces=len(faces),
                points=points,
                person=finish.segmented(canvas, self.models.segmenter),
                source_eyes_px=None if points is None else head_of(points).eyes_px,
                drift=None,
                retouched=False,
                width=image.source.width,
                height=image.source.height,
                file_bytes=len(data),
            )
            judged = verdict.judge(subject, rules)
        return Check(source=image.source, faces=tuple(faces), verdict=judged, timings_ms=timings.ms)

    def close(self) -> None:
        """End the threads of the restorers. Nothing can be processed afterwards."""
        for restorer in self.models.restorers.values():
            restorer.close()

    def _understood(self, options: Options, *, judge: bool) -> Order:
        return understand(options, self.presets, self.models.restorers, self.models.upscalers, judge=judge)

    def _detected(self, data: bytes, timings: Timings) -> tuple[DecodedImage, list[Face]]:
        with timings.stage("decode"):
            image = codec.decode(data, self._limits)
        with timings.stage("detect"):
            return image, self.models.detector.detect(image.rgb)

    def _started(self, data: bytes, order: Order, cancellation: Cancellation) -> Job:
        options, timings = order.options, Timings()
        with timings.stage("decode"):
            image = codec.decode(data, self._limits)
        width, height = image.source.width, image.source.height
        format_ = finish.format_of(options, order.background, image.source.format)
        codec.check_pixels(width * options.upscale, height * options.upscale, self._limits)
        if not frame.is_asked_for(options):
            codec.check_side(width * options.upscale, height * options.upscale, format_)
        with timings.stage("detect"):
            faces = self.models.detector.detect(image.rgb)
        if options.require_face and not faces:
            raise NoFaceFound("No face was found in the picture.")
        points = framing = None
        if frame.is_asked_for(options) or order.judge or options.tone == "auto":
            with timings.stage("landmarks"):
                points, framing = framed(image, faces, order, self.models.mesh)
        return Job(order, image, format_, faces, points, framing, timings, cancellation)

    def _paper(self, job: Job) -> Sheet | None:
        """The paper, if there is any; refuses what would be too large to hold, or for its format."""
        options, source = job.order.options, job.image.source
        width, height = source.width * options.upscale, source.height * options.upscale
        paper = None
        if job.frame is not None:
            width, height = job.frame.width, job.frame.height
        if options.layout is not None:
            paper = sheet.plan(options.layout, width, height, finish.dpi_of(options))
            width, height = paper.width, paper.height
        codec.check_pixels(width, height, self._limits)
        codec.check_side(width, height, job.format)
        return paper

    def _restored(self, job: Job, canvas: Canvas, moved: Affine) -> Restored:
        order = job.order
        if order.restorer is None or not order.restores:
            return Restored()
        work = restoring.Work(
            restorer=order.restorer,
            options=order.options,
            mesh=self.models.mesh,
            matrix=moved,
            measured=order.judge,
            cancellation=job.cancellation,
        )
        wanted = job.faces[:1] if order.options.faces == "largest" else job.faces
        return restoring.restore(job.image.rgb, canvas.rgb, wanted, work, job.timings)

    def _judged(
        self, job: Job, finished: Canvas, moved: Affine, restored: Restored, file: Encoded
    ) -> Verdict:
        """The verdict on the finished portrait, measured on itself."""
        order, options = job.order, job.order.options
        with job.timings.stage("verdict"):
            canvas = replace(finished, rgb=finish.flattened(finished, order.background), alpha=None)
            points = finished.face
            if points is not None:
                points, _ = self.models.mesh.trace(canvas.rgb, mesh.box_of(points), mesh.eyes_of(points))
            drift = restored.drift
            if drift is None and order.upscaler is None:  # nothing moved
                drift = Drift(moved=0.0, psnr_db=measures.BEST_PSNR_DB)
            subject = Evidence(
                image=canvas.rgb,
                faces=count_within(canvas, middles_of(job.faces, moved)),
                points=points,
                person=finish.segmented(canvas, self.models.segmenter),
                source_eyes_px=None if job.points is None else head_of(job.points).eyes_px,
                drift=drift,
                retouched=restored.count > 0 or order.retouches,
                width=finished.rgb.shape[1] if options.layout else file.width,
                height=finished.rgb.shape[0] if options.layout else file.height,
                file_bytes=None if options.layout else len(file.data),
            )
            return verdict.judge(subject, order.preset, verdict.wanted_by(options))
