"""The same inputs give the same bytes: across repeats, body forms, record levels, hash seeds and builds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import gmplab as gl
from gmplab.policies import PRESETS
from tests.programs import stopping

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
    return found


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_goroutine_ends_under_every_preset(name: str) -> None:
    run = gl.run(mixed, procs=4, policy=name)
    assert (run.complete, run.metrics["n_exited"]) == (True, 40)


def test_this_build_gives_the_bytes_that_every_build_gave() -> None:
    # The file is written by `GMPLAB_GOLDEN=write`; both builds are held to it, so they are held to one another.
    if os.environ.get("GMPLAB_GOLDEN") == "write":
        EXPECTED.write_text(json.dumps(digests(), indent=1) + "\n", encoding="utf-8")
    assert digests() == json.loads(EXPECTED.read_text(encoding="utf-8"))


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


def test_a_record_level_changes_only_what_is_kept() -> None:
    full, some, off = (gl.run(mixed, procs=4, record=level) for level in ("full", "schedule", "off"))
    for table in ("schedule", "goroutines"):
        assert full.record.tables[table] == some.record.tables[table]
    assert full.metrics == some.metrics
    assert {name for name, value in full.metrics.items() if off.metrics[name] != value} == {"gini"}
