"""Everything that the core may ask a policy component, in random states: for `check_policy`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from gmplab.policies.fakeview import FakeView
from gmplab.runtime.contracts import FOR_ARRIVAL, FOR_NEW, FOR_READY, FOR_YIELD, MAX_PROBES, Orders, View
from gmplab.runtime.dice import below, draw, stream
from gmplab.runtime.model import still_claims
from gmplab.vocabulary import MAX_PROCS, NO_G, NO_P

GS: Final = 8
MOST_NS: Final = 1 << 62
"""The greatest answer in ns: it is added to an instant, and both must fit 64 bits."""


@dataclass(frozen=True)
class Question:
    """One question to a component: the method, its arguments by name, the answer's bound in words, and its test."""

    method: str
    arguments: dict[str, int]
    bound: str
    holds: Callable[[Any], bool]

    def __str__(self) -> str:
        return f"{self.method}({', '.join(f'{name}={value}' for name, value in self.arguments.items())})"

    def ask(self, component: Any, state: object, view: View) -> Any:
        """The answer."""
        return as_written(component, self.method)(state, view, *self.arguments.values())


def as_written(component: Any, name: str) -> Any:
    """A method as its author wrote it, without the check of its answer that the core relies on (`answers.signed`)."""
    method = getattr(component, name)
    plain = getattr(method, "__wrapped__", None)
    return method if plain is None else partial(plain, component)


Asking = Generator[Question, Any, None]
"""Yields questions, and is sent the answer to each."""


