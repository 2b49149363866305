"""The monitor: an M of its own, without a P, that looks every 20 us to 10 ms. Go: proc.go: sysmon, retake.

Its rule is *observe, then act*: a P is retaken or preempted only when sysmon has seen the same tick before.
"""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64

from gmplab.errors import PolicyError
from gmplab.runtime.calls import call, goeson
from gmplab.runtime.contracts import Orders
from gmplab.runtime.mgc import BEGIN, OP_FORCE_GC
from gmplab.runtime.model import FOREVER, PH_SYSMON, PH_SYSMON_ROUND, M, Sched, charge, price, settle
from gmplab.runtime.proc import (
    handoffp, injectglist, lookdead, netpoll, notewakeup, park, preemptone, sees, startm,
)
from gmplab.runtime.runq import undoze
from gmplab.runtime.stw import sysmonupdategomaxprocs, system_g_in_hand
from gmplab.runtime.syscalls import insyscall, takep
from gmplab.vocabulary import (
    GC_OFF, IN_IDLE, IN_SCHEDULING, M_START, NO_G, NO_P, POLL_SYSMON, PRUNNING, Q_MOVE,
    RETAKE_SYSMON, STEP_ON, STEP_PARK, SYSMON, WAIT_FORCE_GC, WHY_CONTROL, WHY_DEEP_SLEEP, WHY_TIMER,
)

FIRST_DELAY_NS: Final = 20_000
"""Go: proc.go: sysmon: start with 20us sleep."""
MOST_DELAY_NS: Final = 10_000_000
HOT_ROUNDS: Final = 50
"""Rounds without finding anything before the delay doubles: about 1 ms."""
POLL_STALE_NS: Final = 10_000_000
"""sysmon polls the network when nobody has for so long."""
FORCEGC_NS: Final = 120_000_000_000
"""Longest time without a collection, and twice the longest deep sleep. Go: proc.go: forcegcperiod."""


def sysmon(sched: Sched, mp: M) -> i64:
    """Sleep until the next round. Go: proc.go: sysmon: usleep(delay)."""
    if mp.delay_ns == 0 and sched.rec.full:
        sched.rec.event(sched.now_ns, M_START, NO_G, mp.id, NO_P, 0, NO_P, 0)
    if mp.delay_ns == 0 and sched.calls_on:
        for function in ("mstart", "mstart1", "mstartfn", "sysmon"):
            call(sched, mp, function)
    if mp.idle_rounds == 0:
        mp.delay_ns = FIRST_DELAY_NS
    elif mp.idle_rounds > HOT_ROUNDS:
        mp.delay_ns *= 2
    if mp.delay_ns > MOST_DELAY_NS:
        mp.delay_ns = MOST_DELAY_NS
    delay = mp.delay_ns
    if sched.control.period_ns > 0 and delay > sched.control_due_ns - sched.now_ns:
        delay = max(0, sched.control_due_ns - sched.now_ns)
    mp.phase = PH_SYSMON_ROUND
    mp.woken = False
    mp.until_ns = sched.now_ns + mp.debt_ns + delay + price(sched, sched.prices.usleep_slack)
    settle(mp, IN_IDLE, sched.now_ns)
    return STEP_PARK


def sysmon_round(sched: Sched, mp: M) -> i64:
    """One look at everything. Go: proc.go: sysmon.

    Differs: the control policy acts here; epoll is there from the start, where Go makes it with the first timer or
    descriptor: until then Go's sysmon polls nothing. Not modelled: GOMAXPROCS from cgroups, the scavenger, schedtrace.
    """
    now = sched.now_ns
    settle(mp, IN_SCHEDULING, now)
    deep: i64 = 0
    if sched.sysmonwait or mp.woken:
        deep = 1
        sched.sysmonwait = False
        if sched.calls_on:
            goeson(sched, mp)
        if mp.woken:
            mp.idle_rounds = 0
            mp.delay_ns = FIRST_DELAY_NS
        mp.woken = False
    elif sched.gcwaiting or sched.npidle == sched.gomaxprocs:
        next_ = timesleepuntil(sched)
        if next_ > now and sched.control.period_ns == 0:
            sched.sysmonwait = True
            until = now + FORCEGC_NS // 2
            if next_ < until:
                until = next_
            settle(mp, IN_IDLE, now)
            return park(sched, mp, WHY_DEEP_SLEEP, until)
    charge(sched, mp, sched.prices.sysmon_round)
    if sched.rec.full:
        sched.rec.event(now, SYSMON, NO_G, mp.id, NO_P, 0, deep, mp.delay_ns)
    if sched.rules.netpoll and sched.lastpoll != 0 and sched.lastpoll + POLL_STALE_NS < now:
        sched.lastpoll = now
        sched.netpolls += 1
        if sched.calls_on:
            call(sched, mp, "netpoll")
        sched.driver.poll()
        if sched.netpoll_ready.size() > 0:
            first = netpoll(sched, mp, POLL_SYSMON)
            if first is not None:
                injectglist(sched, mp, first)
    if not sched.rules.timer_wakes and timesleepuntil(sched) < now:
        startm(sched, mp, None, False, WHY_TIMER)
    if sched.control.period_ns > 0 and sched.control_due_ns <= now:
        sched.control_due_ns = now + sched.control.period_ns
        control(sched, mp)
        if sched.asked_at == sched.n_schedules + sched.n_exited:
            # It was asked twice, and nothing came of it.
            lookdead(sched)
        sched.asked_at = sched.n_schedules + sched.n_exited
    if retake(sched, mp) != 0:
        mp.idle_rounds = 0
    else:
        mp.idle_rounds += 1
    forcegc(sched, mp)
    mp.phase = PH_SYSMON
    return STEP_ON


