"""`%gmp` and `%%gmp`: the commands of gmplab in a notebook.

The line after `%gmp` is read by the shell's own tree, so both know the same commands and options. Names in braces and
after a dollar (`-P {p}`) are the notebook's variables in that line; a cell's body is never touched. The result is the
value of the line (`run = %gmp run fanout`), it is kept with `-o VAR`, and the newest is `gmplab.last`.
"""

from __future__ import annotations

import os
import re
import shlex
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from IPython.core.completer import SimpleCompletion, context_matcher
from IPython.core.error import UsageError as ShellUsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class
from traitlets import Bool, Enum, Int, TraitError, Unicode, default

import gmplab
from gmplab import experiment
from gmplab.analysis.check_policy import check_policy
from gmplab.analysis.compare import Comparison
from gmplab.analysis.sweep import Sweep
from gmplab.commands import texts
from gmplab.commands.perform import perform
from gmplab.commands.results import Drawing, Listing, Outcome, Swept
from gmplab.commands.tree import COMPONENT_CONCERNS, Add, Commands, HelpAsked, parse, tree
from gmplab.errors import UsageError, lacking
from gmplab.jupyter.cells import Cell
from gmplab.jupyter.completion import held, offers
from gmplab.jupyter.project import settings_in
from gmplab.jupyter.settings import MAX_INLINE_SPANS, settings
from gmplab.jupyter.status import Status
from gmplab.jupyter.views import playground
from gmplab.jupyter.words import CELL, LINE, RESULTS
from gmplab.names import nearest
from gmplab.runtime.contracts import CONCERNS, Component, Policy
from gmplab.traces.load import load as load_run
from gmplab.traces.run import Run
from gmplab.vocabulary import LEVELS


RESULT: Final = (Run, Comparison, Sweep)
"""What a dashboard can show."""
OWN: Final = os.path.dirname(gmplab.__file__) + os.sep
"""Where gmplab's code lies. Compiled frames have a path that begins with the package's name."""


