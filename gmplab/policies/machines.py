"""When an M is made, retired, refused.

`may_create` is asked when an M is wanted and none is idle; `retire_after_ns` when an M parks on midle. Neither is
asked about sysmon, nor about an M that waits for its locked G.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Machines, View, at_least
from gmplab.runtime.dice import exp, log

PI: Final = 3.141592653589793


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class KeepThreads(Machines):
    """One is made whenever none is idle; an idle one stays for ever (go.dev/issue/14592).

    Go: proc.go: startm, newm, stopm, checkmcount (10000 Ms, since 1.2).
    """

    def may_create(self, state: object, view: View) -> bool:
        """Always."""
        return True

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """-1: never."""
        return -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class RetireAfter(KeepThreads):
    """An M that was idle for `idle_ns` ends: in java and Kotlin after 60 s, in .NET 20 s, tokio's blocking ones 10 s.

    Parameters
    ----------
    idle_ns : int
        In ns.
    """

    idle_ns: int = 50_000_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "idle_ns")

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """`idle_ns`."""
        return self.idle_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class KeepIdle(KeepThreads):
    """At most `n` idle Ms stay; one more ends at once. Proposed in go.dev/issue/14592."""

    n: int = 8

    def check(self) -> None:
        super().check()
        at_least(self, 0, "n")

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """0 if more than `n` are idle, this one included; else -1."""
        return 0 if view.nmidle() > self.n else -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class FixedThreads(KeepThreads):
    """`n` Ms, no more, sysmon not counted. A P that finds none idles until one is free, its Gs in the global queue.

    A cap that blocks; Go's own crashes the program instead (`max_threads`). An M in a syscall counts, so with `NoHandoff`
    this is a pool of threads, and with `HandoffAtOnce` a bound on how many syscalls overlap. An M that is locked to a
    goroutine (LockOSThread) runs no other: where all are, and their goroutines wait, the run is a deadlock, though others
    are runnable or sleep.

    Parameters
    ----------
    n : int
        Ms; 0: as many as there are Ps.
    """

    n: int = 0

    def check(self) -> None:
        super().check()
        at_least(self, 0, "n")

    def may_create(self, state: object, view: View) -> bool:
        """Whether fewer than `n` exist."""
        limit: i64 = self.n if self.n > 0 else view.procs()
        return view.n_threads() - view.nmsys() < limit


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class SpareThreads(KeepThreads):
    """An M for each P, and up to `spares` more to take the Ps of those in syscalls; who idles too long ends.

    Compensation: java's ForkJoinPool makes a spare where a worker blocks in a ManagedBlocker, Kotlin's scheduler one where
    a blocking task gives its CPU permit away. It does something only where the handoff frees the P.

    Parameters
    ----------
    spares : int
        Ms beyond one a P, sysmon not counted. When all are used a P without an M idles.
    idle_ns : int
        How long, in ns, an M idles that parked while there were more of them than Ps; the others stay for ever.

    Notes
    -----
    Differs: Kotlin counts again when the time is over, so that one a P stays; here a burst of spares may end as a whole.
    """

    spares: int = 256
    idle_ns: int = 60_000_000_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "spares", "idle_ns")

    def may_create(self, state: object, view: View) -> bool:
        """Whether fewer than procs + `spares` exist."""
        return view.n_threads() - view.nmsys() < view.procs() + self.spares

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """`idle_ns` while there are more Ms than Ps, else -1."""
        return self.idle_ns if view.n_threads() - view.nmsys() > view.procs() else -1


def sine(x: float) -> float:
    """sin(x) for 0 <= x <= 3 pi, by Taylor's series; error below 1e-13. libm differs between machines."""
    while x > PI:
        x -= 2.0 * PI
    term = x
    total = x
    for k in range(1, 15):
        term *= -x * x / float((2 * k) * (2 * k + 1))
        total += term
    return total


def cosine(x: float) -> float:
    """cos(x) for 0 <= x <= 2 pi."""
    return sine(x + PI / 2.0)


