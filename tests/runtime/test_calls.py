"""Level "calls": the runtime's own calls, as trees to be read aloud beside proc.go."""

from __future__ import annotations

from typing import Any

import pytest

import gmplab as gl
from gmplab.policies import PRESETS
from gmplab.runtime.calls import CALLED_BY, ON_G
from gmplab.traces.run import Run
from gmplab.vocabulary import FUNCTIONS
from tests.programs import free
from tests.runtime.test_same_bytes import mixed


def tree(run: Run, **asked: Any) -> list[str]:
    """The lines of a tree, without the times."""
    return [line.split(maxsplit=1)[1] for line in str(run.calltree(**asked)).splitlines()[1:]]


def worker() -> Any:
    yield gl.compute(us=10)


def test_a_go_statement_leads_to_a_new_thread_that_calls_schedule() -> None:
    # Go: proc.go: newproc, wakep, startm, newm, newm1; os_linux.go: newosproc; proc.go: mstart, mstart1, schedule.
    def main() -> Any:
        yield gl.go(worker)
        yield gl.compute(us=20)

    run = free(main, procs=2, record="calls")
    assert tree(run, function="newproc")[4:] == [
        "M0  g1  newproc",
        "M0  g0    newproc1",
        "M0  g0      gfget",
        "M0  g0      malg",
        "M0  g0    wakep",
        "M0  g0      startm",
        "M0  g0        newm",
        "M0  g0          allocm",
        "M0  g0            malg",
        "M0  g0          newm1",
        "M0  g0            newosproc",
        "M0  g0              clone",
        "M2  g0                mstart",
        "M2  g0                  mstart1",
        "M2  g0                    mstartfn",
        "M2  g0                    acquirep",
        "M2  g0                    schedule",
        "M2  g0                      findrunnable",
        "M2  g0                        stealwork",
        "M2  g0                      resetspinning",
        "M2  g0                        wakep",
        "M2  g0                      execute g2",
    ]


def waker_and_sleeper() -> Run:
    c = gl.Chan()

    def receiver() -> Any:
        yield gl.recv(c)

    def main() -> Any:
        yield gl.go(receiver)
        yield gl.compute(us=10)
        yield gl.send(c)
        yield gl.compute(us=10)

    return free(main, procs=2, record="calls")


def test_a_send_wakes_a_thread_which_goes_on() -> None:
    # Go: chan.go: send; proc.go: goready, ready, wakep, startm; lock_futex.go: notewakeup.
    assert tree(waker_and_sleeper(), function="chansend") == [
        "M0  g1  chansend", "M0  g0    ready", "M0  g0      wakep", "M0  g0        startm", "M0  g0          notewakeup",
        "M2  g0            woken",
    ]


def test_a_thread_that_slept_in_stopm_looks_again_in_the_findrunnable_that_it_was_in() -> None:
    # Go: proc.go: findRunnable: stopm(); goto top. No new call of schedule() or findRunnable().
    assert tree(waker_and_sleeper(), function="chanrecv") == [
        "M2  g2  chanrecv",
        "M2  g2    gopark",
        "M2  g2      mcall",
        "M2  g0        park_m",
        "M2  g0          schedule",
        "M2  g0            findrunnable",
        "M2  g0              stealwork",
        "M2  g0              releasep",
        "M2  g0              stopm",
        "M2  g0                mput",
        "M2  g0                  checkdead",
        "M2  g0                mpark",
        "M2  g0                acquirep",
        "M2  g0              stealwork",
        "M2  g0            resetspinning",
        "M2  g0              wakep",
        "M2  g0            execute g2",
    ]