def random_view(procs: int, seed: int, step: int) -> FakeView:
    """A state that could be, at step `step` of a run: time, counts of Gs and Ms; the same for the same arguments."""
    key = stream(seed, 0, procs * 1_000_003 + step)
    n = 0

    def dice(bound: int) -> int:
        nonlocal n
        n += 1
        return below(draw(key, n), bound)

    view = FakeView(procs, key, GS)
    # Later steps are later, and more has finished: from a few ns to a few seconds a step.
    view.at_ns = step * 10 ** (1 + dice(9)) + dice(1_000) if step else 0
    view.finished = step * dice(500)
    view.idle_ps = [dice(3) == 0 for _ in range(procs)]
    view.queued = [0 if idle else dice((2, 9, 257)[dice(3)]) for idle in view.idle_ps]
    view.runnexts = [not idle and dice(2) == 0 for idle in view.idle_ps]
    view.running = [NO_G if idle or dice(4) == 0 else dice(GS) for idle in view.idle_ps]
    view.running_for_ns = [0 if g == NO_G else dice(20_000_000) for g in view.running]
    view.groups = [p * 2 // procs for p in range(procs)]
    view.spun = [0 if idle else dice(3) for idle in view.idle_ps]
    view.system_ms = dice(2)
    view.global_size = dice((1, 3, 1_000)[dice(3)])
    view.runnable = sum(view.queued) + sum(view.runnexts) + view.global_size
    view.n_spinning = dice(procs + 1)
    view.n_idle_ms = dice(2 * procs + 1)
    view.threads = 1 + procs + view.n_idle_ms + dice(3)
    view.ready = [dice(view.at_ns + 1) for _ in range(GS)]
    view.attained = [dice(1_000_000_000) for _ in range(GS)]
    view.remaining = [dice(1_000_000_000) for _ in range(GS)]
    view.weights = [1 + dice(100) for _ in range(GS)]
    view.deadlines = [-1 if dice(2) else view.at_ns + dice(1_000_000) for _ in range(GS)]
    view.classes = [("", "short", "long")[dice(3)] for _ in range(GS)]
    # A G may have run last on a P that a smaller GOMAXPROCS has taken away.
    view.last_ps = [dice(2 * procs + 1) - 1 for _ in range(GS)]
    view.heads = [dice(GS) if n_queued else NO_G for n_queued in view.queued]
    return view


def whole(low: int, high: int) -> Callable[[Any], bool]:
    """Whether an answer is an int from `low` to `high`."""
    return lambda answer: type(answer) is int and low <= answer <= high


def truth(answer: Any) -> bool:
    """Whether an answer is a bool."""
    return type(answer) is bool


def ask_queues(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Queues`."""
    for size in (1, 2, 61, 10_000):
        yield Question("global_batch", {"size": size}, f"an int of 1 to {size}", whole(1, size))
    if c.order == "rank":
        for g in range(GS):
            yield Question("rank", {"g": g}, "an int of 64 bits", whole(-1 << 63, (1 << 63) - 1))


def ask_place(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Place`."""
    top = view.n_procs - 1
    for g in range(GS):
        for why, p in ((FOR_NEW, 0), (FOR_NEW, top), (FOR_READY, top // 2), (FOR_YIELD, top), (FOR_ARRIVAL, NO_P)):
            yield Question(
                "place", {"why": why, "g": g, "p": p}, f"-1 (the global queue) or a P, 0 to {top}", whole(NO_P, top)
            )


@dataclass(frozen=True)
class Pass(Question):
    """All victims of one pass, in order."""

    def ask(self, component: Any, state: object, view: View) -> Any:
        """The Ps, a probe each."""
        thief, pass_, probes, roll = self.arguments.values()
        victim = as_written(component, "victim")
        return [victim(state, view, thief, pass_, i, roll) for i in range(probes)]


def ask_steal(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Steal`; none where it makes no pass, and of victims only as many as it wants to probe."""
    if c.passes == 0:
        return
    n = view.n_procs
    for thief in sorted({0, n // 2, n - 1}):
        probes = yield Question("probes", {"thief": thief}, f"an int of 0 to {MAX_PROBES}", whole(0, MAX_PROBES))
        if still_claims(c, "each_once", ("victim", "probes")) and c.each_once():
            # The core does not ask for the order of a pass that can find nothing, and counts a probe a P.
            yield Pass(
                "victim", {"thief": thief, "pass_": 0, "probes": probes, "roll": draw(stream(seed, 1, thief), 0) >> 1},
                f"each of the {n} Ps once, since each_once says so", lambda visited: sorted(visited) == list(range(n)),
            )
        for pass_ in sorted({0, c.passes - 1}):
            # The roll has 62 bits; the greatest and the least are as possible as any other.
            for roll in (0, (1 << 62) - 1, draw(stream(seed, 1, thief), pass_) >> 1):
                for i in sorted({i for i in (0, 1, n - 1, 2 * n - 1) if 0 <= i < probes}):
                    asked = {"thief": thief, "pass_": pass_, "i": i, "roll": roll}
                    yield Question("victim", asked, f"a P, 0 to {n - 1}", whole(0, n - 1))
        for queued in (1, 2, 3, 256, 100_000):
            asked = {"thief": thief, "victim": (thief + 1) % n, "queued": queued}
            yield Question("amount", asked, f"an int of 0 to {queued}", whole(0, queued))


def ask_spin(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Spin`."""
    for m in (0, 5):
        yield Question("may_spin", {"m": m}, "a bool", truth)
        for spun in (0, 1, 10_000, 10_000_000_000):
            yield Question("again_ns", {"m": m, "spun_ns": spun}, "-1 (give up) or a gap in ns", whole(-1, MOST_NS))


def ask_wake(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Wake`."""
    for why in (FOR_NEW, FOR_READY, FOR_ARRIVAL, FOR_YIELD):
        yield Question("delay_ns", {"why": why}, "-1 (do not wake), 0 or a delay in ns", whole(-1, MOST_NS))


def ask_handoff(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Handoff`."""
    for p in sorted({0, view.n_procs - 1}):
        yield Question("at_entry_ns", {"p": p}, "-1 (leave it to sysmon), 0 or ns", whole(-1, MOST_NS))
        for ns in (0, 20_000, 10_000_000, 10_000_000_000):
            yield Question("retake", {"p": p, "syscall_ns": ns}, "a bool", truth)


def ask_preempt(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Preempt`."""
    for p in sorted({0, view.n_procs - 1}):
        for ran in (c.quantum_ns, 10 * c.quantum_ns):
            yield Question("should", {"p": p, "ran_ns": ran}, "a bool", truth)


def ask_machines(c: Any, view: FakeView, seed: int) -> Asking:
    """The questions to a `Machines`."""
    yield Question("may_create", {}, "a bool", truth)
    for m in (0, 5):
        yield Question("retire_after_ns", {"m": m}, "-1 (never) or ns", whole(-1, MOST_NS))


@dataclass(frozen=True)
class Sheet(Question):
    """The one question to a `Control`, which answers on a sheet of `Orders`."""

    def ask(self, component: Any, state: object, view: View) -> Any:
        """What it wrote: procs, start_ms, retire_ms, then the moves."""
        orders = Orders()
        component.act(state, view, orders)
        return (orders.procs, orders.start_ms, orders.retire_ms, *orders.moves)


def ordered(n: int) -> Callable[[Any], bool]:
    """Whether a sheet can be carried out with n Ps."""

    def holds(answer: Any) -> bool:
        procs, start, retire, *moves = answer
        counts = all(whole(0, MOST_NS)(x) for x in (start, retire, *[move[0] for move in moves]))
        between = all(whole(0, n - 1)(p) for move in moves for p in move[1:])
        return counts and between and procs != 0 and whole(-1, MAX_PROCS)(procs)

    return holds


def ask_control(c: Any, view: FakeView, seed: int) -> Asking:
    """The question to a `Control`; none where it is never asked."""
    if c.period_ns > 0:
        yield Sheet(
            "act", {}, f"(procs: -1 or 1 to {MAX_PROCS}, start_ms and retire_ms of at least 0, then moves (n, from, "
            f"to) of n >= 0 Gs between Ps 0 to {view.n_procs - 1})", ordered(view.n_procs),
        )


QUESTIONS: Final[dict[str, Callable[[Any, FakeView, int], Asking]]] = {
    "queues": ask_queues, "place": ask_place, "steal": ask_steal, "spin": ask_spin, "wake": ask_wake,
    "handoff": ask_handoff, "preempt": ask_preempt, "machines": ask_machines, "control": ask_control,
}
"""By concern; `block` answers with its field alone, and `rules` are switches."""
