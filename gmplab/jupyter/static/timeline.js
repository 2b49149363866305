// The Timeline: lanes of Ps, Ms or Gs on a canvas, to zoom, drag and select.
import { LATE, aligned, request, unpacked } from "./buffers.js";
import { BY } from "./colouring.js";
import { AXIS, Drawing, OVERVIEW } from "./drawing.js";
import { element } from "./element.js";
import { Hands } from "./hands.js";
import { cheatSheet, helpButton } from "./help.js";
import { keepLetters } from "./keys.js";
import { firstAbove, gallop, sums, timeText, within, zoomed } from "./lanes.js";
import { ORDERS, ordered, rowsOf } from "./order.js";
import { Past } from "./past.js";
import { ARROWS, Telling } from "./telling.js";

const KINDS = { P: "Ps", M: "Ms", G: "goroutines" };
const MOST_HIGH = 520;
const HELP = [
  ["left, right; A, D", "move"], ["+ -; W, S", "zoom; the wheel too, with the focus"], ["0; Home", "the whole run"],
  ["up, down", "to another lane; PageUp, PageDown: by 20"], ["N, P", "next and last span of the lane"],
  ["Enter; Escape", "select its goroutine; select none"], ["U, R", "undo, redo a move or zoom"], ["L", "lanes of Ps, Ms, Gs in turn"],
  ["C", "colours by name or by goroutine"], ["drag; click", "move; select the goroutine of a span"],
  ["drag above", "zoom to a part, in the strip"], ["point at a lane", "what is there, and how many are queued"],
  ["lanes of Gs", "sorted; only some: a part of a name, g7"],
];

// A table as it is drawn, out of the bytes of one.
function opened(bytes) {
  const table = unpacked(bytes);
  table.before = sums(table, Math.max(table.meta.looks.length, 1));
  table.nameOf = new Map(Array.from(table.who, (g, i) => [g, table.meta.names[table.name[i]]]));
  return table;
}

