"""A conformance suite for policies: does each component keep its contract, and does every program come to its end?

First every component is asked every question of its concern on many random states, with 1, 2, 8 and 64 Ps and with a
GOMAXPROCS that changes on the way: a breach found so names the question instead of an instant, and what a run happens
not to ask is asked too. Then random programs run under the whole policy, and a small one under many schedules, since a
fault that needs two threads to meet in one bad moment shows in no run. What is found is told with the smallest example
and with what to do about it.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final

import cloudpickle

from gmplab.analysis.questions import QUESTIONS, Asking, Question, random_view
from gmplab.analysis.explore.exploration import Exploration
from gmplab.analysis.explore.laws import BESIDE_WORK
from gmplab.analysis.traits import some_schedules, traits
from gmplab.analysis.trials import Trial, outcome, smallest, trials
from gmplab.errors import PolicyError
from gmplab.policies import PRESETS
from gmplab.policies.fakeview import OnlyView
from gmplab.runtime.contracts import CONCERNS, Policy, View, check_types
from gmplab.runtime.distributions import Distribution

PROCS: Final = (1, 2, 8, 64)
CHANGING_PROCS: Final = (8, 3, 64, 1)
VIEW_METHODS: Final = ", ".join(name for name in vars(View) if not name.startswith("_"))


@dataclass(frozen=True)
class Finding:
    """One breach of a contract.

    Parameters
    ----------
    component : str
        "steal: StealHalf", or "policy".
    fact : str
        What is wrong: the question, the answer and the bound, or the smallest program that fails.
    advice : str
        What to do about it.
    """

    component: str
    fact: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.component}: {self.fact}"


class Report(list[Finding]):
    """The findings, and what was tried; prints as a report.

    Parameters
    ----------
    findings : iterable of Finding
    policy : str
        The policy's name.
    asked : int
        Questions that were asked.
    ran : int
        Random programs that ran, each twice.
    schedules : int
        Schedules of one small program that were tried.
    traits : list of str
        What is no breach, and good to know; see `gmplab.analysis.traits`.
    """

    def __init__(
        self, findings: Iterable[Finding], policy: str, asked: int, ran: int, schedules: int = 0, traits: Iterable[str] = ()
    ) -> None:
        super().__init__(findings)
        self.policy = policy
        self.asked = asked
        self.ran = ran
        self.schedules = schedules
        self.traits = list(traits)

    def __str__(self) -> str:
        runs = f"{self.ran} random programs, each twice" if self.ran else "no program, since the answers are wrong already"
        if self.schedules:
            runs += f", {self.schedules} schedules of a small one"
        lines = [
            f"policy {self.policy!r} {'breaks its contract' if self else 'keeps its contract'}; tried: "
            f"{self.asked} questions in random states of 1 to 64 Ps, {runs}"
        ]
        for finding in self:
            lines.append(f"- {finding}")
            if finding.advice:
                lines.append(f"  What to do: {finding.advice}")
        lines += [f"- no breach, but good to know: {told}" for told in self.traits]
        return "\n".join(lines)


class Tally:
    """How many questions were asked."""

    def __init__(self) -> None:
        self.asked = 0


def check_policy(
    policy: Policy, *, states: int = 12, programs: int = 16, schedules: int = 100, seed: int = 1, strict: bool = True
) -> Report:
    """Ask a policy everything, run random programs under it, and tell where it breaks its contract.

    Checked are: answers of the right type and within bounds, that depend on nothing but the view, the state and the dice,
    and use no more of the view than its methods; nothing shared between runs; components that are frozen, hashable and
    pickle, also from a notebook; programs that come to their end without losing a goroutine, the same way each time, and
    in whatever schedule (see `gmplab.explore`).

    Parameters
    ----------
    policy : Policy
        The policy, also a third party's.
    states : int
        Random states for each number of Ps, at least 1.
    programs : int
        Random programs, at least 0; 0 runs none.
    schedules : int
        Schedules of a small program that are tried where nothing was found before, at least 0.
    seed : int
        Of the states, the programs, and the dice that the components see.
    strict : bool
        False: return the findings instead of raising.

    Returns
    -------
    Report
        A list of `Finding`, empty where the policy is fine; at most one for each component and question. Its `traits` tell
        what is no breach: that a P idles beside work, that who comes alone waits, that two goroutines starve a third, that
        a wake-up may be lost. `print` it.

    Raises
    ------
    PolicyError
        With the report.

    Examples
    --------
    >>> report = check_policy(gmplab.policy_of("go"), states=2, programs=2, schedules=5)
    >>> print(report)
    policy 'go' keeps its contract; tried: 3038 questions in random states of 1 to 64 Ps, 2 random programs, each
    twice, 5 schedules of a small one
    """
    if not isinstance(policy, Policy):
        raise TypeError(f"policy = {policy!r}: must be a gmplab.Policy")
    for name, value, low in (("states", states, 1), ("programs", programs, 0), ("schedules", schedules, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise ValueError(f"{name} = {value!r}: must be an int of at least {low}")
    tally = Tally()
    found = check_fields(policy) or check_declared(policy)
    if not found:
        found = check_value(policy) + check_answers(policy, states, seed, tally)
    ran = 0 if found else programs
    found = found or check_trials(policy, trials(programs, seed))
    tried = some_schedules(policy, schedules) if schedules and ran and not found else None
    found = found or check_schedules(tried)
    told = traits(policy, tried) if ran and not found else ()
    report = Report(found, policy.name, tally.asked, ran, tried.schedules if tried is not None else 0, told)
    if report and strict:
        raise PolicyError(str(report))
    return report


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
                    f"write {type(part).__name__}({name}=...)",
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
    """Is each component, and the whole, a value: hashable, frozen, and the same when pickled?"""
    found: list[Finding] = []
    parts = [(name_of(concern, getattr(policy, concern)), getattr(policy, concern)) for concern in CONCERNS]
    for name, part in parts:
        found += [Finding(name, *told) for told in (*frozen(part), *hashed(part))]
        if not found:
            found += [Finding(name, *told) for told in pickled(part)]
    # Whatever the parts are, the whole is: a frozen dataclass of them.
    return found


def hashed(part: Any) -> Iterator[tuple[str, str]]:
    """(fact, advice) where a part is not hashable."""
    try:
        hash(part)
    except TypeError as e:
        yield f"is not hashable ({e})", "its fields must be numbers, texts and tuples of them, and the class @dataclass(frozen=True)"


def frozen(part: Any) -> Iterator[tuple[str, str]]:
    """(fact, advice) where a field of a part can be set."""
    for field in fields(part):
        try:
            setattr(part, field.name, getattr(part, field.name))
        except AttributeError:
            continue
        yield f"is not frozen: its field {field.name!r} can be set", "write @dataclass(frozen=True) above the class"
        return


def pickled(part: Any) -> Iterator[tuple[str, str]]:
    """(fact, advice) where a part does not come back from pickle, or, of a notebook's class, from cloudpickle."""
    cls = type(part)
    by_name = getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls and cls.__module__ != "__main__"
    way: Any = pickle if by_name else cloudpickle
    try:
        copy = pickle.loads(way.dumps(part))
    except Exception as e:  # noqa: BLE001, whatever a third party's class raises is the finding
        yield f"does not pickle ({type(e).__name__}: {e})", "give it fields that pickle, and take its class out of the function"
        return
    # A class that came along with its instance is another one: what counts are its fields.
    same = copy == part and hash(copy) == hash(part) if type(copy) is cls else repr(copy) == repr(part)
    if not same:
        yield f"does not equal its pickled copy, {copy!r}", "compare and hash by the fields alone, as @dataclass(frozen=True) does"


