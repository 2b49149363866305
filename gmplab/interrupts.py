"""Ctrl-C, and a notebook's "interrupt the kernel", inside of a run: also below a running event loop, and in a thread."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def interruptible() -> Iterator[None]:
    """In here an interrupt raises `KeyboardInterrupt`.

    Where a loop runs below, its own handler (asyncio.run's, or a notebook kernel's for an `await` cell) only asks its task
    to be cancelled, which cannot happen before a run returns; it is set aside. Where no loop runs, a handler of the user's
    own is left alone.

    In a thread other than the main one an interrupt ends the run only in a notebook: ipykernel up to 7.3 answers widgets
    there, and its main thread sets what signals do.
    """
    if threading.current_thread() is not threading.main_thread():
        with heard_elsewhere():
            yield
        return
    before = signal.getsignal(signal.SIGINT)
    if not loop_runs() or not callable(before) or before is signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def loop_runs() -> bool:
    """Whether this thread is below a running asyncio loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


# --- in another thread ------------------------------------------------------------------------------------------------
_elsewhere: set[int] = set()
"""The threads besides the main one that are in a run, by what `threading.get_ident` calls them."""
_before: Any = signal.SIG_IGN
"""What an interrupt did before they were heard."""


@contextmanager
def heard_elsewhere() -> Iterator[None]:
    """In here, in a thread of a notebook's kernel, an interrupt of the idle kernel raises `KeyboardInterrupt`.

    While a cell runs an interrupt is the cell's. Only the main thread may say what a signal does, so its loop is asked to.
    """
    loop, me = kernel_loop(), threading.get_ident()
    if loop is None or me in _elsewhere:
        yield
        return
    _elsewhere.add(me)
    loop.add_callback(listen)
    try:
        yield
    finally:
        _elsewhere.discard(me)
        loop.add_callback(listen)


def kernel_loop() -> Any:
    """The loop of the main thread of the notebook's kernel that this process is, None if it is none."""
    if "ipykernel" not in sys.modules:
        return None
    from IPython import get_ipython  # loaded already

    return getattr(getattr(get_ipython(), "kernel", None), "io_loop", None)


def listen() -> None:
    """In the main thread: hear interrupts while there are runs elsewhere; after the last one they do what they did."""
    global _before
    now = signal.getsignal(signal.SIGINT)
    if _elsewhere and now is not end_all:
        _before = now
        signal.signal(signal.SIGINT, end_all)
    elif not _elsewhere and now is end_all:
        signal.signal(signal.SIGINT, _before)


def end_all(signum: int, frame: FrameType | None) -> None:
    """Raise `KeyboardInterrupt` in each thread that is in a run: a compiled core comes by Python code every few milliseconds."""
    for thread in list(_elsewhere):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt))
