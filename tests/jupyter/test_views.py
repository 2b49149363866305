"""`run.view`: what is made, what goes to the browser, and what stays where no widget can live."""

from __future__ import annotations

import json
import re
import struct
import sys
import tomllib
import zlib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shells import displayed

import gmplab as gl
from gmplab.errors import TraceError
from gmplab.jupyter.packing import TYPES, ids, instants, packed
from gmplab.jupyter.settings import settings
from gmplab.jupyter.timeline import FOUND, LANES, QUEUES, depths, finds, table
from gmplab.jupyter.widget import INLINE, STATIC
from gmplab.traces.run import Run


@pytest.fixture(scope="module")
def run() -> Run:
    return gl.run("mixed_io", procs=3, seed=1, until="4ms")


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the columns of a packed table, as static/buffers.js reads them."""
    if data[:1] == b"\x78":
        data = zlib.decompress(data)
    assert data[:4] == b"GMPL"
    (size,) = struct.unpack("<I", data[4:8])
    head = json.loads(data[8 : 8 + size])
    types = {name: dtype for dtype, name in TYPES.items()}
    columns = {}
    for name, (kind, offset, n) in head["columns"].items():
        assert (8 + size + offset) % 8 == 0
        columns[name] = np.frombuffer(data, types[kind], n, 8 + size + offset)
    return head, columns


def test_columns_come_out_as_they_went_in() -> None:
    columns = {"a": np.arange(3, dtype=np.uint8), "b": np.array([1.5, 2.0**53 - 1]), "c": np.array([-1], dtype=np.int32)}
    head, found = unpacked(packed(columns, title="µ"))
    assert head["title"] == "µ"
    assert {name: column.tolist() for name, column in found.items()} == {name: column.tolist() for name, column in columns.items()}
    with pytest.raises(KeyError):
        packed({"a": np.zeros(1, dtype=np.int64)})


def test_times_and_ids_take_as_few_bytes_as_they_allow() -> None:
    for values, dtype in (([0, 2**32 - 1], "<u4"), ([0, 2**32], "<f8"), ([], "<u4")):
        kept = instants(np.array(values, dtype=np.int64))
        assert (kept.dtype.str, kept.tolist()) == (dtype, values)
    for values, dtype in (([-1, 2**15 - 1], "<i2"), ([-1, 2**15], "<i4"), ([], "<i2")):
        kept = ids(np.array(values, dtype=np.int64))
        assert (kept.dtype.str, kept.tolist()) == (dtype, values)


@pytest.mark.parametrize(("lanes", "frame"), [("P", "processor_spans"), ("M", "machine_spans"), ("G", "spans")])
def test_a_table_holds_the_spans_by_lane_and_in_time(run: Run, lanes: str, frame: str) -> None:
    head, columns = unpacked(table(run, lanes))
    starts = columns["starts"]
    assert starts[-1] == len(columns["begin"])
    for lane in range(len(starts) - 1):
        begin, end = columns["begin"][starts[lane] : starts[lane + 1]], columns["end"][starts[lane] : starts[lane + 1]]
        assert (end > begin).all()
        assert (begin[1:] >= end[:-1]).all()
    spans = getattr(run, frame)
    mode = spans["kind"] if lanes == "G" else spans["mode"]
    running = [kind for kind, look in enumerate(head["looks"]) if look["name"].startswith("running")]
    shown = np.isin(columns["kind"], running)
    assert (columns["end"] - columns["begin"])[shown].sum() == spans["duration_ns"][mode == "running"].sum()


def test_a_window_of_a_run_has_a_timeline_of_its_own_time() -> None:
    run = gl.run("fanout", n=100, procs=2, seed=1)
    part = run.window("100us", "200us")
    timeline = part.view.timeline()
    assert timeline.view == [100_000, part.record.end_ns]
    head, columns = unpacked(table(part, "P"))
    assert head["begin_ns"] == 100_000
    assert columns["begin"].min() >= 100_000
    assert "<svg" in timeline.twin()


def test_arrows_lead_from_lane_to_lane(run: Run) -> None:
    columns = unpacked(table(run, "P"))[1]
    assert {0, 1} <= set(columns["a_kind"].tolist())
    assert (columns["a_t1"] >= columns["a_t0"]).all()
    assert columns["a_t0"].tolist() == sorted(columns["a_t0"].tolist())
    for name in ("a_from", "a_to"):
        assert ((columns[name] >= 0) & (columns[name] < 3)).all()
    stolen = columns["a_kind"] == 2
    assert stolen.sum() == len(run.steals)
    assert columns["a_from"][stolen].tolist() == run.steals["victim_p"].tolist()


def test_the_lengths_of_the_queues_are_a_part_of_their_own_which_a_window_from_a_file_lacks(run: Run, tmp_path: Path) -> None:
    columns = unpacked(depths(run))[1]
    starts = columns["q_starts"]
    for queue, p in enumerate([-1, 0, 1, 2]):
        rows = run.queues[run.queues["p"].fillna(-1) == p]
        assert columns["q_t"][starts[queue] : starts[queue + 1]].tolist() == rows["t_ns"].tolist()
        assert columns["q_n"][starts[queue] : starts[queue + 1]].tolist() == rows["n"].tolist()
    assert starts[-1] == len(run.queues)
    run.window("1ms", "2ms").save(tmp_path / "part.gmp")
    part = Run.load(tmp_path / "part.gmp").view.timeline()
    assert unpacked(part.reply({"kind": "need", "part": QUEUES}))[1] == {}
    assert "Run queues" in run.view.timeline().twin() and "Run queues" not in part.twin()


def test_where_each_p_found_what_it_ran_is_a_part_too(run: Run) -> None:
    head, columns = unpacked(finds(run))
    starts = columns["f_starts"]
    for p in range(3):
        rows, at = run.schedule[run.schedule["p"] == p], slice(starts[p], starts[p + 1])
        assert columns["f_t"][at].tolist() == rows["t_ns"].tolist() and columns["f_wait"][at].tolist() == rows["wait_ns"].tolist()
        assert [head["sources"][i] for i in columns["f_source"][at]] == rows["source"].tolist()
        assert columns["f_victim"][at].tolist() == rows["victim_p"].fillna(-1).tolist()


def test_a_small_run_is_in_the_state_and_a_large_one_is_asked_for(run: Run) -> None:
    assert set(run.view.timeline().inline) == {*LANES, QUEUES, FOUND}
    large = gl.run("fanout", n=20_000, compute="1us", procs=4, seed=1)
    timeline, stepper = large.view.timeline(), large.view.stepper()
    assert timeline.inline == {}
    assert sum(len(part) for part in stepper.inline.values()) <= INLINE
    assert unpacked(timeline.reply({"kind": "need", "part": "G"}))[0]["lanes"] == "G"
    window = json.loads(zlib.decompress(stepper.reply({"kind": "need", "part": "steps", "step": 50_000})))
    assert window["first"] < 50_000 < window["first"] + len(window["t"])


def test_a_timeline_shows_one_run_after_another_in_the_same_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    timeline, sent = run.view.timeline("M"), []
    timeline.view, timeline.time_ns, timeline.selected_g = [5, 9], 7, 3
    monkeypatch.setattr(timeline, "send", lambda content, buffers: sent.append((content, buffers)))
    small = gl.run("fanout", n=5, procs=2, seed=1)
    timeline.show(small)
    assert (timeline.run, timeline.nth, timeline.lanes, timeline.selected_g) == (small, 1, "M", -1)
    assert (timeline.view, timeline.time_ns, sent) == ([0, small.record.end_ns], 0, [])
    assert [unpacked(timeline.inline[part])[0]["end_ns"] for part in LANES] == [small.record.end_ns] * 3
    # The spans of a greater one follow in a message.
    monkeypatch.setattr(settings, "max_inline_spans", 0)
    timeline.show(run)
    ((content, (data,)),) = sent
    assert (timeline.inline, content) == ({}, {"kind": "run", "nth": 2, "part": "M"})
    assert data == table(run, "M")
    with pytest.raises(TraceError, match="needs the spans of the run"):
        timeline.show(gl.run("fanout", n=5, record="schedule"))
    assert timeline.run is run


def test_a_schedule_that_breaks_a_law_opens_in_the_stepper(tmp_path: Path) -> None:
    e = gl.explore("fanout", gl.policy_of("go").replace(wake=gl.WakeNever()), n=2, bound=gl.Bound(schedules=50))
    assert e.failure is not None
    e.failure.save(tmp_path / "lost.json")
    found = gl.replay(tmp_path / "lost.json", "fanout", gl.policy_of("go").replace(wake=gl.WakeNever()))
    stepper = found.view.stepper()
    steps = json.loads(zlib.decompress(stepper.reply({"kind": "need", "part": "steps", "step": 0})))
    assert steps["text"] == list(found.story()["sentence"])
    # Time stands still: it is the row that tells the states apart, and the last one shows what is broken.
    assert set(steps["t"]) == {0}
    stepper.step = len(found.events) - 1
    shown = [" ".join(line.split()) for line in stepper.twin().splitlines()[1:3]]
    assert e.failure.why.startswith("p1 idle beside work: g2 is in the queue of p0")
    assert shown == ["P0 running on m0 runnext - queue g2", "P1 idle runnext - queue -"]


def test_views_share_the_traits_that_link_them(run: Run) -> None:
    for widget in (run.view.timeline(), run.view.stepper()):
        assert {"time_ns", "view", "selected_g"} <= set(widget.keys)
    assert [link.source[1] for link in run.view.both().links] == ["time_ns", "view", "selected_g"]
    both = run.view.both(at=30_000)
    assert both.timeline.time_ns == both.stepper.time_ns == 30_000 and both.stepper.step == run.view.stepper(30_000).step > 0


@pytest.mark.parametrize("name", ["timeline", "stepper", "both"])
def test_a_widget_has_a_twin_without_a_script(run: Run, name: str) -> None:
    widget = getattr(run.view, name)()
    live, twin = displayed(widget)
    assert list(live) == ["application/vnd.jupyter.widget-view+json", "text/html"]
    assert twin["text/html"] == f"<div class='gmplab-of-{widget.model_id}'>{widget.twin()}</div>"
    assert "<script" not in twin["text/html"]
    assert ("<svg" in twin["text/html"]) == (name != "stepper")
    assert ("newm: M0 is made" in twin["text/html"]) == (name != "timeline")


@pytest.mark.parametrize("procs", [1, 64, 500])
def test_the_twins_picture_stays_small(procs: int) -> None:
    html = gl.run("fanout", n=3000, procs=procs, seed=1).view.timeline().twin()
    assert len(html) < 200_000
    assert f"What each of {procs} Ps did" in html


def test_the_files_of_the_page_are_installed_with_the_package() -> None:
    project = tomllib.loads((STATIC.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["gmplab"]
    for path in STATIC.iterdir():
        assert any(fnmatch(f"jupyter/static/{path.name}", pattern) for pattern in patterns), path.name


def test_the_module_of_a_widget_imports_nothing(run: Run) -> None:
    for widget in (run.view.timeline(), run.view.stepper()):
        assert not re.search(r"^import ", widget._esm, re.MULTILINE)
        assert widget._esm.count("export default") == 1
        assert "http" not in widget._esm.replace("http://www.w3.org/2000/svg", "")
    assert {path.name for path in STATIC.iterdir()} >= {"timeline.js", "stepper.js", "widgets.css"}


def test_without_anywidget_there_is_one_line_that_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("gmplab.jupyter.") and name.rpartition(".")[2] in ("widget", "timeline")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ImportError) as e:
        run.view.timeline()
    assert str(e.value) == "the widgets need a package: anywidget is not installed: pip install anywidget"


def test_what_cannot_be_shown_is_said(run: Run) -> None:
    with pytest.raises(ValueError, match="lanes = 'Q': must be 'P', 'M' or 'G'"):
        run.view.timeline("Q")
    with pytest.raises(ValueError, match="the run ends at"):
        run.view.stepper("1s")
    with pytest.raises(TraceError, match="view.timeline needs the spans"):
        gl.run("fanout", n=3, record="schedule").view.timeline()
    with pytest.raises(TraceError, match="view.stepper needs the events"):
        gl.run("fanout", n=3, record="schedule").view.stepper()
