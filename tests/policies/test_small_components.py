"""Queues, place, spin, wake, handoff and preempt: each answers what its docstring says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmplab.policies import (
    AsyncPreempt, ByAttainedWork, ByRemainingWork, ChildFirst, GlobalQueue, GoQueues, HandoffAfter, HandoffAtOnce,
    HoldThread, JoinShortest, LastRanOn, LeastLoaded, NoHandoff, NoSpinning, PlaceGlobal, PlaceLocal, PlaceRandom,
    PreemptIfWaiting, PushSurplus, RetakeBySysmon, SpinAlways, SpinFor, SpinHalfBusy, SpareThreads, SpinLimit, SwitchGoroutine,
    UnboundedQueues,
    WakeAfter, WakeAlways, WakeIfNoneSpinning, WakeIfTooFewSpin, WakeNever,
)
from gmplab.policies.fakeview import FakeView
from gmplab.runtime.contracts import FOR_ARRIVAL, FOR_NEW, FOR_READY, FOR_YIELD
from gmplab.vocabulary import NO_P


@given(size=st.integers(1, 100_000), procs=st.integers(1, 100))
def test_a_global_batch_is_gos(size: int, procs: int) -> None:
    # Go: proc.go: globrunqgetbatch.
    assert GoQueues().global_batch(None, FakeView(procs), size) == min(size, size // procs + 1, 128)
    assert UnboundedQueues().global_batch(None, FakeView(procs), size) == min(size, size // procs + 1)
    assert GlobalQueue().global_batch(None, FakeView(procs), size) == 1


def test_ranks_are_what_is_left_and_what_was_had() -> None:
    view = FakeView(2)
    view.remaining[3], view.attained[3] = 70, 9
    assert ByRemainingWork().rank(None, view, 3) == 70
    assert ByAttainedWork().rank(None, view, 3) == 9
    assert GoQueues().rank(None, view, 3) == 0


def test_go_places_a_g_on_the_p_that_asks_and_an_arrival_in_the_global_queue() -> None:
    view = FakeView(4)
    assert PlaceLocal().place(None, view, FOR_READY, 1, 2) == 2
    assert PlaceLocal().place(None, view, FOR_ARRIVAL, 1, NO_P) == NO_P
    assert PlaceGlobal().place(None, view, FOR_NEW, 1, 2) == NO_P
    assert (ChildFirst().child_first, PlaceLocal().child_first) == (True, False)


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (PlaceLocal(), NO_P), (ChildFirst(), NO_P), (PlaceGlobal(), NO_P), (PlaceRandom(), 2), (LeastLoaded(d=3), 2),
        (JoinShortest(), 2), (LastRanOn(), 2), (PushSurplus(), 2),
    ],
    ids=lambda x: "" if isinstance(x, int) else type(x).__name__,
)
def test_who_makes_room_goes_to_the_global_queue_as_in_go_or_stays_where_goroutines_belong_to_ps(place: Any, where: int) -> None:
    view = FakeView(4)
    view.queued, view.last_ps = [0, 3, 0, 0], [NO_P, 2]
    assert place.place(None, view, FOR_YIELD, 1, 2) == where


def test_the_shortest_queue_counts_runnext_and_the_running_g() -> None:
    view = FakeView(4)
    view.queued = [2, 1, 1, 1]
    view.runnexts = [False, True, False, False]
    view.running = [1, 1, 1, -1]
    assert [view.load(p) for p in range(4)] == [3, 3, 2, 1]
    assert JoinShortest().place(None, view, FOR_NEW, 1, 0) == 3
    view.running[3] = 5
    assert JoinShortest().place(None, view, FOR_NEW, 1, 0) == 2


def test_the_power_of_d_choices_takes_the_least_loaded_of_d_draws() -> None:
    view, same = FakeView(8, seed=3), FakeView(8, seed=3)
    view.queued = [7, 6, 5, 4, 3, 2, 1, 0]
    for d in (1, 2, 5):
        drawn = [same.below(8) for _ in range(d)]
        assert LeastLoaded(d=d).place(None, view, FOR_NEW, 1, 0) == max(drawn)


def test_a_random_place_is_any_p() -> None:
    view = FakeView(3)
    assert {PlaceRandom().place(None, view, FOR_NEW, 1, 0) for _ in range(60)} == {0, 1, 2}


def test_a_g_goes_back_to_where_it_ran_while_that_p_exists() -> None:
    view = FakeView(4)
    view.last_ps = [NO_P, 3, 7]
    places = [LastRanOn().place(None, view, FOR_READY, g, 1) for g in (0, 1, 2)]
    assert places == [1, 3, 1]
    assert LastRanOn().place(None, view, FOR_ARRIVAL, 0, NO_P) == NO_P


def test_surplus_goes_to_the_next_idle_p_and_the_rest_stays_at_home() -> None:
    view = FakeView(4)
    view.idle_ps, view.last_ps = [False, False, True, True], [NO_P, 1, 9]
    place = PushSurplus()
    assert place.place(None, view, FOR_NEW, 0, 1) == 2
    # One that wakes where nobody waits is no surplus: it is home's next.
    assert place.place(None, view, FOR_READY, 1, 3) == 1
    view.queued = [0, 1, 0, 0]
    assert place.place(None, view, FOR_READY, 1, 3) == 2
    # Its last P is gone: it counts from where it was readied.
    assert place.place(None, view, FOR_READY, 2, 0) == 0
    # An idle P on which something waits already has been given work.
    view.queued = [0, 1, 1, 0]
    assert place.place(None, view, FOR_READY, 1, 3) == 3
    view.idle_ps = [False] * 4
    assert place.place(None, view, FOR_NEW, 0, 1) == 1
    assert {place.place(None, view, FOR_ARRIVAL, 0, NO_P) for _ in range(60)} == {0, 1, 2, 3}


@given(procs=st.integers(1, 64), threads=st.integers(0, 200), system=st.integers(0, 1), spares=st.integers(0, 99))
def test_spare_threads_are_bounded_and_end_down_to_one_a_p(procs: int, threads: int, system: int, spares: int) -> None:
    view, machines = FakeView(procs), SpareThreads(spares=spares, idle_ns=7)
    view.threads, view.system_ms = threads + system, system
    assert machines.may_create(None, view) == (threads < procs + spares)
    assert machines.retire_after_ns(None, view, 1) == (7 if threads > procs else -1)


def test_as_many_are_awake_as_there_is_work_for() -> None:
    view = FakeView(8)
    view.runnable = 2
    answers = []
    for spinning in range(4):
        view.n_spinning = spinning
        answers.append(WakeIfTooFewSpin().delay_ns(None, view, FOR_READY))
    assert answers == [0, 0, -1, -1]


@given(procs=st.integers(1, 64), idle=st.integers(0, 64), spinning=st.integers(0, 64))
def test_at_most_half_as_many_spin_as_ps_are_busy(procs: int, idle: int, spinning: int) -> None:
    view = FakeView(procs)
    view.idle_ps = [p < idle for p in range(procs)]
    view.n_spinning = spinning
    assert SpinHalfBusy().may_spin(None, view, 1) == (2 * spinning < procs - min(idle, procs))
    assert SpinLimit(n=2).may_spin(None, view, 1) == (spinning < 2)
    assert not NoSpinning().may_spin(None, view, 1)


def test_spinning_goes_on_for_as_long_as_it_says() -> None:
    view, spin = FakeView(4), SpinFor(spin_ns=2_500, gap_ns=1_000)
    assert [spin.again_ns(None, view, 1, spun) for spun in (0, 1_500, 2_000, 2_500)] == [1_000, 1_000, 500, -1]
    assert SpinHalfBusy().again_ns(None, view, 1, 0) == -1
    assert SpinAlways(gap_ns=7).again_ns(None, view, 1, 10**12) == 7


def test_exponential_gaps_have_the_mean_that_is_given() -> None:
    view, spin = FakeView(4), SpinAlways(gap_ns=10_000, exponential=True)
    state = spin.start(view)
    gaps = [spin.again_ns(state, view, 1, 0) for _ in range(10_000)]
    # The mean of 10000 has a standard deviation of 1 %; 4 of them fail for 1 in 16000 seeds.
    assert sum(gaps) / 10_000 == pytest.approx(10_000, rel=0.04)


def test_who_wakes_an_m() -> None:
    view = FakeView(4)
    policies = (WakeIfNoneSpinning(), WakeAlways(), WakeNever(), WakeAfter(after_ns=5))
    assert [w.delay_ns(None, view, FOR_READY) for w in policies] == [0, 0, -1, 5]
    view.n_spinning = 1
    assert [w.delay_ns(None, view, FOR_READY) for w in policies] == [-1, 0, -1, -1]


@pytest.mark.parametrize(
    ("queued", "runnext", "spinning", "idle", "syscall_ns", "taken"),
    [
        (1, False, 1, True, 0, True), (0, True, 1, True, 0, True), (0, False, 1, False, 0, False),
        (0, False, 0, True, 9_999_999, False), (0, False, 0, True, 10_000_000, True), (0, False, 0, False, 0, True),
    ],
)
def test_sysmon_retakes_a_p_as_go_does(
    queued: int, runnext: bool, spinning: int, idle: bool, syscall_ns: int, taken: bool
) -> None:
    # Go: proc.go: retake.
    view = FakeView(2)
    view.queued, view.runnexts, view.n_spinning, view.idle_ps = [queued, 0], [runnext, False], spinning, [False, idle]
    for handoff in (RetakeBySysmon(), HandoffAtOnce(), HandoffAfter()):
        assert handoff.retake(None, view, 0, syscall_ns) == taken
    assert not NoHandoff().retake(None, view, 0, syscall_ns)


def test_a_syscalls_entry() -> None:
    view = FakeView(2)
    policies = (RetakeBySysmon(), HandoffAtOnce(), HandoffAfter(after_ns=9), NoHandoff())
    assert [h.at_entry_ns(None, view, 0) for h in policies] == [-1, 0, 9, -1]


def test_preemption_that_gains_nothing_can_be_left_out() -> None:
    view = FakeView(1)
    view.runnable, view.idle_ps = 1, [False]
    assert AsyncPreempt().should(None, view, 0, 10**7) and PreemptIfWaiting().should(None, view, 0, 10**7)
    view.runnable = 0
    assert AsyncPreempt().should(None, view, 0, 10**7) and not PreemptIfWaiting().should(None, view, 0, 10**7)


def test_a_task_holds_its_thread_or_does_not() -> None:
    assert (HoldThread().hold, SwitchGoroutine().hold) == (True, False)
