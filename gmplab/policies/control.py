"""What is changed periodically."""

from __future__ import annotations

from dataclasses import dataclass

from mypy_extensions import i64, mypyc_attr

from gmplab.runtime.contracts import Control, Orders, View


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class NoControl(Control):
    """Nothing. Go's."""


@mypyc_attr(allow_interpreted_subclasses=True)
@dataclass(frozen=True)
class Balance(Control):
    """Every `period_ns`, half the difference of the longest and the shortest queue moves over."""

    period_ns: int = 1_000_000

    def act(self, state: object, view: View, orders: Orders) -> None:
        most: i64 = 0
        least: i64 = -1
        p: i64 = 0
        while p < view.procs():
            if view.queue_len(p) > view.queue_len(most):
                most = p
            if not view.idle(p) and (least < 0 or view.queue_len(p) < view.queue_len(least)):
                least = p
            p += 1
        if least >= 0 and view.queue_len(most) > view.queue_len(least) + 1:
            orders.move((view.queue_len(most) - view.queue_len(least)) // 2, most, least)
