"""`python -m gmplab`."""

from __future__ import annotations

import sys

from gmplab.cli import main

if __name__ == "__main__":
    sys.exit(main())
