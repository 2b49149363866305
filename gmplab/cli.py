"""The command line: `gmplab` and `python -m gmplab`. It prints what `commands` did, and gives the exit code.

0: done. 1: the run failed, something could not be written or read, a policy breaks its contract, or a schedule a law;
what was recorded is kept and written. 2: what was typed cannot be meant. 130: interrupted, and the record so far is kept.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

from gmplab.commands.perform import perform
from gmplab.commands.results import Checked, Explored, Outcome, Result, Verified, with_written
from gmplab.commands.tree import HelpAsked, parse
from gmplab.errors import GmplabError, UsageError, lacking

FAILED: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Do what was typed, and return the exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The words after the program's name; default: those of this process.

    Examples
    --------
    >>> main(["run", "fanout", "--set", "n=10", "-P", "2"])              # doctest: +SKIP
    0
    """
    try:
        args = parse(sys.argv[1:] if argv is None else argv)
        result = perform(args, progress=sys.stderr.isatty())
        out, err, code = shown(result)
        print(out)
        # Before stderr is written, so that the two do not change places in a terminal or a pipe.
        sys.stdout.flush()
        if err:
            print(err, file=sys.stderr)
        return code
    except HelpAsked as e:
        print(e, end="")
        return 0
    except UsageError as e:
        line = " ".join(str(e).split())
        return told(line if line.startswith("gmplab") else f"gmplab: {line}", MISUSED)
    except ImportError as e:
        if not lacking(e):
            raise
        return told(f"gmplab: {lacking(e)}", FAILED)
    except BrokenPipeError:
        # `gmplab list | head`: who reads has seen enough. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (GmplabError, OSError) as e:
        return told(failure(e), FAILED)
    except KeyboardInterrupt:
        return told("gmplab: interrupted", INTERRUPTED)


def told(text: str, code: int) -> int:
    """Say something on stderr; returns the code."""
    print(text, file=sys.stderr)
    return code


def shown(result: Result) -> tuple[str, str, int]:
    """A result as what goes to stdout, what goes to stderr, and the exit code."""
    if isinstance(result, Outcome):
        return shown_outcome(result)
    failed = (
        isinstance(result, Verified) and bool(result.found.failed) or isinstance(result, Checked) and bool(result.findings)
        or isinstance(result, Explored) and result.found.failure is not None
    )
    return repr(result), "", FAILED if failed else 0


def shown_outcome(outcome: Outcome) -> tuple[str, str, int]:
    """A run, what was written of it, and what went wrong."""
    out = with_written(repr(outcome.run), outcome.written)
    code = FAILED if outcome.unwritten else 0
    err = list(outcome.unwritten)
    if isinstance(outcome.error, KeyboardInterrupt):
        err.insert(0, "gmplab: interrupted; the record up to then is kept")
        code = INTERRUPTED
    elif outcome.error is not None:
        err.insert(0, failure(outcome.error))
        code = FAILED
    if outcome.stopped_writing:
        code = INTERRUPTED
    return out, "\n".join(err), code


def failure(error: BaseException) -> str:
    """An error in one block: its kind, its text, where in a goroutine's code it arose, and its notes."""
    lines = [f"gmplab: {type(error).__name__}: {error}"]
    cause = error.__cause__
    if isinstance(error, GmplabError) and cause is not None and cause.__traceback__ is not None:
        at = traceback.extract_tb(cause.__traceback__)[-1]
        lines.append(f"  at {at.filename}:{at.lineno} in {at.name}" + (f": {at.line}" if at.line else ""))
    return "\n".join([*lines, *(f"  {note}" for note in getattr(error, "__notes__", []))])
