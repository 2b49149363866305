// What is where on a timeline: pure functions over sorted columns, without a canvas.
//
// A lane may hold a million spans and be a thousand pixels wide. What is under a pixel is merged: the spans that begin in
// one pixel become a column with each kind's time. Their number is never walked: where a pixel ends is found by doubling
// steps, and times are differences of sums kept for every BLOCK spans. So a frame costs some operations a pixel, and not
// one a span.

export const BLOCK = 8;

// The first i in [lo, hi) with values[i] > x; hi if there is none. Values rise.
export function firstAbove(values, x, lo, hi) {
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (values[middle] > x) hi = middle;
    else lo = middle + 1;
  }
  return lo;
}

// The first i in [lo, hi) with values[i] >= x, looked for near lo first.
export function gallop(values, x, lo, hi) {
  let step = 1;
  let from = lo;
  while (lo < hi && values[lo] < x) {
    from = lo + 1;
    lo += step;
    step *= 2;
  }
  hi = Math.min(lo, hi);
  while (from < hi) {
    const middle = (from + hi) >>> 1;
    if (values[middle] < x) from = middle + 1;
    else hi = middle;
  }
  return from;
}

// For every BLOCK spans, the time of each kind in all spans before them.
export function sums(table, kinds) {
  const n = table.begin.length;
  const blocks = Math.floor(n / BLOCK) + 1;
  const made = new Float64Array(blocks * kinds);
  const so = new Float64Array(kinds);
  for (let i = 0; i < n; i++) {
    if (i % BLOCK === 0) made.set(so, (i / BLOCK) * kinds);
    so[table.kind[i]] += table.end[i] - table.begin[i];
  }
  if (n % BLOCK === 0) made.set(so, (n / BLOCK) * kinds);
  return made;
}

// The time of each kind in the spans [i, j), added up into `out`.
export function timeByKind(table, before, i, j, out) {
  const kinds = out.length;
  out.fill(0);
  const first = Math.ceil(i / BLOCK);
  const last = Math.floor(j / BLOCK);
  const inner = first < last;
  const stop = inner ? first * BLOCK : j;
  for (let k = i; k < stop; k++) out[table.kind[k]] += table.end[k] - table.begin[k];
  if (!inner) return out;
  for (let kind = 0; kind < kinds; kind++) out[kind] += before[last * kinds + kind] - before[first * kinds + kind];
  for (let k = last * BLOCK; k < j; k++) out[table.kind[k]] += table.end[k] - table.begin[k];
  return out;
}

// Goes over a lane from t0 to t1 on `width` pixels. onSpan(i, x0, x1): span i is a pixel wide or more, or alone in its
// pixel. onMerged(x, i, j): the spans [i, j) begin in pixel x and are narrower than it. Returns how many were merged.
export function layLane(table, lane, t0, t1, width, onSpan, onMerged) {
  const { begin, end, starts } = table;
  const stop = starts[lane + 1];
  const scale = width / (t1 - t0);
  let merged = 0;
  let i = firstAbove(end, t0, starts[lane], stop);
  while (i < stop && begin[i] < t1) {
    const x0 = (begin[i] - t0) * scale;
    const x1 = (end[i] - t0) * scale;
    if (x1 - x0 >= 1) {
      onSpan(i, Math.max(x0, 0), Math.min(x1, width));
      i++;
      continue;
    }
    const x = Math.max(Math.floor(x0), 0);
    let j = gallop(begin, t0 + (x + 1) / scale, i + 1, stop);
    // Only the last that begins in this pixel can be wide.
    if (j - 1 > i && (end[j - 1] - begin[j - 1]) * scale >= 1) j--;
    if (j === i + 1) onSpan(i, x, Math.min(x + 1, width));
    else {
      onMerged(x, i, j);
      merged += j - i;
    }
    i = j;
  }
  return merged;
}

// The span of a lane at an instant, -1 if there is none; `slack`: or one so near.
export function spanAt(table, lane, t, slack = 0) {
  const stop = table.starts[lane + 1];
  const i = firstAbove(table.end, t - slack, table.starts[lane], stop);
  return i < stop && table.begin[i] <= t + slack ? i : -1;
}

// The least and the greatest that a value was from t0 to before t1, where it holds from each instant of times[lo, hi) until
// the next, and is 0 before the first.
export function rangeIn(times, values, lo, hi, t0, t1) {
  let i = firstAbove(times, t0, lo, hi);
  let least = i > lo ? values[i - 1] : 0;
  let most = least;
  for (; i < hi && times[i] < t1; i++) {
    least = Math.min(least, values[i]);
    most = Math.max(most, values[i]);
  }
  return [least, most];
}

// Round instants for an axis of about `room` marks.
export function ticks(t0, t1, room) {
  const raw = Math.max((t1 - t0) / Math.max(room, 1), 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw);
  const found = [];
  for (let t = Math.ceil(t0 / step) * step; t <= t1; t += step) found.push(Math.round(t));
  return found;
}

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

// The unit for an axis that ends at t.
export function unitOf(t) {
  return UNITS.find(([ns]) => t >= ns) ?? UNITS[3];
}

// A time in the unit that suits it, exact to the ns where `digits` is not given.
export function timeText(ns, digits = 12) {
  const [unit, name] = unitOf(Math.abs(ns));
  return `${Number((ns / unit).toPrecision(digits))} ${name}`;
}

// A part of the run, kept within it and at least 10 ns long.
export function within(view, begin, end) {
  const whole = Math.max(end - begin, 10);
  const length = Math.min(Math.max(view[1] - view[0], 10), whole);
  const t0 = Math.min(Math.max(view[0], begin), begin + whole - length);
  return [Math.round(t0), Math.round(t0 + length)];
}

// The view, `factor` times as long, with t staying where it is.
export function zoomed(view, t, factor, begin, end) {
  return within([t - (t - view[0]) * factor, t + (view[1] - t) * factor], begin, end);
}

// How many spans of some kinds there are on average in each of n equal parts of the run.
export function busyness(table, n, counts) {
  const { begin_ns: begin, end_ns: end } = table.meta;
  const width = Math.max(end - begin, 1) / n;
  const total = new Float64Array(n + 2);
  const slope = new Float64Array(n + 2);
  // The time up to each part's end is a sum of ramps, so two passes of sums give every part.
  const ramp = (t, sign) => {
    const x = Math.min(Math.max((t - begin) / width, 0), n);
    const bin = Math.floor(x);
    total[bin] += sign * (bin + 1 - x);
    slope[bin + 1] += sign;
  };
  for (let i = 0; i < table.begin.length; i++) {
    if (!counts[table.kind[i]]) continue;
    ramp(table.begin[i], 1);
    ramp(table.end[i], -1);
  }
  const made = new Float64Array(n);
  let before = 0;
  for (let bin = 0; bin < n; bin++) {
    before += slope[bin];
    made[bin] = Math.max(total[bin] + before, 0);
  }
  return made;
}
