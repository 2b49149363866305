"""A cell's code as a goroutine's body, or as a definition: compiled so that errors name the cell's own lines.

The verbs (`go`, `compute`, `send`, ...) are in scope for the cell's code alone: it sees a copy of the user's names with
the verbs over them, so a `select` or a `log` of the user's own is untouched. What the cell assigns is local to it, as in
any function; `global x` gives x to the notebook.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

import gmplab
from gmplab.errors import UsageError

HOMES: Final = (
    "gmplab.runtime.verbs", "gmplab.runtime.timers", "gmplab.runtime.chan", "gmplab.runtime.sync", "gmplab.runtime.distributions",
)
"""What these offer is in scope: verbs, what they act on, and distributions."""


def verbs() -> dict[str, Any]:
    """What a body may say, by name."""
    return {name: getattr(gmplab, name) for home in HOMES for name in gmplab._HOMES[home]}


class Cell:
    """The code of one cell.

    Parameters
    ----------
    shell : InteractiveShell
    code : str
        What stands below the line of the magic.

    Raises
    ------
    UsageError
        There is no code.
    SyntaxError
        With the cell's own line.
    """

    def __init__(self, shell: Any, code: str) -> None:
        if not code.strip():
            raise UsageError("the cell is empty below its first line")
        self.shell = shell
        # The line of the magic is line 1 of what the user sees.
        self.text = "\n" + shell.transform_cell(code)
        # Not `execution_count`, which counts on before or after the cell by version.
        number = len(shell.history_manager.input_hist_raw) - 1
        self.file = shell.compile.cache(self.text, number, raw_code=self.text)
        try:
            self.tree = ast.parse(self.text, self.file)
        except SyntaxError as e:
            raise e.with_traceback(None) from None
        self.scope: dict[str, Any] = {**shell.user_ns, **verbs()}

    def main(self) -> Callable[[], Any]:
        """The whole cell as the body of a function: a coroutine with `await`, a generator with `yield`, else plain."""
        own = list(own_nodes(self.tree.body))
        awaits = any(isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) for node in own)
        yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own)
        if awaits and yields:
            raise UsageError("a body is a generator (yield compute(us=5)) or a coroutine (await ch.recv()): this cell is both")
        shape = ast.parse("async def main(): pass" if awaits else "def main(): pass").body[0]
        assert isinstance(shape, ast.FunctionDef | ast.AsyncFunctionDef)
        shape.body = self.tree.body
        ast.copy_location(shape, self.tree.body[0])
        self.execute([shape])
        made: Callable[[], Any] = self.scope["main"]
        return made

    def give_back(self) -> None:
        """Hand what the body has set as global to the notebook."""
        for node in ast.walk(self.tree):
            for name in node.names if isinstance(node, ast.Global) else ():
                if name in self.scope:
                    self.shell.user_ns[name] = self.scope[name]

    def names(self) -> dict[str, Any]:
        """Execute the cell as it stands; what it defined, by name."""
        before = dict(self.scope)
        self.execute(self.tree.body)
        return {name: x for name, x in self.scope.items() if name not in before or before[name] is not x}

    def defines(self, name: str) -> bool:
        """Whether a function of that name stands at the cell's top level."""
        return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name for node in self.tree.body)

    def execute(self, body: list[ast.stmt]) -> None:
        """Run statements in the cell's scope."""
        __tracebackhide__ = True
        module = ast.fix_missing_locations(ast.Module(body=body, type_ignores=[]))
        exec(self.shell.compile(module, self.file, "exec"), self.scope)


def own_nodes(body: list[ast.stmt]) -> Any:
    """All nodes that run when the body does: those of functions and classes inside of it are theirs."""
    for node in body:
        yield from own_nodes_of(node)


def own_nodes_of(node: ast.AST) -> Any:
    """A node and what is below it, up to the next function."""
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return
    for child in ast.iter_child_nodes(node):
        yield from own_nodes_of(child)
