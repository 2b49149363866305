"""What colours the lanes of a Timeline: running goroutines by their name, or each by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from rig import Stand, by_hand
from test_views import unpacked

import gmplab as gl
from gmplab.plots.palette import HUES, IN_TURN

Show = Callable[..., Stand]

BOXES = """() => {
  const {table, drawing} = view;
  const {painter, colouring} = drawing;
  const {box, column} = painter;
  const found = {boxes: [], columns: new Set()};
  painter.box = (x0, x1, y0, y1, look, faded) => found.boxes.push([look, faded]);
  painter.column = (x, y0, y1, times) => times.forEach((time, kind) => time > 0 && found.columns.add(kind));
  view.drawing.paint(painter.width);
  Object.assign(painter, {box, column});
  const neutral = [...found.columns].map((kind) => colouring.palette[kind].face);
  const own = colouring.palette.slice(table.meta.looks.length).map((one) => one.face);
  return {boxes: found.boxes, merged: [...found.columns], neutral, own};
}"""
"""Which look each box of a frame has, and which kinds its columns of merged spans."""


def legend(page: Stand) -> list[str]:
    """What the legend says."""
    page.drawn()
    said: list[str] = page.page.locator(".gmplab-key").all_inner_texts()
    return said


@pytest.mark.parametrize("lanes", ["P", "M"])
def test_running_goroutines_are_coloured_by_their_id_in_turn_where_one_asks_for_it(stand: Show, lanes: str) -> None:
    run = gl.run("fanout", n=40, procs=4, seed=1)
    page = stand(run.view.timeline(lanes))
    by_name = legend(page)
    assert page.page.evaluate(BOXES)["own"] == [] and "running worker" in by_name
    page.page.get_by_role("combobox", name="Colours of running goroutines").select_option("colour: G")
    assert page.get("by") == "g"
    by_id = legend(page)
    others = [text for text in by_name if not text.startswith("running")]
    assert by_id == ["running: the ids of goroutines in turn, 10 looks", *others]
    painted = page.page.evaluate(BOXES)
    assert len(set(painted["own"])) == len(HUES)
    looks = len(unpacked(run.view.timeline(lanes).reply({"part": lanes}))[0]["looks"])
    drawn = {look - looks for look, _ in painted["boxes"] if look >= looks}
    assert drawn == set(range(10))
    page.screenshot(f"timeline_by_g_{lanes}")
    page.page.evaluate("() => document.body.style.setProperty('--jp-layout-color0', '#111111')")
    page.page.evaluate("() => { for (const [name, value] of [['--jp-ui-font-color1', '#eee'], ['--jp-layout-color1', '#222']]) "
                       "document.body.style.setProperty(name, value); document.body.setAttribute('data-jp-theme-light', 'false'); }")
    page.drawn()
    page.screenshot(f"timeline_by_g_{lanes}_dark")
    # A key goes back; goroutines' lanes have states, and no such choice.
    page.page.focus(".gmplab-scroller")
    page.page.keyboard.press("c")
    assert page.get("by") == "name" and legend(page) == by_name
    page.page.evaluate("() => model.set('lanes', 'G')")
    page.page.wait_for_function("() => view.lanes === 'G'")
    page.page.keyboard.press("c")
    assert page.get("by") == "name" and not page.page.is_visible("select[aria-label='Colours of running goroutines']")
    assert page.errors == []


def test_a_timeline_may_begin_so_and_the_selected_goroutine_keeps_its_colour(stand: Show) -> None:
    page = stand(gl.run("fanout", n=40, procs=4, seed=1).view.timeline(by="g"))
    page.page.evaluate("() => model.set('selected_g', 13)")
    page.drawn()
    looks = page.page.evaluate("() => view.table.meta.looks.length")
    vivid = {look - looks for look, faded in page.page.evaluate(BOXES)["boxes"] if not faded}
    assert vivid == {3}
    with pytest.raises(ValueError, match="by = 'cls': must be 'name' or 'g'"):
        gl.run("fanout", n=1).view.timeline(by="cls")


def test_what_is_merged_has_no_goroutines_colour(stand: Show) -> None:
    many = by_hand(80_000)
    head, columns = unpacked(many.reply({}))
    assert "by_g" not in head and np.unique(columns["kind"]).tolist() == [0, 1]
    page = stand(many)
    # Nothing to choose from where the data have no such colours.
    page.page.evaluate("() => model.set('by', 'g')")
    assert legend(page)[0] == "running"
    run: Any = gl.run("fanout", n=4000, compute="500ns", procs=2, seed=1)
    page = stand(run.view.timeline(by="g"))
    page.drawn()
    painted = page.page.evaluate(BOXES)
    running = [i for i, look in enumerate(page.page.evaluate("() => view.table.meta.looks")) if look["name"].startswith("running")]
    faces = dict(zip(painted["merged"], painted["neutral"], strict=True))
    assert {faces[kind] for kind in running if kind in faces} == {0xFF808080}
    assert page.errors == []


def test_ids_beside_each_other_have_other_hues() -> None:
    faces = [look.face for look in IN_TURN]
    assert all(one != other for one, other in zip(faces, [*faces[1:], faces[0]], strict=True))
    assert len({(look.face, look.hatch) for look in IN_TURN}) == len(IN_TURN) == 10
