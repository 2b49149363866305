// The Timeline: lanes of Ps, Ms or Gs on a canvas, to zoom, drag and select.
import { LATE, aligned, request, unpacked } from "./buffers.js";
import { BY, Colouring } from "./colouring.js";
import { keepLetters } from "./keys.js";
import { busyness, firstAbove, gallop, layLane, rangeIn, spanAt, sums, ticks, timeByKind, timeText, unitOf, within, zoomed } from "./lanes.js";
import { ORDERS, ordered, rowsOf } from "./order.js";
import { Painter } from "./painter.js";
import { Past } from "./past.js";

const KINDS = { P: "Ps", M: "Ms", G: "goroutines" };
const ARROWS = ["wake", "spawn", "steal"];
const DASHES = [[], [2, 3], [6, 3]];
const MOST_ARROWS = 200;
const MOST_HIGH = 520;
const AXIS = 22;
const OVERVIEW = 34;
const LABELLED = 30;
const SLACK = 3;
const HELP = "Arrow keys or A, D: move; up, down: lane; + - or W, S: zoom (also the wheel, once the timeline has the focus); " +
  "0 or Home: all; N, P: next and last span of the lane; Enter: select it; Escape: select none; U: undo, R: redo a move or zoom; L: lanes of " +
  "Ps, Ms, Gs; C: colours of running goroutines by name or by goroutine; of Gs the order can be chosen, and which: a part of a name, or g7. Drag to move, click to select, drag in the strip above to zoom, point at a lane to see what is there and how many are queued.";

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A colour that JupyterLab's theme names, as #rrggbb, which the painter can mix.
function themed(root, name, fallback) {
  const probe = element("span", { style: `color: var(${name}, ${fallback})` });
  root.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return `#${[r, g, b].map((x) => Math.round(x).toString(16).padStart(2, "0")).join("")}`;
}

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
    this.hover = null;
    this.off = [];
    this.asked = [];
    this.past = new Past(model, this.off);
    this.arrowsShown = [true, true, true];
    this.build();
    this.listen();
    this.load();
  }

  // --- the page --------------------------------------------------------------------------------------------------------
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
    this.help = element("div", { class: "gmplab-help", hidden: "" }, HELP);
    const bar = element("div", { class: "gmplab-bar", role: "toolbar", "aria-label": "Timeline" },
      element("span", { class: "gmplab-group" }, ...this.buttons), this.by, this.choice, element("span", { class: "gmplab-group" }, ...toggles),
      element("span", { class: "gmplab-group" },
        action("\u2212", "Zoom out", () => this.zoom(1.6)), action("+", "Zoom in", () => this.zoom(1 / 1.6)),
        action("All", "Show the whole run", () => this.fit()), action("Undo", "Back to the view before", () => this.past.undo()),
        action("Redo", "Again the view that was undone", () => this.past.redo()),
        action("?", "Keys and mouse", () => { this.help.hidden = !this.help.hidden; })));
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
    const recoloured = () => this.recolour();
    // Another run takes the place of the one that is shown. Its spans follow, if they are not within.
    const another = () => {
      this.pending?.();
      this.askNoMore();
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
    this.on(this.scroller, "wheel", (event) => this.wheel(event), { passive: false });
    this.on(this.scroller, "keydown", (event) => this.key(event));
    this.on(this.scroller, "pointerdown", (event) => this.press(event));
    this.on(this.scroller, "pointermove", (event) => this.point(event));
    this.on(this.scroller, "pointerleave", () => this.leave());
    this.on(this.scroller, "focus", redraw);
    this.on(this.scroller, "blur", redraw);
    this.on(this.overview, "pointerdown", (event) => this.brush(event));
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
    this.busy = null;
    this.lastFrame = 0;
    this.choice.hidden = lanes !== "G";
    this.by.hidden = lanes === "G";
    this.findChosen();
    this.recolour();
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
    this.askNoMore();
    for (const off of this.off) off();
    cancelAnimationFrame(this.frame);
    this.tables = {};
    this.table = null;
  }

  // --- where things are --------------------------------------------------------------------------------------------------
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

  // --- drawing -----------------------------------------------------------------------------------------------------------
  ask() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  colours() {
    if (this.colouring) return;
    this.back = themed(this.root, "--jp-layout-color0", "#ffffff");
    this.ink = themed(this.root, "--jp-ui-font-color1", "#222222");
    this.faint = themed(this.root, "--jp-border-color2", "#d0d0d0");
    this.brand = themed(this.root, "--jp-brand-color1", "#1976d2");
    this.colouring = new Colouring(this.table.meta, this.model.get("by"), this.back);
    this.painter = null;
    this.by.value = this.model.get("by");
    this.legend.replaceChildren(...this.colouring.legend().map(([name, hatch, faces]) => {
      const swatch = element("i", { class: "gmplab-swatch", "data-hatch": hatch });
      swatch.style.backgroundColor = faces[0];
      if (faces.length > 1) {
        const part = (i) => `${(100 * i) / faces.length}%`;
        swatch.style.width = `${7 * faces.length}px`;
        swatch.style.backgroundImage = `linear-gradient(90deg, ${faces.map((face, i) => `${face} ${part(i)} ${part(i + 1)}`).join(", ")})`;
      }
      return element("span", { class: "gmplab-key" }, swatch, name);
    }));
    if (this.table.begin.length) {
      this.legend.append(element("span", { class: "gmplab-key" },
        element("i", { class: "gmplab-swatch gmplab-merged" }), "merged: narrower than a pixel, heights are shares"));
    }
  }

  // The theme, or what colours stand for, is another.
  recolour() {
    this.colouring = null;
    this.ask();
  }

  draw() {
    if (!this.table || !this.root.isConnected) return;
    const begun = performance.now();
    this.measure();
    this.colours();
    const wide = Math.max(Math.round((this.wide - this.gutter()) * this.ratio), 1);
    const high = Math.max(Math.round((this.high - AXIS) * this.ratio), 1);
    if (!this.painter || this.painter.width !== wide || this.painter.height !== high) {
      this.painter = new Painter(wide, high, this.colouring.palette);
    }
    const painted = this.paint(wide);
    const context = this.canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.back;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.names(context, painted);
    context.drawImage(this.painter.drawn(), this.gutter(), 0, wide / this.ratio, high / this.ratio);
    this.labels(context, painted.labels);
    this.outline(context, painted);
    const arrows = this.arrows(context, painted);
    this.axis(context);
    this.drawOverview();
    this.report(painted.merged, arrows);
    this.lastFrame = performance.now() - begun;
  }

  // The lanes that are to be seen, painted; returns which, the labels that fit, and how many spans were merged.
  paint(wide) {
    const { table, painter, ratio } = this;
    const [t0, t1] = this.view();
    const chosen = this.model.get("selected_g");
    const faded = chosen >= 0;
    const top = this.scroller.scrollTop;
    const first = Math.floor(top / this.step);
    const last = Math.min(Math.ceil((top + this.high - AXIS) / this.step), this.count());
    const gap = this.step >= 14 ? 3 : 1;
    const times = new Float64Array(table.meta.looks.length);
    const whole = (t1 - t0) / wide;
    const labels = [];
    let merged = 0;
    painter.clear();
    for (let row = first; row < last; row++) {
      const y0 = Math.round((row * this.step - top + gap) * ratio);
      const y1 = Math.round(((row + 1) * this.step - top - gap) * ratio);
      merged += layLane(table, this.order[row], t0, t1, wide, (i, x0, x1) => {
        painter.box(x0, x1, y0, y1, this.colouring.of(table.kind[i], table.g[i]), faded && table.g[i] !== chosen);
        if ((x1 - x0) / ratio >= LABELLED && table.g[i] >= 0 && this.step >= 11 && this.lanes !== "G") labels.push([i, row, x0, x1]);
      }, (x, i, j) => {
        painter.column(x, y0, y1, timeByKind(table, table.before, i, j, times), whole, faded);
      });
    }
    if (faded) this.paintChosen(first, last, gap, top, t0, t1, wide);
    return { first, last, gap, top, merged, labels };
  }

  // The spans of the selected goroutine, at least two pixels wide: else they would be lost among merged ones.
  paintChosen(first, last, gap, top, t0, t1, wide) {
    const { table, painter, ratio } = this;
    const scale = wide / (t1 - t0);
    for (const i of this.chosen) {
      const row = this.rows[this.laneOf(i)];
      if (row < first || row >= last || table.end[i] <= t0 || table.begin[i] >= t1) continue;
      const x0 = Math.max((table.begin[i] - t0) * scale, 0);
      const x1 = Math.min(Math.max((table.end[i] - t0) * scale, x0 + 2), wide);
      painter.box(x0, x1, Math.round((row * this.step - top + gap) * ratio), Math.round(((row + 1) * this.step - top - gap) * ratio), this.colouring.of(table.kind[i], table.g[i]), false);
    }
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

  names(context, { first, last, top }) {
    const focused = document.activeElement === this.scroller;
    context.font = "11px sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "right";
    const every = Math.max(Math.ceil(12 / this.step), 1);
    for (let row = first; row < last; row++) {
      const y = row * this.step - top;
      context.fillStyle = this.faint;
      context.globalAlpha = 0.5;
      context.fillRect(this.gutter(), Math.round(y + this.step) - 0.5, this.wide - this.gutter(), 0.5);
      context.globalAlpha = 1;
      if (focused && row === this.row) {
        context.fillStyle = this.brand;
        context.fillRect(0, y + 1, 3, this.step - 2);
      }
      // Of the topmost lane the name is left out where it would lie on that of the next.
      if (row % every === 0 && (row === 0 || y + this.step / 2 >= 6)) {
        context.fillStyle = this.ink;
        context.fillText(this.laneName(this.order[row], true), this.gutter() - 8, Math.max(y + this.step / 2, 6), this.gutter() - 12);
      }
    }
  }

  labels(context, labels) {
    const left = this.gutter();
    context.font = "10px sans-serif";
    context.textAlign = "center";
    const chosen = this.model.get("selected_g");
    for (const [i, row, x0, x1] of labels.slice(0, 2000)) {
      const g = this.table.g[i];
      if (chosen >= 0 && g !== chosen) continue;
      const look = this.colouring.looks[this.colouring.of(this.table.kind[i], g)];
      const [x, y] = [left + (x0 + x1) / 2 / this.ratio, (row + 0.5) * this.step - this.scroller.scrollTop];
      // On a pattern it would be struck through.
      if (look.hatch) {
        const wide = context.measureText(`G${g}`).width + 4;
        context.fillStyle = look.face;
        context.fillRect(x - wide / 2, y - 5, wide, 10);
      }
      context.fillStyle = look.ink;
      context.fillText(`G${g}`, x, y);
    }
  }

  // A border around the selected goroutine's spans, and the line of the shared instant.
  outline(context, { first, last, gap, top }) {
    context.save();
    context.beginPath();
    context.rect(this.gutter(), 0, this.wide - this.gutter(), this.high);
    context.clip();
    context.strokeStyle = this.ink;
    context.lineWidth = 1.5;
    const [t0, t1] = this.view();
    for (const i of this.chosen) {
      const row = this.rows[this.laneOf(i)];
      if (row < first || row >= last || this.table.end[i] <= t0 || this.table.begin[i] >= t1) continue;
      const [x0, x1] = [this.x(this.table.begin[i]), this.x(this.table.end[i])];
      if (x1 - x0 >= 3) context.strokeRect(x0, row * this.step - top + gap, x1 - x0, this.step - 2 * gap);
    }
    const x = this.x(this.model.get("time_ns"));
    context.strokeStyle = this.brand;
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, this.high - AXIS);
    context.stroke();
    context.restore();
  }

  // Arrows that begin in the view, or all of the selected goroutine; none where they would be a thicket. Returns
  // [drawn, how many there are].
  arrows(context, { top }) {
    const table = this.table;
    const [t0, t1] = this.view();
    const chosen = this.model.get("selected_g");
    let found = [];
    let n = 0;
    const from = gallop(table.a_t0, t0, 0, table.a_t0.length);
    const to = gallop(table.a_t0, t1, from, table.a_t0.length);
    if (chosen >= 0) {
      for (let i = 0; i < to; i++) {
        if (table.a_g[i] === chosen && table.a_t1[i] >= t0 && this.arrowsShown[table.a_kind[i]]) found.push(i);
      }
      n = found.length;
      found = found.slice(0, MOST_ARROWS);
    } else {
      n = to - from;
      if (n <= MOST_ARROWS * 4) {
        // One that stays in its lane says little, and hides much.
        for (let i = from; i < to; i++) if (this.arrowsShown[table.a_kind[i]] && table.a_from[i] !== table.a_to[i]) found.push(i);
        n = found.length;
      }
      if (n > MOST_ARROWS) found = [];
    }
    context.save();
    context.beginPath();
    context.rect(this.gutter(), 0, this.wide - this.gutter(), this.high - AXIS);
    context.clip();
    context.strokeStyle = context.fillStyle = this.ink;
    context.lineWidth = 1;
    for (const i of found) this.arrow(context, i, top);
    context.restore();
    return [found.length, n];
  }

  arrow(context, i, top) {
    const table = this.table;
    const [x0, x1] = [this.x(table.a_t0[i]), this.x(table.a_t1[i])];
    const [from, to] = [this.rows[table.a_from[i]], this.rows[table.a_to[i]]];
    if (from < 0 || to < 0) return;
    const [y0, y1] = [(from + 0.5) * this.step - top, (to + 0.5) * this.step - top];
    const angle = Math.atan2(y1 - y0, x1 - x0);
    if (Math.hypot(x1 - x0, y1 - y0) < 4) return;
    context.setLineDash(DASHES[table.a_kind[i]]);
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x1 - 6 * Math.cos(angle - 0.4), y1 - 6 * Math.sin(angle - 0.4));
    context.lineTo(x1 - 6 * Math.cos(angle + 0.4), y1 - 6 * Math.sin(angle + 0.4));
    context.fill();
  }

  axis(context) {
    const [t0, t1] = this.view();
    const y = this.high - AXIS;
    const room = Math.max(Math.floor((this.wide - this.gutter()) / 110), 2);
    const [unit, name] = unitOf(t1);
    context.fillStyle = this.back;
    context.fillRect(0, y, this.wide, AXIS);
    context.fillStyle = this.ink;
    context.font = "11px sans-serif";
    context.textAlign = "center";
    for (const t of ticks(t0, t1, room)) {
      const x = this.x(t);
      context.fillRect(x, y, 1, 4);
      const text = `${Number((t / unit).toPrecision(12))} ${name}`;
      const half = context.measureText(text).width / 2;
      context.fillText(text, Math.min(Math.max(x, half + 2), this.wide - half - 2), y + 13);
    }
  }

  drawOverview() {
    const context = this.overview.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.wide, OVERVIEW);
    // Of goroutines it is the running ones that are counted, of Ps and Ms those that do anything.
    this.busy ??= busyness(this.table, 600, this.table.meta.looks.map(({ name }) => this.lanes !== "G" || name === "running"));
    const most = this.lanes === "G" ? Math.max(...this.busy, 1e-9) : Math.max(this.count(), 1);
    const [left, width] = [this.gutter(), this.wide - this.gutter()];
    const [begin, end] = this.whole();
    const bar = (width / this.busy.length) * ((this.table.meta.end_ns - begin) / Math.max(end - begin, 1));
    context.fillStyle = this.brand;
    context.globalAlpha = 0.55;
    this.busy.forEach((n, i) => {
      const share = Math.min(n / most, 1);
      context.fillRect(left + i * bar, OVERVIEW - 2 - share * (OVERVIEW - 6), bar + 0.5, share * (OVERVIEW - 6));
    });
    const [t0, t1] = this.view();
    const place = (t) => left + ((t - begin) / Math.max(end - begin, 1)) * width;
    context.globalAlpha = 0.12;
    context.fillStyle = this.ink;
    context.fillRect(left, 0, place(t0) - left, OVERVIEW);
    context.fillRect(place(t1), 0, this.wide - place(t1), OVERVIEW);
    context.globalAlpha = 1;
    context.strokeStyle = this.ink;
    context.strokeRect(place(t0) + 0.5, 1, Math.max(place(t1) - place(t0) - 1, 2), OVERVIEW - 2);
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.font = "11px sans-serif";
    context.fillStyle = this.ink;
    context.fillText(this.lanes === "G" ? "running" : "busy", left - 8, OVERVIEW / 2);
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

  // --- what the reader does ----------------------------------------------------------------------------------------------
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

  // Zoom only with the focus: a page that is scrolled must not stop at a timeline.
  wheel(event) {
    if (document.activeElement !== this.scroller || !this.table) return;
    if (event.shiftKey) return;
    event.preventDefault();
    const t = this.t(event.clientX - this.canvas.getBoundingClientRect().left);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(event.deltaX / this.wide);
    else this.zoom(Math.exp(Math.min(Math.max(event.deltaY, -200), 200) / 300), t);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.table) return;
    const keys = {
      ArrowLeft: () => this.pan(-0.2), a: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2), d: () => this.pan(0.2),
      "+": () => this.zoom(1 / 1.6), "=": () => this.zoom(1 / 1.6), w: () => this.zoom(1 / 1.6), "-": () => this.zoom(1.6),
      s: () => this.zoom(1.6), 0: () => this.fit(), Home: () => this.fit(), u: () => this.past.undo(), r: () => this.past.redo(),
      ArrowUp: () => this.toRow(this.row - 1), ArrowDown: () => this.toRow(this.row + 1),
      PageUp: () => this.toRow(this.row - 20), PageDown: () => this.toRow(this.row + 20),
      n: () => this.along(1), p: () => this.along(-1), Enter: () => this.choose(spanAt(this.table, this.order[this.row], this.model.get("time_ns"))),
      Escape: () => this.set("selected_g", -1), "?": () => { this.help.hidden = !this.help.hidden; },
      c: () => this.lanes !== "G" && this.set("by", this.model.get("by") === "g" ? "name" : "g"),
      l: () => this.set("lanes", Object.keys(KINDS)[(Object.keys(KINDS).indexOf(this.lanes) + 1) % 3]),
    };
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    // Or JupyterLab takes the key as a command for the notebook.
    event.stopPropagation();
    act();
  }

  toRow(row) {
    if (!this.count()) return;
    this.needMore();
    this.row = Math.min(Math.max(row, 0), this.count() - 1);
    this.intoSight(this.row);
    const [lane, t] = [this.order[this.row], this.model.get("time_ns")];
    this.said.textContent = `lane ${this.laneName(lane, true)}; at ${timeText(t)}: ${this.textAt(lane, t, 1) || "nothing"}`;
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
    this.needMore();
    this.set("time_ns", begin[i]);
    this.reveal(begin[i]);
    this.said.textContent = this.spanText(i) + this.queued(lane, begin[i], begin[i] + 1);
  }

  // Move the view so that an instant is in it.
  reveal(t) {
    const [t0, t1] = this.view();
    if (t < t0 || t > t1) this.go([t - (t1 - t0) / 2, t + (t1 - t0) / 2]);
  }

  choose(i) {
    if (i >= 0 && this.table.g[i] >= 0) {
      this.set("selected_g", this.table.g[i]);
      this.said.textContent = `selected: ${this.spanText(i)}`;
    }
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    return { x, t: this.t(x), row: Math.floor((y + this.scroller.scrollTop) / this.step), inside: x >= this.gutter() && y < this.high - AXIS };
  }

  press(event) {
    if (event.button !== 0 || !this.table) return;
    this.scroller.focus({ preventScroll: true });
    const from = this.place(event);
    if (!from.inside || from.x > this.wide) return;
    const view = this.view();
    let moved = false;
    this.scroller.setPointerCapture(event.pointerId);
    const move = (next) => {
      const dx = next.clientX - event.clientX;
      if (!moved && Math.abs(dx) < 4) return;
      if (!moved) this.past.remember(view);
      moved = true;
      const dt = (dx / (this.wide - this.gutter())) * (view[1] - view[0]);
      this.go([view[0] - dt, view[1] - dt], false);
    };
    const up = () => {
      this.scroller.removeEventListener("pointermove", move);
      this.scroller.removeEventListener("pointerup", up);
      this.scroller.removeEventListener("pointercancel", up);
      if (!moved) this.click(from);
    };
    this.scroller.addEventListener("pointermove", move);
    this.scroller.addEventListener("pointerup", up);
    this.scroller.addEventListener("pointercancel", up);
  }

  click({ t, row }) {
    if (!this.count()) return;
    this.row = Math.min(row, this.count() - 1);
    const i = row < this.count() ? spanAt(this.table, this.order[row], t, this.slack()) : -1;
    // A span's begin is the instant of its GoStart: there the Stepper says why it runs.
    this.model.set("time_ns", Math.round(i >= 0 ? this.table.begin[i] : t));
    this.model.set("selected_g", i >= 0 && this.table.g[i] >= 0 ? this.table.g[i] : -1);
    this.model.save_changes();
    this.ask();
  }

  slack() {
    const [t0, t1] = this.view();
    return ((t1 - t0) / Math.max(this.wide - this.gutter(), 1)) * SLACK;
  }

  brush(event) {
    if (!this.table) return;
    const [begin, end] = this.whole();
    const time = (e) => {
      const x = e.clientX - this.overview.getBoundingClientRect().left - this.gutter();
      return begin + Math.min(Math.max(x / (this.wide - this.gutter()), 0), 1) * (end - begin);
    };
    const from = time(event);
    const view = this.view();
    const inside = from > view[0] && from < view[1] && view[1] - view[0] < (end - begin) * 0.98;
    let moved = false;
    this.overview.setPointerCapture(event.pointerId);
    const move = (next) => {
      const to = time(next);
      if (!moved) this.past.remember(view);
      moved = true;
      if (inside) this.go([view[0] + to - from, view[1] + to - from], false);
      else this.go([Math.min(from, to), Math.max(from, to)], false);
    };
    const up = () => {
      this.overview.removeEventListener("pointermove", move);
      this.overview.removeEventListener("pointerup", up);
    };
    this.overview.addEventListener("pointermove", move);
    this.overview.addEventListener("pointerup", up);
  }

  point(event) {
    if (!this.table) return;
    const { x, t, row, inside } = this.place(event);
    if (!inside || row >= this.count() || x > this.wide) return this.leave();
    this.needMore();
    const text = this.textAt(this.order[row], t);
    this.tip.hidden = !text;
    if (!text) return;
    this.tip.textContent = text;
    const box = this.root.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 14, box.width - this.tip.offsetWidth - 4);
    this.tip.style.left = `${Math.max(left, 0)}px`;
    this.tip.style.top = `${event.clientY - box.top + 16}px`;
  }

  leave() {
    this.tip.hidden = true;
  }

  // How long the run queues were, and where Ps found what they ran, is asked for when it is first wanted: of a long run it
  // is as much as the spans.
  needMore() {
    for (const part of this.lanes === "P" ? ["queues", "found"] : ["queues"]) {
      if (this[part]) continue;
      this[part] = {};
      this.asked.push(request(this.model, part, undefined, (bytes) => { this[part] = unpacked(bytes); }, () => {}));
    }
  }

  askNoMore() {
    for (const stop of this.asked) stop();
    this.asked = [];
    this.queues = this.found = null;
  }

  // How many goroutines waited in the lane's queue and in the global one; nothing while, or where, nobody knows.
  queued(lane, from, to) {
    const { q_t: t, q_n: n, q_starts: starts } = this.queues ?? {};
    if (!t || starts.length < 2) return "";
    const of = (queue) => {
      const [least, most] = rangeIn(t, n, starts[queue], starts[queue + 1], from, to);
      return least === most ? `${most}` : `${least} to ${most}`;
    };
    const own = this.lanes === "P" ? `${of(lane + 1)} on P${lane}, ` : "";
    return `\nqueued: ${own}${of(0)} in the global queue`;
  }

  // Where the P of a lane found the goroutine that begins to run at an instant, and how long that had waited.
  foundText(lane, t) {
    const { f_t: times, f_wait: wait, f_victim: victim, f_source: source, f_starts: starts, meta } = this.found ?? {};
    if (!times || this.lanes !== "P") return "";
    // Of several at one instant all but the last ran for no time.
    const i = firstAbove(times, t, starts[lane], starts[lane + 1]) - 1;
    if (i < starts[lane] || times[i] !== t) return "";
    const from = victim[i] >= 0 ? ` from P${victim[i]}` : "";
    return `\nfound: ${meta.sources[source[i]].replaceAll("_", " ")}${from}, runnable for ${timeText(wait[i], 4)}`;
  }

  // The idle time of a P around an instant, nothing after the end of the run.
  idleText(lane, t) {
    const { begin, end, starts, meta } = this.table;
    if (this.lanes !== "P" || t >= meta.end_ns) return "";
    const i = firstAbove(end, t, starts[lane], starts[lane + 1]);
    const from = i > starts[lane] ? end[i - 1] : meta.begin_ns;
    const to = i < starts[lane + 1] ? begin[i] : meta.end_ns;
    return `${this.laneName(lane)}: idle, ${timeText(from)} to ${timeText(to)} (${timeText(to - from, 4)})`;
  }

  // What is at an instant of a lane: one span, or what is merged in the pixel, or in as long a time.
  textAt(lane, t, time) {
    const [t0, t1] = this.view();
    const pixel = time ?? (t1 - t0) / Math.max((this.wide - this.gutter()) * this.ratio, 1);
    const from = t0 + Math.floor((t - t0) / pixel) * pixel;
    const { begin, starts, meta } = this.table;
    const i = gallop(begin, from, starts[lane], starts[lane + 1]);
    const j = gallop(begin, from + pixel, i, starts[lane + 1]);
    const queued = this.queued(lane, from, from + pixel);
    if (j - i > 1) {
      const times = timeByKind(this.table, this.table.before, i, j, new Float64Array(meta.looks.length));
      const shares = meta.looks.map((look, kind) => [look.name, times[kind]]).filter(([, time]) => time > 0);
      return `${this.laneName(lane, true)}: ${j - i} spans merged in this pixel (${timeText(pixel, 3)}): ` +
        shares.map(([name, spent]) => `${name} ${timeText(spent, 3)}`).join(", ") + queued;
    }
    const at = spanAt(this.table, lane, t, 0);
    const text = at >= 0 ? this.spanText(at) : this.idleText(lane, t);
    return text && text + queued;
  }

  // Of a goroutine's stay: what it waited for, or who made it or woke it.
  causeText(i) {
    const { a_g: g, a_t0: t0, a_kind: kind, a_from: from, begin, why, meta, nameOf } = this.table;
    const state = meta.looks[this.table.kind[i]].name;
    if (state === "waiting") return meta.reasons[why[i]] ? ` for ${meta.reasons[why[i]]}` : "";
    if (state !== "runnable") return "";
    for (let k = gallop(t0, begin[i], 0, t0.length); k < t0.length && t0[k] === begin[i]; k++) {
      if (g[k] !== this.table.g[i]) continue;
      const who = `G${from[k] + 1} ${nameOf.get(from[k] + 1) ?? ""}`.trimEnd();
      return `, ${ARROWS[kind[k]] === "spawn" ? "made" : "woken"} by ${who}`;
    }
    return "";
  }

  spanText(i) {
    const { g, kind, begin, end, meta, nameOf } = this.table;
    const lane = this.laneOf(i);
    const look = meta.looks[kind[i]].name;
    const name = nameOf.get(g[i]) ?? "";
    const who = g[i] >= 0 && this.lanes !== "G" ? ` G${g[i]}${look.endsWith(` ${name}`) ? "" : ` ${name}`}`.trimEnd() : "";
    const cause = this.lanes === "G" ? this.causeText(i) : "";
    const found = look.startsWith("running") ? this.foundText(lane, begin[i]) : "";
    return `${this.laneName(lane, true)}: ${look}${cause}${who}, ${timeText(begin[i])} to ${timeText(end[i])} (${timeText(end[i] - begin[i], 4)})${found}`;
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
