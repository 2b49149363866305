"""What a request of a body does: each op as Go's runtime would do it, one step at a time.

`run` lets the G on an M go on: it fetches the next request (`bodies`, `program`) and performs it. An op that waits goes
on at `gp.stage`. Where the scheduler is `apart` from bodies the driver fetches, between `run` and `fetched`.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from gmplab.runtime.bodies import FORM_GREENLET, FORM_PROGRAM, Call, Raised, Spawn, called, fetch, label_program, spawn_function, spawn_new
from gmplab.runtime.calls import verb
from gmplab.runtime.chan import Chan, chanreceived, chanrecv, chansend, chansent, closechan, selected, selectgo
from gmplab.runtime.dice import draw
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.mgc import OP_FORCE_GC, OP_GC, OP_GC_WORKER, forcegchelper, gcbgmarkworker, gccycle
from gmplab.runtime.model import AT_IO, G, M, PH_COMPUTED, PH_FETCHED, PH_RUN, Sched, charge, overload
from gmplab.runtime.proc import (
    goexit0, gopark, goschedimpl, goyield, lockosthread, newproc, newproc1, unlockosthread, wakenetpoller,
)
from gmplab.runtime.program import (
    OP_ACQUIRE, OP_CALL, OP_CLOSE, OP_COMPUTE, OP_COND_BROADCAST, OP_COND_SIGNAL, OP_COND_WAIT, OP_EXIT, OP_GO, OP_GOSCHED,
    OP_IO, OP_LOCK, OP_LOCK_THREAD, OP_NOW, OP_RECV, OP_RECV_OK, OP_REGION, OP_REGION_END, OP_RELEASE, OP_RESET, OP_RLOCK,
    OP_RUNLOCK, OP_SELECT, OP_SEND, OP_SLEEP, OP_STOP, OP_SYSCALL, OP_SYSCALL_BLOCK, OP_UNLOCK, OP_UNLOCK_THREAD,
    OP_WAIT_ARRIVALS, OP_WG_ADD, OP_WG_WAIT, OP_WLOCK, OP_WUNLOCK, Program, fetch_op,
)
from gmplab.runtime.runq import pid
from gmplab.runtime.stw import OP_GOMAXPROCS, OP_UPDATE_GOMAXPROCS, updatemaxprocs
from gmplab.runtime.sockets import OP_NET, attempt
from gmplab.runtime.stw import gomaxprocs as setgomaxprocs
from gmplab.runtime.sync import (
    cond_signal, cond_wait, lock, rlock, runlock, sem_acquire, sem_release, unlock, wg_add, wg_wait, wlock, wunlock,
)
from gmplab.runtime.timers import Timer, resettimer, stoptimer
from gmplab.runtime.syscalls import entersyscall, entersyscallblock, exitedsyscall
from gmplab.vocabulary import (
    CALL_CHILD, LOG, NO_P, REGION_BEGIN, REGION_END, STEP_BODY, STEP_CALL, STEP_COMPUTE, STEP_END, STEP_ON, STOP_CHILD, TIMER_SET,
    WAIT_ARRIVALS, WAIT_IO, WAIT_SLEEP,
)

RUNTIME_CALLS: Final[dict[int, str]] = {
    OP_SEND: "chansend", OP_RECV: "chanrecv", OP_RECV_OK: "chanrecv", OP_CLOSE: "closechan",
    OP_SELECT: "selectgo", OP_GO: "newproc", OP_SLEEP: "timesleep", OP_SYSCALL: "entersyscall",
    OP_SYSCALL_BLOCK: "entersyscallblock", OP_GOSCHED: "gosched", OP_LOCK: "mutex.lock", OP_UNLOCK: "mutex.unlock",
    OP_RLOCK: "rwmutex.rlock", OP_RUNLOCK: "rwmutex.runlock", OP_WLOCK: "rwmutex.lock", OP_WUNLOCK: "rwmutex.unlock",
    OP_WG_ADD: "waitgroup.add", OP_WG_WAIT: "waitgroup.wait", OP_COND_WAIT: "cond.wait", OP_COND_SIGNAL: "cond.signal",
    OP_COND_BROADCAST: "cond.broadcast", OP_ACQUIRE: "semaphore.acquire", OP_RELEASE: "semaphore.release",
    OP_IO: "netpollblock", OP_GC: "gc", OP_GC_WORKER: "gcbgmarkworker", OP_GOMAXPROCS: "gomaxprocs",
    OP_UPDATE_GOMAXPROCS: "updatemaxprocs", OP_LOCK_THREAD: "lockosthread",
    OP_RESET: "resettimer", OP_STOP: "stoptimer",
    OP_FORCE_GC: "forcegchelper",
}
"""The function of the runtime that each op calls, of `vocabulary.FUNCTIONS`."""


def span_ns(gp: G) -> i64:
    """The duration of a timed request, drawn from the G's own stream if it is a distribution."""
    if gp.a >= 0:
        return gp.a
    x: Any = gp.obj
    if isinstance(x, Call):
        x = x.takes
    # Held to its type once, by the assignment.
    d: Distribution = x
    gp.draws += 1
    return d.sample(draw(gp.key, gp.draws))


