"""What may be typed: one tree of commands and options, for the shell and for the notebook's magic.

Built on argparse. Refused: `choices`, since argparse lists them all where the nearest one is wanted, and its own way of
ending the process: here a wrong argument is a `UsageError`, and help an exception that holds the text.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any, Final, NoReturn

from gmplab.errors import UsageError
from gmplab.names import nearest
from gmplab.runtime.contracts import CONCERNS
from gmplab.vocabulary import LEVELS

COMPONENT_CONCERNS: Final = tuple(concern for concern in CONCERNS if concern != "rules")
PRICES: Final = ("linux_vm", "zero")
SECTIONS: Final = ("policies", "workloads", "components", "metrics", "plots")


Add = Callable[[argparse.ArgumentParser], None]
"""Adds a command's arguments to its parser."""
Commands = dict[str, tuple[Add, str]]
"""Commands by name: what they take, and what they do."""


class HelpAsked(Exception):
    """`-h` or `help` was typed; holds the text."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that raises instead of printing and exiting."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}")

    def print_help(self, file: Any = None) -> None:
        raise HelpAsked(self.format_help())


class Version(argparse.Action):
    """`--version`: as help, a text instead of a command."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: str | None = None) -> None:
        raise HelpAsked(f"gmplab {metadata.version('gmplab')}\n")


def tree(prog: str = "gmplab", commands: Commands | None = None) -> Parser:
    """All commands and their options.

    Parameters
    ----------
    prog : str
        What the user typed first: "gmplab", or "%gmp" in a notebook.
    commands : dict of str to (function, str), optional
        How each command's options are added, and what it does. Default: `COMMANDS`, those of the shell.
    """
    chosen = COMMANDS if commands is None else commands
    parser = Parser(prog=prog, allow_abbrev=False, description="A laboratory for goroutine schedulers.")
    if chosen is COMMANDS:
        parser.add_argument("--version", action=Version, nargs=0, help="show the version, and exit")
    added = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (add, what) in chosen.items():
        add(added.add_parser(name, help=what, description=described(what), allow_abbrev=False))
    return parser


def parse(argv: Sequence[str], prog: str = "gmplab", commands: Commands | None = None) -> argparse.Namespace:
    """What was typed, as values by name; `command` is the command's. Parameters as in `tree`.

    Raises
    ------
    UsageError
        It cannot be understood: one line, with the nearest name where a name is wrong.
    HelpAsked
        Help was asked for, by `-h` or by `help`.

    Examples
    --------
    >>> parse(["run", "fanout", "-P", "8"]).procs
    8
    """
    chosen = COMMANDS if commands is None else commands
    if argv and not argv[0].startswith("-") and argv[0] not in chosen:
        raise UsageError(f"{prog}: no command {argv[0]!r}{nearest(argv[0], list(chosen))}")
    parser = tree(prog, chosen)
    args, rest = parser.parse_known_args(signed(argv))
    for word in rest:
        if word.startswith("-"):
            raise UsageError(f"{prog} {args.command}: no option {word!r}{nearest(word, options(chosen[args.command][0]))}")
        raise UsageError(f"{prog} {args.command}: one argument too many: {word!r}")
    if args.command == "help":
        raise HelpAsked(help_on(args.about, prog, chosen))
    return args


def help_on(command: str | None, prog: str, commands: Commands) -> str:
    """What `-h` shows: of a command, None: of all of them."""
    if command is None:
        return tree(prog, commands).format_help()
    if command not in commands:
        raise UsageError(f"{prog} help {command}: no such command{nearest(command, list(commands))}")
    parser = Parser(prog=f"{prog} {command}", description=described(commands[command][1]), allow_abbrev=False)
    commands[command][0](parser)
    return parser.format_help()


def described(what: str) -> str:
    """What a command does, as a sentence."""
    return f"{what[0].upper()}{what[1:]}."


def signed(argv: Sequence[str]) -> list[str]:
    """The words, "--until -5ms" as "--until=-5ms": argparse takes "-5ms" for an option, and the answer would mislead."""
    out: list[str] = []
    for word in argv:
        if word[:1] == "-" and word[1:2].isdigit() and out and out[-1][:2] == "--" and "=" not in out[-1]:
            out[-1] += f"={word}"
        else:
            out.append(word)
    return out


def actions(add: Add) -> list[argparse.Action]:
    """What a command takes: positional arguments and options, in order."""
    parser = Parser(add_help=False)
    add(parser)
    return parser._actions


def options(add: Add) -> list[str]:
    """The options of a command, as they are typed."""
    return [word for action in actions(add) for word in action.option_strings]


