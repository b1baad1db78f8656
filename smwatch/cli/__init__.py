"""The command line: parses and prints, the verbs live with their subject.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 problems found, 78 a config with
mistakes (for `run`: and no last good copy).
"""

from __future__ import annotations

import gc
import os
import sys

from smwatch.cli.root import cli

START_UP = 100_000  # new objects between two collections: imports make many and drop few; `run` goes back to usual

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line."""
    _fill_standard_streams()
    gc.set_threshold(START_UP)
    cli.main(prog_name="smwatch")


def _fill_standard_streams() -> None:
    """Where a caller closed one of them, no file or socket of ours may get its number, and what is printed, into it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - a descriptor, open to the end
