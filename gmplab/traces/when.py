"""`when`: a condition on the whole scheduler, and the events at which it comes true.

"P[0].depth > 200 and idle_p > 0" is read, never evaluated as Python: a few names, comparisons, `and`, `or`, `not`, `+`, `-`, `*`,
and max, min and sum over all Ps, Ms or Gs. `run(..., when=...)` ends a run at the first rising edge, and `run.when(...)`
finds all of them in a record; both look at the same state, that of `gmplab.traces.state`, after each row of events. An
edge and not a level, since "the queue is long" is true for most of a run that is overloaded, and what one wants to see is how
it came about. Refused: a condition on the core's own objects, of which the record knows nothing.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from struct import iter_unpack
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pandas as pd

from gmplab.errors import SchedError
from gmplab.names import nearest
from gmplab.traces.effects import APPLY
from gmplab.traces.replay import Timeline, in_words, timeline_of
from gmplab.traces.snapshot import PARKED_AS, known, place_of
from gmplab.traces.state import PLACES, Goroutine, Impossible, Machine, Processor, Row, State
from gmplab.vocabulary import G_STATUSES, GWAITING, NO_G, NO_M, NO_P, P_STATUSES, WAIT_REASONS, WHYS

if TYPE_CHECKING:
    from gmplab.traces.run import Run

NUMBER: Final = "a number"
TRUTH: Final = "true or false"
TEXT: Final = "a text"
SHORT: Final = 60


COUNTED: Final = ("runnable", "running", "syscall", "waiting")
"""The states of Gs that are counted."""


class Attribute(NamedTuple):
    """What may be asked of a P, an M or a G: its kind, how it is read, and of a text what it can be."""

    kind: str
    read: Callable[[Any], Any]
    words: tuple[str, ...] = ()


def waits_for(gp: Goroutine) -> str:
    """Why a G waits, "" for one that does not."""
    return WAIT_REASONS[gp.reason] if gp.status == GWAITING else ""


def depth(pp: Processor) -> int:
    """How many Gs a P has queued, runnext among them."""
    return len(pp.queue) + (pp.runnext != NO_G)


ATTRIBUTES: Final[dict[str, dict[str, Attribute]]] = {
    "P": {
        "depth": Attribute(NUMBER, depth), "status": Attribute(TEXT, lambda pp: P_STATUSES[pp.status], P_STATUSES),
        "m": Attribute(NUMBER, lambda pp: known(pp.m, NO_M)), "runnext": Attribute(NUMBER, lambda pp: known(pp.runnext, NO_G)),
        "timers": Attribute(NUMBER, lambda pp: len(pp.timers)),
    },
    "M": {
        "place": Attribute(TEXT, place_of, (*PLACES, "spinning", *PARKED_AS.values(), *(why for why in WHYS if why))),
        "p": Attribute(NUMBER, lambda mp: known(mp.p, NO_P)), "g": Attribute(NUMBER, lambda mp: known(mp.g, NO_G)),
        "spinning": Attribute(TRUTH, lambda mp: mp.spinning), "passes": Attribute(NUMBER, lambda mp: mp.passes),
        "locked_g": Attribute(NUMBER, lambda mp: known(mp.locked_g, NO_G)),
    },
    "G": {
        "status": Attribute(TEXT, lambda gp: G_STATUSES[gp.status], G_STATUSES), "m": Attribute(NUMBER, lambda gp: known(gp.m, NO_M)),
        "waits_for": Attribute(TEXT, waits_for, WAIT_REASONS), "since_ns": Attribute(NUMBER, lambda gp: gp.since),
    },
}
"""By the letter; the names are those of `gmplab.traces.snapshot`."""


class Moment:
    """A state that rows bring forward, and how many Gs are in each status."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.counts = dict.fromkeys(COUNTED, 0)
        self.status: dict[int, str] = {}

    def apply(self, row: Row) -> None:
        """Take a row. Raises `Impossible` where it contradicts the state."""
        self.state.apply((row,), APPLY)
        # A row changes the status of its own G and of no other.
        g = row[2]
        gp = self.state.gs.get(g)
        before, after = self.status.pop(g, ""), G_STATUSES[gp.status] if gp is not None else ""
        if before in self.counts:
            self.counts[before] -= 1
        if after:
            self.status[g] = after
        if after in self.counts:
            self.counts[after] += 1


def processors(at: Moment) -> list[Processor]:
    """All Ps."""
    return at.state.ps


def machines(at: Moment) -> list[Machine]:
    """All Ms."""
    return at.state.ms