def check_answers(policy: Policy, states: int, seed: int, tally: Tally) -> list[Finding]:
    """Is every answer of the right type, within bounds, and a matter of the view, the state and the dice alone?"""
    found = []
    walks = [((n,) * states, i) for i, n in enumerate(PROCS)] + [(CHANGING_PROCS * (1 + states // 4), len(PROCS))]
    for concern, questions in QUESTIONS.items():
        component = getattr(policy, concern)
        told: set[str] = set()
        for procs, walk in walks:
            for call, fact, advice in Walk(component, questions, procs, seed * 1_000 + walk, tally).told():
                if call not in told:
                    told.add(call)
                    found.append(Finding(name_of(concern, component), fact, advice))
    return found


BOUND_ADVICE: Final = "keep to the bound in every state: there may be one P or many, and view.procs() may change during a run"
SAME_ADVICE: Final = (
    "decide by view, state and the dice of the view (view.below, view.ns) alone: no random, no clock, no counter outside of the state"
)
STATE_ADVICE: Final = "make a new state in start, and remember nothing in the component, its class or its module"


class Walk:
    """One component's way through a row of random states, asked everything at each: by two runs side by side, then a third."""

    def __init__(self, component: Any, questions: Any, procs: tuple[int, ...], seed: int, tally: Tally) -> None:
        self.component = component
        self.questions = questions
        self.procs = procs
        self.seed = seed
        self.tally = tally
        self.answers: list[tuple[str, str, Any]] = []

    def told(self) -> Iterator[tuple[str, str, str]]:
        """(method, fact, advice) of each breach."""
        before = self.values()
        try:
            state, other = self.started(), self.started()
        except Exception as e:  # noqa: BLE001, whatever a third party's method raises is the finding
            yield "start", f"start raised {type(e).__name__}: {e}", advice_on(e)
            return
        if state is other and may_change(state):
            yield "start", f"start gave two runs the same object, a {type(state).__name__}", STATE_ADVICE
        for i, n in enumerate(self.procs):
            for method, fact, advice in self.asked(i, n, state, other):
                yield method, fact, advice
                if method in ("", "raised"):
                    return
            if self.values() != before:
                yield "fields", f"changed a field of itself: {before} became {self.values()}", STATE_ADVICE
                return
        yield from self.once_more()

    def started(self) -> object:
        """A state for a run that begins."""
        return self.component.start(OnlyView(random_view(self.procs[0], self.seed, 0)))

    def values(self) -> dict[str, Any]:
        """The component's fields."""
        return {f.name: getattr(self.component, f.name) for f in fields(self.component)}

    def asked(self, i: int, n: int, state: object, other: object) -> Iterator[tuple[str, str, str]]:
        """All questions in the i-th state, in both runs; the method is "raised" where it makes no sense to go on."""
        shown = random_view(n, self.seed, i)
        view, again = OnlyView(shown.copy()), OnlyView(shown.copy())
        asking: Asking = self.questions(self.component, shown, self.seed + i)
        answer: Any = None
        where = f"with {n} P{'s' if n > 1 else ''}"
        while True:
            try:
                q: Question = asking.send(answer)
            except StopIteration:
                return
            self.tally.asked += 1
            try:
                answer, answer2 = q.ask(self.component, state, view), q.ask(self.component, other, again)
            except NotImplementedError:
                yield "raised", f"{q.method} is not implemented", f"define {q.method}, or inherit from a shipped component that does"
                return
            except Exception as e:  # noqa: BLE001, see above
                yield "raised", f"{q} {where} raised {type(e).__name__}: {e}", advice_on(e)
                return
            self.answers.append((q.method, f"{q} {where}", answer))
            if not q.holds(answer):
                yield q.method, f"{q} {where} returned {answer!r}: must be {q.bound}", BOUND_ADVICE
                if q.method == "probes":
                    return
            elif answer != answer2:
                yield q.method, f"{q} {where} returned {answer!r} and then {answer2!r} for the same view and dice", SAME_ADVICE

    def once_more(self) -> Iterator[tuple[str, str, str]]:
        """A run of its own after those two must give what they gave."""
        expected = self.answers
        self.answers = []
        state, other = self.started(), self.started()
        for i, n in enumerate(self.procs):
            for _ in self.asked(i, n, state, other):
                return
        for (method, where, answer), (_, _, now) in zip(expected, self.answers, strict=False):
            if answer != now:
                yield method, f"{where} returned {answer!r} in one run and {now!r} in the next", STATE_ADVICE
                return


def may_change(state: object) -> bool:
    """Whether an object that two runs share may carry something from one to the other."""
    return not isinstance(state, int | float | str | bytes | tuple | frozenset | Distribution | None)


def advice_on(error: Exception) -> str:
    """What to do about an exception that a component raised."""
    if isinstance(error, AttributeError) and "OnlyView" in str(error):
        return f"use the methods of View alone: {VIEW_METHODS}"
    return "answer in every state; raise nothing"


def check_trials(policy: Policy, made: list[Trial]) -> list[Finding]:
    """Do random programs come to their end? The first that does not is made as small as it goes."""
    digests = []
    for trial in made:
        digest, told = outcome(policy, trial)
        digests.append(digest)
        if told:
            small, told = smallest(policy, trial)
            return [Finding("policy", f"a program fails: {small}: {told}", trial_advice(policy))]
    for trial, digest in zip(made, digests, strict=True):
        if outcome(policy, trial)[0] != digest:
            return [Finding("policy", f"a program gives other bytes when it runs again: {trial}", f"{SAME_ADVICE}; {STATE_ADVICE}")]
    return []


def check_schedules(explored: Exploration | None) -> list[Finding]:
    """Does a small program come to its end in whatever schedule? That a P sleeps beside work is no breach, but a trait."""
    failure = explored.failure if explored is not None else None
    if failure is None or BESIDE_WORK in failure.why:
        return []
    return [Finding(
        "policy", f"fails in a schedule of {len(failure)} steps, in which two goroutines meet on two Ps: {failure.why}",
        "print(gmplab.explore(gmplab.analysis.traits.hand_over, policy, walk='pct').failure) tells each step",
    )]


def trial_advice(policy: Policy) -> str:
    """What to do about a program that does not come to its end."""
    go = PRESETS["go"]
    own = [concern for concern in CONCERNS if getattr(policy, concern) != getattr(go, concern)]
    return f"run it with strict=False and look at run.events; it differs from Go's policy in {', '.join(own)}: put those back one by one"
