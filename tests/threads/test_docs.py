"""docs/threads.md: its code runs, and it names what there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import gmplab as gl
from gmplab.threads import leaving

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "threads.md").read_text(encoding="utf-8")


def test_its_code_runs_and_both_runs_did_the_same() -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL):
        exec(block, names)
    real, simulated = names["real"], names["simulated"]
    assert real.record.header["on"] == "threads"
    assert real.metrics["syscalls"] == simulated.metrics["syscalls"] == 8
    real.validate()


def test_it_tells_the_grace_and_every_argument_that_is_the_simulators() -> None:
    assert f"has {leaving.GRACE_S} s to reach its next verb" in DOCS
    refused = [name for name in ("costs", "topology", "cpus", "kernel_threads") if f"`{name}`" in DOCS]
    assert refused == ["costs", "topology", "cpus", "kernel_threads"]
    assert {"lock_plain", "on"} <= set(inspect.signature(gl.run).parameters)
