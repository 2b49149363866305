"""A run as one HTML file: all of it is there, whatever was recorded, and it needs nothing else."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import gmplab as gl
from gmplab.plots import PLOTS
from gmplab.traces.run import Run


@pytest.fixture(scope="module")
def run() -> Run:
    return gl.run("mutex_contention", n=8, procs=3, seed=2)


def page_of(run: Run, folder: Path) -> str:
    """The page's text."""
    text: str = run.to_html(folder / "run.html", overwrite=True).read_text(encoding="utf-8")
    return text


class Balance(HTMLParser):
    """Raises where a tag is closed that is not the one opened last."""

    VOID = ("meta", "img")

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


def test_it_holds_numbers_findings_with_evidence_every_plot_with_its_words_and_what_was_run(run: Run, tmp_path: Path) -> None:
    page = page_of(run, tmp_path)
    assert "<title>mutex_contention under go, P=3, seed 2</title>" in page
    for finding in run.findings():
        assert f"<b>{finding.rule}</b>" in page
    assert page.count("<summary>evidence</summary>") == len(run.findings()) > 0
    assert 'aria-label="What each of 3 Ps did' in page
    pictures = re.findall(r'<img alt="([^"]*)"[^>]* src="data:image/png;base64,([^"]+)"', page)
    assert len(pictures) == len(PLOTS) == page.count("<figcaption>") and all(alt for alt, _ in pictures)
    assert {base64.b64decode(data)[:8] for _, data in pictures} == {b"\x89PNG\r\n\x1a\n"}
    for name in ("workload", "params", "policy_repr", "seed", "costs", "model", "digest"):
        assert f'<th scope="row">{name}</th>' in page
    assert run.digest in page and len(re.findall("<tr>", page)) > len(run.summary)


def test_it_has_no_script_and_no_address_and_its_tags_are_closed(run: Run, tmp_path: Path) -> None:
    page = page_of(run, tmp_path)
    assert re.findall(r"<(?:script|link|iframe|base)\b", page) == []
    assert re.findall(r"(?:src|href|action)=\"(?!data:image/png;base64,)", page) == [] and "url(" not in page and "@import" not in page
    balance = Balance()
    balance.feed(page)
    assert balance.opened == []


def test_the_same_run_gives_the_same_bytes_by_whatever_way_it_came(run: Run, tmp_path: Path) -> None:
    run.save(tmp_path / "run.gmp")
    again = gl.load(tmp_path / "run.gmp")
    again.to_html(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == run.to_html(tmp_path / "run.html").read_bytes()


def test_what_was_not_recorded_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    for level, at_least in (("off", 1), ("schedule", 4)):
        page = page_of(gl.run("fanout", n=9, procs=2, record=level), tmp_path)
        left_out = page.count("<i>left out: ")
        assert page.count("<img") == len(PLOTS) - left_out + 1 >= at_least, "the timeline is left out too, and is no image"
        assert f"recorded at level {level!r}" in page.replace("&#x27;", "'") and "not looked at: " in page


def test_an_empty_run_a_failed_one_and_a_window_have_their_page(run: Run, tmp_path: Path) -> None:
    assert page_of(gl.run(gl.Program("main")), tmp_path).count("<img") == len(PLOTS)
    failed = gl.run(gl.Program("main").recv(gl.Chan()), strict=False)
    assert "main under go, P=4, seed 1, stopped by deadlock" in page_of(failed, tmp_path)
    assert "mutex_contention under go" in page_of(run.window(0, run.record.end_ns // 2), tmp_path)


def test_names_of_the_users_are_text(tmp_path: Path) -> None:
    page = page_of(gl.run(gl.Program("<script>alert(1)</script>").compute(100)), tmp_path)
    assert "<script" not in page and "&lt;script&gt;" in page


def test_a_file_that_is_there_is_kept_and_nothing_is_left_behind(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.html").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="to_html: .*run.html exists"):
        run.to_html(tmp_path / "run.html")
    with pytest.raises(OSError):
        run.to_html(tmp_path / "none" / "run.html")
    assert [(p.name, p.read_text(encoding="utf-8")) for p in tmp_path.iterdir()] == [("run.html", "mine")]