def goroutines(at: Moment) -> Any:
    """The living Gs."""
    return at.state.gs.values()


ALL: Final[dict[str, Callable[[Moment], Any]]] = {"P": processors, "M": machines, "G": goroutines}

SCALARS: Final[dict[str, tuple[str, Callable[[Moment], Any]]]] = {
    "t_ns": (NUMBER, lambda at: at.state.now), "idle_p": (NUMBER, lambda at: len(at.state.pidle)),
    "idle_m": (NUMBER, lambda at: len(at.state.midle)), "spinning_m": (NUMBER, lambda at: at.state.nmspinning),
    "threads": (NUMBER, lambda at: at.state.threads), "global_q": (NUMBER, lambda at: len(at.state.runq)),
    "gomaxprocs": (NUMBER, lambda at: at.state.gomaxprocs), "gcwaiting": (TRUTH, lambda at: at.state.stopping),
    "runnable": (NUMBER, lambda at: at.counts["runnable"]), "running": (NUMBER, lambda at: at.counts["running"]),
    "syscall": (NUMBER, lambda at: at.counts["syscall"]), "waiting": (NUMBER, lambda at: at.counts["waiting"]),
}
"""What belongs to no one of them; most are the names of `run.series`."""

OVER: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "max": lambda values: max(values, default=None), "min": lambda values: min(values, default=None), "sum": sum,
}
COMPARE: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq, ast.NotEq: operator.ne,
}
COUNT: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}


class Part(NamedTuple):
    """A part of a condition, as a function of a moment: None where there is no such P, M or G, or it has none."""

    kind: str
    of: Callable[[Moment], Any]
    words: tuple[str, ...] = ()
    """Of a text, what it can be."""
    text: str = ""
    """Of a text that is written out, itself."""


