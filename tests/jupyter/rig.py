"""A real JupyterLab on loopback, and a notebook in it, driven through headless Chromium.

`Lab` is a server with configuration folders of its own; `Notebook` is one open notebook: it runs cells, asks the kernel,
takes pictures, and collects what the browser's console calls an error. The fixtures are in conftest.py.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import nbformat
import numpy as np
from playwright.sync_api import ConsoleMessage, Locator, Page, Route

import gmplab as gl
from gmplab.jupyter.packing import packed

ROOT: Final = Path(__file__).resolve().parents[2]
SCREENSHOTS: Final = ROOT / "out" / "screenshots"
CHROMIUM: Final = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
GET_CHROMIUM: Final = "apt-get install -y --no-install-recommends chromium fonts-dejavu-core"
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)
SIZE: Final = (1280, 800)
PATIENCE_MS: Final = 60_000
"""How long a test waits for what must come: a busy machine is slow, and a page that hangs must not hang the tests."""

SETTINGS: Final = {
    # Or JupyterLab asks whether it may fetch news, over the notebook.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # Or what is scrolled out of sight is not on the page.
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}

# The toolbar says idle while the session still starts, and a run-all is then silently dropped.
READY: Final = """name => {
  const session = window.jupyterapp.shell.currentWidget?.sessionContext;
  return !!(session && session.path === name && session.isReady && session.kernelDisplayStatus === "idle");
}"""
# Lab commands are never awaited: a promise that does not come would hang the test, evaluate() has no time-out.
COMMAND: Final = "([name, args]) => { window.jupyterapp.commands.execute(name, args); }"
CELLS_DONE: Final = """() => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === "code");
  const asked = cells.filter(c => c.model.sharedModel.getSource().trim() !== "");
  const failed = c => c.model.outputs.toJSON().some(o => o.output_type === "error");
  return asked.every(c => c.model.executionCount !== null && c.model.executionState !== "running") || cells.some(failed);
}"""
CLOSE: Final = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  panel.context.model.dirty = false;  // or JupyterLab asks whether to save
  panel.dispose();
}"""
RESTART: Final = """() => Promise.race([
  window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(),
  new Promise((_, no) => setTimeout(() => no(new Error("the kernel did not come back")), 40000)),
])"""
SAVE: Final = """() => Promise.race([
  window.jupyterapp.shell.currentWidget.context.save(),
  new Promise((_, no) => setTimeout(() => no(new Error("it was not saved")), 20000)),
])"""
OUTPUTS: Final = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .map(c => c.model.type === "code" ? c.model.outputs.toJSON() : [])"""
ASK: Final = """async ([code, ms]) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({code, store_history: false});
  let text = "";
  future.onIOPub = message => {
    if (message.header.msg_type === "stream") text += message.content.text;
    if (message.header.msg_type === "error") text += message.content.traceback.join("\\n");
  };
  const late = new Promise((_, no) => setTimeout(() => no(new Error("the kernel did not answer")), ms));
  const reply = await Promise.race([future.done, late]);
  return [reply.content.status, text];
}"""


def chromium_path() -> str | None:
    """The system's Chromium, None if there is none. Playwright's own is not used: it would be a download."""
    return next((path for path in CHROMIUM if os.access(path, os.X_OK)), None)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Lab:
    """A JupyterLab server: all that it reads and writes is in `folder`, its kernels import this checkout's gmplab."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "notebooks"
        self.token = secrets.token_hex(16)
        settings = folder / "lab_settings"
        for path in (self.root, settings):
            path.mkdir(parents=True)
        (settings / "overrides.json").write_text(json.dumps(SETTINGS))
        env = {
            **os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTERLAB_SETTINGS_DIR": str(folder / "user_settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"), "PYTHONPATH": str(ROOT), "HOME": str(folder),
        }
        self.port = free_port()
        self.log = open(folder / "log.txt", "w", encoding="utf-8")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={self.port}", "--port-retries=0",
                "--allow-root", f"--ServerApp.root_dir={self.root}", f"--IdentityProvider.token={self.token}",
                "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=", f"--LabApp.app_settings_dir={settings}",
            ],
            stdout=self.log, stderr=subprocess.STDOUT, env=env, cwd=folder,
        )

    def ask(self, path: str, method: str = "GET") -> Any:
        """What the server's API answers. Raises `OSError` while it does not listen."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_MS / 1e3) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def listens(self) -> bool:
        """Whether it is ready. Raises `RuntimeError` with its log where it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended:\n{(self.folder / 'log.txt').read_text()[-3000:]}")
        try:
            self.ask("status")
        except (urllib.error.URLError, OSError):
            return False
        return True

    def wait(self) -> None:
        """Return when it is ready. Raises `TimeoutError` where that takes too long."""
        late = time.monotonic() + PATIENCE_MS / 1e3
        while not self.listens():
            if time.monotonic() > late:
                raise TimeoutError("JupyterLab does not listen")
            time.sleep(0.1)

    def load(self, page: Page) -> Page:
        """Show it on a page."""
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"http://127.0.0.1:{self.port}/lab?token={self.token}&reset", wait_until="domcontentloaded")
        page.wait_for_function("() => window.jupyterapp?.started.then(() => true)")
        page.evaluate(COMMAND, ["application:set-mode", {"mode": "single-document"}])
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        return page

    def stop(self) -> None:
        """End the server and its kernels."""
        if self.process.poll() is None:
            for session in self.ask("sessions"):
                self.ask(f"sessions/{session['id']}", "DELETE")
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Notebook:
    """A notebook that is open in the browser, its kernel idle.

    Parameters
    ----------
    lab : Lab
        The server.
    page : Page
        JupyterLab, loaded. One page shows one notebook after the other: to load JupyterLab anew takes seconds.
    cells : path of a notebook, or sequence of str
        Whose code cells, or the code cells.
    size : (width, height) of the window, in pixels
    dark : whether in JupyterLab's dark theme
    """

    def __init__(
        self, lab: Lab, page: Page, cells: Path | Sequence[str], size: tuple[int, int] = SIZE, dark: bool = False
    ) -> None:
        self.lab = lab
        self.page = page
        # Never a name that was there: the server would give the new notebook the old one's kernel.
        self.name = f"{cells.stem if isinstance(cells, Path) else 'cells'}-{secrets.token_hex(4)}.ipynb"
        if isinstance(cells, Path):
            book = nbformat.read(cells, as_version=4)
        else:
            book = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(source) for source in cells],
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            )
        nbformat.write(book, lab.root / self.name)
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", self._failed)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        self.theme(dark)
        self.command("docmanager:open", {"path": self.name, "factory": "Notebook"})
        page.wait_for_function(READY, arg=self.name)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def _failed(self, error: Exception) -> None:
        self.errors.append(str(error))

    def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """Begin a command of JupyterLab."""
        self.page.evaluate(COMMAND, [name, args or {}])

    def theme(self, dark: bool) -> None:
        """Switch to the dark or the light theme, and wait until it is there."""
        wanted = "false" if dark else "true"
        if self.page.get_attribute("body", "data-jp-theme-light") != wanted:
            self.command("apputils:change-theme", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
        self.page.wait_for_selector(f"body[data-jp-theme-light='{wanted}']", state="attached")

    def run_all(self) -> None:
        """Run all cells, and wait for the last. Raises `AssertionError` with the traceback of a cell that fails."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(CELLS_DONE)
        for output in (output for outputs in self.outputs() for output in outputs):
            if output["output_type"] == "error":
                raise AssertionError(re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output["traceback"])))
        self.page.wait_for_function(READY, arg=self.name)

    def outputs(self) -> list[list[dict[str, Any]]]:
        """The outputs of each cell, as they stand in the notebook's file."""
        found: list[list[dict[str, Any]]] = self.page.evaluate(OUTPUTS)
        return found

    def kernel(self, code: str) -> str:
        """What code prints in the notebook's kernel. Raises `AssertionError` where it raises."""
        status, text = self.page.evaluate(ASK, [code, PATIENCE_MS])
        if status != "ok":
            raise AssertionError(text)
        return str(text).strip()

    def kernel_comes_to(self, code: str, text: str) -> None:
        """Ask the kernel until code prints a text: of many changes in the page it hears of one after the other, and how late
        is the machine's affair. Raises `AssertionError` with what it printed last.
        """
        late = time.monotonic() + PATIENCE_MS / 1e3
        while (told := self.kernel(code)) != text:
            assert time.monotonic() < late, f"{code}: {told!r}, and not {text!r}"

    def find(self, selector: str) -> Locator:
        """What is on the page, in this notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)").locator(selector)

    def screenshot(self, name: str, of: str | None = None) -> Path:
        """Keep a picture of the window, or of the first element of a selector, as out/screenshots/NAME.png."""
        path = SCREENSHOTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if of is None:
            self.page.screenshot(path=path)
        else:
            self.find(of).first.screenshot(path=path)
        return path

    def restart(self) -> None:
        """Start its kernel anew, with all that it knew gone."""
        self.page.evaluate(RESTART)
        self.page.wait_for_function(READY, arg=self.name)

    def reopen(self) -> None:
        """Save it, close it with its kernel, and open it again as somebody else would: with what was saved, and a new kernel."""
        self.page.evaluate(SAVE)
        self.page.evaluate(CLOSE)
        self.end_kernel()
        self.command("docmanager:open", {"path": self.name, "factory": "Notebook"})
        self.page.wait_for_function(READY, arg=self.name)

    def close(self) -> None:
        """Close it, and end its kernel."""
        self.page.remove_listener("console", self._heard)
        self.page.remove_listener("pageerror", self._failed)
        self.page.evaluate(CLOSE)
        self.end_kernel()

    def end_kernel(self) -> None:
        """End the kernel."""
        for session in self.lab.ask("sessions"):
            if session["path"] == self.name:
                self.lab.ask(f"sessions/{session['id']}", "DELETE")


STAND: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>stand</title><body><div id="here"></div>
<script type="module">
import widget from "./widget.js";
const state = await (await fetch("./state.json")).json();
const listeners = {};
const tell = (name, ...args) => (listeners[name] ?? []).slice().forEach((what) => what(...args));
for (const part of state.parts) state.inline[part] = new DataView(await (await fetch(`./inline/${part}`)).arrayBuffer());
window.model = {
  get: (name) => state[name],
  set(name, value) {
    if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
    state[name] = value;
    tell(`change:${name}`);
  },
  save_changes() {},
  on: (name, what) => (listeners[name] ??= []).push(what),
  off: (name, what) => { listeners[name] = (listeners[name] ?? []).filter((other) => other !== what); },
  async send(message) {
    const answer = await (await fetch("./ask", {method: "POST", body: JSON.stringify(message)})).arrayBuffer();
    tell("msg:custom", {...message, kind: "data"}, [new DataView(answer)]);
  },
};
window.listening = () => Object.values(listeners).reduce((n, those) => n + those.length, 0);
window.render = () => {
  const el = document.createElement("div");
  document.getElementById("here").append(el);
  return [el, widget.render({model: window.model, el})];
};
const style = document.createElement("style");
style.textContent = await (await fetch("./widget.css")).text();
document.head.append(style);
[window.el, window.clean] = window.render();
window.view = window.el.firstElementChild.gmplab;
window.started = true;
</script></body></html>"""
"""A page that does to a widget's module what a Jupyter front end does."""


class Stand:
    """A widget on a page of its own, without Jupyter: its module, style and state as a front end would get them.

    Parameters
    ----------
    page : Page
        An empty one.
    widget : gmplab.jupyter.widget.Widget
        What is shown; what the page asks for, it answers.
    """

    def __init__(self, page: Page, widget: Any, size: tuple[int, int] = SIZE) -> None:
        self.page, self.widget = page, widget
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route("http://gmplab.test/**", self._serve)
        page.goto("http://gmplab.test/")
        page.wait_for_function("() => window.started && (window.view.table || window.view.steps)")

    def _serve(self, route: Route) -> None:
        path = route.request.url.partition("gmplab.test")[2]
        state = {
            name: value for name, value in self.widget.get_state().items()
            if not name.startswith("_") and name not in ("layout", "inline")
        }
        if path == "/":
            route.fulfill(body=STAND, content_type="text/html")
        elif path == "/widget.js":
            route.fulfill(body=self.widget._esm, content_type="text/javascript")
        elif path == "/widget.css":
            route.fulfill(body=self.widget._css, content_type="text/css")
        elif path == "/state.json":
            state.update(inline={}, parts=list(self.widget.inline))
            route.fulfill(body=json.dumps(state, default=str), content_type="application/json")
        elif path.startswith("/inline/"):
            route.fulfill(body=self.widget.inline[path.removeprefix("/inline/")])
        elif path == "/ask":
            route.fulfill(body=self.widget.reply(json.loads(route.request.post_data or "{}")))
        else:
            route.fulfill(status=204)

    def get(self, name: str) -> Any:
        """A trait, as the page has it."""
        return self.page.evaluate("name => window.model.get(name)", name)

    def resize(self, size: tuple[int, int]) -> None:
        """Give the window another size, and wait for what follows."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.drawn()

    def drawn(self) -> None:
        """Wait until what was asked for is on the page."""
        self.page.evaluate(THREE_FRAMES)

    def screenshot(self, name: str) -> Path:
        """Keep a picture of the page as out/screenshots/NAME.png."""
        path = SCREENSHOTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
        return path


THREE_FRAMES: Final = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)));
})"""
STATIC_TEST: Final = "async () => { view.lib = await import('./widget.js'); }"
"""What the widget's module exports, as `view.lib` of a Stand's page."""


def by_hand(n: int) -> Any:
    """A Timeline of n spans on 8 lanes, one every 100 ns, made by hand: a run of that size takes long uncompiled."""
    timeline = gl.run("fanout", n=5, procs=8, seed=1).view.timeline()
    each = n // 8
    begin = np.tile(np.arange(each) * 100.0, 8)
    length = np.random.default_rng(1).integers(1, 99, len(begin))
    columns = {
        "begin": begin, "end": begin + length, "kind": (np.arange(len(begin)) % 7 == 0).astype(np.uint8),
        "g": (np.arange(len(begin)) % 1000 + 1).astype(np.int32), "starts": (np.arange(9) * each).astype(np.uint32),
        **{name: np.zeros(0, dtype=np.float64) for name in ("a_t0", "a_t1")}, "a_kind": np.zeros(0, dtype=np.uint8),
        **{name: np.zeros(0, dtype=np.int32) for name in ("a_from", "a_to", "a_g", "who", "name")},
    }
    looks = [
        {"name": name, "face": face, "hatch": "", "ink": "white"} for name, face in (("running", "#0072B2"), ("syscall", "#F0E442"))
    ]
    made = packed(columns, lanes="P", looks=looks, names=[], begin_ns=0, end_ns=each * 100, title="by hand")
    timeline.inline, timeline.view = {}, [0, each * 100]
    timeline.reply = lambda question: made
    return timeline
