// What the Timeline tells of a place: the span there, where it was found, what is queued.
import { request, unpacked } from "./buffers.js";
import { firstAbove, gallop, rangeIn, spanAt, timeByKind, timeText } from "./lanes.js";

export const ARROWS = ["wake", "spawn", "steal"];

export class Telling {
  constructor(timeline) {
    this.timeline = timeline;
    this.asked = [];
  }

  // How long the run queues were, and where Ps found what they ran, is asked for when it is first wanted: of a long run it
  // is as much as the spans.
  needMore() {
    for (const part of this.timeline.lanes === "P" ? ["queues", "found"] : ["queues"]) {
      if (this[part]) continue;
      this[part] = {};
      this.asked.push(request(this.timeline.model, part, undefined, (bytes) => { this[part] = unpacked(bytes); }, () => {}));
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
    const own = this.timeline.lanes === "P" ? `${of(lane + 1)} on P${lane}, ` : "";
    return `\nqueued: ${own}${of(0)} in the global queue`;
  }

  // Where the P of a lane found the goroutine that begins to run at an instant, and how long that had waited.
  foundText(lane, t) {
    const { f_t: times, f_wait: wait, f_victim: victim, f_source: source, f_starts: starts, meta } = this.found ?? {};
    if (!times || this.timeline.lanes !== "P") return "";
    // Of several at one instant all but the last ran for no time.
    const i = firstAbove(times, t, starts[lane], starts[lane + 1]) - 1;
    if (i < starts[lane] || times[i] !== t) return "";
    const from = victim[i] >= 0 ? ` from P${victim[i]}` : "";
    return `\nfound: ${meta.sources[source[i]].replaceAll("_", " ")}${from}, runnable for ${timeText(wait[i], 4)}`;
  }

  // The idle time of a P around an instant, nothing after the end of the run.
  idleText(lane, t) {
    const { begin, end, starts, meta } = this.timeline.table;
    if (this.timeline.lanes !== "P" || t >= meta.end_ns) return "";
    const i = firstAbove(end, t, starts[lane], starts[lane + 1]);
    const from = i > starts[lane] ? end[i - 1] : meta.begin_ns;
    const to = i < starts[lane + 1] ? begin[i] : meta.end_ns;
    return `${this.timeline.laneName(lane)}: idle, ${timeText(from)} to ${timeText(to)} (${timeText(to - from, 4)})`;
  }

  // What is at an instant of a lane: one span, or what is merged in the pixel, or in as long a time.
  textAt(lane, t, time) {
    const [t0, t1] = this.timeline.view();
    const pixel = time ?? (t1 - t0) / Math.max((this.timeline.wide - this.timeline.gutter()) * this.timeline.ratio, 1);
    const from = t0 + Math.floor((t - t0) / pixel) * pixel;
    const { begin, starts, meta } = this.timeline.table;
    const i = gallop(begin, from, starts[lane], starts[lane + 1]);
    const j = gallop(begin, from + pixel, i, starts[lane + 1]);
    const queued = this.queued(lane, from, from + pixel);
    if (j - i > 1) {
      const times = timeByKind(this.timeline.table, this.timeline.table.before, i, j, new Float64Array(meta.looks.length));
      const shares = meta.looks.map((look, kind) => [look.name, times[kind]]).filter(([, time]) => time > 0);
      return `${this.timeline.laneName(lane, true)}: ${j - i} spans merged in this pixel (${timeText(pixel, 3)}): ` +
        shares.map(([name, spent]) => `${name} ${timeText(spent, 3)}`).join(", ") + queued;
    }
    const at = spanAt(this.timeline.table, lane, t, 0);
    const text = at >= 0 ? this.spanText(at) : this.idleText(lane, t);
    return text && text + queued;
  }

  // Of a goroutine's stay: what it waited for, or who made it or woke it.
  causeText(i) {
    const { a_g: g, a_t0: t0, a_kind: kind, a_from: from, begin, why, meta, nameOf } = this.timeline.table;
    const state = meta.looks[this.timeline.table.kind[i]].name;
    if (state === "waiting") return meta.reasons[why[i]] ? ` for ${meta.reasons[why[i]]}` : "";
    if (state !== "runnable") return "";
    for (let k = gallop(t0, begin[i], 0, t0.length); k < t0.length && t0[k] === begin[i]; k++) {
      if (g[k] !== this.timeline.table.g[i]) continue;
      const who = `G${from[k] + 1} ${nameOf.get(from[k] + 1) ?? ""}`.trimEnd();
      return `, ${ARROWS[kind[k]] === "spawn" ? "made" : "woken"} by ${who}`;
    }
    return "";
  }

  spanText(i) {
    const { g, kind, begin, end, meta, nameOf } = this.timeline.table;
    const lane = this.timeline.laneOf(i);
    const look = meta.looks[kind[i]].name;
    const name = nameOf.get(g[i]) ?? "";
    const who = g[i] >= 0 && this.timeline.lanes !== "G" ? ` G${g[i]}${look.endsWith(` ${name}`) ? "" : ` ${name}`}`.trimEnd() : "";
    const cause = this.timeline.lanes === "G" ? this.causeText(i) : "";
    const found = look.startsWith("running") ? this.foundText(lane, begin[i]) : "";
    return `${this.timeline.laneName(lane, true)}: ${look}${cause}${who}, ${timeText(begin[i])} to ${timeText(end[i])} (${timeText(end[i] - begin[i], 4)})${found}`;
  }
}