@final
class Climb:
    """Where a hill climber stands: its samples, and what it concluded from them."""

    def __init__(self, size: i64, goal: i64, now_ns: i64, finished: i64, length_ns: i64) -> None:
        self.size: i64 = size
        self.goal: i64 = goal
        self.setting: float = float(goal)
        self.noise: float = 0.0
        self.total: i64 = 0
        # The sample under way: since when, what had finished then, how long samples are meant to last, when it is due.
        self.since_ns: i64 = now_ns
        self.finished: i64 = finished
        self.length_ns: i64 = length_ns
        self.due_ns: i64 = now_ns + length_ns
        # The last that finished, for starvation.
        self.seen: i64 = finished
        self.progress_ns: i64 = now_ns
        self.throughput: list[float] = [0.0] * size
        self.goals: list[float] = [0.0] * size

    def last(self, of: list[float], count: i64, i: i64) -> float:
        """The i-th of the last `count` samples."""
        return of[(self.total - count + i) % self.size]

    def mean(self, of: list[float], count: i64) -> float:
        """The mean of the last `count` samples."""
        total = 0.0
        i: i64 = 0
        while i < count:
            total += self.last(of, count, i)
            i += 1
        return total / float(count)

    def wave(self, of: list[float], count: i64, period: float) -> tuple[float, float]:
        """The part of the last `count` samples that has this period: (real, imaginary), by Goertzel's algorithm."""
        w = 2.0 * PI / period
        c = cosine(w)
        q1 = 0.0
        q2 = 0.0
        i: i64 = 0
        while i < count:
            q0 = 2.0 * c * q1 - q2 + self.last(of, count, i)
            q2 = q1
            q1 = q0
            i += 1
        return ((q1 - q2 * c) / float(count), q2 * sine(w) / float(count))


def root(x: float) -> float:
    """The square root of x >= 0."""
    return exp(0.5 * log(x)) if x > 0.0 else 0.0


