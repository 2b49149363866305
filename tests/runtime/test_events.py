"""The event queue of virtual time gives what is due first, and of one time what was made first."""

from __future__ import annotations

from heapq import heappop, heappush

from hypothesis import given
from hypothesis import strategies as st
from librt.vecs import vec
from mypy_extensions import i64

from gmplab.runtime.events import EventQueue, last_due
from gmplab.runtime.model import FOREVER


@given(st.lists(st.one_of(st.none(), st.integers(0, 30), st.integers(0, 1 << 61)), max_size=300))
def test_events_come_by_time_and_then_in_the_order_in_which_they_were_made(moves: list[int | None]) -> None:
    """A number: an event is due at that time; None: the earliest is taken. A heap of tuples is the model."""
    queue, model, word = EventQueue(), list[tuple[int, int, int]](), 0
    for move in [*moves, *[None] * len(moves)]:
        if move is not None:
            word += 8
            heappush(model, (move, queue.push(move, word), word))
        elif model:
            assert queue.pop() == model[0][0]
            assert (queue.popped_s, queue.popped_w) == heappop(model)[1:]
        assert queue.n == len(model)
        assert queue.top_ns == (model[0][0] if model else FOREVER)


def test_what_is_far_off_does_not_come_before_what_is_near() -> None:
    queue = EventQueue()
    for sleeper in range(1_000):
        queue.push(1_000_000 - sleeper, sleeper)
    for near in range(1_000):
        queue.push(near // 2, 10_000 + near)
    assert [queue.popped_w for _ in range(1_000) if queue.pop() >= 0] == [10_000 + near for near in range(1_000)]
    assert [queue.popped_w for _ in range(1_000) if queue.pop() >= 0] == list(range(999, -1, -1))
    assert queue.n == 0 and queue.top_ns == FOREVER


def test_an_event_goes_behind_the_last_that_is_due_no_later() -> None:
    """The list that C walks in the compiled core. Nodes of time, serial, word and next; the end, at 0, is due after all."""
    end, at_5, also_at_5, at_9 = [2 * FOREVER, 0, 0, 0], [5, 1, 0, 8], [5, 2, 0, 12], [9, 3, 0, 0]
    front = vec[i64]([*end, *at_5, *also_at_5, *at_9])
    assert [last_due(front, 4, t) for t in (5, 8, 9, FOREVER)] == [8, 8, 12, 12]
    assert last_due(front, 12, 9) == 12
