"""The policy seam: the base class of each policy component, `Policy`, `Rules` and `View`. Names no default.

A component answers one question and never changes the core. It gets ids and a read-only `View`, keeps its constants
in fields (read once at the start), and what it must remember in a state object that `start` makes for each run. The
core checks every answer. Ids are ints: g, m, p; `NO_P` (-1) means "none" or, from `place`, "the global queue".

Subclass a component to override one decision:

>>> from gmplab.policies import StealHalf
>>> class StealTwo(StealHalf):
...     def amount(self, state, view, thief, victim, queued):
...         return min(2, queued)
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, fields
from typing import Any, Final, final

from mypy_extensions import i64, mypyc_attr

from gmplab.answers import signed
from gmplab.errors import PolicyError
from gmplab.runtime.dice import Distribution

# Why a G looks for a queue: the argument `why` of Place.place and Wake.delay_ns.
FOR_NEW: Final = 0
FOR_READY: Final = 1
FOR_ARRIVAL: Final = 2
FOR_YIELD: Final = 3

ORDERS: Final = ("fifo", "lifo", "random", "rank")
PREEMPT_MODES: Final = ("async", "cooperative", "none")


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


def refuse_shadows(cls: type) -> None:
    """Refuse a plain class attribute that has a field's name: it would count in one build and not in the other."""
    annotations = cls.__dict__.get("__annotations__", {})
    for base in cls.__mro__[1:]:
        for name in getattr(base, "__dataclass_fields__", {}):
            if name not in cls.__dict__ or name in annotations:
                continue
            # A native class holds its own descriptors under the fields' names.
            if type(cls.__dict__[name]).__name__ != "getset_descriptor":
                raise TypeError(
                    f"{cls.__name__}.{name} = {cls.__dict__[name]!r} shadows the field {name!r} of {base.__name__}: pass it to "
                    f"the constructor, {cls.__name__}({name}=...), or make {cls.__name__} a frozen dataclass and annotate it"
                )


@final
class Given:
    """A default_factory that gives one value."""

    def __init__(self, value: Any) -> None:
        self.value: Any = value

    def __call__(self) -> Any:
        return self.value


def unshadow_defaults(cls: type) -> None:
    """Keep an interpreted dataclass's defaults of inherited fields out of its class dict.

    A native base reads its fields from slots. A default left in the class dict hides the slot's descriptor, so the
    slot would stay empty while Python code sees the value; a default_factory leaves nothing behind. Runs before the
    dataclass decorator.
    """
    for name in cls.__dict__.get("__annotations__", {}):
        value = cls.__dict__.get(name, dataclasses.MISSING)
        inherited = [base.__dict__[name] for base in cls.__mro__[1:] if name in base.__dict__]
        if value is dataclasses.MISSING or not inherited or type(inherited[0]).__name__ != "getset_descriptor":
            continue
        if type(value).__name__ == "getset_descriptor":
            continue
        if isinstance(value, dataclasses.Field):
            if value.default is not dataclasses.MISSING:
                value.default_factory = Given(value.default)
                value.default = dataclasses.MISSING
        else:
            setattr(cls, name, dataclasses.field(default_factory=Given(value)))


ANSWERS: Final[dict[str, Any]] = {
    "global_batch": int, "rank": int, "place": int, "probes": int, "victim": int, "each_once": bool, "amount": int, "may_spin": bool,
    "again_ns": int, "delay_ns": int, "at_entry_ns": int, "retake": bool, "should": bool, "may_create": bool, "retire_after_ns": int,
    "act": type(None),
}
"""What the core asks components, besides `start`, and the type of the answer."""


def sign_answers(cls: type) -> None:
    """Have the answers of a class from outside of the package name it where they are of a wrong type, or raise.

    The core cannot tell: it sees an answer when it is compared or, compiled, when it is unboxed.
    """
    if cls.__module__.startswith("gmplab."):
        return
    for name, wanted in ANSWERS.items():
        method = cls.__dict__.get(name)
        # A native class holds methods that the core has checked when it was compiled.
        if type(method).__name__ == "function":
            setattr(cls, name, signed(f"{cls.__name__}.{name}", method, wanted))