@magics_class
class GmpMagics(Magics):
    """The magics, and what `%config GmpMagics` may set: defaults of what is not typed."""

    shell: Any
    procs = Int(4, min=1, help="GOMAXPROCS where -P is not given").tag(config=True)
    policy = Unicode("go", help="the policy where --policy is not given").tag(config=True)
    seed = Int(1, min=0, help="the seed where -s is not given").tag(config=True)
    record = Enum(LEVELS, "full", help="the level where --record is not given").tag(config=True)
    progress = Bool(help="whether a run of more than half a second shows a bar (default: unless CI is set)").tag(config=True)
    static = Bool(False, help="whether a widget shows its static twin alone, for documents that are exported").tag(config=True)
    max_inline_spans = Int(
        MAX_INLINE_SPANS, min=0, help="events of a run up to which a Timeline has its spans within, and asks no kernel for them"
    ).tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell=shell)
        # A magic that is made anew begins with the defaults, whatever the one before was set to.
        self.observe(self.apply, ["static", "max_inline_spans"])
        self.apply()
        self.project: Path | None = None

    def follow(self, folder: Path) -> None:
        """Take over what the project of a folder sets. Raises `UsageError` for what cannot be set."""
        self.project, wanted = settings_in(folder)
        known = self.trait_names(config=True)
        for name, value in wanted.items():
            if name not in known:
                raise UsageError(f"{self.project}: [tool.gmplab] has no {name!r}{nearest(name, known)}")
            try:
                setattr(self, name, value)
            except TraitError as e:
                raise UsageError(f"{self.project}: [tool.gmplab] {name} = {value!r}: {e}") from None

    @default("progress")
    def _progress(self) -> bool:
        return not os.environ.get("CI")

    def apply(self, change: Any = None) -> None:
        """Let the widgets know."""
        settings.static, settings.max_inline_spans = self.static, self.max_inline_spans

    @line_cell_magic
    def gmp(self, line: str, cell: str | None = None) -> Any:
        """Replaced below by the help of the tree."""
        __tracebackhide__ = True
        text = line.rstrip().rstrip(";")
        typed = f"{'%gmp' if cell is None else '%%gmp'} {text}".rstrip()
        try:
            words = shlex.split(text)
        except ValueError as e:
            raise ShellUsageError(f"{typed}: {e}") from None
        try:
            value = self.of_line(words) if cell is None else self.of_cell(words, cell)
            return None if self.silenced(line, cell) else value
        except HelpAsked as e:
            print(e, end="")
        except UsageError as e:
            # The shell shows one line for this very class, and a traceback for any subclass.
            raise ShellUsageError(" ".join(str(e).split())) from None
        except ImportError as e:
            if not lacking(e):
                raise
            raise ShellUsageError(f"{typed}: {lacking(e)}") from None
        return None

    def silenced(self, line: str, cell: str | None) -> bool:
        """Whether a semicolon at its end asks that the value be not shown.

        Not `output_can_be_silenced`: under it `run = %gmp run fanout;` would be None.
        """
        if not line.rstrip().endswith(";"):
            return False
        typed = self.shell.history_manager.input_hist_raw[-1]
        return cell is not None or any(re.match(r"\s*%gmp\b.*;\s*$", one) for one in typed.splitlines())

    # --- %gmp ---------------------------------------------------------------------------------------------------------
    def of_line(self, words: list[str]) -> Any:
        """Do what stands in the line."""
        __tracebackhide__ = True
        if not words:
            return Status(self.defaults(), gmplab.last, self.project)
        args = parse(words, "%gmp", self.configured(LINE))
        if args.command == "explain":
            args.run, args.whom = texts.run_and_whom(args.run, args.whom, self.shell.user_ns)
        if "run" in args and args.command != "run":
            args.run = self.result_called(args.run, Run if args.command != "dash" else RESULT)
        if args.command == "list" and args.section == RESULTS:
            return self.kept(self.results(), args)
        if args.command in SHOWN:
            return self.kept(SHOWN[args.command](args), args)
        return self.performed(args)

    def results(self) -> Listing:
        """The notebook's variables that hold what a command gave."""
        rows = [(name, repr(x).split("\n")[0]) for name, x in held(self.shell.user_ns, RESULT).items()]
        return Listing({RESULTS: rows or [("none", "run something with -o VAR, or VAR = %gmp run ...")]})

    def performed(self, args: Namespace) -> Any:
        """Do what the shell does for these words, and make the result the value."""
        __tracebackhide__ = True
        result = perform(args, progress=self.progress)
        if isinstance(result, Drawing):
            if result.written:
                print(result)
            return self.kept(result.plot, args)
        if isinstance(result, Swept):
            experiment.last = result.sweep
            for line in result.written:
                print(f"wrote {line}")
            return self.kept(result.sweep, args)
        if not isinstance(result, Outcome):
            if isinstance(result, Comparison):
                experiment.last = result
            return self.kept(result, args)
        value = self.kept(result.run, args)
        for line in result.written:
            print(f"wrote {line}")
        if result.error is not None:
            raise of_the_user(result.error)
        if result.unwritten:
            raise OSError("; ".join(result.unwritten))
        return value

    def kept(self, value: Any, args: Namespace) -> Any:
        """The value, kept in the variable that `-o` names; None where nothing shall be shown."""
        if args.var is not None:
            if not args.var.isidentifier():
                raise UsageError(f"-o {args.var}: must be a variable's name")
            self.shell.user_ns[args.var] = value
        return None if args.quiet else value

    def result_called(self, name: str | None, kinds: Any) -> Any:
        """The run that a variable holds, the last one, or the path of a stored one; of other results where they will do."""
        if name is None:
            if gmplab.last is None:
                raise UsageError("there is no run yet: %gmp run WORKLOAD")
            if not isinstance(gmplab.last, kinds):
                raise UsageError(f"the last result is a {type(gmplab.last).__name__}: say which run")
            return gmplab.last
        found = self.shell.user_ns.get(name)
        if isinstance(found, kinds):
            return found
        if os.path.exists(name):
            return name
        known = list(held(self.shell.user_ns, kinds))
        what = f"is a {type(found).__name__}, not a run" if found is not None else "is no variable and no file"
        raise UsageError(f"{name}: {what}{nearest(name, known) if known else ''}")

    # --- %%gmp --------------------------------------------------------------------------------------------------------
    def of_cell(self, words: list[str], code: str) -> Any:
        """Do what stands in the first line with the rest of the cell."""
        __tracebackhide__ = True
        if not words or words[0].startswith("-") and words[0] not in ("-h", "--help"):
            words = ["run", *words]
        args = parse(words, "%%gmp", self.configured(CELL))
        cell = Cell(self.shell, code)
        if args.command == "workload":
            return self.define_workload(args, cell)
        if args.command == "policy":
            return self.define_policy(args, cell)
        args.workload = cell.main()
        try:
            return self.performed(args)
        finally:
            cell.give_back()

    def define_workload(self, args: Namespace, cell: Cell) -> Any:
        """Register the cell's function `main`, or one of the workload's name, or the whole cell."""
        function = next((name for name in (args.name, "main") if cell.defines(name)), None)
        made = cell.main() if function is None else cell.names()[function]
        registered(args, made)
        print(f"workload {args.name!r}: %gmp run {args.name}")
        return self.kept(made, args) if args.var else None

    def define_policy(self, args: Namespace, cell: Cell) -> Any:
        """Register a policy with the components that the cell defines in the place of the base's."""
        defined = {
            name: x for name, x in cell.names().items()
            if isinstance(x, type) and issubclass(x, Component) and x.__module__ == cell.scope.get("__name__")
        }
        made = policy_with(args.name, texts.policy(args.base), defined)
        if args.check:
            report = check_policy(made, strict=False)
            print(report)
            if report:
                raise UsageError(f"policy {args.name!r} is not registered: it breaks its contract")
        registered(args, made)
        print(f"policy {args.name!r}: %gmp run WORKLOAD --policy {args.name}")
        return self.kept(made, args) if args.var else None

    # --- defaults -----------------------------------------------------------------------------------------------------
    def defaults(self) -> dict[str, object]:
        """What stands where nothing is typed."""
        return {"procs": self.procs, "policy": self.policy, "seed": self.seed, "record": self.record}

    def configured(self, commands: Commands) -> Commands:
        """The commands with the configured defaults."""
        return {name: (self.with_defaults(add), what) for name, (add, what) in commands.items()}

    def with_defaults(self, add: Add) -> Add:
        """A command's arguments with the configured defaults, where it has them."""

        def added(parser: Any) -> None:
            add(parser)
            has = {action.dest for action in parser._actions if action.option_strings}
            parser.set_defaults(**{name: value for name, value in self.defaults().items() if name in has})

        return added


