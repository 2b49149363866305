"""What each command does: a function of what was typed that returns a result. Nothing here prints or exits."""

from __future__ import annotations

import contextlib
import inspect
import os
import platform
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from tqdm.auto import tqdm

from gmplab.analysis.check_policy import check_policy
from gmplab.analysis.compare import compare
from gmplab.analysis.explore import Bound, Schedule, explore, replay
from gmplab.analysis.findings import Findings, findings
from gmplab.analysis.sweep import sweep
from gmplab.build import describe
from gmplab.commands import texts
from gmplab.commands.code import code_of
from gmplab.commands.results import Checked, Code, Drawing, Explored, Information, Listing, Outcome, Result, Swept, Verified
from gmplab.commands.tree import COMPONENT_CONCERNS, SECTIONS
from gmplab.errors import GmplabError, TraceError, UsageError
from gmplab.experiment import components, policies, run, workloads
from gmplab.names import nearest
from gmplab.traces.folder import whole_folder
from gmplab.traces.load import load
from gmplab.traces.metrics import METRICS
from gmplab.traces.run import Run
from gmplab.vocabulary import GO_VERSION, MODEL, SCHEMA


def perform(args: Namespace, progress: bool = False) -> Result:
    """Do what was typed.

    Parameters
    ----------
    args : Namespace
        Of `tree.parse`.
    progress : bool
        Whether a bar may be shown.

    Returns
    -------
    Outcome, Comparison, Listing, Information, Checked, Verified, Swept, Drawing, Findings or Code
        By the command. A run that failed is an Outcome with its error, whose files are written all the same.

    Raises
    ------
    UsageError
        Something that was typed cannot be: one line.
    GmplabError
        A run of `compare` failed; `.run` is its record so far.
    OSError, TraceError
        `export` or `plot` cannot read what it was given, or a picture not be written.
    """
    if getattr(args, "code", False):
        return Code(code_of(args))
    return PERFORM[args.command](args, progress)


@contextlib.contextmanager
def as_typed() -> Iterator[None]:
    """A wrong argument is a wrong word of the command here."""
    try:
        yield
    except UsageError:
        raise
    except (ValueError, TypeError, FileNotFoundError) as e:
        raise UsageError(str(e)) from e


def run_command(args: Namespace, progress: bool) -> Outcome:
    """Run a workload under a policy, and write what was asked for."""
    check_targets(args)
    given = {concern: getattr(args, concern) for concern in COMPONENT_CONCERNS if getattr(args, concern) is not None}
    parts = {concern: texts.component(text, concern) for concern, text in given.items()}
    chosen = texts.changed(texts.policy(args.policy), parts)
    asked = {
        **experiment_of(args, progress), "policy": chosen, "on": args.on, "lock_plain": args.lock_plain, "seed": args.seed,
        "record": args.record, "when": args.when,
    }
    try:
        with as_typed():
            outcome = Outcome(run(**asked))
    except (GmplabError, KeyboardInterrupt) as e:
        made = getattr(e, "run", None)
        if made is None:
            raise
        outcome = Outcome(made, e)
    write(outcome, args)
    return outcome


def experiment_of(args: Namespace, progress: bool) -> dict[str, Any]:
    """The arguments of `gmplab.run` that `run` and `compare` share, the workload's parameters among them."""
    with as_typed():
        workload = texts.workload(args.workload)
        known = texts.parameters(workload, texts.settings(args.settings))
        taken = [name for name in known if name in inspect.signature(run).parameters]
        if taken:
            raise UsageError(f"--set {taken[0]}=...: is an argument of the run; see the options of {args.command}")
        prices = None if args.costs is None else texts.costs(args.costs)
        asked = {
            "workload": workload, "procs": args.procs, "cpus": args.cpus, "kernel_threads": args.kernel_threads, "until": args.until,
            "costs": prices,
        }
        return {**asked, "progress": progress and not args.no_progress, **known}


def compare_command(args: Namespace, progress: bool) -> Result:
    """Run a workload under several policies with the same seeds."""
    given = texts.listed(args.policies)
    chosen = {text: texts.policy(text) for text in given}
    if len(chosen) < len(given):
        raise UsageError("a policy is given twice")
    with as_typed():
        return compare(
            chosen, seeds=texts.seeds(args.seeds), metrics=args.metrics, workers=args.workers, **experiment_of(args, progress)
        )


