"""The command line: parses and prints, the verbs live with their subject.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 problems found, 78 a config with
mistakes (for `run`: and no last good copy).
"""

from __future__ import annotations

from smwatch.cli.root import cli

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line."""
    cli.main(prog_name="smwatch")