def run(sched: Sched, mp: M) -> i64:
    """The G on mp goes on: its op under way, or the next one. A request is performed; its cost is charged."""
    gp = mp.curg
    assert gp is not None
    if gp.preempt and mp.phase == PH_RUN and gp.stage == 0:
        gp.preempt = False
        return goschedimpl(sched, mp, gp, True)
    if gp.rest_ns > 0:
        # It was preempted in a compute: the rest of it.
        return start_compute(sched, mp, gp)
    if gp.stage == 0:
        if gp.form == FORM_PROGRAM:
            fetch_op(gp)
        elif sched.apart:
            if gp.form == FORM_GREENLET and gp.lockedm is None:
                # It cannot leave the thread that it begins on.
                lockosthread(sched, mp, gp)
            mp.phase = PH_FETCHED
            return STEP_BODY
        else:
            fetch(sched, gp)
    return perform(sched, mp, gp, gp.op)


def fetched(sched: Sched, mp: M) -> i64:
    """The driver has let the body on mp go on to its next request, which is performed.

    Differs: who was asked to stop meanwhile does when the request has been performed.
    """
    gp = mp.curg
    assert gp is not None
    mp.phase = PH_RUN
    if gp.op == OP_EXIT and gp.form == FORM_GREENLET and gp.lockedm is not None:
        # The lock was the driver's: the thread serves others after it, but where the body has locked it too.
        unlockosthread(sched, mp, gp)
    return perform(sched, mp, gp, gp.op)


def start_compute(sched: Sched, mp: M, gp: G) -> i64:
    mp.phase = PH_COMPUTED
    pp = mp.p
    mp.rest_ns = gp.rest_ns
    if sched.exact_slice and pp is not None:
        left = pp.slice_end_ns - sched.now_ns - mp.debt_ns
        if left < mp.rest_ns:
            mp.rest_ns = left if left > 0 else 0
    return STEP_COMPUTE


def computed(sched: Sched, mp: M) -> i64:
    """A compute ended, or was cut: the driver has lowered gp.rest_ns by what was done."""
    gp = mp.curg
    pp = mp.p
    assert gp is not None and pp is not None
    mp.phase = PH_RUN
    if gp.rest_ns == 0:
        gp.tight = False
    elif sched.exact_slice and pp.slice_end_ns <= sched.now_ns:
        # A tight loop makes no call, at which it would see that its slice is over, or that it was asked to stop.
        deaf = gp.tight and sched.preempt.mode != "async"
        if not deaf and sched.preempt.should(sched.preempt_state, sched.view, pp.id, sched.quantum_ns):
            return goschedimpl(sched, mp, gp, True)
        pp.slice_end_ns = sched.now_ns + sched.quantum_ns
        if deaf:
            return start_compute(sched, mp, gp)
    if gp.preempt:
        gp.preempt = False
        return goschedimpl(sched, mp, gp, True)
    return STEP_ON


def perform(sched: Sched, mp: M, gp: G, op: i64) -> i64:
    """One request of a body, as Go's runtime would do it."""
    if sched.calls_on and op in RUNTIME_CALLS:
        verb(sched, mp, gp, RUNTIME_CALLS[op])
    if op == OP_COMPUTE:
        gp.rest_ns = span_ns(gp)
        gp.tight = gp.b == 1
        return start_compute(sched, mp, gp)
    if op == OP_SEND:
        if gp.stage != 0:
            chansent(gp)
            return STEP_ON
        c = gp.obj
        assert c is None or isinstance(c, Chan)
        return chansend(sched, mp, gp, c, gp.value)
    if op == OP_RECV or op == OP_RECV_OK:
        if gp.stage != 0:
            c = gp.obj
            assert c is None or isinstance(c, Chan)
            chanreceived(sched, mp, gp, c, op == OP_RECV_OK)
            return STEP_ON
        c = gp.obj
        assert c is None or isinstance(c, Chan)
        return chanrecv(sched, mp, gp, c, op == OP_RECV_OK)
    if op == OP_EXIT:
        if gp is sched.main and not sched.draining:
            return STEP_END
        code = goexit0(sched, mp, gp)
        wake_arrivals(sched, mp)
        # Without draining main is one of them, and the run ends with it above.
        if sched.n_user == 0 and sched.arrivals == 0:
            return STEP_END
        return code
    if op == OP_GO:
        return perform_go(sched, mp, gp)
    if op == OP_SYSCALL or op == OP_SYSCALL_BLOCK:
        if gp.stage != 0:
            return exitedsyscall(mp, gp)
        if gp.b == 1 and not sched.apart:
            called(gp)
        if op == OP_SYSCALL:
            return entersyscall(sched, mp, gp, span_ns(gp))
        return entersyscallblock(sched, mp, gp, span_ns(gp))
    if op == OP_SLEEP:
        return timesleep(sched, mp, gp)
    if op == OP_GOSCHED:
        return goschedimpl(sched, mp, gp, False)
    if op == OP_IO:
        return netwait(sched, mp, gp)
    if op < OP_LOCK_THREAD:
        return perform_sync(sched, mp, gp, op)
    return perform_other(sched, mp, gp, op)


