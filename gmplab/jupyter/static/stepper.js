// The Stepper: the scheduler as it is after an event, and the sentence that says what happened and why.
import { LATE, request } from "./buffers.js";
import { element } from "./element.js";
import { cheatSheet, helpButton } from "./help.js";
import { keepLetters } from "./keys.js";
import { timeText } from "./lanes.js";
import { Steps } from "./steps.js";

const SPEEDS = [1, 2, 5, 10, 30];
const MOST_CARDS = 16;
const MOST_ROWS = 24;
const MOST_CALLS = 14;
const MOST_CHIPS = 10;
const FEW_CHIPS = 3;
const ICONS = {
  first: "M4 4h2v12H4zM16 4v12L7 10z", back: "M12 3l2 2-5 5 5 5-2 2-7-7z", play: "M6 4l10 6-10 6z", pause: "M5 4h4v12H5zM11 4h4v12h-4z",
  next: "M8 3l7 7-7 7-2-2 5-5-5-5z", last: "M14 4h2v12h-2zM4 4v12l9-6z",
};
const HELP = [
  ["right; left", "a step forward, also space; back"], ["Home; End", "the first step; the last"],
  ["N; B", "the next event of this kind; the one before"], ["G", "the next event of the selected goroutine"], ["P", "play and pause"],
  ["stop at", "where play stops: GoStart g7, p2 (space: and, comma: or)"], ["click on a G", "select it"],
];

