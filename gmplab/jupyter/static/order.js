// Which goroutines have a lane, and in what order: pure functions over the columns of a Timeline.

// What lanes can be sorted by: the name, and the state whose time in the whole run counts, the most on top.
export const ORDERS = { born: ["by birth", ""], wait: ["most runnable", "runnable"], run: ["most running", "running"], blocked: ["most waiting", "waiting"] };

// The time of a kind in each lane.
export function timeInLanes(table, kind) {
  const { starts, begin, end, kind: kinds } = table;
  const time = new Float64Array(starts.length - 1);
  for (let lane = 0; lane < time.length; lane++) {
    for (let i = starts[lane]; i < starts[lane + 1]; i++) if (kinds[i] === kind) time[lane] += end[i] - begin[i];
  }
  return time;
}

// Whether a goroutine is meant by words: `g7` is one of this id, anything else is a part of a name.
export function meant(words, g, name) {
  return words.some((word) => (/^g\d+$/.test(word) ? word === `g${g}` : name.includes(word)));
}

// The lanes that are shown, from the top. `nameOf`: goroutine to name; `only`: what the reader typed, empty for all.
export function ordered(table, by, only, nameOf) {
  const n = table.starts.length - 1;
  const words = only.toLowerCase().split(/[\s,]+/).filter((word) => word);
  let lanes = Int32Array.from({ length: n }, (_, lane) => lane);
  if (words.length) lanes = lanes.filter((lane) => meant(words, lane + 1, (nameOf.get(lane + 1) ?? "").toLowerCase()));
  const kind = table.meta.looks.findIndex(({ name }) => name === ORDERS[by][1]);
  if (kind < 0) return lanes;
  const time = timeInLanes(table, kind);
  return lanes.sort((a, b) => time[b] - time[a] || a - b);
}

// Where each lane is shown, -1: nowhere.
export function rowsOf(lanes, n) {
  const rows = new Int32Array(n).fill(-1);
  lanes.forEach((lane, row) => { rows[lane] = row; });
  return rows;
}
