"""The help of every command, as one page a language."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smwatch.cli import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 100
HEADS = {
    "de": "# Alle Befehle\n\nWas `--help` sagt; diese Seite schreibt das Programm selbst (`make docs`).",
    "en": "# All commands\n\nWhat `--help` says; the program writes this page itself (`make docs`).",
}


def page(language: str) -> str:
    """Every command's help in `language`, the groups before their commands."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "smwatch.toml")  # decides the language, whatever the environment says
        config.write_text(f'[smwatch]\nlanguage = "{language}"\n', encoding="utf-8")
        sections = [f"## `{path}`\n\n```\n{help_of(command, path, config)}\n```" for path, command in walk(cli)]
    return "\n\n".join([HEADS[language], *sections]) + "\n"


def walk(command: click.Command, path: str = "smwatch") -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name, in the order in which they were added."""
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from walk(child, f"{path} {name}")


def help_of(command: click.Command, path: str, config: Path) -> str:
    """The help text, as if `--config` had named `config`."""
    settings = {**cli.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
    context = click.Context(command, info_name=path, **settings)
    context.params["config"] = str(config)
    with context.scope(cleanup=False):
        return "\n".join(line.rstrip() for line in command.get_help(context).split("\n")).strip()
