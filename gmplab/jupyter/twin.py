"""What is shown where no widget can live: a static twin behind each widget, which the page hides while the widget lives.

Two outputs, and not one with both forms: JupyterLab picks a bundle's widget whether its model is still there or not, and
a notebook that is opened again would show "model not found" and nothing else. Saved widget states do not help, JupyterLab
saves none unless its user asks for it.
"""

from __future__ import annotations

from typing import Any, Final

from IPython.display import publish_display_data
from ipywidgets import HTML, Layout, VBox

from gmplab.jupyter.settings import settings

WIDGET: Final = "application/vnd.jupyter.widget-view+json"


class Twinned:
    """A widget with a twin: mixed into a widget's class, before it."""

    model_id: str

    def twin(self) -> str:
        """The widget as HTML without a script."""
        raise NotImplementedError

    def _ipython_display_(self, **kwargs: Any) -> None:
        text = f"{type(self).__name__}: a widget, to be seen in Jupyter"
        if settings.static:
            publish_display_data({"text/html": self.twin(), "text/plain": text})  # type: ignore[no-untyped-call]
            return
        mark = f"gmplab-of-{self.model_id}"
        # The rule is on the page only where the widget is.
        hides = HTML(f"<style>.{mark} {{ display: none; }}</style>", layout=Layout(display="none"))
        view = VBox([self, hides])._repr_mimebundle_()[WIDGET]
        # Where there is no widget nothing stands in its place, but nbconvert warns of an output that has no other form.
        publish_display_data({WIDGET: view, "text/html": "<!-- the widget -->"})  # type: ignore[no-untyped-call]
        publish_display_data({"text/html": f"<div class='{mark}'>{self.twin()}</div>", "text/plain": text})  # type: ignore[no-untyped-call]
