"""When an M is made, retired, refused.

`may_create` is asked when an M is wanted and none is idle; `retire_after_ns` when an M parks on midle. Neither is
asked about sysmon, nor about an M that waits for its locked G.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Machines, View
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

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """`idle_ns`."""
        return self.idle_ns


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class KeepIdle(KeepThreads):
    """At most `n` idle Ms stay; one more ends at once. Proposed in go.dev/issue/14592."""

    n: int = 8

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """0 if more than `n` are idle, this one included; else -1."""
        return 0 if view.nmidle() > self.n else -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class FixedThreads(KeepThreads):
    """`n` Ms, no more. A P that finds none waits until one is free.

    Parameters
    ----------
    n : int
        Ms; 0: as many as there are Ps.
    besides : int
        Ms that do not count: sysmon. A `View` does not tell whether there is one; 0 where `Rules.sysmon` is off.
    """

    n: int = 0
    besides: int = 1

    def may_create(self, state: object, view: View) -> bool:
        """Whether fewer than `n` exist."""
        limit: i64 = self.n if self.n > 0 else view.procs()
        return view.n_threads() - self.besides < limit


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

    def __init__(self, size: i64, goal: i64, now_ns: i64, finished: i64, interval_ns: i64) -> None:
        self.size: i64 = size
        self.goal: i64 = goal
        self.last_goal: i64 = goal
        self.setting: float = float(goal)
        self.noise: float = 0.0
        self.total: i64 = 0
        self.since_ns: i64 = now_ns
        self.finished: i64 = finished
        self.interval_ns: i64 = interval_ns
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
    """|z|."""
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
        Samples in a wave, at least 2; waves that are remembered.
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
        A sample with fewer completions than goal * 100 / `max_error_percent` is lengthened; weight of the newest noise.
    gain_percent : int
        A move is its size to this power: 200 is 2.0, small moves are made smaller.
    starve_ns, idle_ns : int
        After so long without a completion one is added; after so long idle one ends.
    least, greatest : int
        Bounds of the goal; `least` 0: as many as there are Ps.
    besides : int
        Ms that do not count: sysmon.

    Notes
    -----
    The constants are .NET's (clrconfignames.h: HillClimbing_*; PortableThreadPool.HillClimbing.cs). Simplified: a
    completion is a G's exit; .NET also counts a work item that is one of many. The sample is taken when the component
    is asked, not at each completion. .NET refuses to grow above 95 % CPU; here, while no P is idle. Where more threads
    only did harm at the least goal, .NET lengthens the next sample; here not. Starvation is seen from completions, not
    from dequeues, which a `View` does not count, and only when an M is wanted: `GateThread` sees to it that one is. A
    component's state is its own, so `GateThread` cannot raise the goal itself; both look at the same facts.
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
    besides: int = 1

    def start(self, view: View) -> object:
        """The goal is the least; the first sample begins."""
        goal: i64 = self.least if self.least > 0 else view.procs()
        return Climb(self.wave_period * self.history, goal, view.now_ns(), view.n_finished(), self.interval(view))

    def may_create(self, state: object, view: View) -> bool:
        """Whether fewer than the goal exist."""
        assert isinstance(state, Climb), "HillClimbing.may_create: the state must be that of HillClimbing.start"
        self.observe(state, view)
        return view.n_threads() - self.besides < state.goal

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """0 above the goal, else `idle_ns`."""
        assert isinstance(state, Climb), "HillClimbing.retire_after_ns: the state must be that of HillClimbing.start"
        self.observe(state, view)
        return 0 if view.n_threads() - self.besides > state.goal else self.idle_ns

    def interval(self, view: View) -> i64:
        """How long the next samples last, in ns."""
        spread: i64 = self.sample_high_ns - self.sample_low_ns
        return self.sample_low_ns + view.below(spread + 1)

    def observe(self, at: Climb, view: View) -> None:
        """Take the sample that is due, and add a thread where work starves."""
        now = view.now_ns()
        finished = view.n_finished()
        if finished != at.seen or view.n_runnable() == 0:
            at.seen = finished
            at.progress_ns = now
        elif now - at.progress_ns >= self.starve_ns:
            at.progress_ns = now
            if at.goal < self.greatest:
                self.change(at, view, at.goal + 1)
        if now - at.since_ns >= at.interval_ns and now > at.since_ns:
            self.sample(at, view, now, finished)

    def change(self, at: Climb, view: View, goal: i64) -> None:
        """The goal is another one from now on."""
        at.goal = goal
        at.interval_ns = self.interval(view)

    def sample(self, at: Climb, view: View, now: i64, finished: i64) -> None:
        """One sample more, and what follows from it. .NET: HillClimbing.Update."""
        if at.goal != at.last_goal:
            at.setting += float(at.goal - at.last_goal)
            at.last_goal = at.goal
        n = finished - at.finished
        if at.total > 0 and (at.goal - 1) * 100 >= n * self.max_error_percent and at.goal > 1:
            return
        seconds = float(now - at.since_ns) / 1e9
        at.throughput[at.total % at.size] = float(n) / seconds
        at.goals[at.total % at.size] = float(at.goal)
        at.total += 1
        at.since_ns = now
        at.finished = finished
        self.move(at, view, seconds)

    def move(self, at: Climb, view: View, seconds: float) -> None:
        """Set the goal by the samples so far."""
        period: i64 = self.wave_period
        taken = at.total - 1
        if taken > at.size:
            taken = at.size
        count = taken // period * period
        ratio = 0.0
        confidence = 0.0
        if count > period:
            mean = at.mean(at.throughput, count)
            goals = at.mean(at.goals, count)
            if mean > 0.0 and goals > 0.0:
                up = at.wave(at.throughput, count, float(period))
                waves = float(count) / float(period)
                error = magnitude(at.wave(at.throughput, count, float(count) / (waves + 1.0))) / mean
                other = magnitude(at.wave(at.throughput, count, float(count) / (waves - 1.0))) / mean
                if other > error:
                    error = other
                by = at.wave(at.goals, count, float(period))
                share = float(self.smoothing_percent) / 100.0
                at.noise = error if at.noise == 0.0 else share * error + (1.0 - share) * at.noise
                size2 = by[0] * by[0] + by[1] * by[1]
                if size2 > 0.0:
                    # The real part of (throughput wave / thread wave), both relative to their means, less the bias.
                    ratio = (up[0] * by[0] + up[1] * by[1]) / size2 * goals / mean - float(self.bias_percent) / 100.0
                worst = at.noise if at.noise > error else error
                confidence = magnitude(by) / goals / worst / (float(self.snr_percent) / 100.0) if worst > 0.0 else 1.0
        step = clamp(ratio, -1.0, 1.0) * clamp(confidence, 0.0, 1.0)
        gain = float(self.max_change_per_second) * seconds
        size = step if step >= 0.0 else -step
        if size > 0.0:
            size = exp(float(self.gain_percent) / 100.0 * log(size)) * gain
            if step > 0.0 and size > float(self.max_change_per_sample):
                size = float(self.max_change_per_sample)
            if step < 0.0:
                at.setting -= size
            elif view.npidle() > 0:
                at.setting += size
        wanted = at.setting * at.noise * (float(self.snr_percent) / 100.0) * (float(self.wave_percent) / 100.0) * 2.0
        # Clamped as a float first: after a run of odd samples it may exceed every int.
        height = i64(clamp(0.5 + wanted, 1.0, float(self.max_wave)))
        least: i64 = self.least if self.least > 0 else view.procs()
        most: i64 = self.greatest
        if at.setting > float(most - height):
            at.setting = float(most - height)
        if at.setting < float(least):
            at.setting = float(least)
        half: i64 = period // 2
        goal = i64(at.setting) + height * (at.total // half % 2)
        if goal > most:
            goal = most
        if goal < least:
            goal = least
        if goal != at.goal:
            self.change(at, view, goal)
            at.last_goal = goal


def clamp(x: float, low: float, high: float) -> float:
    """x, or the nearer bound."""
    if x < low:
        return low
    return high if x > high else x
