"""The steps of a portrait: look, plan, draw, judge."""

from collections.abc import Callable, Iterator, Mapping
from time import perf_counter

from PIL.Image import Image

from facecraft.cancellation import Cancellation
from facecraft.errors import InvalidOption, NoFaceFound, RequestError
from facecraft.finishing import crop
from facecraft.imaging import codec, fit, preview, provenance
from facecraft.imaging.limits import Limits, Terms
from facecraft.options import Options
from facecraft.pipeline.crowd import check_pace, check_portraits
from facecraft.pipeline.draw import draw
from facecraft.pipeline.judge import judge_photo, judge_portrait
from facecraft.pipeline.look import Scene
from facecraft.pipeline.models import Models
from facecraft.pipeline.plan import Recipe, plan, resolve
from facecraft.pipeline.shot import Shot
from facecraft.pipeline.timings import Timings
from facecraft.presets import presets
from facecraft.presets.presets import Preset
from facecraft.results import Check, Detection, Portrait, Portrayal, Preview
from facecraft.types import Damage

LOOKED_AT = Terms(reduced=True)
"""A photo that is only looked at may be decoded smaller, and has to be whole."""
EACH_HINT = "Use process_each in Python; HTTP, batches and the command line take each=true."


class Pipeline:
    """A photo in, a portrait out. Synchronous; safe to call from several threads.

    Attributes:
        models: the loaded models.
        presets: by name.
    """

    def __init__(self, models: Models, presets: Mapping[str, Preset], limits: Limits) -> None:
        self.models = models
        self.presets = presets
        self._limits = limits

    def validate(self, options: Options) -> None:
        """Refuse options that cannot work for any photo.

        Raises:
            InvalidOption: an unknown preset, restorer or factor, or options that exclude each other.
        """
        resolve(options, self.presets, self.models, judge=False)

    def process(
        self,
        photo: bytes | Image,
        options: Options,
        cancellation: Cancellation | None = None,
        *,
        judge: bool = False,
        reserve: Callable[[int], None] | None = None,
    ) -> Portrait:
        """Make the portrait of one photo.

        Args:
            photo: the content of its file, or an image of Pillow, to which no limit on files applies.
            options: the caller's options.
            cancellation: checked before each face, tile and encoding.
            judge: whether to add a verdict; with a preset there always is one.
            reserve: called before a pixel is drawn, with the most bytes that the portrait's file can take.
                What it raises ends the work.

        Raises:
            RequestError: the file, its content or the options do not allow it.
            DeadlineExceeded: it was cancelled.
            QueueFull: its faces cannot be done by the deadline of `cancellation`, as others wait.
        """
        refuse_each(options)
        token = cancellation or Cancellation()
        recipe = resolve(options, self.presets, self.models, judge=judge)
        scene = self._look(photo, _terms(recipe), token, recipe.options)
        return self._portray(recipe, scene, token, reserve)

    def process_each(
        self,
        photo: bytes | Image,
        options: Options,
        cancellation: Cancellation | None = None,
        *,
        judge: bool = False,
    ) -> Iterator[Portrayal]:
        """Make a portrait of every face of one photo that its edge does not cut, one after another.

        The photo is decoded, and its faces are found, once. A face without a portrait does not stop the
        others. The arguments and errors are those of `process`; the first step may raise them.

        Raises:
            TooManyFaces: they are more than allowed, or than can be done by the deadline.
        """
        token, start_s = cancellation or Cancellation(), perf_counter()
        recipe = resolve(options, self.presets, self.models, judge=judge)
        scene = self._look(photo, _terms(recipe), token, recipe.options)
        if not scene.faces:
            raise NoFaceFound("No face was found in the picture.")
        numbers = scene.portrayable
        check_portraits(len(numbers), self._limits.faces)
        timings, ends_s = scene.timings, [0.0]
        for number in numbers:
            token.check()
            result: Portrait | RequestError
            try:
                result = self._portray(recipe, scene.of(number, timings), token)
            except RequestError as error:
                # Its traceback would keep the photo for as long as the result.
                error.__traceback__ = error.__cause__ = error.__context__ = None
                result = error
            ends_s.append(perf_counter() - start_s)
            check_pace(ends_s[1:], len(numbers), token.seconds)
            yield Portrayal(number, len(scene.faces), result, (ends_s[-1] - ends_s[-2]) * 1000)
            timings = Timings()

    def detect(self, photo: bytes | Image, cancellation: Cancellation | None = None) -> Detection:
        """Find the faces of one photo. The arguments are those of `process`.

        Raises:
            RequestError: the file cannot be decoded within the limits.
            DeadlineExceeded: it was cancelled.
        """
        scene = self._look(photo, LOOKED_AT, cancellation)
        return Detection(source=scene.source, faces=scene.faces_in_file, timings_ms=scene.timings.ms)

    def check(
        self, photo: bytes | Image, options: Options, cancellation: Cancellation | None = None
    ) -> Check:
        """Judge one photo as it is.

        Args:
            photo: the content of its file, or an image of Pillow, which has no file size.
            options: name the preset for the rules; without one, the rules of good practice apply.
            cancellation: checked before each tile in which faces are looked for.

        Raises:
            RequestError: the preset is unknown, or the file cannot be decoded within the limits.
            DeadlineExceeded: it was cancelled.
        """
        _, preset = presets.apply(options, self.presets)
        scene = self._look(photo, LOOKED_AT, cancellation)
        file_bytes = len(photo) if isinstance(photo, bytes) else None
        verdict = judge_photo(scene, preset, file_bytes, self.models)
        return Check(
            source=scene.source,
            faces=scene.faces_in_file,
            damages=_in_file(scene.damages, scene),
            timings_ms=scene.timings.ms,
            verdict=verdict,
        )

    def preview(self, data: bytes) -> Preview:
        """Make a small picture of a photo's file, which no model looks at.

        Raises:
            RequestError: the file cannot be decoded within the limits.
        """
        return preview.preview(data, self._limits)

    def close(self) -> None:
        """End the threads that run models. Do not use the pipeline after that."""
        self.models.close()

    def _portray(
        self,
        recipe: Recipe,
        scene: Scene,
        token: Cancellation,
        reserve: Callable[[int], None] | None = None,
    ) -> Portrait:
        planned = plan(recipe, scene, self._limits, token.seconds)
        if reserve is not None:
            reserve(planned.file_bytes)
        drawing = draw(scene, planned, self.models, token)
        with scene.timings.stage("encode"):
            file = fit.encode(drawing.shown, planned.target, token)
        verdict = None
        if recipe.judge:
            verdict = judge_portrait(scene, planned, drawing, file, self.models)
        notes = recipe.notes + scene.notes(cropped=planned.crop is not None)
        notes += planned.treatment.notes + drawing.notes
        if planned.crop is not None:
            notes += crop.notes_on(planned.crop, drawing.portrait.missing, planned.lack)
        return Portrait(
            source=scene.source,
            faces=scene.faces_in_file,
            damages=_in_file(planned.treatment.damages, scene),
            timings_ms=scene.timings.ms,
            data=file.data,
            format=planned.target.format,
            width=file.width,
            height=file.height,
            quality=file.quality,
            restored=planned.treatment.shown,
            restorer=planned.treatment.restorer_name,
            cleaned=planned.treatment.cleaning is not None,
            notes=notes + file.notes,
            verdict=verdict,
            face=None if scene.index is None else scene.index + 1,
        )

    def _look(
        self,
        photo: bytes | Image,
        terms: Terms,
        cancellation: Cancellation | None = None,
        options: Options | None = None,
    ) -> Scene:
        options = options or Options()
        timings = Timings()
        with timings.stage("decode"):
            if isinstance(photo, Image):
                picture, source = codec.convert(photo, self._limits)
            else:
                picture, source = codec.decode(photo, self._limits, terms)
            metadata = provenance.kept(photo, place=options.keeps_place) if options.keep_metadata else None
        shot = Shot(picture, source, self.models, timings, cancellation, metadata=metadata)
        return Scene(shot, options.face)


def refuse_each(options: Options) -> None:
    """Refuse options that ask for several portraits of a photo.

    Raises:
        InvalidOption: they do.
    """
    if options.each:
        raise InvalidOption("With each=true there is not one portrait but several.", hint=EACH_HINT)


def _terms(recipe: Recipe) -> Terms:
    return Terms(reduced=recipe.options.sized, damaged=recipe.options.damaged == "accept")


def _in_file(damages: tuple[Damage, ...], scene: Scene) -> tuple[Damage, ...]:
    """The damage in the pixels of the file, of which fewer may have been decoded."""
    return tuple(damage.scaled(scene.source.reduced) for damage in damages)
