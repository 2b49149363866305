"""gmplab: a laboratory for goroutine schedulers.

`run` lives in `experiment`, verbs (`go`, `compute`, `send`, ...) in `runtime.verbs`, policies in `policies`, what there is
to run in `workloads`. The public names load lazily, so `import gmplab` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

from gmplab.build import install_source_finder

# Before anything of the core is imported: it decides which build that is.
install_source_finder()

_HOMES = {
    "gmplab.experiment": ("policy_of", "register", "run"),
    "gmplab.analysis.compare": ("Comparison", "compare"),
    "gmplab.analysis.sweep": ("Sweep", "sweep"),
    "gmplab.analysis.diff": ("Difference", "diff"),
    "gmplab.workloads.parameters": ("workload",),
    "gmplab.traces.run": ("Run",),
    "gmplab.traces.load": ("load",),
    "gmplab.traces.replay": ("validate",),
    "gmplab.plots.plot": ("Plot",),
    "gmplab.jupyter.views": ("playground",),
    "gmplab.traces.csv": ("read_csv",),
    "gmplab.traces.parquet": ("read_parquet",),
    "gmplab.runtime.verbs": (
        "accept", "acquire", "add", "after_func", "broadcast", "close", "compute", "connect", "done", "gc", "go", "gomaxprocs",
        "gosched", "intn", "io", "listen", "lock_os_thread", "log", "new_timer", "now", "read_lock", "read_unlock", "recv",
        "recv_ok", "region", "region_end", "release", "reset", "sample", "select", "send", "signal", "sleep", "stop", "syscall",
        "unlock_os_thread", "wait",
    ),
    "gmplab.runtime.program": ("Program",),
    "gmplab.runtime.chan": ("Chan", "recv_case", "send_case"),
    "gmplab.runtime.timers": ("Timer",),
    "gmplab.runtime.sync": ("Cond", "Mutex", "RWMutex", "Semaphore", "WaitGroup"),
    "gmplab.runtime.sim": ("Plan",),
    "gmplab.runtime.outside": ("Source",),
    "gmplab.runtime.costs": ("Costs", "Topology"),
    "gmplab.runtime.contracts": (
        "FOR_ARRIVAL", "FOR_NEW", "FOR_READY", "FOR_YIELD", "Block", "Component", "Control", "Handoff", "Machines", "Orders", "Place",
        "Policy", "Preempt", "Queues", "Rules", "Spin", "Steal", "View", "Wake",
    ),
    "gmplab.runtime.distributions": (
        "Bimodal", "Constant", "Distribution", "Empirical", "Erlang", "Exponential", "Hyperexponential", "LogNormal",
        "Pareto", "Uniform",
    ),
    "gmplab.analysis.check_policy": ("check_policy",),
    "gmplab.analysis.explore.exploration": ("Exploration", "explore"),
    "gmplab.analysis.explore.schedule": ("Schedule", "replay"),
    "gmplab.analysis.explore.walk": ("Bound",),
    "gmplab.errors": (
        "BodyError", "DeadlockError", "GmplabError", "GoPanic", "PolicyError", "SchedError", "ThreadLimitError", "TraceError",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
__all__ = sorted(_HOME_OF)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        # Kept, or each `gl.send` of a body would come here again.
        return globals().setdefault(name, getattr(importlib.import_module(_HOME_OF[name]), name))
    if name == "last":
        return importlib.import_module("gmplab.experiment").last
    if name in ("plots", "policies", "workloads"):
        return importlib.import_module(f"gmplab.{name}")
    policies = importlib.import_module("gmplab.policies")
    if name in policies.__all__:
        return globals().setdefault(name, getattr(policies, name))
    raise AttributeError(f"module 'gmplab' has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext gmplab`: the magics `%gmp` and `%%gmp`, and their completions."""
    try:
        magics = importlib.import_module("gmplab.jupyter.magics")
    except ImportError as e:
        from gmplab.errors import lacking

        if not lacking(e):
            raise
        from IPython.core.error import UsageError

        # One line in the notebook, and no traceback.
        raise UsageError(f"%load_ext gmplab: {lacking(e)}") from None
    magics.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext gmplab`: as it was before."""
    importlib.import_module("gmplab.jupyter.magics").unload(shell)


def __dir__() -> list[str]:
    return sorted([*__all__, *importlib.import_module("gmplab.policies").__all__])
