"""The site that `make docs` builds: these pages, the notebooks, and the reference from the docstrings of the sources.

The source folder is the repository itself, so that a link between two files leads to the right place here as well as
where the files are read as they are.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]

# Compiled properties have no docstrings. Only for what is imported here: the notebooks run on what is installed.
asked = {name: os.environ.pop(name, None) for name in ("GMPLAB_PURE", "GMPLAB_REQUIRE_COMPILED")}
os.environ["GMPLAB_PURE"] = "1"
import gmplab  # noqa: E402

del os.environ["GMPLAB_PURE"]
os.environ.update({name: value for name, value in asked.items() if value is not None})
os.environ["PYTHONPATH"] = str(ROOT)

project = "gmplab"
author = "the gmplab authors"
root_doc = "docs/index"
smartquotes = False  # words stay as they are in the sources
extensions = [
    "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc", "myst_nb", "limits",
]
include_patterns = ["README.md", "README.zh.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/**", "notebooks/*.ipynb"]
exclude_patterns = [".*", "out", "build", "gmplab", "tests", "bench", "docs/img", "**/__pycache__", "**/.ipynb_checkpoints"]

# --- the reference ------------------------------------------------------------------------------------------------------
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 100
numpydoc_show_class_members = False
default_role = "py:obj"  # in a docstring `name` is a link where the name is in the reference, else code
toc_object_entries_show_parents = "hide"

# --- the pages ----------------------------------------------------------------------------------------------------------
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]


def fingerprint() -> str:
    """What the notebooks' outputs follow from beside their cells: the package."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "gmplab").rglob("*")):
        if path.suffix in (".py", ".js", ".css"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# Executed once for each state of the package: jupyter-cache itself knows the cells alone.
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "out" / "notebooks" / fingerprint())
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 120
# A widget needs scripts from elsewhere; its static twin, HTML with an inline SVG, does not.
nb_ipywidgets_js: dict[str, Any] = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]

# --- how it looks -------------------------------------------------------------------------------------------------------
html_theme = "furo"
html_title = f"gmplab {gmplab.__version__}" if hasattr(gmplab, "__version__") else "gmplab"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_additional_pages = {"index": "redirect.html"}
templates_path = ["templates"]


def elsewhere(app: Any, doctree: nodes.document) -> None:
    """A link to a file or folder of the repository that is no page of the site becomes its text."""
    for node in list(doctree.findall(addnodes.pending_xref)) + list(doctree.findall(addnodes.download_reference)):
        if node.get("reftype") == "myst" and node.get("refdomain") != "doc":
            target = ROOT / Path(app.env.docname).parent / node["reftarget"].partition("#")[0]
            if target.exists():
                node.replace_self(node.children)


def escape(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Go's receivers, `(*p).destroy`, are no emphasis."""
    lines[:] = [re.sub(r"\(\*(\w+\))", r"(\\*\1", line) for line in lines]


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("doctree-read", elsewhere)
    app.connect("autodoc-process-docstring", escape)