def sweep_command(args: Namespace, progress: bool) -> Swept:
    """Run a workload at every point of a grid."""
    check_targets(args)
    with as_typed():
        asked = experiment_of(args, progress)
        workload = asked.pop("workload")
        vary: dict[str, list[Any]] = {}
        for text in args.axes:
            name, words = texts.axis(text)
            if name in vary:
                raise UsageError(f"--vary {text}: {name} is varied already: write its values with commas between")
            if name in texts.settings(args.settings):
                raise UsageError(f"--set {name}=...: {name} is varied: leave one of the two out")
            vary[name] = [value_at(name, word, workload) for word in words]
        fixed = {name: value for name, value in {**asked, "policy": texts.policy(args.policy)}.items() if name not in vary}
        made = sweep(vary, workload, seeds=texts.seeds(args.seeds), workers=args.workers, folder=args.folder, **fixed)
    written = []
    if args.csv:
        with whole_folder(args.csv, False, "--csv") as making:
            made.frame.to_csv(making / "sweep.csv", index=False, lineterminator="\n")
        written.append(f"csv: {args.csv}")
    return Swept(made, written)


def value_at(name: str, text: str, workload: Any) -> Any:
    """A value of what is varied, from its text."""
    if name == "procs":
        return whole_number(name, text)
    if name == "policy":
        return texts.policy(text)
    if name == "costs":
        return texts.costs(text)
    if name == "until":
        return text
    if name in COMPONENT_CONCERNS:
        return texts.component(text, name)
    return texts.parameters(workload, {name: text})[name]


def whole_number(name: str, text: str) -> int:
    """A number of things."""
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{name} = {text!r}: must be a whole number") from None


# --- files ------------------------------------------------------------------------------------------------------------
FOLDERS: Final = ("csv", "parquet", "plot")
FILES: Final = ("perfetto", "html", "save")


def check_targets(args: Namespace) -> None:
    """Refuse what cannot be written before the run is made: it would be lost."""
    seen: dict[str, str] = {}
    for option in (*FOLDERS, *FILES):
        target = getattr(args, option, None)
        if target is None:
            continue
        kind = "folder" if option in FOLDERS else "file"
        if not target:
            raise UsageError(f"--{option} '': give the {kind}'s name")
        if os.path.lexists(target):
            raise UsageError(f"--{option} {target}: exists: give another {kind}")
        if option in FILES and not Path(target).absolute().parent.is_dir():
            raise UsageError(f"--{option} {target}: there is no folder {Path(target).parent}")
        there = next(path for path in Path(target).absolute().parents if os.path.lexists(path))
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise UsageError(f"--{option} {target}: {there} is no folder that can be written to")
        if os.path.abspath(target) in seen:
            raise UsageError(f"--{option} {target}: is --{seen[os.path.abspath(target)]}'s already: give another {kind}")
        seen[os.path.abspath(target)] = option


def write(outcome: Outcome, args: Namespace) -> None:
    """Write each thing that was asked for, whatever becomes of the others; who interrupts it is told what is there."""
    writers: dict[str, Callable[[str], Any]] = {
        "save": lambda path: outcome.run.save(path), "csv": lambda path: outcome.run.to_csv(path),
        "parquet": lambda path: outcome.run.to_parquet(path), "perfetto": lambda path: outcome.run.to_perfetto(path),
        "html": lambda path: write_html(outcome, path), "plot": lambda path: draw_all(outcome, path),
    }
    for option, writer in writers.items():
        target = getattr(args, option, None)
        if target is None:
            continue
        if outcome.stopped_writing:
            outcome.unwritten.append(f"--{option} {target}: not written: interrupted before")
            continue
        try:
            writer(target)
            outcome.written.append(f"{option}: {target}")
        except (OSError, TraceError) as e:
            outcome.unwritten.append(f"--{option} {target}: not written: {e}")
        except KeyboardInterrupt:
            outcome.stopped_writing = True
            outcome.unwritten.append(f"--{option} {target}: not written: interrupted")


