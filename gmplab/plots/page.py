"""A run as one HTML file: key numbers, findings, the Ps over time, every plot, what was run.

The file holds all that it shows: pictures are within, styles too, and there is no script, so it can be sent, kept beside a
paper, and opened without a network; a policy in its head forbids the browser to load anything. Each plot has its words and
the first rows of its numbers, and that of the run queues tells the length of the one that is pointed at. Refused: the
widgets, which need a kernel, and scripts, which a mail program takes away.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd

from gmplab.analysis.findings import Finding, findings, ms
from gmplab.errors import TraceError
from gmplab.plots import PLOTS
from gmplab.plots.keynumbers import numbers, strip, title
from gmplab.plots.picture import picture
from gmplab.plots.pointed import with_lengths
from gmplab.traces import card
from gmplab.traces.run import Run
from gmplab.traces.store import whole_file

MOST_ROWS: Final = 12
"""Rows of the numbers behind a plot or a finding: the others are `plot.data` and `finding.evidence`."""
MOST_LETTERS: Final = 80

STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid rgba(128,128,128,.4); }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
figure { margin: 1rem 0; } figcaption { font-size: .9rem; max-width: 800px; }
img, svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; font-size: .85rem; } td, th { text-align: left; padding: 1px 12px 1px 0; vertical-align: top; }
.wide { overflow-x: auto; } li { margin: .5rem 0; } summary { cursor: pointer; font-size: .85rem; }
@media print { details > * { display: none; } h2, figure, li { break-inside: avoid; } }
"""
POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html(run: Run, path: str | os.PathLike[str], overwrite: bool = False) -> Path:
    """Write a run as one HTML file that needs nothing else, no network and no script: whole, or not at all.

    It shows the key numbers, what the run suffers from with the evidence, what each P did, every plot with its words and
    the first rows of its numbers, all metrics, and what was run. What was not recorded is left out, and that is said. The
    same run gives the same bytes.

    Parameters
    ----------
    run : Run
        At level "full" it has all plots, at a lower one fewer.
    path : str or path
        The file, by custom `*.html`. Its folder must exist.
    overwrite : bool
        Whether a file that is there is replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    FileExistsError
        The file is there and `overwrite` is False.
    OSError
        The disk is full, or the folder is not there; nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = gmplab.run("fanout", n=10, procs=2).to_html(f"{folder}/fanout.html").read_text()
    >>> "fanout under go, P=2, seed 1" in page, page.count("<img") == len(gmplab.plots.PLOTS), page.count("<script")
    (True, True, 0)
    """
    with whole_file(path, overwrite, "to_html") as making:
        making.write_text("".join(parts(run)), encoding="utf-8")
    return Path(path)


def parts(run: Run) -> Iterator[str]:
    """The page, piece by piece."""
    what = html.escape(title(run))
    yield (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{what}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>\n<body>'
        f"<h1>{what}</h1>\n{strip(numbers(run))}\n"
    )
    yield table([(name, html.escape(value)) for name, value in card.lines(run.record, run.metrics)])
    yield "\n<h2>Findings</h2>\n"
    found = findings(run)
    yield f"<ol>{''.join(finding(one) for one in found)}</ol>\n" if found else ""
    yield f"<p>{html.escape(found.lines()[-1])}</p>\n" if not found or found.silent else ""
    yield "<h2>The Ps over time</h2>\n"
    yield or_why(lambda: picture(run, ""), run, "spans")
    yield "\n<h2>Plots</h2>\n"
    for name, draw in PLOTS.items():
        yield f"<h3>{name.replace('_', ' ').capitalize()}</h3>\n{plot(name, draw, run)}\n"
    yield "<h2>Metrics</h2>\n"
    yield details("all metrics, with units and formulas", frame(run.summary, len(run.summary)))
    yield "\n<h2>What was run</h2>\n"
    yield table([(name, html.escape(value)) for name, value in header(run).items()])
    yield "\n</body></html>\n"


def or_why(make: Callable[[], str], run: Run, fact: str) -> str:
    """What is made of a fact, or why it cannot be."""
    try:
        run.need(fact, "this picture")
        return make()
    except TraceError as e:
        return f"<p><i>left out: {html.escape(str(e))}</i></p>"


def finding(one: Finding) -> str:
    """A complaint, where to look, and the rows it rests on."""
    return (
        f"<li><b>{html.escape(one.rule)}</b> ({one.share:.0%} of the run, worst {ms(one.t0_ns)} to {ms(one.t1_ns)}): "
        f"{html.escape(one.message)}{details('evidence', frame(one.evidence))}</li>"
    )


def plot(name: str, draw: Callable[..., Any], run: Run) -> str:
    """A plot with its words and numbers, or why there is none."""
    try:
        made = draw(run)
    except TraceError as e:
        return f"<p><i>left out: {html.escape(str(e))}</i></p>"
    numbers_ = details(f"the numbers ({len(made.data):,} rows)", frame(made.data))
    shown = made._repr_html_()
    if name == "queues":
        shown = with_lengths(shown, made)
    return f"<figure>{shown}<figcaption>{html.escape(made.alt)}</figcaption>{numbers_}</figure>"


def header(run: Run) -> dict[str, str]:
    """What the run follows from, and its digest."""
    given = {name: words(value) for name, value in run.record.header.items() if value is not None and name != "provides"}
    return {**given, "digest": run.digest}


def words(value: Any) -> str:
    """A value of the header as people read it."""
    if isinstance(value, dict):
        return ", ".join(f"{name}={x}" for name, x in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def table(rows: list[tuple[str, str]]) -> str:
    """Names and what they are; the second as HTML."""
    cells = "".join(f'<tr><th scope="row">{html.escape(name)}</th><td>{value}</td></tr>' for name, value in rows)
    return f'<div class="wide"><table>{cells}</table></div>'


def frame(data: pd.DataFrame, most: int = MOST_ROWS) -> str:
    """The first rows of a frame."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in data.columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell(x))}</td>' for x in row)}</tr>" for row in data.head(most).itertuples(index=False)
    )
    more = f"<p>and {len(data) - most:,} more</p>" if len(data) > most else ""
    return f'<div class="wide"><table><tr>{head}</tr>{rows}</table></div>{more}'


def cell(x: Any) -> str:
    """A value of a frame, "" for none."""
    if isinstance(x, float):
        return "" if x != x else f"{x:.6g}"
    text = "" if x is pd.NA or x is None else str(x)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 3]}..."


def details(summary: str, content: str) -> str:
    """What is shown when it is asked for."""
    return f"<details><summary>{html.escape(summary)}</summary>{content}</details>"
