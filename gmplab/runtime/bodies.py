"""How a goroutine's code runs: op programs, generators and coroutines, plain functions on greenlets.

A body never calls the core. A verb (`verbs.py`) writes a request on the current G, found through a thread-local set around
every resume, and the driver performs it as a step. In a generator or coroutine the verb returns a token that must be the
next thing yielded or awaited; in a plain function it switches to the hub and returns the result. Python code in a
body takes no virtual time; `compute` does.
"""

from __future__ import annotations

import inspect
import sys
import threading
from threading import get_ident
from types import CoroutineType, FunctionType, GeneratorType
from typing import Any, Final, Optional, final
from collections.abc import Generator

from mypy_extensions import i64

from gmplab.errors import BodyError, GoPanic, NotInstalled
from gmplab.runtime.calls import call
from gmplab.runtime.distributions import Distribution
from gmplab.runtime.model import G, M, Sched, Starts
from gmplab.runtime.proc import newproc1
from gmplab.runtime.program import OP_EXIT, Program
from gmplab.runtime.recorder import Histogram
from gmplab.vocabulary import KIND_USER

MAIN_G: Final = 1
"""Main's id: it is made first. Not `sched.main`, which is another G once a draining run has reused it."""

VERBS: Final = (
    "exit", "compute", "send", "recv", "recv_ok", "close", "select", "go", "sleep", "syscall", "syscall", "gosched", "acquire",
    "release", "read_lock", "read_unlock", "acquire", "release", "add", "wait", "wait", "signal", "broadcast", "acquire",
    "release", "lock_os_thread", "unlock_os_thread", "io", "region", "region_end", "log", "now", "wait_arrivals",
    "gomaxprocs", "update_gomaxprocs", "gc", "gc_worker", "compute",
    "a verb of sockets", "force_gc", "reset", "stop",
)
"""The verb of each op, for messages."""
HOW_TO_ASK: Final = "in a generator write `yield verb(...)`, in a coroutine `await verb(...)`"

# inspect's, as constants: a body's form is asked for at each `go`.
CO_GENERATOR: Final = 0x20
CO_COROUTINE: Final = 0x80
CO_ASYNC_GENERATOR: Final = 0x200

FORM_PROGRAM: Final = 0
FORM_GENERATOR: Final = 1
FORM_GREENLET: Final = 2
FORM_COROUTINE: Final = 3

RUNTIME: Final[str] = __file__.rpartition("bodies")[0]
"""This folder: its frames are none of a body's."""
THREADS: Final[str] = RUNTIME.rpartition("runtime")[0] + "threads"
"""The other driver's, neither."""


@final
class Here:
    """Whose body runs in a thread: what a verb must know. Set around every resume."""

    def __init__(self, ident: i64) -> None:
        self.ident: i64 = ident
        self.g: Optional[G] = None
        self.hub: Optional[Hub] = None
        """The greenlets of this thread, made for one run."""
        self.returned: list[object] = [None]
        """Where `resumed` leaves what a body has returned."""


FIRST: Final = Here(get_ident())
"""That of the thread which imports this, mostly the only one: asking a thread-local costs more than a schedule()."""
_others = threading.local()


def thread_ident() -> i64:
    """`get_ident`; what is said below of the functions for frames holds for this one too."""
    ident: i64 = get_ident()
    return ident


def here() -> Here:
    """The `Here` of this thread."""
    ident = thread_ident()
    first = FIRST
    if first.ident == ident:
        return first
    return elsewhere(ident)


def elsewhere(ident: i64) -> Here:
    """The `Here` of another thread than the first."""
    mine = getattr(_others, "here", None)
    if mine is None:
        mine = Here(ident)
        _others.here = mine
    assert isinstance(mine, Here)
    return mine


@final
class Token:
    """What a verb returns in a generator or coroutine: yield it, or await it, at once."""

    def __await__(self) -> Generator[Token, object, object]:
        return _awaited(self)

    def __repr__(self) -> str:
        return "<a verb's token: yield it at once>"


def _awaited(token: Token) -> Generator[Token, object, object]:
    result = yield token
    return result


TOKEN: Final = Token()


