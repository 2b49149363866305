// A frame of the Timeline: lanes, arrows, the axis, the strip above.
import { Colouring } from "./colouring.js";
import { element } from "./element.js";
import { busyness, gallop, layLane, ticks, timeByKind, unitOf } from "./lanes.js";
import { Painter } from "./painter.js";

export const AXIS = 22;
export const OVERVIEW = 34;
const DASHES = [[], [2, 3], [6, 3]];
const MOST_ARROWS = 200;
const LABELLED = 30;

// A colour that JupyterLab's theme names, as #rrggbb, which the painter can mix.
function themed(root, name, fallback) {
  const probe = element("span", { style: `color: var(${name}, ${fallback})` });
  root.append(probe);
  const [r, g, b] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return `#${[r, g, b].map((x) => Math.round(x).toString(16).padStart(2, "0")).join("")}`;
}

export class Drawing {
  constructor(timeline) {
    this.timeline = timeline;
  }

  // Another table is shown, in the theme's colours, or what they stand for is another.
  forget() {
    this.busy = null;
    this.colouring = null;
  }

  // The colours of the theme and of the looks, found once.
  colours() {
    if (this.colouring) return;
    this.back = themed(this.timeline.root, "--jp-layout-color0", "#ffffff");
    this.ink = themed(this.timeline.root, "--jp-ui-font-color1", "#222222");
    this.faint = themed(this.timeline.root, "--jp-border-color2", "#d0d0d0");
    this.brand = themed(this.timeline.root, "--jp-brand-color1", "#1976d2");
    this.colouring = new Colouring(this.timeline.table.meta, this.timeline.model.get("by"), this.back);
    this.painter = null;
    this.timeline.by.value = this.timeline.model.get("by");
    this.legend();
  }

  legend() {
    this.timeline.legend.replaceChildren(...this.colouring.legend().map(([name, hatch, faces]) => {
      const swatch = element("i", { class: "gmplab-swatch", "data-hatch": hatch });
      swatch.style.backgroundColor = faces[0];
      if (faces.length > 1) {
        const part = (i) => `${(100 * i) / faces.length}%`;
        swatch.style.width = `${7 * faces.length}px`;
        swatch.style.backgroundImage = `linear-gradient(90deg, ${faces.map((face, i) => `${face} ${part(i)} ${part(i + 1)}`).join(", ")})`;
      }
      return element("span", { class: "gmplab-key" }, swatch, name);
    }));
    if (this.timeline.table.begin.length) {
      this.timeline.legend.append(element("span", { class: "gmplab-key" },
        element("i", { class: "gmplab-swatch gmplab-merged" }), "merged: narrower than a pixel, heights are shares"));
    }
  }

  // A frame. Returns how many spans were merged, and [how many arrows are drawn, how many there are].
  draw() {
    const { canvas, ratio } = this.timeline;
    const gutter = this.timeline.gutter();
    this.colours();
    const wide = Math.max(Math.round((this.timeline.wide - gutter) * ratio), 1);
    const high = Math.max(Math.round((this.timeline.high - AXIS) * ratio), 1);
    if (!this.painter || this.painter.width !== wide || this.painter.height !== high) {
      this.painter = new Painter(wide, high, this.colouring.palette);
    }
    const painted = this.paint(wide);
    const context = canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = this.back;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.names(context, painted);
    context.drawImage(this.painter.drawn(), gutter, 0, wide / ratio, high / ratio);
    this.labels(context, painted.labels);
    this.outline(context, painted);
    const arrows = this.arrows(context, painted);
    this.axis(context);
    this.drawOverview();
    return [painted.merged, arrows];
  }

  // The lanes that are to be seen, painted; returns which, the labels that fit, and how many spans were merged.
  paint(wide) {
    const { painter } = this;
    const { table, ratio } = this.timeline;
    const [t0, t1] = this.timeline.view();
    const chosen = this.timeline.model.get("selected_g");
    const faded = chosen >= 0;
    const top = this.timeline.scroller.scrollTop;
    const first = Math.floor(top / this.timeline.step);
    const last = Math.min(Math.ceil((top + this.timeline.high - AXIS) / this.timeline.step), this.timeline.count());
    const gap = this.timeline.step >= 14 ? 3 : 1;
    const times = new Float64Array(table.meta.looks.length);
    const whole = (t1 - t0) / wide;
    const labels = [];
    let merged = 0;
    painter.clear();
    for (let row = first; row < last; row++) {
      const y0 = Math.round((row * this.timeline.step - top + gap) * ratio);
      const y1 = Math.round(((row + 1) * this.timeline.step - top - gap) * ratio);
      merged += layLane(table, this.timeline.order[row], t0, t1, wide, (i, x0, x1) => {
        painter.box(x0, x1, y0, y1, this.colouring.of(table.kind[i], table.g[i]), faded && table.g[i] !== chosen);
        if ((x1 - x0) / ratio >= LABELLED && table.g[i] >= 0 && this.timeline.step >= 11 && this.timeline.lanes !== "G") labels.push([i, row, x0, x1]);
      }, (x, i, j) => {
        painter.column(x, y0, y1, timeByKind(table, table.before, i, j, times), whole, faded);
      });
    }
    if (faded) this.paintChosen(first, last, gap, top, t0, t1, wide);
    return { first, last, gap, top, merged, labels };
  }

