"""What each M and P did, from the events, adds up to what the core counted."""

from __future__ import annotations

import pytest

import gmplab as gl
from gmplab.policies import PRESETS
from gmplab.traces.run import Run
from gmplab.vocabulary import MODES
from tests.traces.records import record
from tests.traces.test_agreement import runs


def test_each_m_is_in_one_mode_at_a_time_and_sleeps_for_a_reason() -> None:
    spans = Run(record()).machine_spans
    columns = ["m", "mode", "begin_ns", "end_ns", "g", "p", "why"]
    assert spans[columns].astype(object).where(spans[columns].notna(), None).values.tolist() == [
        [0, "starting", 0, 10, None, None, "boot"],
        [0, "running", 10, 100, 1, 0, None],
        [0, "scheduling", 100, 110, None, 0, None],
        [0, "running", 110, 120, 2, 0, None],
        [0, "syscall", 120, 150, 2, 0, None],
        [0, "running", 150, 160, 2, 0, None],
        [0, "scheduling", 160, 180, None, 0, None],
        [0, "netpoll", 180, 200, None, None, "netpoll"],
        [1, "starting", 0, 200, None, None, "sysmon"],
        [2, "starting", 35, 60, None, None, "wakep"],
        [2, "running", 60, 70, 2, 1, None],
        [2, "scheduling", 70, 170, None, 1, None],
        [2, "idle", 170, 190, None, None, "idle"],
    ]


def test_sysmon_monitors_from_its_first_step_on() -> None:
    spans = gl.run("syscall_storm", n=4, calls=3, procs=2, seed=1).machine_spans
    assert spans[spans["m"] == 1]["mode"].astype(str).tolist()[:2] == ["starting", "monitoring"]


def test_each_p_does_what_its_m_does() -> None:
    spans = Run(record()).processor_spans
    columns = ["p", "mode", "begin_ns", "end_ns", "g", "m"]
    assert spans[columns].astype(object).where(spans[columns].notna(), None).values.tolist() == [
        [0, "running", 10, 100, 1, 0],
        [0, "scheduling", 100, 110, None, 0],
        [0, "running", 110, 120, 2, 0],
        [0, "syscall", 120, 150, 2, 0],
        [0, "running", 150, 160, 2, 0],
        [0, "scheduling", 160, 200, None, 0],
        [1, "idle", 0, 60, None, None],
        [1, "running", 60, 70, 2, 2],
        [1, "scheduling", 70, 200, None, 2],
    ]


@pytest.mark.parametrize("name", list(PRESETS))
def test_the_spans_of_ms_and_ps_add_up_to_the_cores_own_sums(name: str) -> None:
    for run in runs(name):
        for frame, key, spans in ((run.processors, "p", run.processor_spans), (run.machines, "m", run.machine_spans)):
            if key == "m":
                frame = frame[frame["why"] != "sysmon"]
                spans = spans[spans["m"].isin(frame["m"])]
            sums = spans.pivot_table(index=key, columns="mode", values="duration_ns", aggfunc="sum", observed=False)
            sums = sums.reindex(index=frame[key], columns=list(MODES)).fillna(0)
            core = frame.set_index(key)[[f"{mode}_ns" for mode in MODES]]
            assert sums.astype(int).values.tolist() == core.astype(int).values.tolist()


def test_spans_of_a_lane_follow_one_another_without_gap_or_overlap() -> None:
    for run in runs("go"):
        for key, spans in (("p", run.processor_spans), ("m", run.machine_spans)):
            before = spans.shift()
            same = spans[key].eq(before[key])
            gaps = [
                (lane, int(end), int(begin))
                for lane, end, begin in zip(spans[key][same], before["end_ns"][same], spans["begin_ns"][same], strict=True) if end != begin
            ]
            # A P has a gap while GOMAXPROCS leaves it out.
            assert gaps == (without_p(run) if key == "p" else [])
            assert int(spans["duration_ns"].min()) > 0


def without_p(run: Run) -> list[tuple[int, int, int]]:
    """(p, from, until) of the Ps that were destroyed and came back."""
    resizes = run.events[run.events["kind"] == "PResize"]
    gone: dict[int, int] = {}
    found = []
    for t, procs in zip(resizes["t_ns"], resizes["arg"], strict=True):
        for p in range(len(run.processors)):
            if p >= procs:
                gone.setdefault(p, int(t))
            elif p in gone:
                found.append((p, gone.pop(p), int(t)))
    # One that was never there yet has no stay before.
    first = run.processor_spans.groupby("p", observed=True)["begin_ns"].min()
    return sorted(gap for gap in found if first[gap[0]] < gap[1])
