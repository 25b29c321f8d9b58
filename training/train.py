"""Train the cleaner on the portraits 0 to 239.

    python -m training.train PORTRAITS RUN --hours 8 [--from WEIGHTS]
    python -m training.train PORTRAITS BRANCH --hours 2 --branch RUN --decay-steps 4000

The first command starts a run, or continues it from its newest checkpoint, at a constant learning rate. It
can be stopped at any time (SIGTERM, Ctrl-C) and started again. The second command makes the final weights: it
branches off a run's newest checkpoint, at a falling rate.

On the same CPU, with the same number of threads and the same version of PyTorch, the same steps make exactly
the same weights, also after a stop. On CUDA the batches are the same, but sums may differ.
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

from facecraft.restoration.nets.cleaner import Cleaner
from training import checkpoint, data, weights
from training.probe import Probe
from training.schedule import Schedule
from training.trainer import Trainer

_LAST_TRAINED, _LAST_CHOSEN = 239, 269
_log = logging.getLogger("training")


@dataclass(frozen=True)
class Pace:
    """The time limit of a run, and the intervals of logs, probes and checkpoints."""

    hours: float
    log_steps: int = 100
    probe_steps: int = 1000
    checkpoint_seconds: float = 300


class Stop:
    """Requested by SIGTERM and SIGINT. The run finishes its step and writes a checkpoint."""

    def __init__(self) -> None:
        self.requested = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._request)

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True


def run(trainer: Trainer, images: Sequence[data.RGBImage], probe: Probe, folder: Path, pace: Pace) -> None:
    """Train until the time is over, the schedule ends, or a stop is requested."""
    stop, started, losses = Stop(), monotonic(), deque[float](maxlen=pace.log_steps)
    logged = saved = started
    for batch in data.batches(images, data.Crops(), trainer.seed, trainer.step):
        if (
            stop.requested
            or monotonic() - started > pace.hours * 3600
            or trainer.schedule.is_over(trainer.step)
        ):
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
    """Continue the folder's newest checkpoint; else branch off another run; else start a new one."""
    if found := checkpoint.newest(options.out):
        return Trainer.from_checkpoint(checkpoint.read(found), options.device, options.threads)
    if options.branch:
        if not (found := checkpoint.newest(options.branch)):
            raise SystemExit(f"{options.branch} has no checkpoint")
        stem = checkpoint.read(found)
        falling = replace(stem.schedule, decay_from=stem.step, decay_steps=options.decay_steps)
        return Trainer.from_checkpoint(replace(stem, schedule=falling), options.device, options.threads)
    torch.manual_seed(options.seed)
    net = Cleaner()
    if options.weights:
        # Weights of a network with one level less are accepted: a new level changes nothing.
        found = net.load_state_dict(weights.load(options.weights).state_dict(), strict=False)
        if found.unexpected_keys:
            raise SystemExit(f"{options.weights} has weights of another network: {found.unexpected_keys[0]}")
    return Trainer(net, Schedule(options.rate), options.seed, options.device, options.threads)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("training.train", description="Train the cleaner.")
    parser.add_argument("portraits", type=Path, help="folder of NNN.jpg; 000-239 are for training")
    parser.add_argument(
        "out", type=Path, help="folder for checkpoints and log; continue its newest checkpoint"
    )
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--from", dest="weights", type=Path, help="safetensors, a checkpoint or a run")
    parser.add_argument("--branch", type=Path, help="run to branch off, with --decay-steps")
    parser.add_argument("--decay-steps", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=Schedule.peak)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count(), help="threads that share a batch on the CPU"
    )
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
