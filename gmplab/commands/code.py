"""The Python that does what was typed: who began with a command goes on in a script.

The text is made from the words, not from the objects that they name, so that it reads as a person would write it.
"""

from __future__ import annotations

import ast
from argparse import Namespace
from collections.abc import Callable, Mapping
from typing import Any, Final

from gmplab.analysis.compare import short_repr
from gmplab.commands import texts
from gmplab.commands.tree import COMPONENT_CONCERNS
from gmplab.errors import UsageError
from gmplab.runtime.contracts import Component


def code_of(args: Namespace) -> str:
    """Python that does what was typed.

    Parameters
    ----------
    args : Namespace
        Of `tree.parse`, of a command that has `--code`.

    Raises
    ------
    UsageError
        Something that was typed cannot be.

    Examples
    --------
    >>> from gmplab.commands.tree import parse
    >>> print(code_of(parse(["run", "fanout", "-P", "2", "--steal", "StealOne", "--set", "n=10"])))
    import gmplab as gl
    <BLANKLINE>
    run = gl.run("fanout", procs=2, policy=gl.policy_of("go").replace(steal=gl.StealOne()), n=10)
    run
    """
    body = CODE[args.command](args)
    first = ["import gmplab as gl", *modules(args)]
    return "\n".join([*first, "", *body])


def modules(args: Namespace) -> list[str]:
    """What must be imported for the names that stand in files or modules."""
    found: list[str] = []
    policies = texts.listed(getattr(args, "policies", []))
    for text in [args.workload, *policies, *(getattr(args, c, None) for c in ("policy", *COMPONENT_CONCERNS))]:
        where, name = texts.named(text.partition("(")[0]) if isinstance(text, str) else ("", "")
        if where:
            module = where.removesuffix(".py").replace("/", ".") if where.endswith(".py") else where
            if all(part.isidentifier() for part in module.split(".")):
                found.append(f"from {module} import {name}")
            else:
                # An absolute path, say: no module that can be imported from here.
                found += ["import runpy", f"{name} = runpy.run_path({quoted(where)})[{quoted(name)}]"]
    # The imports first.
    return sorted(set(found), key=lambda line: (" = " in line, line))


def quoted(text: str) -> str:
    """A text as Python, in double quotes."""
    return '"' + repr(text + "'")[1:-2].replace("\\'", "'").replace('"', '\\"') + '"'


def value(x: Any) -> str:
    """A value as Python."""
    return quoted(x) if isinstance(x, str) else repr(x)


def workload(args: Namespace) -> str:
    """The workload."""
    if not isinstance(args.workload, str):
        return "main"
    where, name = texts.named(args.workload)
    return name if where else quoted(args.workload)


def part(made: Component, text: str) -> str:
    """A component: one of a file by its name there, one of gmplab's as it prints."""
    where, name = texts.named(text.partition("(")[0])
    return (name + (f"({text.partition('(')[2]}" if "(" in text else "()")) if where else f"gl.{short_repr(made)}"


def policy(text: str, changes: Mapping[str, str]) -> str:
    """A policy, with the components that were changed."""
    name, _, keywords = texts.call_of(text)
    where, own = texts.named(name)
    changed = {concern: ast.unparse(node) for concern, node in keywords.items()} | dict(changes)
    parts = ", ".join(f"{c}={part(texts.component(t, texts.checked_concern(c)), t)}" for c, t in changed.items())
    if where:
        return f"{own}.replace({parts})" if parts else own
    return f"gl.policy_of({quoted(name)}).replace({parts})" if parts else quoted(name)


def shared(args: Namespace) -> list[str]:
    """The arguments that `run` and `compare` share, those that are not as by default."""
    found = []
    if args.procs != 4:
        found.append(f"procs={args.procs}")
    if args.until is not None:
        found.append(f"until={quoted(args.until)}")
    if args.cpus is not None:
        found.append(f"cpus={args.cpus}")
    if args.kernel_threads is not None:
        found.append(f"kernel_threads={args.kernel_threads}")
    if args.costs is not None:
        found.append(f"costs=gl.Costs.{args.costs}()")
    return found


