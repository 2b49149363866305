"""Op programs: a body as a flat array of operations, so that no Python runs. What each op does is `perform`'s.

Ops are also what the verbs of the other forms of body ask for: one numbering for all.
"""

from __future__ import annotations

from typing import Any, Final, final

from librt.vecs import append, vec
from mypy_extensions import i64

from gmplab.errors import BodyError
from gmplab.runtime.chan import Chan, whole
from gmplab.runtime.dice import draw
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.durations import as_distribution
from gmplab.runtime.mgc import OP_GC
from gmplab.runtime.model import G
from gmplab.runtime.stw import OP_GOMAXPROCS
from gmplab.runtime.sync import Mutex, WaitGroup
from gmplab.runtime.timers import Timer
from gmplab.vocabulary import MAX_PROCS

OP_EXIT: Final = 0
OP_COMPUTE: Final = 1
OP_SEND: Final = 2
OP_RECV: Final = 3
OP_RECV_OK: Final = 4
OP_CLOSE: Final = 5
OP_SELECT: Final = 6
OP_GO: Final = 7
OP_SLEEP: Final = 8
OP_SYSCALL: Final = 9
OP_SYSCALL_BLOCK: Final = 10
OP_GOSCHED: Final = 11
OP_LOCK: Final = 12
OP_UNLOCK: Final = 13
OP_RLOCK: Final = 14
OP_RUNLOCK: Final = 15
OP_WLOCK: Final = 16
OP_WUNLOCK: Final = 17
OP_WG_ADD: Final = 18
OP_WG_WAIT: Final = 19
OP_COND_WAIT: Final = 20
OP_COND_SIGNAL: Final = 21
OP_COND_BROADCAST: Final = 22
OP_ACQUIRE: Final = 23
OP_RELEASE: Final = 24
OP_LOCK_THREAD: Final = 25
OP_UNLOCK_THREAD: Final = 26
OP_IO: Final = 27
OP_REGION: Final = 28
OP_REGION_END: Final = 29
OP_LOG: Final = 30
OP_NOW: Final = 31
OP_WAIT_ARRIVALS: Final = 32
# 33 to 36 and 39: stw.py and mgc.py.
OP_CALL: Final = 37
OP_RESET: Final = 40
OP_STOP: Final = 41
# Ops of programs alone: they take no step and no time.
OP_LOOP: Final = 60
OP_LOOP_J: Final = 61


def checked_procs(n: Any, least: int) -> int:
    """n, a number of Ps."""
    if isinstance(n, bool) or not isinstance(n, int) or not least <= n <= MAX_PROCS:
        raise ValueError(f"gomaxprocs: n = {n!r}: must be an int of {least} to {MAX_PROCS} Ps")
    return n


def shared(verb: str, what: str, obj: Any, kind: Any) -> Any:
    """obj, which is of a kind, or a list of such, of which each G takes that of its arg."""
    for one in obj if isinstance(obj, list) else [obj]:
        if not isinstance(one, kind):
            raise TypeError(f"Program.{verb}: {what} = {one!r}: must be a {kind.__name__}, or a list of them")
    return obj


