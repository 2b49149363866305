"""The shipped policies: one concern a file, and whole schedulers by name in `presets`.

`queues`, `place`, `steal`, `spin`, `wake`, `handoff`, `block`, `preempt`, `machines`, `control`: each module opens with
who asks and when. The names load lazily, as `gmplab`'s own do.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gmplab.policies.block import HoldThread, SwitchGoroutine
    from gmplab.policies.control import (
        AllocateByDelay, AllocateByUtilization, Balance, ClimbProcs, GateThread, NoControl,
    )
    from gmplab.policies.handoff import HandoffAfter, HandoffAtOnce, NoHandoff, RetakeBySysmon
    from gmplab.policies.machines import FixedThreads, HillClimbing, KeepIdle, KeepThreads, RetireAfter, SpareThreads
    from gmplab.policies.place import (
        ChildFirst, JoinShortest, LastRanOn, LeastLoaded, PlaceGlobal, PlaceLocal, PlaceRandom, PushSurplus,
    )
    from gmplab.policies.preempt import AsyncPreempt, CooperativePreempt, NoPreemption, PreemptIfWaiting
    from gmplab.policies.presets import PRESETS
    from gmplab.policies.queues import (
        ByAttainedWork, ByRemainingWork, GlobalQueue, GoQueues, LifoQueue, NoRunnext, RandomOrder, UnboundedQueues,
    )
    from gmplab.policies.spin import NoSpinning, SpinAlways, SpinFor, SpinHalfBusy, SpinLimit
    from gmplab.policies.steal import (
        NoStealing, RandomProbes, RandomVictims, StealAll, StealHalf, StealNeighbour, StealOne, StealRichest, TwoChoices,
    )
    from gmplab.policies.wake import WakeAfter, WakeAlways, WakeIfNoneSpinning, WakeIfTooFewSpin, WakeNever

COMPONENTS: Final[dict[str, tuple[str, ...]]] = {
    "queues": (
        "GoQueues", "GlobalQueue", "NoRunnext", "LifoQueue", "RandomOrder", "ByRemainingWork", "ByAttainedWork",
        "UnboundedQueues",
    ),
    "place": (
        "PlaceLocal", "PlaceRandom", "LeastLoaded", "JoinShortest", "LastRanOn", "PlaceGlobal", "ChildFirst", "PushSurplus",
    ),
    "steal": (
        "StealHalf", "StealOne", "StealAll", "StealRichest", "StealNeighbour", "TwoChoices", "RandomProbes",
        "RandomVictims", "NoStealing",
    ),
    "spin": ("SpinHalfBusy", "SpinLimit", "SpinFor", "SpinAlways", "NoSpinning"),
    "wake": ("WakeIfNoneSpinning", "WakeAlways", "WakeNever", "WakeAfter", "WakeIfTooFewSpin"),
    "handoff": ("RetakeBySysmon", "HandoffAtOnce", "HandoffAfter", "NoHandoff"),
    "block": ("SwitchGoroutine", "HoldThread"),
    "preempt": ("AsyncPreempt", "CooperativePreempt", "NoPreemption", "PreemptIfWaiting"),
    "machines": ("KeepThreads", "RetireAfter", "KeepIdle", "FixedThreads", "HillClimbing", "SpareThreads"),
    "control": ("NoControl", "AllocateByDelay", "AllocateByUtilization", "Balance", "ClimbProcs", "GateThread"),
}
"""The component classes of each concern, Go's first. Each concern is a module of this package too."""

_HOMES = {**COMPONENTS, "presets": ("PRESETS",)}
_HOME_OF = {name: f"gmplab.policies.{home}" for home, names in _HOMES.items() for name in names}

# A literal, so that type checkers see what is exported; a test holds it equal to the table above.
__all__ = [
    "COMPONENTS", "PRESETS", "AllocateByDelay", "AllocateByUtilization", "AsyncPreempt", "Balance", "ByAttainedWork",
    "ByRemainingWork", "ChildFirst", "ClimbProcs", "CooperativePreempt", "FixedThreads", "GateThread", "GlobalQueue",
    "GoQueues", "HandoffAfter", "HandoffAtOnce", "HillClimbing", "HoldThread", "JoinShortest", "KeepIdle",
    "KeepThreads", "LastRanOn", "LeastLoaded", "LifoQueue", "NoControl", "NoHandoff", "NoPreemption", "NoRunnext",
    "NoSpinning", "NoStealing", "PlaceGlobal", "PlaceLocal", "PlaceRandom", "PreemptIfWaiting", "PushSurplus",
    "RandomOrder", "RandomProbes", "RandomVictims", "RetakeBySysmon", "RetireAfter", "SpareThreads", "SpinAlways",
    "SpinFor", "SpinHalfBusy", "SpinLimit", "StealAll", "StealHalf", "StealNeighbour", "StealOne", "StealRichest",
    "SwitchGoroutine", "TwoChoices", "UnboundedQueues", "WakeAfter", "WakeAlways", "WakeIfNoneSpinning",
    "WakeIfTooFewSpin", "WakeNever",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'gmplab.policies' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
