"""The names that Go 1.27.3 declares in the files that gmplab cites, and the citations themselves.

`python -m tests.runtime.go_names GOROOT/src` writes go_names.txt anew.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

LIST = Path(__file__).with_name("go_names.txt")
FILES = (
    "runtime/chan.go", "runtime/chan_test.go", "runtime/debug.go", "runtime/lock_futex.go", "runtime/lock_spinbit.go",
    "runtime/mgc.go", "runtime/mgcmark.go", "runtime/mgcmark_greenteagc.go",
    "runtime/mgcpacer.go", "runtime/netpoll.go", "runtime/netpoll_epoll.go", "runtime/os_linux.go", "runtime/preempt.go",
    "runtime/proc.go", "runtime/proc_test.go", "runtime/retry.go", "runtime/runtime2.go", "runtime/signal_unix.go",
    "runtime/select.go", "runtime/sema.go", "runtime/stack.go", "runtime/time.go", "internal/sync/mutex.go", "sync/cond.go",
    "sync/mutex_test.go", "sync/rwmutex.go", "sync/waitgroup.go", "time/sleep.go",
)
NAME = r"(?!\w+\.go\b)(?:\(\*\w+\)\.)?[A-Za-z_]\w*(?:\.\w+)?"
ARGS = r"(?:\([^)]*\))?"
CITED = re.compile(rf"(?<![\w/])([A-Za-z_/0-9]+\.go): ({NAME}{ARGS}(?:, {NAME}{ARGS}(?=[,.;:\"]| \(|$))*)", re.M)
TOP = re.compile(
    r"^(?:func (?:\((?:\w+ )?\*?(?P<of>\w+)\) )?(?P<func>\w+)|type (?P<type>\w+)|(?:const|var) (?P<one>\w+)|\t(?P<many>\w+)\b)"
)


def declared(source: str) -> list[str]:
    """Top-level names of a Go file in its order: functions, type.method, types, type.field, constants, variables."""
    names, block = [], ""
    for line in source.splitlines():
        if line.startswith(")") or line.startswith("}"):
            block = ""
        found = TOP.match(line)
        if found is None:
            block = "(" if re.match(r"(?:const|var|type) \($", line) else block
            continue
        of, func, kind, one, many = found.groups()
        if func:
            names.append(f"{of}.{func}" if of else func)
            block = "func" if line.endswith("{") else ""
        elif kind:
            names.append(kind)
            block = kind if line.endswith("struct {") else ""
        elif one:
            names.append(one)
        elif many and block == "(":
            names.append(many)
        elif many and block not in ("", "func"):
            names.extend(f"{block}.{name}" for name in re.findall(r"\w+(?=,|\s+\S)", line.split("//")[0])[: line.count(",") + 1])
    return list(dict.fromkeys(names))


def known() -> dict[str, list[str]]:
    """The names of each file, in the order of their declaration."""
    parts = re.split(r"^-- (.*) --\n", LIST.read_text(encoding="utf-8"), flags=re.M)
    return {parts[i]: parts[i + 1].split() for i in range(1, len(parts), 2)}


def citations(text: str) -> list[tuple[str, str]]:
    """(file, name) of what a text cites as `Go: file.go: name, name; file.go: name`, up to the paragraph's end."""
    found = []
    for paragraph in re.findall(r"\bGo: (.*?)(?:\n[ #]*\n|\"\"\"|Source: |$)", text, flags=re.S):
        for path, names in CITED.findall(re.sub(r"\n[ #]*", " ", paragraph)):
            full = path if "/" in path else f"runtime/{path}"
            found += [(full, re.sub(r"^\(\*(\w+)\)", r"\1", re.sub(r"\(\w.*", "", name))) for name in names.split(", ")]
    return found


def write(src: Path) -> None:
    """Make the list from a Go source tree."""
    parts = ["Names declared by Go 1.27.3, made by go_names.py. Names alone; Go is The Go Authors', BSD licence (go.dev/LICENSE).\n"]
    for name in FILES:
        words = " ".join(declared((src / name).read_text(encoding="utf-8")))
        parts.append(f"-- {name} --\n" + "\n".join(textwrap.wrap(words, 120, break_long_words=False)) + "\n")
    LIST.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
