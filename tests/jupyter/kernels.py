"""A notebook's kernel without a browser: cells, a widget's callbacks as JupyterLab sends them, interrupts.

ipykernel 7.3 answers widgets in another thread than cells, a subshell's; 7.4 where the widget spoke last: a slider's first
move is answered in the main thread, and since that answer goes out in the subshell's name, all later ones in the subshell's
thread. `older()` gives a folder with 7.3, which stands before the installed one on a kernel's path. 7.3.0 also loses
messages after an interrupt, whatever was interrupted (`while True: pass` too), so nothing is asked of it afterwards: what a
test wants to know is printed by what it interrupted.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest
from jupyter_client.manager import KernelManager
from rig import ROOT

OLDER: Final = "7.3.0"
PATIENCE_S: Final = 60
AGAIN_S: Final = 3
"""After so long without an effect a person interrupts once more."""


def older(folder: Path) -> Path:
    """A folder with ipykernel 7.3. Skips the test where pip cannot get it."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), f"ipykernel=={OLDER}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"pip could not install ipykernel {OLDER}: {done.stderr.strip()[-200:]}")
    return folder


class Kernel:
    """A kernel in which gmplab is imported as `gl`; `path` stands before all else on its path."""

    def __init__(self, folder: Path, path: Path | None = None) -> None:
        before = [str(path)] if path is not None else []
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([*before, str(ROOT)]), "IPYTHONDIR": str(folder)}
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=env, cwd=str(folder), stderr=subprocess.DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(PATIENCE_S)
        self.heard = ""
        self.subshell: str | None = None
        # A first run, so that no interrupt falls into an import.
        self.run("import ipykernel, gmplab as gl\ngl.run(lambda: gl.compute(us=1)).plot.latency()._repr_html_()")
        self.version = self.run("print(ipykernel.__version__)")

    def thread(self, first: bool) -> str:
        """The begin of the name of the thread in which a widget is answered, for the first time or later."""
        return "MainThread" if first and self.version != OLDER else "subshell-"

    def send(self, code: str) -> str:
        """Begin a cell; returns the id of the message."""
        # Or an error in it would abort the cell that is sent next.
        return str(self.client.execute(code, stop_on_error=False))

    def run(self, code: str) -> str:
        """What a cell prints. An error in it is an `AssertionError`."""
        message, begin = self.send(code), len(self.heard)
        late = time.monotonic() + PATIENCE_S
        while time.monotonic() < late:
            got = self.listen()
            if got is None or got["parent_header"].get("msg_id") != message:
                continue
            if got["msg_type"] == "error":
                raise AssertionError("\n".join(got["content"]["traceback"]))
            if got["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                return self.heard[begin:].strip()
        raise AssertionError(f"the kernel is silent: {code}")

    def asked(self, message: str) -> dict[str, Any]:
        """The reply to a message."""
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == message:
                found: dict[str, Any] = reply["content"]
                return found

    def listen(self) -> dict[str, Any] | None:
        """The next message of the kernel, if one comes soon; what is printed is added to `heard`."""
        try:
            got: dict[str, Any] = self.client.get_iopub_msg(timeout=0.2)
        except queue.Empty:
            return None
        if got["msg_type"] == "stream":
            self.heard += got["content"]["text"]
        return got

    def until(self, text: str, interrupting: bool = False) -> None:
        """Wait until something is printed; interrupt it meanwhile, once, and again where that has no effect."""
        begun = asked = time.monotonic()
        if interrupting:
            self.manager.interrupt_kernel()
        while text not in self.heard:
            now = time.monotonic()
            assert now - begun < PATIENCE_S, f"{text!r} is not in {self.heard!r}"
            if interrupting and now - asked > AGAIN_S:
                self.manager.interrupt_kernel()
                asked = now
            self.listen()

    def tell(self, comm: str, data: dict[str, Any]) -> str:
        """A message to a widget, in a subshell as JupyterLab sends it; returns its id."""
        if self.subshell is None:
            asked = self.client.session.msg("create_subshell_request", {})
            self.client.control_channel.send(asked)
            reply: dict[str, Any] = {}
            while reply.get("msg_type") != "create_subshell_reply":
                reply = self.client.get_control_msg(timeout=PATIENCE_S)
            self.subshell = reply["content"]["subshell_id"]
        message = self.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def done(self, message: str) -> None:
        """Wait until a message is answered. The page's side of a widget does, before it sends the next."""
        late = time.monotonic() + PATIENCE_S
        while time.monotonic() < late:
            got = self.listen()
            if got is not None and got["parent_header"].get("msg_id") == message and got["content"].get("execution_state") == "idle":
                return
        raise AssertionError("a message to a widget is not answered")

    def stop(self) -> None:
        """End it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
