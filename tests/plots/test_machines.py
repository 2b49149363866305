"""The life of Ms: a lane each, why it was made, what it did, when it ended."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from gmplab.plots import machines
from gmplab.plots.lanes import MOST_LANES
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVEL_FULL, M_CREATE, M_START, WHY_WAKEP
from tests.traces.records import event_row, record


def test_its_data_are_the_spans_of_ms_and_its_words_say_why_they_were_made() -> None:
    run = Run(record())
    plot = run.plot.machines()
    assert plot.data.equals(run.machine_spans)
    assert plot.alt == (
        "What each M did in by_hand(n=2) under go on 2 Ps, seed 1, from 0 ns to 200 ns: "
        "3 Ms, made by boot 1, sysmon 1, wakep 1; 1 ended; running 21.6 %, scheduling 23.4 %, syscall 5.4 %, "
        "netpoll 3.6 %, starting 42.3 %, idle 3.6 % of M time."
    )


def test_a_lane_is_named_by_why_its_m_was_made_and_lives_from_its_making_to_its_end() -> None:
    ax = Run(record()).plot.machines().ax
    assert isinstance(ax, Axes)
    assert [x.get_text() for x in ax.get_yticklabels()] == ["M0 boot", "M1 sysmon", "M2 wakep"]
    lives = [path.vertices.tolist() for path in ax.collections[0].get_paths()]
    assert lives == [[[0, 0], [200, 0]], [[0, 1], [200, 1]], [[35, 2], [190, 2]]]
    made, ended = ax.get_lines()
    assert np.column_stack(made.get_data()).tolist() == [[0, 0], [0, 1], [35, 2]]
    assert np.column_stack(ended.get_data()).tolist() == [[190, 2]]
    assert [x.get_text() for x in ax.get_legend().get_texts()] == [
        "running", "scheduling", "syscall", "netpoll", "starting", "asleep", "made", "ended",
    ]


def test_only_the_ms_alive_in_the_part_that_is_shown_have_a_lane() -> None:
    plot = Run(record()).plot.machines(t=(0, 30))
    assert isinstance(plot.ax, Axes)
    assert [x.get_text() for x in plot.ax.get_yticklabels()] == ["M0 boot", "M1 sysmon"]
    assert "2 Ms, made by boot 1, sysmon 1; none ended" in plot.alt


def test_more_ms_than_can_be_told_apart_are_left_out_and_said() -> None:
    r = record()
    n = MOST_LANES + 10
    r.machines = [(m, -1, m, -1, WHY_WAKEP, -1, 0, ()) for m in range(n)]
    rows = [event_row(m, kind, m=m, reason=WHY_WAKEP) for m in range(n) for kind in (M_CREATE, M_START)]
    r.level, r.tables["events"], r.end_ns = LEVEL_FULL, [b"".join(rows)], 2_000
    plot = machines(Run(r))
    assert f"{n} Ms, made by wakep {n}; none ended" in plot.alt
    assert plot.alt.endswith(f"the first {MOST_LANES} Ms shown.")
    assert isinstance(plot.ax, Axes)
    assert plot.ax.get_ylim() == (MOST_LANES - 0.5, -0.5)


def test_where_nothing_was_recorded_the_picture_is_empty_and_says_so() -> None:
    plot = machines(Run(record()).window(195, 199))
    assert plot.alt.endswith("from 195 ns to 199 ns: nothing was recorded.")
    assert isinstance(plot.ax, Axes)
    assert "nothing was recorded" in [x.get_text() for x in plot.ax.texts]
