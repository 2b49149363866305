"""A bar on stderr while a run goes on: how far it is, and how fast.

It is fed by the driver's `pulse`, the call of Python code that lets an interrupt through a compiled loop. The wall
clock is read here, never in the core; nothing that a bar does can change a run.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Final

from tqdm.auto import tqdm

DELAY_WALL_S: Final = 0.5
"""A run that ends sooner shows nothing: a bar that flashes up says less than none."""
SHARE: Final = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"
RATE: Final = "{desc}: {n_fmt} schedules [{elapsed}, {rate_fmt}{postfix}]"
"""tqdm puts a comma before the postfix."""


class Progress:
    """The bar of one run, as a `pulse` for the driver. A context manager: leaving it takes the bar away.

    With a bound `until` the bar shows the share of virtual time; without one nobody knows how long a run will be, and
    it shows schedules and their rate.

    Parameters
    ----------
    what : str
        What runs: the workload's name.
    until_ns : int
        The run's bound, -1 if none.
    """

    def __init__(self, what: str, until_ns: int = -1) -> None:
        self.what = what
        self.until_ns = until_ns
        self.began_wall_s = time.monotonic()
        self.bar: Any = None
        self.broken = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.bar is not None and not self.broken:
            self.bar.close()

    def __call__(self, t_ns: int, n_schedules: int) -> None:
        """Called by the driver now and then, with the virtual instant and the schedules so far."""
        if self.broken or time.monotonic() - self.began_wall_s < DELAY_WALL_S:
            return
        try:
            self.show(t_ns, n_schedules)
        except (OSError, ValueError):
            # Nobody reads stderr any more. The run is worth more than its bar.
            self.broken = True

    def show(self, t_ns: int, n_schedules: int) -> None:
        """Bring the bar up to date; tqdm draws it anew at most ten times a second."""
        if self.bar is None:
            self.bar = self.made()
        at = t_ns if self.until_ns >= 0 else n_schedules
        self.bar.set_postfix_str(
            f"{n_schedules} schedules" if self.until_ns >= 0 else f"{t_ns / 1e6:.3f} ms virtual", refresh=False
        )
        self.bar.update(at - self.bar.n)

    def made(self) -> Any:
        """The bar, as if it had been there since the start."""
        bounded = self.until_ns >= 0
        bar = tqdm(
            total=self.until_ns if bounded else None, desc=self.what, unit="" if bounded else " schedules", unit_scale=True,
            leave=False, dynamic_ncols=True, bar_format=SHARE if bounded else RATE,
        )
        bar.start_t -= time.monotonic() - self.began_wall_s
        return bar
