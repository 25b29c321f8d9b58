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


def test_the_seconds_to_a_deadline_get_fewer_and_a_child_has_those_of_its_parent() -> None:
    assert Cancellation().seconds is None
    assert Cancellation().seconds_left is None
    token = Cancellation(seconds=30)
    assert token.seconds == 30
    first = token.seconds_left
    time.sleep(0.01)
    later = token.seconds_left
    assert first is not None
    assert later is not None
    assert 29 < later <= first - 0.01
    child = Cancellation(token)
    assert child.seconds == 30
    assert child.seconds_left is not None
    assert child.seconds_left <= later
    assert Cancellation(token, seconds=5).seconds == 5


def test_a_deadline_alone_cancels_nothing() -> None:
    token = Cancellation(seconds=0)
    token.check()
    assert token.seconds_left is not None
    assert token.seconds_left <= 0