def reduced(value: Any) -> tuple[Any, ...]:
    """How a frozen native dataclass pickles: by its constructor, since nothing else may set its fields."""
    return (type(value), tuple([getattr(value, f.name) for f in fields(value)]))


MOST_FIELD: Final[i64] = i64(1 << 31) * (1 << 31)
"""The greatest constant of a component, and its longest duration: sums with an instant must fit 64 bits.

Not the literal, which mypyc would unbox at each use.
"""


def at_least(part: Component, low: int, *names: str) -> None:
    """Raise unless these fields are ints from `low` up; for `Component.check`."""
    for name in names:
        value: object = getattr(part, name)
        told = f"{type(part).__name__}: {name} = {value!r}: must be an int of at least {low}"
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(told)
        if value < low:
            raise ValueError(told)
        if value > MOST_FIELD:
            raise ValueError(f"{told} and at most 2**62")


def yes_or_no(part: Component, *names: str) -> None:
    """Raise unless these fields are True or False; for `Component.check`."""
    for name in names:
        value: object = getattr(part, name)
        if not isinstance(value, bool):
            raise TypeError(f"{type(part).__name__}: {name} = {value!r}: must be True or False")


def one_of(part: Component, name: str, allowed: tuple[str, ...]) -> None:
    """Raise unless this field is one of these texts; for `Component.check`."""
    value: object = getattr(part, name)
    if value not in allowed:
        raise ValueError(f"{type(part).__name__}: {name} = {value!r}: must be one of {', '.join(allowed)}")


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Component:
    """Base of all policy components: a frozen value; equal fields make equal components."""

    def start(self, view: View) -> object:
        """Make what the component must remember during one run; it is handed to each call as `state`.

        Nothing runs yet: of the view only `procs` and the dice are of use. One component serves many runs, also at the
        same time, so it may not remember anything in itself.
        """
        return None

    def check(self) -> None:
        """Raise ValueError or TypeError where a field is out of bounds. Asked when it is made, and by the core at the start.

        A subclass with fields of its own adds `super().check()` and its bounds.
        """

    def __post_init__(self) -> None:
        self.check()

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        refuse_shadows(cls)
        unshadow_defaults(cls)
        sign_answers(cls)


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


