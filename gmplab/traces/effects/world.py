"""What the other rows change: timers and the network, the garbage collector, a stop of the world, marks."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from gmplab.traces.state import RUNNING, SCHEDULE, Impossible, Row, State, named, of_program, timer_name
from gmplab.vocabulary import (
    GWAITING, NO_G, NO_M, NO_P, PDEAD, PGCSTOP, POLL_BLOCKING, P_STATUSES, WAIT_GC_WORKER, WAIT_REASONS,
)


def timer_set(s: State, row: Row) -> None:
    _, _, g, m, p, arg, _, aux = row
    if g == NO_G:
        s.awake(m)
        s.timers_set += 1
        heappush(s.processor(p).timers, (arg, s.timers_set, of_program(aux)))
        return
    if aux == NO_P:
        gp, _ = s.running_on(g, m, p)
        s.timers_set += 1
        heappush(s.processor(p).timers, (arg, s.timers_set, g))
    else:
        gp = s.goroutine(g, GWAITING)
        heappush(s.processor(p).timers, pull_timer(s, g, aux))
    gp.timer_p = p


def pull_timer(s: State, g: int, p: int) -> tuple[int, int, int]:
    """Take g's timer, or one of the program's, out of p's heap."""
    pp = s.processor(p)
    found = [timer for timer in pp.timers if timer[2] == g]
    if not found:
        raise Impossible(f"p{p} has no timer for {timer_name(g)}")
    pp.timers.remove(found[0])
    heapify(pp.timers)
    return found[0]


def timer_fire(s: State, row: Row) -> None:
    t, _, g, m, p, arg, _, aux = row
    s.awake(m)
    timers = s.processor(p).timers
    if g == NO_G:
        g = of_program(aux)
    if not timers or timers[0][2] != g or timers[0][0] != arg:
        first = f"{timer_name(timers[0][2])}, due at {timers[0][0]} ns" if timers else "nobody's"
        raise Impossible(f"the first timer of p{p} is {first}")
    if arg > t:
        raise Impossible(f"it is due at {arg} ns only")
    heappop(timers)
    if g >= 0:
        s.gs[g].timer_p = NO_P


def timer_stop(s: State, row: Row) -> None:
    _, _, _, m, p, _, _, aux = row
    s.awake(m)
    pull_timer(s, of_program(aux), p)


def netpoll(s: State, row: Row) -> None:
    m, arg, reason = row[3], row[5], row[6]
    if arg != s.polled:
        raise Impossible(f"{s.polled} Gs came out of epoll since the last Netpoll, and not {arg}")
    s.polled = 0
    if reason == POLL_BLOCKING:
        if s.poller != m:
            raise Impossible(f"{named('m', s.poller)} is the one that sleeps in epoll")
        s.poller = NO_M
        s.awake(m).place = SCHEDULE


def io_readied(s: State, row: Row) -> None:
    g = row[2]
    s.goroutine(g, GWAITING)
    s.io_ready[g] = None


def gc_phased(s: State, row: Row) -> None:
    s.gc_phase = row[6]


def gc_worker(s: State, row: Row) -> None:
    gp = s.goroutine(row[2], GWAITING)
    if gp.reason != WAIT_GC_WORKER:
        raise Impossible(f"g{row[2]} is no GC worker: it waits for {WAIT_REASONS[gp.reason]}")


def stw_start(s: State, row: Row) -> None:
    _, _, g, m, p, _, _, _ = row
    if s.stopping:
        raise Impossible("the world is being stopped already")
    s.running_on(g, m, p)
    s.stopping = True


def stw_stopped(s: State, row: Row) -> None:
    _, _, g, m, p, _, _, _ = row
    if not s.stopping:
        raise Impossible("no STWStart came")
    _, mp = s.running_on(g, m, p)
    mp.place = RUNNING
    for p, pp in enumerate(s.ps):
        if pp.status != PGCSTOP and pp.status != PDEAD:
            raise Impossible(f"p{p} does not stand: it is {P_STATUSES[pp.status]}")
    s.stopped = True


def stw_end(s: State, row: Row) -> None:
    if not s.stopped:
        raise Impossible("no STWStopped came")
    for p, pp in enumerate(s.ps):
        if pp.status == PGCSTOP:
            raise Impossible(f"p{p} still stands")
        if pp.status == PDEAD and (pp.m != NO_M or pp.queue or pp.runnext != NO_G or pp.timers):
            raise Impossible(f"p{p} is destroyed, and still has an M, Gs or timers")
    s.stopping = s.stopped = False


def lock_thread(s: State, row: Row) -> None:
    _, _, g, m, p, _, _, _ = row
    _, mp = s.running_on(g, m, p)
    mp.locked_g = g
    mp.locks += 1


def unlock_thread(s: State, row: Row) -> None:
    _, _, g, m, p, _, _, _ = row
    _, mp = s.running_on(g, m, p)
    if mp.locks == 0:
        raise Impossible(f"m{m} is locked to no G")
    mp.locks -= 1
    if mp.locks == 0:
        mp.locked_g = NO_G


def by_its_goroutine(s: State, row: Row) -> None:
    """A region, a line of the log: the G that writes it runs."""
    s.running_on(row[2], row[3], row[4])


def nothing(s: State, row: Row) -> None:
    """A row that changes nothing of this."""
