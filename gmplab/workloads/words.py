"""Words counted in real files, a goroutine a file: the reads and the counting are real, their times are virtual."""

from __future__ import annotations

import codecs
import glob
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gmplab.runtime import verbs as gl
from gmplab.runtime.chan import Chan
from gmplab.runtime.durations import duration_ns
from gmplab.runtime.sim import Plan
from gmplab.workloads.parameters import Drawn, Duration, Files, at_least, workload

WORD: Final = re.compile(r"\w+")
"""Letters, digits and underscores in a row, of any script."""


@workload
def wordcount(
    *, files: Files, block_bytes: int = 65_536, read: Drawn = "exp(50us)", scan: Duration = "2ns", merge: Duration = "50ns"
) -> Plan:
    """The words of real files: a goroutine reads and counts each, main adds the counts up.

    Where does the time of a job go that is a little system call, a lot of computing and one place where all meets? It
    really counts: the run's `result` is a `collections.Counter`, checked against a count of each file as a whole.

    Parameters
    ----------
    files : str, path, or sequence of them
        Files; folders, of which all files below count; patterns such as `src/**/*.py`. Text is UTF-8, what is not is replaced.
    block_bytes : int
        How much a system call reads at most, at least 1.
    read : int (ns), str or Distribution
        Of the system call that reads a block.
    scan : int (ns) or str
        Per byte counted.
    merge : int (ns) or str
        Per distinct word of a file, for main.

    Raises
    ------
    FileNotFoundError
        Nothing is there by that name, or no file fits the pattern.
    ValueError
        No files.

    Notes
    -----
    The same files give the same bytes of the record. The channel to main has room for all: only main waits.

    Examples
    --------
    >>> from pathlib import Path
    >>> Path("text.txt").write_text("a goroutine is a light thread", encoding="utf-8")
    29
    >>> gmplab.run("wordcount", files="text.txt").result.most_common(1)
    [('a', 2)]
    """
    at_least("wordcount: block_bytes", block_bytes, 1, "byte")
    paths = paths_of(files)
    at_least("wordcount: files", len(paths), 1, "file")
    scan_ns, merge_ns = duration_ns(scan, "scan"), duration_ns(merge, "merge")

    def count(path: Path, counts: Chan) -> Any:
        words, counter = Words(), Counter[str]()
        for offset in range(0, path.stat().st_size, block_bytes):
            block = block_at(path, offset, block_bytes)
            yield gl.syscall(read)
            yield gl.compute(len(block) * scan_ns)
            counter.update(words.feed(block))
        counter.update(words.feed(b"", final=True))
        yield gl.send(counts, counter)

    def main() -> Any:
        counts, total = Chan(len(paths)), Counter[str]()
        for path in paths:
            yield gl.go(count, path, counts, name="count")
        for _ in paths:
            counter = yield gl.recv(counts)
            yield gl.compute(len(counter) * merge_ns)
            total.update(counter)
        check_total(paths, total)
        return total

    return Plan(main)


class Words:
    """The words of a text that comes in blocks of bytes, which may end amid a word, or amid a character."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.begun = ""

    def feed(self, block: bytes, final: bool = False) -> Iterator[str]:
        """The words that are whole by now; `final`: the one that the text ends with too."""
        text = self.begun + self.decoder.decode(block, final)
        end = len(text)
        while not final and end > 0 and WORD.match(text[end - 1]):
            end -= 1
        self.begun = text[end:]
        return (match.group() for match in WORD.finditer(text, 0, end))


def block_at(path: Path, offset: int, n_bytes: int) -> bytes:
    """A block of a file, which is closed in between: thousands of goroutines have no thousands of open files."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(n_bytes)


def paths_of(files: Files) -> list[Path]:
    """The files meant by names, folders and patterns, each of these sorted; the order of what was given stays."""
    paths: list[Path] = []
    for given in [files] if isinstance(files, str | os.PathLike) else files:
        path = Path(given)
        if path.is_dir():
            found = sorted(inner for inner in path.rglob("*") if inner.is_file())
        elif path.exists():
            found = [path]
        else:
            found = sorted(Path(name) for name in glob.glob(str(given), recursive=True) if Path(name).is_file())
        if not found:
            raise FileNotFoundError(f"wordcount: files: {os.fspath(given)!r}: no file there")
        paths += found
    return paths


def check_total(paths: list[Path], total: Counter[str]) -> None:
    """Raise `RuntimeError` where a word's count is not that of the files read as a whole."""
    expected = Counter[str]()
    for path in paths:
        expected.update(WORD.findall(path.read_bytes().decode("utf-8", "replace")))
    wrong = sorted(word for word in expected.keys() | total.keys() if total[word] != expected[word])
    if wrong:
        word = wrong[0]
        raise RuntimeError(f"wordcount: {word!r} came to {total[word]}: must be {expected[word]}; {len(wrong)} words are wrong")