export class TimelineView {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.tables = {};
    this.row = 0;
    this.off = [];
    this.drawing = new Drawing(this);
    this.telling = new Telling(this);
    this.hands = new Hands(this);
    this.past = new Past(model, this.off);
    this.arrowsShown = [true, true, true];
    this.build();
    this.listen();
    this.load();
  }

  // --- the page ------------------------------------------------------------------------------------------------------
  build() {
    this.root.classList.add("gmplab", "gmplab-timeline");
    keepLetters(this.root);
    this.buttons = Object.keys(KINDS).map((lanes) => {
      const button = element("button", { type: "button", title: `Lanes of ${KINDS[lanes]}`, "aria-pressed": "false" }, `${lanes} lanes`);
      button.addEventListener("click", () => this.set("lanes", lanes));
      return button;
    });
    const toggles = ARROWS.map((name, kind) => {
      const box = element("input", { type: "checkbox" });
      box.checked = true;
      box.addEventListener("change", () => {
        this.arrowsShown[kind] = box.checked;
        this.ask();
      });
      const line = element("span", { class: `gmplab-line gmplab-${name}`, "aria-hidden": "true" });
      return element("label", { title: `Arrows of each ${name}` }, box, line, `${name}s`);
    });
    const action = (text, title, what) => {
      const button = element("button", { type: "button", title, "aria-label": title }, text);
      button.addEventListener("click", what);
      return button;
    };
    this.sorted = element("select", { "aria-label": "Order of the goroutines", title: "Order of the goroutines, by their time in the whole run" },
      ...Object.entries(ORDERS).map(([value, [text]]) => element("option", { value }, text)));
    this.only = element("input", {
      type: "text", placeholder: "only: worker, g7", size: "14", "aria-label": "Only goroutines", title: "Only these: a part of a name, or g and an id; a space or comma between several",
    });
    for (const control of [this.sorted, this.only]) control.addEventListener("input", () => this.arrange());
    this.choice = element("span", { class: "gmplab-group", hidden: "" }, this.sorted, this.only);
    this.by = element("select", { "aria-label": "Colours of running goroutines", title: "Colours of running goroutines: by their name, or each its own, in turn" },
      ...Object.entries(BY).map(([value, text]) => element("option", { value }, text)));
    this.by.addEventListener("input", () => this.set("by", this.by.value));
    this.help = cheatSheet(HELP);
    this.helper = helpButton(this.help);
    const bar = element("div", { class: "gmplab-bar", role: "toolbar", "aria-label": "Timeline" },
      element("span", { class: "gmplab-group" }, ...this.buttons), this.by, this.choice, element("span", { class: "gmplab-group" }, ...toggles),
      element("span", { class: "gmplab-group" },
        action("\u2212", "Zoom out", () => this.zoom(1.6)), action("+", "Zoom in", () => this.zoom(1 / 1.6)),
        action("All", "Show the whole run", () => this.fit()), action("Undo", "Back to the view before", () => this.past.undo()),
        action("Redo", "Again the view that was undone", () => this.past.redo()),
        this.helper));
    this.overview = element("canvas", { class: "gmplab-overview", "aria-hidden": "true" });
    this.canvas = element("canvas", { class: "gmplab-canvas", "aria-hidden": "true" });
    this.spacer = element("div", { class: "gmplab-spacer" });
    this.scroller = element("div", {
      class: "gmplab-scroller", tabindex: "0", role: "application", "aria-roledescription": "timeline", "aria-label": "Timeline",
    }, this.canvas, this.spacer);
    this.tip = element("div", { class: "gmplab-tip", hidden: "" });
    this.legend = element("div", { class: "gmplab-legend" });
    this.status = element("div", { class: "gmplab-status" }, "Loading the spans");
    this.said = element("div", { class: "gmplab-said", "aria-live": "polite" });
    this.root.append(bar, this.help, this.overview, this.scroller, this.legend, this.status, this.said, this.tip);
  }

  // Listen to something, until the view is removed.
  on(target, name, what, options) {
    target.addEventListener(name, what, options);
    this.off.push(() => target.removeEventListener(name, what, options));
  }

  listen() {
    const redraw = () => this.ask();
    for (const name of ["change:view", "change:time_ns"]) {
      this.model.on(name, redraw);
      this.off.push(() => this.model.off(name, redraw));
    }
    const chosen = () => {
      this.findChosen();
      // Elsewhere a goroutine may be chosen whose lane is out of sight.
      const row = this.lanes === "G" ? this.rows[this.model.get("selected_g") - 1] ?? -1 : -1;
      if (row >= 0) this.intoSight(row);
      this.ask();
    };
    const loaded = () => this.load();
    const recoloured = () => {
      this.drawing.forget();
      this.ask();
    };
    // Another run takes the place of the one that is shown. Its spans follow, if they are not within.
    const another = () => {
      this.pending?.();
      this.telling.askNoMore();
      this.tables = {};
      this.past.forget();
      if (this.model.get("inline")[this.model.get("lanes")]) this.load();
    };
    const told = (message, buffers) => {
      if (message.kind !== "run" || message.nth !== this.model.get("nth")) return;
      this.tables[message.part] = opened(aligned(buffers[0]));
      this.load();
    };
    for (const [name, what] of [["change:selected_g", chosen], ["change:lanes", loaded], ["change:by", recoloured], ["change:nth", another], ["msg:custom", told]]) {
      this.model.on(name, what);
      this.off.push(() => this.model.off(name, what));
    }
    const size = new ResizeObserver(redraw);
    size.observe(this.root);
    this.off.push(() => size.disconnect());
    // The theme is an attribute of the body; other front ends follow the system's.
    const theme = new MutationObserver(recoloured);
    theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
    this.off.push(() => theme.disconnect());
    const dark = matchMedia("(prefers-color-scheme: dark)");
    this.on(dark, "change", recoloured);
    this.on(this.scroller, "scroll", redraw);
    this.on(this.scroller, "wheel", (event) => this.hands.wheel(event), { passive: false });
    this.on(this.scroller, "keydown", (event) => this.hands.key(event));
    this.on(this.scroller, "pointerdown", (event) => this.hands.press(event));
    this.on(this.scroller, "pointermove", (event) => this.hands.point(event));
    this.on(this.scroller, "pointerleave", () => this.hands.leave());
    this.on(this.scroller, "focus", redraw);
    this.on(this.scroller, "blur", redraw);
    this.on(this.overview, "pointerdown", (event) => this.hands.brush(event));
  }

  load() {
    const lanes = this.model.get("lanes");
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(button.textContent[0] === lanes));
    this.scroller.setAttribute("aria-label", `Timeline, lanes of ${KINDS[lanes]}. Press ? for the keys.`);
    if (this.tables[lanes]) {
      this.show(lanes);
      return;
    }
    this.status.textContent = "Loading the spans";
    this.pending?.();
    this.pending = request(this.model, lanes, undefined, (bytes) => {
      this.tables[lanes] = opened(bytes);
      if (this.model.get("lanes") === lanes) this.show(lanes);
    }, () => { this.status.textContent = `Loading the spans: ${LATE}`; });
  }

  show(lanes) {
    this.table = this.tables[lanes];
    this.lanes = lanes;
    this.lastFrame = 0;
    this.choice.hidden = lanes !== "G";
    this.by.hidden = lanes === "G";
    this.findChosen();
    this.drawing.forget();
    this.arrange();
  }

  // Which lanes are shown, from the top, and where each is.
  arrange() {
    const goroutines = this.lanes === "G";
    this.order = ordered(this.table, goroutines ? this.sorted.value : "born", goroutines ? this.only.value : "", this.table.nameOf);
    this.rows = rowsOf(this.order, this.table.starts.length - 1);
    this.row = Math.min(this.row, Math.max(this.count() - 1, 0));
    this.ask();
  }

  remove() {
    this.pending?.();
    this.telling.askNoMore();
    for (const off of this.off) off();
    cancelAnimationFrame(this.frame);
    this.tables = {};
    this.table = null;
  }

  // --- where things are ----------------------------------------------------------------------------------------------
  count() {
    return this.table ? this.order.length : 0;
  }

  view() {
    const [t0, t1] = this.model.get("view");
    return t1 > t0 ? [t0, t1] : this.whole();
  }

  // All that one may look at: the run, and as much more as a longer one beside it goes on.
  whole() {
    const { begin_ns: begin = 0, end_ns: end = 1 } = this.table?.meta ?? {};
    return [begin, Math.max(end, this.model.get("until_ns") ?? 0)];
  }

  gutter() {
    return this.lanes === "G" ? 118 : 52;
  }

  measure() {
    const n = Math.max(this.count(), 1);
    const goroutines = this.lanes === "G";
    this.step = Math.max(Math.min(Math.floor((MOST_HIGH - AXIS) / n), goroutines ? 18 : 30), goroutines ? 16 : 7);
    const content = n * this.step;
    this.high = Math.max(Math.min(content, MOST_HIGH - AXIS), 40) + AXIS;
    this.scroller.style.height = `${this.high}px`;
    this.spacer.style.height = `${Math.max(content + AXIS - this.high, 0)}px`;
    // Without the scroll bar.
    this.wide = Math.max(this.scroller.clientWidth, 160);
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const [canvas, height] of [[this.canvas, this.high], [this.overview, OVERVIEW]]) {
      const [w, h] = [Math.round(this.wide * this.ratio), Math.round(height * this.ratio)];
      if (canvas.width !== w || canvas.height !== h) {
        canvas.width = w;
        canvas.height = h;
        canvas.style.width = `${this.wide}px`;
        canvas.style.height = `${height}px`;
      }
    }
  }

  x(t) {
    const [t0, t1] = this.view();
    return this.gutter() + ((t - t0) / (t1 - t0)) * (this.wide - this.gutter());
  }

  t(x) {
    const [t0, t1] = this.view();
    return t0 + ((x - this.gutter()) / Math.max(this.wide - this.gutter(), 1)) * (t1 - t0);
  }

  laneName(lane, long = false) {
    const id = this.lanes === "G" ? lane + 1 : lane;
    const name = this.lanes === "G" && long ? this.table.nameOf.get(id) : "";
    return name ? `G${id} ${name}` : `${this.lanes}${id}`;
  }

  // --- drawing -------------------------------------------------------------------------------------------------------
  ask() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    if (!this.table || !this.root.isConnected) return;
    const begun = performance.now();
    this.measure();
    this.report(...this.drawing.draw());
    this.lastFrame = performance.now() - begun;
  }

  // The lane of a span.
  laneOf(i) {
    return firstAbove(this.table.starts, i, 0, this.table.starts.length) - 1;
  }

  // The spans of the selected goroutine, found once for each selection.
  findChosen() {
    const g = this.model.get("selected_g");
    this.chosen = [];
    if (g < 0 || !this.table) return;
    if (this.lanes === "G") {
      const [lo, hi] = [this.table.starts[g - 1] ?? 0, this.table.starts[g] ?? 0];
      for (let i = lo; i < hi; i++) this.chosen.push(i);
      return;
    }
    for (let i = 0; i < this.table.g.length; i++) if (this.table.g[i] === g) this.chosen.push(i);
  }

  report(merged, [arrows, wanted]) {
    const [t0, t1] = this.view();
    const table = this.table;
    const parts = [`${table.meta.title}: ${timeText(t0, 6)} to ${timeText(t1, 6)} of ${timeText(table.meta.end_ns, 6)}`];
    if (table.begin.length === 0) parts.splice(0, 1, `${table.meta.title}: nothing was recorded`);
    const lanes = table.starts.length - 1;
    if (this.count() < lanes) parts.push(`${this.count().toLocaleString("en")} of ${lanes.toLocaleString("en")} goroutines shown`);
    if (this.count() * this.step > this.high) parts.push(`${this.count().toLocaleString("en")} lanes, scroll for more`);
    if (merged) parts.push(`${merged.toLocaleString("en")} spans narrower than a pixel are merged (hatched)`);
    if (wanted > arrows) parts.push(`${wanted.toLocaleString("en")} arrows: zoom in, or select a goroutine`);
    const chosen = this.model.get("selected_g");
    if (chosen >= 0) parts.push(`selected: G${chosen} ${table.nameOf.get(chosen) ?? ""}`.trim());
    this.status.textContent = parts.join("; ");
  }

  // --- what the reader does ------------------------------------------------------------------------------------------
  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  go(view, remember = true) {
    const next = within(view, ...this.whole());
    const now = this.view();
    if (next[0] === now[0] && next[1] === now[1]) return;
    this.past.go(next, remember);
  }

  zoom(factor, t = (this.view()[0] + this.view()[1]) / 2) {
    if (this.table) this.go(zoomed(this.view(), t, factor, ...this.whole()));
  }

  pan(share) {
    const [t0, t1] = this.view();
    this.go([t0 + share * (t1 - t0), t1 + share * (t1 - t0)]);
  }

  fit() {
    if (this.table) this.go(this.whole());
  }

  toRow(row) {
    if (!this.count()) return;
    this.telling.needMore();
    this.row = Math.min(Math.max(row, 0), this.count() - 1);
    this.intoSight(this.row);
    const [lane, t] = [this.order[this.row], this.model.get("time_ns")];
    this.said.textContent = `lane ${this.laneName(lane, true)}; at ${timeText(t)}: ${this.telling.textAt(lane, t, 1) || "nothing"}`;
    this.ask();
  }

  // Scroll until a row is to be seen.
  intoSight(row) {
    const [y0, y1] = [row * this.step, (row + 1) * this.step];
    const room = this.high - AXIS;
    if (y0 < this.scroller.scrollTop) this.scroller.scrollTop = y0;
    if (y1 > this.scroller.scrollTop + room) this.scroller.scrollTop = y1 - room;
  }

  // To the next or the last span of the lane.
  along(by) {
    const { begin, starts } = this.table;
    const lane = this.order[this.row];
    const [lo, hi] = [starts[lane], starts[lane + 1]];
    const t = this.model.get("time_ns");
    const i = by > 0 ? firstAbove(begin, t, lo, hi) : gallop(begin, t, lo, hi) - 1;
    if (i < lo || i >= hi) return;
    this.telling.needMore();
    this.set("time_ns", begin[i]);
    this.reveal(begin[i]);
    this.said.textContent = this.telling.spanText(i) + this.telling.queued(lane, begin[i], begin[i] + 1);
  }

  // Move the view so that an instant is in it.
  reveal(t) {
    const [t0, t1] = this.view();
    if (t < t0 || t > t1) this.go([t - (t1 - t0) / 2, t + (t1 - t0) / 2]);
  }

  choose(i) {
    if (i >= 0 && this.table.g[i] >= 0) {
      this.set("selected_g", this.table.g[i]);
      this.said.textContent = `selected: ${this.telling.spanText(i)}`;
    }
  }
}

export default {
  render({ model, el }) {
    const root = element("div");
    el.append(root);
    const view = new TimelineView(model, root);
    root.gmplab = view;
    return () => view.remove();
  },
};
