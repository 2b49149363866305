"""What Go does before main.main."""

from __future__ import annotations

from gmplab.runtime.bodies import Spawn, spawn_new
from gmplab.runtime.calls import call, called_by_main
from gmplab.runtime.dice import FOR_G, stream
from gmplab.runtime.model import PH_SCHEDULE, M, P, Sched, settle
from gmplab.runtime.proc import acquirep, newm
from gmplab.runtime.runq import note_put, pidleput, runqput
from gmplab.vocabulary import GO_CREATE, IN_SCHEDULING, NO_G, NO_P, WHY_SYSMON


def boot(sched: Sched, main: object, args: tuple[object, ...]) -> M:
    """Ps, m0 with P0, sysmon, the main goroutine in runnext. Returns m0, whose first step is due now. Go: proc.go: schedinit, main.

    Not modelled: that m0 is locked to the main goroutine meanwhile: runtime.main undoes it before main.main, where a run
    begins.
    """
    for i in range(sched.gomaxprocs):
        sched.allp.append(P(i))
        # The first G of a P may come from runnext and inherit the slice: it begins now.
        sched.allp[i].slice_end_ns = sched.quantum_ns
    m0 = M(0)
    m0.why = 1
    sched.allm.append(m0)
    sched.threads_created = 1
    sched.threads_peak = 1
    if sched.rec.full:
        sched.rec.event(0, 21, NO_G, 0, NO_P, 1, NO_P, 0)
    acquirep(sched, m0, sched.allp[0])
    for i in range(1, sched.gomaxprocs):
        pidleput(sched, sched.allp[i], m0)
    if sched.rules.sysmon:
        if sched.calls_on:
            called_by_main(sched, m0)
        sysmon = newm(sched, m0, None, False, WHY_SYSMON)
        sysmon.is_sysmon = True
        sched.sysmon = sysmon
        sched.nmsys = 1
    if sched.calls_on:
        call(sched, m0, "newproc")
    gp = spawn_new(sched, m0, None, Spawn(main, args, "main", "", 1, -1, ""))
    gp.key = stream(sched.seed, FOR_G, 0)
    sched.main = gp
    sched.n_runnable += 1
    dest = runqput(sched, sched.allp[0], gp, True)
    note_put(sched, GO_CREATE, gp, m0, 0, dest, 0, NO_G)
    if sched.calls_on:
        call(sched, m0, "mstart")
        call(sched, m0, "mstart1")
    m0.debt_ns = 0
    m0.phase = PH_SCHEDULE
    settle(m0, IN_SCHEDULING, 0)
    return m0
