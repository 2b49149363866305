"""The same inputs give the same bytes: across repeats, body forms, record levels, hash seeds and builds."""

from __future__ import annotations

import functools
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gmplab as gl
from gmplab.build import is_compiled
from gmplab.policies import PRESETS
from gmplab.workloads import WORKLOADS
from tests.programs import stopping
from tests.test_properties import PROGRAMS
from tests.workloads.test_every_workload import SMALL

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = Path(__file__).with_name("digests.json")


def mixed() -> Any:
    """Channels, select, locks, sleeps, syscalls, descriptors and spawning, in 40 goroutines."""
    c, mu, wg = gl.Chan(4), gl.Mutex(), gl.WaitGroup(40)

    def worker(i: int) -> Any:
        yield gl.compute(gl.Exponential(20_000))
        yield gl.acquire(mu)
        yield gl.compute(us=1)
        yield gl.release(mu)
        if i % 4 == 0:
            yield gl.syscall(gl.Uniform(1_000, 90_000))
        elif i % 4 == 1:
            yield gl.sleep(us=30)
        elif i % 4 == 2:
            yield gl.io(us=25)
        yield gl.send(c, i)
        yield gl.done(wg)

    for i in range(40):
        yield gl.go(worker, i)
    for _ in range(40):
        yield gl.select(gl.recv_case(c), gl.recv_case(None))
    yield gl.wait(wg)


def digests() -> dict[str, str]:
    # strict=False: a pool of one thread is held by main, and nothing else can run.
    found = {
        f"{name}/{procs}{of}": gl.run(body, procs=procs, policy=name, seed=7, strict=False).digest
        for of, body in (("", mixed), (" stopping", stopping)) for name in PRESETS for procs in (1, 4)
    }
    found["go/4 on 2 cpus"] = gl.run(mixed, procs=4, seed=7, cpus=2).digest
    found["go/4 with calls"] = gl.run(mixed, procs=4, seed=7, record="calls").digest
    # Each preset with a workload, and each workload but one that reads files: the whole matrix is a slow test.
    names = sorted(set(WORKLOADS) - {"wordcount"})
    for preset, workload in zip(PRESETS, itertools.cycle(names), strict=False):
        found[f"{preset}/3 {workload}"] = one_of_the_matrix(preset, workload, 3)
    assert len(PRESETS) >= len(names)
    return found


def one_of_the_matrix(preset: str, workload: str, procs: int) -> str:
    """The digest of a workload under a preset."""
    return gl.run(workload, procs=procs, policy=preset, seed=7, strict=False, until="50ms", **SMALL[workload]).digest


def matrix() -> dict[str, str]:
    """Every workload under every preset, on one P and on several."""
    return {
        f"{preset} {workload} {procs}": one_of_the_matrix(preset, workload, procs)
        for preset in PRESETS for workload in sorted(WORKLOADS) for procs in (1, 4)
    }


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_goroutine_ends_under_every_preset(name: str) -> None:
    run = gl.run(mixed, procs=4, policy=name)
    assert (run.complete, run.metrics["n_exited"]) == (True, 40)


def test_this_build_gives_the_bytes_that_every_build_gave() -> None:
    # The file is written by `GMPLAB_GOLDEN=write`; both builds are held to it, so they are held to one another.
    if os.environ.get("GMPLAB_GOLDEN") == "write":
        EXPECTED.write_text(json.dumps(digests(), indent=1) + "\n", encoding="utf-8")
    assert digests() == json.loads(EXPECTED.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.skipif(not is_compiled(), reason="compares the compiled build with the sources")
def test_every_workload_under_every_preset_gives_the_same_bytes_compiled_and_from_the_sources() -> None:
    code = "import json; from tests.runtime.test_same_bytes import matrix; print(json.dumps(matrix()))"
    env = {**os.environ, "GMPLAB_PURE": "1", "GMPLAB_REQUIRE_COMPILED": "0"}
    out = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    sources, compiled = json.loads(out), matrix()
    assert {name for name, digest in compiled.items() if digest != sources[name]} == set()
    assert len(compiled) == 2 * len(PRESETS) * len(WORKLOADS)


def test_another_hash_seed_and_process_gives_the_same_bytes() -> None:
    code = "from tests.runtime.test_same_bytes import mixed; import gmplab; print(gmplab.run(mixed, procs=4, seed=7).digest)"
    out = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": s}, cwd=ROOT, check=True, capture_output=True,
            text=True,
        ).stdout
        for s in ("1", "2")
    ]
    assert out[0] == out[1] == gl.run(mixed, procs=4, seed=7).digest + "\n"


def test_another_seed_gives_other_bytes() -> None:
    assert gl.run(mixed, seed=1).digest != gl.run(mixed, seed=2).digest