def test_after_a_syscall_without_a_p_the_thread_sleeps_and_then_calls_schedule() -> None:
    # Go: proc.go: exitsyscall, exitsyscallTryGetP, exitsyscallNoP: stopm(); schedule().
    def blocker() -> Any:
        yield gl.compute(us=10)
        yield gl.syscall(us=50, blocking=True)

    def main() -> Any:
        yield gl.go(blocker)
        yield gl.go(worker)
        yield gl.syscall(us=15, blocking=True)

    run = free(main, procs=1, record="calls")
    assert tree(run, function="exitsyscall") == [
        "M0  g1  exitsyscall",
        "M0  g0    exitsyscalltrygetp",
        "M0  g1    mcall",
        "M0  g0      exitsyscallnop",
        "M0  g0        stopm",
        "M0  g0          mput",
        "M0  g0            checkdead",
        "M0  g0          mpark",
        "M0  g0          acquirep",
        "M0  g0        schedule",
        "M0  g0          findrunnable",
        "M0  g0          execute g1",
    ]
    assert tree(run, function="entersyscallblock")[-6:] == [
        "M2  g2  entersyscallblock", "M2  g0    releasep", "M2  g0    handoffp", "M2  g0      startm",
        "M2  g0        notewakeup", "M0  g0          woken",
    ]


def test_a_policy_that_hands_off_at_entry_does_so_within_entersyscall() -> None:
    def main() -> Any:
        yield gl.syscall(us=10)

    run = free(main, procs=1, record="calls", policy=gl.policy_of("go").replace(handoff=gl.HandoffAtOnce()))
    assert tree(run, function="entersyscall")[:4] == [
        "M0  g1  entersyscall", "M0  g0    releasep", "M0  g0    handoffp", "M0  g0      startm",
    ]


def test_a_locked_goroutine_is_handed_to_its_own_thread_and_takes_it_along_at_its_end() -> None:
    # Go: proc.go: schedule -> stoplockedm -> handoffp; another M: startlockedm; gdestroy -> gogo(g0) -> mexit.
    c = gl.Chan()

    def locked() -> Any:
        yield gl.lock_os_thread()
        yield gl.recv(c)

    def main() -> Any:
        yield gl.go(locked)
        yield gl.sleep(us=10)
        yield gl.send(c)
        yield gl.sleep(us=50)

    run = free(main, procs=1, record="calls")
    waits = [line for line in tree(run, function="chanrecv") if line.startswith("M0")]
    assert [line for line in waits if not line.startswith("M0  g0               ")] == [
        "M0  g2  chanrecv",
        "M0  g2    gopark",
        "M0  g2      mcall",
        "M0  g0        park_m",
        "M0  g0          schedule",
        "M0  g0            stoplockedm",
        "M0  g0              releasep",
        "M0  g0              handoffp",
        "M0  g0              checkdead",
        "M0  g0              mpark",
        "M0  g0              acquirep",
        "M0  g0            execute g2",
    ]
    assert tree(run, function="startlockedm") == [
        "M3  g0  startlockedm",
        "M3  g0    releasep",
        "M3  g0    notewakeup",
        "M0  g0      woken",
        "M3  g0    stopm",
        "M3  g0      mput",
        "M3  g0        checkdead",
        "M3  g0      mpark",
        "M3  g0      acquirep",
    ]
    assert run.calltree("mexit").callers["path"].tolist() == ["goexit1 > mcall > goexit0 > gdestroy"]
    assert tree(run, function="mexit") == [
        "M0  g0  mexit", "M0  g0    releasep", "M0  g0    handoffp", "M0  g0      startm", "M0  g0        notewakeup",
        "M3  g0          woken", "M0  g0    checkdead", "M0  g0    mpark",
    ]


def test_sysmon_is_started_by_main_and_asks_for_preemption_through_retake() -> None:
    # Go: proc.go: main, newm, sysmon, retake, preemptone; preempt.go: asyncPreempt2; proc.go: gopreempt_m.
    def main() -> Any:
        yield gl.compute("12ms")

    run = free(main, procs=1, record="calls")
    assert tree(run, function="main", depth=10)[:11] == [
        "M0  g1  main",
        "M0  g0    newm",
        "M0  g0      allocm",
        "M0  g0        malg",
        "M0  g0      newm1",
        "M0  g0        newosproc",
        "M0  g0          clone",
        "M1  g0            mstart",
        "M1  g0              mstart1",
        "M1  g0                mstartfn",
        "M1  g0                  sysmon",
    ]
    assert run.calltree("preemptone").callers["path"].tolist() == ["mstart > mstart1 > mstartfn > sysmon > retake"]
    assert tree(run, function="asyncpreempt") == [
        "M0  g1  asyncpreempt", "M0  g1    mcall", "M0  g0      gopreempt_m", "M0  g0        goschedimpl",
        "M0  g0          wakep", "M0  g0          schedule", "M0  g0            findrunnable", "M0  g0            execute g1",
    ]