  // The spans of the selected goroutine, at least two pixels wide: else they would be lost among merged ones.
  paintChosen(first, last, gap, top, t0, t1, wide) {
    const { painter } = this;
    const { table, ratio } = this.timeline;
    const scale = wide / (t1 - t0);
    for (const i of this.timeline.chosen) {
      const row = this.timeline.rows[this.timeline.laneOf(i)];
      if (row < first || row >= last || table.end[i] <= t0 || table.begin[i] >= t1) continue;
      const x0 = Math.max((table.begin[i] - t0) * scale, 0);
      const x1 = Math.min(Math.max((table.end[i] - t0) * scale, x0 + 2), wide);
      painter.box(x0, x1, Math.round((row * this.timeline.step - top + gap) * ratio), Math.round(((row + 1) * this.timeline.step - top - gap) * ratio), this.colouring.of(table.kind[i], table.g[i]), false);
    }
  }

  names(context, { first, last, top }) {
    const focused = document.activeElement === this.timeline.scroller;
    context.font = "11px sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "right";
    const every = Math.max(Math.ceil(12 / this.timeline.step), 1);
    for (let row = first; row < last; row++) {
      const y = row * this.timeline.step - top;
      context.fillStyle = this.faint;
      context.globalAlpha = 0.5;
      context.fillRect(this.timeline.gutter(), Math.round(y + this.timeline.step) - 0.5, this.timeline.wide - this.timeline.gutter(), 0.5);
      context.globalAlpha = 1;
      if (focused && row === this.timeline.row) {
        context.fillStyle = this.brand;
        context.fillRect(0, y + 1, 3, this.timeline.step - 2);
      }
      // Of the topmost lane the name is left out where it would lie on that of the next.
      if (row % every === 0 && (row === 0 || y + this.timeline.step / 2 >= 6)) {
        context.fillStyle = this.ink;
        context.fillText(this.timeline.laneName(this.timeline.order[row], true), this.timeline.gutter() - 8, Math.max(y + this.timeline.step / 2, 6), this.timeline.gutter() - 12);
      }
    }
  }

