"""The process that the command is: `abicheck`, and `python -m abicheck`."""

from __future__ import annotations

import gc
import sys

MANY = 50_000
"""Objects to be made before the collector looks for cycles; a common run makes fewer."""


def run() -> int:
    """Run the command line of this process and return its exit code.

    A collector that never looks, and that has nothing to look through when the interpreter
    ends, is a tenth of what a run costs.
    """
    gc.set_threshold(MANY, 20, 100)
    from abicheck.cli import main  # noqa: PLC0415 (after the collector was told to wait)

    code = main()
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(run())