def forcegc(sched: Sched, mp: M) -> None:
    """Two minutes after the last collection have another begun; there must have been one. Go: mgc.go: gcTrigger.test.

    Differs: the goroutine that does it is made when it is first needed.
    """
    gc = sched.gc
    if gc.last_ns == 0 or sched.now_ns - gc.last_ns <= FORCEGC_NS or gc.phase != GC_OFF:
        return
    gp = system_g_in_hand(sched, mp, gc.helper, "forcegchelper", OP_FORCE_GC, WAIT_FORCE_GC)
    if gp is None:
        return
    if gc.helper is None:
        gp.stage = BEGIN
        gc.helper = gp
    injectglist(sched, mp, gp)


def timesleepuntil(sched: Sched) -> i64:
    """When the next timer of any P is due. Go: time.go: timeSleepUntil."""
    next_: i64 = FOREVER
    for pp in sched.allp:
        when = pp.timers.wake_time()
        if when != 0 and when < next_:
            next_ = when
    return next_


def retake(sched: Sched, mp: M) -> i64:
    """Preempt who ran too long; take the Ps of who is in a syscall. Returns how many Ps were taken. Go: proc.go: retake.

    Of a P that it never saw in a syscall it holds tick 0, seen long ago; so the first call of a P is taken for an old one.

    Differs: when a P is taken is the handoff policy's rule; main's time slice begins at instant 0, where Go's sysmon has
    seen main's tick while the runtime initialised itself. Not modelled: that one more M counts as running meanwhile
    (incidlelocked), since a step is atomic.
    """
    n: i64 = 0
    now = sched.now_ns
    if sched.calls_on:
        call(sched, mp, "retake")
    for pp in sched.allp:
        if pp.status != PRUNNING or pp.m is None:
            continue
        sysretake = False
        if not sched.rules.slice_in_syscalls and insyscall(pp):
            pass
        elif pp.seen_schedtick != pp.schedtick:
            pp.seen_schedtick = pp.schedtick
            pp.seen_schedwhen = now
        elif pp.seen_schedwhen + sched.quantum_ns <= now and not sched.exact_slice:
            if sched.preempt.should(sched.preempt_state, sched.view, pp.id, now - pp.seen_schedwhen):
                preemptone(sched, mp, pp)
            sysretake = True
        if not insyscall(pp):
            continue
        if not sysretake and pp.seen_syscalltick != pp.syscalltick:
            pp.seen_syscalltick = pp.syscalltick
            pp.seen_syscallwhen = now
            continue
        if not sched.handoff.retake(sched.handoff_state, sched.view, pp.id, now - pp.seen_syscallwhen):
            continue
        sched.retakes += 1
        charge(sched, mp, sched.prices.retake)
        takep(sched, mp, pp, RETAKE_SYSMON)
        n += 1
        handoffp(sched, mp, pp)
    return n


def control(sched: Sched, mp: M) -> None:
    """Ask the control policy and carry out what it writes down. No counterpart in Go."""
    orders = Orders()
    sched.control.act(sched.control_state, sched.view, orders)
    for n, from_p, to_p in orders.moves:
        if not 0 <= from_p < sched.gomaxprocs or not 0 <= to_p < sched.gomaxprocs or n < 0:
            raise PolicyError(f"{type(sched.control).__name__}.act: move({n}, {from_p}, {to_p}): Ps are 0 to {sched.gomaxprocs - 1}")
        a = sched.allp[from_p]
        b = sched.allp[to_p]
        if b.on_pidle:
            continue
        k: i64 = 0
        while k < n and a.runq.size() > 0 and (sched.capacity < 0 or b.runq.size() < sched.capacity):
            b.runq.push(a.runq.pop())
            k += 1
        if k > 0 and sched.rec.full:
            sched.rec.event(sched.now_ns, Q_MOVE, NO_G, mp.id, b.id, 0, a.id, k)
        if k > 0:
            undoze(sched)
            sees(sched, b)
    if orders.start_ms < 0 or orders.retire_ms < 0:
        raise PolicyError(
            f"{type(sched.control).__name__}.act: start({orders.start_ms}), retire({orders.retire_ms}): must be at least 0 Ms"
        )
    if orders.procs != -1:
        sysmonupdategomaxprocs(sched, mp, orders.procs)
    for _ in range(orders.start_ms):
        startm(sched, mp, None, False, WHY_CONTROL)
    left = orders.retire_ms
    # Oldest first: midle is a stack. An M that is given a P before it wakes goes on with it.
    for idle in sched.midle:
        if left > 0 and idle.id != 0:
            notewakeup(sched, mp, idle, WHY_CONTROL)
            left -= 1