def magnitude(z: tuple[float, float]) -> float:
    """The length of z."""
    return root(z[0] * z[0] + z[1] * z[1])


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class HillClimbing(KeepThreads):
    """.NET's thread pool: as many Ms as give the most completions a second, found by trying.

    The goal is moved up and down in a small square wave of `wave_period` samples. The component of that period in the
    throughput, divided by the one in the goal, says whether more threads help, and its ratio to the noise (the
    components of the neighbouring periods) how sure that is. Besides, the goal grows by one when Gs wait and none has
    finished for `starve_ns`. An M above the goal ends when it parks, another after `idle_ns`.

    Parameters
    ----------
    wave_period, history : int
        Samples in a wave; waves that are remembered. At least 2 of each.
    max_wave, wave_percent : int
        The wave's greatest height, in threads; its height relative to what the noise asks for.
    bias_percent : int
        How much more throughput a thread must bring, relative to its share, to be worth it.
    snr_percent : int
        The signal to noise ratio that counts as certain: 300 is 3.0.
    max_change_per_second, max_change_per_sample : int
        Threads.
    sample_low_ns, sample_high_ns : int
        A sample lasts a random time between these; drawn anew at each change of the goal.
    max_error_percent, smoothing_percent : int
        A sample with no more than (goal - 1) * 100 / `max_error_percent` completions goes on for another
        `sample_low_ns`; weight of the newest noise.
    gain_percent : int
        A move is its size to this power: 200 is 2.0, small moves are made smaller.
    starve_ns, idle_ns : int
        After so long without a completion one is added; after so long idle one ends.
    least, greatest : int
        Bounds of the goal; `least` 0: as many as there are Ps.

    Notes
    -----
    The steps, their order and the constants are those of PortableThreadPool.HillClimbing.cs: Update, GetWaveComponent, and
    PortableThreadPool.cs: AdjustMaxWorkersActive (read in dotnet/runtime at 04326b6dd1 and 046456bb3d). Differs:

    - a completion is a G's exit; .NET also counts a work item that is one of many;
    - the sample is taken when the component is asked (an M is wanted, or parks), not at each completion;
    - .NET refuses to grow above 95 % CPU; here, while no P is idle;
    - .NET's workers above the goal stop working at their next work item and end after 20 s; here they go on until they
      park, and end then, since a `Machines` component is not asked in between;
    - .NET lowers the goal when an idle thread ends; here the component does not learn of it;
    - starvation is seen from completions, not from dequeues, which a `View` does not count, and only when an M is
      wanted: `GateThread` sees to it that one is. A component's state is its own, so `GateThread` cannot raise the goal
      itself; both look at the same facts.
    """

    wave_period: int = 4
    history: int = 8
    max_wave: int = 20
    wave_percent: int = 100
    bias_percent: int = 15
    snr_percent: int = 300
    max_change_per_second: int = 4
    max_change_per_sample: int = 20
    sample_low_ns: int = 10_000_000
    sample_high_ns: int = 200_000_000
    max_error_percent: int = 15
    smoothing_percent: int = 1
    gain_percent: int = 200
    starve_ns: int = 500_000_000
    idle_ns: int = 20_000_000_000
    least: int = 0
    greatest: int = 32_767

    def check(self) -> None:
        super().check()
        at_least(self, 2, "wave_period", "history")
        at_least(self, 0, "bias_percent", "smoothing_percent", "wave_percent", "max_change_per_second", "idle_ns", "least")
        at_least(
            self, 1, "max_wave", "snr_percent", "max_change_per_sample", "sample_low_ns", "max_error_percent", "gain_percent",
            "starve_ns",
        )
        at_least(self, self.sample_low_ns, "sample_high_ns")
        at_least(self, self.least if self.least > 1 else 1, "greatest")

    def start(self, view: View) -> object:
        """The goal is the least; the first sample begins."""
        return Climb(
            self.wave_period * self.history, self.lowest(view), view.now_ns(), view.n_finished(), self.length(view)
        )

    def may_create(self, state: object, view: View) -> bool:
        """Whether fewer than the goal exist."""
        assert isinstance(state, Climb), "HillClimbing.may_create: the state must be that of HillClimbing.start"
        self.observe(state, view)
        return view.n_threads() - view.nmsys() < state.goal

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """0 above the goal, else `idle_ns`."""
        assert isinstance(state, Climb), "HillClimbing.retire_after_ns: the state must be that of HillClimbing.start"
        self.observe(state, view)
        return 0 if view.n_threads() - view.nmsys() > state.goal else self.idle_ns

    def lowest(self, view: View) -> i64:
        """The goal's lower bound."""
        return self.least if self.least > 0 else view.procs()

    def length(self, view: View) -> i64:
        """How long the next samples last, in ns. .NET: ChangeThreadCount."""
        spread: i64 = self.sample_high_ns - self.sample_low_ns
        return self.sample_low_ns + view.below(spread + 1)

    def observe(self, at: Climb, view: View) -> None:
        """Add a thread where work starves, and take the sample that is due."""
        now = view.now_ns()
        finished = view.n_finished()
        if finished != at.seen or view.n_runnable() == 0:
            at.seen = finished
            at.progress_ns = now
        elif now - at.progress_ns >= self.starve_ns:
            at.progress_ns = now
            if at.goal < self.greatest:
                # .NET: ForceChange.
                at.goal += 1
                at.setting += 1.0
                at.length_ns = self.length(view)
        if now >= at.due_ns and now > at.since_ns:
            self.sample(at, view, now, finished)

    def sample(self, at: Climb, view: View, now: i64, finished: i64) -> None:
        """One sample more, and what follows from it. .NET: Update."""
        n = finished - at.finished
        # What each thread has under way is not counted: the error is goal - 1 of n. One thread makes none.
        if at.total > 0 and at.goal > 1 and (at.goal - 1) * 100 >= n * self.max_error_percent:
            at.due_ns = now + self.sample_low_ns
            return
        seconds = float(now - at.since_ns) / 1e9
        at.throughput[at.total % at.size] = float(n) / seconds
        at.goals[at.total % at.size] = float(at.goal)
        at.total += 1
        at.since_ns = now
        at.finished = finished
        ratio, confidence = self.measured(at)
        self.climb(at, view, seconds, ratio, confidence)
        at.due_ns = now + at.length_ns
        if ratio < 0.0 and at.goal == self.lowest(view):
            # It hurts to go higher, and there is no lower: try again only much later.
            at.due_ns = now + i64(0.5 + float(at.length_ns) * 10.0 * clamp(-ratio, 0.0, 1.0))

    def measured(self, at: Climb) -> tuple[float, float]:
        """By how much the throughput follows the goal, less the bias, and how sure that is: (0, 0) while too few samples."""
        taken = at.total - 1
        if taken > at.size:
            taken = at.size
        # A whole number of waves, or the frequency would lie between two that are measured.
        count = taken // self.wave_period * self.wave_period
        if count <= self.wave_period:
            return (0.0, 0.0)
        mean = at.mean(at.throughput, count)
        goals = at.mean(at.goals, count)
        if mean <= 0.0 or goals <= 0.0:
            return (0.0, 0.0)
        waves = float(count) / float(self.wave_period)
        up = at.wave(at.throughput, count, float(self.wave_period))
        by = at.wave(at.goals, count, float(self.wave_period))
        error = magnitude(at.wave(at.throughput, count, float(count) / (waves + 1.0))) / mean
        other = magnitude(at.wave(at.throughput, count, float(count) / (waves - 1.0))) / mean
        if other > error:
            error = other
        share = float(self.smoothing_percent) / 100.0
        at.noise = error if at.noise == 0.0 else share * error + (1.0 - share) * at.noise
        ratio = 0.0
        size2 = by[0] * by[0] + by[1] * by[1]
        if size2 > 0.0:
            # The real part of (throughput wave / goal wave), both relative to their means.
            ratio = (up[0] * by[0] + up[1] * by[1]) / size2 * goals / mean - float(self.bias_percent) / 100.0
        worst = at.noise if at.noise > error else error
        if worst <= 0.0:
            return (ratio, 1.0)
        return (ratio, magnitude(by) / goals / worst / (float(self.snr_percent) / 100.0))

    def climb(self, at: Climb, view: View, seconds: float, ratio: float, confidence: float) -> None:
        """Move the setting, and set the goal to it and the wave around it."""
        step = clamp(ratio, -1.0, 1.0) * clamp(confidence, 0.0, 1.0)
        size = step if step >= 0.0 else -step
        if size > 0.0:
            size = exp(float(self.gain_percent) / 100.0 * log(size)) * float(self.max_change_per_second) * seconds
            if step < 0.0:
                at.setting -= size
            elif view.npidle() > 0:
                at.setting += clamp(size, 0.0, float(self.max_change_per_sample))
        wanted = at.setting * at.noise * (float(self.snr_percent) / 100.0) * (float(self.wave_percent) / 100.0) * 2.0
        # Clamped as a float first: after a run of odd samples it may exceed every int.
        height = i64(clamp(0.5 + wanted, 1.0, float(self.max_wave)))
        lowest = self.lowest(view)
        most: i64 = self.greatest
        # The lower bound last: with room for no wave the setting stays at it.
        if at.setting > float(most - height):
            at.setting = float(most - height)
        if at.setting < float(lowest):
            at.setting = float(lowest)
        half: i64 = self.wave_period // 2
        goal = i64(at.setting) + height * (at.total // half % 2)
        if goal > most:
            goal = most
        if goal < lowest:
            goal = lowest
        if goal != at.goal:
            at.goal = goal
            at.length_ns = self.length(view)


def clamp(x: float, low: float, high: float) -> float:
    """x, or the nearer bound."""
    if x < low:
        return low
    return high if x > high else x
