"""A `View` of no run: its state is what one sets, so that a component can be asked without a scheduler.

It lies here, beside the policies, because the compiled `View` takes only compiled subclasses.
"""

from __future__ import annotations

from mypy_extensions import i64

from gmplab.runtime.contracts import View
from gmplab.runtime.dice import FOR_POLICY, below, draw, stream
from gmplab.runtime.distributions import Distribution
from gmplab.vocabulary import NO_G, NO_P


class FakeView(View):
    """A view whose answers are its attributes. Two with the same attributes and seed give the same draws.

    Parameters
    ----------
    procs : int
        GOMAXPROCS; all Ps begin idle and empty.
    seed : int
        Of `below` and `ns`.
    gs : int
        How many Gs there are: 0 to gs - 1.

    Attributes
    ----------
    at_ns, n_procs, global_size, n_spinning, n_idle_ms, threads, system_ms, runnable, finished : int
        What `now_ns`, `procs`, `global_len`, `nmspinning`, `nmidle`, `n_threads`, `nmsys`, `n_runnable`, `n_finished` answer.
    queued, heads, running, running_for_ns, groups, spun : list of int
        By P; `heads` and `running` hold Gs, `NO_G` where none is queued or runs; `spun` is what `rounds` answers.
    runnexts, idle_ps : list of bool
        By P.
    ready, attained, remaining, weights, deadlines, last_ps : list of int
        By G.
    classes : list of str
        By G.

    Examples
    --------
    >>> view = FakeView(procs=4)
    >>> view.queued[2] = 7
    >>> view.load(2), view.npidle()
    (7, 4)
    """

    def __init__(self, procs: i64, seed: i64 = 1, gs: i64 = 8) -> None:
        self.n_procs: i64 = procs
        self.at_ns: i64 = 0
        self.global_size: i64 = 0
        self.n_spinning: i64 = 0
        self.n_idle_ms: i64 = 0
        self.threads: i64 = 2
        self.system_ms: i64 = 1
        self.runnable: i64 = 0
        self.finished: i64 = 0
        self.queued: list[int] = [0] * procs
        self.heads: list[int] = [NO_G] * procs
        self.running: list[int] = [NO_G] * procs
        self.running_for_ns: list[int] = [0] * procs
        self.groups: list[int] = [0] * procs
        self.spun: list[int] = [0] * procs
        self.runnexts: list[bool] = [False] * procs
        self.idle_ps: list[bool] = [True] * procs
        self.ready: list[int] = [0] * gs
        self.attained: list[int] = [0] * gs
        self.remaining: list[int] = [0] * gs
        self.weights: list[int] = [1] * gs
        self.deadlines: list[int] = [-1] * gs
        self.last_ps: list[int] = [NO_P] * gs
        self.classes: list[str] = [""] * gs
        self.key: i64 = stream(seed, FOR_POLICY, 0)
        self.draws: i64 = 0

    def copy(self) -> FakeView:
        """The same state, with dice that begin anew."""
        made = FakeView(self.n_procs, 0, len(self.ready))
        for name in (
            "n_procs", "at_ns", "global_size", "n_spinning", "n_idle_ms", "threads", "system_ms", "runnable", "finished", "key",
        ):
            setattr(made, name, getattr(self, name))
        for name in (
            "queued", "heads", "running", "running_for_ns", "groups", "spun", "runnexts", "idle_ps", "ready", "attained", "remaining",
            "weights", "deadlines", "last_ps", "classes",
        ):
            setattr(made, name, list(getattr(self, name)))
        return made

    def now_ns(self) -> i64:
        return self.at_ns

    def procs(self) -> i64:
        return self.n_procs

    def queue_len(self, p: i64) -> i64:
        return self.queued[p]

    def head(self, p: i64) -> i64:
        return self.heads[p]

    def load(self, p: i64) -> i64:
        n: i64 = self.queued[p]
        return n + i64(self.runnexts[p]) + i64(self.running[p] != NO_G)

    def has_runnext(self, p: i64) -> bool:
        return self.runnexts[p]

    def global_len(self) -> i64:
        return self.global_size

    def idle(self, p: i64) -> bool:
        return self.idle_ps[p]

    def running_g(self, p: i64) -> i64:
        return self.running[p]

    def running_ns(self, p: i64) -> i64:
        return self.running_for_ns[p]

    def npidle(self) -> i64:
        n: i64 = 0
        for idle in self.idle_ps:
            if idle:
                n += 1
        return n

    def nmspinning(self) -> i64:
        return self.n_spinning

    def rounds(self, p: i64) -> i64:
        return self.spun[p]

    def nmidle(self) -> i64:
        return self.n_idle_ms

    def n_threads(self) -> i64:
        return self.threads

    def nmsys(self) -> i64:
        return self.system_ms

    def n_runnable(self) -> i64:
        return self.runnable

    def n_finished(self) -> i64:
        return self.finished

    def ready_ns(self, g: i64) -> i64:
        return self.ready[g]

    def attained_ns(self, g: i64) -> i64:
        return self.attained[g]

    def remaining_ns(self, g: i64) -> i64:
        return self.remaining[g]

    def weight(self, g: i64) -> i64:
        return self.weights[g]

    def deadline_ns(self, g: i64) -> i64:
        return self.deadlines[g]

    def cls(self, g: i64) -> str:
        return self.classes[g]

    def last_p(self, g: i64) -> i64:
        return self.last_ps[g]

    def group(self, p: i64) -> i64:
        return self.groups[p]

    def bits(self) -> i64:
        """63 random bits."""
        self.draws += 1
        return draw(self.key, self.draws)

    def below(self, n: i64) -> i64:
        if n < 1:
            raise ValueError(f"below({n}): the bound must be at least 1")
        return below(self.bits(), n)

    def ns(self, distribution: Distribution) -> i64:
        return distribution.sample(self.bits())