def nowhere() -> BodyError:
    return BodyError("a verb was called, but no goroutine runs in this thread: call it in a body that gmplab.run() runs")


def current() -> G:
    """The G whose body runs in this thread; `BodyError` if there is none."""
    gp = here().g
    if gp is None:
        raise nowhere()
    return gp


@final
class Call:
    """A function that a body has called by the runtime, and how long that takes in virtual time."""

    def __init__(self, fn: Any, args: tuple[object, ...], takes: Optional[Distribution]) -> None:
        self.fn: Any = fn
        self.args: tuple[object, ...] = args
        self.takes: Optional[Distribution] = takes


@final
class Raised:
    """The result of a request that failed: its error is raised in the body, at the verb."""

    def __init__(self, error: BaseException) -> None:
        self.error: BaseException = error


def called(gp: G) -> None:
    """Call the function that gp asks for. What it returns is the result, and what it raises is raised in the body."""
    call = gp.obj
    assert isinstance(call, Call)
    try:
        gp.result = call.fn(*call.args)
    except Exception as e:
        gp.result = Raised(e)


@final
class Spawn(Starts):
    """What `go` asks for: a body, its arguments and its marks."""

    def __init__(
        self, fn: object, args: tuple[object, ...], name: str, cls: str, weight: i64, deadline_ns: i64, site: str
    ) -> None:
        self.fn: object = fn
        self.args: tuple[object, ...] = args
        self.name: str = name
        self.cls: str = cls
        self.weight: i64 = weight
        self.deadline_ns: i64 = deadline_ns
        self.site: str = site

    def start(self, sched: Sched, mp: Optional[M]) -> G:
        if sched.calls_on:
            call(sched, mp, "newproc")
        return spawn_new(sched, mp, None, self)


# --- what a frame, a function and a generator tell -----------------------------------------------------------------------
# From the compiled core a call of one of the next six is a call of C, of the same effect: setup.py. A verb looks nothing up.
_getframe: Final[Any] = sys._getframe


def calling_frame() -> Any:
    """The innermost frame of Python code; compiled functions have none."""
    return _getframe(0)


def code_of(frame: Any) -> Any:
    return frame.f_code


def instruction(frame: Any) -> i64:
    """Where in its code a frame stands."""
    at: i64 = frame.f_lasti
    return at


def function_code(fn: Any) -> Any:
    """The code of a plain `def` or `lambda`; None of whatever else is called."""
    return fn.__code__ if type(fn) is FunctionType else None


def function_name(fn: Any) -> Any:
    """The name of what has a `function_code`."""
    return fn.__name__


def resumed(body: Any, value: Any, returned: list[object]) -> Any:
    """What a generator or coroutine yields next; `returned`, with its result in it, when it has returned.

    No exception tells that: mypyc makes a code object for each function that one passes through.
    """
    try:
        return body.send(value)
    except StopIteration as e:
        returned[0] = e.value
        return returned


@final
class Started:
    """What a `go` has started: what has the same code and name, at the same line in the same run, has its form and label."""

    def __init__(self, run: object, code: object, name: object, gp: G) -> None:
        self.run: object = run
        self.code: object = code
        self.name: object = name
        self.form: i64 = gp.form
        self.label: i64 = gp.label
        self.cls: i64 = gp.cls


@final
class Site:
    """A line of a body that calls a verb."""

    def __init__(self, code: object, at: i64, text: str) -> None:
        self.code: object = code
        self.at: i64 = at
        self.text: str = text
        """file:line, as the record has it."""
        self.last: Optional[Started] = None
        """Of a `go`: what it started last. Replaced and never changed, since runs in several threads may share a body."""


_sites: Final[dict[tuple[int, int], Site]] = {}
"""By code and instruction, since a frame counts its lines from the start. The code lies in it, so that its id stays its."""
N_NEAR: Final = 256
_near: Final[list[Optional[Site]]] = [None] * N_NEAR
"""Those that were asked for last, by a few bits of both, without a tuple to look up."""
NO_SITE: Final = Site(None, -1, "")


