"""Who has a place for a batch, and who waits."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from facecraft.errors import NotReady, QueueFull
from facecraft.service.capacity import places as module
from facecraft.service.capacity.budget import ByteBudget
from facecraft.service.capacity.places import Place, Places

SOON_S = 5
Check = Callable[[Places], Coroutine[None, None, None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("IDLE_S", 0.1), ("PATIENCE_S", 0.2), ("TICK_S", 0.01)):
        monkeypatch.setattr(module, name, seconds)


def run(check: Check, *, per_key: int | None = None, ready: Callable[[], None] = lambda: None) -> None:
    async def checked() -> None:
        await check(Places(2, ByteBudget(100), per_key=per_key, ensure_ready=ready))

    asyncio.run(checked())


def holding(size_bytes: int = 0) -> ByteBudget:
    budget = ByteBudget(1000)
    budget.add(size_bytes)
    return budget


async def both(places: Places, size_bytes: int = 0) -> tuple[Place, Place]:
    """Two batches, which are idle now; the first one for longer."""
    first = await places.enter(budget=holding(size_bytes))
    await asyncio.sleep(0.01)
    second = await places.enter(budget=holding(size_bytes))
    await asyncio.sleep(0.11)
    return first, second


def test_a_third_batch_is_refused_while_both_make_portraits() -> None:
    async def check(places: Places) -> None:
        for place in await both(places):
            place.start_work()
            place.end_work(made=True)
        with pytest.raises(QueueFull, match="2 batches run already") as refused:
            await places.enter(budget=holding())
        assert refused.value.retry_after_s is not None

    run(check)


def test_the_one_that_is_idle_for_longer_makes_room_and_goes_on_when_a_place_is_free() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        third = await places.enter(budget=holding())
        assert [place.running for place in (first, second, third)] == [False, True, True]
        turn = asyncio.create_task(first.turn())
        await asyncio.sleep(0.05)
        assert not turn.done()
        second.leave()
        await asyncio.wait_for(turn, SOON_S)
        assert first.running
        assert places.running == 2

    run(check)


def test_one_that_works_is_asked_last() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        first.start_work()
        await places.enter(budget=holding())
        assert (first.running, second.running) == (True, False)

    run(check)


def test_a_photo_that_becomes_no_portrait_does_not_count() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        for place in (first, second):
            place.start_work()
            place.end_work(made=place is second)
        await places.enter(budget=holding())
        assert (first.running, second.running) == (False, True)

    run(check)


def test_a_batch_makes_room_when_its_photo_in_work_has_ended() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        for place in (first, second):
            place.start_work()
        third = asyncio.create_task(places.enter(budget=holding()))
        await asyncio.sleep(0.05)
        assert not third.done()
        assert not first.running  # it starts no other photo
        first.end_work(made=False)
        assert (await third).running
        assert not first.running

    run(check)


@pytest.mark.parametrize("ends", [True, False])
def test_a_batch_keeps_its_place_if_its_photo_in_work_becomes_a_portrait_or_takes_long(ends: bool) -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        second.start_work()
        second.end_work(made=True)
        first.start_work()
        third = asyncio.create_task(places.enter(budget=holding()))
        await asyncio.sleep(0.05)
        if ends:
            first.end_work(made=True)
            assert first.running
        with pytest.raises(QueueFull):
            await third
        assert first.running
        assert places.running == 2

    run(check)


def test_batches_that_wait_take_turns_with_idle_ones() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        third = await places.enter(budget=holding())
        await asyncio.wait_for(first.turn(), SOON_S)
        assert [place.running for place in (first, second, third)].count(True) == 2
        waiting = second if not second.running else third
        await asyncio.wait_for(waiting.turn(), SOON_S)

    run(check)


def test_what_never_waits_makes_no_room() -> None:
    async def check(places: Places) -> None:
        await places.enter()
        await places.enter()
        await asyncio.sleep(0.11)
        with pytest.raises(QueueFull):
            await places.enter(budget=holding())

    run(check)


def test_what_a_batch_holds_while_it_waits_counts_with_the_uploads() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places, size_bytes=60)
        await places.enter(budget=holding())
        assert places._uploads.held_bytes == 60
        second.leave()
        assert first.running
        assert places._uploads.held_bytes == 0

    run(check)


@pytest.mark.parametrize(("size_bytes", "most"), [(101, 8), (0, 0)])
def test_a_batch_that_cannot_wait_ends(monkeypatch: pytest.MonkeyPatch, size_bytes: int, most: int) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", most)

    async def check(places: Places) -> None:
        first, _ = await both(places, size_bytes=size_bytes)
        third = asyncio.create_task(places.enter(budget=holding()))
        await asyncio.sleep(0.01)
        with pytest.raises(QueueFull, match="has made no portrait"):
            await first.turn()
        first.leave()
        assert (await third).running
        assert places._uploads.held_bytes == 0

    run(check)


def test_a_batch_that_waits_ends_when_the_service_shuts_down() -> None:
    draining = False

    def ready() -> None:
        if draining:
            raise NotReady("The service is shutting down.")

    async def check(places: Places) -> None:
        nonlocal draining
        first, _ = await both(places)
        await places.enter(budget=holding())
        draining = True
        with pytest.raises(NotReady):
            await asyncio.wait_for(first.turn(), SOON_S)
        assert places.busy

    run(check, ready=ready)


def test_one_that_leaves_while_it_comes_leaves_nothing_behind() -> None:
    async def check(places: Places) -> None:
        first, second = await both(places)
        for place in (first, second):
            place.start_work()
        third = asyncio.create_task(places.enter(budget=holding()))
        await asyncio.sleep(0.05)
        third.cancel()
        await asyncio.wait({third})
        assert first.running
        first.leave()
        assert places.running == 1
        second.leave()
        assert not places.busy

    run(check)


def test_a_key_has_its_share_of_the_places() -> None:
    async def check(places: Places) -> None:
        first = await places.enter(0, holding())
        with pytest.raises(QueueFull, match="This key") as refused:
            await places.enter(0, holding())
        assert refused.value.limit == 1
        await places.enter(1, holding())
        first.leave()
        await places.enter(0, holding())

    run(check, per_key=1)