  labels(context, labels) {
    const left = this.timeline.gutter();
    context.font = "10px sans-serif";
    context.textAlign = "center";
    const chosen = this.timeline.model.get("selected_g");
    for (const [i, row, x0, x1] of labels.slice(0, 2000)) {
      const g = this.timeline.table.g[i];
      if (chosen >= 0 && g !== chosen) continue;
      const look = this.colouring.looks[this.colouring.of(this.timeline.table.kind[i], g)];
      const [x, y] = [left + (x0 + x1) / 2 / this.timeline.ratio, (row + 0.5) * this.timeline.step - this.timeline.scroller.scrollTop];
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
    context.rect(this.timeline.gutter(), 0, this.timeline.wide - this.timeline.gutter(), this.timeline.high);
    context.clip();
    context.strokeStyle = this.ink;
    context.lineWidth = 1.5;
    const [t0, t1] = this.timeline.view();
    for (const i of this.timeline.chosen) {
      const row = this.timeline.rows[this.timeline.laneOf(i)];
      if (row < first || row >= last || this.timeline.table.end[i] <= t0 || this.timeline.table.begin[i] >= t1) continue;
      const [x0, x1] = [this.timeline.x(this.timeline.table.begin[i]), this.timeline.x(this.timeline.table.end[i])];
      if (x1 - x0 >= 3) context.strokeRect(x0, row * this.timeline.step - top + gap, x1 - x0, this.timeline.step - 2 * gap);
    }
    const x = this.timeline.x(this.timeline.model.get("time_ns"));
    context.beginPath();
    context.moveTo(x, 0);
    context.lineTo(x, this.timeline.high - AXIS);
    // With a border of the background: on the blue of what runs it would be lost.
    for (const [colour, width] of [[this.back, 4], [this.brand, 1.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
    context.restore();
  }

  // Arrows that begin in the view, or all of the selected goroutine; none where they would be a thicket. Returns
  // [drawn, how many there are].
  arrows(context, { top }) {
    const table = this.timeline.table;
    const [t0, t1] = this.timeline.view();
    const chosen = this.timeline.model.get("selected_g");
    let found = [];
    let n = 0;
    const from = gallop(table.a_t0, t0, 0, table.a_t0.length);
    const to = gallop(table.a_t0, t1, from, table.a_t0.length);
    if (chosen >= 0) {
      for (let i = 0; i < to; i++) {
        if (table.a_g[i] === chosen && table.a_t1[i] >= t0 && this.timeline.arrowsShown[table.a_kind[i]]) found.push(i);
      }
      n = found.length;
      found = found.slice(0, MOST_ARROWS);
    } else {
      n = to - from;
      if (n <= MOST_ARROWS * 4) {
        // One that stays in its lane says little, and hides much.
        for (let i = from; i < to; i++) if (this.timeline.arrowsShown[table.a_kind[i]] && table.a_from[i] !== table.a_to[i]) found.push(i);
        n = found.length;
      }
      if (n > MOST_ARROWS) found = [];
    }
    context.save();
    context.beginPath();
    context.rect(this.timeline.gutter(), 0, this.timeline.wide - this.timeline.gutter(), this.timeline.high - AXIS);
    context.clip();
    context.strokeStyle = context.fillStyle = this.ink;
    context.lineWidth = 1;
    for (const i of found) this.arrow(context, i, top);
    context.restore();
    return [found.length, n];
  }

  arrow(context, i, top) {
    const table = this.timeline.table;
    const [x0, x1] = [this.timeline.x(table.a_t0[i]), this.timeline.x(table.a_t1[i])];
    const [from, to] = [this.timeline.rows[table.a_from[i]], this.timeline.rows[table.a_to[i]]];
    if (from < 0 || to < 0) return;
    const [y0, y1] = [(from + 0.5) * this.timeline.step - top, (to + 0.5) * this.timeline.step - top];
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
    const [t0, t1] = this.timeline.view();
    const y = this.timeline.high - AXIS;
    const room = Math.max(Math.floor((this.timeline.wide - this.timeline.gutter()) / 110), 2);
    const [unit, name] = unitOf(t1);
    context.fillStyle = this.back;
    context.fillRect(0, y, this.timeline.wide, AXIS);
    context.fillStyle = this.ink;
    context.font = "11px sans-serif";
    context.textAlign = "center";
    for (const t of ticks(t0, t1, room)) {
      const x = this.timeline.x(t);
      context.fillRect(x, y, 1, 4);
      const text = `${Number((t / unit).toPrecision(12))} ${name}`;
      const half = context.measureText(text).width / 2;
      context.fillText(text, Math.min(Math.max(x, half + 2), this.timeline.wide - half - 2), y + 13);
    }
  }

  drawOverview() {
    const context = this.timeline.overview.getContext("2d");
    context.setTransform(this.timeline.ratio, 0, 0, this.timeline.ratio, 0, 0);
    context.clearRect(0, 0, this.timeline.wide, OVERVIEW);
    // Of goroutines it is the running ones that are counted, of Ps and Ms those that do anything.
    this.busy ??= busyness(this.timeline.table, 600, this.timeline.table.meta.looks.map(({ name }) => this.timeline.lanes !== "G" || name === "running"));
    const most = this.timeline.lanes === "G" ? Math.max(...this.busy, 1e-9) : Math.max(this.timeline.count(), 1);
    const [left, width] = [this.timeline.gutter(), this.timeline.wide - this.timeline.gutter()];
    const [begin, end] = this.timeline.whole();
    const bar = (width / this.busy.length) * ((this.timeline.table.meta.end_ns - begin) / Math.max(end - begin, 1));
    context.fillStyle = this.brand;
    context.globalAlpha = 0.55;
    this.busy.forEach((n, i) => {
      const share = Math.min(n / most, 1);
      context.fillRect(left + i * bar, OVERVIEW - 2 - share * (OVERVIEW - 6), bar + 0.5, share * (OVERVIEW - 6));
    });
    const [t0, t1] = this.timeline.view();
    const place = (t) => left + ((t - begin) / Math.max(end - begin, 1)) * width;
    context.globalAlpha = 0.12;
    context.fillStyle = this.ink;
    context.fillRect(left, 0, place(t0) - left, OVERVIEW);
    context.fillRect(place(t1), 0, this.timeline.wide - place(t1), OVERVIEW);
    context.globalAlpha = 1;
    context.strokeStyle = this.ink;
    context.strokeRect(place(t0) + 0.5, 1, Math.max(place(t1) - place(t0) - 1, 2), OVERVIEW - 2);
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.font = "11px sans-serif";
    context.fillStyle = this.ink;
    context.fillText(this.timeline.lanes === "G" ? "running" : "busy", left - 8, OVERVIEW / 2);
  }
}