def computecall(sched: Sched, mp: M, gp: G) -> i64:
    """A function that uses the CPU: outside of the step, where time is real; else at once, and then its given duration."""
    if gp.stage != 0:
        gp.stage = 0
        return STEP_ON
    if sched.apart:
        gp.stage = 1
        return STEP_CALL
    called(gp)
    gp.rest_ns = span_ns(gp)
    return start_compute(sched, mp, gp)


def perform_go(sched: Sched, mp: M, gp: G) -> i64:
    spawn = gp.obj
    if isinstance(spawn, Program):
        child = newproc1(sched, mp, gp)
        child.form = FORM_PROGRAM
        child.prog = spawn
        child.arg = gp.a
        if gp.b == 1:
            child.arg += gp.i
        label_program(sched, child, spawn, gp.prog)
    else:
        child = spawn_new(sched, mp, gp, spawn) if isinstance(spawn, Spawn) else spawn_function(sched, mp, gp)
        gp.result = child.goid
    if sched.child_first and mp.lockedg is None:
        # A locked parent's thread runs nobody else.
        return child_first(sched, mp, gp, child)
    newproc(sched, mp, child, gp)
    return STEP_ON


def child_first(sched: Sched, mp: M, gp: G, child: G) -> i64:
    """place=ChildFirst: the parent is queued, its M runs the child. Source: Blumofe and Leiserson 1999 (Cilk)."""
    overload(sched)
    sched.n_runnable += 1
    charge(sched, mp, sched.prices.newproc)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, 0, child.goid, mp.id, pid(mp), 0, NO_P, gp.goid)
    goyield(sched, mp, gp, CALL_CHILD, STOP_CHILD)
    mp.found = child
    mp.source = 10
    mp.inherit_time = True
    mp.enter_ns = sched.now_ns
    mp.phase = 11
    mp.wakes += 1
    mp.wake_why = 0
    return STEP_ON


def wake_arrivals(sched: Sched, mp: M) -> None:
    """The last of the arrivals' Gs is done: who waits for that goes on."""
    waiter = sched.arrivals_waiter
    if waiter is not None and sched.arrivals == 0 and sched.n_user == 1:
        from gmplab.runtime.proc import toready

        sched.arrivals_waiter = None
        toready(mp, waiter)


def timesleep(sched: Sched, mp: M, gp: G) -> i64:
    """time.Sleep: a timer on this P. Go: time.go: timeSleep, resetForSleep."""
    if gp.stage != 0:
        gp.stage = 0
        return STEP_ON
    ns = span_ns(gp)
    if ns <= 0:
        return STEP_ON
    pp = mp.p
    assert pp is not None
    when = sched.now_ns + ns
    gp.stage = 1
    if sched.hold:
        return gopark(sched, mp, gp, WAIT_SLEEP, when, 0)
    sched.timer_serial += 1
    gp.timer = sched.timer_serial
    first = pp.timers.wake_time()
    pp.timers.push(when, gp.timer, gp)
    charge(sched, mp, sched.prices.timer_op)
    if sched.rec.full:
        sched.rec.event(sched.now_ns, TIMER_SET, gp.goid, mp.id, pp.id, 0, NO_P, when)
    code = gopark(sched, mp, gp, WAIT_SLEEP, when, 0)
    if first == 0 or when < first:
        wakenetpoller(sched, mp, when)
    return code


def perform_timer(sched: Sched, mp: M, gp: G, op: i64) -> None:
    """Timer.Stop and Timer.Reset. The result is whether it was pending; the timer itself of who has just made it (b: 1)."""
    t = gp.obj
    assert isinstance(t, Timer)
    if op == OP_STOP:
        gp.result = stoptimer(sched, mp, t)
        return
    if t.fn is not None and t.starts is None:
        t.starts = Spawn(t.fn, t.args, t.name, t.cls, 1, -1, gp.prog.name if gp.form == FORM_PROGRAM else t.site)
    ns = gp.a
    if ns < 0:
        d = gp.prog.objects[gp.b] if gp.form == FORM_PROGRAM else gp.value
        assert isinstance(d, Distribution)
        gp.draws += 1
        ns = d.sample(draw(gp.key, gp.draws))
    pending = resettimer(sched, mp, gp, t, ns)
    gp.result = t if gp.b == 1 and gp.form != FORM_PROGRAM else pending


