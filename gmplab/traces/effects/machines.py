"""What the rows of machines change: made, asleep, woken, spinning, on a CPU, gone."""

from __future__ import annotations

from typing import Final

from gmplab.traces.state import (
    EXITED, PARKED, PLACES, RUNNING, SCHEDULE, STARTING, SYSMON_SLEEP, WAKING, Impossible, Machine, Row, State, named,
)
from gmplab.vocabulary import (
    CALL_HELD, CALL_STOPLOCKED, GWAITING, NO_G, NO_M, NO_P, PIDLE, P_STATUSES, WHYS, WHY_BOOT, WHY_CLONE_RETRY,
    WHY_CONTROL, WHY_DEEP_SLEEP, WHY_HANDOFFP, WHY_HELD, WHY_IDLE, WHY_INJECT, WHY_LOCKED, WHY_LOCKED_EXIT, WHY_NETPOLL,
    WHY_NETPOLL_BREAK, WHY_NONE, WHY_START_LOCKED, WHY_STOP_WORLD, WHY_SYSMON, WHY_TIMER, WHY_WAKEP,
)

MGET: Final = frozenset({WHY_WAKEP, WHY_HANDOFFP, WHY_INJECT, WHY_CONTROL, WHY_TIMER})
"""Who takes the M that parked last. Go: proc.go: mget."""


def m_create(s: State, row: Row) -> None:
    _, _, _, m, p, _, reason, aux = row
    if m != len(s.ms):
        raise Impossible(f"ids are given in order: m{len(s.ms)} comes next")
    if aux != NO_M:
        s.awake(aux)
    mp = Machine(SCHEDULE if reason == WHY_BOOT else STARTING, sysmon=reason == WHY_SYSMON)
    s.ms.append(mp)
    s.threads += 1
    s.threads_peak = max(s.threads_peak, s.threads)
    if p != NO_P:
        promise(s, m, mp, p)


def promise(s: State, m: int, mp: Machine, p: int) -> None:
    """p becomes the nextp of m."""
    pp = s.processor(p)
    if pp.m == m:
        return
    s.free(p)
    if pp.status != PIDLE:
        raise Impossible(f"p{p} is in status {P_STATUSES[pp.status]}")
    pp.next_m = m


def m_start(s: State, row: Row) -> None:
    m = row[3]
    mp = s.machine(m)
    if mp.place != STARTING:
        raise Impossible(f"m{m} has started already")
    mp.place = SYSMON_SLEEP if mp.sysmon else SCHEDULE


def m_park(s: State, row: Row) -> None:
    _, _, _, m, p, arg, reason, _ = row
    mp = s.awake(m)
    s.holds(m, mp, p)
    if mp.noted:
        raise Impossible(f"m{m} was woken before it slept: it must not sleep")
    if mp.hands:
        raise Impossible(f"m{m} has {mp.hands} Gs in hand")
    if reason == WHY_IDLE or reason == WHY_LOCKED or reason == WHY_NETPOLL:
        if p != NO_P:
            raise Impossible(f"m{m} holds p{p}: it must give it up before it sleeps")
        if mp.spinning:
            raise Impossible(f"m{m} spins: a SpinStop must come first")
    if reason == WHY_IDLE:
        s.midle.append(m)
    elif reason == WHY_LOCKED and mp.locked_g == NO_G:
        raise Impossible(f"m{m} is locked to no G")
    elif reason == WHY_NETPOLL:
        if s.poller != NO_M:
            raise Impossible(f"m{s.poller} sleeps in epoll already")
        s.poller = m
    elif reason == WHY_HELD and mp.g == NO_G:
        raise Impossible(f"m{m} keeps no G")
    elif reason == WHY_DEEP_SLEEP and not mp.sysmon:
        raise Impossible(f"m{m} is not sysmon")
    elif reason == WHY_LOCKED_EXIT:
        s.threads -= 1
    mp.place, mp.why, mp.until = PARKED, reason, arg
    mp.victim, mp.stolen = NO_P, 0


