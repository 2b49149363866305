"""What `%gmp` alone shows: where one is, and what to type next."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from gmplab.build import describe
from gmplab.commands.results import columns
from gmplab.experiment import policies
from gmplab.vocabulary import GO_VERSION


class Status:
    """Version, defaults, policies, the last result, and three commands to go on with.

    Parameters
    ----------
    defaults : dict of str to object
        What `%config GmpMagics` is set to.
    last : object
        The last result, None before the first.
    project : Path, optional
        The file whose `[tool.gmplab]` has set defaults.
    """

    def __init__(self, defaults: dict[str, object], last: object, project: Path | None = None) -> None:
        self.defaults = defaults
        self.project = project
        self.last = last

    def __repr__(self) -> str:
        try:
            version = metadata.version("gmplab")
        except metadata.PackageNotFoundError:
            version = "not installed"
        newest = "none yet" if self.last is None else repr(self.last).split("\n")[0]
        after = (
            ["%gmp run fanout -P 4", "%gmp list workloads", "%gmp help run"] if self.last is None
            else ["%gmp plot latency", "%gmp dash", "%gmp export --csv out/csv"]
        )
        where = "%config GmpMagics" + (f"; {self.project}" if self.project else "")
        return "\n".join([
            columns([
                ("gmplab", f"{version}, {describe()}; Go {GO_VERSION}"),
                ("defaults", ", ".join(f"{name}={value}" for name, value in self.defaults.items()) + f"  ({where})"),
                ("policies", " ".join(policies())),
                ("last", newest),
            ], indent=""),
            "next      " + "   ".join(after),
        ])
