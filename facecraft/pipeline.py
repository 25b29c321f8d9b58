"""One portrait: bytes in, bytes out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from facecraft.detection.base import Detector
from facecraft.errors import DeadlineExceeded, InvalidOption, NoFaceFound
from facecraft.imaging import codec, geometry
from facecraft.imaging.codec import Limits
from facecraft.portrait import Detection, Face, Portrait, ProcessOptions, RGBImage
from facecraft.restoration.base import Restorer

DEFAULT_FIDELITY = 0.5


class Pipeline:
    """Detects, restores and pastes back. Synchronous; safe to call from several threads.

    Attributes:
        restorers: the loaded ones, the best first, which is what `auto` takes.
    """

    def __init__(self, detector: Detector, restorers: Mapping[str, Restorer], limits: Limits) -> None:
        self.restorers = restorers
        self._detector = detector
        self._limits = limits

    def process(
        self, data: bytes, options: ProcessOptions, abandoned: Callable[[], bool] = lambda: False
    ) -> Portrait:
        """Restore the faces of one picture.

        Args:
            data: the file.
            options: what is asked for.
            abandoned: whether nobody waits for the answer any more; asked before each face.

        Raises:
            RequestError: the file, its content or the options do not allow it.
            DeadlineExceeded: it was abandoned.
        """
        restorer = self._pick(options)
        timings = Timings()
        with timings.stage("decode"):
            image = codec.decode(data, self._limits)
        format_ = image.source.format if options.format == "auto" else options.format
        codec.check_side(image.source.width, image.source.height, format_)
        with timings.stage("detect"):
            faces = self._detector.detect(image.rgb)
        if options.require_face and not faces:
            raise NoFaceFound("No face was found in the picture.")
        chosen = faces[:1] if options.faces == "largest" else faces
        rgb, restored = image.rgb, 0
        if restorer is not None and options.strength > 0:
            rgb = _restore(image.rgb, chosen, restorer, options, timings=timings, abandoned=abandoned)
            restored = len(chosen)
        with timings.stage("encode"):
            encoded = codec.encode(rgb, image.alpha, format_, options.quality)
        return Portrait(
            data=encoded,
            format=format_,
            source=image.source,
            faces=tuple(faces),
            restored=restored,
            restorer="none" if restorer is None else restorer.name,
            timings_ms=timings.ms,
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

    def _pick(self, options: ProcessOptions) -> Restorer | None:
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
    faces: list[Face],
    restorer: Restorer,
    options: ProcessOptions,
    *,
    timings: Timings,
    abandoned: Callable[[], bool],
) -> RGBImage:
    """A copy of the picture with these faces restored."""
    with timings.stage("align"):
        alignments = [geometry.align(face, restorer.face_size_px) for face in faces]
        crops = [geometry.crop(rgb, alignment) for alignment in alignments]
    with timings.stage("restore"):
        fidelity = DEFAULT_FIDELITY if options.fidelity is None else options.fidelity
        squares: list[RGBImage] = []
        for crop in crops:
            if abandoned():
                raise DeadlineExceeded("Nobody waits for this portrait any more.")
            squares += restorer.restore([crop], fidelity)
    with timings.stage("paste"):
        canvas = rgb.copy()
        for square, alignment in zip(squares, alignments, strict=True):
            geometry.paste_back(canvas, square, alignment, options.strength)
    return canvas