def settings(args: Namespace) -> list[str]:
    """The workload's parameters."""
    try:
        known = texts.parameters(args.workload, texts.settings(args.settings))
    except (ValueError, TypeError) as e:
        raise UsageError(str(e)) from None
    return [f"{name}={value(x)}" for name, x in known.items()]


def seeds(args: Namespace) -> str:
    """The seeds of `compare` and `sweep`."""
    given = texts.seeds(args.seeds)
    return f"seeds={given!r}" if isinstance(given, range) else f"seeds={list(given)}"


def run_code(args: Namespace) -> list[str]:
    """`run`."""
    changes = {c: getattr(args, c) for c in COMPONENT_CONCERNS if getattr(args, c) is not None}
    found = [workload(args), *shared(args)]
    chosen = policy(args.policy, changes)
    if chosen != '"go"':
        found.append(f"policy={chosen}")
    if args.when is not None:
        found.append(f"when={quoted(args.when)}")
    if args.on != "sim":
        found.append(f"on={quoted(args.on)}")
    if args.lock_plain:
        found.append("lock_plain=True")
    if args.seed != 1:
        found.append(f"seed={args.seed}")
    if args.record != "full":
        found.append(f"record={quoted(args.record)}")
    lines = [f"run = gl.run({', '.join([*found, *settings(args)])})"]
    for option in ("save", "csv", "parquet", "perfetto", "html"):
        target = getattr(args, option)
        if target is not None:
            lines.append(f"run.{'save' if option == 'save' else f'to_{option}'}({quoted(target)})")
    if args.plot is not None:
        lines += ["for name in gl.plots.PLOTS:", f"    getattr(run.plot, name)().save({quoted(args.plot)} + f\"/{{name}}.png\")"]
    return [*lines, "run"]


def compare_code(args: Namespace) -> list[str]:
    """`compare`."""
    made = {text: policy(text, {}) for text in texts.listed(args.policies)}
    if all(code == quoted(text) for text, code in made.items()):
        chosen = f"[{', '.join(made.values())}]"
    else:
        chosen = "{" + ", ".join(f"{quoted(text)}: {code}" for text, code in made.items()) + "}"
    found = [chosen, workload(args), *shared(args)]
    found.append(seeds(args))
    if args.metrics:
        found.append(f"metrics={args.metrics!r}")
    if args.workers != 1:
        found.append(f"workers={args.workers}")
    return [f"comparison = gl.compare({', '.join([*found, *settings(args)])})", "comparison"]


def sweep_code(args: Namespace) -> list[str]:
    """`sweep`."""
    axes = []
    for text in args.axes:
        name, words = texts.axis(text)
        axes.append(f"{quoted(name)}: [{', '.join(axis_value(name, word, args) for word in words)}]")
    found = [f"{{{', '.join(axes)}}}", workload(args), *(x for x in shared(args) if f'"{x.partition("=")[0]}":' not in " ".join(axes))]
    found.append(seeds(args))
    chosen = policy(args.policy, {})
    if chosen != '"go"':
        found.append(f"policy={chosen}")
    if args.workers != 1:
        found.append(f"workers={args.workers}")
    if args.folder is not None:
        found.append(f"folder={quoted(args.folder)}")
    return [f"sweep = gl.sweep({', '.join([*found, *settings(args)])})", "sweep"]


def axis_value(name: str, text: str, args: Namespace) -> str:
    """A value of what is varied, as Python."""
    if name == "policy":
        return policy(text, {})
    if name in COMPONENT_CONCERNS:
        return part(texts.component(text, name), text)
    if name == "costs":
        return f"gl.Costs.{text}()"
    if name in ("procs", "until"):
        return text if name == "procs" else quoted(text)
    return value(texts.parameters(args.workload, {name: text})[name])


CODE: Final[dict[str, Callable[[Namespace], list[str]]]] = {"run": run_code, "compare": compare_code, "sweep": sweep_code}
"""By command: those that have `--code`."""