class OnlyView(View):
    """A view with the methods of `View` and nothing else to use: what it shows are the answers of another."""

    def __init__(self, shown: View) -> None:
        self._shown: View = shown

    def now_ns(self) -> i64:
        return self._shown.now_ns()

    def procs(self) -> i64:
        return self._shown.procs()

    def queue_len(self, p: i64) -> i64:
        return self._shown.queue_len(p)

    def head(self, p: i64) -> i64:
        return self._shown.head(p)

    def load(self, p: i64) -> i64:
        return self._shown.load(p)

    def has_runnext(self, p: i64) -> bool:
        return self._shown.has_runnext(p)

    def global_len(self) -> i64:
        return self._shown.global_len()

    def idle(self, p: i64) -> bool:
        return self._shown.idle(p)

    def running_g(self, p: i64) -> i64:
        return self._shown.running_g(p)

    def running_ns(self, p: i64) -> i64:
        return self._shown.running_ns(p)

    def npidle(self) -> i64:
        return self._shown.npidle()

    def nmspinning(self) -> i64:
        return self._shown.nmspinning()

    def rounds(self, p: i64) -> i64:
        return self._shown.rounds(p)

    def nmidle(self) -> i64:
        return self._shown.nmidle()

    def n_threads(self) -> i64:
        return self._shown.n_threads()

    def nmsys(self) -> i64:
        return self._shown.nmsys()

    def n_runnable(self) -> i64:
        return self._shown.n_runnable()

    def n_finished(self) -> i64:
        return self._shown.n_finished()

    def ready_ns(self, g: i64) -> i64:
        return self._shown.ready_ns(g)

    def attained_ns(self, g: i64) -> i64:
        return self._shown.attained_ns(g)

    def remaining_ns(self, g: i64) -> i64:
        return self._shown.remaining_ns(g)

    def weight(self, g: i64) -> i64:
        return self._shown.weight(g)

    def deadline_ns(self, g: i64) -> i64:
        return self._shown.deadline_ns(g)

    def cls(self, g: i64) -> str:
        return self._shown.cls(g)

    def last_p(self, g: i64) -> i64:
        return self._shown.last_p(g)

    def group(self, p: i64) -> i64:
        return self._shown.group(p)

    def below(self, n: i64) -> i64:
        return self._shown.below(n)

    def ns(self, distribution: Distribution) -> i64:
        return self._shown.ns(distribution)
