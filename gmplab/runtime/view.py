"""What a policy component sees of a run, `View`, and the sheet on which one orders changes, `Orders`."""

from __future__ import annotations

from typing import final

from mypy_extensions import i64

from gmplab.runtime.distributions import Distribution


class View:
    """What a component may see of a run, now. The same in both builds and on threads.

    Examples
    --------
    >>> import gmplab
    >>> class ToTheShortest(gmplab.PlaceLocal):
    ...     def place(self, state, view, why, g, p):
    ...         return min(range(view.procs()), key=view.queue_len)
    >>> gmplab.run("fanout", n=20, policy=gmplab.policy_of("go").replace(place=ToTheShortest())).complete
    True
    """

    def now_ns(self) -> i64:
        """The current instant, ns since the start."""
        raise NotImplementedError

    def procs(self) -> i64:
        """GOMAXPROCS."""
        raise NotImplementedError

    def queue_len(self, p: i64) -> i64:
        """Gs in the local queue of p, without its runnext."""
        raise NotImplementedError

    def head(self, p: i64) -> i64:
        """The G at the head of the local queue of p, whom a thief takes first; NO_G if the queue is empty."""
        raise NotImplementedError

    def load(self, p: i64) -> i64:
        """Gs of p: its queue, its runnext and the one that runs or is about to."""
        raise NotImplementedError

    def has_runnext(self, p: i64) -> bool:
        raise NotImplementedError

    def global_len(self) -> i64:
        """Gs in the global queue."""
        raise NotImplementedError

    def idle(self, p: i64) -> bool:
        """Whether p is idle: on pidle, or on its way to an M that was woken for it."""
        raise NotImplementedError

    def running_g(self, p: i64) -> i64:
        """The G that runs on p, or NO_G."""
        raise NotImplementedError

    def running_ns(self, p: i64) -> i64:
        """How long the G on p has been running, 0 if none."""
        raise NotImplementedError

    def npidle(self) -> i64:
        """Ps on pidle."""
        raise NotImplementedError

    def nmspinning(self) -> i64:
        raise NotImplementedError

    def rounds(self, p: i64) -> i64:
        """Rounds of passes that found nothing, by the M on p since it spins: 0 in its first round, and if it does not spin."""
        raise NotImplementedError

    def nmidle(self) -> i64:
        """Ms parked on midle."""
        raise NotImplementedError

    def n_threads(self) -> i64:
        """Ms that exist, sysmon included."""
        raise NotImplementedError

    def nmsys(self) -> i64:
        """Ms among them that run no G: sysmon, where there is one."""
        raise NotImplementedError

    def n_runnable(self) -> i64:
        """Gs that are runnable and not running."""
        raise NotImplementedError

    def n_finished(self) -> i64:
        """Gs that have exited."""
        raise NotImplementedError

    def ready_ns(self, g: i64) -> i64:
        """Since when g is runnable (an instant)."""
        raise NotImplementedError

    def attained_ns(self, g: i64) -> i64:
        """How long g has run in all."""
        raise NotImplementedError

    def remaining_ns(self, g: i64) -> i64:
        """What is left of the compute that g is in, or all of the one that it is about to begin; 0 if unknown.

        Known ahead of op programs alone: what a Python body will ask for next, nobody can tell.
        """
        raise NotImplementedError

    def weight(self, g: i64) -> i64:
        raise NotImplementedError

    def deadline_ns(self, g: i64) -> i64:
        """The instant given to `go(deadline=)`, -1 if none."""
        raise NotImplementedError

    def cls(self, g: i64) -> str:
        """The class given to `go(cls=)`, "" if none."""
        raise NotImplementedError

    def last_p(self, g: i64) -> i64:
        """The P that g last ran on, NO_P if none."""
        raise NotImplementedError

    def group(self, p: i64) -> i64:
        """The group of p in the run's Topology."""
        raise NotImplementedError

    def below(self, n: i64) -> i64:
        """A random int in [0, n), from the run's seed."""
        raise NotImplementedError

    def ns(self, distribution: Distribution) -> i64:
        """A random duration, from the run's seed."""
        raise NotImplementedError


@final
class Orders:
    """The sheet on which a `Control` writes what it wants; the core carries it out.

    Examples
    --------
    >>> import gmplab
    >>> orders = gmplab.Orders()
    >>> orders.set_procs(2)
    >>> orders.move(3, 0, 1)
    >>> orders.procs, orders.moves
    (2, [(3, 0, 1)])
    """

    def __init__(self) -> None:
        self.procs: i64 = -1
        self.start_ms: i64 = 0
        self.retire_ms: i64 = 0
        self.moves: list[tuple[int, int, int]] = []

    def set_procs(self, n: i64) -> None:
        """Use n Ps from now on, 1 to MAX_PROCS.

        A goroutine of the system stops the world for it (`Costs.stw`), as Go does where the number of CPUs changes; so it
        takes effect a little later. A program that has set GOMAXPROCS itself keeps what it set.
        """
        self.procs = n

    def start(self, n: i64) -> None:
        """Start n Ms, each with an idle P; fewer where fewer Ps idle or the machines policy refuses."""
        self.start_ms = n

    def retire(self, n: i64) -> None:
        """End n of the Ms on midle, the ones that idle longest first; m0 cannot end."""
        self.retire_ms = n

    def move(self, n: i64, from_p: i64, to_p: i64) -> None:
        """Move n Gs, or as many as there are and have room, from the head of one P's queue to the tail of another's.

        An idle P gets none: its queue must be empty, and whoever starts it will steal.
        """
        self.moves.append((n, from_p, to_p))
