"""Any callers, in any order of adding and taking."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from facecraft.restoration.fairness import FairQueue

Item = tuple[int, int]
"""A caller's number, and the number of its item."""
# A number adds a caller with so many items; None takes one.
steps = st.lists(st.one_of(st.none(), st.none(), st.integers(0, 6)), max_size=60)


@given(steps=steps)
def test_between_two_items_of_a_caller_each_other_one_that_waits_gets_its_turn(
    steps: list[int | None],
) -> None:
    queue: FairQueue[Item] = FairQueue()
    taken: list[Item] = []
    waits: Counter[int] = Counter()  # how many items of each caller
    since: dict[int, Counter[int]] = {}  # what was taken of each caller since the last item of this one
    for caller, step in enumerate(steps):
        if step is not None:
            queue.add((caller, number) for number in range(step))
            waits[caller], since[caller] = step, Counter()
        elif queue:
            owner, number = queue.take()
            assert all(count <= 1 for count in since[owner].values())
            for other, counts in since.items():
                counts[owner] += other != owner
            taken.append((owner, number))
            waits[owner] -= 1
            since[owner] = Counter()
        assert len(queue) == len(list(queue)) == waits.total()
    rest = [queue.take() for _ in range(len(queue))]
    added = [
        (caller, number) for caller, step in enumerate(steps) if step is not None for number in range(step)
    ]
    assert sorted(taken + rest) == added
    for caller in range(len(steps)):
        own = [number for owner, number in taken + rest if owner == caller]
        assert own == sorted(own)


@given(waiting=st.lists(st.integers(0, 6), max_size=6), taken=st.integers(0, 10), count=st.integers(1, 8))
def test_what_is_ahead_is_what_is_taken_before_the_last_new_item(
    waiting: list[int], taken: int, count: int
) -> None:
    queue: FairQueue[Item] = FairQueue()
    for caller, items in enumerate(waiting):
        queue.add((caller, number) for number in range(items))
    for _ in range(min(taken, len(queue))):
        queue.take()
    ahead = list(queue.ahead(count))
    new = len(waiting)
    queue.add((new, number) for number in range(count))
    order = [queue.take() for _ in range(len(queue))]
    before = [item for item in order[: order.index((new, count - 1))] if item[0] != new]
    assert sorted(before) == sorted(ahead)


def test_a_caller_with_nothing_has_no_turn() -> None:
    queue: FairQueue[int] = FairQueue()
    queue.add([])
    assert not queue
    queue.add([1])
    assert queue.take() == 1
