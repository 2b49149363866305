"""The dashboards in this process: what their parts do when something is moved or clicked."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import re
import threading
import zipfile
from typing import Any

import pytest
from IPython.core.error import UsageError
from shells import Shell

import gmplab as gl
from gmplab.jupyter.explorer import TABS, Explorer
from gmplab.jupyter.overlaid import Overlaid
from gmplab.jupyter.playground import AS_IN_POLICY, Playground
from gmplab.plots import latency
from gmplab.plots.keynumbers import numbers, of_ps
from gmplab.plots.units import percent


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return gl.run("mutex_contention", rounds=20, procs=4).view.dashboard()  # type: ignore[no-any-return]


def test_a_finding_is_a_button_that_shows_its_time(explorer: Explorer) -> None:
    rows = explorer.children[1].children
    assert [row.children[0].description for row in rows] == [finding.rule for finding in explorer.found]
    finding = explorer.found[0]
    rows[0].children[0].click()
    for widget in (explorer.both.timeline, explorer.both.stepper):
        assert widget.time_ns == finding.t0_ns and widget.view[0] <= finding.t0_ns <= finding.t1_ns <= widget.view[1]
    assert explorer.both.timeline.selected_g == (finding.g if finding.g is not None else -1)


def test_a_plot_is_drawn_and_linked_when_its_tab_is_chosen(explorer: Explorer) -> None:
    assert explorer.tabs.children[0] is explorer.both.stepper
    assert set(explorer.charts) == set() and not any(page.children for page in explorer.tabs.children[1:])
    explorer.both.timeline.view = [1_000, 2_000]
    explorer.tabs.selected_index = TABS.index("utilisation")
    chart = explorer.charts["utilisation"]
    assert explorer.tabs.children[TABS.index("utilisation")].children == (chart,)
    assert chart.twin().startswith('<img alt="What the Ps&#x27; time went into') and chart.view == [1_000, 2_000]
    assert [link.target[1] for link in explorer.linked] == ["time_ns", "view", "selected_g", "lanes"]
    explorer.show(5_000, 6_000)
    assert chart.view == explorer.both.timeline.view


def test_numbers_and_plots_of_the_time_shown_are_those_of_that_part(explorer: Explorer) -> None:
    run = explorer.run
    begin, end = run.record.end_ns // 4, run.record.end_ns // 2
    explorer.both.timeline.view = [begin, end]
    explorer.tabs.selected_index = TABS.index("latency")
    explorer.part.click()
    part = run.window(begin, end)
    assert explorer.of.digest == part.digest and explorer.charts["latency"].plot.alt == part.plot.latency().alt
    assert set(explorer.charts) == {"latency"} and f"whole run: {run.record.end_ns / 1e6:.3g} ms" in explorer.head.value
    shown = numbers(part)
    assert shown["schedules"] == f"{len(part.schedule):,}" and all(value in explorer.head.value for value in shown.values())
    data = run.plot.utilisation(t=(begin, end)).data
    assert shown["utilisation"] == percent(round(data["running"].mean(), 3))
    assert shown["idle while overloaded"] == percent(round(data["idle_overloaded"].mean(), 3))
    # Of all parts together it is what the core counted.
    parts = [of_ps(run, t0, t1) for t0, t1 in ((0, begin), (begin, end), (end, run.record.end_ns))]
    for name in ("wall", "p", "g"):
        key = f"idle_overloaded_{name}_ns"
        assert sum(one[key] for one in parts) == pytest.approx(run.metrics[key])
    explorer.whole.click()
    assert explorer.of is run and "whole run" not in explorer.head.value and explorer.whole.layout.display == "none"


def test_a_time_in_which_nothing_was_scheduled_has_numbers() -> None:
    def main() -> Any:
        yield gl.sleep(ms=1)

    assert numbers(gl.run(main, procs=1).window("100us", "200us"))["threads"] == "none"


def test_of_a_selected_goroutine_it_says_who_ran_while_it_waited(explorer: Explorer) -> None:
    explorer.both.timeline.selected_g = 5
    most = explorer.run.antagonists(5).iloc[0]
    assert "ran while G5 was runnable" in explorer.others.value and f">G{most['g']} {most['name']}<" in explorer.others.value
    explorer.sorted.value = "ran_there_ns"
    there = explorer.run.antagonists(5).sort_values(["ran_there_ns", "g"], ascending=[False, True]).iloc[0]
    assert explorer.others.value.partition("<td style='text-align:left'>")[2].startswith(f"G{there['g']} ")
    explorer.both.timeline.selected_g = -1
    assert explorer.others.value == "" and explorer.sorted.layout.display == "none"


def test_the_key_numbers_are_the_runs(explorer: Explorer) -> None:
    shown = numbers(explorer.run)
    assert shown["schedules"] == f"{len(explorer.run.schedule):,}" and set(shown) >= {"utilisation", "wait p99", "idle while overloaded"}
    assert all(value in explorer.children[0].value for value in shown.values())


def test_downloads_are_whole_files_in_the_page(explorer: Explorer) -> None:
    csv, perfetto = explorer.children[-1].children[:2]
    csv.click()
    name, data = re.search(r"download='(.*?)' href='data:application/octet-stream;base64,(.*?)'", explorer.files.value).groups()  # type: ignore[union-attr]
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(data))) as z:
        assert name == "mutex_contention.zip" and {"schedule.csv", "events.csv", "meta.json"} <= set(z.namelist())
    perfetto.click()
    assert "mutex_contention.pftrace" in explorer.files.value


def test_where_no_widget_can_live_its_html_has_numbers_findings_and_pictures(explorer: Explorer) -> None:
    text = explorer.twin()
    assert "lock convoy" in text and "<svg" in text and "<script" not in text


def test_an_explorer_of_a_run_of_nothing_is_sensible() -> None:
    def nothing() -> Any:
        return
        yield

    for run in (gl.run(nothing, procs=1), gl.run(nothing, procs=2, until=0)):
        made = run.view.dashboard()
        assert "nothing to complain of" in made.children[1].children[0].value
    assert numbers(run)["wait p99"] == "none" and "nan" not in made.children[0].value


@pytest.fixture
def play() -> Playground:
    made = gl.playground("fanout")
    made.parameters.children[0].value = "50"
    made.wait()
    return made  # type: ignore[no-any-return]


def test_its_picture_can_be_read_aloud() -> None:
    assert gl.playground("pingpong").picture.value.startswith('<img alt="Scheduling latency of pingpong')


def test_what_is_moved_runs_again_and_the_run_before_stays_beside_it(play: Playground) -> None:
    play.procs.value = 2
    play.wait()
    assert play.last.digest == gl.run("fanout", n=50, procs=2).digest and play.before.digest == gl.run("fanout", n=50).digest
    assert "fanout under go, P=2, seed 1" in play.said.value and "before: " in play.figures.value
    play.parts["steal"].value = "StealOne"
    play.wait()
    assert play.last.record.header["policy"] == "go(steal=StealOne())"
    assert play.picture.value.startswith('<img alt="Scheduling latency of fanout(n=50') and play.place.children[0].run is play.last


def drawn(image: str) -> str:
    """An image's SVG without the names of its clips, which no two drawings share."""
    svg = base64.b64decode(re.search(r'src="data:image/svg[+]xml;base64,(.*?)"', image)[1]).decode()  # type: ignore[index]
    return re.sub(r'"#?p[0-9a-f]{10}"|url\(#p[0-9a-f]{10}\)', "", svg)


