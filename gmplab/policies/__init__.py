"""The shipped policies: one concern a file, and presets."""

from gmplab.policies.block import HoldThread, SwitchGoroutine
from gmplab.policies.control import Balance, NoControl
from gmplab.policies.handoff import HandoffAfter, HandoffAtOnce, NoHandoff, RetakeBySysmon
from gmplab.policies.machines import FixedThreads, KeepIdle, KeepThreads, RetireAfter
from gmplab.policies.place import (
    ChildFirst, JoinShortest, LastRanOn, LeastLoaded, PlaceGlobal, PlaceLocal, PlaceRandom,
)
from gmplab.policies.preempt import AsyncPreempt, CooperativePreempt, NoPreemption, PreemptIfWaiting
from gmplab.policies.presets import PRESETS
from gmplab.policies.queues import (
    ByAttainedWork, ByRemainingWork, GlobalQueue, GoQueues, LifoQueue, NoRunnext, RandomOrder, UnboundedQueues,
)
from gmplab.policies.spin import NoSpinning, SpinAlways, SpinFor, SpinHalfBusy, SpinLimit
from gmplab.policies.steal import (
    NoStealing, RandomProbes, StealAll, StealHalf, StealNeighbour, StealOne, StealRichest, TwoChoices,
)
from gmplab.policies.wake import WakeAfter, WakeAlways, WakeIfNoneSpinning, WakeNever

__all__ = [
    "PRESETS", "AsyncPreempt", "Balance", "ByAttainedWork", "ByRemainingWork", "ChildFirst", "CooperativePreempt",
    "FixedThreads", "GlobalQueue", "GoQueues", "HandoffAfter", "HandoffAtOnce", "HoldThread", "JoinShortest", "KeepIdle",
    "KeepThreads", "LastRanOn", "LeastLoaded", "LifoQueue", "NoControl", "NoHandoff", "NoPreemption", "NoRunnext",
    "NoSpinning", "NoStealing", "PlaceGlobal", "PlaceLocal", "PlaceRandom", "PreemptIfWaiting", "RandomOrder",
    "RandomProbes", "RetakeBySysmon", "RetireAfter", "SpinAlways", "SpinFor", "SpinHalfBusy", "SpinLimit", "StealAll",
    "StealHalf", "StealNeighbour", "StealOne", "StealRichest", "SwitchGoroutine", "TwoChoices", "UnboundedQueues",
    "WakeAfter", "WakeAlways", "WakeIfNoneSpinning", "WakeNever",
]