def write_html(outcome: Outcome, path: str) -> None:
    """The run as a page."""
    from gmplab.plots.page import to_html  # matplotlib is slow to load, and few runs are drawn

    to_html(outcome.run, path)


def draw_all(outcome: Outcome, folder: str) -> None:
    """Every plot as PNG into a new folder; one whose facts were not recorded is left out, and that is said."""
    from gmplab.plots import PLOTS  # matplotlib is slow to load, and few runs are drawn

    with whole_folder(folder, False, "--plot") as making:
        left_out = []
        for name, draw in PLOTS.items():
            try:
                draw(outcome.run).save(making / f"{name}.png")
            except TraceError as e:
                left_out.append(f"{name}.png: left out: {e}")
        if len(left_out) == len(PLOTS):
            raise TraceError("; ".join(left_out))
        outcome.written += left_out


def export_command(args: Namespace, progress: bool) -> Outcome:
    """Write a saved run in another form."""
    if not (args.csv or args.parquet or args.perfetto or args.html or args.save):
        raise UsageError("say into what: --csv DIR, --parquet DIR, --perfetto FILE, --html FILE or --save FILE")
    check_targets(args)
    outcome = Outcome(read(args.run))
    write(outcome, args)
    return outcome


def plot_command(args: Namespace, progress: bool) -> Drawing:
    """Draw one picture of a saved run."""
    from gmplab.plots import PLOTS  # matplotlib is slow to load

    if args.view not in PLOTS:
        raise UsageError(f"plot {args.view}: there is no such plot{nearest(args.view, list(PLOTS))}")
    if args.save is not None and os.path.lexists(args.save):
        raise UsageError(f"--save {args.save}: exists: give another file")
    drawn = PLOTS[args.view](read(args.run))
    if args.save is None:
        return Drawing(drawn)
    with as_typed():
        drawn.save(args.save)
    return Drawing(drawn, args.save)


def explain_command(args: Namespace, progress: bool) -> Findings | Listing:
    """Say what a saved run suffers from, or where the time of one of its goroutines or Ps went."""
    which, whom = texts.run_and_whom(args.run, args.whom, {})
    run = read(which)
    if whom is None:
        return findings(run)
    from gmplab.commands.about import about  # its units come with matplotlib, which is slow to load

    return about(run, whom)


def read(run: Run | str | None) -> Run:
    """A run itself, or the one in a file of `save`, or in a folder of tables."""
    if isinstance(run, Run):
        return run
    if run is None:
        raise UsageError("say which run: a file of `run --save`, or a folder of tables")
    return load(run)


# --- what there is ----------------------------------------------------------------------------------------------------
def list_command(args: Namespace, progress: bool) -> Listing:
    """Show what there is."""
    makers: dict[str, Callable[[], dict[str, list[tuple[str, str]]]]] = {
        "policies": lambda: {"policies": [(name, sentence(p.doc)) for name, p in policies().items()]},
        "workloads": lambda: {"workloads": [(signature(name, fn), first_line(fn)) for name, fn in workloads().items()]},
        "components": lambda: {
            f"--{concern}": [(form(cls), first_line(cls)) for cls in components(concern).values()]
            for concern in COMPONENT_CONCERNS
        },
        "metrics": lambda: {
            "metrics": [(f"{name} {'' if m.unit == '1' else m.unit}".strip(), m.formula) for name, m in METRICS.items()]
        },
        "plots": plots_listed,
    }
    if args.section is not None and args.section not in makers:
        raise UsageError(f"list {args.section}: there is no such section{nearest(args.section, list(SECTIONS))}")
    wanted = SECTIONS if args.section is None else (args.section,)
    return Listing({title: rows for section in wanted for title, rows in makers[section]().items()})


def plots_listed() -> dict[str, list[tuple[str, str]]]:
    """The plots by name, in a line each."""
    from gmplab.plots import PLOTS

    return {"plots": [(name, first_line(fn)) for name, fn in PLOTS.items()]}


def sentence(text: str) -> str:
    """A text up to its first full stop or colon's end."""
    return text.partition(". ")[0].rstrip(".")


