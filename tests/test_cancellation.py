import time

import pytest

from facecraft.cancellation import Cancellation
from facecraft.errors import DeadlineExceeded


def test_a_token_stays_cancelled_and_then_raises() -> None:
    token = Cancellation()
    token.check()
    assert not token.cancelled
    token.cancel()
    assert token.cancelled
    with pytest.raises(DeadlineExceeded):
        token.check()


def test_a_parent_cancels_its_child_and_not_the_other_way_round() -> None:
    parent = Cancellation()
    child, other = Cancellation(parent), Cancellation(parent)
    child.cancel()
    assert child.cancelled
    assert not parent.cancelled
    assert not other.cancelled
    parent.cancel()
    assert other.cancelled


def test_waiting_ends_early_once_it_is_cancelled() -> None:
    token = Cancellation()
    token.cancel()
    start = time.monotonic()
    token.wait(30)
    assert time.monotonic() - start < 5
