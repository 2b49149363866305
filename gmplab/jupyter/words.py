"""What may be typed after `%gmp` and `%%gmp`: the shell's commands, and those that only a notebook can have.

One tree for both: an option that `gmplab run` has, `%gmp run` has too. In a notebook each command also takes `-o VAR`
(keep the result) and `-q` (show nothing), and a run may be the name of a variable.
"""

from __future__ import annotations

import argparse
from typing import Final

from gmplab.commands.tree import COMMANDS, SECTIONS, Add, Commands, add_run, add_stored

OF_THE_SHELL: Final = frozenset({"explore", "replay", "verify"})
"""Long jobs with files: they stay in the shell, or are called as functions."""


RESULTS: Final = "results"
"""What `%gmp list` shows beside the shell's sections: the notebook's variables that hold results."""


def with_outcome(add: Add) -> Add:
    """A command's arguments, and what a notebook does with its result."""

    def added(parser: argparse.ArgumentParser) -> None:
        add(parser)
        parser.add_argument("-o", dest="var", metavar="VAR", help="keep the result in this variable")
        parser.add_argument("-q", dest="quiet", action="store_true", help="show nothing, return nothing: take the result with -o")

    return added


def add_list_here(parser: argparse.ArgumentParser) -> None:
    names = ", ".join([*SECTIONS, RESULTS])
    parser.add_argument("section", nargs="?", metavar="SECTION", help=f"one of {names} (default: all but results)")


def add_step(parser: argparse.ArgumentParser) -> None:
    add_stored(parser)
    parser.add_argument("--at", metavar="TIME", help="begin at this instant: 1.2ms")
    parser.add_argument("--when", metavar="EXPR", help="begin where this first comes true, as run's --when")
    parser.add_argument("-g", "--g", type=int, metavar="G", help="begin where this goroutine is made, and select it")


def add_dash(parser: argparse.ArgumentParser) -> None:
    add_stored(parser)


def add_play(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workload", nargs="?", default="mixed_io", metavar="WORKLOAD", help="what to begin with (default: mixed_io)")


LINE: Final[Commands] = {
    **{name: (with_outcome(add), what) for name, (add, what) in COMMANDS.items() if name not in {*OF_THE_SHELL, "help"}},
    "list": (with_outcome(add_list_here), COMMANDS["list"][1] + ", and results: the variables that hold them"),
    "step": (with_outcome(add_step), "step through a run, event by event: what each M, P and G does, and which rule decided"),
    "dash": (with_outcome(add_dash), "show a run with everything: numbers, timeline, stepper, plots; or a comparison, or a sweep"),
    "play": (with_outcome(add_play), "a workload with sliders: whatever is moved runs again at once"),
    "help": COMMANDS["help"],
}
"""After `%gmp`."""


def add_cell_run(parser: argparse.ArgumentParser) -> None:
    """As `run`, of which the cell is the workload."""
    add_run(parser)
    # A cell has no name and no parameters, so neither can be typed; argparse has no public way to take one back.
    for action in [a for a in parser._actions if a.dest in ("workload", "settings")]:
        parser._remove_action(action)
        for option in action.option_strings:
            parser._option_string_actions.pop(option)
    parser.set_defaults(workload=None, settings=[])


def add_workload(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="what to call it, for `%%gmp run NAME`")
    parser.add_argument("--replace", action="store_true", help="also where the name is taken")


def add_policy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="what to call it, for `%%gmp run ... --policy NAME`")
    parser.add_argument("--base", metavar="POLICY", default="go", help="whose other components it has (default: go)")
    parser.add_argument("--replace", action="store_true", help="also where the name is taken")
    parser.add_argument("--check", action="store_true", help="ask it everything first, and register it only if it keeps its contract")


CELL: Final[Commands] = {
    "run": (with_outcome(add_cell_run), "run the cell as the main goroutine"),
    "workload": (with_outcome(add_workload), "register the cell as a workload: its function `main`, or the whole cell"),
    "policy": (with_outcome(add_policy), "register a policy from the component classes that the cell defines"),
}
"""After `%%gmp`; where no command is typed, `run`."""

