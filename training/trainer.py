"""Train a network step by step, with a moving average and checkpoints."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from facecraft.restoration.nets.cleaner import Cleaner
from training.checkpoint import Checkpoint
from training.data import Batch
from training.losses import LossWeights, loss
from training.schedule import Schedule
from training.weights import channels_last

_EMA = 0.999
_LARGEST_GRADIENT = 0.5


class Trainer:
    """AdamW, clipped gradients, bfloat16 autocast. The moving average (EMA) has the final weights.

    On the CPU, `threads` threads share a batch. Each computes its part alone, and they wait for each other
    once in a step, not in every layer. This is faster if other programs use the processor.
    """

    def __init__(self, net: Cleaner, schedule: Schedule, seed: int, device: str, threads: int = 1) -> None:
        self.schedule, self.seed, self.step = schedule, seed, 0
        self._device = torch.device(device)
        self._net = channels_last(net.to(self._device))
        self._average = channels_last(_copy(net).to(self._device)).requires_grad_(requires_grad=False)
        self._weights = LossWeights()
        self._optimiser = torch.optim.AdamW(
            self._net.parameters(), schedule.peak, betas=(0.9, 0.98), weight_decay=1e-4, fused=True
        )
        self._shares = threads if self._device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(self._shares, "trainer", torch.set_num_threads, (1,))
        self._bfloat16 = has_bfloat16(self._device)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, device: str, threads: int = 1) -> Self:
        net = Cleaner(checkpoint.shape)
        net.load_state_dict(checkpoint.weights)
        trainer = cls(net, checkpoint.schedule, checkpoint.seed, device, threads)
        trainer.step = checkpoint.step
        trainer._average.load_state_dict(checkpoint.average)
        trainer._optimiser.load_state_dict(checkpoint.optimiser)
        return trainer

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(
            self.step,
            self.seed,
            self._net.shape,
            self.schedule,
            self._net.state_dict(),
            self._average.state_dict(),
            self._optimiser.state_dict(),
        )

    def averaged(self) -> Cleaner:
        """The moving average itself, not a copy."""
        return self._average

    def train_on(self, batch: Batch) -> float:
        """Train one step. Return the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        pairs = zip(batch.degraded.chunk(self._shares), batch.clean.chunk(self._shares), strict=True)
        results = list(self._pool.map(lambda pair: self._gradients(*pair), pairs))
        for parameter, *gradients in zip(self._net.parameters(), *(each[1] for each in results), strict=True):
            # The gradient needs the parameter's memory layout, because the fused optimiser ignores strides.
            # It is added in a fixed order, because sums of floats depend on the order.
            parameter.grad = torch.zeros_like(parameter)
            for gradient in gradients:
                parameter.grad += gradient / self._shares
        nn.utils.clip_grad_norm_(self._net.parameters(), _LARGEST_GRADIENT)
        self._optimiser.step()
        self.step += 1
        self._follow()
        return sum(value for value, _ in results) / len(results)

    def _gradients(self, degraded: Tensor, clean: Tensor) -> tuple[float, tuple[Tensor, ...]]:
        """The loss, and its gradient for each parameter."""
        degraded, clean = (each.to(self._device) for each in (degraded, clean))
        # No cache of casts: threads would share it, and each weight is used only once.
        with torch.autocast(self._device.type, torch.bfloat16, self._bfloat16, cache_enabled=False):
            cleaned = self._net(degraded)
        value = loss(cleaned.float(), clean, self._weights)
        return float(value.detach()), torch.autograd.grad(value, tuple(self._net.parameters()))

    @torch.no_grad()
    def _follow(self) -> None:
        pace = 1 - min(_EMA, (1 + self.step) / (10 + self.step))
        for average, newest in zip(self._average.parameters(), self._net.parameters(), strict=True):
            average.lerp_(newest, pace)


def has_bfloat16(device: torch.device, cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the device computes bfloat16. If it only emulates it, float32 is faster."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return cpuinfo.is_file() and bool({"avx512_bf16", "amx_bf16"} & set(cpuinfo.read_text().split()))


def _copy(net: Cleaner) -> Cleaner:
    copy = Cleaner(net.shape)
    copy.load_state_dict(net.state_dict())
    return copy
