"""`gmplab` and `python -m gmplab`: loading pandas takes a second, in which an interrupt is one too."""

from __future__ import annotations

import sys


def main() -> int:
    """`gmplab.cli.main`, or 130 where it was interrupted before it was there."""
    try:
        from gmplab.cli import main as typed
    except KeyboardInterrupt:
        print("gmplab: interrupted", file=sys.stderr)
        return 130
    return typed()


if __name__ == "__main__":
    sys.exit(main())
