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
from dataclasses import dataclass
from typing import Any, Final

from gmplab.errors import PolicyError
from gmplab.runtime.component import (
    ANSWERS, MOST_FIELD, Component, at_least, check_types_of_fields, one_of, reduced, yes_or_no,
)
from gmplab.runtime.concerns import (
    FOR_ARRIVAL, FOR_NEW, FOR_READY, FOR_YIELD, MAX_PROBES, ORDERS, PREEMPT_MODES, Block, Control, Handoff, Machines,
    Place, Preempt, Queues, Spin, Steal, Wake,
)
from gmplab.runtime.costs import Looked
from gmplab.runtime.view import Orders, View

__all__ = [
    "FOR_NEW", "FOR_READY", "FOR_ARRIVAL", "FOR_YIELD", "ORDERS", "PREEMPT_MODES", "MAX_PROBES", "View", "Orders",
    "ANSWERS", "MOST_FIELD", "at_least", "yes_or_no", "one_of", "Component", "Queues", "Place", "Steal", "Spin", "Wake",
    "Handoff", "Block", "Preempt", "Machines", "Control", "Rules", "Policy", "CONCERNS", "check_types",
]
"""The seam has this one address, and the reference this order."""


@dataclass(frozen=True)
class Rules(Looked):
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

    def look(self, values: dict[str, Any]) -> None:
        check_types_of_fields(Rules, values)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self)


@dataclass(frozen=True)
class Policy(Looked):
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

    def look(self, values: dict[str, Any]) -> None:
        check_types_of_fields(Policy, values)
        for name, part in values.items():
            if name in CONCERNS and not isinstance(part, CONCERNS[name]):
                base = CONCERNS[name].__name__
                raise TypeError(f"Policy: {name} = {part!r}: must be an instance of gmplab.{base}, or of a subclass")

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


def check_types(policy: Policy) -> None:
    """Raise `PolicyError` where a constant of a part of the policy is out of bounds."""
    for name in CONCERNS:
        if name == "rules":
            continue
        part = getattr(policy, name)
        try:
            part.check()
        except (TypeError, ValueError) as e:
            raise PolicyError(f"policy {policy.name!r}: {name}: {e}") from e
