"""Makers without models, for the processes of a runner. A photo's content says what becomes of it."""

import os
import signal
import time

from facecraft.bulk.portraits import Maker, PortraitMaker
from facecraft.bulk.runners.worker import Job, Ready
from facecraft.bulk.storage import Storage
from facecraft.errors import InferenceFailed, NoFaceFound, StartupError
from facecraft.options import Options
from facecraft.results import Portrait
from facecraft.types import Source

MODELS = (("centerface", "0" * 64),)
BLANK = Source(width=1, height=1, format="jpeg", frames=1)


class FakePipeline:
    """Sends the photo back, or does what it says."""

    def process(self, data: bytes, options: Options, *, judge: bool = False) -> Portrait:
        word = data.split()[0].decode()
        if word == "kill":
            time.sleep(0.05)  # so that others are in work
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "hang":
            time.sleep(600)
        elif word == "faceless":
            raise NoFaceFound("No face was found in the picture.")
        elif word == "fail":
            raise InferenceFailed("The models failed.")
        elif word == "slow":
            time.sleep(0.2)
        return Portrait(
            source=BLANK,
            faces=(),
            timings_ms={},
            data=data,
            format="jpeg",
            width=1,
            height=1,
            restored=0,
            restorer="none",
        )

    def process_each(self, data: bytes, options: Options, *, judge: bool = False) -> list[object]:
        return []


def opened(job: Job, name: str) -> tuple[Ready, Maker]:
    maker = PortraitMaker(Storage(job.source), Storage(job.target), FakePipeline(), job.options, name)  # type: ignore[arg-type]
    return Ready(4, MODELS), maker


def broken(job: Job, name: str) -> tuple[Ready, Maker]:
    raise StartupError("There are no models.")


def dying(job: Job, name: str) -> tuple[Ready, Maker]:
    os._exit(7)
