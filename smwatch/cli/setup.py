"""`plugins`, `init`, `doctor`."""

from __future__ import annotations

import click

from smwatch.cli.shell import Command


@click.command(cls=Command)
def plugins() -> None:
    """Soon."""


@click.command(cls=Command)
def init() -> None:
    """Soon."""


@click.command(cls=Command)
def doctor() -> None:
    """Soon."""
