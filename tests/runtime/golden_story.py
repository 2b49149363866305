"""Golden tests: a program, what Go decides, and the record as sentences.

A golden is a text file of four parts: comment lines that say what Go does and which function says so; `-- program --`,
Python that leaves its run in `record` and, if it raised, the exception in `error`; `-- expect --`, the decisions that must
be in the record in this order (lines that begin with `#` are for the reader); `-- record: KIND ... --`, the events of those
kinds, one a line, where `, about g1` keeps those of some goroutines, `, first 12` the first ones and `, last 12` the last.

`GMPLAB_GOLDEN=write pytest tests/runtime/test_goldens.py` writes the last part anew; the expectations are by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

import gmplab as gl
from gmplab.traces.run import Run
from gmplab.vocabulary import QUEUES

FOLDER = Path(__file__).with_name("golden")
PARTS = re.compile(r"(?P<head>.*?)-- program --\n(?P<program>.*?)-- expect --\n(?P<expect>.*?)-- record: (?P<what>.+?) --\n", re.S)


class Golden:
    """One golden file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        text = path.read_text(encoding="utf-8")
        found = PARTS.match(text)
        if found is None:
            raise ValueError(f"{path}: the parts must be: # why, -- program --, -- expect --, -- record: KIND ... --")
        self.head, self.program, self.expect, what = found.groups()
        self.kinds, *limits = what.split(", ")
        self.about = [int(g[1:]) for limit in limits if limit.startswith("about ") for g in limit.split()[1:]]
        self.first = next((int(limit.split()[1]) for limit in limits if limit.startswith("first ")), None)
        self.last = next((int(limit.split()[1]) for limit in limits if limit.startswith("last ")), 0)
        self.before = text[: found.end()]
        self.record = text[found.end() :]
        self.error = ""

    def run(self) -> Run:
        names: dict[str, Any] = {name: getattr(gl, name) for name in dir(gl)}
        exec(compile(self.program, str(self.path), "exec"), names)  # noqa: S102
        made, error = names.get("record"), names.get("error")
        assert isinstance(made, Run), f"{self.path.name}: the program leaves no run: what it expects to be raised was not"
        assert error is None or isinstance(error, gl.GmplabError)
        self.error = "" if error is None else str(error)
        return made

    def expected(self) -> list[str]:
        return [line.strip() for line in self.expect.splitlines() if line.strip() and not line.startswith("#")]

    def told(self, run: Run) -> str:
        """The record's part as the run gives it."""
        rows = [e for e in happened(run, self.kinds.split()) if not self.about or e["g"] in self.about][-self.last :][: self.first]
        told = [f"{e['t_ns'] / 1000:.3f} us".rjust(14) + "  " + sentence(e, run) for e in rows]
        if run.stopped_by:
            told.append(f"{run.record.end_ns / 1000:.3f} us".rjust(14) + f"  the run is stopped: {run.stopped_by}")
        told += self.error.splitlines()
        return "\n".join(told) + "\n"

    def write(self, record: str) -> None:
        self.path.write_text(self.before + record, encoding="utf-8")


def goldens() -> list[Golden]:
    return [Golden(path) for path in sorted(FOLDER.glob("*.txt"))]


def missing(expected: list[str], record: str) -> str:
    """The first expected line that does not follow the ones before it, "" if all do. A line may leave out the time."""
    lines = iter(record.splitlines())
    for line in expected:
        if not any(told.strip() == line or told.strip().split("  ", 1)[-1] == line for told in lines):
            return line
    return ""


