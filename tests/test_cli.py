"""The command line: each command in this process, and once in a process of its own."""

from __future__ import annotations

import csv
import errno
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

import gmplab.__main__
import gmplab as gl
from gmplab import experiment
from gmplab.cli import main
from gmplab.commands.results import columns
from gmplab.commands.texts import seeds
from gmplab.commands.tree import COMMANDS, PRICES, SECTIONS, HelpAsked, parse
from gmplab.commands.perform import PERFORM
from gmplab.errors import UsageError
from gmplab.plots import PLOTS
from gmplab.traces.run import Run

FANOUT = ["run", "fanout", "--set", "n=20", "-P", "2"]

MINE = '''
import gmplab as gl


class StealTwo(gl.StealHalf):
    """Takes at most two."""

    def amount(self, state, view, thief, victim, queued):
        return min(2, queued)


class Greedy(gl.StealHalf):
    """Breaks its contract."""

    def amount(self, state, view, thief, victim, queued):
        return queued + 1


POLICY = gl.policy_of("go1.14").replace(name="mine", steal=StealTwo())
NUMBER = 3


def jobs(n=3, pause="1us"):
    def worker():
        yield gl.compute(us=10)

    for _ in range(n):
        yield gl.go(worker)
    yield gl.sleep(pause)


def nothing():
    pass


def lost():
    yield gl.compute(us=1)
    raise KeyError("lost")


def stuck():
    yield gl.recv(gl.Chan(0))
'''


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """A file of a user's own."""
    path = tmp_path / "mine.py"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    code = main(list(argv))
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """The one line that a command which cannot be meant is answered with."""
    code, out, err = said(capsys, *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err.rstrip("\n")


# run


def test_run_shows_the_run_that_the_library_makes(capsys: pytest.CaptureFixture[str]) -> None:
    expected = gl.run("fanout", n=20, procs=2, cpus=1, kernel_threads=9, seed=7, policy="go1.14", until="50ms", costs=gl.Costs.zero())
    code, out, err = said(
        capsys, *FANOUT, "--cpus", "1", "--kernel-threads", "9", "-s", "7", "--policy", "go1.14", "--until", "50ms", "--costs", "zero"
    )
    assert (code, out, err) == (0, f"{expected!r}\n", "")


def test_a_run_may_be_on_threads(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, *FANOUT, "--on", "threads")
    assert (code, err) == (0, "")
    assert out.startswith("run        fanout on threads under go, P=2, seed 1, complete\n")


def test_a_run_may_end_when_something_comes_true(capsys: pytest.CaptureFixture[str]) -> None:
    expected = gl.run("fanout", n=20, procs=2, when="P[0].depth >= 5")
    code, out, err = said(capsys, *FANOUT, "--when", "P[0].depth >= 5")
    assert (code, out, err) == (0, f"{expected!r}\n", "") and "stopped by when" in out
    scope: dict[str, Any] = {}
    exec(said(capsys, *FANOUT, "--when", "P[0].depth >= 5", "--code")[1], scope)
    assert scope["run"].digest == expected.digest


def test_components_are_put_into_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    expected = gl.policy_of("go").replace(
        name="go(place=LeastLoaded(d=3), steal=StealOne(), spin=SpinLimit(n=2), machines=RetireAfter())",
        place=gl.LeastLoaded(d=3), steal=gl.StealOne(), spin=gl.SpinLimit(2), machines=gl.RetireAfter(idle_ns=50_000_000),
    )
    code, _, _ = said(
        capsys, *FANOUT, "--steal", "StealOne", "--spin", "SpinLimit(2)", "--machines", 'RetireAfter(idle_ns="50ms")',
        "--place", "LeastLoaded(d=3)",
    )
    assert code == 0
    assert gl.last.record.header["policy_repr"] == repr(expected)


def test_a_policy_may_be_written_with_its_components(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, *FANOUT, "--policy", "go1.21(steal=StealOne(passes=2), wake=WakeAlways())")[0] == 0
    expected = gl.policy_of("go1.21").replace(
        name="go1.21(steal=StealOne(passes=2), wake=WakeAlways())", steal=gl.StealOne(passes=2), wake=gl.WakeAlways()
    )
    assert gl.last.record.header["policy_repr"] == repr(expected)


def test_a_workload_a_policy_and_a_component_come_from_a_file(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    assert said(capsys, "run", f"{mine}:jobs", "--set", "n=5", "pause=2us", "--policy", f"{mine}:POLICY")[0] == 0
    assert (gl.last.metrics["n_goroutines"], gl.last.record.header["policy"]) == (6, "mine")
    assert said(capsys, "run", f"{mine}:jobs", "--steal", f"{mine}:StealTwo(passes=2)")[0] == 0
    assert "StealTwo(passes=2" in gl.last.record.header["policy_repr"]
    assert said(capsys, "run", f"{mine}:jobs", "--policy", f"{mine}:StealTwo")[0] == 0
    assert gl.last.record.header["policy"] == "go with StealTwo"


def test_every_file_that_is_asked_for_is_written_and_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    targets = {name: str(tmp_path / name) for name in ("csv", "parquet", "save", "plot", "perfetto", "html")}
    code, out, err = said(capsys, *FANOUT, *[word for name, path in targets.items() for word in (f"--{name}", path)])
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line.startswith("wrote")] == [
        f"wrote      {name}: {targets[name]}" for name in ("save", "csv", "parquet", "perfetto", "html", "plot")
    ]
    runs = [gl.read_csv(targets["csv"]), gl.read_parquet(targets["parquet"]), Run.load(targets["save"])]
    assert [run.digest for run in runs] == [gl.last.digest] * 3
    assert Path(targets["perfetto"]).stat().st_size > 0
    assert Path(targets["html"]).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    plots = sorted(path.name for path in Path(targets["plot"]).iterdir())
    assert "latency.png" in plots
    assert all((Path(targets["plot"]) / name).read_bytes()[:4] == b"\x89PNG" for name in plots)


def test_plots_whose_facts_are_not_recorded_are_left_out_and_that_is_said(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = said(capsys, *FANOUT, "--record", "off", "--plot", str(tmp_path / "plots"))
    drawn = [path.stem for path in (tmp_path / "plots").iterdir()]
    left_out = [line.split()[1] for line in out.splitlines() if ": left out: " in line]
    assert (code, err) == (0, "")
    assert sorted([*drawn, *(name.removesuffix(".png:") for name in left_out)]) == sorted(PLOTS)
    assert "latency" in drawn


def test_an_empty_workload_is_a_run_of_one_goroutine(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    code, out, err = said(capsys, "run", f"{mine}:nothing")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "run        nothing under go, P=4, seed 1, complete"
    assert "goroutines 1 made" in out


# a run that fails


def test_a_panic_is_one_block_on_stderr_and_its_record_is_exported(
    capsys: pytest.CaptureFixture[str], mine: str, tmp_path: Path
) -> None:
    code, out, err = said(capsys, "run", f"{mine}:lost", "--csv", str(tmp_path / "csv"))
    line = MINE.splitlines().index('    raise KeyError("lost")') + 1
    assert (code, err) == (
        1, f"gmplab: GoPanic: goroutine 1 [main]: KeyError: 'lost'\n  at {mine}:{line} in lost: raise KeyError(\"lost\")\n"
    )
    assert "stopped by panic" in out.splitlines()[0]
    assert f"wrote      csv: {tmp_path / 'csv'}" in out
    assert gl.read_csv(tmp_path / "csv").stopped_by == "panic"


def test_a_deadlock_tells_who_waits_for_what(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    code, out, err = said(capsys, "run", f"{mine}:stuck")
    assert code == 1
    assert err.splitlines() == [
        "gmplab: DeadlockError: all goroutines are asleep - deadlock!", *err.splitlines()[1:]
    ]
    assert "goroutine 1 [chan receive]: main" in err


def test_a_policy_that_answers_nonsense_fails_the_run(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    code, out, err = said(capsys, "run", "fanout", "--set", "n=200", "--steal", f"{mine}:Greedy")
    assert code == 1
    assert err.startswith("gmplab: PolicyError: ")
    assert "Greedy.amount returned" in err
    assert "stopped by policy" in out


def test_an_interrupt_keeps_the_record_and_exports_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pulse(t_ns: int, n_schedules: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "pulse", pulse)
    code, out, err = said(capsys, "run", "fanout", "--set", "n=20_000", "--record", "schedule", "--save", str(tmp_path / "r.gmp"))
    assert (code, err) == (130, "gmplab: interrupted; the record up to then is kept\n")
    assert "stopped by interrupt" in out
    kept = Run.load(tmp_path / "r.gmp")
    assert (kept.stopped_by, len(kept.schedule) > 0) == ("interrupt", True)


def test_who_interrupts_the_writing_is_shown_the_run_and_told_what_was_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(run: Run, folder: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "to_csv", interrupted)
    o, p, r = tmp_path / "o", tmp_path / "p", tmp_path / "r.gmp"
    code, out, err = said(capsys, *FANOUT, "--save", str(r), "--csv", str(o), "--parquet", str(p))
    assert (code, "complete" in out.splitlines()[0], out.splitlines()[-1]) == (130, True, f"wrote      save: {r}")
    assert err == f"--csv {o}: not written: interrupted\n--parquet {p}: not written: interrupted before\n"
    assert [path.name for path in tmp_path.iterdir()] == ["r.gmp"]


def test_an_interrupt_while_gmplab_still_loads_is_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "gmplab.cli", Loading("gmplab.cli"))
    assert gmplab.__main__.main() == 130
    assert capsys.readouterr().err == "gmplab: interrupted\n"


@pytest.mark.parametrize(("terminal", "words", "asked"), [(True, [], True), (False, [], False), (True, ["--no-progress"], False)])
def test_a_bar_is_asked_for_in_a_terminal_alone_and_not_where_it_is_switched_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, terminal: bool, words: list[str], asked: bool
) -> None:
    seen: list[bool] = []
    made = experiment.beating
    monkeypatch.setattr(experiment, "beating", lambda progress, *rest: seen.append(progress) or made(False, *rest))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert main([*FANOUT, *words]) == 0
    assert seen == [asked]


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_takes_nothing_and_changes_nothing(monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    monkeypatch.setattr(sys, closed, None)
    monkeypatch.setattr(sys, "argv", ["gmplab", *FANOUT])
    assert gmplab.__main__.main() == 0
    monkeypatch.setattr(sys, "argv", ["gmplab", "run", "fanot"])
    assert gmplab.__main__.main() == 2
    getattr(sys, closed).close()


@pytest.mark.parametrize("option", ["csv", "parquet", "save", "html", "plot"])
def test_a_full_disk_loses_nothing_else_and_leaves_nothing_behind(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    def replace(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    other = {"csv": "save"}.get(option, "csv")
    monkeypatch.setattr(os, "replace" if option in ("save", "html") else "rename", lambda a, b, real=(os.replace, os.rename): (
        replace() if Path(b).name == "full" else real[option not in ("save", "html")](a, b)
    ))
    code, out, err = said(capsys, *FANOUT, f"--{option}", str(tmp_path / "full"), f"--{other}", str(tmp_path / "well"))
    assert code == 1
    assert err == f"--{option} {tmp_path / 'full'}: not written: [Errno 28] No space left on device\n"
    assert "fanout under go" in out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["well"]


# compare


def test_compare_shows_the_comparison_that_the_library_makes(capsys: pytest.CaptureFixture[str]) -> None:
    expected = gl.compare(
        {"go": "go", "go(steal=StealOne())": gl.policy_of("go").replace(steal=gl.StealOne())}, "fanout", n=20, procs=2,
        seeds=range(3), metrics=["stolen", "end_ns"],
    )
    code, out, err = said(
        capsys, "compare", "go", "go(steal=StealOne())", "-w", "fanout", "--set", "n=20", "-P", "2", "--seeds", "0:3",
        "--metrics", "stolen", "end_ns",
    )
    assert (code, out, err) == (0, f"{expected!r}\n", "")


def test_compare_takes_policies_with_commas_and_processes_that_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["-w", "fanout", "--set", "n=20", "--seeds", "0:2", "--metric", "stolen"]
    expected = said(capsys, "compare", "go", "go(steal=StealOne(), spin=SpinLimit(2))", "go1.14", *words)
    assert expected[0] == 0
    assert said(capsys, "compare", "go,go(steal=StealOne(), spin=SpinLimit(2))", "go1.14", *words, "-j", "2") == expected
    assert "workers=2" in said(capsys, "compare", "go,go1.14", *words, "-j", "2", "--code")[1]


def test_a_run_of_compare_that_fails_says_which_one(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    code, out, err = said(capsys, "compare", "go", "-w", f"{mine}:lost", "--seeds", "4,5")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "  in compare: policy go, seed 4"


def test_seeds_are_a_range_or_a_list() -> None:
    assert (list(seeds("0:3")), list(seeds("2:4")), seeds("7"), seeds("1,4,7")) == ([0, 1, 2], [2, 3], [7], [1, 4, 7])


# list, info, check, export


def test_list_shows_everything_that_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "list")
    assert (code, err) == (0, "")
    words = set(out.replace("(", " ").split())
    expected = {*experiment.policies(), *experiment.workloads(), *gl.policies.__all__} - {"PRESETS", "COMPONENTS"}
    assert {name for name in expected if name not in words and name[0].isalpha()} == set()
    assert said(capsys, "list", "policies")[1].startswith("policies\n  go ")


def test_info_tells_versions_and_build(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = said(capsys, "info")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == [
        "version", "build", "schema", "model", "go", "python", "platform", "folder",
    ]


def test_check_tells_where_a_policy_breaks_its_contract(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    for name, policy in (("tokio", "tokio"), (f"{mine}:StealTwo", "go with StealTwo")):
        code, out, err = said(capsys, "check", name)
        assert (code, err) == (0, "") and out.startswith(f"policy {policy!r} keeps its contract; tried: ")
    code, out, err = said(capsys, "check", f"{mine}:Greedy")
    assert (code, err) == (1, "")
    assert out.startswith("policy 'go with Greedy' breaks its contract; tried: ") and "\n- steal: Greedy: amount(" in out


def test_check_runs_as_many_programs_as_it_is_told_and_shows_the_smallest_that_fails(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = said(capsys, "check", "go", "-n", "3", "-s", "5")
    assert code == 0 and "3 random programs, each twice" in out
    path = tmp_path / "few.py"
    path.write_text("import gmplab as gl\nMINE = gl.policy_of('go').replace(machines=gl.KeepThreads(max_threads=6))\n", encoding="utf-8")
    few, many = (said(capsys, "check", f"{path}:MINE", "-n", n) for n in ("1", "30"))
    assert few[0] == 0 and "1 random programs, each twice" in few[1]
    assert many[0] == 1 and "30 random programs, each twice" in many[1]
    assert "- policy: a program fails: procs=3, seed=1002, Costs.zero(), main and 5 goroutines (blocking call; " in many[1]
    assert refused(capsys, "check", "go", "-n", "-1") == "gmplab: programs = -1: must be an int of at least 0"


def test_export_writes_a_saved_run_in_another_form(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert said(capsys, *FANOUT, "--save", str(tmp_path / "r.gmp"))[0] == 0
    assert said(capsys, "export", str(tmp_path / "r.gmp"), "--csv", str(tmp_path / "csv"))[0] == 0
    assert said(capsys, "export", str(tmp_path / "csv"), "--parquet", str(tmp_path / "parquet"))[0] == 0
    assert gl.read_parquet(tmp_path / "parquet").digest == Run.load(tmp_path / "r.gmp").digest


def test_what_cannot_be_read_is_told_and_nothing_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert said(capsys, *FANOUT, "--csv", str(tmp_path / "csv"))[0] == 0
    damaged = tmp_path / "csv" / "schedule.csv"
    damaged.write_text(damaged.read_text(encoding="utf-8").replace(",0,", ",x,", 1), encoding="utf-8")
    code, out, err = said(capsys, "export", str(tmp_path / "csv"), "--parquet", str(tmp_path / "parquet"))
    assert (code, out) == (1, "")
    assert err.startswith(f"gmplab: TraceError: {damaged}, row 0: ")
    assert not (tmp_path / "parquet").exists()
    code, out, err = said(capsys, "export", str(tmp_path / "none.gmp"), "--csv", str(tmp_path / "other"))
    assert (code, out) == (1, "")
    assert "none.gmp" in err


# What cannot be meant


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (["rnu"], "gmplab: no command 'rnu'; did you mean 'run'?"),
        (["run", "fanuot"], "gmplab: workload 'fanuot': no such workload; did you mean 'fanout'?"),
        (["run", "fanout", "--policy", "go1.41"], "gmplab: policy 'go1.41': no such preset; did you mean 'go1.1'?"),
        (["run", "fanout", "--set", "m=3"], "gmplab: fanout: no parameter 'm'"),
        (["run", "fanout", "--set", "n"], "gmplab: --set n: must be KEY=VALUE, as in --set n=1000"),
        (["run", "fanout", "--set", "n=1", "n=2"], "gmplab: --set n=2: n is given twice"),
        (["run", "fanout", "--set", "n=few"], "gmplab: fanout: n = 'few': must be a whole number"),
        (["run", "fanout", "--set", "n=0"], "gmplab: fanout: n = 0: must be at least 1"),
        (["run", "fanout", "--polcy", "go"], "gmplab run: no option '--polcy'; did you mean '--policy'?"),
        (["run", "fanout", "more"], "gmplab run: one argument too many: 'more'"),
        (["run"], "gmplab run: the following arguments are required: WORKLOAD"),
        (["run", "fanout", "-P", "0"], "gmplab: procs = 0: must be an int of 1 to 65534 Ps"),
        (["run", "fanout", "--cpus", "0"], "gmplab: cpus = 0: must be an int of 1 to 65534 CPUs, or None: a CPU for each M"),
        (["run", "fanout", "--kernel-threads", "1"], "gmplab: kernel_threads = 1: must be an int of at least 2 threads (m0, sysmon)"),
        (["run", "fanout", "-P", "two"], "gmplab run: argument -P/--procs: invalid int value: 'two'"),
        (["run", "fanout", "-s", "-1"], "gmplab: seed = -1: must be an int of 0 to"),
        (["run", "fanout", "--until", "-5ms"], "gmplab: until = '-5ms': must not be negative"),
        (["run", "fanout", "--until", "0.5ns"], "gmplab: until = '0.5ns': is no whole number of ns"),
        (["run", "fanout", "--until", "5"], "gmplab: until = '5': needs a number and one of the units ns, us, ms, s"),
        (["run", "fanout", "--when", "P[0].dept > 3"], "gmplab: when = 'P[0].dept > 3': a P has no 'dept'; did you mean 'depth'?"),
        (["run", "fanout", "--when", "threads > 3", "--record", "off"], "gmplab: when = 'threads > 3': is looked for in the events"),
        (["run", "fanout", "--set", "compute=-1us"], "gmplab: fanout: compute = '-1us': must not be negative"),
        (["run", "fanout", "--record", "ful"], "gmplab: record = 'ful': must be one of off, schedule, full"),
        (["run", "fanout", "--on", "thread"], "gmplab: on = 'thread': must be one of sim, threads"),
        (["run", "fanout", "--on", "threads", "--costs", "zero"], "gmplab: costs is the simulator's: on = 'threads' everything"),
        (["run", "fanout", "--costs", "zeros"], "gmplab: --costs zeros: there is none such; did you mean 'zero'?"),
        (["run", "fanout", "--steal", "StealTow"], "gmplab: steal component 'StealTow': there is none such; did you mean 'Steal"),
        (["run", "fanout", "--steal", "SpinLimit(2)"], "gmplab: SpinLimit is a spin component, not one of steal: write --spin"),
        (["run", "fanout", "--steal", "StealOne(pases=2)"], "gmplab: StealOne: no field 'pases'; did you mean 'passes'?"),
        (["run", "fanout", "--steal", "StealOne(passes='x')"], "gmplab: StealOne: passes = 'x': must be an int"),
        (["run", "fanout", "--spin", "SpinLimit(n=1, n=2)"], "gmplab: 'SpinLimit(n=1, n=2)': a name is given twice"),
        (["run", "fanout", "--spin", "SpinLimit(1, n=2)"], "gmplab: 'SpinLimit(1, n=2)': n is given twice"),
        (["run", "fanout", "--spin", "SpinLimit(1, 2)"], "gmplab: 'SpinLimit(1, 2)': SpinLimit takes 1 arguments: n"),
        (["run", "fanout", "--spin", "SpinFor(spin_ns=True)"], "gmplab: SpinFor: spin_ns = True: must be an int of ns, or a text"),
        (["run", "fanout", "--spin", "SpinFor(spin_ns='-1us')"], "gmplab: SpinFor: spin_ns = '-1us': must not be negative"),
        (["run", "fanout", "--spin", "SpinLimit(__import__('os'))"], "gmplab: SpinLimit: n = __import__('os'): must be a number"),
        (["run", "fanout", "--spin", "SpinLimit(*x)"], "gmplab: 'SpinLimit(*x)': * and ** are not understood here"),
        (["run", "fanout", "--spin", "SpinLimit(1"], "gmplab: 'SpinLimit(1': cannot be read: write NAME or"),
        (["run", "fanout", "--policy", "go(StealOne())"], "gmplab: 'go(StealOne())': say which concern"),
        (["run", "fanout", "--policy", "go(stel=StealOne())"], "gmplab: concern 'stel': there is none such; did you mean 'steal'?"),
        (["run", "wordcount", "--set", "files=none.txt"], "gmplab: wordcount: files: 'none.txt': no file there"),
        (["run", "wordcount"], "gmplab: wordcount: the parameter 'files' must be given"),
        (["run", "none.py:jobs"], "gmplab: none.py: there is no such file"),
        (["run", "mine.py"], "gmplab: 'mine.py': say what in it: mine.py:NAME"),
        (["run", "fanout", "--policy", "mine.py"], "gmplab: 'mine.py': say what in it: mine.py:NAME"),
        (["run", "gmplab.none:jobs"], "gmplab: module 'gmplab.none': cannot be imported: No module named 'gmplab.none'"),
        (["run", "fanout", "--save", "none/run.gmp"], "gmplab: --save none/run.gmp: there is no folder none"),
        (["run", "fanout", "--csv", ""], "gmplab: --csv '': give the folder's name"),
        (["run", "fanout", "--save", ""], "gmplab: --save '': give the file's name"),
        (["run", "fanout", "--csv", "/dev/null/a/b"], "gmplab: --csv /dev/null/a/b: /dev/null is no folder that can be written to"),
        (["run", "fanout", "--csv", "o", "--parquet", "./o"], "gmplab: --parquet ./o: is --csv's already: give another folder"),
        (["compare", "go", "go", "-w", "fanout"], "gmplab: a policy is given twice"),
        (["compare", "go", "-w", "fanout", "--seeds", "5:5"], "gmplab: --seeds 5:5: holds no seed"),
        (["compare", "go", "-w", "fanout", "--seeds", "a"], "gmplab: --seeds a: must be FROM:TO"),
        (["compare", "go", "-w", "fanout", "--metrics", "stoln"], "gmplab: metric 'stoln': there is no such metric; did you mean"),
        (["list", "polices"], "gmplab: list polices: there is no such section; did you mean 'policies'?"),
        (["check", "gos"], "gmplab: policy 'gos': no such preset; did you mean 'go'?"),
        (["export", "r.gmp"], "gmplab: say into what: --csv DIR, --parquet DIR, --perfetto FILE, --html FILE or --save FILE"),
    ],
)
def test_what_cannot_be_meant_is_one_line_with_the_nearest_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], answer: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refused(capsys, *argv).startswith(answer)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_run_is_told_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("x = 1\ny = z\n", encoding="utf-8")
    assert refused(capsys, "run", f"{path}:y") == f"gmplab: {path}: NameError: name 'z' is not defined (line 2)"


def test_what_a_file_does_not_hold_or_what_is_of_no_use_is_told(capsys: pytest.CaptureFixture[str], mine: str) -> None:
    assert refused(capsys, "run", f"{mine}:job") == f"gmplab: {mine}: has no 'job'; did you mean 'jobs'?"
    assert refused(capsys, "run", f"{mine}:NUMBER") == f"gmplab: {mine}:NUMBER: is 3: must be a function, a Program or a Plan"
    assert refused(capsys, "run", f"{mine}:jobs", "--set", "m=1").startswith("gmplab: jobs: no parameter 'm'")
    assert refused(capsys, "check", f"{mine}:NUMBER").endswith("is 3: must be a gmplab.Policy, or a component or its class")
    assert refused(capsys, "run", f"{mine}:jobs", "--spin", f"{mine}:StealTwo").endswith(
        "must be a subclass of gmplab's Spin, for spin"
    )


@pytest.mark.parametrize("option", ["csv", "parquet", "plot", "save"])
def test_what_exists_is_refused_before_the_run(capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    before = gl.last
    kind = "file" if option == "save" else "folder"
    assert refused(capsys, *FANOUT, f"--{option}", str(target)) == f"gmplab: --{option} {target}: exists: give another {kind}"
    assert gl.last is before


# The tree


def test_every_command_has_what_it_does_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert [*PERFORM, "help"] == list(COMMANDS), "help is answered while the words are read"
    code, out, err = said(capsys, "-h")
    assert (code, err) == (0, "")
    for command in COMMANDS:
        assert f"    {command} " in out
        help_text = said(capsys, command, "-h")
        assert help_text[1].startswith(f"usage: gmplab {command} ")
        assert said(capsys, "help", command) == help_text
    assert said(capsys, "help") == (code, out, err)
    assert refused(capsys, "help", "rum") == "gmplab help rum: no such command; did you mean 'run'?"


def test_the_tree_serves_another_program_and_never_exits() -> None:
    with pytest.raises(UsageError, match=r"^%gmp: no command 'rnu'; did you mean 'run'\?$"):
        parse(["rnu"], prog="%gmp")
    with pytest.raises(HelpAsked, match="^usage: %gmp run "):
        parse(["run", "-h"], prog="%gmp")
    args = parse(["run", "fanout", "--set", "n=1", "--set", "compute=1us"], prog="%gmp")
    assert (args.command, args.workload, args.settings) == ("run", "fanout", ["n=1", "compute=1us"])


def test_names_that_stand_in_two_places_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert [callable(getattr(gl.Costs, name)) for name in PRICES] == [True] * len(PRICES)
    for section in SECTIONS:
        assert said(capsys, "list", section)[0] == 0


def test_columns_put_a_long_name_into_a_line_of_its_own() -> None:
    long = "a" * 40
    assert columns([("go", "one"), (long, "two")]) == f"  go  one\n  {long}\n      two"


# How it is started


def test_it_starts_in_a_process_of_its_own() -> None:
    root = Path(__file__).resolve().parents[1]
    env = {**os.environ, "PYTHONPATH": str(root), "GMPLAB_PURE": "1"}
    env.pop("GMPLAB_REQUIRE_COMPILED", None)
    words = [sys.executable, "-m", "gmplab", *FANOUT, "--record", "off"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{gl.run('fanout', n=20, procs=2, record='off')!r}\n"


def test_the_console_script_is_what_python_m_runs() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"gmplab": "gmplab.__main__:main"}


def test_verify_prints_a_table_writes_it_and_tells_by_its_exit_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, err = said(capsys, "verify", "4 jobs in turns*", "--scale", "0.01", "--csv", str(tmp_path / "out"))
    assert (code, err) == (0, "")
    assert "4 jobs in turns of 10, a switch costs 1: completion 4" in out and out.endswith(f"wrote      csv: {tmp_path / 'out'}\n")
    with open(tmp_path / "out" / "verify.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    found = [(row["kind"], row["measured"], row["verdict"]) for row in rows]
    assert found == [("exact", n, "holds") for n in ("6.0", "45.0", "73.0", "90.0")]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["M/D/"], "gmplab: verify 'M/D/': no such row; did you mean 'M/D/c'"),
        (["xyz"], "gmplab: verify 'xyz': no such row; one of bags, batches, channels, disciplines, interruptions, lists, published, "),
        (["--scale", "0"], "gmplab: scale = 0.0: must be 0.01 to 100"),
        (["-j", "0"], "gmplab: workers = 0: must be at least 1 process"),
    ],
)
def test_verify_refuses_what_cannot_be_meant(capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    code, out, err = said(capsys, "verify", *words)
    assert (code, out) == (2, "") and err.startswith(told)


# --- sweep and plot ---------------------------------------------------------------------------------------------------
def test_sweep_prints_the_points_and_writes_the_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    argv = ["sweep", "--vary", "P=1:3", "--vary", "steal=StealOne,StealHalf(passes=2)", "-w", "fanout", "--set", "n=5", "--seeds", "0:2"]
    code, out, err = said(capsys, *argv, "--folder", str(tmp_path / "points"), "--csv", str(tmp_path / "csv"))
    assert (code, err) == (0, "") and out.startswith("fanout: 4 points (procs, steal), seeds 0, 1; means\n")
    frame = pd.read_csv(tmp_path / "csv" / "sweep.csv")
    assert list(frame["procs"]) == [1, 1, 1, 1, 2, 2, 2, 2] and len(list((tmp_path / "points").iterdir())) == 4
    made = gl.sweep({"procs": [1, 2], "steal": [gl.StealOne(), gl.StealHalf(passes=2)]}, "fanout", seeds=range(2), n=5)
    assert list(frame["end_ns"]) == list(made.frame["end_ns"])


@pytest.mark.parametrize(("axis", "answer"), [
    ("P", "gmplab: --vary P: must be NAME=VALUES, as in --vary P=1,2,4"),
    ("P=3:1", "gmplab: --vary P=3:1: holds no number: TO must be above FROM"),
    ("P=x", "gmplab: procs = 'x': must be a whole number"),
    ("policy=goo", "gmplab: policy 'goo': no such preset; did you mean 'go'?"),
    ("steal=StealOn", "gmplab: steal component 'StealOn': there is none such; did you mean 'StealOne'?"),
    ("m=1", "gmplab: fanout: no parameter 'm'"),
    ("n=1,2", "gmplab: --set n=...: n is varied: leave one of the two out"),
])
def test_what_cannot_be_varied_is_one_line(capsys: pytest.CaptureFixture[str], axis: str, answer: str) -> None:
    assert refused(capsys, "sweep", "--vary", axis, "-w", "fanout", "--set", "n=5").startswith(answer)


def test_what_a_file_defines_goes_along_to_other_processes_and_once_changed_takes_up_no_old_numbers(
    capsys: pytest.CaptureFixture[str], mine: str, tmp_path: Path
) -> None:
    points = tmp_path / "points"
    argv = ["sweep", "--vary", "P=2,3", "-w", f"{mine}:jobs", "--policy", f"{mine}:POLICY", "--seeds", "1", "--folder", str(points)]
    code, first, err = said(capsys, *argv, "-j", "2")
    assert (code, err, len(list(points.iterdir()))) == (0, "", 2)
    assert said(capsys, *argv)[1] == first and len(list(points.iterdir())) == 2
    Path(mine).write_text(MINE.replace("compute(us=10)", "compute(us=20)"), encoding="utf-8")
    assert said(capsys, *argv, "-j", "2")[1] != first and len(list(points.iterdir())) == 4


def test_plot_draws_a_saved_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept, picture = str(tmp_path / "r.gmp"), tmp_path / "l.svg"
    said(capsys, *FANOUT, "--save", kept)
    code, out, _ = said(capsys, "plot", "latency", kept)
    assert code == 0 and out.startswith("Scheduling latency of fanout")
    assert said(capsys, "plot", "latency", kept, "--save", str(picture))[1] == f"wrote {picture}\n" and picture.is_file()
    assert refused(capsys, "plot", "latency").startswith("gmplab: say which run")
    assert refused(capsys, "plot", "latncy", kept).startswith("gmplab: plot latncy: there is no such plot; did you mean 'latency'?")
    assert refused(capsys, "plot", "latency", kept, "--save", str(picture)).startswith(f"gmplab: --save {picture}: exists")


def test_code_prints_what_a_person_would_write_and_it_does_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["run", "fanout", "--set", "n=5", "compute=exp(2us)", "-P", "2", "--spin", "SpinLimit(2)", "--costs", "zero", "-s", "3"]
    code, out, _ = said(capsys, *argv, "--code")
    scope: dict[str, Any] = {}
    exec(out, scope)
    assert code == 0 and scope["run"].digest == gl.run(
        "fanout", n=5, compute="exp(2us)", procs=2, policy=gl.policy_of("go").replace(spin=gl.SpinLimit(2)), costs=gl.Costs.zero(), seed=3
    ).digest
    assert 'gl.run("fanout", on="threads", n=5)' in said(capsys, "run", "fanout", "--set", "n=5", "--on", "threads", "--code")[1]
    assert 'on="threads", lock_plain=True' in said(capsys, "run", "fanout", "--on", "threads", "--lock-plain", "--code")[1]
    for argv in (
        ["compare", "go", "go(steal=StealOne())", "-w", "fanout", "--set", "n=5", "--seeds", "0:2", "--code"],
        ["sweep", "--vary", "P=1,2", "--vary", "costs=zero,linux_vm", "-w", "fanout", "--set", "n=5", "--seeds", "1,4", "--code"],
    ):
        exec(said(capsys, *argv)[1], scope)
    assert scope["comparison"].policies == ["go", "go(steal=StealOne())"]
    assert scope["sweep"].varied == {"procs": [1, 2], "costs": ["zero", "linux_vm"]} and scope["sweep"].seeds == [1, 4]


def test_code_reads_a_file_that_is_no_module_from_here_by_its_path(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, mine: str
) -> None:
    argv = ["run", f"{mine}:jobs", "--set", "n=5", "--steal", f"{mine}:StealTwo(passes=2)"]
    code, out, _ = said(capsys, *argv, "--code")
    scope: dict[str, Any] = {}
    exec(out, scope)
    assert code == 0 and f'jobs = runpy.run_path("{mine}")["jobs"]\n' in out
    assert said(capsys, *argv)[0] == 0
    assert scope["run"].digest == gl.last.digest
    monkeypatch.chdir(Path(mine).parent)
    assert "\nfrom mine import jobs\n" in said(capsys, "run", "mine.py:jobs", "--code")[1]


def test_explain_says_what_a_saved_run_suffers_from(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = str(tmp_path / "r.gmp")
    said(capsys, "run", "mutex_contention", "--save", kept)
    code, out, _ = said(capsys, "explain", kept)
    assert code == 0 and "- lock convoy: on average" in out
    assert said(capsys, "explain", kept, "g2")[1].startswith("G2 ")
    assert refused(capsys, "explain").startswith("gmplab: say which run")
    assert refused(capsys, "explain", "P1").startswith("gmplab: say which run"), "one word that reads so is whom"


def test_verify_writes_a_page_with_pictures_and_writes_it_anew_but_over_no_other_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = tmp_path / "verify.md"
    words = ["verify", "8 goroutines, 1 Ps*P kept", "Graham's nine tasks on 3 Ps", "--scale", "0.01", "--page", str(page)]
    for _ in range(2):
        code, out, err = said(capsys, *words)
        assert (code, err) == (0, "")
        assert out.count("wrote      page: ") == 3
        text = page.read_text(encoding="utf-8")
        assert "| Graham's nine tasks on 3 Ps | makespan | 12 | 12 | every run |  | 1 | holds |" in text
        assert sorted(re.findall(r"\(img/(.*)\)", text)) == sorted(file.name for file in (tmp_path / "img").iterdir())
    page.write_text("mine", encoding="utf-8")
    code, out, err = said(capsys, *words)
    assert (code, out) == (2, "") and err == f"gmplab: --page {page}: exists, and is no page of verify: give another file\n"


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == (0, f"gmplab {metadata.version('gmplab')}\n", "")
