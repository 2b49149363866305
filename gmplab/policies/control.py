"""What is changed periodically: the number of Ps, Ms that are started or retired, Gs that are moved.

sysmon asks every `period_ns`, as far as its own cadence lets it; without a sysmon (`Rules.sysmon`) nobody does. The
component writes its wishes on the `Orders` sheet; one that writes nothing changes nothing. Go has no counterpart: its
GOMAXPROCS is the program's, and sysmon moves no G.

Another number of Ps is set by a goroutine of the system, which waits in the global queue as Go's own does. Under overload
it waits behind what is queued locally, up to `fair_tick` of them; with `GoQueues(fair_tick=1)` it is next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from mypy_extensions import i64, mypyc_attr

from gmplab.policies.machines import Climb, HillClimbing
from gmplab.runtime.contracts import Control, Orders, View, at_least
from gmplab.vocabulary import NO_G


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoControl(Control):
    """Nothing is changed: with a period of 0 it is never asked. Go's."""


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Balance(Control):
    """Half the difference of the longest and the shortest queue moves over; idle Ps are left to thieves.

    Like the load balancer of Linux's CFS, and BEAM's migration paths.

    Parameters
    ----------
    period_ns : int
        In ns.
    """

    period_ns: int = 1_000_000

    def act(self, state: object, view: View, orders: Orders) -> None:
        """At most one move."""
        most: i64 = 0
        least: i64 = -1
        p: i64 = 0
        while p < view.procs():
            if view.queue_len(p) > view.queue_len(most):
                most = p
            if not view.idle(p) and (least < 0 or view.queue_len(p) < view.queue_len(least)):
                least = p
            p += 1
        if least >= 0 and view.queue_len(most) > view.queue_len(least) + 1:
            orders.move((view.queue_len(most) - view.queue_len(least)) // 2, most, least)


@final
class Allocation:
    """What a core allocator remembers: the greatest number of Ps, and what it saw at its last look."""

    def __init__(self, most: i64, now_ns: i64, finished: i64) -> None:
        self.most: i64 = most
        self.now_ns: i64 = now_ns
        self.finished: i64 = finished
        self.mean: float = -1.0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class AllocateByDelay(Control):
    """A P more when the queueing delay exceeds `high_ns`, one less below `low_ns`; from 1 to the run's first number.

    The delay is estimated by Little's law, Gs that wait / completions since the last look, since a `View` does not
    list who is queued. Source: "delay range" of McClure, Ousterhout, Shenker, Ratnasamy 2022 (1 to 4 us every 5 us);
    Shenango and Caladan add a core when a G waits longer than a period.

    Parameters
    ----------
    period_ns, low_ns, high_ns : int
        In ns. sysmon's own cadence is coarser: a period below 20 us needs a sysmon that is hot.
    """

    period_ns: int = 5_000
    low_ns: int = 1_000
    high_ns: int = 4_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "low_ns")
        at_least(self, self.low_ns, "high_ns")

    def start(self, view: View) -> object:
        """The first look."""
        return Allocation(view.procs(), view.now_ns(), view.n_finished())

    def act(self, state: object, view: View, orders: Orders) -> None:
        """At most one P more or less."""
        assert isinstance(state, Allocation), "AllocateByDelay.act: the state must be that of AllocateByDelay.start"
        now = view.now_ns()
        n = view.n_finished() - state.finished
        elapsed = now - state.now_ns
        waiting = view.n_runnable()
        # With no completion the delay is at least the time since the last look, if anybody waits.
        delay: i64 = waiting * elapsed // n if n > 0 else (elapsed if waiting > 0 else 0)
        state.now_ns = now
        state.finished = view.n_finished()
        procs = view.procs()
        if delay > self.high_ns and procs < state.most:
            orders.set_procs(procs + 1)
        elif delay < self.low_ns and procs > 1:
            orders.set_procs(procs - 1)


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class AllocateByUtilization(Control):
    """A P more when the Ps are busier than `high_percent`, one less below `low_percent`; between 1 and the run's.

    Source: "utilization range" of McClure, Ousterhout, Shenker, Ratnasamy 2022 (75 to 95 %). Differs: what is averaged
    is the share of Ps that run a G at the looks, the newest weighing a quarter; theirs is the time between looks.

    Parameters
    ----------
    period_ns : int
        In ns.
    low_percent, high_percent : int
        Busy Ps.
    """

    period_ns: int = 20_000
    low_percent: int = 75
    high_percent: int = 95

    def check(self) -> None:
        super().check()
        at_least(self, 0, "low_percent")
        at_least(self, self.low_percent, "high_percent")

    def start(self, view: View) -> object:
        """Nothing seen yet."""
        return Allocation(view.procs(), view.now_ns(), view.n_finished())

    def act(self, state: object, view: View, orders: Orders) -> None:
        """At most one P more or less."""
        assert isinstance(state, Allocation), "AllocateByUtilization.act: the state must be that of its start"
        procs = view.procs()
        busy: i64 = 0
        p: i64 = 0
        while p < procs:
            if view.running_g(p) != NO_G:
                busy += 1
            p += 1
        now = 100.0 * float(busy) / float(procs)
        state.mean = now if state.mean < 0.0 else 0.75 * state.mean + 0.25 * now
        if state.mean > float(self.high_percent) and procs < state.most:
            orders.set_procs(procs + 1)
        elif state.mean < float(self.low_percent) and procs > 1:
            orders.set_procs(procs - 1)