# --- each command's part ----------------------------------------------------------------------------------------------
def add_experiment(parser: argparse.ArgumentParser) -> None:
    """What `run` and `compare` share."""
    parser.add_argument(
        "--set", dest="settings", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
        help="parameters of the workload: --set n=1000 compute='exp(10us)'",
    )
    parser.add_argument("-P", "--procs", type=int, default=4, metavar="N", help="GOMAXPROCS (default: 4)")
    parser.add_argument("--cpus", type=int, metavar="N", help="CPUs that all threads share in turns (default: one for each)")
    parser.add_argument("--kernel-threads", type=int, metavar="N", help="threads that the kernel grants (default: any number)")
    parser.add_argument("--until", metavar="TIME", help="virtual time at which it ends at the latest: 50ms")
    parser.add_argument("--costs", metavar="NAME", help=f"{' or '.join(PRICES)} (default: linux_vm); not on threads")
    parser.add_argument("--no-progress", action="store_true", help="no bar, also in a terminal")
    parser.add_argument("--code", action="store_true", help="print the Python that does the same, and do nothing")


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workload", metavar="WORKLOAD", help="a name that `list workloads` shows, or file.py:function")
    add_experiment(parser)
    parser.add_argument(
        "--when", metavar="EXPR", help="end it when this first comes true: 'P[0].depth > 200 and idle_p > 0' (names: see run.when)"
    )
    parser.add_argument(
        "--policy", metavar="POLICY", default="go",
        help="a name that `list policies` shows, also as 'go(steal=StealOne())', or file.py:NAME (default: go)",
    )
    for concern in COMPONENT_CONCERNS:
        parser.add_argument(
            f"--{concern}", metavar="NAME(ARGS)", help=f"another {concern} component in the policy, as `list components` shows"
        )
    parser.add_argument("--on", metavar="DRIVER", default="sim", help="sim (virtual time; the default) or threads (real ones)")
    parser.add_argument(
        "--lock-plain", action="store_true", help="on threads: each body without `yield` and `await` keeps a thread of its own"
    )
    parser.add_argument("-s", "--seed", type=int, default=1, metavar="SEED", help="the same seed, the same run (default: 1)")
    parser.add_argument("--record", metavar="LEVEL", default="full", help=f"{', '.join(LEVELS)} (default: full)")
    add_files(parser)
    parser.add_argument("--save", metavar="FILE", help="write the whole record into one file, for `export`")
    parser.add_argument("--plot", metavar="DIR", help="write every plot as PNG into a new folder")


def add_files(parser: argparse.ArgumentParser) -> None:
    """Where tables and the like go."""
    parser.add_argument("--csv", metavar="DIR", help="write one CSV a table into a new folder")
    parser.add_argument("--parquet", metavar="DIR", help="write one Parquet file a table into a new folder")
    parser.add_argument("--perfetto", metavar="FILE", help="write a trace for ui.perfetto.dev")
    parser.add_argument("--html", metavar="FILE", help="write one page with everything, that needs no network: numbers, findings, plots")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """How many runs at once."""
    parser.add_argument(
        "-j", dest="workers", type=int, default=1, metavar="N",
        help="processes; the results do not depend on it (default: 1)",
    )


def add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "policies", nargs="+", metavar="POLICY",
        help="as run's --policy, also with commas between; the first one is what the others are compared to",
    )
    parser.add_argument("-w", "--workload", required=True, metavar="WORKLOAD", help="as run's")
    add_experiment(parser)
    parser.add_argument("--seeds", metavar="FROM:TO", default="0:10", help="0:10 (the default; ten seeds), or 1,4,7")
    parser.add_argument(
        "--metrics", "--metric", nargs="+", metavar="NAME", help="what to compare; `list metrics` shows what there is"
    )
    add_workers(parser)


def add_sweep(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--vary", dest="axes", metavar="NAME=VALUES", action="append", required=True,
        help="what to vary, as often as wanted: P=1,2,4 or P=1:9 (1 to 8), policy=go,go1.1, steal=StealOne,StealHalf, n=10,100",
    )
    parser.add_argument("-w", "--workload", required=True, metavar="WORKLOAD", help="as run's")
    add_experiment(parser)
    parser.add_argument("--policy", metavar="POLICY", default="go", help="as run's, where it is not varied (default: go)")
    parser.add_argument("--seeds", metavar="FROM:TO", default="0:10", help="0:10 (the default; ten seeds), or 1,4,7")
    add_workers(parser)
    parser.add_argument("--folder", metavar="DIR", help="keep each finished point here, and go on with those that are missing")
    parser.add_argument("--csv", metavar="DIR", help="write the table as sweep.csv into a new folder")


