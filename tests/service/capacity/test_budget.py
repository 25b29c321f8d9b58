import asyncio

import pytest

from facecraft.errors import QueueFull
from facecraft.service.capacity.budget import ByteBudget


def test_it_counts_what_is_held() -> None:
    budget = ByteBudget(10)
    budget.add(7)
    budget.add(5)
    assert (budget.held_bytes, budget.exceeded) == (12, True)
    budget.drop(2)
    assert (budget.held_bytes, budget.exceeded) == (10, False)


def test_shares_together_stay_within_the_limit() -> None:
    budget = ByteBudget(10)
    with budget.share() as first, budget.share() as second:
        first(6)
        second(4)
        with pytest.raises(QueueFull, match="at the same time") as refused:
            first(1)
        assert refused.value.retry_after_s == 1
        assert budget.held_bytes == 10


def test_a_share_is_given_back_whatever_happens() -> None:
    budget = ByteBudget(10)

    def upload() -> None:
        with budget.share() as reserve:
            reserve(3)
            reserve(8)

    with pytest.raises(QueueFull):
        upload()
    assert budget.held_bytes == 0


def test_one_waits_for_the_next_drop() -> None:
    async def wait_and_drop() -> list[str]:
        budget, events = ByteBudget(10), list[str]()
        budget.add(20)
        budget.drop(5)  # before anyone waits

        async def wait(name: str) -> None:
            await budget.wait_for_drop()
            events.append(name)

        waiting = [asyncio.create_task(wait("first")), asyncio.create_task(wait("second"))]
        await asyncio.sleep(0.01)
        assert events == []
        budget.drop(5)
        await asyncio.gather(*waiting)
        return events

    assert asyncio.run(wait_and_drop()) == ["first", "second"]