def netwait(sched: Sched, mp: M, gp: G) -> i64:
    """A descriptor that will be ready later. Go: netpoll.go: netpollblock."""
    if gp.stage != 0:
        gp.stage = 0
        return STEP_ON
    gp.stage = 1
    if not sched.hold:
        sched.netpoll_waiters += 1
    sched.driver.later(sched.now_ns + span_ns(gp), AT_IO, gp.goid)
    return gopark(sched, mp, gp, WAIT_IO, 0, 0)


def nettransfer(sched: Sched, mp: M, gp: G) -> i64:
    """An operation on a socket: done at once, or gp waits until it may be and tries again. Go: netpoll.go: netpollblock."""
    charge(sched, mp, sched.prices.syscall)
    try:
        done = sched.driver.transfer(gp) if sched.apart else attempt(sched, gp)
    except OSError as e:
        gp.result = Raised(e)
        done = True
    if done:
        gp.stage = 0
        gp.value = None
        return STEP_ON
    gp.stage = 1
    if not sched.hold:
        sched.netpoll_waiters += 1
    return gopark(sched, mp, gp, WAIT_IO, 0, 0)


def perform_sync(sched: Sched, mp: M, gp: G, op: i64) -> i64:
    x: Any = gp.obj
    if op == OP_CLOSE:
        closechan(sched, mp, x)
    elif op == OP_SELECT:
        if gp.stage != 0:
            selected(sched, mp, gp, x)
            return STEP_ON
        return selectgo(sched, mp, gp, x, gp.a == 0)
    elif op == OP_LOCK:
        return lock(sched, mp, gp, x)
    elif op == OP_UNLOCK:
        return unlock(sched, mp, gp, x)
    elif op == OP_RLOCK:
        return rlock(sched, mp, gp, x)
    elif op == OP_RUNLOCK:
        return runlock(sched, mp, gp, x)
    elif op == OP_WLOCK:
        return wlock(sched, mp, gp, x)
    elif op == OP_WUNLOCK:
        return wunlock(sched, mp, gp, x)
    elif op == OP_WG_ADD:
        wg_add(sched, mp, x, gp.a)
    elif op == OP_WG_WAIT:
        return wg_wait(sched, mp, gp, x)
    elif op == OP_COND_WAIT:
        return cond_wait(sched, mp, gp, x)
    elif op == OP_COND_SIGNAL:
        cond_signal(sched, mp, x, False)
    elif op == OP_COND_BROADCAST:
        cond_signal(sched, mp, x, True)
    elif op == OP_ACQUIRE:
        return sem_acquire(sched, mp, gp, x)
    else:
        sem_release(sched, mp, x)
    return STEP_ON


def perform_other(sched: Sched, mp: M, gp: G, op: i64) -> i64:
    if op == OP_LOCK_THREAD:
        lockosthread(sched, mp, gp)
    elif op == OP_UNLOCK_THREAD:
        unlockosthread(sched, mp, gp)
    elif op == OP_NET:
        return nettransfer(sched, mp, gp)
    elif op == OP_CALL:
        return computecall(sched, mp, gp)
    elif op == OP_NOW:
        gp.result = sched.now_ns
    elif op == OP_RESET or op == OP_STOP:
        perform_timer(sched, mp, gp, op)
    elif op == OP_GC_WORKER:
        return gcbgmarkworker(sched, mp, gp)
    elif op == OP_GC:
        return gccycle(sched, mp, gp, span_ns(gp) if gp.stage == 0 else 0)
    elif op == OP_GOMAXPROCS:
        return setgomaxprocs(sched, mp, gp)
    elif op == OP_FORCE_GC:
        return forcegchelper(sched, mp, gp)
    elif op == OP_UPDATE_GOMAXPROCS:
        return updatemaxprocs(sched, mp, gp)
    elif op == OP_WAIT_ARRIVALS:
        if gp.stage == 0 and (sched.arrivals > 0 or sched.n_user > 1):
            gp.stage = 1
            sched.arrivals_waiter = gp
            return gopark(sched, mp, gp, WAIT_ARRIVALS, 0, 0)
        gp.stage = 0
    else:
        kind: i64 = REGION_BEGIN if op == OP_REGION else REGION_END if op == OP_REGION_END else LOG
        sched.texts.append(str(gp.obj))
        if sched.rec.full:
            sched.rec.event(sched.now_ns, kind, gp.goid, mp.id, pid(mp), 0, NO_P, len(sched.texts) - 1)
    return STEP_ON
