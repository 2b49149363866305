"""A conformance suite for policies: does each component keep its contract? It needs no scheduler.

Every component is asked every question of its concern on many random states (`FakeView`), with 1, 2, 8 and 64 Ps and
with a GOMAXPROCS that changes on the way. Refused: asking inside a run. What a run happens not to ask stays untested,
and a breach found here names the question instead of an instant.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

from gmplab.errors import PolicyError
from gmplab.policies.fakeview import FakeView
from gmplab.runtime.contracts import (
    CONCERNS, FOR_ARRIVAL, FOR_NEW, FOR_READY, FOR_YIELD, MAX_PROBES, Orders, Policy, check_types,
)
from gmplab.runtime.dice import below, draw, stream
from gmplab.vocabulary import MAX_PROCS, NO_G, NO_P

PROCS: Final = (1, 2, 8, 64)
CHANGING_PROCS: Final = (8, 3, 64, 1)
GS: Final = 8
MOST_NS: Final = 1 << 62
"""The greatest answer in ns: it is added to an instant, and both must fit 64 bits."""


@dataclass(frozen=True)
class Finding:
    """One breach of a contract.

    Parameters
    ----------
    component : str
        "steal: StealHalf", or "policy".
    fact : str
        What is wrong, with the question, the answer and the bound.
    """

    component: str
    fact: str

    def __str__(self) -> str:
        return f"{self.component}: {self.fact}"


@dataclass(frozen=True)
class Question:
    """One question to a component: the method, its arguments by name, the answer's bound in words, and its test."""

    method: str
    arguments: dict[str, int]
    bound: str
    holds: Callable[[Any], bool]

    def __str__(self) -> str:
        return f"{self.method}({', '.join(f'{name}={value}' for name, value in self.arguments.items())})"

    def ask(self, component: Any, state: object, view: FakeView) -> Any:
        """The answer."""
        return getattr(component, self.method)(state, view, *self.arguments.values())


def check_policy(policy: Policy, *, states: int = 12, seed: int = 1, strict: bool = True) -> list[Finding]:
    """Ask a policy everything, and tell where it breaks its contract.

    Parameters
    ----------
    policy : Policy
        The policy, also a third party's.
    states : int
        Random states for each number of Ps, at least 1.
    seed : int
        Of the states and of the dice that the components see.
    strict : bool
        False: return the findings instead of raising.

    Returns
    -------
    list of Finding
        Empty where the policy is fine; at most one for each component and question.

    Raises
    ------
    PolicyError
        With all findings, one a line.

    Examples
    --------
    >>> from gmplab.policies import PRESETS
    >>> check_policy(PRESETS["go"])
    []
    """
    if not isinstance(policy, Policy):
        raise TypeError(f"policy = {policy!r}: must be a gmplab.Policy")
    if isinstance(states, bool) or not isinstance(states, int) or states < 1:
        raise ValueError(f"states = {states!r}: must be an int of at least 1")
    found = check_fields(policy) or check_declared(policy)
    if not found:
        found = check_value(policy) + check_answers(policy, states, seed)
    if not found:
        found = check_whole_runs(policy)
    if found and strict:
        raise PolicyError(f"policy {policy.name!r} breaks its contract:\n" + "\n".join(f"- {f}" for f in found))
    return found


WHOLE_RUNS: Final[list[Callable[[Policy], list[Finding]]]] = []
"""Checks that simulate; each takes a policy and returns what it found."""


def check_whole_runs(policy: Policy) -> list[Finding]:
    """What the checks in `WHOLE_RUNS` find; asked last, of a policy that answers well."""
    return [finding for check in WHOLE_RUNS for finding in check(policy)]


def name_of(concern: str, component: object) -> str:
    """How findings name a component."""
    return f"{concern}: {type(component).__name__}"


def check_fields(policy: Policy) -> list[Finding]:
    """Can every field be read? In the compiled build an interpreted subclass may hide one (see `refuse_shadows`)."""
    found = []
    for concern in CONCERNS:
        part = getattr(policy, concern)
        for name in getattr(part, "__dataclass_fields__", {}):
            try:
                getattr(part, name)
                for base in type(part).__mro__[1:]:
                    slot: Any = base.__dict__.get(name)
                    if type(slot).__name__ == "getset_descriptor":
                        slot.__get__(part)
            except AttributeError:
                found.append(Finding(
                    name_of(concern, part),
                    f"the field {name!r} has no value in the compiled build: pass it to the constructor instead of "
                    f"giving it another default in an interpreted subclass",
                ))
    return found


