"""The dashboards in this process: what their parts do when something is moved or clicked."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from typing import Any

import pytest
from shells import Shell

import gmplab as gl
from gmplab.jupyter.explorer import TABS, Explorer, numbers
from gmplab.jupyter.playground import AS_IN_POLICY, Playground


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


def test_a_plot_is_drawn_when_its_tab_is_chosen(explorer: Explorer) -> None:
    assert [bool(image.value) for image in explorer.tabs.children] == [True] + [False] * (len(TABS) - 1)
    explorer.tabs.selected_index = TABS.index("utilisation")
    assert explorer.tabs.children[TABS.index("utilisation")].value.startswith('<img alt="What the Ps&#x27; time went into')


def test_of_a_selected_goroutine_it_says_who_ran_while_it_waited(explorer: Explorer) -> None:
    explorer.both.timeline.selected_g = 5
    most = explorer.run.antagonists(5).iloc[0]
    assert "ran while G5 was runnable" in explorer.others.value and f">G{most['g']} {most['name']}<" in explorer.others.value
    explorer.both.timeline.selected_g = -1
    assert explorer.others.value == ""


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

    made = gl.run(nothing, procs=1).view.dashboard()
    assert "nothing to complain of" in made.children[1].children[0].value


@pytest.fixture
def play() -> Playground:
    made = gl.playground("fanout")
    made.parameters.children[0].value = "50"
    return made  # type: ignore[no-any-return]


def test_what_is_moved_runs_again_and_the_run_before_stays_beside_it(play: Playground) -> None:
    play.procs.value = 2
    assert play.last.digest == gl.run("fanout", n=50, procs=2).digest and play.before.digest == gl.run("fanout", n=50).digest
    assert "fanout under go, P=2, seed 1" in play.said.value and "before: " in play.figures.value
    play.parts["steal"].value = "StealOne"
    assert play.last.record.header["policy"] == "go(steal=StealOne())"
    assert play.picture.value.startswith('<img alt="Scheduling latency') and play.place.children[0].run is play.last


def test_another_workload_has_its_own_parameters(play: Playground) -> None:
    play.workload.value = "pingpong"
    assert [control.description for control in play.parameters.children] == ["rounds", "pairs", "compute", "buffer"]
    assert play.last.record.header["workload"] == "pingpong"


def test_what_cannot_be_is_said_and_the_run_before_stays(play: Playground) -> None:
    shown = play.last
    play.parameters.children[0].value = "many"
    assert play.last is shown and "n" in play.said.value and "many" in play.said.value


def test_without_run_at_once_nothing_runs_until_the_button(play: Playground) -> None:
    play.auto.value = False
    shown = play.last
    play.procs.value = 7
    assert play.last is shown
    play.again.click()
    assert play.last.record.header["procs"] == 7


def test_reset_puts_everything_back_in_one_run(play: Playground) -> None:
    play.workload.value, play.policy.value, play.parts["spin"].value = "pingpong", "go1.1", "NoSpinning"
    play.reset.click()
    assert play.last.digest == gl.run("fanout").digest and play.parts["spin"].value == AS_IN_POLICY
    assert play.before.record.header["policy"] == "go1.1(spin=NoSpinning())"


def test_twenty_moves_end_with_the_run_of_the_last(play: Playground) -> None:
    for procs in range(1, 21):
        play.procs.value = procs
    assert play.last.record.header["procs"] == 20 and play.before.record.header["procs"] == 19


def test_a_workload_that_cannot_be_played_with_is_told() -> None:
    with pytest.raises(ValueError, match="workload 'fanuot': is none that can be played with; did you mean 'fanout'"):
        gl.playground("fanuot")


def test_the_magics_show_them(shell: Shell) -> None:
    shell.run("%gmp run fanout --set n=5 -q")
    assert isinstance(shell.run("%gmp dash"), Explorer) and isinstance(shell.run("%gmp play fanout"), Playground)
    assert shell.run("%gmp step --at 10us").time_ns == 10_000
