"""What the rows of run queues change: a G is taken out or put in, many move from one to another."""

from __future__ import annotations

from collections import deque

from gmplab.traces.state import Impossible, Row, State, named
from gmplab.vocabulary import (
    GRUNNABLE, NO_G, NO_M, NO_P, Q_BATCH, Q_NONE, SRC_GLOBAL, SRC_GLOBAL_TICK, SRC_LOCAL, SRC_RUNNEXT, SRC_STEAL,
    SRC_STEAL_RUNNEXT,
)


def q_get(s: State, row: Row) -> None:
    _, _, g, m, p, arg, reason, aux = row
    gp = s.goroutine(g, GRUNNABLE)
    if gp.m != NO_M:
        raise Impossible(f"g{g} is in no queue: it is {s.told(g)}")
    mp = s.awake(m)
    n = arg & 0xFFFFFFFF
    index = (arg >> 32) - 1 if arg >> 32 else 0
    if reason == SRC_RUNNEXT or reason == SRC_STEAL_RUNNEXT:
        victim = p if reason == SRC_RUNNEXT else aux
        pp = s.processor(victim)
        if pp.runnext != g:
            raise Impossible(f"the runnext of p{victim} is {named('g', pp.runnext)}")
        pp.runnext = NO_G
    elif reason == SRC_LOCAL:
        take(g, s.processor(p).queue, f"the queue of p{p}", index)
    elif reason == SRC_GLOBAL_TICK:
        take(g, s.runq, "the global queue", index)
    elif reason == SRC_GLOBAL:
        take(g, s.runq, "the global queue", index)
        move(n - 1, s.runq, "the global queue", s.processor(p).queue)
    elif reason == SRC_STEAL:
        queue = s.processor(aux).queue
        move(n - 1, queue, f"the queue of p{aux}", s.processor(p).queue)
        take(g, queue, f"the queue of p{aux}", 0)
    else:
        raise Impossible("this is no queue")
    if reason == SRC_STEAL or reason == SRC_STEAL_RUNNEXT:
        if aux == p:
            raise Impossible(f"p{p} cannot steal from itself")
        mp.victim, mp.stolen = aux, n
    gp.m = m
    mp.hands += 1


def take(g: int, queue: deque[int], name: str, index: int) -> None:
    """g leaves a queue, where it must be at `index` from the head."""
    if index < len(queue) and queue[index] == g:
        if index == 0:
            queue.popleft()
        else:
            del queue[index]
        return
    if index >= len(queue):
        raise Impossible(f"{name} holds {len(queue)} Gs: none at index {index}")
    raise Impossible(f"g{queue[index]} is at index {index} of {name}, and not g{g}")


def move(n: int, source: deque[int], name: str, to: deque[int]) -> None:
    """n Gs from the head of a queue to the tail of another."""
    if not 0 <= n <= len(source):
        raise Impossible(f"{name} holds {len(source)} Gs: {n} cannot leave it")
    for _ in range(n):
        to.append(source.popleft())


def q_put(s: State, row: Row) -> None:
    _, _, g, m, _, _, reason, aux = row
    gp = s.in_hand(g, m)
    if reason == Q_NONE or reason == Q_BATCH:
        raise Impossible("this is no queue")
    mp = s.awake(m)
    if mp.g == g:
        # It kept its thread, which found no P to go on with.
        mp.g = NO_G
    else:
        mp.hands -= 1
    s.put(g, gp, m, reason, aux)


def q_overflow(s: State, row: Row) -> None:
    _, _, g, _, p, arg, _, _ = row
    queue = s.processor(p).queue
    if not queue or queue[-1] != g:
        raise Impossible(f"g{g} must be the last in the queue of p{p}, and {f'g{queue[-1]}' if queue else 'nobody'} is")
    queue.pop()
    move(arg, queue, f"the queue of p{p}", s.runq)
    s.runq.append(g)


def q_drain(s: State, row: Row) -> None:
    _, _, _, _, p, arg, _, _ = row
    pp = s.processor(p)
    moved = [*([pp.runnext] if pp.runnext != NO_G else []), *pp.queue]
    pp.runnext = NO_G
    pp.queue.clear()
    if arg == 0:
        s.runq.extend(moved)
    else:
        s.runq.extendleft(reversed(moved))


def q_move(s: State, row: Row) -> None:
    _, _, _, _, p, arg, _, aux = row
    pp = s.processor(p)
    if pp.on_pidle and arg > 0:
        raise Impossible(f"p{p} is idle: an idle P's queue must be empty")
    if aux == NO_P:
        move(arg, s.runq, "the global queue", pp.queue)
    else:
        move(arg, s.processor(aux).queue, f"the queue of p{aux}", pp.queue)
