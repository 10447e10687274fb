"""`python -m abicheck`."""

from __future__ import annotations

import sys

from abicheck.cli import main

if __name__ == "__main__":
    sys.exit(main())
