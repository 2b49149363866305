// What is where on a plot's picture: pure functions over columns of places, which are shares of its width and its height.
import { firstAbove, timeText } from "./lanes.js";

// Of bands from the top, each ending where the next begins, the one at a height.
export function bandAt(sides, y) {
  return Math.min(Math.max(firstAbove(sides, y, 0, sides.length) - 1, 0), sides.length - 2);
}

// The point that is nearest to a place, -1 where none is within `near` pixels. Of a line in steps it is the point at the end
// of the step that is nearest: from `s_left` along to the point, and from it down to `s_foot`.
export function nearest({ s_x: xs, s_y: ys, s_left: lefts, s_foot: feet }, x, y, wide, high, near) {
  let [found, least] = [-1, near * near];
  for (let i = 0; i < xs.length; i++) {
    const [along, down] = [Math.min(Math.max(x, lefts ? lefts[i] : xs[i]), xs[i]), Math.min(Math.max(y, ys[i]), feet ? feet[i] : ys[i])];
    const far = Math.min(
      ((along - x) * wide) ** 2 + ((ys[i] - y) * high) ** 2, ((xs[i] - x) * wide) ** 2 + ((down - y) * high) ** 2,
    );
    if (far < least) [found, least] = [i, far];
  }
  return found;
}

// How long a queue was at an instant: the mean over the cell of the map there, and the least and the most.
export function cellText({ c_edge: edge, c_n: n, c_least: least, c_most: most, meta }, row, t) {
  const columns = edge.length - 1;
  const column = Math.min(Math.max(firstAbove(edge, t, 0, edge.length) - 1, 0), columns - 1);
  const i = row * columns + column;
  const many = (k) => `${Number(k.toPrecision(3))} goroutine${k === 1 ? "" : "s"}`;
  const length = least[i] === most[i] ? `${many(most[i])} queued` : `${many(n[i])} queued on average, ${least[i]} to ${most[i]}`;
  return `${meta.cells[row] === "global" ? "global queue" : meta.cells[row]}: ${length}\n${timeText(edge[column], 6)} to ${timeText(edge[column + 1], 6)}`;
}
