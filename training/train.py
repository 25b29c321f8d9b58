"""Trains the cleaner on the portraits numbered 0 to 239.

    python -m training.train PORTRAITS RUN --hours 8 [--from WEIGHTS]
    python -m training.train PORTRAITS BRANCH --hours 2 --branch RUN --decay-steps 4000

The first goes on at a constant rate from RUN's newest checkpoint; it may be stopped at any time (SIGTERM,
Ctrl-C) and started again. The second makes weights for use of a run's newest checkpoint, at a falling rate.

On one machine's processor, with one number of threads and one version of PyTorch, the same steps give the
same weights to the last bit, stopped in between or not. On CUDA the batches are the same; sums may differ.
"""

import argparse
import logging
import os
import signal
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from types import FrameType

import cv2
import torch

from training import checkpoint, data, weights
from training.network import Cleaner
from training.probe import Probe
from training.schedule import Schedule
from training.trainer import Trainer

_LAST_TRAINED, _LAST_CHOSEN = 239, 269
_log = logging.getLogger("training")


@dataclass(frozen=True)
class Pace:
    """When to do what else."""

    hours: float
    log_steps: int = 100
    probe_steps: int = 1000
    checkpoint_seconds: float = 300


class Stop:
    """Set by SIGTERM and SIGINT; the step in progress is still finished and a checkpoint written."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def run(trainer: Trainer, images: Sequence[data.RGBImage], probe: Probe, folder: Path, pace: Pace) -> None:
    """Steps until the time is up, the schedule over or a stop asked for."""
    stop, begun, losses = Stop(), monotonic(), deque[float](maxlen=pace.log_steps)
    logged = saved = begun
    for batch in data.batches(images, data.Crops(), trainer.seed, trainer.step):
        if stop.asked or monotonic() - begun > pace.hours * 3600 or trainer.schedule.is_over(trainer.step):
            break
        losses.append(trainer.train_on(batch))
        if trainer.step % pace.log_steps == 0:
            rate, seconds = trainer.schedule.rate(trainer.step), (monotonic() - logged) / len(losses)
            mean = sum(losses) / len(losses)
            _log.info("step %d, loss %.5f, rate %.2e, %.3f s a step", trainer.step, mean, rate, seconds)
            logged = monotonic()
        if trainer.step % pace.probe_steps == 0:
            _log.info("step %d, %s", trainer.step, probe(trainer.averaged()))
        if monotonic() - saved > pace.checkpoint_seconds:
            checkpoint.save(trainer.checkpoint(), folder)
            saved = monotonic()
    _log.info("stopped, %s", checkpoint.save(trainer.checkpoint(), folder).name)


def start(options: argparse.Namespace) -> Trainer:
    """From the folder's own newest checkpoint, else as a branch of another, else from weights or nothing."""
    if found := checkpoint.newest(options.out):
        return Trainer.from_checkpoint(checkpoint.read(found), options.device, options.threads)
    if options.branch:
        if not (found := checkpoint.newest(options.branch)):
            raise SystemExit(f"{options.branch} holds no checkpoint")
        stem = checkpoint.read(found)
        falling = replace(stem.schedule, decay_from=stem.step, decay_steps=options.decay_steps)
        return Trainer.from_checkpoint(replace(stem, schedule=falling), options.device, options.threads)
    torch.manual_seed(options.seed)
    net = Cleaner()
    if options.weights:
        # Weights of a network with a level less are taken too: the new level adds nothing yet.
        found = net.load_state_dict(weights.load(options.weights).state_dict(), strict=False)
        if found.unexpected_keys:
            raise SystemExit(f"{options.weights} is of another network: {found.unexpected_keys[0]}")
    return Trainer(net, Schedule(options.rate), options.seed, options.device, options.threads)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("training.train", description="Trains the cleaner.")
    parser.add_argument("portraits", type=Path, help="folder of NNN.jpg; 000-239 are trained on")
    parser.add_argument(
        "out", type=Path, help="folder for checkpoints and log; it goes on from what it holds"
    )
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--from", dest="weights", type=Path, help="safetensors, a checkpoint or a run")
    parser.add_argument("--branch", type=Path, help="run to branch off, with --decay-steps")
    parser.add_argument("--decay-steps", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=Schedule.peak)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="that share a batch on the CPU")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        handlers=[logging.StreamHandler(), logging.FileHandler(options.out / "log.txt")],
    )
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    torch.set_num_threads(options.threads)
    images = data.load(options.portraits, 0, _LAST_TRAINED)
    chosen = data.load(options.portraits, _LAST_TRAINED + 1, _LAST_CHOSEN, longest_px=640)
    trainer = start(options)
    probe = Probe(chosen[::5], options.device)
    _log.info("%d portraits, from step %d, %s", len(images), trainer.step, probe(trainer.averaged()))
    run(trainer, images, probe, options.out, Pace(options.hours))


if __name__ == "__main__":
    main()