def test_a_timer_readies_its_goroutine_from_inside_findrunnable() -> None:
    # Go: proc.go: findRunnable -> time.go: timers.check -> goroutineReady -> goready.
    def main() -> Any:
        yield gl.sleep(us=10)

    run = free(main, procs=1, record="calls")
    assert run.calltree("ready").callers["path"].tolist() == [
        "timesleep > gopark > mcall > park_m > schedule > findrunnable > timers.check",
    ]


def test_a_change_of_gomaxprocs_stops_the_world_and_starts_it() -> None:
    # Go: proc.go: stopTheWorldGC, stopTheWorldWithSema, startTheWorldWithSema, procresize, wakep.
    def main() -> Any:
        yield gl.go(worker)
        yield gl.gomaxprocs(2)

    run = free(main, procs=1, record="calls")
    assert tree(run, function="gomaxprocs", depth=4) == [
        "M0  g1  gomaxprocs",
        "M0  g0    stoptheworld",
        "M0  g0    starttheworld",
        "M0  g0      procresize",
        "M0  g0      wakep",
        "M0  g0        startm",
        "M0  g0    semrelease",
        "M0  g0    semrelease",
    ]


def test_all_that_one_close_readies_is_called_by_it_although_each_takes_a_step() -> None:
    c = gl.Chan()

    def receiver() -> Any:
        yield gl.recv(c)

    def main() -> Any:
        for _ in range(3):
            yield gl.go(receiver)
        yield gl.sleep(us=1)
        yield gl.close(c)
        yield gl.sleep(us=1)

    run = free(main, procs=1, record="calls")
    assert tree(run, function="closechan") == ["M0  g1  closechan"] + ["M0  g0    ready", "M0  g0      wakep"] * 3


def test_what_an_arrival_calls_is_called_on_no_thread_until_one_wakes() -> None:
    job = gl.Program("job").compute("5us")
    main = gl.Program("main").wait_arrivals()
    plan = gl.Plan(main, sources=(gl.Source(job, gl.Constant(10_000), 2),))
    run = gl.run(plan, procs=2, costs=gl.Costs.zero(), record="calls")
    assert tree(run, function="arrive") == [
        "g0  arrive", "g0    newproc1", "g0      malg", "g0    startm", "g0      notewakeup", "M0  g0        woken",
    ] * 2


# --- what holds in every run --------------------------------------------------------------------------------------------
def collecting() -> Any:
    """GC cycles, and changes of GOMAXPROCS, beside computing, syscalls and sleeps."""
    wg = gl.WaitGroup(6)

    def collector(i: int) -> Any:
        yield gl.compute(us=200)
        if i == 2:
            yield gl.gc("300us")
        yield gl.syscall(us=100)
        yield gl.sleep(us=20)
        yield gl.done(wg)

    for i in range(6):
        yield gl.go(collector, i)
    yield gl.gomaxprocs(2)
    yield gl.gc("500us")
    yield gl.wait(wg)
    yield gl.gomaxprocs(4)


def timing() -> Any:
    """Timers set, set anew, stopped and waited for, by Gs of several Ps."""
    wg, shared = gl.WaitGroup(8), gl.Timer()

    def worker(i: int) -> Any:
        t = yield gl.new_timer(us=20 + i)
        yield gl.reset(shared, us=5 * i)
        yield gl.after_func("10us", collecting if i == 3 else gl.Program("late").compute("1us"))
        yield gl.compute(us=4)
        yield gl.select(gl.recv_case(t.c), gl.recv_case(shared.c))
        yield gl.stop(t)
        yield gl.reset(t, us=2)
        yield gl.recv(t.c)
        yield gl.done(wg)

    for i in range(8):
        yield gl.go(worker, i)
    yield gl.wait(wg)