def add_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("section", nargs="?", metavar="SECTION", help=f"one of {', '.join(SECTIONS)} (default: all)")


def add_info(parser: argparse.ArgumentParser) -> None:
    """Nothing can be asked."""


def add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("policy", metavar="POLICY", help="a policy's name, file.py:NAME or module:NAME")
    parser.add_argument("-n", dest="programs", type=int, default=16, metavar="N", help="random programs, each run twice (default: 16)")
    parser.add_argument("-s", "--seed", type=int, default=1, metavar="SEED", help="of the programs and states (default: 1)")


def add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="families, sections, experiments or rows, also with * (default: all)")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="how much is run, 0.01 to 100 (default: 1)")
    add_workers(parser)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="draw all seeds anew (default: those that follow from the names)")
    parser.add_argument("--csv", metavar="DIR", help="write the table as verify.csv into a new folder")
    parser.add_argument("--page", metavar="FILE", help="write a page in Markdown, with pictures in the folder img beside it")
    parser.add_argument("--no-progress", action="store_true", help="no bar, also in a terminal")


def add_explore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workload", metavar="WORKLOAD", help="as run's: a small one")
    parser.add_argument(
        "--set", dest="settings", metavar="KEY=VALUE", nargs="+", action="extend", default=[], help="parameters of the workload",
    )
    parser.add_argument("--policy", metavar="POLICY", default="go", help="as run's (default: go)")
    parser.add_argument("-P", "--procs", type=int, default=2, metavar="N", help="GOMAXPROCS (default: 2)")
    parser.add_argument(
        "--bound", metavar="KEY=VALUE", nargs="+", action="extend", default=[],
        help="where to stop: schedules=1000 depth=200 preemptions=2",
    )
    parser.add_argument("--walk", metavar="WALK", default="dfs", help="dfs (depth first; the default), random or pct")
    parser.add_argument("-s", "--seed", type=int, default=1, metavar="SEED", help="of random and pct (default: 1)")
    parser.add_argument("--save", metavar="FILE", help="write the schedule that breaks a law, for `replay`")
    parser.add_argument("--no-progress", action="store_true", help="no bar, also in a terminal")


def add_replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("schedule", metavar="FILE", help="a file of `explore --save`")
    add_files(parser)
    parser.add_argument("--save", metavar="FILE", help="write the whole record into one file, for `export`")


def add_stored(parser: argparse.ArgumentParser) -> None:
    """A run that was made before. In a notebook it may be left out: the last one."""
    parser.add_argument(
        "run", nargs="?", metavar="RUN",
        help="a file of `run --save`, or a folder of tables; in a notebook also a variable (default: the last run)",
    )


def add_export(parser: argparse.ArgumentParser) -> None:
    add_stored(parser)
    add_files(parser)
    parser.add_argument("--save", metavar="FILE", help="write the whole record into one file")


def add_explain(parser: argparse.ArgumentParser) -> None:
    add_stored(parser)
    parser.add_argument("whom", nargs="?", metavar="G7", help="one goroutine or P (G7, P2): where its time went, who ran while it waited")


def add_plot(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("view", metavar="VIEW", help="a name that `list plots` shows: latency, timeline, ...")
    add_stored(parser)
    parser.add_argument("--save", metavar="FILE", help="write the picture into a file: .png, .svg or .pdf")


def add_help(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("about", nargs="?", metavar="COMMAND", help="the command (default: all of them)")


COMMANDS: Final[Commands] = {
    "run": (add_run, "run a workload under a policy, and show what happened"),
    "compare": (add_compare, "run a workload under several policies with the same seeds, and compare"),
    "sweep": (add_sweep, "run a workload at every point of a grid: Ps, policies, components, parameters"),
    "list": (add_list, "show what there is: policies, workloads, components, metrics, plots"),
    "info": (add_info, "show the version, the build and the machine"),
    "check": (add_check, "ask a policy everything, and tell where it breaks its contract"),
    "verify": (add_verify, "run experiments whose results are known, and hold what comes out against them"),
    "explore": (add_explore, "run a small workload under every schedule, and look for one that breaks a law"),
    "replay": (add_replay, "run a schedule that explore found again, and record it"),
    "export": (add_export, "write a saved run in another form"),
    "plot": (add_plot, "draw one picture of a saved run"),
    "explain": (add_explain, "say what a saved run suffers from, with evidence and time"),
    "help": (add_help, "show what can be typed"),
}
