"""What a project sets for its notebooks: the table `[tool.gmplab]` of its pyproject.toml, read by `%load_ext gmplab`.

    [tool.gmplab]
    procs = 8
    policy = "go1.1"

`%config GmpMagics` changes it afterwards. Only the magics read it: a line of the shell says all that holds for it,
wherever it is typed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from gmplab.errors import UsageError

FILE: Final = "pyproject.toml"


def settings_in(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The settings of the project that a folder belongs to, and the file that has them.

    Parameters
    ----------
    folder : Path
        The project is that of the first pyproject.toml in it, or above it.

    Returns
    -------
    Path or None, dict of str to object
        None, and no settings, where there is no such file, or nothing of gmplab's in it.

    Raises
    ------
    UsageError
        The file is no TOML, or what it says of gmplab is no table.
    """
    path = next((path for path in (above / FILE for above in (folder, *folder.parents)) if path.is_file()), None)
    if path is None:
        return None, {}
    try:
        tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"{path}: {e}") from None
    found = tools.get("gmplab", {}) if isinstance(tools, dict) else {}
    if not isinstance(found, dict):
        raise UsageError(f"{path}: tool.gmplab = {found!r}: must be a table, [tool.gmplab]")
    return (path, found) if found else (None, {})