def test_the_forms_of_a_body_give_the_same_rows() -> None:
    # One program, as operations, generators and plain functions: a fan-out over one channel.
    def generators() -> Any:
        c = gl.Chan()

        def worker() -> Any:
            yield gl.compute(us=3)
            yield gl.send(c)

        for _ in range(20):
            yield gl.go(worker)
        for _ in range(20):
            yield gl.recv(c)

    def plain() -> None:
        c = gl.Chan()

        def worker() -> None:
            gl.compute(us=3)
            gl.send(c)

        for _ in range(20):
            gl.go(worker)
        for _ in range(20):
            gl.recv(c)

    async def coroutines() -> None:
        c = gl.Chan()

        async def worker() -> None:
            await gl.compute(us=3)
            await gl.send(c)

        for _ in range(20):
            await gl.go(worker)
        for _ in range(20):
            await gl.recv(c)

    ch = gl.Chan()
    job = gl.Program("worker").compute("3us").send(ch)
    ops = gl.Program("main").loop(20).go(job).end().loop(20).recv(ch).end()
    bytes_of = {
        name: [gl.run(body, procs=4).record.tables[table] for table in ("schedule", "events")]
        for name, body in {"gen": generators, "plain": plain, "coro": coroutines, "ops": ops}.items()
    }
    assert bytes_of["gen"] == bytes_of["plain"] == bytes_of["coro"] == bytes_of["ops"]


BLOCK = functools.partial(gl.syscall, blocking=True)
VERBS: dict[str, Callable[..., Any]] = {
    "compute": gl.compute, "sleep": gl.sleep, "syscall": gl.syscall, "syscall_block": BLOCK, "io": gl.io, "gosched": gl.gosched,
    "lock": gl.acquire, "unlock": gl.release, "send": gl.send, "recv": gl.recv, "go": gl.go, "add": gl.add, "done": gl.done,
    "wait": gl.wait, "lock_os_thread": gl.lock_os_thread, "gc": gl.gc, "gomaxprocs": gl.gomaxprocs, "reset": gl.reset, "stop": gl.stop,
}
"""What each method of a `Program` is called in a body of another form."""
Calls = list[tuple[Any, ...]]


def as_operations(calls: Calls) -> gl.Program:
    program = gl.Program("worker")
    for name, *args in calls:
        getattr(program, name)(*args)
    return program


def as_generator(calls: Calls) -> Callable[[], Any]:
    def worker() -> Any:
        for name, *args in calls:
            yield VERBS[name](*args)

    return worker


def as_coroutine(calls: Calls) -> Callable[[], Any]:
    async def worker() -> None:
        for name, *args in calls:
            await VERBS[name](*args)

    return worker


def as_plain(calls: Calls) -> Callable[[], Any]:
    def worker() -> None:
        for name, *args in calls:
            VERBS[name](*args)

    return worker


def in_form(lists: list[list[str]], form: Callable[[Calls], Any]) -> Any:
    """Main starts one goroutine a list of acts, and waits for all of them."""
    c, mu, alarm, wg = gl.Chan(1_000), gl.Mutex(), gl.Timer(), gl.WaitGroup()
    child = form([("compute", 2_000), ("done", wg)])
    acts: dict[str, Calls] = {
        "compute": [("compute", gl.Uniform(0, 20_000))], "sleep": [("sleep", gl.Uniform(0, 9_000))], "io": [("io", 7_000)],
        "syscall": [("syscall", gl.Uniform(0, 90_000))], "block": [("syscall_block", 20_000)], "gosched": [("gosched",)],
        "lock": [("lock", mu), ("compute", 3_000), ("unlock", mu)], "send": [("send", c), ("send", c), ("recv", c)],
        "spawn": [("add", wg, 1), ("go", child)], "thread": [("lock_os_thread",)], "gc": [("gc", gl.Uniform(0, 200_000))],
        "timer": [("reset", alarm, gl.Uniform(0, 30_000)), ("stop", alarm)], "procs": [("gomaxprocs", 1 + len(lists) % 4)],
    }
    calls: Calls = [("add", wg, len(lists))]
    for names in lists:
        calls.append(("go", form([call for name in names for call in acts[name]] + [("done", wg)])))
    return form([*calls, ("wait", wg)])


@settings(max_examples=30, deadline=None, derandomize=True)
@given(lists=PROGRAMS, procs=st.sampled_from([1, 2, 4]), policy=st.sampled_from(["go", "go1.5", "tokio", "segmented"]))
def test_any_program_gives_the_same_rows_in_each_form(lists: list[list[str]], procs: int, policy: str) -> None:
    runs = [
        # strict=False: a pool may be stuck, and must be so in each form.
        gl.run(in_form(lists, form), procs=procs, policy=policy, until="1s", strict=False)
        for form in (as_operations, as_generator, as_coroutine, as_plain)
    ]
    assert runs[0].complete or (policy, runs[0].stopped_by) == ("segmented", "deadlock")
    for other in runs[1:]:
        for table in ("schedule", "events"):
            assert other.record.tables[table] == runs[0].record.tables[table]


def test_a_record_level_changes_only_what_is_kept() -> None:
    full, some, off = (gl.run(mixed, procs=4, record=level) for level in ("full", "schedule", "off"))
    for table in ("schedule", "goroutines"):
        assert full.record.tables[table] == some.record.tables[table]
    assert full.metrics == some.metrics
    assert {name for name, value in full.metrics.items() if off.metrics[name] != value} == {"gini"}
