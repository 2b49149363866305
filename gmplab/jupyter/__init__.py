"""gmplab in a notebook: the magics `%gmp` and `%%gmp`, made by `%load_ext gmplab`, and widgets over a run, `run.view`.

Nothing here is needed to run anything: each magic prints with `--code` the Python that does the same.

A widget's data goes to the browser once, and all that the reader plays with (zoom, select, step) happens there: a busy
kernel cannot freeze it. Each widget also carries a static twin, HTML with an inline SVG, so that an exported notebook
shows something where no widget can live. The JavaScript is plain ES modules in static/, without a build step.
"""

from gmplab.jupyter.views import Dashboards, Views

__all__ = ["Dashboards", "Views"]
