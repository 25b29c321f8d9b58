"""Load models and presets for all commands."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from facecraft.weights.lockfile import Lock, default_lock_path, load_lock

if TYPE_CHECKING:
    from facecraft.bootstrap import Runtime
    from facecraft.options import Options
    from facecraft.presets.presets import Preset
    from facecraft.settings import Settings


@contextmanager
def runtime(settings: "Settings") -> Iterator["Runtime"]:
    """Load the models in the settings, for the block."""
    from facecraft.api import Facecraft  # noqa: PLC0415  # torch takes seconds, and most commands do not need it

    facecraft = Facecraft(settings=settings, lock=lock_of(settings))
    yield facecraft.runtime
    facecraft.close()  # not after an error or Ctrl-C: the process should end without waiting for a network


def lock_of(settings: "Settings") -> Lock:
    """Read the models.lock in the settings."""
    return load_lock(settings.models_lock or default_lock_path())


def presets() -> Mapping[str, "Preset"]:
    """All presets, by name."""
    from facecraft.presets.presets import load  # noqa: PLC0415

    return load()


def preset_of(options: "Options") -> "Preset | None":
    """Look up the preset in the options, without loading a model.

    Raises:
        InvalidOption: the preset is unknown.
    """
    from facecraft.presets.presets import apply, load  # noqa: PLC0415

    return apply(options, load())[1]
