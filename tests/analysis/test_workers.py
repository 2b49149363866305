"""Tasks in processes of their own: what comes back, and what a worker that ends takes with it."""

from __future__ import annotations

import doctest
import os
import signal

import pytest

import gmplab as gl
from gmplab.analysis import workers
from gmplab.analysis.workers import mapped


def test_what_is_defined_here_goes_along_and_every_result_comes() -> None:
    offset = 10
    with mapped(lambda x: (x, os.getpid() != parent, x + offset), [1, 2, 3], 2) as results:
        assert sorted(results) == [(1, True, 11), (2, True, 12), (3, True, 13)]


parent = os.getpid()


def test_one_worker_is_this_process() -> None:
    with mapped(lambda x: (x, os.getpid()), [2, 1], 1) as results:
        assert list(results) == [(2, os.getpid()), (1, os.getpid())]


def test_a_worker_that_is_killed_is_an_error_and_nobody_waits_for_it() -> None:
    def kill_itself(task: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(gl.GmplabError, match=r"^a worker process ended \(killed by signal 9\) before its task was done, 0 of 2 tasks"):
        with mapped(kill_itself, [1, 2], 2) as results:
            list(results)


def test_what_a_task_raises_is_raised() -> None:
    def fail(task: int) -> None:
        raise ValueError(f"task {task}")

    with pytest.raises(ValueError, match="task 1"):
        with mapped(fail, [1, 1], 2) as results:
            list(results)


def test_the_examples_hold() -> None:
    assert doctest.testmod(workers).failed == 0
