"""Deliberate faults in the core and in Go's policy: each must make a named test fail.

A mutant is a copy of the package in which one piece of text is another, run uncompiled in a process of its own with
the one test that holds that piece. The test must fail by an assertion of its own; a broken import does not count.
That the text is still there, once, is asked of every mutant in each run of the tests, so that none of them rots.
A mutant that no test notices is a test that is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def golden(name: str) -> str:
    """The test of one file of tests/runtime/golden."""
    return f"tests/runtime/test_goldens.py::test_the_program_gets_the_decisions_that_go_takes[{name}]"


@dataclass(frozen=True)
class Mutant:
    """In `file` of the package `old`, which is there once, becomes `new`; then `test` fails."""

    name: str
    file: str
    old: str
    new: str
    test: str


IN_MAKE_TEST = [
    Mutant(
        "the global queue comes first every 62nd tick", "runtime/concerns.py",
        "fair_tick: int = 61", "fair_tick: int = 62", golden("queues_every_61st_tick"),
    ),
    Mutant(
        "a thief takes half and one more", "policies/steal.py",
        "return self.bounded(queued - queued // 2, queued)", "return self.bounded(min(queued, queued - queued // 2 + 1), queued)",
        golden("steal_half_and_run_the_last"),
    ),
    Mutant(
        "the M that parked first is used first", "runtime/runq.py",
        "return sched.midle.pop()", "return sched.midle.pop(0)", golden("machines_idle_lists_are_stacks"),
    ),
    Mutant(
        "a finder does not wake the next M", "runtime/proc.py",
        "stopspinning(sched, mp, SPIN_FOUND)\n    wakep(sched, mp, FOR_READY)", "stopspinning(sched, mp, SPIN_FOUND)",
        golden("spin_each_finder_wakes_the_next"),
    ),
    Mutant(
        "close readies the first waiter first", "runtime/chan.py",
        "toready(mp, stack.pop())", "toready(mp, stack.pop(0))", golden("sync_close_wakes_in_reverse"),
    ),
]
OTHERS = [
    Mutant(
        "the P that idled first is used first", "runtime/runq.py",
        "pp = sched.pidle.pop()", "pp = sched.pidle.pop(0)", golden("machines_idle_lists_are_stacks"),
    ),
    Mutant(
        "nobody is woken for a G that became runnable", "runtime/proc.py",
        "to, arg)\n    mp.wakes += 1\n", "to, arg)\n", golden("steal_runnext_in_the_fourth_pass"),
    ),
    Mutant(
        "a readied G wakes nobody", "runtime/proc.py",
        "    put_placed(sched, mp, gp, GO_READY, FOR_READY, by)",
        "    put_placed(sched, mp, gp, GO_READY, FOR_READY, by)\n    mp.wakes -= 1", golden("wake_for_a_readied_g"),
    ),
    Mutant(
        "a runnext is stolen in the third pass", "runtime/concerns.py",
        "runnext_pass: int = 3", "runnext_pass: int = 2", golden("steal_runnext_in_the_fourth_pass"),
    ),
    Mutant(
        "a thief runs the first of what it took", "runtime/runq.py",
        "        pp.runq.push(p2.runq.pop())\n        n += 1\n    return p2.runq.pop()",
        "        pp.runq.push(p2.runq.pop())\n        n += 1\n    pp.runq.push(p2.runq.pop())\n    return pp.runq.pop()",
        golden("steal_half_and_run_the_last"),
    ),
    Mutant(
        "a running P's runnext is stolen without a pause", "runtime/concerns.py",
        "runnext_backoff_ns: int = 3_000", "runnext_backoff_ns: int = 0", golden("steal_runnext_in_the_fourth_pass"),
    ),
    Mutant(
        "needspinning is not asked", "runtime/proc.py",
        "if sched.rules.needspinning and not mp.spinning and sched.needspinning == 1:", "if False:",
        "tests/runtime/test_findrunnable.py::test_work_that_came_while_no_p_idled_makes_the_next_m_that_would_park_spin[go-True]",
    ),
    Mutant(
        "who stops spinning does not look again", "runtime/proc.py",
        "    stopspinning(sched, mp, SPIN_GAVE_UP)\n    mp.phase = PH_RECHECK",
        "    stopspinning(sched, mp, SPIN_GAVE_UP)\n    mp.phase = PH_NETPOLL",
        "tests/runtime/test_findrunnable.py::test_who_stopped_spinning_looks_at_all_local_queues_again_and_spins_on",
    ),
    Mutant(
        "who stops spinning does not look again at the global queue", "runtime/proc.py",
        "if sched.rules.recheck_global and", "if False and",
        "tests/runtime/test_findrunnable.py::test_who_stopped_spinning_looks_at_the_global_queue_again[go-True]",
    ),
    Mutant(
        "nmspinning is not counted down", "runtime/proc.py",
        "    sched.nmspinning -= 1\n", "", golden("spin_each_finder_wakes_the_next"),
    ),
    Mutant(
        "as many Ms spin as Ps are busy", "policies/spin.py",
        "return 2 * view.nmspinning() < view.procs() - view.npidle()", "return view.nmspinning() < view.procs() - view.npidle()",
        golden("spin_is_throttled_at_half_the_busy"),
    ),
    Mutant(
        "a full ring spills a quarter", "runtime/concerns.py",
        "spill_divisor: int = 2", "spill_divisor: int = 4", golden("queues_full_ring_spills"),
    ),
    Mutant(
        "a full ring spills one too few", "runtime/runq.py",
        "while n < sched.spill:", "while n + 1 < sched.spill:", golden("queues_full_ring_spills"),
    ),
    Mutant(
        "the new G is spilled before the oldest", "runtime/runq.py",
        "    n: i64 = 0\n    while n < sched.spill:\n        sched.runq.push(pp.runq.pop())\n        n += 1\n    sched.runq.push(gp)\n",
        "    n: i64 = 0\n    sched.runq.push(gp)\n    while n < sched.spill:\n        sched.runq.push(pp.runq.pop())\n        n += 1\n",
        golden("queues_full_ring_spills"),
    ),
    Mutant(
        "a batch from the global queue is one P's share, without the one more", "policies/queues.py",
        "n: i64 = size // view.procs() + 1", "n: i64 = max(1, size // view.procs())",
        "tests/runtime/test_findrunnable.py::test_the_last_look_under_the_lock_takes_a_batch_from_the_global_queue_and_keeps_the_p",
    ),
    Mutant(
        "a runnext chain has a slice of its own each time", "runtime/runq.py",
        "mp.inherit_time = sched.inherit_slice", "mp.inherit_time = False", golden("queues_runnext_chain_inherits"),
    ),
    Mutant(
        "a new G goes to the tail", "runtime/proc.py",
        "dest = runqput(sched, pp, gp, True)\n        note_put(sched, kind",
        "dest = runqput(sched, pp, gp, False)\n        note_put(sched, kind", golden("queues_spawned_last_runs_first"),
    ),
    Mutant(
        "Gosched goes to the own tail", "policies/place.py",
        'and for who yields."""\n        if why == FOR_YIELD:\n            return NO_P\n', 'and for who yields."""\n',
        golden("queues_gosched_global_tail"),
    ),
    Mutant(
        "goyield goes to the global tail", "runtime/proc.py",
        "    dest = runqput(sched, pp, gp, False)\n    note_stop(sched, mp, gp, reason, dest, pp.id)\n    mp.caller = caller",
        "    globrunqput(sched, gp)\n    note_stop(sched, mp, gp, reason, Q_GLOBAL, NO_P)\n    mp.caller = caller",
        golden("sync_mutex_starves_and_is_handed_over"),
    ),
    Mutant(
        "sysmon takes a P at its first look", "runtime/sysmon.py",
        "            pp.seen_syscallwhen = now\n            continue", "            pp.seen_syscallwhen = now",
        golden("sysmon_retakes_a_syscalls_p_with_work_at_its_second_look"),
    ),
    Mutant(
        "a time slice is 20 ms", "runtime/concerns.py",
        "quantum_ns: int = 10_000_000", "quantum_ns: int = 20_000_000", golden("sysmon_preempts_after_10_ms_to_the_global_tail"),
    ),
    Mutant(
        "a P without work is taken from a syscall after 20 ms", "policies/handoff.py",
        "idle_ns: int = 10_000_000", "idle_ns: int = 20_000_000", golden("sysmon_leaves_a_syscalls_p_without_work_for_10_ms"),
    ),
    Mutant(
        "sysmon is hot for one look more", "runtime/sysmon.py",
        "elif mp.idle_rounds > HOT_ROUNDS:", "elif mp.idle_rounds > HOT_ROUNDS + 1:",
        golden("sysmon_looks_51_times_then_ever_more_rarely"),
    ),
    Mutant(
        "handoffp does not look at the global queue", "runtime/proc.py",
        "if not runqempty(pp) or sched.runq.size() > 0:", "if not runqempty(pp):", golden("handoff_to_global_work"),
    ),
    Mutant(
        "handoffp does not care for the network", "runtime/proc.py",
        "if sched.npidle == sched.gomaxprocs - 1 and sched.lastpoll != 0:", "if False:",
        golden("handoff_of_the_last_p_for_the_network"),
    ),
    Mutant(
        "handoffp does not care whether anybody spins", "runtime/proc.py",
        "if sched.nmspinning + sched.npidle == 0:", "if False:", golden("handoff_where_nobody_spins_or_idles"),
    ),
    Mutant(
        "a handed-off P's timers are forgotten", "runtime/proc.py",
        "    pidleput(sched, pp, mp)\n    if when != 0:\n        wakenetpoller(sched, mp, when)", "    pidleput(sched, pp, mp)",
        "tests/runtime/test_handoffp.py::test_a_p_that_idles_with_a_timer_wakes_someone_who_will_sleep_in_epoll_for_it",
    ),
    Mutant(
        "injectglist gives no work to idle Ps", "runtime/proc.py",
        "while at is not None and (pp is None or n < idle):", "while at is not None and pp is None:",
        golden("netpoll_with_idle_ps_spreads_the_results"),
    ),
    Mutant(
        "what came out of epoll first runs first", "runtime/proc.py",
        "        gp.schedlink = head\n        head = gp\n        n += 1",
        "        if head is None:\n            last = gp\n        if head is None:\n            head = gp\n        else:\n"
        "            last.schedlink = gp\n        gp.schedlink = None\n        last = gp\n        n += 1",
        golden("netpoll_results_do_not_use_runnext"),
    ),
    Mutant(
        "gfput leaves the one that died first on top", "runtime/proc.py",
        "    free.push(gp)\n    if free",
        "    top = free.pop() if free.size > 0 else None\n    free.push(gp)\n    if top is not None:\n        free.push(top)\n    if free",
        "tests/runtime/test_free_gs.py::test_the_g_that_died_last_is_used_first",
    ),
    Mutant(
        "a Mutex starves after 2 ms", "runtime/sync.py",
        "STARVATION_NS: Final = 1_000_000", "STARVATION_NS: Final = 2_000_000", golden("sync_mutex_starves_and_is_handed_over"),
    ),
    Mutant(
        "a waiter that lost the Mutex queues at the back", "runtime/sync.py",
        "front = lost and sched.rules.mutex_starvation", "front = False",
        golden("sync_mutex_starves_and_is_handed_over"),
    ),
    Mutant(
        "a locked G that exits leaves its M", "runtime/proc.py",
        "if locked and sched.rules.locked_exit:", "if False:", golden("machines_a_locked_g_takes_its_m_along"),
    ),
    Mutant(
        "the deadlock check does not know sysmon", "runtime/proc.py",
        " - sched.nmidlelocked - sched.nmsys\n", " - sched.nmidlelocked\n", golden("dead_when_all_are_asleep"),
    ),
    Mutant(
        "the thread limit is one higher", "runtime/proc.py",
        "if n > sched.machines.max_threads:", "if n > sched.machines.max_threads + 1:", golden("dead_at_the_thread_limit"),
    ),
    Mutant(
        "an earlier timer does not break the poll", "runtime/proc.py",
        "        if sched.poll_until == 0 or sched.poll_until > when:\n            netpollbreak(sched, mp)", "        pass",
        golden("timers_an_earlier_one_breaks_the_poll"),
    ),
    Mutant(
        "a syscall's end is not counted", "runtime/syscalls.py",
        "    if pp is not None:\n        pp.syscalltick += 1\n", "    if pp is not None:\n",
        golden("sysmon_tells_one_syscall_from_the_next"),
    ),
    Mutant(
        "who lost its P in a syscall takes any idle one before its own", "runtime/syscalls.py",
        "if oldp is not None and insyscall(oldp):", "if oldp is not None and sched.npidle == 0 and insyscall(oldp):",
        golden("syscall_that_finds_its_p_in_another_prefers_it_to_an_idle_one"),
    ),
    Mutant(
        "a worker that drains its P forgets the runnext", "runtime/runq.py",
        "        pp.runnext = None\n        sched.runq.push(gp)\n    while pp.runq.size() > 0:\n        sched.runq.push(pp.runq.pop())",
        "        pp.runnext = None\n    while pp.runq.size() > 0:\n        sched.runq.push(pp.runq.pop())\n    if gp is not None:\n"
        "        sched.runq.push(gp)",
        "tests/runtime/test_laws.py::test_a_drained_p_sends_its_runnext_before_its_queue",
    ),
    Mutant(
        "a destroyed P's Gs come in reverse", "runtime/stw.py",
        "sched.runq.push_head(gs.pop())", "sched.runq.push_head(gs.pop(0))",
        "tests/runtime/test_stw.py::test_gs_of_destroyed_ps_go_to_the_global_queues_head_in_order_and_timers_to_the_stoppers_p",
    ),
    Mutant(
        "a Mutex is spun for on one CPU", "runtime/sync.py", " or sched.ncpu == 1", "",
        "tests/runtime/test_sync.py::test_nobody_spins_for_a_mutex_on_one_cpu",
    ),
    Mutant(
        "a number is drawn for a nil channel", "runtime/chan.py", "        if cases[i].c is None:\n            continue",
        "        if cases[i].c is None:\n            gp.draws += 1\n            continue",
        "tests/runtime/test_chan.py::test_a_nil_channel_has_no_place_in_a_selects_order_of_looking",
    ),
    Mutant(
        "what a timer sent is received after its Stop", "runtime/timers.py", "    c.take()\n    return True", "    return True",
        "tests/runtime/test_timers.py::test_what_was_sent_while_the_receiver_was_on_its_way_elsewhere_is_taken_back",
    ),
    Mutant(
        "a timer set anew joins the heap of who sets it", "runtime/timers.py", "    if pp is not None:\n        enheap",
        "    if pp is not None:\n        pp = mp.p\n        assert pp is not None\n        enheap",
        "tests/runtime/test_timers.py::test_a_timer_set_anew_stays_in_the_heap_of_its_p_and_a_stopped_one_joins_that_of_who_sets_it",
    ),
    Mutant(
        "who is preempted stays where goroutines belong to nobody", "policies/place.py",
        'and for who yields."""\n        if why == FOR_YIELD:\n            return NO_P\n', 'and for who yields."""\n',
        golden("sysmon_preempts_after_10_ms_to_the_global_tail"),
    ),
    Mutant(
        "what a waiting sender holds overtakes the buffer", "runtime/chan.py",
        "            value = c.take()\n            c.buffer.append(s.elem)", "            value = s.elem",
        "tests/runtime/test_chan.py::test_channels_and_selects_give_what_a_plain_model_gives",
    ),
    Mutant(
        "a closed channel forgets what it holds", "runtime/chan.py",
        "    elif len(c.buffer) - c.head > 0:\n        value = c.take()\n    elif c.closed:",
        "    elif not c.closed and len(c.buffer) - c.head > 0:\n        value = c.take()\n    elif c.closed:",
        "tests/runtime/test_chan.py::test_a_closed_channel_gives_what_it_holds_then_nothing",
    ),
    Mutant(
        "a channel's timer stays in its heap when nobody waits on it", "runtime/timers.py",
        "if self.blocked == 0 and sched.rules.lazy_timers:", "if False:",
        "tests/runtime/test_timers.py::test_a_channels_timer_lies_in_a_heap_only_while_somebody_waits_on_it",
    ),
    Mutant(
        "all Ps poll without waiting at once", "runtime/proc.py",
        "if sched.rules.polling_net:", "if False:",
        "tests/runtime/test_netpoll.py::test_since_go_1_25_one_p_at_a_time_polls_without_waiting",
    ),
    Mutant(
        "the number of dedicated GC workers is rounded down", "runtime/gcpacer.py",
        "int(goal + 0.5)", "int(goal)",
        "tests/runtime/test_gc.py::test_a_quarter_of_the_ps_marks_and_fractional_workers_mend_a_rounding_of_over_30_percent",
    ),
    Mutant(
        "a fractional GC worker has no slack", "runtime/gcpacer.py",
        "> FRACTIONAL_SLACK * sched.gc.fractional_goal", "> sched.gc.fractional_goal",
        "tests/runtime/test_gc.py::test_a_fractional_worker_takes_its_share_with_a_fifth_of_slack",
    ),
    Mutant(
        "who sleeps beside refused work does not look again", "runtime/proc.py",
        "if sched.refused and (sched.runq.size() > 0 or checkrunqsnop(sched)):", "if sched.refused and sched.runq.size() > 0:",
        "tests/analysis/test_explore.py::test_a_pool_that_makes_no_more_ms_loses_no_wake_up",
    ),
    Mutant(
        "a thief looks again at a runnext that it leaves alone", "runtime/proc.py",
        "        elif take_runnext and p2.runnext is not None:", "        if take_runnext and p2.runnext is not None:",
        "tests/runtime/test_findrunnable.py::"
        "test_a_runnext_is_no_reason_to_look_again_where_the_thief_leaves_its_ps_queue_alone",
    ),
]
MUTANTS = IN_MAKE_TEST + OTHERS


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_the_mutant_changes_is_there_once_and_its_test_exists(mutant: Mutant) -> None:
    assert (ROOT / "gmplab" / mutant.file).read_text().count(mutant.old) == 1
    file, _, case = mutant.test.partition("::")
    assert f"def {case.split('[')[0]}(" in (ROOT / file).read_text()
    if file.endswith("test_goldens.py"):
        assert (ROOT / "tests/runtime/golden" / (case.split("[")[1][:-1] + ".txt")).is_file()


@pytest.mark.parametrize(
    "mutant", [*IN_MAKE_TEST, *(pytest.param(m, marks=pytest.mark.slow) for m in OTHERS)], ids=lambda mutant: mutant.name
)
def test_the_mutant_is_caught(mutant: Mutant, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "gmplab", tmp_path / "gmplab", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    changed = tmp_path / "gmplab" / mutant.file
    changed.write_text(changed.read_text().replace(mutant.old, mutant.new))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-m", "", "-p", "no:cacheprovider", "--tb=short", mutant.test],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=120,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert re.search(r"^FAILED .* - (AssertionError|assert )", done.stdout, re.M), done.stdout


def environment(root: Path) -> dict[str, str]:
    """The sources at `root`, uncompiled; long lines, or the summary leaves out why a test failed."""
    return {
        **os.environ, "GMPLAB_PURE": "1", "GMPLAB_REQUIRE_COMPILED": "0", "PYTHONPATH": str(root), "COLUMNS": "1000",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
