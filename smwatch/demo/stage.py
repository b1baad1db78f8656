"""What the demo prints."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {"digest": "morgens", "competition": "Wettbewerb"},
    "en": {"digest": "mornings", "competition": "Competition"},
}
WIDEST = 100


class Stage:
    """Prints in one language, in colour on a terminal."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = WORDS["en" if language.startswith("en") else "de"]
        self._colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._width = min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST)

    def welcome(self, config: str) -> None:
        """What is about to happen."""
        self._say(
            text(
                "This is the real smwatch over a small invented world on this machine: a press portal, a forum and a "
                "blog. It watches the muesli brand “Bergmühle”. What you see is what a PR team would read in Slack. "
                "It stops by itself after about half a minute; Ctrl-C ends it at once."
            )
        )
        watch = config[config.index("[[watch]]") :].split("\n\n", 1)[0]
        self._say(text("The configuration says, among other things:"))
        click.echo(textwrap.indent(watch, "    ") + "\n")

    def message(self, channel: str, body: str, *, edited: bool) -> None:
        """One message as people would read it."""
        head = f"Slack {channel}" + (f" ({text('changed').render(self.language)})" if edited else "")
        line = "─" * max(self._width - len(head) - 4, 3)
        click.echo(click.style(f"┌ {head} {line}", fg="cyan") if self._colour else f"┌ {head} {line}")
        for row in body.splitlines():
            for part in textwrap.wrap(row, self._width - 2) or [""]:
                click.echo(f"│ {part}")
        click.echo("└" + "─" * (self._width - 1) + "\n")

    def digest_comes(self) -> None:
        """The digest, before its time."""
        self._say(text("And this is the digest, which would come at eight in the morning:"))

    def farewell(self, page: Path | None) -> None:
        """How to go on."""
        if page is not None:
            self._say(text("The digest as an e-mail, to open in a browser: {path}", path=str(page)))
        self._say(text("Now with your own feeds, without an account, alerts on this terminal:"))
        for line in (
            'smwatch init --console --brand "Acme" --feed https://www.example.org/feed.xml --output smwatch.toml',
            "smwatch check -c smwatch.toml",
            "smwatch run -c smwatch.toml",
        ):
            click.echo(f"    .venv/bin/{line}")
        click.echo()

    def failed(self, log: str) -> None:
        """The daemon ended by itself: what it said."""
        self._say(text("The daemon ended by itself. It said:"))
        click.echo(log, err=True)

    def _say(self, sentence: Text) -> None:
        click.echo("\n".join(textwrap.wrap(sentence.render(self.language), self._width)) + "\n")
