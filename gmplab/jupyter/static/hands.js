// What the reader's mouse and keys do to the Timeline.
import { AXIS } from "./drawing.js";
import { spanAt } from "./lanes.js";

const SLACK = 3;
const LANES = "PMG";

export class Hands {
  constructor(timeline) {
    this.timeline = timeline;
  }

  // Zoom only with the focus: a page that is scrolled must not stop at a timeline.
  wheel(event) {
    if (document.activeElement !== this.timeline.scroller || !this.timeline.table) return;
    if (event.shiftKey) return;
    event.preventDefault();
    const t = this.timeline.t(event.clientX - this.timeline.canvas.getBoundingClientRect().left);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.timeline.pan(event.deltaX / this.timeline.wide);
    else this.timeline.zoom(Math.exp(Math.min(Math.max(event.deltaY, -200), 200) / 300), t);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.timeline.table) return;
    const t = this.timeline;
    const keys = {
      ArrowLeft: () => t.pan(-0.2), a: () => t.pan(-0.2), ArrowRight: () => t.pan(0.2), d: () => t.pan(0.2),
      "+": () => t.zoom(1 / 1.6), "=": () => t.zoom(1 / 1.6), w: () => t.zoom(1 / 1.6), "-": () => t.zoom(1.6),
      s: () => t.zoom(1.6), 0: () => t.fit(), Home: () => t.fit(), u: () => t.past.undo(), r: () => t.past.redo(),
      ArrowUp: () => t.toRow(t.row - 1), ArrowDown: () => t.toRow(t.row + 1),
      PageUp: () => t.toRow(t.row - 20), PageDown: () => t.toRow(t.row + 20),
      n: () => t.along(1), p: () => t.along(-1), Enter: () => t.choose(spanAt(t.table, t.order[t.row], t.model.get("time_ns"))),
      Escape: () => t.set("selected_g", -1), "?": () => t.helper.click(),
      c: () => t.lanes !== "G" && t.set("by", t.model.get("by") === "g" ? "name" : "g"),
      l: () => t.set("lanes", LANES[(LANES.indexOf(t.lanes) + 1) % 3]),
    };
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    // Or JupyterLab takes the key as a command for the notebook.
    event.stopPropagation();
    act();
  }

  place(event) {
    const { canvas, scroller, step, high } = this.timeline;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const row = Math.floor((y + scroller.scrollTop) / step);
    return { x, t: this.timeline.t(x), row, inside: x >= this.timeline.gutter() && y < high - AXIS };
  }

  press(event) {
    if (event.button !== 0 || !this.timeline.table) return;
    this.timeline.scroller.focus({ preventScroll: true });
    const from = this.place(event);
    if (!from.inside || from.x > this.timeline.wide) return;
    const view = this.timeline.view();
    let moved = false;
    this.timeline.scroller.setPointerCapture(event.pointerId);
    const move = (next) => {
      const dx = next.clientX - event.clientX;
      if (!moved && Math.abs(dx) < 4) return;
      if (!moved) this.timeline.past.remember(view);
      moved = true;
      const dt = (dx / (this.timeline.wide - this.timeline.gutter())) * (view[1] - view[0]);
      this.timeline.go([view[0] - dt, view[1] - dt], false);
    };
    const up = () => {
      this.timeline.scroller.removeEventListener("pointermove", move);
      this.timeline.scroller.removeEventListener("pointerup", up);
      this.timeline.scroller.removeEventListener("pointercancel", up);
      if (!moved) this.click(from);
    };
    this.timeline.scroller.addEventListener("pointermove", move);
    this.timeline.scroller.addEventListener("pointerup", up);
    this.timeline.scroller.addEventListener("pointercancel", up);
  }

  click({ t, row }) {
    if (!this.timeline.count()) return;
    this.timeline.row = Math.min(row, this.timeline.count() - 1);
    const i = row < this.timeline.count() ? spanAt(this.timeline.table, this.timeline.order[row], t, this.slack()) : -1;
    // A span's begin is the instant of its GoStart: there the Stepper says why it runs.
    this.timeline.model.set("time_ns", Math.round(i >= 0 ? this.timeline.table.begin[i] : t));
    this.timeline.model.set("selected_g", i >= 0 && this.timeline.table.g[i] >= 0 ? this.timeline.table.g[i] : -1);
    this.timeline.model.save_changes();
    this.timeline.ask();
  }

  slack() {
    const [t0, t1] = this.timeline.view();
    return ((t1 - t0) / Math.max(this.timeline.wide - this.timeline.gutter(), 1)) * SLACK;
  }

  brush(event) {
    if (!this.timeline.table) return;
    const [begin, end] = this.timeline.whole();
    const time = (e) => {
      const x = e.clientX - this.timeline.overview.getBoundingClientRect().left - this.timeline.gutter();
      return begin + Math.min(Math.max(x / (this.timeline.wide - this.timeline.gutter()), 0), 1) * (end - begin);
    };
    const from = time(event);
    const view = this.timeline.view();
    const inside = from > view[0] && from < view[1] && view[1] - view[0] < (end - begin) * 0.98;
    let moved = false;
    this.timeline.overview.setPointerCapture(event.pointerId);
    const move = (next) => {
      const to = time(next);
      if (!moved) this.timeline.past.remember(view);
      moved = true;
      if (inside) this.timeline.go([view[0] + to - from, view[1] + to - from], false);
      else this.timeline.go([Math.min(from, to), Math.max(from, to)], false);
    };
    const up = () => {
      this.timeline.overview.removeEventListener("pointermove", move);
      this.timeline.overview.removeEventListener("pointerup", up);
    };
    this.timeline.overview.addEventListener("pointermove", move);
    this.timeline.overview.addEventListener("pointerup", up);
  }

  point(event) {
    if (!this.timeline.table) return;
    const { x, t, row, inside } = this.place(event);
    if (!inside || row >= this.timeline.count() || x > this.timeline.wide) return this.leave();
    this.timeline.telling.needMore();
    const text = this.timeline.telling.textAt(this.timeline.order[row], t);
    this.timeline.tip.hidden = !text;
    if (!text) return;
    this.timeline.tip.textContent = text;
    const box = this.timeline.root.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 14, box.width - this.timeline.tip.offsetWidth - 4);
    this.timeline.tip.style.left = `${Math.max(left, 0)}px`;
    this.timeline.tip.style.top = `${event.clientY - box.top + 16}px`;
  }

  leave() {
    this.timeline.tip.hidden = true;
  }
}
