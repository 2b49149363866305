"""Whether an M is woken because a G became runnable, and when.

Asked after each put (a go statement, a ready, a Gosched, an arrival), and by the last spinning M that found work. The
core wakes nobody where no P is idle, whatever the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import View, Wake, at_least


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeIfNoneSpinning(Wake):
    """One M, if none spins: it will wake the next when it has found work, so wake-ups do not come in herds.

    Go: proc.go: wakep, resetspinning. tokio and .NET do the same.
    """

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        """0 if nmspinning == 0, else -1."""
        return 0 if view.nmspinning() == 0 else -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeAlways(Wake):
    """One M for every G, as long as a P is idle. Go: proc.c of 1.0: matchmg; the thundering herd of #13527."""

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        """0."""
        return 0


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeIfTooFewSpin(Wake):
    """One M, while fewer spin than Gs wait: as many are awake as there is work for.

    Source: rayon-core/src/sleep/mod.rs: Sleep::new_jobs. Differs: rayon compares with the jobs of this put, and with the
    queue that takes them; here all that wait count.
    """

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        """0 if nmspinning < n_runnable, else -1."""
        return 0 if view.nmspinning() < view.n_runnable() else -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeNever(Wake):
    """None. Work that arrives while all Ms sleep is stranded, and the run ends with a `PolicyError` that says so.

    For models without wake-ups (the stealing fixed points of Mitzenmacher 1998), together with `SpinAlways`.
    """

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        """-1."""
        return -1


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class WakeAfter(Wake):
    """One M after `after_ns`, if none spins and there is still work then.

    Gives up work conservation for a short while, to save wake-ups: go.dev/issue/54622.

    Parameters
    ----------
    after_ns : int
        The delay, in ns.
    """

    after_ns: int = 10_000

    def check(self) -> None:
        super().check()
        at_least(self, 0, "after_ns")

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        """`after_ns` if nmspinning == 0, else -1."""
        return self.after_ns if view.nmspinning() == 0 else -1