def call_site() -> Site:
    """The body's line that called the verb."""
    frame = calling_frame()
    while frame is not None:
        code = code_of(frame)
        at = instruction(frame)
        where: i64 = id(code)
        slot = ((where >> 4) ^ (at >> 1)) & (N_NEAR - 1)
        near = _near[slot]
        if near is not None:
            site: Site = near
            if site.at == at and site.code is code:
                return site
        known = _sites.get((where, at))
        if known is not None:
            _near[slot] = known
            return known
        path = code.co_filename
        if not path.startswith(RUNTIME):
            if len(_sites) >= 4_096:
                # A notebook's cells make new code for ever.
                _sites.clear()
                for i in range(N_NEAR):
                    _near[i] = None
            site = Site(code, at, f"{path.rsplit('/', 1)[-1]}:{frame.f_lineno}")
            _sites[(where, at)] = site
            _near[slot] = site
            return site
        frame = frame.f_back
    return NO_SITE


def blame(sched: Sched, gp: G, error: BaseException) -> None:
    """Put into a panic's or a misuse's text whose it was and, where no Python exception tells it, at which line."""
    place = "" if error.__cause__ is not None else raised_at(error) or stands_at(gp.body)
    at = f" ({place})" if place else ""
    error.args = (f"goroutine {gp.goid} [{sched.labels[gp.label][1]}]: {error}{at}",)


def raised_at(error: BaseException) -> str:
    """file:line of the body's line that raised, "" if it was the runtime on a body's behalf."""
    place = ""
    step = error.__traceback__
    while step is not None:
        path = step.tb_frame.f_code.co_filename
        # Compiled functions leave no frame, but an entry in the traceback, under the path that was compiled.
        if not path.startswith((RUNTIME, "gmplab/runtime/", THREADS)):
            place = f"{path.rsplit('/', 1)[-1]}:{step.tb_lineno}"
        elif place:
            break
        step = step.tb_next
    return place


def stands_at(body: Any) -> str:
    """file:line where a suspended body stands, in what it waits for if it waits; of an ended one, where it is defined."""
    code = getattr(body, "gi_code", None) or getattr(body, "cr_code", None)
    line = 0 if code is None else code.co_firstlineno
    while body is not None:
        frame: Any = getattr(body, "gi_frame", None) or getattr(body, "cr_frame", None) or getattr(body, "gr_frame", None)
        while frame is not None and frame.f_code.co_filename.startswith(RUNTIME):
            frame = frame.f_back
        if frame is not None:
            code = frame.f_code
            line = frame.f_lineno
        body = getattr(body, "gi_yieldfrom", None) or getattr(body, "cr_await", None)
    return "" if code is None else f"{code.co_filename.rsplit('/', 1)[-1]}:{line}"


def form_of(fn: Any, name: str) -> i64:
    """Which form of body a callable is; `BodyError` for an async generator."""
    flags: i64 = 0
    code = getattr(fn, "__code__", None)
    if code is not None:
        flags = code.co_flags
    elif inspect.isasyncgenfunction(fn):
        flags = CO_ASYNC_GENERATOR
    elif inspect.isgeneratorfunction(fn):
        flags = CO_GENERATOR
    elif inspect.iscoroutinefunction(fn):
        flags = CO_COROUTINE
    if flags & CO_ASYNC_GENERATOR != 0:
        raise BodyError(f"go({name}): an async generator cannot be a body; use async def without yield")
    if flags & CO_GENERATOR != 0:
        return FORM_GENERATOR
    if flags & CO_COROUTINE != 0:
        return FORM_COROUTINE
    return FORM_GREENLET


def no_body(fn: object) -> BodyError:
    """The error for what cannot be called, which is mostly a generator that was made too early."""
    told = "a generator or coroutine that is made already" if is_suspended(fn) else repr(fn)
    return BodyError(f"go({told}): must be a function or a Program; its arguments come after it: go(worker, 1, 2)")


def is_suspended(x: object) -> bool:
    """Whether x is a generator or a coroutine, rather than the function that makes one."""
    return isinstance(x, (GeneratorType, CoroutineType))


