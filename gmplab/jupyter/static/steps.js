// The steps of a window as steps.py makes them: the board after any step, and where to go next. Pure, without a page.

export const KEYFRAME = 256;

export class Steps {
  constructor(data) {
    Object.assign(this, data);
    this.last = this.first + this.t.length - 1;
    this.at = -1;
    this.now = null;
  }

  has(step) {
    return step >= this.first && step <= this.last;
  }

  // The board after a step of the window: forward from the board that it has, else from the keyframe before.
  board(step) {
    const i = step - this.first;
    const key = Math.floor(i / KEYFRAME);
    let from = this.at;
    if (from < 0 || from > i || from < key * KEYFRAME) {
      from = key * KEYFRAME;
      this.now = { ...this.boards[key] };
    }
    for (let k = from + 1; k <= i; k++) Object.assign(this.now, this.changes[k]);
    this.at = i;
    return this.now;
  }

  // The keys that a step changed.
  changed(step) {
    return Object.keys(this.changes[step - this.first]);
  }

  // The last step at or before an instant; the first of the window where all come later.
  until(t) {
    let [lo, hi] = [0, this.t.length];
    while (lo < hi) {
      const middle = (lo + hi) >>> 1;
      if (this.t[middle] > t) hi = middle;
      else lo = middle + 1;
    }
    return this.first + Math.max(lo - 1, 0);
  }

  // The next step after (by = 1) or before (by = -1) one that matches, -1 if there is none in the window.
  find(step, by, matches) {
    for (let i = step - this.first + by; i >= 0 && i < this.t.length; i += by) if (matches(i)) return this.first + i;
    return -1;
  }

  // The step of a goroutine that is at an instant, where one is: of several rows of one instant the one that names it.
  of(t, g) {
    const last = this.until(t);
    for (let step = last; step >= this.first && this.t[step - this.first] === t; step--) {
      if (this.g[step - this.first] === g && this.kinds[this.kind[step - this.first]] === "GoStart") return step;
    }
    for (let step = last; step >= this.first && this.t[step - this.first] === t; step--) {
      if (this.g[step - this.first] === g) return step;
    }
    return last;
  }

  // What a breakpoint's text asks for, as a function of a place in the window: kinds and ids, as "GoStart g7, p2": all of
  // a group, any of the groups. Throws an Error with the word that it does not know.
  matcher(text) {
    const groups = text.split(",").map((group) => group.trim().split(/\s+/).filter(Boolean)).filter((group) => group.length);
    const tests = groups.map((group) => group.map((word) => {
      const id = /^([gmp])(\d+)$/i.exec(word);
      if (id) {
        const [column, n] = [id[1].toLowerCase(), Number(id[2])];
        return (i) => this[column][i] === n;
      }
      const kind = this.kinds.findIndex((name) => name.toLowerCase() === word.toLowerCase());
      if (kind < 0) throw new Error(`unknown: ${word}; a kind such as GoStart, or an id such as g7, m2, p0`);
      return (i) => this.kind[i] === kind;
    }));
    return (i) => tests.some((group) => group.every((test) => test(i)));
  }

  // The calls that led to a step, the outermost first: [function, m, g].
  path(step) {
    const found = [];
    let call = this.call[step - this.first];
    while (call >= 0) {
      const [name, above, m, g] = this.calls.rows[call];
      found.unshift([this.calls.functions[name], m, g]);
      call = above;
    }
    return found;
  }
}