def number(verb: str, what: str, n: Any) -> int:
    """n, an int that fits 64 bits."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"Program.{verb}: {what} = {n!r}: must be an int")
    if abs(n) > 1 << 62:
        raise ValueError(f"Program.{verb}: {what} = {n}: must be an int of -2**62 to 2**62")
    return n


@final
class Program:
    """A body as a flat array of operations: no Python runs. Built once, run by any number of Gs.

    Each builder method appends an operation and returns the program. A duration is an int (ns), a text or a
    `Distribution`, which is drawn at each execution. `at` chooses among several objects: `objects[arg]` of the G that
    runs, where a list is given in place of one object. `cls` groups the Gs that run it in metrics.

    Examples
    --------
    >>> import gmplab
    >>> worker = Program("worker").compute("10us")
    >>> main = Program("main").loop(5).go(worker).end().sleep("100us")
    >>> gmplab.run(main).metrics["n_goroutines"]
    6
    """

    def __init__(self, name: Any = "program", cls: Any = "") -> None:
        for what, text in (("name", name), ("cls", cls)):
            if not isinstance(text, str):
                raise TypeError(f"Program: {what} = {text!r}: must be a text")
        self.name: str = name
        self.cls: str = cls
        self.code: vec[i64] = vec[i64]([])
        self.objects: list[object] = []
        self.open: list[i64] = []
        # The label of the Gs that run it, as long as run and parent stay the same.
        self.label: i64 = 0
        self.label_cls: i64 = 0
        self.label_run: object = None
        self.label_parent: object = None

    def op(self, op: i64, a: i64 = 0, b: i64 = 0, obj: object = None) -> Program:
        """Append (op, a, b, index of obj, whether obj is a list indexed by the G's arg)."""
        index: i64 = -1
        if obj is not None:
            index = len(self.objects)
            for i in range(len(self.objects)):
                if self.objects[i] is obj:
                    index = i
            if index == len(self.objects):
                self.objects.append(obj)
        for word in (op, a, b, index):
            self.code = append(self.code, word)
        return self

    def timed(self, op: i64, value: Any, b: i64, what: str) -> Program:
        d = as_distribution(value, what)
        fixed = getattr(d, "ns", None) if type(d).__name__ == "Constant" else None
        if fixed is not None:
            return self.op(op, fixed, b)
        return self.op(op, -1, b, d)

    def compute(self, ns: Any, tight: bool = False) -> Program:
        """Use the CPU. tight: without function calls, so that only a signal can preempt it."""
        return self.timed(OP_COMPUTE, ns, 1 if tight else 0, "compute")

    def sleep(self, ns: Any) -> Program:
        return self.timed(OP_SLEEP, ns, 0, "sleep")

    def syscall(self, ns: Any) -> Program:
        """A system call: the M is busy, the P may be taken."""
        return self.timed(OP_SYSCALL, ns, 0, "syscall")

    def syscall_block(self, ns: Any) -> Program:
        """A call known to block: the P is handed off at once."""
        return self.timed(OP_SYSCALL_BLOCK, ns, 0, "syscall_block")

    def io(self, ns: Any) -> Program:
        """Wait on a descriptor that becomes ready after so long; no M is held."""
        return self.timed(OP_IO, ns, 0, "io")

    def send(self, c: Any) -> Program:
        return self.op(OP_SEND, 0, 0, shared("send", "c", c, Chan))

    def recv(self, c: Any) -> Program:
        return self.op(OP_RECV, 0, 0, shared("recv", "c", c, Chan))

    def close(self, c: Any) -> Program:
        return self.op(OP_CLOSE, 0, 0, shared("close", "c", c, Chan))

    def gosched(self) -> Program:
        return self.op(OP_GOSCHED)

    def lock(self, mu: Any) -> Program:
        return self.op(OP_LOCK, 0, 0, shared("lock", "mu", mu, Mutex))

    def unlock(self, mu: Any) -> Program:
        return self.op(OP_UNLOCK, 0, 0, shared("unlock", "mu", mu, Mutex))

    def add(self, wg: Any, n: Any = 1) -> Program:
        return self.op(OP_WG_ADD, number("add", "n", n), 0, shared("add", "wg", wg, WaitGroup))

    def done(self, wg: Any) -> Program:
        return self.op(OP_WG_ADD, -1, 0, shared("done", "wg", wg, WaitGroup))

    def wait(self, wg: Any) -> Program:
        return self.op(OP_WG_WAIT, 0, 0, shared("wait", "wg", wg, WaitGroup))

    def reset(self, t: Any, ns: Any) -> Program:
        """Set a timer: it is due after so long. Make it with `Timer()`, or `Timer(program)` to start a goroutine."""
        shared("reset", "t", t, Timer)
        d = as_distribution(ns, "reset")
        fixed = getattr(d, "ns", None) if type(d).__name__ == "Constant" else None
        if fixed is not None:
            return self.op(OP_RESET, fixed, 0, t)
        self.objects.append(d)
        return self.op(OP_RESET, -1, len(self.objects) - 1, t)

    def stop(self, t: Any) -> Program:
        """Stop a timer."""
        return self.op(OP_STOP, 0, 0, shared("stop", "t", t, Timer))

    def lock_os_thread(self) -> Program:
        return self.op(OP_LOCK_THREAD)

    def unlock_os_thread(self) -> Program:
        return self.op(OP_UNLOCK_THREAD)

    def gc(self, mark: Any) -> Program:
        """Collect garbage: `mark` is the CPU time of marking; the goroutine goes on when the cycle has ended."""
        return self.timed(OP_GC, mark, 0, "gc")

    def gomaxprocs(self, n: Any) -> Program:
        """Use n Ps from now on, at least 1."""
        return self.op(OP_GOMAXPROCS, checked_procs(n, 1))

    def wait_arrivals(self) -> Program:
        """Wait until all arrivals have come and all user goroutines but this one are done."""
        return self.op(OP_WAIT_ARRIVALS)

    def go(self, program: Any, arg: Any = 0, plus_i: bool = False) -> Program:
        """Start a goroutine; its arg is `arg`, plus this one's loop counter (0, 1, ...) with plus_i."""
        return self.op(OP_GO, number("go", "arg", arg), 1 if plus_i else 0, shared("go", "program", program, Program))

    def loop(self, n: Any) -> Program:
        """Repeat up to the matching `end` n times; two deep at most."""
        turns = whole("Program.loop: n", n, 1, "turns")
        if len(self.open) >= 4:
            raise ValueError("Program.loop: loops nest two deep at most")
        self.open.append(len(self.code))
        self.open.append(turns)
        return self

    def end(self) -> Program:
        if len(self.open) == 0:
            raise ValueError("Program.end: no loop is open")
        n = self.open.pop()
        start = self.open.pop()
        return self.op(OP_LOOP if len(self.open) == 0 else OP_LOOP_J, start, n)

    def ahead_ns(self, gp: G) -> i64:
        """How long the compute that gp is about to begin will last, 0 if its next op is another; draws nothing."""
        pc = gp.pc
        if pc >= len(self.code) or self.code[pc] != OP_COMPUTE:
            return 0
        if self.code[pc + 1] >= 0:
            return self.code[pc + 1]
        d = self.objects[self.code[pc + 3]]
        assert isinstance(d, Distribution)
        return d.sample(draw(gp.key, gp.draws + 1))


def fetch_op(gp: G) -> None:
    prog: Program = gp.prog
    code = prog.code
    n: i64 = len(code)
    while True:
        pc = gp.pc
        if pc >= n:
            if len(prog.open) > 0:
                raise BodyError(f"Program {prog.name!r}: a loop is open: its end() is missing")
            gp.op = OP_EXIT
            return
        op = code[pc]
        gp.pc = pc + 4
        if op < OP_LOOP:
            gp.op = op
            gp.a = code[pc + 1]
            gp.b = code[pc + 2]
            k = code[pc + 3]
            if k >= 0:
                obj = prog.objects[k]
                if isinstance(obj, list):
                    try:
                        gp.obj = obj[gp.arg]
                    except IndexError:
                        raise BodyError(
                            f"Program {prog.name!r}: arg = {gp.arg}: must be that of one of {len(obj)} objects, from 0"
                        ) from None
                else:
                    gp.obj = obj
            else:
                gp.obj = None
            return
        if op == OP_LOOP:
            gp.i += 1
            if gp.i < code[pc + 2]:
                gp.pc = code[pc + 1]
            else:
                gp.i = 0
        else:
            gp.cold = True
            gp.j += 1
            if gp.j < code[pc + 2]:
                gp.pc = code[pc + 1]
            else:
                gp.j = 0