@final
class ClimbedProcs:
    """The climber of Ps, and the number that they may not exceed."""

    def __init__(self, climber: HillClimbing, at: Climb) -> None:
        self.climber: HillClimbing = climber
        self.at: Climb = at


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class ClimbProcs(Control):
    """As many Ps as give the most completions a second, found by `HillClimbing`; between 1 and what the run began with.

    Parameters
    ----------
    period_ns : int
        Between two looks, in ns; a sample is one to two periods long.

    Notes
    -----
    The algorithm and constants are .NET's, which climbs in threads; climbing in Ps is ours. Starvation adds none.
    """

    period_ns: int = 10_000_000

    def check(self) -> None:
        super().check()
        at_least(self, 1, "period_ns")

    def start(self, view: View) -> object:
        """A climber that begins with all Ps."""
        climber = HillClimbing(
            least=1, greatest=view.procs(), sample_low_ns=self.period_ns, sample_high_ns=2 * self.period_ns,
            starve_ns=1 << 62, max_wave=1,
        )
        at = Climb(
            climber.wave_period * climber.history, view.procs(), view.now_ns(), view.n_finished(), self.period_ns
        )
        return ClimbedProcs(climber, at)

    def act(self, state: object, view: View, orders: Orders) -> None:
        """Set the number of Ps to the climber's goal."""
        assert isinstance(state, ClimbedProcs), "ClimbProcs.act: the state must be that of ClimbProcs.start"
        state.climber.observe(state.at, view)
        if state.at.goal != view.procs():
            orders.set_procs(state.at.goal)


@final
class LastLook:
    """How many had finished when the gate thread last looked."""

    def __init__(self, finished: i64) -> None:
        self.finished: i64 = finished


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class GateThread(Control):
    """.NET's gate thread: an M is wanted when Gs wait and none finished since the last look, 500 ms ago.

    It asks as every other does, so `Machines.may_create` decides; `HillClimbing` then sees the same starvation. Source:
    PortableThreadPool.GateThread.cs: GateThreadStart, SufficientDelaySinceLastDequeue (dotnet/runtime at 03a2886e6c).
    Differs: completions stand for dequeues; .NET waits a second for each thread of the goal where the CPU is busy to 80 %
    or more, here an M starts only where a P is idle.

    Parameters
    ----------
    period_ns : int
        In ns.
    """

    period_ns: int = 500_000_000

    def start(self, view: View) -> object:
        """The first look."""
        return LastLook(view.n_finished())

    def act(self, state: object, view: View, orders: Orders) -> None:
        """At most one M."""
        assert isinstance(state, LastLook), "GateThread.act: the state must be that of GateThread.start"
        if view.n_runnable() > 0 and view.n_finished() == state.finished:
            orders.start(1)
        state.finished = view.n_finished()
