"""What the table is made of: each measure runs in a process of its own and prints a JSON object.

`python -m bench.measures NAME N` gives at least `cpu_s`, the CPU seconds of this thread, and `count`, what was done in
them; gmplab's also `digest`. A measure asserts what it counted, so that a fast wrong answer is no answer.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import gmplab as gl
from bench.peers import PEERS
from bench.scenarios import PROCS, SCENARIOS
from bench.threads import LOADS

Result = dict[str, Any]


def simulated(scenario: str, n: int, record: str = "schedule", procs: int = PROCS) -> Result:
    """One run; per CPU second, its schedules."""
    # Whatever is only loaded at the first run is none of its cost.
    gl.run(SCENARIOS[scenario](10), procs=2)
    plan = SCENARIOS[scenario](n)
    gc.collect()
    begin = time.thread_time()
    run = gl.run(plan, procs=procs, record=record, drain=True)
    cpu_s = time.thread_time() - begin
    counters = run.record.counters
    assert run.complete and counters["n_exited"] == counters["n_goroutines"], (scenario, n, counters)
    return {"cpu_s": cpu_s, "count": counters["n_schedules"], "digest": run.digest}


def peer(name: str, n: int) -> Result:
    """The same in SimPy; per CPU second, its tasks, messages or jobs."""
    PEERS[name](10)
    gc.collect()
    begin = time.thread_time()
    done = PEERS[name](n)
    cpu_s = time.thread_time() - begin
    assert done == n, (name, n, done)
    return {"cpu_s": cpu_s, "count": done}


def frames(n: int) -> Result:
    """n schedules: the run, its schedule frame and its metrics."""
    first = gl.run(SCENARIOS["w2"](10), procs=2)
    assert len(first.schedule) and len(first.metrics)
    plan = SCENARIOS["w2"](n)
    gc.collect()
    begin = time.thread_time()
    run = gl.run(plan, procs=PROCS, record="schedule", drain=True)
    rows, metrics = len(run.schedule), run.metrics
    cpu_s = time.thread_time() - begin
    assert rows == metrics["n_schedules"] >= n, (rows, n)
    return {"cpu_s": cpu_s, "count": rows}


def alive(scenario: str, n: int) -> Result:
    """n goroutines at once; the peak of the resident memory."""
    result = simulated(scenario, n, record="off")
    return {**result, "count": n, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def warmed(size: int) -> None:
    """Touch that many bytes and give them back, so that what is measured next finds its memory there.

    A virtual machine's host gives memory when it is first touched, and takes back what is free: the guest's clocks
    count that as CPU time, up to 2 s a GB, six times what a frame itself takes.
    """
    np.ones(size, dtype=np.uint8)


def rows(n: int) -> Result:
    """n recorded schedules as a frame, then as CSV and as Parquet: CPU seconds of all threads, and bytes a row."""
    run = gl.run(SCENARIOS["w2"](n), procs=PROCS, record="schedule", drain=True)
    stored = sum(len(chunk) for chunk in run.record.tables["schedule"])
    warmed(2 * stored)
    begin = time.process_time()
    count = len(run.schedule)
    frame_s = time.process_time() - begin
    folder = Path(tempfile.mkdtemp(prefix="gmplab-bench-"))
    try:
        warmed(2 * stored)
        begin = time.process_time()
        run.to_csv(folder / "csv")
        csv_s = time.process_time() - begin
        warmed(stored)
        begin = time.process_time()
        run.to_parquet(folder / "parquet")
        parquet_s = time.process_time() - begin
    finally:
        shutil.rmtree(folder)
    assert count >= n, (count, n)
    return {"cpu_s": frame_s, "count": count, "csv_s": csv_s, "parquet_s": parquet_s, "bytes_a_row": stored / count}


def interrupted(n: int) -> Result:
    """How long after Ctrl-C a run that would go on has stopped, and whether its record is there. Wall time."""
    plan = SCENARIOS["w2"](n)
    pressed = [0.0]

    def press() -> None:
        time.sleep(0.3)
        pressed[0] = time.perf_counter()
        os.kill(os.getpid(), signal.SIGINT)

    gl.run(SCENARIOS["w2"](10), procs=2)
    threading.Thread(target=press).start()
    try:
        gl.run(plan, procs=PROCS, record="schedule")
    except KeyboardInterrupt as e:
        after = time.perf_counter() - pressed[0]
        kept = e.run.record.counters["n_schedules"]  # type: ignore[attr-defined]
        assert kept > 0 and e.run.stopped_by == "interrupt"  # type: ignore[attr-defined]
        return {"cpu_s": after, "count": kept}
    raise AssertionError(f"the run of {n} messages ended before it was interrupted: give more")


def process(name: str, n: int) -> Result:
    """A load on threads or on asyncio: CPU seconds of all threads."""
    LOADS[name](200)
    gc.collect()
    begin = time.process_time()
    count = LOADS[name](n)
    return {"cpu_s": time.process_time() - begin, "count": count}


NO_CHROMIUM: Result = {"missing": "no Chromium"}


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium, None if there is none here; `rig`, of the tests, can be imported then."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "jupyter"))
    from playwright.sync_api import sync_playwright
    from rig import FLAGS, chromium_path

    path = chromium_path()
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


def redraw(n: int) -> Result:
    """A Timeline of n spans in headless Chromium, zoomed in and out and moved: the median of a frame's wall time.

    The time of drawing on the canvas, with the pixels read back, so that nothing of it is put off.
    """
    with chromium() as browser:
        if browser is None:
            return NO_CHROMIUM
        from rig import Stand, by_hand

        page = Stand(browser.new_page(), by_hand(n))
        page.drawn()
        times = page.page.evaluate(FRAMES)
    return {"count": n, "ms": median(times), "worst_ms": max(times)}


FRAMES = """() => {
  const times = [];
  for (let i = 0; i < 90; i++) {
    if (i < 30) view.zoom(0.8);
    else if (i < 60) view.pan(i % 2 ? 0.3 : -0.2);
    else view.zoom(1.25);
    const begun = performance.now();
    view.draw();
    view.canvas.getContext("2d").getImageData(0, 0, 1, 1);
    times.push(performance.now() - begun);
  }
  return times;
}"""

PLAY = """
import time
import gmplab as gl
play = gl.playground("gosched_thrash")
play.parameters.children[1].value = "{rounds}"
play.wait()
took = {{"run_and_show": [], "made": [], "cpu": []}}
def timed(name, clock, times):
    do = getattr(play, name)
    def done():
        begun = clock()
        made = do()
        times.append((clock() - begun) * 1e3)
        return made
    setattr(play, name, done)