def check_declared(policy: Policy) -> list[Finding]:
    """Are the classes and the constants what the core takes? See `contracts.check_types`."""
    try:
        check_types(policy)
    except PolicyError as e:
        return [Finding("policy", str(e))]
    return []


def check_value(policy: Policy) -> list[Finding]:
    """Is each component, and the whole, a value: hashable, equal to its pickled copy, and frozen?"""
    found: list[Finding] = []
    parts = [(name_of(concern, getattr(policy, concern)), getattr(policy, concern)) for concern in CONCERNS]
    for name, part in [*parts, ("policy", policy)]:
        if found and part is policy:
            # Whatever a part is not, the whole is not either.
            break
        try:
            hash(part)
        except TypeError as e:
            found.append(Finding(name, f"is not hashable ({e}): its fields must be numbers, texts and tuples of them"))
            continue
        try:
            copy = pickle.loads(pickle.dumps(part))
        except Exception as e:  # noqa: BLE001, whatever a third party's class raises is the finding
            hint = ": define its class in a module" if "local" in str(e) or "not found as" in str(e) else ""
            found.append(Finding(name, f"does not pickle ({type(e).__name__}: {e}){hint}"))
            continue
        if copy != part or hash(copy) != hash(part):
            found.append(Finding(name, f"does not equal its pickled copy, {copy!r}"))
        for field in fields(part)[:1]:
            try:
                setattr(part, field.name, getattr(part, field.name))
            except AttributeError:
                continue
            found.append(Finding(name, "is not frozen: write @dataclass(frozen=True)"))
    return found