def made_body(fn: Any, name: str, args: tuple[object, ...]) -> object:
    """The generator or coroutine of a function: none of its code runs yet, so what fails are the arguments."""
    try:
        return fn(*args)
    except TypeError as e:
        raise BodyError(f"go({name}): {e}") from None


def set_body(sched: Sched, gp: G, spawn: Spawn) -> None:
    """Give a new G its code and its label."""
    fn: Any = spawn.fn
    cls = spawn.cls
    if isinstance(fn, Program):
        gp.form = FORM_PROGRAM
        gp.prog = fn
        name = spawn.name or fn.name
        cls = cls or fn.cls
    else:
        name = spawn.name or getattr(fn, "__name__", type(fn).__name__)
    # Before anything can fail: a record of that failure has gp in it.
    gp.label, gp.cls = intern_label(sched, name, cls, spawn.site)
    if not isinstance(fn, Program):
        if not callable(fn):
            raise no_body(fn)
        gp.form = form_of(fn, name)
        if sched.apart and gp.form == FORM_GREENLET and not sched.lock_plain:
            raise BodyError(
                f"go({name}): a plain function cannot move between threads: make it a generator (`yield verb(...)`) or a "
                "coroutine (`await verb(...)`), or keep a thread for each: lock_plain=True (--lock-plain)"
            )
        gp.body = (fn, spawn.args) if gp.form == FORM_GREENLET else made_body(fn, name, spawn.args)
    gp.cold = True
    gp.weight = spawn.weight
    gp.deadline_ns = spawn.deadline_ns


def intern_label(sched: Sched, name: str, cls: str, site: str) -> tuple[i64, i64]:
    """The label's and the class's index."""
    key = (KIND_USER, name, cls, site)
    label = sched.label_of.get(key, -1)
    if label < 0:
        label = len(sched.labels)
        sched.labels.append(key)
        sched.label_of[key] = label
    index = sched.class_of.get(cls, -1)
    if index < 0:
        index = len(sched.classes)
        sched.classes.append(cls)
        sched.class_of[cls] = index
        sched.wait_hists.append(Histogram())
        sched.sojourn_hists.append(Histogram())
    return label, index


def label_program(sched: Sched, gp: G, prog: Program, parent: Program) -> None:
    """Label gp, which a program spawned: as set_body would, without a look at the table for each of a million Gs."""
    if prog.label_run is not sched.run_token or prog.label_parent is not parent:
        prog.label, prog.label_cls = intern_label(sched, prog.name, prog.cls, parent.name)
        prog.label_run = sched.run_token
        prog.label_parent = parent
    gp.label = prog.label
    gp.cls = prog.label_cls


def spawn_new(sched: Sched, mp: Optional[M], parent: Optional[G], spawn: Spawn) -> G:
    """A new runnable G with its body, not yet in a queue."""
    gp = newproc1(sched, mp, parent)
    set_body(sched, gp, spawn)
    return gp


def spawn_function(sched: Sched, mp: Optional[M], parent: G) -> G:
    """What `spawn_new` does for `go(fn, *args)` of a function and without marks: obj is fn, value its arguments."""
    gp = newproc1(sched, mp, parent)
    fn = parent.obj
    args = parent.value
    site = parent.site
    assert isinstance(args, tuple) and isinstance(site, Site)
    code = function_code(fn)
    name: str = function_name(fn)
    last = site.last
    if last is not None and last.code is code and last.name is name and last.run is sched.run_token:
        gp.form = last.form
        gp.label = last.label
        gp.cls = last.cls
        gp.cold = True
        gp.body = (fn, args) if last.form == FORM_GREENLET else made_body(fn, name, args)
    else:
        set_body(sched, gp, Spawn(fn, args, "", "", 1, -1, site.text))
        site.last = Started(sched.run_token, code, name, gp)
    return gp