def happened(run: Run, kinds: list[str]) -> list[dict[str, Any]]:
    """The events of some kinds, each as a dict; None where there is none."""
    unknown = set(kinds) - set(SENTENCES)
    assert not unknown, unknown
    columns = ("t_ns", "kind", "g", "m", "p", "arg", "reason", "aux", "position")
    part = run.events[run.events["kind"].isin(kinds)]
    rows = zip(*([None if v is pd.NA else v for v in part[c].astype(object)] for c in columns), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def sentence(event: dict[str, Any], run: Run) -> str:
    """One event, as one would say it."""
    known = {
        "g": f"g{event['g']}", "m": f"m{event['m']}", "p": f"p{event['p']}", "n": event["arg"], "reason": event["reason"],
        "by": "nobody" if event["aux"] is None else f"m{event['aux']}", **details(event, run),
    }
    if event["kind"] == "MWake" and event["aux"] is None and not isinstance(event["reason"], str):
        return SLEPT_ENOUGH.format(**known)
    return SENTENCES[event["kind"]].format(**known)


def details(event: dict[str, Any], run: Run) -> dict[str, str]:
    """What some kinds tell besides."""
    kind, arg, p, aux = event["kind"], int(event["arg"]), event["p"], event["aux"]
    if kind in ("GoCreate", "GoReady", "QPut"):
        return {"parent": f"g{arg}" if arg >= 0 else "nobody", "to": place(event["reason"], aux)}
    if kind == "GoStop":
        return {"to": place(QUEUES[arg], aux)}
    if kind == "GoStart":
        return {"slice": ", in its predecessor's time slice" if arg == 1 else ""}
    if kind == "GoPark":
        what = run.record.objects.get(arg, "") if event["reason"] != "sleep" else ""
        return {"on": f" on {what}" if what else "", "front": ", at the front" if aux == 1 else ""}
    if kind == "QGet":
        return {"taken": taken(event)}
    if kind in ("MCreate", "MWake"):
        return {"for": "" if p is None else f" for p{p}"}
    if kind == "MPark":
        return {"until": f" until {arg / 1000:.3f} us" if arg >= 0 else ""}
    if kind == "StealPass":
        return {"pass": ("first", "second", "third", "fourth")[event["position"]], "got": "finds work" if aux else "finds nothing"}
    if kind in ("GoSysExit", "SpinStart"):
        return {"with": "without a P" if p is None else f"with p{p}"}
    if kind == "GoSyscall":
        return {"blocking": ", known to block" if arg == 1 else ""}
    if kind == "QDrain":
        return {"end": "head" if arg == 1 else "tail"}
    if kind in ("TimerSet", "TimerFire", "TimerStop"):
        return {"due": f"{arg / 1000:.3f} us", "whose": f"timer#{aux}" if event["g"] is None else f"g{event['g']}'s timer"}
    if kind == "Sysmon":
        return {"slept": f"{arg / 1000:.0f} us", "deep": ", woken from deep sleep" if aux == 1 else ""}
    return {}


def place(queue: str, p: int | None) -> str:
    """A queue, in words."""
    words = {"none": "no queue", "runnext": f"runnext of p{p}", "local": f"the tail of p{p}", "global": "the global tail"}
    return words.get(queue, f"a {queue}")


def taken(event: dict[str, Any]) -> str:
    """What a QGet took, and whence."""
    source, n, g, victim = event["reason"], int(event["arg"]), event["g"], event["aux"]
    if source == "steal":
        return f"steals {n} from the head of p{victim} and runs the last, g{g}"
    if source == "steal_runnext":
        return f"steals g{g} from the runnext of p{victim}"
    if source == "global":
        return f"takes {n} from the global head and runs the first, g{g}"
    if source == "global_tick":
        return f"takes g{g} from the global head, for fairness"
    return f"takes g{g} from its {'runnext' if source == 'runnext' else 'queue'}"


SLEPT_ENOUGH = "{m} wakes by itself{for}"
SENTENCES = {
    "GoCreate": "{parent} makes {g}: to {to}",
    "GoReady": "{parent} readies {g}: to {to}",
    "GoStart": "{g} runs on {m} {p} ({reason}{slice})",
    "GoPark": "{g} waits: {reason}{on}{front}",
    "GoStop": "{g} stops ({reason}): to {to}",
    "GoExit": "{g} is done",
    "GoSyscall": "{g} enters a syscall on {m}{blocking}",
    "GoSysExit": "{g} leaves its syscall on {m} {with}",
    "QGet": "{m} on {p} {taken}",
    "QPut": "{m} queues {g}: to {to}",
    "QOverflow": "{p} is full: {n} from its head, then {g}, go to the global tail",
    "PAcquire": "{m} takes {p}",
    "PRelease": "{m} gives up {p}",
    "PIdle": "{p} goes on pidle",
    "PBusy": "{p} comes off pidle",
    "PRetake": "{p} is taken from {by} in its syscall ({reason})",
    "PHandoff": "{p} is handed off: {reason}",
    "MCreate": "{by} makes {m}{for} ({reason})",
    "MStart": "{m} begins",
    "MPark": "{m} sleeps{until} ({reason})",
    "MWake": "{by} wakes {m}{for} ({reason})",
    "MExit": "{m} ends ({reason})",
    "SpinStart": "{m} spins {with}",
    "SpinStop": "{m} stops spinning ({reason})",
    "StealPass": "{m} {got} in its {pass} pass",
    "PreemptRequest": "{g} on {p} is asked to stop",
    "TimerSet": "{whose} joins {p}, due {due}",
    "TimerFire": "{whose} of {p}, due {due}, fires on {m}",
    "TimerStop": "{whose} leaves {p}",
    "Netpoll": "{m} asks epoll ({reason}): {n} ready",
    "IOReady": "{g}'s descriptor is ready",
    "Sysmon": "sysmon looks, after {slept}{deep}",
    "LockThread": "{g} is locked to {m}",
    "UnlockThread": "{g} is unlocked from {m}",
    "STWStart": "{g} on {m} stops the world ({reason})",
    "STWStopped": "the world stands ({reason})",
    "STWEnd": "the world goes on ({reason})",
    "PStop": "{p} stands",
    "QDrain": "{m} sends all of {p}'s Gs, runnext first, to the global {end}",
    "GCPhase": "the GC phase is {reason}",
    "GCWorker": "{g} is to mark on {p} ({reason})",
    "SelectWait": "{g} queues on object {n}",
    "WakeWanted": "a wake-up is put off",
    "CpuWait": "{m} waits for a CPU",
    "CpuRun": "{m} has a CPU",
}
