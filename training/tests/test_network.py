"""An untrained network changes nothing, for photos of any size."""

import pytest
import torch

from facecraft.restoration.nets.cleaner import Cleaner, Shape
from training.probe import clean

SMALL = Shape((8, 12, 16), (1, 1, 1), (1, 1))


@pytest.mark.parametrize("shape", [Shape(), SMALL])
def test_new_it_changes_nothing(shape: Shape) -> None:
    photo = torch.rand(1, 3, 2 * shape.multiple, 3 * shape.multiple)
    assert torch.equal(Cleaner(shape)(photo), photo)


def test_takes_any_size() -> None:
    photo = torch.rand(2, 3, 37, 51)
    assert torch.equal(clean(Cleaner(SMALL), photo, SMALL.multiple), photo)


def test_a_level_more_starts_where_one_less_stood() -> None:
    torch.manual_seed(0)
    less = Cleaner(SMALL)
    for value in less.parameters():
        torch.nn.init.normal_(value, std=0.1)
    more = Cleaner(Shape((8, 12, 16, 20), (1, 1, 1, 2), (1, 1, 1)))
    more.load_state_dict(less.state_dict(), strict=False)
    photo = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(more(photo), less(photo))