def check_answers(policy: Policy, states: int, seed: int) -> list[Finding]:
    """Is every answer of the right type, within bounds, the same when asked again, and without an effect on itself?"""
    found = []
    walks = [((n,) * states, i) for i, n in enumerate(PROCS)] + [(CHANGING_PROCS * (1 + states // 4), len(PROCS))]
    for concern, questions in QUESTIONS.items():
        component = getattr(policy, concern)
        told: set[str] = set()
        for procs, walk in walks:
            for call, fact in walked(component, questions, procs, seed * 1_000 + walk):
                if call not in told:
                    told.add(call)
                    found.append(Finding(name_of(concern, component), fact))
    return found


def walked(
    component: Any, questions: Callable[[Any, FakeView, int], Iterator[Question]], procs: tuple[int, ...], seed: int
) -> Iterator[tuple[str, str]]:
    """Two runs, side by side, of one component through the same states; yields (method, fact) for each breach."""
    before = [getattr(component, f.name) for f in fields(component)]
    first, again = random_view(procs[0], seed, 0), random_view(procs[0], seed, 0)
    try:
        state, state2 = component.start(first), component.start(again)
    except Exception as e:  # noqa: BLE001, whatever a third party's method raises is the finding
        yield "start", f"start raised {type(e).__name__}: {e}"
        return
    for i, n in enumerate(procs):
        view, view2 = random_view(n, seed, i), random_view(n, seed, i)
        for q in questions(component, view, seed + i):
            where = f"with {n} Ps"
            try:
                answer, answer2 = q.ask(component, state, view), q.ask(component, state2, view2)
            except NotImplementedError:
                yield q.method, f"{q.method} is not implemented"
                return
            except Exception as e:  # noqa: BLE001, see above
                yield q.method, f"{q} {where} raised {type(e).__name__}: {e}"
                return
            if not q.holds(answer):
                yield q.method, f"{q} {where} returned {answer!r}: must be {q.bound}"
            elif answer != answer2:
                yield q.method, f"{q} {where} returned {answer!r} and then {answer2!r} for the same view and dice"
            if [getattr(component, f.name) for f in fields(component)] != before:
                yield q.method, f"{q} changed a field of the component: what it remembers belongs in start's state"
                return


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
    return view


def whole(low: int, high: int) -> Callable[[Any], bool]:
    """Whether an answer is an int from `low` to `high`."""
    return lambda answer: type(answer) is int and low <= answer <= high


def truth(answer: Any) -> bool:
    """Whether an answer is a bool."""
    return type(answer) is bool


def ask_queues(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Queues`."""
    for size in (1, 2, 61, 10_000):
        yield Question("global_batch", {"size": size}, f"an int of 1 to {size}", whole(1, size))
    if c.order == "rank":
        for g in range(GS):
            yield Question("rank", {"g": g}, "an int of 64 bits", whole(-1 << 63, (1 << 63) - 1))


def ask_place(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Place`."""
    top = view.n_procs - 1
    for g in range(GS):
        for why, p in ((FOR_NEW, 0), (FOR_NEW, top), (FOR_READY, top // 2), (FOR_ARRIVAL, NO_P)):
            yield Question(
                "place", {"why": why, "g": g, "p": p}, f"-1 (the global queue) or a P, 0 to {top}", whole(NO_P, top)
            )


def ask_steal(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Steal`; none where it makes no pass."""
    if c.passes == 0:
        return
    n = view.n_procs
    for thief in sorted({0, n // 2, n - 1}):
        yield Question("probes", {"thief": thief}, f"an int of 0 to {MAX_PROBES}", whole(0, MAX_PROBES))
        for pass_ in sorted({0, c.passes - 1}):
            # The roll has 62 bits; the greatest and the least are as possible as any other.
            for roll in (0, (1 << 62) - 1, draw(stream(seed, 1, thief), pass_) >> 1):
                for i in (0, 1, n - 1, 2 * n - 1):
                    asked = {"thief": thief, "pass_": pass_, "i": i, "roll": roll}
                    yield Question("victim", asked, f"a P, 0 to {n - 1}", whole(0, n - 1))
        for queued in (1, 2, 3, 256, 100_000):
            asked = {"thief": thief, "victim": (thief + 1) % n, "queued": queued}
            yield Question("amount", asked, f"an int of 0 to {queued}", whole(0, queued))


def ask_spin(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Spin`."""
    for m in (0, 5):
        yield Question("may_spin", {"m": m}, "a bool", truth)
        for spun in (0, 1, 10_000, 10_000_000_000):
            yield Question("again_ns", {"m": m, "spun_ns": spun}, "-1 (give up) or a gap in ns", whole(-1, MOST_NS))


def ask_wake(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Wake`."""
    for why in (FOR_NEW, FOR_READY, FOR_ARRIVAL, FOR_YIELD):
        yield Question("delay_ns", {"why": why}, "-1 (do not wake), 0 or a delay in ns", whole(-1, MOST_NS))


def ask_handoff(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Handoff`."""
    for p in sorted({0, view.n_procs - 1}):
        yield Question("at_entry_ns", {"p": p}, "-1 (leave it to sysmon), 0 or ns", whole(-1, MOST_NS))
        for ns in (0, 20_000, 10_000_000, 10_000_000_000):
            yield Question("retake", {"p": p, "syscall_ns": ns}, "a bool", truth)


def ask_preempt(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Preempt`."""
    for p in sorted({0, view.n_procs - 1}):
        for ran in (c.quantum_ns, 10 * c.quantum_ns):
            yield Question("should", {"p": p, "ran_ns": ran}, "a bool", truth)


def ask_machines(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The questions to a `Machines`."""
    yield Question("may_create", {}, "a bool", truth)
    for m in (0, 5):
        yield Question("retire_after_ns", {"m": m}, "-1 (never) or ns", whole(-1, MOST_NS))


@dataclass(frozen=True)
class Sheet(Question):
    """The one question to a `Control`, which answers on a sheet of `Orders`."""

    def ask(self, component: Any, state: object, view: FakeView) -> Any:
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


def ask_control(c: Any, view: FakeView, seed: int) -> Iterator[Question]:
    """The question to a `Control`; none where it is never asked."""
    if c.period_ns > 0:
        yield Sheet(
            "act", {}, f"(procs: -1 or 1 to {MAX_PROCS}, start_ms and retire_ms of at least 0, then moves (n, from, "
            f"to) of n >= 0 Gs between Ps 0 to {view.n_procs - 1})", ordered(view.n_procs),
        )


QUESTIONS: Final[dict[str, Callable[[Any, FakeView, int], Iterator[Question]]]] = {
    "queues": ask_queues, "place": ask_place, "steal": ask_steal, "spin": ask_spin, "wake": ask_wake,
    "handoff": ask_handoff, "preempt": ask_preempt, "machines": ask_machines, "control": ask_control,
}
"""By concern; `block` answers with its field alone, and `rules` are switches."""