def of_the_user(error: BaseException) -> BaseException:
    """An error without the frames of gmplab's own that stand above the user's code."""
    cause = error.__cause__
    if cause is not None:
        at = cause.__traceback__
        while at is not None and at.tb_frame.f_code.co_filename.startswith((OWN, "gmplab" + os.sep)) and at.tb_next is not None:
            at = at.tb_next
        cause.__traceback__ = at
    return error.with_traceback(None)


def registered(args: Namespace, made: Any) -> None:
    """Give what a cell defines its name."""
    try:
        experiment.register(args.name, made, replace=args.replace)
    except (ValueError, TypeError) as e:
        raise UsageError(str(e).replace("or replace it", "or say --replace")) from None


def policy_with(name: str, base: Policy, defined: dict[str, type[Component]]) -> Policy:
    """A policy in which each class of a cell stands for its concern. Of a class and its subclass the subclass counts."""
    last = [c for c in defined.values() if not any(c in other.__mro__[1:] for other in defined.values())]
    parts: dict[str, Component] = {}
    for cls in last:
        concern = next(concern for concern in COMPONENT_CONCERNS if issubclass(cls, CONCERNS[concern]))
        if concern in parts:
            raise UsageError(f"policy {name!r}: {type(parts[concern]).__name__} and {cls.__name__} are both for {concern}: keep one")
        try:
            parts[concern] = cls()
        except (TypeError, ValueError) as e:
            raise UsageError(f"policy {name!r}: {cls.__name__} cannot be made without arguments: {e}") from None
    if not parts:
        bases = ", ".join(sorted(CONCERNS[concern].__name__ for concern in COMPONENT_CONCERNS))
        raise UsageError(f"policy {name!r}: the cell defines no component: a class of gmplab's {bases}, or of a shipped one")
    return base.replace(name=name, **parts)


