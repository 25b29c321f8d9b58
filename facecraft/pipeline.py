"""One portrait: bytes in, bytes out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter

from facecraft.detection.base import Detector
from facecraft.errors import ImageTooLarge, InvalidOption, NoFaceFound
from facecraft.imaging import codec, geometry
from facecraft.imaging.codec import Limits
from facecraft.options import ProcessOptions
from facecraft.portrait import Detection, Face, ImageFormat, Portrait, RGBImage, Source
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler

DEFAULT_FIDELITY = 0.5


class Pipeline:
    """Detects, restores and pastes back. Synchronous; safe to call from several threads.

    Attributes:
        restorers: the loaded ones, the best first, which is what `auto` takes.
        upscalers: by their factor.
    """

    def __init__(
        self,
        detector: Detector,
        restorers: Mapping[str, BatchingRestorer],
        upscalers: Mapping[int, Upscaler],
        limits: Limits,
    ) -> None:
        self.restorers = restorers
        self.upscalers = upscalers
        self._detector = detector
        self._limits = limits

    def process(
        self, data: bytes, options: ProcessOptions, abandoned: Callable[[], bool] = lambda: False
    ) -> Portrait:
        """Restore the faces of one picture.

        Args:
            data: the file.
            options: what is asked for.
            abandoned: whether nobody waits for the answer any more; asked before each face and tile.

        Raises:
            RequestError: the file, its content or the options do not allow it.
            DeadlineExceeded: it was abandoned.
        """
        restorer = self._pick(options)
        upscaler = self._pick_upscaler(options)
        timings = Timings()
        with timings.stage("decode"):
            image = codec.decode(data, self._limits)
        format_ = image.source.format if options.format == "auto" else options.format
        self._check_result(image.source, options.upscale, format_)
        with timings.stage("detect"):
            faces = self._detector.detect(image.rgb)
        if options.require_face and not faces:
            raise NoFaceFound("No face was found in the picture.")
        canvas, alpha = image.rgb, image.alpha
        if upscaler is not None:
            with timings.stage("upscale"):
                canvas = upscaler.upscale(image.rgb, abandoned)
                alpha = None if alpha is None else geometry.enlarge(alpha, options.upscale)
        restored: Sequence[Face] = ()
        if restorer is not None and options.strength > 0:
            restored = faces[:1] if options.faces == "largest" else faces
            canvas = _restore(
                image.rgb, canvas, restored, restorer, options, timings=timings, abandoned=abandoned
            )
        with timings.stage("encode"):
            encoded = codec.encode(canvas, alpha, format_, options.quality)
        return Portrait(
            data=encoded,
            format=format_,
            source=image.source,
            faces=tuple(faces),
            restored=len(restored),
            restorer="none" if restorer is None else restorer.name,
            timings_ms=timings.ms,
            width=canvas.shape[1],
            height=canvas.shape[0],
        )

    def detect(self, data: bytes) -> Detection:
        """Find the faces of one picture.

        Raises:
            RequestError: the file is not one that can be decoded within the limits.
        """
        timings = Timings()
        with timings.stage("decode"):
            image = codec.decode(data, self._limits)
        with timings.stage("detect"):
            faces = self._detector.detect(image.rgb)
        return Detection(image.source, tuple(faces), timings.ms)

    def _pick(self, options: ProcessOptions) -> BatchingRestorer | None:
        if options.restorer == "none":
            restorer = None
        elif options.restorer == "auto":
            restorer = next(iter(self.restorers.values()))
        elif options.restorer in self.restorers:
            restorer = self.restorers[options.restorer]
        else:
            loaded = ", ".join(("auto", "none", *self.restorers))
            raise InvalidOption(f"There is no restorer {options.restorer!r}; there are {loaded}.")
        if options.fidelity is not None and not (restorer and restorer.takes_fidelity):
            name = restorer.name if restorer else "none"
            raise InvalidOption(
                f"The option fidelity has no meaning for the restorer {name}.",
                hint="Leave fidelity away, or name a restorer that has it.",
            )
        return restorer

    def _pick_upscaler(self, options: ProcessOptions) -> Upscaler | None:
        if options.upscale == 1:
            return None
        if options.upscale not in self.upscalers:
            raise InvalidOption(
                f"No loaded model enlarges a picture {options.upscale} times.",
                hint="See GET /models for what is loaded, or leave upscale away.",
            )
        return self.upscalers[options.upscale]

    def _check_result(self, source: Source, factor: int, format_: ImageFormat) -> None:
        """Refuse a picture whose result would be too large to hold, or for its format."""
        width, height = source.width * factor, source.height * factor
        if width * height > self._limits.pixels:
            raise ImageTooLarge(
                f"The picture enlarged to {width} x {height} is over the limit of {self._limits.pixels} "
                "pixels.",
                limit=self._limits.pixels,
                hint="Send a smaller picture, or ask for less.",
            )
        codec.check_side(width, height, format_)


class Timings:
    """Milliseconds by stage, in order of execution."""

    def __init__(self) -> None:
        self.ms: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = perf_counter()
        yield
        self.ms[name] = (perf_counter() - start) * 1000


def _restore(
    rgb: RGBImage,
    canvas: RGBImage,
    faces: Sequence[Face],
    restorer: BatchingRestorer,
    options: ProcessOptions,
    *,
    timings: Timings,
    abandoned: Callable[[], bool],
) -> RGBImage:
    """The canvas, which is larger and drawn on, or a copy of the picture, with these faces restored."""
    with timings.stage("align"):
        alignments = [geometry.align(face, restorer.face_size_px) for face in faces]
        crops = [geometry.crop(rgb, alignment) for alignment in alignments]
    with timings.stage("restore"):
        fidelity = DEFAULT_FIDELITY if options.fidelity is None else options.fidelity
        squares = restorer.restore(crops, [fidelity] * len(crops), abandoned)
    with timings.stage("paste"):
        if canvas is rgb:
            canvas = rgb.copy()
        for square, alignment in zip(squares, alignments, strict=True):
            placed = alignment.on_canvas(options.upscale)
            geometry.paste_back(canvas, square, placed, options.strength)
    return canvas
