"""The verbs: what a body asks for, in the modules beside this one by what they act on. How one asks is in `asking.py`."""

from __future__ import annotations

from gmplab.runtime.verbs_chan import accept, close, connect, listen, recv, recv_ok, select, send
from gmplab.runtime.verbs_go import (
    gc, go, gomaxprocs, gosched, intn, lock_os_thread, log, now, region, region_end, sample, unlock_os_thread,
)
from gmplab.runtime.verbs_sync import acquire, add, broadcast, done, read_lock, read_unlock, release, signal, wait
from gmplab.runtime.verbs_time import after_func, compute, io, new_timer, reset, sleep, stop, syscall

__all__ = [
    "compute", "sleep", "new_timer", "after_func", "reset", "stop", "syscall", "io", "listen", "accept", "connect",
    "gosched", "send", "recv", "recv_ok", "close", "select", "acquire", "release", "read_lock", "read_unlock", "add",
    "done", "wait", "signal", "broadcast", "lock_os_thread", "unlock_os_thread", "gc", "gomaxprocs", "region",
    "region_end", "log", "now", "intn", "sample", "go",
]
"""In the order of the reference."""
