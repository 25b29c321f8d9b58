"""A request, understood: what its options mean with the models and presets that there are."""

from collections.abc import Mapping
from dataclasses import dataclass

from facecraft.errors import InvalidOption
from facecraft.finishing import background
from facecraft.finishing.background import Background
from facecraft.options import Options
from facecraft.presets import reader as presets
from facecraft.presets.reader import Preset
from facecraft.restoration.batching import BatchingRestorer
from facecraft.restoration.upscaling import Upscaler
from facecraft.types import Note

OF_RESTORATION = ("strength", "max_drift", "faces")


@dataclass(frozen=True, slots=True)
class Order:
    """What is known of a portrait before its file is looked at.

    Attributes:
        options: with what the preset adds to them.
        judge: whether the portrait is judged.
        notes: what the preset changed that one may not expect.
    """

    options: Options
    preset: Preset | None
    background: Background
    restorer: BatchingRestorer | None
    upscaler: Upscaler | None
    judge: bool
    notes: tuple[Note, ...]

    @property
    def retouches(self) -> bool:
        """Whether anything but restoration changes the person, or what is behind."""
        changed = self.options.tone == "auto" or self.background.kind != "keep"
        return changed or self.upscaler is not None

    @property
    def restores(self) -> bool:
        return self.restorer is not None and self.options.strength > 0


def understand(
    options: Options,
    known: Mapping[str, Preset],
    restorers: Mapping[str, BatchingRestorer],
    upscalers: Mapping[int, Upscaler],
    *,
    judge: bool,
) -> Order:
    """The order that options make; a portrait with a preset is always judged.

    Raises:
        InvalidOption: a name that there is not, or options that exclude each other.
    """
    chosen, preset = presets.applied(options, known)
    behind = background.parse(chosen.background)
    if behind.kind == "transparent" and chosen.format == "jpeg" and chosen.layout is None:
        raise InvalidOption(
            "A JPEG cannot be transparent.", hint="Ask for format=png or webp, or for another background."
        )
    idle = [name for name in OF_RESTORATION if name in options.model_fields_set]
    if options.restorer == "none" and idle:
        raise InvalidOption(f"The option {idle[0]} has no meaning for restorer=none.")
    return Order(
        options=chosen,
        preset=preset,
        background=behind,
        restorer=_restorer(chosen, restorers),
        upscaler=_upscaler(chosen, upscalers),
        judge=judge or preset is not None,
        notes=_notes(options, preset),
    )


def _notes(given: Options, preset: Preset | None) -> tuple[Note, ...]:
    if preset is None or preset.retouching or "restorer" in given.model_fields_set:
        return ()
    detail = f"The face was not restored: the rules of {preset.title} forbid retouching."
    return (Note("restoration_off", detail),)


def _restorer(options: Options, restorers: Mapping[str, BatchingRestorer]) -> BatchingRestorer | None:
    if options.restorer == "none":
        restorer = None
    elif options.restorer == "auto":
        restorer = next(iter(restorers.values()))
    elif options.restorer in restorers:
        restorer = restorers[options.restorer]
    else:
        loaded = ", ".join(("auto", "none", *restorers))
        raise InvalidOption(f"There is no restorer {options.restorer!r}; there are {loaded}.")
    if options.fidelity is not None and not (restorer and restorer.takes_fidelity):
        name = restorer.name if restorer else "none"
        raise InvalidOption(
            f"The option fidelity has no meaning for the restorer {name}.",
            hint="Leave fidelity away, or name a restorer that has it.",
        )
    return restorer


def _upscaler(options: Options, upscalers: Mapping[int, Upscaler]) -> Upscaler | None:
    if options.upscale == 1:
        return None
    if options.upscale not in upscalers:
        raise InvalidOption(
            f"No loaded model enlarges a picture {options.upscale} times.",
            hint="See GET /models for what is loaded, or leave upscale away.",
        )
    return upscalers[options.upscale]