def test_a_picture_that_is_drawn_again_is_the_same_as_a_new_one() -> None:
    runs = [gl.run("fanout", n=n, procs=procs) for n, procs in ((50, 4), (400, 1), (1, 4), (60, 2))]
    again = Overlaid()
    # One line, two, other points, an empty one, and two once more.
    for named in (
        {"now": runs[0]}, {"before": runs[0], "now": runs[1]}, {"before": runs[1], "now": runs[3]},
        {"before": runs[2], "now": runs[2]}, {"before": runs[3], "now": runs[0]},
    ):
        assert drawn(again.html(named)) == drawn(Overlaid().html(named))


def test_it_says_and_shows_what_the_plot_does() -> None:
    named = {"before": gl.run("fanout", n=50, procs=4), "now": gl.run("fanout", n=50, procs=2)}
    picture, plot = Overlaid(), latency(named)
    assert f'alt="{html.escape(plot.alt)}"' in picture.html(named)
    for mine, its in zip(picture.fig.axes[0].get_lines(), plot.fig.axes[0].get_lines(), strict=True):
        assert mine.get_xydata().tolist() == its.get_xydata().tolist() and mine.get_label() == its.get_label()


def test_another_workload_has_its_own_parameters(play: Playground) -> None:
    play.workload.value = "pingpong"
    play.wait()
    assert [control.description for control in play.parameters.children] == ["rounds", "pairs", "compute", "buffer"]
    assert play.last.record.header["workload"] == "pingpong"


