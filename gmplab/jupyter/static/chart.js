// The Chart: a plot's picture, and over it what is chosen: a time by dragging, an instant or a goroutine by clicking.
import { LATE, request, unpacked } from "./buffers.js";
import { element } from "./element.js";
import { keepLetters } from "./keys.js";
import { firstAbove, timeText, within, zoomed } from "./lanes.js";
import { Past } from "./past.js";
import { bandAt, cellText, nearest } from "./places.js";

const NEAR = 12;
const MOVED = 4;
const AROUND = 0.1;
const STEPS = 240;
const TIME_HELP = "Drag: a time to be shown in all linked views; arrow keys or A, D: move it; + - or W, S: zoom; 0 or Home: all; U, R: undo, redo. Click, or N, P: an instant, and the values there.";
const LANE_HELP = "Click on a lane, or up, down: select its goroutine; double click or Enter: its lifeline; Escape: none.";
const CELL_HELP = "Point at a queue, or up, down: how long it was.";
const WAIT_HELP = "Click on the line, or arrow keys: select who waited so long, and the instant at which it ran; double click or Enter: the time of the wait; Escape: none.";
const SPOT_HELP = "Click on a goroutine, or arrow keys: select it; double click or Enter: its lifeline; Escape: none.";

export class ChartView {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.off = [];
    this.hover = -1;
    this.root.classList.add("gmplab", "gmplab-chart");
    keepLetters(root);
    this.past = new Past(model, this.off);
    this.image = element("img", { draggable: "false" });
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.stage = element("div", { class: "gmplab-stage" }, this.image, this.canvas);
    this.status = element("div", { class: "gmplab-status" }, "Loading the picture");
    this.said = element("div", { class: "gmplab-said", "aria-live": "polite" });
    this.tip = element("div", { class: "gmplab-tip", hidden: "" });
    root.append(this.stage, this.status, this.said, this.tip);
    this.off.push(request(model, "chart", undefined, (bytes) => this.show(unpacked(bytes)), () => {
      this.status.textContent = `Loading the picture: ${LATE}`;
    }));
  }

  on(target, name, what) {
    target.addEventListener(name, what);
    this.off.push(() => target.removeEventListener(name, what));
  }

  show(table) {
    this.table = table;
    const { meta, png } = table;
    this.nameOf = new Map(Array.from(table.who ?? [], (g, i) => [g, meta.names[table.name[i]]]));
    this.url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    this.off.push(() => URL.revokeObjectURL(this.url));
    Object.assign(this.image, { src: this.url, alt: meta.alt, width: meta.width, height: meta.height });
    this.time = meta.times.length > 0;
    this.spots = Boolean(table.s_g);
    this.waits = Boolean(table.s_t);
    this.rows = Boolean(table.r_g);
    this.cells = Boolean(table.c_n);
    this.help = [
      this.time && TIME_HELP, this.cells && CELL_HELP, this.rows && LANE_HELP, this.spots && (this.waits ? WAIT_HELP : SPOT_HELP),
    ].filter((text) => text).join(" ");
    this.status.hidden = !this.help;
    if (!this.help) return;
    for (const [name, value] of Object.entries({
      tabindex: "0", role: "application", "aria-roledescription": "plot", "aria-label": `${this.model.get("name")}. ${this.help}`,
    })) this.stage.setAttribute(name, value);
    this.stage.classList.add(this.time ? "gmplab-brushed" : "gmplab-clicked");
    this.listen();
    this.ask();
  }

  listen() {
    const redraw = () => this.ask();
    for (const name of ["change:view", "change:time_ns", "change:selected_g"]) {
      this.model.on(name, redraw);
      this.off.push(() => this.model.off(name, redraw));
    }
    const size = new ResizeObserver(redraw);
    size.observe(this.stage);
    this.off.push(() => size.disconnect());
    this.on(this.image, "load", redraw);
    this.on(this.stage, "pointerdown", (event) => this.press(event));
    this.on(this.stage, "pointermove", (event) => this.point(event));
    this.on(this.stage, "pointerleave", () => this.leave());
    this.on(this.stage, "dblclick", (event) => this.follow(this.goroutineAt(this.place(event))));
    this.on(this.stage, "keydown", (event) => this.key(event));
  }

  remove() {
    cancelAnimationFrame(this.frame);
    for (const off of this.off) off();
    this.table = null;
  }

  // --- where things are --------------------------------------------------------------------------------------------------
  // A place on the picture, its axes of time if it is in one, and the instant there.
  place(event) {
    const box = this.image.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const axes = this.table.meta.times.find(({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom);
    return { x, y, axes, t: axes && this.instant(axes, x) };
  }

  instant({ left, right, t0, t1 }, x) {
    return t0 + ((Math.min(Math.max(x, left), right) - left) / (right - left)) * (t1 - t0);
  }

  // The goroutine at a place, -1: none.
  goroutineAt({ x, y, axes }) {
    if (this.rows && axes) {
      const { r_top: top, r_bottom: bottom, r_g: g } = this.table;
      const row = top.findIndex((from, i) => y >= from && y <= bottom[i]);
      return row >= 0 ? g[row] : -1;
    }
    const spot = this.spots ? this.spotAt(x, y) : -1;
    return spot >= 0 ? this.table.s_g[spot] : -1;
  }

  // The nearest point, -1 where none is near.
  spotAt(x, y) {
    return nearest(this.table, x, y, this.image.clientWidth, this.image.clientHeight, NEAR);
  }

  // The point of the selected goroutine, -1 where it has none: of several waits the one that was chosen here.
  chosenSpot() {
    const [g, gs] = [this.model.get("selected_g"), this.table.s_g];
    return gs[this.spot] === g ? this.spot : gs.lastIndexOf(g);
  }

  whole() {
    return [this.table.meta.begin_ns, this.table.meta.end_ns];
  }

  called(g) {
    return `G${g} ${this.nameOf.get(g) ?? ""}`.trimEnd();
  }

  // --- drawing -----------------------------------------------------------------------------------------------------------
  ask() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    if (!this.table || !this.root.isConnected) return;
    const [wide, high] = [this.image.clientWidth, this.image.clientHeight];
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    Object.assign(this.canvas, { width: Math.round(wide * ratio), height: Math.round(high * ratio) });
    Object.assign(this.canvas.style, { width: `${wide}px`, height: `${high}px` });
    const context = this.canvas.getContext("2d");
    context.scale(ratio * wide, ratio * high);
    const pixel = [1 / Math.max(wide, 1), 1 / Math.max(high, 1)];
    for (const axes of this.table.meta.times) this.drawTime(context, axes, pixel);
    if (this.rows) this.drawRow(context, this.model.get("selected_g"), pixel);
    if (this.spots) this.drawSpot(context, pixel);
    if (this.cells) this.drawCells(context, pixel);
    this.report();
    this.drawn = (this.drawn ?? 0) + 1;
  }

  // What lies outside of the time that is shown, or is being dragged over, is dimmed; the instant is a line.
  drawTime(context, axes, [px]) {
    const { left, right, top, bottom, t0, t1 } = axes;
    const x = (t) => left + ((Math.min(Math.max(t, t0), t1) - t0) / (t1 - t0)) * (right - left);
    const [from, to] = (this.band ? [this.band.from, this.band.to].sort((a, b) => a - b) : this.model.get("view")).map(x);
    context.fillStyle = "rgba(20, 20, 20, .3)";
    context.fillRect(left, top, from - left, bottom - top);
    context.fillRect(to, top, right - to, bottom - top);
    const t = this.model.get("time_ns");
    if (t < t0 || t > t1) return;
    // Between white ones: on the blue of what runs it would be lost.
    for (const [colour, half] of [["#fff", 2], ["#1976d2", 1]]) {
      context.fillStyle = colour;
      context.fillRect(x(t) - half * px, top, 2 * half * px, bottom - top);
    }
  }

  drawRow(context, g, [px, py]) {
    const row = this.table.r_g.indexOf(g);
    if (row < 0) return;
    const { left, right } = this.table.meta.times[0];
    const [top, bottom] = [this.table.r_top[row], this.table.r_bottom[row]];
    context.fillStyle = "#111";
    for (const y of [top - py, bottom - py]) context.fillRect(left, y, right - left, 2 * py);
    for (const x of [left - 4 * px, right]) context.fillRect(x, top - py, 4 * px, bottom - top + 2 * py);
  }

  drawSpot(context, [px, py]) {
    const { s_x: xs, s_y: ys } = this.table;
    for (const [i, colour] of [[this.hover, "#777"], [this.chosenSpot(), "#111"]]) {
      if (i < 0) continue;
      context.beginPath();
      context.ellipse(xs[i], ys[i], 8 * px, 8 * py, 0, 0, 2 * Math.PI);
      context.save();
      context.scale(px, py);
      context.lineWidth = 2.5;
      context.strokeStyle = colour;
      context.stroke();
      context.restore();
    }
  }

  // The queue that keys have come to.
  drawCells(context, [px, py]) {
    if (this.row === undefined) return;
    const { left, right } = this.table.meta.times[0];
    const [top, bottom] = [this.table.c_side[this.row], this.table.c_side[this.row + 1]];
    context.fillStyle = "#1976d2";
    for (const x of [left - 4 * px, right]) context.fillRect(x, top + py, 4 * px, bottom - top - 2 * py);
  }

  report() {
    const [t0, t1] = this.model.get("view");
    const [begin, end] = this.whole();
    const parts = [];
    if (this.time && (t0 > begin || t1 < end)) parts.push(`shown: ${timeText(t0, 6)} to ${timeText(t1, 6)} of ${timeText(end, 6)}`);
    const chosen = this.model.get("selected_g");
    if ((this.rows || this.spots) && chosen >= 0) parts.push(`selected: ${this.goroutineText(chosen)}`);
    if (this.row !== undefined || this.asked) parts.push(this.instantText());
    this.status.textContent = parts.join("; ") || this.help;
  }

  // --- what there is to say ----------------------------------------------------------------------------------------------
  goroutineText(g) {
    if (!this.spots) return this.called(g);
    const i = g === this.model.get("selected_g") ? this.chosenSpot() : this.table.s_g.indexOf(g);
    if (i < 0) return this.waits ? this.called(g) : `${this.called(g)}, not in this plot`;
    return this.spotText(i);
  }

  spotText(i) {
    const g = this.table.s_g[i];
    if (this.waits) {
      const { s_t: t, s_share: share, s_same: same } = this.table;
      const as = same[i] > 1 ? ` as ${(same[i] - 1).toLocaleString("en")} more` : "";
      const least = `${Number((100 * share[i]).toPrecision(3))} % waited at least so long`;
      return `${this.called(g)}: runnable for ${timeText(this.table.s_ns[i], 4)}${as}, until ${timeText(t[i], 6)}; ${least}`;
    }
    const over = this.table.s_over[i];
    return `${this.called(g)}: ${timeText(this.table.s_ns[i], 4)} of CPU time, ${Number(over.toPrecision(3))} times the mean`;
  }

  // The values behind the picture at an instant.
  valuesText(t) {
    const { v_begin: begin, v_end: end, meta } = this.table;
    if (!begin) return timeText(t, 6);
    const i = Math.min(Math.max(firstAbove(begin, t, 0, begin.length) - 1, 0), begin.length - 1);
    const number = (x) => (meta.shares ? `${Number((100 * x).toPrecision(3))} %` : `${Number(x.toPrecision(3))}`);
    const values = meta.values.map((name, k) => `${name} ${number(this.table[`v${k}`][i])}`);
    return `${timeText(begin[i], 6)} to ${timeText(end[i], 6)}\n${values.join(", ")}`;
  }

  // The values at the instant; of queues that of the one that was clicked on, or that keys have come to.
  instantText() {
    const t = this.model.get("time_ns");
    const text = this.cells ? cellText(this.table, this.row ?? 0, t) : this.valuesText(t);
    return text.replace("\n", this.cells ? ", " : ": ");
  }

  textAt(place) {
    const spot = this.spots ? this.spotAt(place.x, place.y) : -1;
    if (spot >= 0) return this.spotText(spot);
    if (this.cells && place.axes) return cellText(this.table, bandAt(this.table.c_side, place.y), place.t);
    const g = this.goroutineAt(place);
    if (g >= 0) return this.rows ? `${this.called(g)}\n${timeText(place.t, 6)}` : this.goroutineText(g);
    return place.axes ? this.valuesText(place.t) : "";
  }

  // --- what the reader does ----------------------------------------------------------------------------------------------
  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  select(g) {
    this.set("selected_g", g);
    if (g >= 0) this.said.textContent = `selected: ${this.goroutineText(g)}`;
  }

  // A wait was over at an instant: there the Stepper says why it was.
  selectSpot(i) {
    this.spot = i;
    if (i >= 0 && this.waits) this.set("time_ns", this.table.s_t[i]);
    this.select(i >= 0 ? this.table.s_g[i] : -1);
    this.ask();
  }

  // What a double click on a goroutine shows.
  follow(g) {
    if (this.waits) this.toWait(g);
    else this.toLifeline(g);
  }

  // In a linked Timeline: the wait, from when it could run until it did.
  toWait(g) {
    const i = g >= 0 ? this.chosenSpot() : -1;
    if (i < 0) return;
    const [t, wait] = [this.table.s_t[i], this.table.s_ns[i]];
    const margin = Math.max(wait * AROUND, 1);
    this.past.go(within([t - wait - margin, t + margin], ...this.whole()));
    this.said.textContent = `the wait of ${this.called(g)}: ${timeText(t - wait, 6)} to ${timeText(t, 6)}`;
  }

  // In a linked Timeline: the lanes of goroutines, and the life of this one.
  toLifeline(g) {
    const i = g >= 0 ? this.table.who.indexOf(g) : -1;
    if (i < 0) return;
    const [born, ended] = [this.table.created_ns[i], this.table.exited_ns[i]];
    const margin = Math.max((ended - born) * AROUND, 1);
    this.select(g);
    this.past.go(within([born - margin, ended + margin], ...this.whole()));
    this.set("lanes", "G");
    this.said.textContent = `lifeline of ${this.called(g)}: ${timeText(born, 6)} to ${timeText(ended, 6)}`;
  }

  press(event) {
    if (event.button !== 0) return;
    this.stage.focus({ preventScroll: true });
    const from = this.place(event);
    if (!from.axes) {
      if (this.spots) this.selectSpot(this.spotAt(from.x, from.y));
      return;
    }
    this.stage.setPointerCapture(event.pointerId);
    const move = (next) => {
      if (!this.band && Math.abs(next.clientX - event.clientX) < MOVED) return;
      const box = this.image.getBoundingClientRect();
      this.band = { from: from.t, to: this.instant(from.axes, (next.clientX - box.left) / box.width) };
      this.ask();
    };
    const done = (last) => {
      for (const [name, what] of Object.entries(heard)) this.stage.removeEventListener(name, what);
      this.cancel = null;
      const band = this.band;
      this.band = null;
      this.ask();
      if (last.type !== "pointerup") return;
      if (band) this.choose(band);
      else this.click(from);
    };
    const heard = { pointermove: move, pointerup: done, pointercancel: done };
    this.cancel = () => done({ type: "cancelled" });
    for (const [name, what] of Object.entries(heard)) this.stage.addEventListener(name, what);
  }

  choose({ from, to }) {
    const view = within([Math.min(from, to), Math.max(from, to)], ...this.whole());
    this.past.go(view);
    this.said.textContent = `shown: ${timeText(view[0], 6)} to ${timeText(view[1], 6)}`;
  }

  click(place) {
    this.set("time_ns", Math.round(place.t));
    if (this.rows) this.select(this.goroutineAt(place));
    else this.tell(this.cells ? bandAt(this.table.c_side, place.y) : undefined);
  }

  point(event) {
    if (!this.table || this.band) return this.leave();
    const place = this.place(event);
    this.hover = this.spots ? this.spotAt(place.x, place.y) : -1;
    if (this.spots) this.ask();
    const text = this.textAt(place);
    this.tip.hidden = !text;
    if (!text) return;
    this.tip.textContent = text;
    const box = this.root.getBoundingClientRect();
    this.tip.style.left = `${Math.max(Math.min(event.clientX - box.left + 14, box.width - this.tip.offsetWidth - 4), 0)}px`;
    this.tip.style.top = `${event.clientY - box.top + 16}px`;
  }

  leave() {
    this.tip.hidden = true;
    if (this.hover >= 0) {
      this.hover = -1;
      this.ask();
    }
  }

  // To the goroutine that is so many further on: in a plot of points by rank, in one of lanes downward.
  along(by) {
    const gs = this.spots ? this.table.s_g : this.table.r_g;
    const i = this.spots ? this.chosenSpot() : gs.indexOf(this.model.get("selected_g"));
    const next = i < 0 ? (by > 0 ? 0 : gs.length - 1) : Math.min(Math.max(i + by, 0), gs.length - 1);
    if (this.spots) this.selectSpot(next);
    else this.select(gs[next]);
  }

  // To the queue that is so many further down.
  down(by) {
    const last = this.table.c_side.length - 2;
    this.tell(Math.min(Math.max((this.row ?? (by > 0 ? -1 : last + 1)) + by, 0), last));
  }

  // To the begin of the next part of the time, or to the last one; where the data have no parts, a small step.
  instantBy(by) {
    const { v_begin: begin, c_edge: edge } = this.table;
    const [t, [first, end]] = [this.model.get("time_ns"), this.whole()];
    const begins = begin ?? edge?.subarray(0, edge.length - 1);
    const [t0, t1] = this.model.get("view");
    let to = t + by * Math.max(Math.round((t1 - t0) / STEPS), 1);
    // Instants are whole, the begins of parts need not be.
    if (begins) to = Math.ceil(begins[by > 0 ? firstAbove(begins, t, 0, begins.length) : firstAbove(begins, t - 1, 0, begins.length) - 1] ?? t);
    this.set("time_ns", Math.min(Math.max(to, first), end));
    this.tell(this.row);
  }

  // Say the values at the instant, and keep them in the line below the picture.
  tell(row) {
    this.row = row;
    this.asked = true;
    this.said.textContent = this.instantText();
    this.ask();
  }

  pan(share) {
    const [t0, t1] = this.model.get("view");
    this.past.go(within([t0 + share * (t1 - t0), t1 + share * (t1 - t0)], ...this.whole()));
  }

  zoom(factor) {
    const [t0, t1] = this.model.get("view");
    this.past.go(zoomed([t0, t1], (t0 + t1) / 2, factor, ...this.whole()));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.table) return;
    const time = {
      ArrowLeft: () => this.pan(-0.2), a: () => this.pan(-0.2), ArrowRight: () => this.pan(0.2), d: () => this.pan(0.2),
      "+": () => this.zoom(1 / 1.6), "=": () => this.zoom(1 / 1.6), w: () => this.zoom(1 / 1.6), "-": () => this.zoom(1.6), s: () => this.zoom(1.6),
      0: () => this.past.go(this.whole()), Home: () => this.past.go(this.whole()), u: () => this.past.undo(), r: () => this.past.redo(),
      n: () => this.instantBy(1), p: () => this.instantBy(-1),
    };
    const goroutines = {
      // Up is where the next one stands: more of the CPU, but a shorter wait.
      ArrowUp: () => this.along(this.spots && !this.waits ? 1 : -1), ArrowDown: () => this.along(this.spots && !this.waits ? -1 : 1),
      Enter: () => this.follow(this.model.get("selected_g")), Escape: () => this.set("selected_g", -1),
    };
    const cells = { ArrowUp: () => this.down(-1), ArrowDown: () => this.down(1) };
    const points = { ArrowLeft: () => this.along(-1), ArrowRight: () => this.along(1), u: () => this.past.undo(), r: () => this.past.redo() };
    const keys = { ...(this.time ? time : {}), ...(this.rows || this.spots ? goroutines : {}), ...(this.spots ? points : {}), ...(this.cells ? cells : {}) };
    if (event.key === "Escape" && this.cancel) keys.Escape = this.cancel;
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }
}

export default {
  render({ model, el }) {
    const root = element("div");
    el.append(root);
    const view = new ChartView(model, root);
    root.gmplab = view;
    return () => view.remove();
  },
};
