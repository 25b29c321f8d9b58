"""The Python API.

with Facecraft() as fc:
    portrait = fc.process("anna.jpg", preset="badge")
    portrait.save("anna-badge.jpg")
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from itertools import islice
from threading import Lock as ThreadLock
from typing import Any, Literal, Self, TypeVar

from pydantic import ValidationError

from facecraft.bootstrap import Runtime, load
from facecraft.cancellation import Cancellation
from facecraft.errors import FacecraftError, InferenceFailed, SettingInvalid
from facecraft.options import Options
from facecraft.photo import Photo, Result, read
from facecraft.pipeline.pipeline import refuse_each
from facecraft.results import Check, Detection, Portrait, Portrayal
from facecraft.runtime.allocator import limit_arenas
from facecraft.runtime.device import release_memory
from facecraft.settings import Settings
from facecraft.weights.lockfile import Lock, default_lock_path, load_lock

T = TypeVar("T")


class Closed(RuntimeError):
    """A call of a Facecraft after `close`."""

    def __init__(self) -> None:
        super().__init__("This Facecraft is closed. Make another one.")


class Facecraft:
    """Finished portraits from photos. Safe to call from several threads.

    The constructor verifies, loads and warms the models, which takes seconds. `close`, or the end of a `with`
    block, ends every thread and frees the models.

    Args:
        device: "cpu" or "cuda"; "auto" leaves it to the settings, whose own "auto" is cuda if there is one.
        settings: by default those of the environment, FACECRAFT_*.
        lock: by default the models.lock that the settings name, or the one of the package.

    Raises:
        StartupError: a setting is wrong, a model's file is missing or wrong, or there is no such device.
    """

    def __init__(
        self,
        *,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        settings: Settings | None = None,
        lock: Lock | None = None,
    ) -> None:
        settings = Settings.load() if settings is None else settings
        if device != "auto":
            settings = _with_device(settings, device)
        lock = load_lock(settings.models_lock or default_lock_path()) if lock is None else lock
        limit_arenas()  # or each of the threads could keep 64 MB after it ended
        self._runtime: Runtime | None = load(settings, lock)
        self._pools: dict[Cancellation, ThreadPoolExecutor] = {}  # of each `map` that was begun and not ended
        self._guard = ThreadLock()  # between `close` and a `map` that submits

    @property
    def runtime(self) -> Runtime:
        """The pipeline, the device, the loaded models, and how many workers keep them busy.

        Raises:
            Closed: it is.
        """
        return self._ensure_open()

    def process(
        self,
        photo: Photo,
        options: Options | None = None,
        *,
        preset: str | None = None,
        judge: bool = True,
        cancellation: Cancellation | None = None,
        **fields: Any,
    ) -> Portrait:
        """Make the portrait of a photo.

        Args:
            photo: see Photo.
            options: what is asked for.
            preset: name of a preset.
            judge: whether the portrait gets a verdict. With a preset it always does.
            cancellation: checked before each face and tile.
            fields: more options, by name. They override those in `options`.

        Raises:
            RequestError: the photo or the options do not allow it.
            DeadlineExceeded: it was cancelled.
            QueueFull: faces of other photos make these too late for the deadline of `cancellation`.
            InferenceFailed: a model failed on the photo.
            OSError: the file cannot be read.
            Closed: this is.
        """
        pipeline, wanted = self.runtime.pipeline, _options(options, preset, fields)
        content = read(photo)
        return self._run(lambda: pipeline.process(content, wanted, cancellation, judge=judge))

    def process_each(self, photo: Photo, options: Options | None = None, **fields: Any) -> list[Portrayal]:
        """Make a portrait of every face that the photo's edge does not cut.

        Every one is judged. One that cannot be made is in the list with its error. Raises as `process`.
        """
        pipeline, wanted = self.runtime.pipeline, _options(options, None, fields | {"each": True})
        content = read(photo)
        return self._run(lambda: list(pipeline.process_each(content, wanted, judge=True)))

    def detect(self, photo: Photo) -> Detection:
        """Find the faces of a photo. Raises as `process`."""
        pipeline, content = self.runtime.pipeline, read(photo)
        return self._run(lambda: pipeline.detect(content))

    def check(self, photo: Photo, preset: str | None = None) -> Check:
        """Judge a photo as it is, by the rules of a preset or by good practice. Raises as `process`."""
        pipeline, content, wanted = self.runtime.pipeline, read(photo), _options(None, preset, {})
        return self._run(lambda: pipeline.check(content, wanted))

    def map(
        self,
        photos: Iterable[Photo],
        options: Options | None = None,
        *,
        workers: int = 2,
        preset: str | None = None,
        judge: bool = True,
        **fields: Any,
    ) -> Iterator[Result]:
        """Make the portraits of many photos, in their order.

        At most `2 * workers` photos are taken ahead of the results. A photo that fails does not stop the
        others. Leaving the loop early ends the work.

        Args:
            photos: see Photo; may be endless.
            options: as for `process`.
            workers: how many photos are processed at the same time; more than `runtime.workers` gain nothing.
            preset: as for `process`.
            judge: as for `process`.
            fields: as for `process`.

        Raises:
            InvalidOption: the options do not allow it, whatever the photo.
            Closed: this is; also while the results are taken.
        """
        if workers < 1:
            raise ValueError(f"workers is {workers}, but must be 1 or more.")
        refuse_each(wanted := _options(options, preset, fields))
        self.runtime.pipeline.validate(wanted)
        return self._map(iter(photos), wanted, workers, judge=judge)

    def close(self) -> None:
        """End every thread, those of a `map` too, and free the models. Closing twice does no harm.

        Call it when no other thread processes a photo.
        """
        with self._guard:
            runtime, self._runtime = self._runtime, None
            pools = tuple(self._pools.items())
        for stop, pool in pools:
            stop.cancel()
            pool.shutdown(cancel_futures=True)
        if runtime is not None:
            runtime.pipeline.close()
            del runtime  # or its memory could not be released
            release_memory()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _ensure_open(self) -> Runtime:
        if self._runtime is None:
            raise Closed
        return self._runtime

    def _wait(self, future: Future[Result]) -> Result:
        try:
            result = future.result()
        except CancelledError as error:  # `close` cancels what has not begun
            raise Closed from error
        self._ensure_open()
        return result

    def _run(self, work: Callable[[], T]) -> T:
        """Run the pipeline. What it does not expect is a model that failed, or that was closed meanwhile."""
        try:
            return work()
        except FacecraftError:
            raise
        except Exception as error:
            if self._runtime is None:
                raise Closed from error
            raise InferenceFailed("The models failed on this picture.") from error

    def _map(
        self, photos: Iterator[Photo], options: Options, workers: int, *, judge: bool
    ) -> Iterator[Result]:
        stop = Cancellation()

        def make(photo: Photo) -> Result:
            try:
                return Result(photo, self.process(photo, options, judge=judge, cancellation=stop))
            except (FacecraftError, OSError) as error:
                return Result(photo, error)

        queue: deque[Future[Result]] = deque()
        pool = ThreadPoolExecutor(workers, thread_name_prefix="map")
        try:
            while True:
                self._ensure_open()
                for photo in islice(photos, 2 * workers - len(queue)):
                    with self._guard:
                        self._ensure_open()
                        self._pools[stop] = pool
                        queue.append(pool.submit(make, photo))
                if not queue:
                    return
                yield self._wait(queue.popleft())
        finally:
            self._pools.pop(stop, None)
            stop.cancel()
            pool.shutdown(cancel_futures=True)


def _with_device(settings: Settings, device: str) -> Settings:
    try:
        return Settings.model_validate(dict(settings) | {"device": device})  # a copy is not validated
    except ValidationError as error:
        message = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise SettingInvalid(f"The device {device!r} is wrong: {message}.") from error


def _options(options: Options | None, preset: str | None, fields: dict[str, Any]) -> Options:
    """Join options from three places; the later ones override."""
    given = {} if options is None else options.model_dump(exclude_unset=True)
    return Options.parse(given | ({} if preset is None else {"preset": preset}) | fields)
