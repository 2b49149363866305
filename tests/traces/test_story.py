"""The story: a sentence an event, told from the state before it, with the rule that decided."""

from __future__ import annotations

import re

import pytest

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.traces.effects import APPLY
from gmplab.traces.story import TELL, story, time
from gmplab.vocabulary import EVENT_KINDS, REASONS_OF, SOURCES


def main() -> None:
    group = gl.WaitGroup()
    gl.add(group, 3)

    def worker() -> None:
        gl.compute(us=50)
        gl.done(group)

    for _ in range(3):
        gl.go(worker)
    gl.wait(group)


def test_every_kind_has_a_sentence_under_the_name_of_the_method_that_applies_it() -> None:
    assert len(TELL) == len(EVENT_KINDS)
    names = {"by_its_goroutine": {"region_begin", "region_end", "logged"}, "nothing": {"wake_wanted"}}
    for tell, apply in zip(TELL, APPLY, strict=True):
        assert tell.__name__ in names.get(apply.__name__, {apply.__name__})


def test_the_first_sentences_of_a_run() -> None:
    told = gl.run(main, procs=2, costs=gl.Costs.zero(), seed=1).story()["sentence"].tolist()
    assert told[:20] == [
        "newm: M0 is made; the process starts.",
        "acquirep: M0 has P0 now, and may run Gs.",
        "pidleput: P1 goes on the list of idle Ps (1 now).",
        "newm: M0 makes M1; for sysmon.",
        "G1 (main) is made by no G: it becomes the runnext of P0.",
        "mstart: the thread of M1 begins.",
        "M0 takes G1, the runnext of P0: it goes before the queue.",
        "M0 runs G1 (main) on P0: runnext goes before the queue, and its G inherits the time slice. It was runnable for 0 ns.",
        "G1 makes G2 (worker): it becomes the runnext of P0.",
        "pidleget: M0 takes P1 off the list of idle Ps (0 left).",
        "newm: M0 makes M2, for P1; wakep: there is an idle P, and no M spins.",
        "M2 is to spin from its start: who woke it counted it as spinning (1 now).",
        "mstart: the thread of M2 begins.",
        "acquirep: M2 has P1 now, and may run Gs.",
        "G1 makes G3 (worker): it becomes the runnext of P0, and G2, which was that, goes to the tail of its queue.",
        "M2 stole 1 of 1 from P0: G2 is to run.",
        "Pass 1 of M2 over the other Ps: 1 asked, took 1 G.",
        "G1 makes G4 (worker): it becomes the runnext of P0, and G3, which was that, goes to the tail of its queue.",
        "M2 spins no more: it has found a G (0 still spinning).",
        "M2 runs G2 (worker) on P1: stolen from P0. It was runnable for 0 ns.",
    ]


def test_a_theft_says_how_many_of_how_many_and_the_snapshot_before_agrees() -> None:
    run = gl.run("fanout", n=100, procs=4, seed=1)
    thefts = run.story().pipe(lambda s: s[s["sentence"].str.contains(r" stole \d")])
    assert len(thefts) > 3
    for row, sentence in thefts["sentence"].items():
        n, queued, victim = (int(x) for x in re.findall(r"stole (\d+) of (\d+) from P(\d+)", sentence)[0])
        assert len(run.at(row=row - 1).processors[victim].queue) == queued
        assert len(run.at(row=row).processors[victim].queue) == queued - n


def test_an_m_that_comes_back_without_a_p_sleeps_for_that_and_calls_no_schedule_before() -> None:
    run = gl.run("syscall_storm", n=3, calls=1, procs=1, blocking=True, seed=1)
    told = run.story()["sentence"].tolist()
    back = next(i for i, sentence in enumerate(told) if "is back from its syscall, and there is no P for it" in sentence)
    assert re.sub(r"\d+", "_", told[back]).endswith("it goes to the tail of the global queue (_ now).")
    assert re.fullmatch(r"M\d+ sleeps: it has no P, and goes on midle \(stopm\)\.", told[back + 1])


def test_the_tick_of_the_policy_is_in_the_sentence() -> None:
    run = gl.run("fanout", n=600, compute="1us", procs=1, seed=1)
    assert run.story()["sentence"].str.contains("schedtick % 61: global queue first. M0 takes G").any()
    seven = gl.policy_of("go").replace(queues=gl.GoQueues(fair_tick=7))
    run = gl.run("fanout", n=600, compute="1us", procs=1, seed=1, policy=seven)
    assert run.story()["sentence"].str.contains("schedtick % 7: global queue first. M0 takes G").any()


WORKLOADS = {
    "gc_pauses": {"n": 30}, "mixed_io": {}, "syscall_storm": {}, "locked_thread": {}, "mutex_contention": {}, "timers": {},
}


@pytest.mark.parametrize("name", WORKLOADS)
def test_each_event_is_one_sentence(name: str) -> None:
    run = gl.run(name, procs=3, seed=2, until="2ms")
    told = run.story()
    assert told["kind"].astype(str).tolist() == run.events["kind"].astype(str).tolist()
    assert told["sentence"].map(lambda text: bool(re.fullmatch(r"[\w:].*\.", text))).all()
    assert not told["sentence"].str.contains(r"[GMP]-1|no reason was given").any()


def test_a_part_of_the_story_is_that_part() -> None:
    run = gl.run("fanout", n=20, procs=2, seed=1)
    whole = run.story()
    part = run.story("5us", 20_000)
    assert part.equals(whole[(whole["t_ns"] >= 5_000) & (whole["t_ns"] < 20_000)])


def test_what_cannot_be_told_is_said() -> None:
    with pytest.raises(TraceError, match="run.story needs the events"):
        story(gl.run("fanout", n=5, record="schedule"))
    with pytest.raises(ValueError, match="t1 must be after t0"):
        gl.run("fanout", n=5).story("2us", "1us")


def test_a_g_starts_by_one_of_the_named_rules() -> None:
    assert REASONS_OF[2] == SOURCES
    run = gl.run("mixed_io", procs=3, seed=2, until="2ms")
    told = run.story().pipe(lambda s: s[s["kind"] == "GoStart"])["sentence"]
    by = run.events.pipe(lambda e: e[e["kind"] == "GoStart"])["reason"].astype(str)
    assert told[by == "netpoll"].str.contains("its descriptor was ready in epoll").all()
    assert told[by == "local"].str.contains("the head of its own queue").all()


def test_times_have_the_unit_that_suits_them() -> None:
    assert [time(ns) for ns in (0, 999, 1_500, 20_000_000, 3_000_000_000)] == ["0 ns", "999 ns", "1.5 µs", "20 ms", "3 s"]