def step(args: Namespace) -> Any:
    """The stepper of a run."""
    if args.at is not None and args.when is not None:
        raise UsageError(f"%gmp step --at {args.at} --when ...: it begins at one of them")
    views = view(args)
    at: Any = args.at if args.at is not None else 0
    if args.g is not None:
        made = views.run.goroutines.set_index("g")["created_ns"]
        if args.g not in made.index:
            raise UsageError(f"%gmp step -g {args.g}: there is no such goroutine: this run has 1 to {max(made.index, default=0)}")
        at = at or int(made[args.g])
    try:
        shown = views.stepper(at, args.when)
    except ValueError as e:
        raise UsageError(str(e)) from None
    if args.g is not None:
        shown.selected_g = args.g
    return shown


def dash(args: Namespace) -> Any:
    """The dashboard of a run, a comparison or a sweep."""
    return view(args).dashboard()


def view(args: Namespace) -> Any:
    """The widgets of a result."""
    result = load_run(args.run) if isinstance(args.run, str) else args.run
    try:
        return result.view
    except AttributeError as e:
        raise UsageError(str(e)) from None


def play(args: Namespace) -> Any:
    """The playground of a workload."""
    try:
        return playground(args.workload)
    except ValueError as e:
        raise UsageError(str(e)) from None


SHOWN: Final[dict[str, Callable[[Namespace], Any]]] = {"step": step, "dash": dash, "play": play}
"""Commands that only a notebook has."""

GmpMagics.gmp.__doc__ = "\n".join([
    "Run goroutines under a scheduler, and show what it decided.", "", tree("%gmp", LINE).format_help(),
    "In a cell, below its first line, stands the code of the main goroutine:", "", tree("%%gmp", CELL).format_help(),
])


# --- the extension ----------------------------------------------------------------------------------------------------
@context_matcher(identifier="gmplab")  # type: ignore[untyped-decorator]
def matcher(context: Any) -> Any:
    """Tab's offers after `%gmp`, for IPython's completer; nothing elsewhere."""
    before = context.line_with_cursor[: context.cursor_position] if context.cursor_line == 0 else ""
    found = offers(before or context.line_with_cursor[: context.cursor_position], context_names())
    if found is None:
        return {"completions": [], "suppress": False}
    begun, options = found
    return {
        "completions": [SimpleCompletion(option, type="keyword") for option in options], "suppress": bool(options),
        "ordered": True, "matched_fragment": begun,
    }


def context_names() -> dict[str, Any]:
    """The user's variables."""
    from IPython import get_ipython

    shell = get_ipython()
    return {} if shell is None else shell.user_ns


def load(shell: Any) -> None:
    """Make the magics; a second time they are made anew."""
    unload(shell)
    magics = GmpMagics(shell=shell)
    try:
        magics.follow(Path.cwd())
    except FileNotFoundError:
        # The kernel's folder is gone, and so is what it would set.
        pass
    except UsageError as e:
        raise ShellUsageError(f"%load_ext gmplab: {' '.join(str(e).split())}") from None
    shell.register_magics(magics)
    if magics not in shell.configurables:
        shell.configurables.append(magics)
    shell.Completer.custom_matchers.append(matcher)


def unload(shell: Any) -> None:
    """Take away what `load` made."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("gmp", None)
    shell.configurables[:] = [x for x in shell.configurables if not isinstance(x, GmpMagics)]
    if matcher in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(matcher)