class Condition:
    """A condition that was read.

    Parameters
    ----------
    text : str
        As "P[0].depth > 200".

    Raises
    ------
    TypeError
        It is no text.
    ValueError
        It cannot be read, with the nearest name where a name is wrong.

    Examples
    --------
    >>> Condition("max(P.depth) >= 3 and idle_p > 0")
    when 'max(P.depth) >= 3 and idle_p > 0'
    """

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"when = {text!r}: must be a condition as a text, like 'P[0].depth > 200'")
        self.text = text
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise self.wrong("cannot be read: write a condition like P[0].depth > 200 and idle_p > 0") from None
        self.holds = self.truth(tree)

    def __repr__(self) -> str:
        return f"when {self.text!r}"

    def wrong(self, what: str) -> ValueError:
        """An error of one line."""
        shown = self.text if len(self.text) <= SHORT else f"{self.text[: SHORT - 3]}..."
        return ValueError(f"when = {shown!r}: {what}")

    # --- reading --------------------------------------------------------------------------------------------------------
    def truth(self, node: ast.expr) -> Callable[[Moment], Any]:
        """A part that is true or false."""
        part = self.part(node)
        if part.kind != TRUTH:
            raise self.wrong(f"{ast.unparse(node)} is {part.kind}: compare it, as in {ast.unparse(node)} == ...")
        return part.of

    def part(self, node: ast.expr) -> Part:
        """Any part."""
        reader = READ.get(type(node))
        if reader is None:
            raise self.wrong(f"{ast.unparse(node)} is not understood: there are comparisons, and, or, not, + - *, max, min, sum")
        made: Part = reader(self, node)
        return made

    def constant(self, node: ast.Constant) -> Part:
        value = node.value
        if isinstance(value, bool):
            return Part(TRUTH, lambda at: value)
        if isinstance(value, int | float):
            return Part(NUMBER, lambda at: value)
        if isinstance(value, str):
            return Part(TEXT, lambda at: value, text=value)
        raise self.wrong(f"{value!r} is no number and no text")

    def name(self, node: ast.Name) -> Part:
        if node.id in SCALARS:
            return Part(*SCALARS[node.id])
        if node.id in ATTRIBUTES:
            raise self.wrong(f"{node.id}: say which and what, as in {node.id}[0].{next(iter(ATTRIBUTES[node.id]))}")
        raise self.wrong(f"there is no {node.id!r}{nearest(node.id, [*SCALARS, *ATTRIBUTES, *OVER])}")

    def letter(self, node: ast.expr) -> str:
        """P, M or G."""
        if isinstance(node, ast.Name) and node.id in ATTRIBUTES:
            return node.id
        raise self.wrong(f"{ast.unparse(node)} is none of P, M and G")

    def attribute_of(self, letter: str, name: str) -> Attribute:
        """An attribute by its name."""
        if name not in ATTRIBUTES[letter]:
            raise self.wrong(f"a {letter} has no {name!r}{nearest(name, list(ATTRIBUTES[letter]))}")
        return ATTRIBUTES[letter][name]

    def attribute(self, node: ast.Attribute) -> Part:
        """P[0].depth."""
        if not isinstance(node.value, ast.Subscript):
            letter = self.letter(node.value)
            raise self.wrong(f"{ast.unparse(node)}: say which, as in {letter}[0].{node.attr}, or max({ast.unparse(node)})")
        letter = self.letter(node.value.value)
        index = node.value.slice
        if not isinstance(index, ast.Constant) or type(index.value) is not int or index.value < 0:
            raise self.wrong(f"{ast.unparse(node.value)}: its number must be written out, as in {letter}[0]")
        i, read, (kind, _, words) = index.value, self.attribute_of(letter, node.attr).read, self.attribute_of(letter, node.attr)
        if letter == "G":

            def of_goroutine(at: Moment) -> Any:
                gp = at.state.gs.get(i)
                return None if gp is None else read(gp)

            return Part(kind, of_goroutine, words)
        everyone = ALL[letter]

        def of_one(at: Moment) -> Any:
            those = everyone(at)
            return read(those[i]) if i < len(those) else None

        return Part(kind, of_one, words)

    def call(self, node: ast.Call) -> Part:
        """max(P.depth)."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in OVER:
            raise self.wrong(f"there is no {ast.unparse(node.func)}(...): there are {', '.join(OVER)}")
        if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Attribute):
            raise self.wrong(f"{ast.unparse(node)}: {name} is taken over all, as in {name}(P.depth)")
        letter = self.letter(node.args[0].value)
        kind, read, _ = self.attribute_of(letter, node.args[0].attr)
        if kind == TEXT:
            raise self.wrong(f"{ast.unparse(node)}: {name} is taken of numbers, and this is a text")
        everyone, over = ALL[letter], OVER[name]

        def of_all(at: Moment) -> Any:
            return over([value for value in map(read, everyone(at)) if value is not None])

        return Part(NUMBER, of_all)

    def compare(self, node: ast.Compare) -> Part:
        """Comparisons, also a < b < c; one with nobody is false."""
        parts = [self.part(x) for x in (node.left, *node.comparators)]
        tests = []
        for left, operation, right in zip(parts, node.ops, parts[1:], strict=False):
            if type(operation) not in COMPARE:
                raise self.wrong(f"{ast.unparse(node)}: compare by <, <=, >, >=, == or !=")
            if left.kind != right.kind:
                raise self.wrong(f"{ast.unparse(node)}: {left.kind} is compared to {right.kind}")
            if left.kind == TEXT:
                self.check_words(node, operation, left, right)
            tests.append((left.of, COMPARE[type(operation)], right.of))

        def holds(at: Moment) -> bool:
            for first, compared, second in tests:
                a, b = first(at), second(at)
                if a is None or b is None or not compared(a, b):
                    return False
            return True

        return Part(TRUTH, holds)

    def check_words(self, node: ast.Compare, operation: ast.cmpop, left: Part, right: Part) -> None:
        """Refuse an order of texts, and a text that can never be."""
        if not isinstance(operation, ast.Eq | ast.NotEq):
            raise self.wrong(f"{ast.unparse(node)}: texts are compared by == and !=")
        for one, other in ((left, right), (right, left)):
            if other.words and not one.words and one.text not in other.words:
                raise self.wrong(f"{one.text!r} is none{nearest(one.text, list(other.words))}")

    def both(self, node: ast.BoolOp) -> Part:
        parts = [self.truth(x) for x in node.values]
        together = all if isinstance(node.op, ast.And) else any
        return Part(TRUTH, lambda at: together(part(at) for part in parts))

    def unary(self, node: ast.UnaryOp) -> Part:
        if isinstance(node.op, ast.Not):
            of = self.truth(node.operand)
            return Part(TRUTH, lambda at: not of(at))
        part = self.part(node.operand)
        if not isinstance(node.op, ast.USub) or part.kind != NUMBER:
            raise self.wrong(f"{ast.unparse(node)} is not understood")
        return Part(NUMBER, lambda at: None if part.of(at) is None else -part.of(at))

    def counted(self, node: ast.BinOp) -> Part:
        left, right = self.part(node.left), self.part(node.right)
        if type(node.op) not in COUNT or left.kind != NUMBER or right.kind != NUMBER:
            raise self.wrong(f"{ast.unparse(node)} is not understood: numbers are counted by + - *")
        count = COUNT[type(node.op)]

        def of(at: Moment) -> Any:
            a, b = left.of(at), right.of(at)
            return None if a is None or b is None else count(a, b)

        return Part(NUMBER, of)


READ: Final[dict[type[ast.expr], Callable[[Condition, Any], Part]]] = {
    ast.Constant: Condition.constant, ast.Name: Condition.name, ast.Attribute: Condition.attribute, ast.Call: Condition.call,
    ast.Compare: Condition.compare, ast.BoolOp: Condition.both, ast.UnaryOp: Condition.unary, ast.BinOp: Condition.counted,
}


# --- in a record --------------------------------------------------------------------------------------------------------
def edges(timeline: Timeline, condition: Condition) -> Iterator[int]:
    """The numbers of the rows at which the condition comes true."""
    first = timeline.keyframes[0]
    moment = Moment(State(first.gomaxprocs, first.timed))
    held = True
    for i, row in enumerate(timeline.events.rows(0, len(timeline.events))):
        moment.apply(row)
        holds = bool(condition.holds(moment))
        if holds and not held:
            yield i
        held = holds


def when(run: Run, condition: str) -> pd.DataFrame:
    """Where a condition on the whole scheduler comes true: a row for each rising edge.

    Parameters
    ----------
    condition : str
        Comparisons with `and`, `or`, `not`, `+`, `-`, `*`, and max, min, sum over all, of
        P[i].depth (queued goroutines, runnext among them), .status, .m, .runnext, .timers;
        M[i].place, .p, .g, .spinning, .passes, .locked_g; G[i].status, .m, .waits_for, .since_ns;
        runnable, running, syscall, waiting (goroutines in each state), global_q, idle_p, idle_m, spinning_m, threads,
        gomaxprocs, gcwaiting, t_ns. What is asked of nobody ("P[9].depth" with four Ps) is false in every comparison.

    Returns
    -------
    pandas.DataFrame
        t_ns, kind, g, m, p of the events after which it is true and before which it was false; the index is the row of
        `run.events`. What is true from the start has its first edge when it has been false.

    Raises
    ------
    ValueError
        The condition cannot be read, with the nearest name.
    TraceError
        The run was recorded below level "full", or is a window.

    Examples
    --------
    >>> made = gmplab.run("fanout", n=20, procs=2)
    >>> edges = made.when("P[0].depth >= 10")
    >>> made.at(row=edges.index[0]).processors[0].queue
    (2, 3, 4, 5, 6, 7, 8, 9, 10)
    """
    read = Condition(condition)
    timeline = timeline_of(run, "run.when")
    return run.events.loc[list(edges(timeline, read)), ["t_ns", "kind", "g", "m", "p"]].rename_axis("row")


def first_row(run: Run, condition: str) -> int:
    """The first row after which a condition comes true. Raises as `when`, and `ValueError` where it never does."""
    read = Condition(condition)
    row = next(edges(timeline_of(run, "when"), read), None)
    if row is None:
        raise read.wrong("never comes true in this run")
    return row


# --- while a run goes on --------------------------------------------------------------------------------------------------
class Watch:
    """Answers, for the driver, whether a condition has come true: it is shown the words of the new rows after each step.

    Parameters
    ----------
    condition : str
        As of `when`.
    procs : int
        GOMAXPROCS at the start.
    """

    def __init__(self, condition: str, procs: int) -> None:
        self.condition = Condition(condition)
        self.moment = Moment(State(procs))
        self.held = True

    def __call__(self, words: bytes) -> bool:
        for row in rows_of(words):
            try:
                self.moment.apply(row)
            except Impossible as e:
                raise SchedError(f"when: row {self.moment.state.row}: {in_words(row)}: {e}") from None
            holds = bool(self.condition.holds(self.moment))
            if holds and not self.held:
                return True
            self.held = holds
        return False


def rows_of(words: bytes) -> Iterator[Row]:
    """Stored rows of events. `frames.FIELDS` says the same of whole columns, and `Recorder.event` of one row."""
    for t, who, what, arg in iter_unpack("<qqqq", words):
        yield (
            t, what >> 16 & 0xFF, (who >> 32) - 1, (who & 0xFFFFFFFF) - 1, (what & 0xFFFF) - 1, arg, what >> 24 & 0xFF, (what >> 32) - 1,
        )
