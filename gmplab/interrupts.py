"""Ctrl-C inside of a run, also below a running event loop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[None]:
    """In here Ctrl-C raises `KeyboardInterrupt` in the main thread, also below a running asyncio loop.

    A loop's own handler (asyncio.run's, or a notebook kernel's for an `await` cell) only asks its task to be cancelled,
    which cannot happen before a run returns. Where no loop runs, a handler of the user's own is left alone.
    """
    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and loop_runs() and callable(before)
    if not ours or before is signal.default_int_handler:
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
