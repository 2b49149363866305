"""How threads leave a run: in bounded time, whatever they do.

A thread that is inside, or parked, sees by itself that the run has ended. One that runs a body, or a function that a body
called for, is given `GRACE_S`; then an exception is raised in it, which ends Python code; and who does not return even then,
since it is in a call of the operating system that nothing interrupts, is left behind: a daemon thread, that ends when the
call does and touches nothing of the run any more.

m0 cannot be left behind: its caller waits for it. Where it is the process's main thread a signal interrupts its call.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Final

from gmplab.runtime.bodies import Call
from gmplab.threads.driver import Threads
from gmplab.threads.network import Network
from gmplab.threads.seat import INSIDE, Seat

GRACE_S: Final = 0.3
"""A body that reaches its next verb by then ends as if nothing were."""
LAST_S: Final = 0.5
"""How long an exception may take to end a thread's code."""
LATE_S: Final = 10.0
"""How long a loaded machine may keep a thread that has only its way home to go."""


WHOLE: Final = frozenset(
    function.__code__ for function in (Threads.advance, Threads.begin, Threads.refused, Network.ready, Network.unblock)
)
"""What Ctrl-C must not cut in two: it changes the scheduler's state."""


class Unwound(SystemExit):
    """Raised in what still runs when a run has ended. A SystemExit, of which `threading` prints nothing."""


def raise_in(thread: threading.Thread, error: type[BaseException] | None) -> None:
    """Raise an exception in another thread, as soon as it runs Python code; None: take one back that it has not seen."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), None if error is None else ctypes.py_object(error)
        )


class Signals:
    """In the process's main thread, while it is m0: Ctrl-C waits for the end of a step, and SIGURG calls m0 back.

    SIGURG, as in Go: nobody else uses it, and by default it is ignored.
    """

    def __init__(self, driver: Threads) -> None:
        self.driver = driver
        self.before: dict[int, Any] = {}
        self.main = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Signals:
        if self.main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.before[signal.SIGINT] = signal.signal(signal.SIGINT, self.interrupted)
        if self.main:
            self.before[signal.SIGURG] = signal.signal(signal.SIGURG, self.called_back)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self.before.items():
            # A handler that was not set by Python cannot be set by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def interrupted(self, number: int, frame: FrameType | None) -> None:
        """SIGINT: at once, but for a step, which is done first."""
        while frame is not None:
            if frame.f_code in WHOLE:
                self.driver.interrupted = True
                return
            frame = frame.f_back
        raise KeyboardInterrupt

    def called_back(self, number: int, frame: FrameType | None) -> None:
        """SIGURG: the run has ended elsewhere, while m0 is in a body or a call."""
        if self.driver.over.is_set() and self.driver.seats[0].doing != INSIDE:
            raise Unwound


class Leaving:
    """The end of a run, for the threads.

    Parameters
    ----------
    driver : Threads
    """

    def __init__(self, driver: Threads) -> None:
        self.driver = driver
        self.back = threading.Event()
        """m0 is out of the run."""
        self.calling_back = threading.Lock()

    def call_m0_back(self) -> None:
        """By the thread that ended the run: give m0 its grace, then interrupt what it does, until it is back."""
        seat = self.driver.seats[0]
        while not self.back.wait(GRACE_S):
            with self.calling_back:
                if self.back.is_set() or seat.doing == INSIDE:
                    continue
                if seat.thread is threading.main_thread():
                    signal.pthread_kill(seat.thread.ident or 0, signal.SIGURG)
                else:
                    raise_in(seat.thread, Unwound)

    def m0_is_back(self) -> None:
        """By m0: nothing is raised in it from here on."""
        while not self.back.is_set():
            try:
                with self.calling_back:
                    self.back.set()
                    if self.driver.seats[0].thread is not threading.main_thread():
                        raise_in(threading.current_thread(), None)
            except Unwound:
                continue

    def see_off(self) -> list[str]:
        """Wait for all threads but m0's, for a bounded time; returns who is left behind, and at what."""
        driver = self.driver
        threads = {seat.thread: seat for seat in driver.seats.values() if seat.mp.id != 0}
        left = [driver.clock.thread, *threads]
        try:
            left = join(left, GRACE_S)
            for thread in left:
                if thread in threads and threads[thread].doing != INSIDE:
                    raise_in(thread, Unwound)
            left = join(left, LAST_S)
            # Who is inside comes by itself, once the machine lets it.
            inside = [thread for thread in left if thread not in threads or threads[thread].doing == INSIDE]
            late = join(inside, LATE_S)
            left = [thread for thread in left if thread in late or thread not in inside]
        except KeyboardInterrupt:
            # Who presses Ctrl-C again does not want to wait.
            left = [thread for thread in left if thread.is_alive()]
        return [at_what(threads[thread], driver) for thread in left if thread in threads]


def join(threads: list[threading.Thread], most_s: float) -> list[threading.Thread]:
    """Wait for threads, for a time in all; those that still run."""
    until = time.monotonic() + most_s
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, until - time.monotonic()))
    return [thread for thread in threads if thread.is_alive()]


def at_what(seat: Seat, driver: Threads) -> str:
    """What a thread that does not return does: m3 (thread 12): goroutine 7 [worker] is in a syscall (sleep), at ..."""
    gp = seat.mp.curg
    whose = "" if gp is None else f"goroutine {gp.goid} [{driver.sched.labels[gp.label][1]}] "
    call = None if gp is None or seat.doing == INSIDE else gp.obj
    what = f" ({getattr(call.fn, '__qualname__', call.fn)})" if isinstance(call, Call) else ""
    frame = sys._current_frames().get(seat.thread.ident or 0)
    name = "" if frame is None else frame.f_code.co_filename.rsplit("/", 1)[-1]
    where = "" if frame is None else f", at {name}:{frame.f_lineno} in {frame.f_code.co_name}"
    return f"m{seat.mp.id} (thread {seat.thread.native_id}): {whose}{seat.doing or 'waits for the lock'}{what}{where}"
