"""Schedulers that theory knows: threads and tasks, queues apart or shared, and who goes first.

With `Costs.zero()` they are the models themselves (docs/policies.md has their numbers); with other costs they show what
a model leaves out. `threadpool -> segmented -> go` is the road from plain threads to G, M and P.
"""

from __future__ import annotations

from typing import Final

from gmplab.policies.block import HoldThread
from gmplab.policies.go_versions import go, go1_0
from gmplab.policies.handoff import NoHandoff
from gmplab.policies.machines import FixedThreads
from gmplab.policies.place import JoinShortest, LeastLoaded, PlaceGlobal, PlaceRandom
from gmplab.policies.preempt import AsyncPreempt, NoPreemption
from gmplab.policies.queues import ByAttainedWork, ByRemainingWork, GlobalQueue, NoRunnext
from gmplab.policies.steal import NoStealing
from gmplab.runtime.contracts import Policy

SHARED_QUANTUM_NS: Final = 5_000
"""How often those that preempt ask anew, in ns: the smaller, the nearer to the model, and the more switches."""

threadpool: Policy = go1_0.replace(
    name="threadpool", handoff=NoHandoff(), block=HoldThread(), machines=FixedThreads(),
    doc="Threads and one task queue: a task keeps its thread until it is done. A blocked task blocks its thread, so a "
    "pool whose threads all wait for queued tasks is stuck.",
)

segmented: Policy = go1_0.replace(
    name="segmented", handoff=NoHandoff(), machines=FixedThreads(),
    doc="Tasks cut into segments that any thread resumes. Waiting frees the thread, a blocking call still holds it.",
)

fifo: Policy = go.replace(
    name="fifo", queues=GlobalQueue(), place=PlaceGlobal(), steal=NoStealing(), preempt=NoPreemption(),
    doc="One queue for all Ps, first come first served: M/G/c. Source: Erlang 1917; Pollaczek 1930, Khinchine 1932. "
    "Differs: a server that is off takes as long to come on as an M to wake.",
)

partitioned: Policy = fifo.replace(
    name="partitioned", queues=NoRunnext(capacity=-1, fair_tick=0), place=PlaceRandom(),
    doc="A queue for each P, chosen at random, and nobody steals: c times M/G/1. Source: partitioned scheduling. "
    "Differs: a G that becomes runnable again draws a P again.",
)

two_choices: Policy = partitioned.replace(
    name="two-choices", place=LeastLoaded(d=2),
    doc="The less loaded of two random Ps, and nobody steals. Source: Vvedenskaya, Dobrushin, Karpelevich 1996; "
    "Mitzenmacher 1996.",
)

jsq: Policy = partitioned.replace(
    name="jsq", place=JoinShortest(),
    doc="The least loaded P of all, and nobody steals: join the shortest queue. Source: Winston 1977. Differs: of equals "
    "the first, not a random one.",
)

srpt: Policy = fifo.replace(
    name="srpt", queues=ByRemainingWork(capacity=0, fair_tick=0),
    preempt=AsyncPreempt(quantum_ns=SHARED_QUANTUM_NS, exact=True),
    doc="Shortest remaining processing time first, from one queue: the least mean time in the system on one P. It knows the "
    "future, so it is a bound and no candidate. Source: Schrage 1968. Differs: a G gives way every 5 us, not at once; what "
    "a Python body will compute is unknown and counts as nothing.",
)

las: Policy = srpt.replace(
    name="las", queues=ByAttainedWork(capacity=0, fair_tick=0),
    doc="Least attained service first, from one queue: good for heavy tails without knowing the future. Source: Kleinrock, "
    "Queueing Systems 2, 1976. Differs: a G gives way every 5 us, not at once.",
)

ps: Policy = srpt.replace(
    name="ps", queues=GlobalQueue(),
    doc="Processor sharing: all share the Ps in turns of 5 us. Its mean does not depend on the spread of service. Source: "
    "Kleinrock 1967. Differs: turns are not infinitely short.",
)
