"""Objects from what is typed: policies, components, workloads, seeds, parameters.

Texts are read, never evaluated: arguments are literals, and code runs only from a file or module that the user names.
Whatever cannot be understood is a `UsageError` of one line, with the nearest name where a name is wrong.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gmplab.analysis.compare import short_repr
from gmplab.commands.tree import COMPONENT_CONCERNS, PRICES
from gmplab.errors import UsageError
from gmplab.experiment import components, policy_of, workload_of
from gmplab.names import FROM_FILE, nearest
from gmplab.runtime.contracts import CONCERNS, Component, Policy
from gmplab.runtime.costs import Costs
from gmplab.runtime.durations import duration_ns
from gmplab.workloads import is_workload, parse_parameters


# --- what a file or a module holds ------------------------------------------------------------------------------------
def named(text: str) -> tuple[str, str]:
    """The two parts of "file.py:NAME" or "module:NAME"; the first "" where there is no colon."""
    if text.endswith(".py"):
        raise UsageError(f"{text!r}: say what in it: {text}:NAME")
    where, colon, name = text.rpartition(":")
    if colon and not name.isidentifier():
        raise UsageError(f"{text!r}: after the colon must stand a name, as in file.py:NAME")
    return where, name


def thing_at(where: str, name: str) -> Any:
    """The object of that name in a Python file, or in a module that can be imported."""
    module = file_module(Path(where)) if where.endswith(".py") else imported(where)
    if not hasattr(module, name):
        own = [n for n in vars(module) if not n.startswith("_")]
        raise UsageError(f"{where}: has no {name!r}{nearest(name, own) if own else ''}")
    return getattr(module, name)


def file_module(path: Path) -> Any:
    """A Python file as a module, by a name of its own, so that what it defines pickles in this process."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    name = FROM_FILE + path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as e:
        raise UsageError(f"{path}: {type(e).__name__}: {e}{line_of(e, path)}") from e
    return module


def line_of(error: BaseException, path: Path) -> str:
    """Where in the user's file an error arose, as " (line 3)"; "" where it was not in it."""
    line = None
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == str(path):
            line = at.tb_lineno
        at = at.tb_next
    return f" (line {line})" if line is not None else ""


def imported(where: str) -> Any:
    """A module by its name."""
    try:
        return importlib.import_module(where)
    except ImportError as e:
        raise UsageError(f"module {where!r}: cannot be imported: {e}") from None


# --- NAME(args) -------------------------------------------------------------------------------------------------------
def call_of(text: str) -> tuple[str, list[ast.expr], dict[str, ast.expr]]:
    """The parts of "NAME" or "NAME(args)": the name, positional and keyword arguments, not yet read.

    The name may be none of Python's: "go1.21", "mine.py:Steal".
    """
    name, paren, rest = text.strip().partition("(")
    if not paren:
        return name, [], {}
    try:
        call = ast.parse(f"_({rest}", mode="eval").body
    except (SyntaxError, ValueError):
        call = ast.Constant(None)
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or not name.strip():
        raise UsageError(f"{text!r}: cannot be read: write NAME or NAME(argument, name=value)")
    if any(isinstance(x, ast.Starred) for x in call.args) or any(k.arg is None for k in call.keywords):
        raise UsageError(f"{text!r}: * and ** are not understood here: write the arguments out")
    keywords = {str(k.arg): k.value for k in call.keywords}
    if len(keywords) < len(call.keywords):
        raise UsageError(f"{text!r}: a name is given twice")
    return name.strip(), call.args, keywords


def literal(node: ast.expr, what: str) -> Any:
    """The value of a literal: a number, a text, True, None, or a tuple or list of them."""
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise UsageError(f"{what} = {ast.unparse(node)}: must be a number, a 'text', True or False") from None


def component(text: str, concern: str) -> Component:
    """A component from its name and its arguments.

    Parameters
    ----------
    text : str
        "StealOne", "StealHalf(passes=2)", "mine.py:StealTwo()". Arguments are literals; a field whose name ends in
        `_ns` also takes a duration as text, as in RetireAfter(idle_ns="50ms").
    concern : str
        What it is for: "steal", "spin", ...

    Raises
    ------
    UsageError
        No such component or field (with the nearest), or a value that is none of its type.

    Examples
    --------
    >>> component("SpinLimit(2)", "spin")
    SpinLimit(n=2)
    """
    name, positional, keywords = call_of(text)
    cls = component_class(name, concern)
    if isinstance(cls, Component):
        if positional or keywords:
            raise UsageError(f"{text!r}: {name} is a {type(cls).__name__} already, and takes no arguments")
        return cls
    fields = {f.name: f for f in dataclasses.fields(cls)}
    if len(positional) > len(fields):
        raise UsageError(f"{text!r}: {cls.__name__} takes {len(fields)} arguments: {', '.join(fields) or 'none'}")
    given = dict(zip(fields, positional, strict=False))
    for field, node in keywords.items():
        if field not in fields:
            own = f"; it has {', '.join(fields)}" if fields else "; it has none"
            close = nearest(field, list(fields)) if fields else ""
            raise UsageError(f"{cls.__name__}: no field {field!r}{close if 'did you mean' in close else own}")
        if field in given:
            raise UsageError(f"{text!r}: {field} is given twice")
        given[field] = node
    values = {field: field_value(node, fields[field], cls.__name__) for field, node in given.items()}
    try:
        made: Component = cls(**values)
    except (TypeError, ValueError) as e:
        raise UsageError(f"{text!r}: {e}") from None
    return made


