"""The command line: parses and prints, the verbs live with their subject.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 problems found, 78 a config with
mistakes and no last good copy.
"""

from __future__ import annotations

import os
import sys

from smwatch.cli.root import cli
from smwatch.cli.shell import EX_FAILED, say_error

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line; whatever a person can mend is shown as one sentence."""
    from smwatch.errors import ConfigError, SmwatchError

    try:
        cli(prog_name="smwatch")
    except ConfigError as error:
        say_error(error)
        sys.exit(78)
    except SmwatchError as error:
        say_error(error)
        sys.exit(EX_FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that Python does not flush into it
        sys.exit(EX_FAILED)
