"""An IPython shell without a terminal, a history file or a profile, and what it says."""

from __future__ import annotations

import contextlib
import io
from typing import Any
from unittest.mock import patch

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def displayed(widget: Any) -> list[dict[str, Any]]:
    """The outputs that a widget makes in a notebook: for each, its data by MIME type."""
    found: list[dict[str, Any]] = []
    with patch("gmplab.jupyter.twin.publish_display_data", found.append):
        widget._ipython_display_()
    return found


class Shell:
    """One shell in which gmplab is loaded; `InteractiveShell.instance()` while it is in use."""

    def __init__(self, folder: str) -> None:
        InteractiveShell.clear_instance()
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self.shell = InteractiveShell.instance(config=config, ipython_dir=folder)
        self.run("%load_ext gmplab")

    def run(self, cell: str) -> Any:
        """The value of a cell. An error of it is raised here."""
        return self.told(cell)[0]

    def told(self, cell: str) -> tuple[Any, str]:
        """The value of a cell, and what it printed; the display of the value is part of that."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            result = self.shell.run_cell(cell, store_history=True)
        if result.error_before_exec is not None:
            raise result.error_before_exec
        if result.error_in_exec is not None:
            raise result.error_in_exec
        return result.result, out.getvalue()

    def shown_error(self, cell: str) -> str:
        """What a cell that fails shows."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            result = self.shell.run_cell(cell, store_history=True)
        assert not result.success
        return out.getvalue()