@dataclass(frozen=True)
class Rules:
    """Differences between versions of Go, as named switches. The defaults are Go 1.27; presets set the others.

    Examples
    --------
    >>> import gmplab
    >>> gmplab.policy_of("go1.14").rules.mutex_starvation, gmplab.policy_of("go1.1").rules.timers_on_p
    (True, False)
    """

    needspinning: bool = True
    """A non-spinning M that is about to park spins when work was submitted meanwhile. 1.20+, Go commit 8cb350d69a."""
    recheck_global: bool = True
    """The recheck after the P was dropped looks at the global queue too. 1.22+, dd5db4df56."""
    recheck_spinning_only: bool = True
    """Ms that were not spinning skip the recheck. 1.17+, ecfce58965."""
    gosched_wakep: bool = True
    """Gosched ends with wakep. 1.22+."""
    injectglist_wakep: bool = True
    """injectglist ends with wakep. 1.23+, 24070cf747."""
    polling_net: bool = True
    """One P polls the network non-blockingly at a time. 1.25+, 1e436ba668."""
    stw_runnext: bool = True
    """A G preempted for stop-the-world goes to its P's runnext; at the start a P prefers its old M, and idle Ps are dealt
    GC workers. 1.26+."""
    template_thread: bool = True
    """An M that is locked to a G has its new Ms' threads made by a thread of its own. 1.10+."""
    locked_exit: bool = True
    """A locked G that exits ends its M. 1.10+, 4f34a52913."""
    mutex_starvation: bool = True
    """sync.Mutex hands off after a wait of 1 ms, and a waiter that lost waits in front of the others. 1.9+, 0556e26273."""
    timers_on_p: bool = True
    """Timers lie on Ps; before, a goroutine in a syscall waited for them. 1.14+, 06ac26279c."""
    lazy_timers: bool = True
    """A channel's timer lies in a heap only while somebody waits on it, and Stop and Reset take back what it sent. 1.23+."""
    timer_wakes: bool = True
    """Setting a timer wakes an M to wait for it; in 1.14 and 1.15 sysmon starts one for a timer that is overdue. 1.16+,
    8fdc79e18a."""
    slice_in_syscalls: bool = True
    """sysmon watches a P's time slice also where it looks during a system call: many short ones are no refuge. 1.13+, 4166ff42c0."""
    redistribute: bool = False
    """Each start of the world deals all runnable Gs out anew, from P 1 on, and wakes no M besides. 1.1, 1.2."""
    wake_needs_idle: bool = False
    """wakep looks at npidle before it counts a spinning M. Through 1.19."""
    any_resetspinning: bool = False
    """Ms that were not spinning wake another one too. 1.2 to 1.5; fixed by fb6f8a96f2, #13527."""
    wake_if_queued: bool = False
    """An M that found a G wakes another only where its own queue holds more. 1.1; mended by 15a1c3d1e4, #5586."""
    sysmon: bool = True
    """There is a sysmon. 1.1+."""
    netpoll: bool = True
    """The scheduler polls the network. 1.1+."""
    gc_workers: bool = True
    """The GC marks with worker goroutines; before, with the world stopped. 1.5+."""
    gc_worker_drains: bool = True
    """A dedicated GC worker that is asked to stop sends its P's queue to the global one. 1.17+, 3b304ce7fe."""

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


@dataclass(frozen=True)
class Policy:
    """A whole scheduler: one component a concern, and the rules. A value: compare it, pickle it, `replace` parts of it.

    Examples
    --------
    >>> import gmplab
    >>> go = gmplab.policy_of("go")
    >>> mine = go.replace(steal=gmplab.StealOne(), spin=gmplab.SpinLimit(1), name="mine")
    >>> mine.steal.most, mine.spin, mine == go
    (1, SpinLimit(n=1), False)
    """

    queues: Queues
    place: Place
    steal: Steal
    spin: Spin
    wake: Wake
    handoff: Handoff
    block: Block
    preempt: Preempt
    machines: Machines
    control: Control
    rules: Rules = dataclasses.field(default_factory=Rules)
    name: str = ""
    doc: str = ""

    def replace(self, **parts: Any) -> Policy:
        """A copy with other components.

        Examples
        --------
        >>> import gmplab
        >>> gmplab.policy_of("go").replace(steal=gmplab.StealOne()).steal.most
        1
        """
        return dataclasses.replace(self, **parts)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


CONCERNS: Final[dict[str, type]] = {
    "queues": Queues, "place": Place, "steal": Steal, "spin": Spin, "wake": Wake, "handoff": Handoff, "block": Block,
    "preempt": Preempt, "machines": Machines, "control": Control, "rules": Rules,
}
"""The base class of each part of a Policy."""

MAX_PROBES: Final = 1_000_000


def check_types(policy: Policy) -> None:
    """Raise `PolicyError` where a part of the policy is of the wrong class or a constant is out of bounds."""
    for name, base in CONCERNS.items():
        part = getattr(policy, name)
        if not isinstance(part, base):
            raise PolicyError(
                f"policy {policy.name!r}: {name} is {part!r}: must be an instance of a subclass of gmplab.{base.__name__}"
            )
    for name in CONCERNS:
        if name == "rules":
            continue
        part = getattr(policy, name)
        try:
            part.check()
        except (TypeError, ValueError) as e:
            raise PolicyError(f"policy {policy.name!r}: {name}: {e}") from e
    for rule in fields(policy.rules):
        value: object = getattr(policy.rules, rule.name)
        if not isinstance(value, bool):
            raise PolicyError(f"policy {policy.name!r}: rules: {rule.name} = {value!r}: must be True or False")
