"""A stopped run continues with the same results, and a branch ends."""

from pathlib import Path

import pytest
import torch

from facecraft.restoration.nets.cleaner import Cleaner, Shape
from training import checkpoint
from training.data import Batch
from training.losses import LossWeights, gradient_similarity, loss, ssim
from training.schedule import Schedule
from training.trainer import Trainer

SMALL = Shape((8, 12), (1, 1), (1,))


def a_trainer(threads: int = 1) -> Trainer:
    torch.manual_seed(0)
    return Trainer(Cleaner(SMALL), Schedule(warmup=2), seed=7, device="cpu", threads=threads)


def a_batch(step: int) -> Batch:
    generator = torch.Generator().manual_seed(step)
    clean = torch.rand(2, 3, 32, 32, generator=generator)
    return Batch((clean + 0.1 * torch.randn(clean.shape, generator=generator)).clamp(0, 1), clean)


@pytest.mark.parametrize("threads", [1, 2])
def test_resumed_it_has_the_same_weights_as_uninterrupted(tmp_path: Path, threads: int) -> None:
    unbroken, stopped = a_trainer(threads), a_trainer(threads)
    for step in range(6):
        unbroken.train_on(a_batch(step))
    for step in range(3):
        stopped.train_on(a_batch(step))
    path = checkpoint.save(stopped.checkpoint(), tmp_path)
    resumed = Trainer.from_checkpoint(checkpoint.read(path), "cpu", threads)
    for step in range(resumed.step, 6):
        resumed.train_on(a_batch(step))
    one, other = unbroken.checkpoint(), resumed.checkpoint()
    assert (one.step, one.seed, one.shape, one.schedule) == (6, 7, SMALL, Schedule(warmup=2))
    assert (other.step, other.seed, other.shape, other.schedule) == (6, 7, SMALL, Schedule(warmup=2))
    for name, value in one.weights.items():
        assert torch.equal(value, other.weights[name])
        assert torch.equal(one.average[name], other.average[name])


def test_a_batch_shared_out_teaches_the_same() -> None:
    alone, together = a_trainer(), a_trainer(2)
    for step in range(10):
        losses = [trainer.train_on(a_batch(step)) for trainer in (alone, together)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    for name, value in alone.checkpoint().weights.items():
        # Adam's first steps have the size of the rate, 2.5e-4, whatever the gradient's.
        assert float((value - together.checkpoint().weights[name]).abs().mean()) < 5e-5


def test_it_learns() -> None:
    trainer = a_trainer()
    losses = [trainer.train_on(a_batch(0)) for _ in range(30)]
    assert losses[-1] < losses[0]


def test_only_the_newest_checkpoints_stay(tmp_path: Path) -> None:
    trainer = a_trainer()
    for _ in range(5):
        trainer.step += 1
        checkpoint.save(trainer.checkpoint(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"checkpoint-{step:08d}.pt" for step in (3, 4, 5)
    ]
    assert checkpoint.newest(tmp_path) == tmp_path / "checkpoint-00000005.pt"
    assert checkpoint.newest(tmp_path / "none") is None


def test_a_run_stays_at_its_rate_and_a_branch_ends_at_none() -> None:
    run = Schedule(1e-3, warmup=10)
    assert run.rate(0) == pytest.approx(1e-4)
    assert run.rate(10**6) == 1e-3
    assert not run.is_over(10**6)
    branch = Schedule(1e-3, 10, decay_from=100, decay_steps=50)
    assert branch.rate(100) == 1e-3
    assert 0 < branch.rate(149) < branch.rate(110) < 1e-3
    assert branch.is_over(150)


def test_equal_photos_are_alike() -> None:
    photo = a_batch(0).clean
    assert float(ssim(photo, photo)) == pytest.approx(1)
    assert float(gradient_similarity(photo, photo).min()) == pytest.approx(1)
    assert float(loss(photo, photo, LossWeights())) == pytest.approx(1e-3, abs=1e-5)
