"""When Ms are made and retired, and what is changed periodically."""

from __future__ import annotations

import math

import pytest

from gmplab.policies import (
    AllocateByDelay, AllocateByUtilization, Balance, ClimbProcs, FixedThreads, GateThread, HillClimbing, KeepIdle,
    KeepThreads, NoControl, RetireAfter,
)
from gmplab.policies.fakeview import FakeView
from gmplab.policies.machines import Climb, cosine, sine
from gmplab.runtime.contracts import Control, Orders

MS = 1_000_000


def ordered(control: Control, state: object, view: FakeView) -> Orders:
    """What a control writes down."""
    orders = Orders()
    control.act(state, view, orders)
    return orders


def test_go_keeps_threads_for_ever_and_makes_as_many_as_are_wanted() -> None:
    view = FakeView(2)
    view.threads = 9_999
    assert KeepThreads().may_create(None, view)
    assert KeepThreads().retire_after_ns(None, view, 3) == -1
    assert RetireAfter(idle_ns=5).retire_after_ns(None, view, 3) == 5


def test_only_so_many_idle_threads_are_kept() -> None:
    view = FakeView(2)
    view.n_idle_ms = 2
    assert KeepIdle(n=2).retire_after_ns(None, view, 3) == -1
    view.n_idle_ms = 3
    assert KeepIdle(n=2).retire_after_ns(None, view, 3) == 0


@pytest.mark.parametrize(
    ("machines", "sysmons", "most"), [(FixedThreads(), 1, 5), (FixedThreads(n=2), 1, 3), (FixedThreads(), 0, 4)]
)
def test_a_fixed_pool_makes_no_more_than_its_number_and_sysmon(machines: FixedThreads, sysmons: int, most: int) -> None:
    view = FakeView(4)
    view.threads, view.system_ms = 1 + sysmons, sysmons
    while machines.may_create(None, view):
        view.threads += 1
    assert view.threads == most


def test_our_own_sine_is_a_sine() -> None:
    for k in range(200):
        x = 2 * math.pi * k / 200
        assert sine(x) == pytest.approx(math.sin(x), abs=1e-12)
        assert cosine(x) == pytest.approx(math.cos(x), abs=1e-12)


def test_the_wave_component_of_a_sine_is_half_its_height_and_others_are_none() -> None:
    at = Climb(32, 4, 0, 0, 1)
    at.throughput = [5 + 3 * math.sin(2 * math.pi * i / 4) for i in range(32)]
    real, imaginary = at.wave(at.throughput, 32, 4.0)
    assert math.hypot(real, imaginary) == pytest.approx(1.5, abs=1e-9)
    assert math.hypot(*at.wave(at.throughput, 32, 32 / 9)) == pytest.approx(0, abs=1e-9)


def climbed(rate: object, procs: int = 4, seconds: int = 60, seed: int = 1) -> list[int]:
    """The goals of a climber, sample by sample, where `rate(goal)` finish a second and always some P is idle."""
    assert callable(rate)
    climber, view = HillClimbing(sample_low_ns=10 * MS, sample_high_ns=20 * MS), FakeView(procs, seed)
    state = climber.start(view)
    assert isinstance(state, Climb)
    done, goals = 0.0, []
    for _ in range(seconds * 100):
        view.at_ns += 10 * MS
        done += rate(state.goal) * 0.01
        view.finished = int(done)
        view.threads = 1 + state.goal
        climber.may_create(state, view)
        goals.append(state.goal)
    return goals


def test_hill_climbing_adds_threads_while_they_bring_throughput() -> None:
    goals = climbed(lambda threads: 5_000 * threads)
    assert goals[0] == 4
    assert min(goals[-100:]) > 2 * 4


def test_hill_climbing_stays_low_where_threads_bring_nothing() -> None:
    goals = climbed(lambda threads: 50_000)
    assert max(goals[-100:]) <= 4 + 2


def test_hill_climbing_finds_about_where_throughput_stops_to_grow() -> None:
    goals = climbed(lambda threads: 5_000 * min(threads, 12), seconds=200)
    assert 8 <= sum(goals[-2_000:]) / 2_000 <= 20


def test_starving_work_gets_one_thread_each_half_second() -> None:
    climber, view = HillClimbing(), FakeView(2)
    state = climber.start(view)
    assert isinstance(state, Climb)
    view.runnable, view.threads = 3, 3
    answers = []
    for _ in range(5):
        answers.append((climber.may_create(state, view), state.goal))
        view.at_ns += 250 * MS
    assert answers == [(False, 2), (False, 2), (True, 3), (True, 3), (True, 4)]


def test_a_thread_above_the_goal_ends_when_it_parks() -> None:
    climber, view = HillClimbing(least=2), FakeView(8)
    state = climber.start(view)
    view.threads = 3
    assert climber.retire_after_ns(state, view, 2) == 20_000 * MS
    view.threads = 4
    assert climber.retire_after_ns(state, view, 2) == 0


def test_the_gate_thread_wants_an_m_only_where_nothing_finished_since_its_last_look() -> None:
    gate, view = GateThread(), FakeView(2)
    state = gate.start(view)
    view.runnable = 1
    assert ordered(gate, state, view).start_ms == 1
    view.finished = 5
    assert ordered(gate, state, view).start_ms == 0
    assert ordered(gate, state, view).start_ms == 1
    view.runnable = 0
    assert ordered(gate, state, view).start_ms == 0


def test_gos_control_is_never_asked() -> None:
    assert NoControl().period_ns == 0


def test_balance_moves_half_the_difference_to_the_shortest_busy_queue() -> None:
    view = FakeView(4)
    view.queued, view.idle_ps = [1, 9, 0, 3], [False, False, True, False]
    assert ordered(Balance(), None, view).moves == [(4, 1, 0)]
    view.queued = [2, 3, 0, 3]
    assert ordered(Balance(), None, view).moves == []


def test_cores_follow_the_queueing_delay() -> None:
    control, view = AllocateByDelay(), FakeView(4)
    state = control.start(view)

    def after(elapsed_ns: int, finished: int, waiting: int) -> int:
        view.at_ns += elapsed_ns
        view.finished += finished
        view.runnable = waiting
        return ordered(control, state, view).procs

    assert after(5_000, 10, 0) == 3  # no delay
    assert after(5_000, 10, 4) == -1  # 2 us: within the range
    assert after(5_000, 10, 20) == -1  # 10 us, and already all Ps
    view.n_procs = 2
    assert after(5_000, 10, 20) == 3
    assert after(5_000, 0, 1) == 3  # nothing finished: at least 5 us


def test_cores_follow_the_utilization() -> None:
    control, view = AllocateByUtilization(), FakeView(4)
    state = control.start(view)
    view.running = [1, 1, 1, -1]
    assert ordered(control, state, view).procs == -1
    view.running = [-1] * 4
    assert ordered(control, state, view).procs == 3
    view.n_procs = 1
    assert ordered(control, state, view).procs == -1
    view.n_procs, view.running = 3, [1, 2, 3, -1]
    assert [ordered(control, state, view).procs for _ in range(9)][-1] == 4


def test_a_climber_of_ps_stays_between_one_and_all() -> None:
    control, view = ClimbProcs(), FakeView(8)
    state = control.start(view)
    for _ in range(500):
        view.at_ns += 10 * MS
        # A program that gets slower with every P beyond the second.
        view.finished += 1_000 // view.n_procs
        procs = ordered(control, state, view).procs
        assert procs == -1 or 1 <= procs <= 8
        if procs > 0:
            view.n_procs = procs
    assert view.n_procs < 8