def component_class(name: str, concern: str) -> Any:
    """The class that a name means, or a component that a file holds ready made."""
    where, own = named(name)
    if where:
        thing = thing_at(where, own)
        base = CONCERNS[concern]
        if isinstance(thing, base) or (isinstance(thing, type) and issubclass(thing, base)):
            return thing
        raise UsageError(f"{name}: is {thing!r}: must be a subclass of gmplab's {base.__name__}, for {concern}")
    known = components(concern)
    if name in known:
        return known[name]
    for other in COMPONENT_CONCERNS:
        if name in components(other):
            raise UsageError(f"{name} is a {other} component, not one of {concern}: write --{other}, or {other}=")
    raise UsageError(f"{concern} component {name!r}: there is none such{nearest(name, list(known))}")


def field_value(node: ast.expr, field: dataclasses.Field[Any], owner: str) -> Any:
    """A field's value from its literal, of the field's type. Annotations are texts in compiled classes too."""
    what = f"{owner}: {field.name}"
    value = literal(node, what)
    kind = str(getattr(field.type, "__name__", field.type))
    if field.name.endswith("_ns") and isinstance(value, str):
        try:
            return duration_ns(value, what)
        except ValueError as e:
            raise UsageError(str(e)) from None
    if kind in ("int", "i64") and (isinstance(value, bool) or not isinstance(value, int)):
        or_text = " of ns, or a text such as '50ms'" if field.name.endswith("_ns") else ""
        raise UsageError(f"{what} = {value!r}: must be an int{or_text}")
    if kind == "float" and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise UsageError(f"{what} = {value!r}: must be a number")
    if kind in ("bool", "str") and type(value).__name__ != kind:
        raise UsageError(f"{what} = {value!r}: must be {'True or False' if kind == 'bool' else 'a text in quotes'}")
    return value


# --- policies ---------------------------------------------------------------------------------------------------------
def policy(text: str) -> Policy:
    """A policy from what is typed.

    Parameters
    ----------
    text : str
        "go1.21", "go(steal=StealOne(), spin=SpinLimit(2))", or a Policy, a component or a class of one in a file or
        module, as "mine.py:StealTwo"; a component stands in Go's policy.

    Examples
    --------
    >>> policy("go(spin=NoSpinning())").spin
    NoSpinning()
    """
    name, positional, keywords = call_of(text)
    where, own = named(name)
    if positional:
        raise UsageError(f"{text!r}: say which concern: go(steal=StealOne())")
    if where:
        made = policy_from(thing_at(where, own), name)
    else:
        try:
            made = policy_of(name)
        except (ValueError, TypeError) as e:
            raise UsageError(str(e)) from None
    return changed(made, {concern: component(ast.unparse(node), checked_concern(concern)) for concern, node in keywords.items()})


def changed(made: Policy, parts: Mapping[str, Component]) -> Policy:
    """A policy with other components, named so that the record tells what ran."""
    if not parts:
        return made
    name = f"{made.name}({', '.join(f'{concern}={short_repr(part)}' for concern, part in parts.items())})"
    return made.replace(name=name, **parts)


def checked_concern(concern: str) -> str:
    """The concern. Raises `UsageError` for none of a policy's."""
    if concern not in COMPONENT_CONCERNS:
        raise UsageError(f"concern {concern!r}: there is none such{nearest(concern, list(COMPONENT_CONCERNS))}")
    return concern


def policy_from(thing: Any, name: str) -> Policy:
    """A policy that is, or that has in Go's the place of, an object of the user's."""
    if isinstance(thing, Policy):
        return thing
    try:
        made = thing() if isinstance(thing, type) and issubclass(thing, Component) else thing
    except TypeError as e:
        raise UsageError(f"{name}: cannot be made without arguments: {e}") from None
    for concern in COMPONENT_CONCERNS:
        if isinstance(made, CONCERNS[concern]):
            go = policy_of("go")
            return go.replace(name=f"go with {type(made).__name__}", **{concern: made})
    raise UsageError(f"{name}: is {thing!r}: must be a gmplab.Policy, or a component or its class")


# --- of `explain` -----------------------------------------------------------------------------------------------------
WHOM: Final = re.compile(r"[gGpP]\d+")
"""How a goroutine or a P is typed."""


