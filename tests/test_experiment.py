"""Bad input gets a clear answer, and nothing that was recorded is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gmplab as gl


def sleepy() -> Any:
    yield gl.sleep(ms=5)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="'go1.41': no such preset; did you mean 'go1"):
        gl.run(sleepy, policy="go1.41")


@pytest.mark.parametrize("procs", [0, -1, 1.5, True, 65_535])
def test_p_must_be_a_whole_number_of_ps(procs: Any) -> None:
    with pytest.raises(ValueError, match="must be an int of 1 to 65534 Ps"):
        gl.run(sleepy, procs=procs)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"max_events": -1}, "max_events = -1: must be an int of at least 0 events"),
        ({"max_events": 1.5}, "max_events = 1.5: must be an int"),
        ({"max_rows": -1}, "max_rows = -1: must be an int of at least 0 rows; 0: no bound"),
        ({"max_rows": 1 << 70}, f"max_rows = {1 << 70}: must be an int of at least 0 rows"),
        ({"costs": "zero"}, "costs = 'zero': must be a gmplab.Costs"),
        ({"topology": 2}, "topology = 2: must be a gmplab.Topology"),
        ({"drain": 3}, "drain = 3: must be True or False"),
        ({"strict": "no"}, "strict = 'no': must be True or False"),
        ({"lock_plain": None}, "lock_plain = None: must be True or False"),
    ],
)
def test_a_bound_or_a_price_list_that_is_none_is_refused_before_the_run(wrong: Any, text: str) -> None:
    with pytest.raises((ValueError, TypeError), match=text):
        gl.run(sleepy, **wrong)


def test_an_arrival_that_is_no_source_is_not_the_policys_fault() -> None:
    with pytest.raises(TypeError, match="Plan: sources: 'often': must be a gmplab.Source"):
        gl.run(gl.Plan(sleepy, sources=("often",)))  # type: ignore[arg-type]


@pytest.mark.parametrize("goid", [1, 2])
def test_a_program_with_an_open_loop_is_told_and_does_not_run_it_once(goid: int) -> None:
    job = gl.Program("job").loop(3).compute("1us")
    main = job if goid == 1 else gl.Program("main").go(job).sleep("1ms")
    with pytest.raises(gl.BodyError, match=rf"goroutine {goid} \[\w+\]: Program 'job': a loop is open: its end\(\) is missing"):
        gl.run(main)


def test_a_body_that_raises_is_a_panic_and_keeps_its_record() -> None:
    def main() -> Any:
        yield gl.compute(us=1)
        raise KeyError("lost")

    with pytest.raises(gl.GoPanic, match=r"goroutine 1 \[main\]: KeyError: 'lost'") as failure:
        gl.run(main)
    assert isinstance(failure.value.__cause__, KeyError)
    assert len(failure.value.run.schedule) == 1
    assert gl.run(main, strict=False).stopped_by == "panic"


def test_a_forgotten_yield_is_told() -> None:
    def main() -> Any:
        gl.compute(us=1)
        yield gl.compute(us=2)

    with pytest.raises(gl.BodyError, match="write `yield verb"):
        gl.run(main)


def test_a_verb_outside_of_a_run_is_told() -> None:
    with pytest.raises(gl.BodyError, match="no goroutine runs in this thread"):
        gl.compute(us=1)


def test_a_policy_that_answers_nonsense_is_named_with_the_bound() -> None:
    class Greedy(gl.StealHalf):  # type: ignore[misc, name-defined]
        def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
            return queued + 5

    def main() -> Any:
        def worker() -> Any:
            yield gl.compute(us=50)

        for _ in range(20):
            yield gl.go(worker)
        yield gl.sleep(ms=1)

    with pytest.raises(gl.PolicyError, match=r"Greedy.amount returned \d+: must be 0 to \d+"):
        gl.run(main, policy=gl.policy_of("go").replace(steal=Greedy()))


def test_a_policy_overridden_in_python_changes_the_run() -> None:
    class Never(gl.StealHalf):  # type: ignore[misc, name-defined]
        def amount(self, state: Any, view: Any, thief: Any, victim: Any, queued: Any) -> Any:
            return 0

    def main() -> Any:
        def worker() -> Any:
            yield gl.compute(us=50)

        for _ in range(20):
            yield gl.go(worker)
        yield gl.sleep(ms=5)

    assert gl.run(main, policy=gl.policy_of("go").replace(steal=Never(runnext_pass=-1))).metrics["stolen"] == 0
    assert gl.run(main).metrics["stolen"] > 0


def test_a_class_attribute_that_shadows_a_field_is_refused() -> None:
    with pytest.raises(TypeError, match="shadows the field 'passes'"):
        type("Shadow", (gl.StealHalf,), {"passes": 9})


def test_a_wake_policy_that_forgets_its_work_is_told() -> None:
    def worker() -> Any:
        yield gl.compute(us=1)

    source = gl.Source(gl.Program("job").compute("1us"), gl.Constant(1_000), 3)
    plan = gl.Plan(gl.Program("main").wait_arrivals(), sources=(source,))
    with pytest.raises(gl.PolicyError, match="nobody will wake one"):
        gl.run(plan, costs=gl.Costs.zero(), policy=gl.policy_of("go").replace(wake=gl.WakeNever()))


def test_a_bound_is_no_error_but_said() -> None:
    run = gl.run(sleepy, until="1ms")
    assert (run.complete, run.stopped_by, run.record.end_ns) == (False, "until", 1_000_000)


def test_csv_is_written_whole_and_never_over_another(tmp_path: Path) -> None:
    run = gl.run(sleepy)
    run.to_csv(tmp_path / "a")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "environment.json", "events.csv", "goroutines.csv", "machines.csv", "meta.json", "processors.csv", "schedule.csv",
    ]
    with pytest.raises(FileExistsError, match="give another folder"):
        run.to_csv(tmp_path / "a")
    gl.run(sleepy).to_csv(tmp_path / "b")
    for name in ("schedule.csv", "events.csv", "meta.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_function_for_progress_is_called_as_the_run_goes_on_and_may_end_it() -> None:
    told: list[tuple[int, int]] = []

    def enough(t_ns: int, n_schedules: int) -> None:
        told.append((t_ns, n_schedules))
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as stopped:
        gl.run("gosched_thrash", rounds=10_000, record="off", progress=enough)
    made = stopped.value.run  # type: ignore[attr-defined]
    assert (made.stopped_by, made.complete) == ("interrupt", False) and told == sorted(told)
    assert made.record.counters["n_schedules"] == told[-1][1]
    with pytest.raises(TypeError, match="progress = 'yes': must be True, False or a function"):
        gl.run("fanout", progress="yes")