@pytest.mark.parametrize(("program", "procs"), [(mixed, 1), (mixed, 4), (collecting, 1), (collecting, 4), (timing, 4)])
@pytest.mark.parametrize("policy", list(PRESETS))
def test_recording_calls_changes_nothing_else_and_every_call_has_a_caller_that_go_has(
    policy: str, procs: int, program: Any
) -> None:
    full, run = (gl.run(program, procs=procs, policy=policy, seed=7, strict=False, record=x) for x in ("full", "calls"))
    for table in ("schedule", "events", "goroutines"):
        assert run.record.tables[table] == full.record.tables[table]
    assert (run.metrics, full.record.tables["calls"]) == (full.metrics, [])
    f = run.calls
    functions = f["function"].astype(str)
    parents = functions.reindex(f["parent"].fillna(0).astype(int) - 1).tolist()
    pairs = {(by, name) for by, name in zip(parents, functions, strict=True) if by == by}
    assert {(by, name) for by, name in pairs if by not in CALLED_BY[name]} == set()
    # m0 gets P0 and begins before anything can have called it; a handoff policy's own timer is called by nobody.
    alone = f[f["parent"].isna() & functions.map(lambda name: "" not in CALLED_BY[name]) & f["m"].notna()]
    assert alone[["function", "m", "t_ns"]].values.tolist() == [["acquirep", 0, 0], ["mstart", 0, 0]]


def test_the_calls_agree_with_the_other_tables() -> None:
    run = gl.run(mixed, procs=4, seed=7, record="calls")
    f, e = run.calls, run.events
    assert f["call"].tolist() == list(range(1, len(f) + 1))
    assert f[f["function"] == "execute"][["t_ns", "m"]].values.tolist() == run.schedule[["t_ns", "m"]].values.tolist()
    for function, kind in (("ready", "GoReady"), ("stopm", "MPark"), ("retake", "Sysmon"), ("handoffp", "PHandoff")):
        events = e[(e["kind"] == kind) & ((kind != "MPark") | (e["reason"] == "idle")) & (
            (kind != "GoReady") | (e["reason"] != "batch")  # those come out of netpoll's list
        )]
        assert f[f["function"] == function][["t_ns", "m"]].values.tolist() == events[["t_ns", "m"]].values.tolist()
    made = f[f["function"] == "clone"].set_index("call")
    for start in f[(f["function"] == "mstart") & (f["m"] != 0)].itertuples():
        asked = made.loc[start.parent]
        row = run.machines.set_index("m").loc[start.m]
        assert (asked["m"], asked["t_ns"]) == (row["created_by"], row["created_ns"])


def test_what_runs_on_a_goroutines_stack_and_what_on_g0() -> None:
    f = gl.run(mixed, procs=4, seed=7, record="calls").calls
    on_g, on_g0 = (set(f[f["g"].notna() == there]["function"].astype(str)) for there in (True, False))
    assert on_g == {
        "main", "newproc", "chansend", "selectgo", "mutex.lock", "mutex.unlock", "waitgroup.add", "waitgroup.wait", "timesleep",
        "netpollblock", "entersyscall", "exitsyscall", "gopark", "goexit1", "mcall",
    }
    # The main goroutine itself was made on g0, before there was any.
    assert on_g & on_g0 == {"newproc"}


def test_the_table_of_callers_names_every_function_once() -> None:
    assert set(CALLED_BY) == set(FUNCTIONS)
    assert {by for callers in CALLED_BY.values() for by in callers if by} | ON_G <= set(FUNCTIONS)
    assert len(FUNCTIONS) == len(set(FUNCTIONS)) <= 256
