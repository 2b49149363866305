"""The ten concerns of a scheduler, each with the question that its component answers. The core checks every answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.component import Component, at_least, one_of, yes_or_no
from gmplab.runtime.view import Orders, View

# Why a G looks for a queue: the argument `why` of Place.place and Wake.delay_ns.
FOR_NEW: Final = 0
FOR_READY: Final = 1
FOR_ARRIVAL: Final = 2
FOR_YIELD: Final = 3

ORDERS: Final = ("fifo", "lifo", "random", "rank")
PREEMPT_MODES: Final = ("async", "cooperative", "none")
MAX_PROBES: Final = 1_000_000


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Queues(Component):
    """How run queues hold Gs.

    Parameters
    ----------
    capacity : int
        Room of a local queue; 0: none, all goes to the global queue; -1: it grows without bound.
    spill_divisor : int
        A full queue sends its oldest capacity // spill_divisor, and the new G, to the global queue.
    runnext : bool
        Whether a P has a runnext slot, which a readied or new G takes.
    inherit_slice : bool
        Whether a G from runnext inherits the time slice, and does not advance schedtick.
    runnext_limit : int
        Most Gs in a row from runnext before the queue is looked at first; 0: no limit.
    fair_tick : int
        Every so many schedticks the global queue is looked at first; 0: never.
    batch_cap : int
        Most Gs that one look takes from the global queue.
    order : {"fifo", "lifo", "random", "rank"}
        Which queued G runs next; "rank": the least `rank`, equals first come first.
    global_fifo : bool
        Whether the global queue is first come, first served whatever the order of the local ones.

    Examples
    --------
    >>> import gmplab
    >>> lifo = gmplab.policy_of("go").replace(queues=gmplab.LifoQueue())
    >>> [gmplab.run("fanout", n=9, procs=1, policy=policy).schedule["g"].tolist()[:4] for policy in ("go", lifo)]
    [[1, 10, 2, 3], [1, 10, 9, 8]]
    """

    capacity: int = 256
    spill_divisor: int = 2
    runnext: bool = True
    inherit_slice: bool = True
    runnext_limit: int = 0
    fair_tick: int = 61
    batch_cap: int = 128
    order: str = "fifo"
    global_fifo: bool = False

    def check(self) -> None:
        at_least(self, -1, "capacity")
        at_least(self, 0, "runnext_limit", "fair_tick")
        at_least(self, 1, "spill_divisor", "batch_cap")
        yes_or_no(self, "runnext", "inherit_slice", "global_fifo")
        one_of(self, "order", ORDERS)

    def global_batch(self, state: object, view: View, size: i64) -> i64:
        """How many Gs one look takes from the global queue of `size` > 0: 1 to size."""
        raise NotImplementedError

    def rank(self, state: object, view: View, g: i64) -> i64:
        """With order="rank": the number by which g is queued, smaller first. Asked once, at the put."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Place(Component):
    """Which queue takes a G that became runnable.

    Parameters
    ----------
    child_first : bool
        Whether a go statement runs the child at once and queues the parent (Cilk).

    Examples
    --------
    >>> import gmplab
    >>> class OnPZero(gmplab.PlaceLocal):
    ...     def place(self, state, view, why, g, p):
    ...         return 0
    >>> policy = gmplab.policy_of("go").replace(place=OnPZero(), steal=gmplab.policies.NoStealing())
    >>> gmplab.run("fanout", n=20, procs=2, policy=policy).schedule["p"].unique().tolist()
    [0]
    """

    child_first: bool = False

    def check(self) -> None:
        yes_or_no(self, "child_first")

    def place(self, state: object, view: View, why: i64, g: i64, p: i64) -> i64:
        """The P whose queue takes g, or NO_P for the global queue.

        `why` is FOR_NEW, FOR_READY, FOR_ARRIVAL, or FOR_YIELD: g was running on p and makes room, by itself or because its
        time is over. `p` is the P of the M that asks, NO_P for an arrival. On the P that asks, g takes runnext if there is
        one, but the queue's tail if it yields; on another P its queue's tail. An arrival sent to the global queue wakes an
        idle P as `injectglist` does; other puts wake as the `Wake` component says.
        """
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Steal(Component):
    """Whom to steal from, and how much.

    Parameters
    ----------
    passes : int
        Passes over the victims before the M gives up; 0: no stealing.
    runnext_pass : int
        The first pass, from 0, that may take a victim's runnext; -1: never.
    runnext_backoff_ns : int
        Sleep before a running victim's runnext is taken; the kernel adds its slack.
    timers_pass : int
        The first pass that runs the victims' due timers; -1: never.
    pays_first : bool
        Whether a look is paid for before it is made: `victim` chooses, the price of the look passes, and the thief sees
        what is there then. Else it sees, and takes, at the instant of its choice, and pays afterwards.

    Examples
    --------
    >>> import gmplab
    >>> class StealTwo(gmplab.StealHalf):
    ...     def amount(self, state, view, thief, victim, queued):
    ...         return min(2, queued)
    >>> run = gmplab.run("fanout", n=50, procs=2, policy=gmplab.policy_of("go").replace(steal=StealTwo()))
    >>> int(run.steals["stolen"].max())
    2
    """

    passes: int = 4
    runnext_pass: int = 3
    runnext_backoff_ns: int = 3_000
    timers_pass: int = 3
    pays_first: bool = False

    def check(self) -> None:
        at_least(self, 0, "passes", "runnext_backoff_ns")
        at_least(self, -1, "runnext_pass", "timers_pass")
        yes_or_no(self, "pays_first")

    def probes(self, state: object, view: View, thief: i64) -> i64:
        """How many victims one pass looks at, 0 to MAX_PROBES. Asked again after each look that was paid for first."""
        raise NotImplementedError

    def victim(self, state: object, view: View, thief: i64, pass_: i64, i: i64, roll: i64) -> i64:
        """The i-th victim of a pass. `roll` is 62 random bits, the same through one pass; the thief itself is skipped."""
        raise NotImplementedError

    def each_once(self) -> bool:
        """Whether a pass looks at every P exactly once, so that one that can find nothing need not be asked for its order.

        A subclass that overrides `victim` or `probes` and not this one is asked all the same.
        """
        return False

    def amount(self, state: object, view: View, thief: i64, victim: i64, queued: i64) -> i64:
        """How many of the victim's `queued` > 0 Gs to take from its head, 0 to queued.

        Asked too before an M sleeps: a queue from which nothing would be taken does not keep it awake.
        """
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Spin(Component):
    """Whether an M without work may keep its P and look for more.

    A spinning M sees a G in its own queue at once; what has gaps are its looks at others and at the global queue.

    Examples
    --------
    >>> import gmplab
    >>> always = gmplab.policy_of("go").replace(spin=gmplab.SpinAlways())
    >>> [gmplab.run("pingpong", policy=policy).metrics["spins"] for policy in ("go", always)]
    [41, 13]
    """

    def may_spin(self, state: object, view: View, m: i64) -> bool:
        """Whether m, which holds a P and found nothing, may become spinning."""
        raise NotImplementedError

    def again_ns(self, state: object, view: View, m: i64, spun_ns: i64) -> i64:
        """After all passes found nothing: the gap in ns before another round, -1 to give up. `spun_ns`: since it spins.

        The gap begins with the last pass: what that costs passes meanwhile, and a gap that is shorter ends with it.
        """
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Wake(Component):
    """Whether an M is woken because a G became runnable.

    Examples
    --------
    >>> import gmplab
    >>> class WakeLater(gmplab.WakeIfNoneSpinning):
    ...     def delay_ns(self, state, view, why):
    ...         return 5_000
    >>> gmplab.run("fanout", n=20, policy=gmplab.policy_of("go").replace(wake=WakeLater())).complete
    True
    """

    def delay_ns(self, state: object, view: View, why: i64) -> i64:
        """0: wake one now, if a P is idle; > 0: so much later, if there is work then and the answer, asked again, is not -1; -1: no."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Handoff(Component):
    """When the P of an M in a syscall is given away.

    Examples
    --------
    >>> import gmplab
    >>> at_once = gmplab.policy_of("go").replace(handoff=gmplab.HandoffAtOnce())
    >>> [gmplab.run("syscall_storm", policy=policy).metrics["handoffs"] for policy in ("go", at_once)]
    [118, 1280]
    """

    def at_entry_ns(self, state: object, view: View, p: i64) -> i64:
        """At the syscall's entry. 0: hand off at once; > 0: after so long; -1: leave it to sysmon."""
        raise NotImplementedError

    def retake(self, state: object, view: View, p: i64, syscall_ns: i64) -> bool:
        """sysmon sees p in the same syscall again, first seen `syscall_ns` ago: take p from it?"""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Block(Component):
    """What a G that must wait does to its M.

    Parameters
    ----------
    hold : bool
        True: it keeps M and P until it goes on (a thread per task); False: the M goes on with another G.

    Examples
    --------
    >>> import gmplab
    >>> kept = gmplab.policy_of("go").replace(block=gmplab.HoldThread())
    >>> [gmplab.run("mixed_io", policy=policy).metrics["threads_peak"] for policy in ("go", kept)]
    [9, 7]
    """

    hold: bool = False

    def check(self) -> None:
        yes_or_no(self, "hold")


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Preempt(Component):
    """When a running G must make room.

    Parameters
    ----------
    quantum_ns : int
        The time slice.
    mode : {"async", "cooperative", "none"}
        How: by a signal; at the next function call (a compute with tight=True has none); not at all.
    exact : bool
        True: a timer of the P's own ends the slice to the ns; False: sysmon does, when it looks.

    Examples
    --------
    >>> import gmplab
    >>> short = gmplab.policy_of("go").replace(preempt=gmplab.AsyncPreempt(quantum_ns=1_000_000))
    >>> [gmplab.run("mixed_io", policy=policy).metrics["preemptions"] for policy in ("go", short)]
    [4, 56]
    """

    quantum_ns: int = 10_000_000
    mode: str = "async"
    exact: bool = False

    def check(self) -> None:
        at_least(self, 1, "quantum_ns")
        yes_or_no(self, "exact")
        one_of(self, "mode", PREEMPT_MODES)

    def should(self, state: object, view: View, p: i64, ran_ns: i64) -> bool:
        """The slice of the G on p is over, it has run for `ran_ns`: stop it?"""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Machines(Component):
    """When an M is made, retired, refused.

    Parameters
    ----------
    max_threads : int
        More Ms than this end the run with a `ThreadLimitError`, as in Go.

    Examples
    --------
    >>> import gmplab
    >>> retiring = gmplab.policy_of("go").replace(machines=gmplab.RetireAfter(idle_ns=50_000))
    >>> [gmplab.run("syscall_storm", policy=policy).metrics["threads_exited"] > 0 for policy in ("go", retiring)]
    [False, True]
    """

    max_threads: int = 10_000

    def check(self) -> None:
        at_least(self, 1, "max_threads")

    def may_create(self, state: object, view: View) -> bool:
        """No M is idle and one is wanted: make one? If not, the P stays idle."""
        raise NotImplementedError

    def retire_after_ns(self, state: object, view: View, m: i64) -> i64:
        """m parks on midle: after how long idle does its thread end; -1: never."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Control(Component):
    """What is changed periodically, asked by sysmon.

    It runs on sysmon's thread, which has no P: a look takes `Costs.sysmon_round` of that thread's time, before each sysmon
    sleeps at least `Costs.usleep_slack` too long, and no P is held up. So the time between two looks is `period_ns` and
    what sysmon is late.

    Parameters
    ----------
    period_ns : int
        Least time between two looks, in ns; 0: never.

    Examples
    --------
    >>> import gmplab
    >>> class TwoPs(gmplab.policies.NoControl):
    ...     def act(self, state, view, orders):
    ...         if view.procs() != 2:
    ...             orders.set_procs(2)
    >>> policy = gmplab.policy_of("go").replace(control=TwoPs(period_ns=20_000))
    >>> gmplab.run("mixed_io", procs=4, policy=policy).at("1ms").gomaxprocs
    2
    """

    period_ns: int = 0

    def check(self) -> None:
        at_least(self, 0, "period_ns")

    def act(self, state: object, view: View, orders: Orders) -> None:
        """Write down what is to change."""
