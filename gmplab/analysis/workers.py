"""Tasks done in processes of their own, each result as it comes.

What is sent goes by cloudpickle, so that a function or class goes along that a notebook defines, or a file that was named
by its path. Refused: a `multiprocessing.Pool`, which waits for ever for a worker that the system has ended; forked
workers, since a child of a process with threads (a notebook's kernel) may never come to itself.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import cloudpickle

from gmplab.errors import GmplabError
from gmplab.names import FROM_FILE

ENDING_S: Final = 1.0
"""How long a worker that ends is waited for, to know how it ended."""

Task = TypeVar("Task")
Done = TypeVar("Done")


def checked_workers(workers: int) -> None:
    """Raise `ValueError` for what is no number of processes."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers = {workers!r}: must be an int of at least 1 process")


@contextmanager
def mapped(do: Callable[[Task], Done], tasks: Sequence[Task], workers: int) -> Iterator[Iterator[Done]]:
    """What `do` makes of each task, in the order in which they are done, from this process or from new ones.

    Raises
    ------
    GmplabError
        From the results: a worker ended before its task was done.
    """
    if workers == 1 or len(tasks) < 2:
        yield map(do, tasks)
        return
    for name, module in list(sys.modules.items()):
        if name.startswith(FROM_FILE):
            cloudpickle.register_pickle_by_value(module)
    pool = ProcessPoolExecutor(
        min(workers, len(tasks)), mp_context=multiprocessing.get_context("spawn"), initializer=ignore_interrupts
    )
    try:
        futures: list[Future[Done]] = [pool.submit(do_pickled, cloudpickle.dumps((do, task))) for task in tasks]
        # Now: a pool whose worker was killed forgets its processes.
        yield done_by(list((pool._processes or {}).values()), futures)
    finally:
        # Those that run now are not waited for: after an interrupt nobody asks for what they find.
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def done_by(processes: Sequence[Any], futures: Sequence[Future[Done]]) -> Iterator[Done]:
    """The results as they come; where a worker is gone, an error that says how it ended."""
    n = 0
    for future in as_completed(futures):
        try:
            result = future.result()
        except BrokenProcessPool:
            for process in processes:
                process.join(ENDING_S)
            codes = sorted({p.exitcode for p in processes if p.exitcode is not None} - {0, -signal.SIGTERM})
            how = f" ({', '.join(ending(code) for code in codes)})" if codes else ""
            raise GmplabError(
                f"a worker process ended{how} before its task was done, {n} of {len(futures)} tasks are done: "
                "if the system had too little memory, use fewer workers"
            ) from None
        n += 1
        yield result


def ending(code: int) -> str:
    """An exit code in words.

    >>> ending(-9), ending(3)
    ('killed by signal 9', 'exit code 3')
    """
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def do_pickled(task: bytes) -> Any:
    """One task, in a worker."""
    do, argument = cloudpickle.loads(task)
    return do(argument)


def ignore_interrupts() -> None:
    """A terminal sends Ctrl-C to all its processes: the first one ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