def fetch(sched: Sched, gp: G) -> None:
    """Let gp's code go on to its next request: op, a, b, obj, value. A program's is `fetch_op`'s."""
    gp.asked = False
    result = gp.result
    gp.result = None
    known = sched.here
    place = known if isinstance(known, Here) else arrived(sched)
    # A body may make a run of its own: its goroutine goes on after that.
    outer = place.g
    place.g = gp
    try:
        if gp.form == FORM_GREENLET:
            fetch_greenlet(sched, place, gp, result)
        else:
            if isinstance(result, Raised):
                got = thrown(gp.body, result.error, place.returned)
            else:
                got = resumed(gp.body, result, place.returned)
            if got is not TOKEN:
                ended(sched, place, gp, got)
            elif not gp.asked:
                raise misyielded("the same token a second time")
    except (BodyError, GoPanic, KeyboardInterrupt, NotInstalled):
        raise
    except BaseException as e:
        # SystemExit and GeneratorExit too: they would leave by the hub, and the record would be lost.
        panic = GoPanic(f"{type(e).__name__}: {e}")
        panic.__cause__ = e  # mypyc drops the cause of `raise ... from`
        raise panic from e
    finally:
        place.g = outer


def arrived(sched: Sched) -> Here:
    """The `Here` of this thread. Bodies of a run in virtual time all run in the thread that it began in."""
    place = here()
    if not sched.apart:
        sched.here = place
    return place


def thrown(body: Any, error: BaseException, returned: list[object]) -> Any:
    """As `resumed`, with an error raised where the body stands."""
    try:
        return body.throw(error)
    except StopIteration as e:
        returned[0] = e.value
        return returned


def ended(sched: Sched, place: Here, gp: G, got: object) -> None:
    """The generator or coroutine of gp has returned, or has yielded what is no token."""
    if got is not place.returned:
        raise misyielded(repr(got))
    result = place.returned[0]
    place.returned[0] = None
    keep_result(sched, gp, result)
    if gp.asked:
        raise BodyError(f"the last verb of the body was not yielded ({VERBS[gp.op]}): {HOW_TO_ASK}")
    gp.op = OP_EXIT


def misyielded(what: str) -> BodyError:
    return BodyError(f"a body yielded {what}: it must yield what a verb returns, at once and once")


@final
class Hub:
    """Greenlets for plain functions, in one thread and for one run: a pool of finished ones, started at the first resume."""

    def __init__(self, run: object) -> None:
        try:
            import greenlet
        except ImportError:
            raise NotInstalled("a body that is a plain function, no generator and no coroutine, needs", "greenlet") from None

        self.run: object = run

        self.greenlet: Any = greenlet.greenlet
        self.switch: Any = greenlet.greenlet.switch
        """Of the class, to be called with a greenlet: `g.switch` looks it up each time."""
        self.main: Any = greenlet.getcurrent()
        self.free: list[Any] = []

    def serve(self) -> None:
        """What a pooled greenlet runs: one function after another, each until it returns."""
        job: Any = self.switch(self.main)
        while True:
            fn, args = job
            job = self.switch(self.main, Finished(fn(*args)))


@final
class Finished:
    """What a pooled greenlet switches to the hub with when its function has returned."""

    def __init__(self, result: object) -> None:
        self.result: object = result


def keep_result(sched: Sched, gp: G, result: object) -> None:
    """What main returned is the run's result; what another G returns is dropped, as in Go."""
    if gp.goid == MAIN_G:
        sched.result = result


def fetch_greenlet(sched: Sched, place: Here, gp: G, result: object) -> None:
    hub = place.hub
    if hub is None or hub.run is not sched.run_token:
        hub = Hub(sched.run_token)
        place.hub = hub
    if isinstance(gp.body, tuple):
        job = gp.body
        if hub.free:
            worker = hub.free.pop()
        else:
            worker = hub.greenlet(hub.serve, hub.main)
            hub.switch(worker)
        gp.body = worker
        got = hub.switch(worker, job)
    else:
        got = hub.switch(gp.body, result)
    if isinstance(got, Finished):
        hub.free.append(gp.body)
        gp.op = OP_EXIT
        answer: Any = got.result
        if is_suspended(answer):
            # `lambda: worker(1)`: its code would never run, and nobody would be told.
            answer.close()
            raise BodyError(f"the body returned a {type(answer).__name__} that nobody runs: go(worker, 1), not go(lambda: worker(1))")
        keep_result(sched, gp, answer)
