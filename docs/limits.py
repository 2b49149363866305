"""The directives `limits` and `presets`: what the sources say about where gmplab is not the original, and each preset.

A limit is what follows `Differs:`, `Differs from x:` or `Not modelled:` in a docstring, or in the `doc` of a preset, up to
the next such word, to `Go:` or `Source:`, or to the end of the paragraph; or the list after it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[1]
MARK = re.compile(r"(?:^|(?<=\s))(Differs(?: from [^:]+)?|Not modelled|Go|Source): ")
LIST = re.compile(r"(Differs|Not modelled):\n\n(?=\s*- )")
LIMITS = ("Differs", "Not modelled")


@dataclass(frozen=True)
class Limit:
    """One sentence or more about what is not as in the original."""

    module: str
    owner: str
    """The function, class, attribute or preset within the module; "" for the module itself."""
    kind: str
    text: str


def split(text: str) -> Iterator[tuple[str, str]]:
    """What follows each mark of a docstring: the mark and its words."""
    for paragraph in re.split(r"\n\s*\n|\n(?=\s*[\w*, ]+ : )", LIST.sub(r"\1: ", text)):  # a parameter ends the one before
        _, *parts = MARK.split(" ".join(paragraph.split()))
        for kind, words in zip(parts[::2], parts[1::2], strict=True):
            if kind.startswith(LIMITS):
                yield kind, words.strip()


def texts(node: ast.AST, owner: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a tree, with the name of the definition or assignment that it stands in."""
    named = ""
    for child in ast.iter_child_nodes(node):
        inner = owner
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = f"{owner}.{child.name}".lstrip(".")
        elif isinstance(child, (ast.Assign, ast.AnnAssign)):
            target = child.targets[0] if isinstance(child, ast.Assign) else child.target
            inner = named = f"{owner}.{ast.unparse(target).removeprefix('self.')}".lstrip(".")
        elif isinstance(child, ast.Expr) and named:
            inner = named  # the docstring below an assignment
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield owner, child.value
        yield from texts(child, inner)
        if not isinstance(child, (ast.Assign, ast.AnnAssign)):
            named = ""


def limits_of(path: Path) -> list[Limit]:
    """The limits that a source file tells, in its order."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [Limit(module, owner, kind, words) for owner, text in texts(tree) for kind, words in split(text)]


def all_limits() -> list[Limit]:
    """Those of the whole package."""
    return [limit for path in sorted((ROOT / "gmplab").rglob("*.py")) for limit in limits_of(path)]


def inline(text: str) -> list[nodes.Node]:
    """Words as they are, and what stands in backticks as code."""
    return [nodes.literal("", part) if i % 2 else nodes.Text(part) for i, part in enumerate(re.split("`+([^`]+)`+", text)) if part]


def told(limit: Limit) -> list[nodes.Node]:
    """What a limit says: a paragraph, or one and a list."""
    kind = nodes.strong("", f"{limit.kind}: ")
    if not limit.text.startswith("- "):
        return [nodes.paragraph("", "", kind, *inline(limit.text))]
    items = [nodes.list_item("", nodes.paragraph("", "", *inline(item))) for item in limit.text.removeprefix("- ").split(" - ")]
    return [nodes.paragraph("", "", kind), nodes.bullet_list("", *items)]


def link(limit: Limit) -> nodes.Node:
    """The limit's place in the reference."""
    from gmplab.policies import PRESETS

    label, what = f"{limit.module}.{limit.owner}".rstrip("."), {"refdomain": "py", "reftype": "obj"}
    presets = {re.sub(r"\W", "_", name): f"preset-{nodes.make_id(name)}" for name in PRESETS}
    if limit.module.startswith("gmplab.policies") and limit.owner in presets:
        label, what = presets[limit.owner], {"refdomain": "std", "reftype": "ref"}
    shown = limit.owner or limit.module.rpartition(".")[2]
    return addnodes.pending_xref("", nodes.literal("", shown), reftarget=label, refexplicit=True, refwarn=False, **what)


def section(title: str, ident: str, *content: nodes.Node) -> nodes.section:
    """A section under a heading."""
    return nodes.section("", nodes.title("", "", *inline(title)), *content, ids=[ident], names=[nodes.fully_normalize_name(title)])


class Limits(SphinxDirective):
    """`{limits} gmplab.runtime`: those of the modules that begin so, a section a module."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for module, found in groupby(all_limits(), key=lambda limit: limit.module):
            if not f"{module}.".startswith(f"{self.arguments[0]}."):
                continue
            path = ROOT / (module.replace(".", "/"))
            path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            self.env.note_dependency(str(path))
            head = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            entries = nodes.definition_list()
            for _, group in groupby(found, key=lambda limit: limit.owner):
                mine = list(group)
                said = [node for limit in mine for node in told(limit)]
                entries += nodes.definition_list_item("", nodes.term("", "", link(mine[0])), nodes.definition("", *said))
            made.append(section(f"`{module}`", nodes.make_id(module), nodes.paragraph("", "", *inline(head)), entries))
        return made


class Presets(SphinxDirective):
    """Every preset: what it is, and the parts in which it is not Go 1.27."""

    def run(self) -> list[nodes.Node]:
        from gmplab.policies import PRESETS

        made: list[nodes.Node] = []
        go = PRESETS["go"]
        for name, policy in PRESETS.items():
            if name != policy.name:
                continue
            self.env.note_dependency(inspect.getfile(type(policy)))
            parts = [
                f"{field.name}={getattr(policy, field.name)!r}" for field in fields(policy)
                if field.name not in ("name", "doc") and getattr(policy, field.name) != getattr(go, field.name)
            ]
            ident = f"preset-{nodes.make_id(name)}"
            content: list[nodes.Node] = [nodes.paragraph("", "", *inline(policy.doc))]
            if parts:
                content.append(nodes.literal_block("", "\n".join(parts), language="python"))
            part = section(f"`{name}`", ident, *content)
            self.env.get_domain("std").note_hyperlink_target(ident, self.env.docname, ident, name)  # type: ignore[attr-defined]
            made.append(part)
        return made


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("limits", Limits)
    app.add_directive("presets", Presets)
    return {"parallel_read_safe": True}