def run_and_whom(run: Any, whom: str | None, names: Mapping[str, Any]) -> tuple[Any, str | None]:
    """The two words of `explain [RUN] [G7]`; one alone is whom where it reads so, and is no variable and no file.

    >>> run_and_whom("G7", None, {}), run_and_whom("kept.gmp", None, {}), run_and_whom("G7", None, {"G7": "a run"})
    ((None, 'G7'), ('kept.gmp', None), ('G7', None))
    """
    if whom is None and isinstance(run, str) and WHOM.fullmatch(run) and run not in names and not Path(run).exists():
        return None, run
    return run, whom


# --- workloads, and what they take ------------------------------------------------------------------------------------
def workload(text: Any) -> Any:
    """A workload from its name or from file.py:function; one that is a workload already stays it.

    A name stays one as well: `gmplab.run` resolves it.
    """
    if not isinstance(text, str):
        return text
    where, name = named(text)
    if not where:
        return text
    found = thing_at(where, name)
    if isinstance(found, type) or not (callable(found) or type(found).__name__ in ("Plan", "Program")):
        raise UsageError(f"{text}: is {found!r}: must be a function, a Program or a Plan")
    return found


def parameters(named: Any, given: Mapping[str, str]) -> dict[str, Any]:
    """Values for a workload's parameters from their texts.

    Raises
    ------
    ValueError, TypeError
        There is no such workload or parameter, or a text is no value of its type.
    """
    found = workload(named)
    fn = workload_of(found) if isinstance(found, str) else found
    return parse_parameters(fn, given) if is_workload(fn) else plain_parameters(fn, given)


def settings(pairs: Sequence[str]) -> dict[str, str]:
    """The texts of "key=value" words by key."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(f"--set {pair}: must be KEY=VALUE, as in --set n=1000")
        if key in found:
            raise UsageError(f"--set {pair}: {key} is given twice")
        found[key] = value
    return found


def plain_parameters(fn: Callable[..., Any], texts: Mapping[str, str]) -> dict[str, Any]:
    """Values for a plain function's parameters: a literal where the text is one, else the text itself."""
    try:
        known = inspect.signature(fn).parameters
    except (TypeError, ValueError):
        known = inspect.signature(lambda: None).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in known.values())
    values: dict[str, Any] = {}
    for key, text in texts.items():
        if key not in known and not takes_any:
            hint = nearest(key, list(known)) if known else "; it takes none"
            raise UsageError(f"{getattr(fn, '__name__', fn)}: no parameter {key!r}{hint}")
        try:
            values[key] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values[key] = text
    return values


def seeds(text: str) -> Sequence[int]:
    """Seeds from "0:10" (0 to 9) or "1,4,7".

    >>> list(seeds("2:5")), seeds("1,4")
    ([2, 3, 4], [1, 4])
    """
    first, colon, last = text.partition(":")
    try:
        found: Sequence[int] = range(int(first or "0"), int(last)) if colon else [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--seeds {text}: must be FROM:TO, as in 0:10, or numbers with commas between") from None
    if not found:
        raise UsageError(f"--seeds {text}: holds no seed: TO must be above FROM")
    return found


def parts(text: str) -> list[str]:
    """A list with commas between, those in parentheses and quotes left alone.

    >>> parts("go,go(steal=StealOne(), spin=SpinLimit(2)),go1.1")
    ['go', 'go(steal=StealOne(), spin=SpinLimit(2))', 'go1.1']
    """
    found, depth, quote = [""], 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "()":
            depth += 1 if c == "(" else -1
        elif c == "," and depth == 0:
            found.append("")
            continue
        found[-1] += c
    return [part.strip() for part in found]


def listed(words: Sequence[str]) -> list[str]:
    """Words that each may hold several, with commas between.

    >>> listed(["go,go1.1", "go(steal=StealOne(), spin=SpinLimit(2))"])
    ['go', 'go1.1', 'go(steal=StealOne(), spin=SpinLimit(2))']
    """
    return [part for word in words for part in parts(word)]


def axis(text: str) -> tuple[str, list[str]]:
    """The name and the values of "NAME=VALUES"; "P" is procs, and FROM:TO or FROM:TO:STEP are numbers as in Python.

    >>> axis("P=1:4"), axis("policy=go,go1.1")
    (('procs', ['1', '2', '3']), ('policy', ['go', 'go1.1']))
    """
    name, equals, values = text.partition("=")
    if not equals or not name.isidentifier() or not values:
        raise UsageError(f"--vary {text}: must be NAME=VALUES, as in --vary P=1,2,4")
    name = "procs" if name == "P" else name
    if re.fullmatch(r"-?\d+:-?\d+(:-?[1-9]\d*)?", values):
        numbers = list(range(*map(int, values.split(":"))))
        if not numbers:
            raise UsageError(f"--vary {text}: holds no number: TO must be above FROM")
        return name, [str(n) for n in numbers]
    return name, parts(values)


def costs(text: str) -> Costs:
    """A price list by its name."""
    if text not in PRICES:
        raise UsageError(f"--costs {text}: there is none such{nearest(text, list(PRICES))}")
    made: Costs = getattr(Costs, text)()
    return made