def m_wake(s: State, row: Row) -> None:
    t, _, _, m, p, arg, reason, aux = row
    mp = s.machine(m)
    if aux != NO_M:
        s.awake(aux)
    if arg == 1:
        if mp.place == PARKED:
            raise Impossible(f"m{m} sleeps already ({WHYS[mp.why]})")
        mp.noted = True
    elif mp.place != PARKED:
        raise Impossible(f"m{m} does not sleep: it is in {PLACES[mp.place]}")
    elif mp.why == WHY_IDLE:
        if reason in MGET and s.midle[-1] != m:
            raise Impossible(f"m{s.midle[-1]} parked last, and is to be woken first")
        s.midle.remove(m)
    if reason == WHY_START_LOCKED:
        hand_over(s, m, mp, aux)
    if p != NO_P:
        promise(s, m, mp, p)
    if arg == 1:
        return
    if reason == WHY_NONE:
        if s.timed and not (0 <= mp.until <= t or mp.why in (WHY_IDLE, WHY_HELD, WHY_NETPOLL)):
            raise Impossible(f"m{m} sleeps ({WHYS[mp.why]}) and nobody wakes it: its sleep ends at {mp.until} ns")
        # A clone that is tried again: it has no thread yet.
        mp.place = {WHY_STOP_WORLD: RUNNING, WHY_CLONE_RETRY: STARTING}.get(mp.why, SCHEDULE)
    else:
        mp.place = WAKING
    if reason == WHY_NETPOLL_BREAK and mp.why != WHY_NETPOLL:
        raise Impossible(f"m{m} does not sleep in epoll, but for {WHYS[mp.why]}")
    if mp.sysmon:
        mp.place = SYSMON_SLEEP
    mp.until = -1


def hand_over(s: State, m: int, mp: Machine, by: int) -> None:
    """startlockedm: the locked G goes from the hands of `by` to those of its own M."""
    gp = s.in_hand(mp.locked_g, by)
    s.machine(by).hands -= 1
    gp.m = m
    mp.hands += 1
    mp.caller = CALL_STOPLOCKED


def m_exit(s: State, row: Row) -> None:
    m = row[3]
    mp = s.awake(m)
    if mp.p != NO_P or mp.g != NO_G or mp.hands or mp.spinning:
        raise Impossible(f"m{m} cannot end: it holds {named('p', mp.p)} and {named('g', mp.g)}, {mp.hands} Gs in hand")
    mp.place = EXITED
    s.threads -= 1


def spin_start(s: State, row: Row) -> None:
    _, _, _, m, p, _, _, aux = row
    # One that is started spinning may wait for the kernel to give it a thread.
    mp = s.machine(m) if aux == 1 else s.awake(m)
    if mp.spinning:
        raise Impossible(f"m{m} spins already")
    if aux == 1:
        if s.processor(p).next_m != m:
            raise Impossible(f"p{p} is not promised to m{m}")
    else:
        s.holds(m, mp, p)
    mp.spinning, mp.passes = True, 0
    s.nmspinning += 1


def spin_stop(s: State, row: Row) -> None:
    _, _, _, m, p, _, _, _ = row
    mp = s.awake(m)
    if not mp.spinning:
        raise Impossible(f"m{m} does not spin")
    s.holds(m, mp, p)
    mp.spinning, mp.passes = False, 0
    s.nmspinning -= 1


def steal_pass(s: State, row: Row) -> None:
    _, _, _, m, p, _, reason, aux = row
    mp = s.awake(m)
    s.holds(m, mp, p)
    if not mp.spinning:
        raise Impossible(f"m{m} does not spin")
    if aux != mp.stolen:
        raise Impossible(f"m{m} took {mp.stolen} Gs in this pass, and not {aux}")
    mp.passes = reason + 1


def sysmon(s: State, row: Row) -> None:
    m = row[3]
    mp = s.awake(m)
    if not mp.sysmon:
        raise Impossible(f"m{m} is not sysmon")
    mp.place = SYSMON_SLEEP


def hold(s: State, row: Row) -> None:
    g, m, p = row[2], row[3], row[4]
    gp = s.goroutine(g, GWAITING)
    mp = s.awake(m)
    s.holds(m, mp, p)
    if mp.g != NO_G or gp.m != NO_M:
        raise Impossible(f"m{m} has {named('g', mp.g)}, and g{g} is {s.told(g)}")
    gp.m, mp.g, mp.caller = m, g, CALL_HELD


def cpu_wait(s: State, row: Row) -> None:
    m = row[3]
    mp = s.machine(m)
    if mp.place == EXITED or mp.waits_for_cpu:
        raise Impossible(f"m{m} waits for a CPU already, or has exited")
    mp.waits_for_cpu = True


def cpu_run(s: State, row: Row) -> None:
    m = row[3]
    mp = s.machine(m)
    if not mp.waits_for_cpu:
        raise Impossible(f"m{m} does not wait for a CPU")
    mp.waits_for_cpu = False