def first_line(thing: Any) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0].rstrip(".")


def signature(name: str, fn: Callable[..., Any]) -> str:
    """A workload's name with its parameters and their defaults, as --set takes them."""
    parts = []
    for p in inspect.signature(fn).parameters.values():
        parts.append(p.name if p.default is p.empty else f"{p.name}={p.default}")
    return f"{name} {' '.join(parts)}".strip()


def form(cls: type) -> str:
    """A component as it is typed, with its defaults."""
    try:
        made = cls()
    except TypeError:  # a third party's, with a field that has no default
        return f"{cls.__name__}(...)"
    fields = ", ".join(f"{f}={getattr(made, f)!r}" for f in getattr(cls, "__dataclass_fields__", {}))
    return f"{cls.__name__}({fields})"


def info_command(args: Namespace, progress: bool) -> Information:
    """What gmplab is here."""
    try:
        version = metadata.version("gmplab")
    except metadata.PackageNotFoundError:
        version = "not installed: run from its sources"
    return Information([
        ("version", version), ("build", describe()), ("schema", ".".join(map(str, SCHEMA))), ("model", str(MODEL)),
        ("go", GO_VERSION), ("python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("platform", platform.platform()), ("folder", str(Path(__file__).resolve().parents[1])),
    ])


def check_command(args: Namespace, progress: bool) -> Checked:
    """Ask a policy everything."""
    chosen = texts.policy(args.policy)
    with as_typed():
        return Checked(chosen, check_policy(chosen, programs=args.programs, seed=args.seed, strict=False))


def verify_command(args: Namespace, progress: bool) -> Verified:
    """Hold the core against what is known."""
    # The catalogue is made when it is loaded, which only this command needs.
    from gmplab.analysis.truth import verify
    from gmplab.commands.verification import check_page, write_page

    check_targets(args)
    if args.page:
        check_page(Path(args.page))
    with as_typed():
        found = verify(
            args.names, scale=args.scale, workers=args.workers, draw=args.seed, progress=progress and not args.no_progress
        )
    written = []
    if args.csv:
        with whole_folder(args.csv, False, "--csv") as making:
            found.frame.to_csv(making / "verify.csv", index=False, lineterminator="\n")
        written.append(f"csv: {args.csv}")
    if args.page:
        written += [f"page: {name}" for name in write_page(found, Path(args.page))]
    return Verified(found, written)


def explore_command(args: Namespace, progress: bool) -> Explored:
    """Look for a schedule that breaks a law, and keep it under the names that were typed, so that `replay` finds them."""
    check_targets(args)
    chosen = texts.policy(args.policy)
    with as_typed(), tqdm(desc=args.workload, unit=" runs", leave=False, disable=not progress or args.no_progress) as bar:
        workload = texts.workload(args.workload)
        known = texts.parameters(workload, texts.settings(args.settings))
        bound = Bound(**{name: whole_number(name, text) for name, text in texts.settings(args.bound).items()})

        def show(states: int, runs: int) -> None:
            bar.set_postfix_str(f"{states:,} states", refresh=False)
            bar.update(runs - bar.n)

        found = explore(
            workload, chosen, procs=args.procs, bound=bound, walk=args.walk, seed=args.seed, progress=show, **known
        )
    if not args.save or found.failure is None:
        return Explored(found)
    replace(found.failure, workload=args.workload, policy=args.policy).save(args.save)
    return Explored(found, args.save)


def replay_command(args: Namespace, progress: bool) -> Outcome:
    """Run a saved schedule again, and write what was asked for."""
    check_targets(args)
    schedule = Schedule.load(args.schedule)
    outcome = Outcome(replay(schedule, texts.workload(schedule.workload), texts.policy(schedule.policy)))
    write(outcome, args)
    return outcome


PERFORM: Final[dict[str, Callable[[Namespace, bool], Result]]] = {
    "run": run_command, "compare": compare_command, "sweep": sweep_command,
    "list": list_command, "info": info_command, "check": check_command,
    "verify": verify_command, "explore": explore_command, "replay": replay_command,
    "export": export_command, "plot": plot_command, "explain": explain_command,
}
"""By command; `tree.COMMANDS` has the same names."""