timed("made", time.perf_counter, took["made"])
timed("run_and_show", time.perf_counter, took["run_and_show"])
timed("run_and_show", time.process_time, took["cpu"])
play
"""
"""A Playground whose runs are timed: all that the kernel does for a move, the simulation in it, and CPU time as well."""
PICTURE = "document.querySelector('img[alt^=\"Scheduling latency\"]')"
REMEMBER = f"""() => {{
  window.shown = [{PICTURE}.src, document.querySelector('.gmplab-timeline').gmplab.table];
  addEventListener('keydown', () => {{ window.begun = performance.now(); }}, {{capture: true, once: true}});
}}"""
MOVED = f"""() => new Promise((done) => {{
  const look = () => {{
    const image = {PICTURE}, view = document.querySelector('.gmplab-timeline').gmplab;
    const there = image.src !== window.shown[0] && image.complete && view.table !== window.shown[1] && view.lastFrame > 0;
    if (there) done(performance.now() - window.begun); else requestAnimationFrame(look);
  }};
  look();
}})"""


def played(n: int) -> Result:
    """A key on a slider of the Playground in JupyterLab, until numbers, canvas and picture of n schedules are on the page.

    Medians of ten moves: wall time `ms` in the page, of which `kernel_ms` and `simulation_ms` are parts; `cpu_ms`: the CPU
    time of the kernel.
    """
    with chromium() as browser:
        if browser is None:
            return NO_CHROMIUM
        from rig import Lab, Notebook

        lab = Lab(Path(tempfile.mkdtemp(prefix="gmplab-bench-")))
        try:
            lab.wait()
            page = lab.load(browser.new_page())
            book = Notebook(lab, page, [PLAY.format(rounds=n // 16)], size=(1280, 1400))
            book.run_all()
            page.wait_for_function(f"() => {PICTURE} && document.querySelector('.gmplab-timeline')?.gmplab?.lastFrame > 0")
            book.find(".noUi-handle").first.focus()
            times = []
            for _ in range(10):
                page.evaluate(REMEMBER)
                page.keyboard.press("ArrowRight")
                times.append(page.evaluate(MOVED))
                book.kernel("play.wait()")
            count = int(book.kernel("print(play.last.metrics['n_schedules'])"))
            parts = json.loads(book.kernel("import json\nprint(json.dumps(took))"))
        finally:
            lab.stop()
    assert count >= n and len(parts["made"]) == 10, (count, n, parts)
    return {
        "count": count, "ms": median(times), "kernel_ms": median(parts["run_and_show"]), "simulation_ms": median(parts["made"]),
        "cpu_ms": median(parts["cpu"]),
    }


MEASURES: dict[str, Callable[[int], Result]] = {
    **{f"gmplab {name}": (lambda n, name=name: simulated(name, n)) for name in SCENARIOS},
    **{f"full {name}": (lambda n, name=name: simulated(name, n, record="full")) for name in ("w1", "w2", "w3")},
    **{f"simpy {name}": (lambda n, name=name: peer(name, n)) for name in PEERS},
    **{f"alive {form}": (lambda n, name=f"alive{form and ' '}{form}": alive(name, n)) for form in ("", "generators", "functions")},
    **{name: (lambda n, name=name: process(name, n)) for name in LOADS},
    "w2 on 256": lambda n: simulated("w2", n, procs=256),
    "frames": frames, "rows": rows, "interrupt": interrupted, "redraw": redraw,
    "played": played,
}


if __name__ == "__main__":
    print(json.dumps(MEASURES[sys.argv[1]](int(sys.argv[2]))))
