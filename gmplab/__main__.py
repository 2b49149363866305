"""`gmplab` and `python -m gmplab`: loading pandas takes a second, in which an interrupt is one too."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """`gmplab.cli.main`, or 130 where it was interrupted before it was there. Closed streams (`>&-`) go nowhere."""
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:
            setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (open as long as the process)
    try:
        from gmplab.cli import main as typed
    except KeyboardInterrupt:
        print("gmplab: interrupted", file=sys.stderr)
        return 130
    except ImportError as e:
        from gmplab.errors import lacking

        if not lacking(e):
            raise
        print(f"gmplab: {lacking(e)}", file=sys.stderr)
        return 1
    return typed()


if __name__ == "__main__":
    sys.exit(main())