function node(tag, attributes = {}, ...children) {
  return element(tag, Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)), ...children);
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export class StepperView {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.off = [];
    this.steps = null;
    this.timer = 0;
    this.waiting = () => {};
    this.build();
    this.listen();
    this.ask();
  }

  // --- the page --------------------------------------------------------------------------------------------------------
  build() {
    this.root.classList.add("gmplab", "gmplab-stepper");
    keepLetters(this.root);
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", `Stepper. ${HELP.slice(0, 5).map((row) => row.join(": ")).join("; ")}. Press ? for this list.`);
    const button = (name, title, what) => {
      const made = node("button", { type: "button", title, "aria-label": title }, icon(name));
      made.addEventListener("click", what);
      return made;
    };
    this.play = button("play", "Play", () => this.toggle());
    this.slider = node("input", { type: "range", min: "0", max: "0", step: "1", "aria-label": "Step" });
    this.slider.addEventListener("input", () => this.to(Number(this.slider.value)));
    this.speed = node("select", { "aria-label": "Speed", title: "Steps a second" },
      ...SPEEDS.map((n) => node("option", { value: String(n) }, `${n} / s`)));
    this.speed.value = "2";
    this.kind = node("select", { "aria-label": "Kind of event", title: "Which event the buttons beside it look for" });
    const seek = (text, title, by) => {
      const made = node("button", { type: "button", title }, text);
      made.addEventListener("click", () => this.seek(by));
      return made;
    };
    this.stop = node("input", {
      type: "text", placeholder: "stop at: GoStart g7, p2", "aria-label": "Breakpoints", size: "20",
      title: "Play stops at these: kinds and ids; a space is and, a comma is or",
    });
    this.stop.addEventListener("change", () => this.breakpoints());
    const help = cheatSheet(HELP);
    this.helper = helpButton(help);
    this.root.append(
      node("div", { class: "gmplab-bar", role: "toolbar", "aria-label": "Steps" },
        node("span", { class: "gmplab-group" }, button("first", "First", () => this.to(0)), button("back", "Back", () => this.by(-1)),
          this.play, button("next", "Next", () => this.by(1)), button("last", "Last", () => this.to(Infinity))),
        node("span", { class: "gmplab-group gmplab-slide" }, this.slider), node("span", { class: "gmplab-group" }, this.speed),
        node("span", { class: "gmplab-group" }, this.kind, seek("\u2039 last", "Last event of this kind", -1), seek("next \u203a", "Next event of this kind", 1)),
        node("span", { class: "gmplab-group" }, this.stop, this.helper)),
      help,
    );
    this.meta = node("div", { class: "gmplab-meta" }, "Loading the steps");
    this.sentence = node("div", { class: "gmplab-sentence", "aria-live": "polite" });
    this.calls = node("div", { class: "gmplab-calls", hidden: "" });
    this.board = node("div", { class: "gmplab-board" });
    this.root.append(this.meta, this.sentence, this.calls, this.board);
  }

  listen() {
    const on = (name, what) => {
      this.model.on(name, what);
      this.off.push(() => this.model.off(name, what));
    };
    on("change:step", () => this.show());
    on("change:selected_g", () => this.show());
    on("change:time_ns", () => this.follow());
    const key = (event) => this.key(event);
    this.root.addEventListener("keydown", key);
    this.off.push(() => this.root.removeEventListener("keydown", key), () => this.pause());
  }

  remove() {
    for (const off of this.off) off();
    this.waiting();
    this.steps = null;
  }

  // Get a window of steps, and go on with it. Who asks anew no longer waits for what was asked before.
  load(part, at, then) {
    this.waiting();
    this.waiting = request(this.model, part, at, (bytes) => {
      this.steps = new Steps(JSON.parse(new TextDecoder().decode(bytes)));
      // That of the model's state may be a small one.
      this.small = at === undefined && this.steps.t.length < this.steps.rows;
      this.filled();
      then();
    }, () => { this.meta.textContent += `; ${LATE}`; });
  }

  // The window of the model's state, or the one around a step from the kernel.
  ask(step) {
    this.load("steps", step, () => (step === undefined ? this.follow() : this.to(step)));
  }

  filled() {
    const { rows, kinds } = this.steps;
    this.slider.max = String(Math.max(rows - 1, 0));
    // The kinds of all windows that were here, in their order.
    const there = new Set([...this.steps.kind, ...Array.from(this.kind.options, (option) => Number(option.value))]);
    if (there.size > this.kind.options.length) {
      const chosen = this.kind.value || String(kinds.indexOf("GoStart"));
      this.kind.replaceChildren(...kinds.map((name, code) => [name, code]).filter(([, code]) => there.has(code))
        .map(([name, code]) => node("option", { value: String(code) }, name)));
      if (there.has(Number(chosen))) this.kind.value = chosen;
    }
    this.breakpoints();
  }

  // --- moving ------------------------------------------------------------------------------------------------------------
  step() {
    return this.model.get("step");
  }

  by(n) {
    this.to(this.step() + n);
  }

  // To a step; every view of the run that is linked goes to its instant.
  to(step) {
    if (!this.steps || !this.steps.rows) return;
    step = Math.min(Math.max(Math.round(step), 0), this.steps.rows - 1);
    if (!this.steps.has(step)) {
      this.model.set("step", step);
      this.model.save_changes();
      this.meta.textContent = `Step ${(step + 1).toLocaleString("en")} of ${this.steps.rows.toLocaleString("en")}: asking the kernel for its window`;
      this.ask(step);
      return;
    }
    this.model.set("step", step);
    this.model.set("time_ns", this.steps.t[step - this.steps.first]);
    this.model.save_changes();
  }

  // The instant was changed, here or by a linked view: go to it, unless the step is there already.
  follow() {
    const { steps } = this;
    if (!steps || !steps.rows) return this.show();
    const [step, t] = [this.step(), this.model.get("time_ns")];
    if (steps.has(step) && steps.t[step - steps.first] === t) return this.show();
    const [begin, end] = [steps.t[0], steps.t[steps.t.length - 1]];
    if ((t < begin && steps.first > 0) || (t > end && steps.last < steps.rows - 1)) {
      this.seekTime(t);
      return;
    }
    this.showAt(t);
  }

  // The step at an instant of the window that is there.
  showAt(t) {
    this.model.set("step", this.steps.of(t, this.model.get("selected_g")));
    this.model.save_changes();
    this.show();
  }

  seekTime(t) {
    this.meta.textContent = `${timeText(t)}: asking the kernel for the steps there`;
    this.load("at", t, () => this.showAt(t));
  }

  seek(by, matches) {
    if (!this.steps) return;
    const code = Number(this.kind.value);
    const found = this.steps.find(this.step(), by, matches ?? ((i) => this.steps.kind[i] === code));
    if (found >= 0) this.to(found);
    else if (this.small) {
      this.load("steps", this.step(), () => {
        this.show();
        this.seek(by, matches);
      });
    } else this.meta.textContent += "; no further one in this window";
  }

  breakpoints() {
    this.stops = null;
    this.stop.setCustomValidity("");
    if (!this.stop.value.trim() || !this.steps) return;
    try {
      this.stops = this.steps.matcher(this.stop.value);
    } catch (error) {
      this.stop.setCustomValidity(error.message);
      this.stop.reportValidity();
    }
  }

  toggle() {
    if (this.timer) this.pause();
    else this.run();
  }

  run() {
    if (!this.steps) return;
    this.play.replaceChildren(icon("pause"));
    this.play.title = "Pause";
    this.play.setAttribute("aria-label", "Pause");
    // Said once a pause, not thirty times a second.
    this.sentence.setAttribute("aria-live", "off");
    const next = () => {
      const before = this.step();
      this.by(1);
      const step = this.step();
      const hit = this.stops && this.steps?.has(step) && this.stops(step - this.steps.first);
      if (step === before || hit) this.pause();
      else this.timer = setTimeout(next, 1000 / Number(this.speed.value));
    };
    this.timer = setTimeout(next, 0);
  }

  pause() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.play.replaceChildren(icon("play"));
    this.play.title = "Play";
    this.play.setAttribute("aria-label", "Play");
    this.sentence.setAttribute("aria-live", "polite");
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input[type=text], select")) return;
    if (event.key === " " && event.target.matches("button")) return;
    const keys = {
      ArrowRight: () => this.by(1), " ": () => this.by(1), ArrowLeft: () => this.by(-1), Home: () => this.to(0),
      End: () => this.to(Infinity), n: () => this.seek(1, this.sameKind()), b: () => this.seek(-1, this.sameKind()),
      p: () => this.toggle(), "?": () => this.helper.click(), g: () => this.seek(1, (i) => this.steps.g[i] === this.model.get("selected_g")),
    };
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || !this.steps) return;
    event.preventDefault();
    // Or JupyterLab takes the key as a command for the notebook.
    event.stopPropagation();
    act();
  }

  sameKind() {
    const code = this.steps.kind[this.step() - this.steps.first];
    return (i) => this.steps.kind[i] === code;
  }

  // --- showing -----------------------------------------------------------------------------------------------------------
  show() {
    const { steps } = this;
    if (!steps) return;
    if (!steps.rows) {
      this.meta.textContent = "Nothing was recorded.";
      return;
    }
    const step = this.step();
    if (!steps.has(step)) return;
    const i = step - steps.first;
    this.slider.value = String(step);
    this.meta.textContent = `Step ${(step + 1).toLocaleString("en")} of ${steps.rows.toLocaleString("en")} \u00b7 ${timeText(steps.t[i])} \u00b7 ${steps.kinds[steps.kind[i]]}`;
    this.sentence.textContent = steps.text[i];
    this.showCalls(step);
    const scroll = this.board.scrollTop;
    const board = steps.board(step);
    const changed = new Set(steps.changed(step));
    this.board.replaceChildren(this.numbers(board, changed), this.processors(board, changed), this.lists(board, changed), this.machines(board, changed));
    this.board.scrollTop = scroll;
  }

  showCalls(step) {
    const path = this.steps.path(step);
    this.calls.hidden = path.length === 0;
    const shown = path.slice(-MOST_CALLS);
    const parts = [];
    let m = null;
    for (const [name, on] of shown) {
      if (parts.length) parts.push(node("span", { class: "gmplab-arrow" }, on === m ? " \u203a " : " \u21d2 "));
      if (on !== m && on >= 0) parts.push(node("span", { class: "gmplab-on" }, `M${on} `));
      parts.push(node("span", { class: "gmplab-call" }, name));
      m = on;
    }
    if (path.length > shown.length) parts.unshift(node("span", {}, `${path.length - shown.length} calls before \u203a `));
    this.calls.replaceChildren(node("span", { class: "gmplab-label" }, "called by "), ...parts);
  }

  // A goroutine: a button that selects it.
  chip(g, state = "") {
    const chosen = g === this.model.get("selected_g");
    const made = node("button", { type: "button", class: `gmplab-chip ${state}`, "aria-pressed": String(chosen), title: `Select G${g}` }, `G${g}`);
    made.addEventListener("click", () => {
      this.model.set("selected_g", chosen ? -1 : g);
      this.model.save_changes();
    });
    return made;
  }

  chips([n, first], state = "runnable", most = MOST_CHIPS) {
    if (!n) return [node("span", { class: "gmplab-none" }, "empty")];
    const shown = first.slice(0, most);
    const made = shown.map((g) => this.chip(g, state));
    if (n > shown.length) made.push(node("span", { class: "gmplab-more" }, `and ${n - shown.length} more`));
    return made;
  }

  row(label, ...children) {
    return node("div", { class: "gmplab-row" }, node("span", { class: "gmplab-label" }, label), node("span", { class: "gmplab-items" }, ...children));
  }

  card(key, changed, ...children) {
    return node("section", { class: changed.has(key) ? "gmplab-card gmplab-changed" : "gmplab-card" }, ...children);
  }

  numbers({ n: [runnable, running, syscall, waiting], world: [procs, spinning, threads, stopping, gc, , , m] }, changed) {
    const looks = this.steps.kinds[this.steps.kind[this.step() - this.steps.first]] === "Sysmon" ? ", and looks around now" : "";
    const sysmon = m < 0 ? "no sysmon" : `sysmon is M${m}${looks}`;
    const world = stopping ? "the world is stopped, or stopping" : `${spinning} spinning`;
    return this.card("n", changed, this.row("Gs", `${running} running, ${runnable} runnable, ${syscall} in a syscall, ${waiting} waiting`),
      this.row("sched", `GOMAXPROCS ${procs}, ${threads} thread${threads === 1 ? "" : "s"}, ${world}, GC ${gc}; ${sysmon}`));
  }

  processors(board, changed) {
    const ids = Array.from({ length: board.world[5] }, (_, p) => p).filter((p) => `p${p}` in board);
    const quiet = (p) => {
      const [status, m, next, runnext, queued, , timers] = board[`p${p}`];
      return ids.length > MOST_CARDS && m < 0 && next < 0 && runnext < 0 && !queued && !timers && !changed.has(`p${p}`) && status !== "gcstop";
    };
    const cards = ids.filter((p) => !quiet(p)).map((p) => this.processor(p, board, changed, ids.length > MOST_CARDS ? FEW_CHIPS : MOST_CHIPS));
    const idle = ids.filter(quiet);
    if (idle.length) cards.push(node("section", { class: "gmplab-card" }, this.row(`${idle.length} more Ps`, "idle and empty")));
    if (board.world[5] > ids.length) cards.push(node("section", { class: "gmplab-card" }, `and ${board.world[5] - ids.length} Ps that are not shown`));
    return node("div", { class: ids.length > MOST_CARDS ? "gmplab-ps gmplab-small" : "gmplab-ps" }, ...cards);
  }

  processor(p, board, changed, most) {
    const [status, m, next, runnext, queued, first, timers] = board[`p${p}`];
    const owner = m >= 0 ? `on M${m}` : next >= 0 ? `promised to M${next}` : status;
    const machine = board[`m${m}`];
    const runs = machine && machine[2] >= 0 ? [this.chip(machine[2], machine[0] === "syscall" ? "syscall" : "running")] : [node("span", { class: "gmplab-none" }, machine ? machine[0] : "idle")];
    const parts = [node("h4", {}, `P${p} `, node("span", { class: "gmplab-sub" }, owner)), this.row("runs", ...runs),
      this.row("runnext", runnext >= 0 ? this.chip(runnext, "runnable") : node("span", { class: "gmplab-none" }, "empty")),
      this.row(`queue ${queued}`, ...this.chips([queued, first], "runnable", most))];
    if (timers) parts.push(this.row("timers", String(timers)));
    return this.card(`p${p}`, changed, ...parts);
  }

  lists(board, changed) {
    const names = (letter, [n, first]) => (n ? `${first.map((i) => `${letter}${i}`).join(" ")}${n > first.length ? ` and ${n - first.length} more` : ""}` : "empty");
    const cards = [
      this.card("runq", changed, this.row(`global queue ${board.runq[0]}`, ...this.chips(board.runq))),
      this.card("midle", changed, this.row(`midle ${board.midle[0]}`, names("M", board.midle))),
      this.card("pidle", changed, this.row(`pidle ${board.pidle[0]}`, names("P", board.pidle))),
    ];
    if (board.net[0]) cards.push(this.card("net", changed, this.row("ready in epoll", ...this.chips(board.net, "waiting"))));
    const [n, queues] = board.wait;
    if (n) {
      const rows = queues.map(([name, reason, length, first]) => this.row(`${name}: ${reason}`, ...this.chips([length, first], "waiting")));
      if (n > queues.length) rows.push(this.row("", `and ${n - queues.length} more objects with waiters`));
      const card = this.card("wait", changed, ...rows);
      card.classList.add("gmplab-wide");
      cards.push(card);
    }
    return node("div", { class: "gmplab-lists" }, ...cards);
  }

  machines(board, changed) {
    const all = Array.from({ length: board.world[6] }, (_, m) => m).filter((m) => `m${m}` in board);
    const asleep = (m) => all.length > MOST_ROWS && ["midle", "exited"].includes(board[`m${m}`][0]) && !changed.has(`m${m}`);
    const rows = all.filter((m) => !asleep(m)).slice(0, 4 * MOST_ROWS).map((m) => this.machine(m, board[`m${m}`], changed, m === board.world[7]));
    const hidden = board.world[6] - rows.length;
    if (hidden) rows.push(node("section", { class: "gmplab-card" }, this.row(`${hidden} more Ms`, "parked, exited, or not shown")));
    return node("div", { class: "gmplab-ms" }, ...rows);
  }

  machine(m, [place, p, g, hands, spinning, passes, locked, until], changed, sysmon) {
    const parts = [node("span", { class: "gmplab-place" }, !sysmon ? place : place === "sysmon" ? "sysmon, asleep" : `sysmon, ${place}`)];
    if (g >= 0) parts.push(this.chip(g, place === "syscall" ? "syscall" : place === "running" ? "running" : "waiting"));
    if (p >= 0) parts.push(`on P${p}`);
    if (hands.length) parts.push("in hand ", ...hands.map((i) => this.chip(i, "runnable")));
    if (spinning) parts.push(`after ${passes} ${passes === 1 ? "pass" : "passes"}`);
    if (locked >= 0) parts.push(`locked to G${locked}`);
    if (until >= 0) parts.push(`until ${timeText(until)}`);
    return this.card(`m${m}`, changed, this.row(`M${m}`, ...parts.flatMap((part) => [part, " "])));
  }
}

export default {
  render({ model, el }) {
    const root = node("div");
    el.append(root);
    const view = new StepperView(model, root);
    root.gmplab = view;
    return () => view.remove();
  },
};
