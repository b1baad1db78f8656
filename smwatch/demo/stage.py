"""What the demo prints: in colour on a terminal, as plain lines into a pipe or a file."""

from __future__ import annotations

import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.syntax import Syntax

from smwatch.demo.terminal import framed
from smwatch.i18n import Text, text
from smwatch.testing.slack_page import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {"digest": "morgens", "competition": "Wettbewerb"},
    "en": {"digest": "mornings", "competition": "Competition"},
}
WIDEST = 100


class Stage:
    """Prints in one language and time zone."""

    def __init__(self, language: str, timezone: str) -> None:
        self.language = language
        self.timezone = timezone
        self.short = "en" if language.startswith("en") else "de"
        self.words = WORDS[self.short]
        self._console = Console(highlight=False, soft_wrap=False)
        self._console.width = min(self._console.width, WIDEST)

    def welcome(self, config: str) -> None:
        """What is about to happen, and the watch that makes it happen."""
        self._say(
            text(
                "This is the real smwatch over a small invented world on this machine: a press portal, a forum and a "
                "blog. It watches the muesli brand “Bergmühle”, and you see what a PR team would get in Slack. "
                "It stops by itself after half a minute; Ctrl-C ends it at once."
            )
        )
        self._say(text("This is what it looks for, from the configuration:"))
        watch = config[config.index("[[watch]]") :].split("\n\n", 1)[0]
        self._console.print(Syntax(watch, "toml", theme="ansi_dark", background_color="default", word_wrap=True))
        self._console.print()
        self._say(text("The daemon starts and reads everything once …"))

    def reading(self) -> None:
        """The first round is over."""
        self._say(text("From here on, what appears is new, and alerts:"))

    def message(self, channel: str, body: Mapping[str, Any], *, edited: bool) -> None:
        """One message as people would read it."""
        reader = Reader(language=self.short, timezone=self.timezone, now=datetime.now(UTC))
        changed = text("Slack {channel}, the same message, changed", channel=channel)
        head = changed if edited else text("Slack {channel}", channel=channel)
        plain = not self._console.is_terminal
        self._console.print(framed(body, reader, head.render(self.language), plain=plain))
        self._console.print()
        sys.stdout.flush()

    def digest_comes(self) -> None:
        """The digest, before its time."""
        self._say(text("And this is the digest, which would come at eight in the morning:"))

    def farewell(self, pages: Mapping[str, Path]) -> None:
        """What there is to look at, and how to go on."""
        if "slack" in pages:
            self._say(text("To open in a browser: the channel in Slack, and the digest as an e-mail:"))
            for page in pages.values():
                self._line(page.as_uri())
            self._console.print()
        self._say(text("Now with your own feeds, without an account, alerts on this terminal:"))
        self._line('.venv/bin/smwatch init --console --brand "Acme" --feed https://www.example.org/feed.xml')
        self._line(".venv/bin/smwatch run")
        self._console.print()

    def stopped(self) -> None:
        """Somebody pressed Ctrl-C."""
        self._console.print()
        self._say(text("Stopped."))

    def failed(self, log: str) -> None:
        """The daemon ended by itself: what it said."""
        self._say(text("The daemon ended by itself. It said:"))
        sys.stderr.write(log)

    def _line(self, words: str) -> None:
        """A line to copy: never wrapped, never styled."""
        self._console.out(f"    {words}", highlight=False)

    def _say(self, sentence: Text) -> None:
        self._console.out(textwrap.fill(sentence.render(self.language), self._console.width), "", sep="\n")
        sys.stdout.flush()