def test_what_cannot_be_is_said_and_the_run_before_stays(play: Playground) -> None:
    shown = play.last
    play.parameters.children[0].value = "many"
    play.wait()
    assert play.last is shown and "n" in play.said.value and "many" in play.said.value


def test_without_run_at_once_nothing_runs_until_the_button(play: Playground) -> None:
    play.auto.value = False
    shown = play.last
    play.procs.value = 7
    assert play.last is shown
    play.again.click()
    play.wait()
    assert play.last.record.header["procs"] == 7


def test_reset_puts_everything_back_in_one_run(play: Playground) -> None:
    play.workload.value, play.policy.value, play.parts["spin"].value = "pingpong", "go1.1", "NoSpinning"
    play.wait()
    play.reset.click()
    play.wait()
    assert play.last.digest == gl.run("fanout").digest and play.parts["spin"].value == AS_IN_POLICY
    assert play.before.record.header["policy"] == "go1.1(spin=NoSpinning())"


class Held:
    """Runs of a Playground that wait inside, until they are told to go on."""

    def __init__(self, play: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[int] = []
        self.inside, self.on = threading.Event(), threading.Event()
        goes_on, made = play.goes_on, play.made

        def beat(t_ns: int, n_schedules: int) -> None:
            self.inside.set()
            assert self.on.wait(20)
            goes_on(t_ns, n_schedules)

        def noted() -> Any:
            self.seen.append(play.procs.value)
            return made()

        monkeypatch.setattr(play, "goes_on", beat)
        monkeypatch.setattr(play, "made", noted)
        play.workload.value = "gosched_thrash"
        assert self.inside.wait(20)


def test_twenty_moves_while_one_runs_are_one_run_of_the_last(play: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, held = play.last, Held(play, monkeypatch)
    for procs in range(1, 21):
        play.procs.value = procs
    held.on.set()
    play.wait()
    assert held.seen == [4, 20] and play.last.record.header["procs"] == 20 and play.last.complete
    # The run that nobody waited for any more was not shown.
    assert play.before is shown


def test_stop_ends_the_run_and_shows_what_was_recorded(play: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(play, monkeypatch)
    play.halt.click()
    held.on.set()
    play.wait()
    assert (play.last.stopped_by, play.last.complete, held.seen) == ("interrupt", False, [4])
    assert "gosched_thrash" in play.said.value and play.place.children[0].run is play.last
    # It was that run's end alone: the next one goes on to its own.
    play.procs.value = 2
    play.wait()
    assert play.last.complete


def test_a_run_that_takes_long_tells_how_far_it_is(play: Playground) -> None:
    play.told_wall_s = float("-inf")
    play.goes_on(1_500_000, 16_384)
    assert play.said.value == "<i>running: 16,384 schedules, 1.500 ms</i>"


def test_a_workload_that_cannot_be_played_with_is_told() -> None:
    with pytest.raises(ValueError, match="workload 'fanuot': is none that can be played with; did you mean 'fanout'"):
        gl.playground("fanuot")


def test_the_magics_show_them(shell: Shell) -> None:
    shell.run("%gmp run fanout --set n=5 -q")
    assert isinstance(shell.run("%gmp dash"), Explorer) and isinstance(shell.run("%gmp play fanout"), Playground)
    assert shell.run("%gmp step --at 10us").time_ns == 10_000


# --- comparisons and sweeps ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def compared() -> gl.Comparison:
    return gl.compare(["go", "go1.1", "fifo"], "fanout", n=50, seeds=range(2))


def test_two_policies_have_timelines_on_one_axis(compared: gl.Comparison) -> None:
    dash = compared.view.dashboard()
    ends = [dash.run(policy).record.end_ns for policy in ("go", "go1.1")]
    assert ends[0] != ends[1]
    assert [(timeline.view, timeline.until_ns) for timeline in dash.timelines] == [([0, max(ends)], max(ends))] * 2
    dash.below.value = "fifo"
    assert [timeline.run.record.header["policy"] for timeline in dash.timelines] == ["go", "fifo"]


def test_the_first_difference_is_told_and_both_timelines_go_there(compared: gl.Comparison) -> None:
    dash = compared.view.dashboard()
    dash.above.value = "go1.1"
    found = gl.diff(compared.open("go1.1", 0), compared.open("go1.1", 0))
    assert not found
    dash.below.value = "go1.1"
    dash.part.click()
    assert "The runs decided the same" in dash.said.value
    dash.below.value = "fifo"
    dash.part.click()
    t_ns = gl.diff(compared.open("go1.1", 0), compared.open("fifo", 0)).t_ns
    assert "and part" in dash.said.value
    assert all(timeline.time_ns == t_ns and timeline.view[0] <= t_ns <= timeline.view[1] for timeline in dash.timelines)


def test_another_seed_is_another_pair_of_runs(compared: gl.Comparison) -> None:
    dash = compared.view.dashboard()
    dash.seed.value = 1
    assert [timeline.run.record.header["seed"] for timeline in dash.timelines] == [1, 1]
    assert dash.timelines[0].run.digest == gl.run("fanout", n=50, seed=1).digest


def test_a_comparison_of_one_policy_is_sensible() -> None:
    dash = gl.compare(["go"], "fanout", n=5, seeds=[0]).view.dashboard()
    assert [timeline.run.record.header["policy"] for timeline in dash.timelines] == ["go", "go"]


def test_a_point_that_was_not_compared_is_no_run(compared: gl.Comparison) -> None:
    with pytest.raises(ValueError, match="open: policy 'go1.0' was not compared; did you mean 'go1.1'"):
        compared.open("go1.0")
    with pytest.raises(ValueError, match="open: seed = 7: was not compared; one of 0, 1"):
        compared.open("go", 7)


def test_a_cell_of_a_sweep_has_the_mean_and_opens_the_run() -> None:
    swept = gl.sweep({"procs": [1, 2], "policy": ["go", "fifo"], "n": [5, 50]}, "fanout", seeds=range(2))
    grid = swept.view.dashboard()
    # Numbers go along, then up; what else was varied is held.
    assert (grid.along, grid.up, list(grid.held)) == ("procs", "n", ["policy"])
    grid.metric.value = "n_schedules"
    grid.held["policy"].value = "fifo"
    table = swept.table(["n_schedules"])
    for (n, procs), cell in grid.cells.items():
        (mean,) = table[(table["n"] == n) & (table["procs"] == procs) & (table["policy"] == "fifo")]["mean"]
        assert (cell.description, cell.tooltip) == (f"{mean:g}", f"n={n}, procs={procs}, policy=fifo")
    grid.seed.value = 1
    grid.cells[50, 2].click()
    assert grid.explorer.run.digest == gl.run("fanout", n=50, procs=2, policy="fifo", seed=1).digest


def test_one_thing_varied_is_one_row_and_one_metric_for_all_is_sensible() -> None:
    grid = gl.sweep({"procs": [1, 2]}, "fanout", seeds=[0], n=5).view.dashboard()
    assert [cell.description for cell in grid.cells.values()] and list(grid.cells) == [(None, 1), (None, 2)]
    grid.metric.value = "n_exited"
    assert {cell.description for cell in grid.cells.values()} == {"5"}


def test_what_a_stopped_sweep_has_not_done_is_an_empty_cell() -> None:
    swept = gl.sweep({"procs": [1, 2], "n": [5, 6]}, "fanout", seeds=[0])
    part = dataclasses.replace(swept, points=swept.points[:3], frame=swept.frame.iloc[:3])
    grid = part.view.dashboard()
    assert "3 of 4 points are done" in grid.title()
    assert [key for key, cell in grid.cells.items() if cell.disabled] == [(6, 2)]
    nothing = dataclasses.replace(swept, points=[], frame=swept.frame.iloc[:0]).view.dashboard()
    assert "0 of 4 points are done" in nothing.title()


def test_where_no_widget_can_live_both_have_tables_and_pictures(compared: gl.Comparison) -> None:
    beside = compared.view.dashboard().twin()
    assert "end us" in beside and beside.count("<svg") == 2 and "<script" not in beside
    grid = gl.sweep({"procs": [1, 2]}, "fanout", seeds=[0], n=5).view.dashboard().twin()
    assert "wait_p99" in grid and "<img" in grid and "<script" not in grid


def test_dash_takes_runs_comparisons_and_sweeps(shell: Shell) -> None:
    shell.run("%gmp compare go fifo -w fanout --set n=5 --seeds 0:2 -q -o c")
    shell.run("%gmp sweep --vary P=1,2 -w fanout --set n=5 --seeds 0:2 -q -o s")
    assert type(shell.run("%gmp dash")).__name__ == "Grid"
    assert type(shell.run("%gmp dash c")).__name__ == "SideBySide"
    with pytest.raises(UsageError, match="is a Comparison, not a run"):
        shell.run("%gmp step c")
