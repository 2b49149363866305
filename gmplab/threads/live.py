"""`live`: one run on threads, from boot to the record."""

from __future__ import annotations

from typing import Any

from gmplab.runtime.contracts import Policy, check_types
from gmplab.runtime.ending import ending, finish
from gmplab.runtime.model import FOREVER
from gmplab.runtime.recorder import Record
from gmplab.runtime.sim import Plan
from gmplab.threads.driver import Threads
from gmplab.threads.leaving import Leaving, Signals


def live(
    plan: Plan, policy: Policy, *, procs: int, seed: int, level: int, until_ns: int, max_events: int, max_rows: int,
    warmup_ns: int, drain: bool, arrive: str, lock_plain: bool, header: dict[str, Any], pulse: Any,
) -> tuple[Record, BaseException | None]:
    """Run a plan on threads, this one being m0. Returns the record, whole or up to the failure, and the error to raise, if any.

    Raises
    ------
    OSError
        No descriptors are left for epoll and its wake-up.
    """
    check_types(policy)
    driver = Threads(
        plan, policy, procs, seed, level, FOREVER if until_ns < 0 else until_ns, max_events, max_rows, warmup_ns, drain,
        arrive == "netpoll", lock_plain, pulse,
    )
    leaving = Leaving(driver)
    driver.call_m0_back = leaving.call_m0_back
    left: list[str] = []
    try:
        with Signals(driver):
            try:
                seat = driver.begin()
                driver.bear()
                driver.work(seat)
            except (Exception, KeyboardInterrupt) as e:
                with driver.lock:
                    driver.fail(e, None)
            finally:
                leaving.m0_is_back()
            left = leaving.see_off()
    finally:
        driver.network.close()
        driver.poller.close()
    if left:
        header["abandoned"] = left
    sched = driver.sched
    error = driver.error if driver.error is not None else ending(sched, policy)
    record = finish(sched, header, driver.n_steps)
    threads = {m: seat.thread.native_id or -1 for m, seat in driver.seats.items()}
    record.machines = [(row[0], threads.get(row[0], -1), *row[2:]) for row in record.machines]
    return record, error
