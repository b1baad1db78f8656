"""Messages as people read them, for the pages about reading alerts and digests."""

from __future__ import annotations

from smwatch.demo import showcase
from smwatch.message.plain import plain_text


def alert(language: str) -> str:
    """The showcase's alert as a block of text, as it stands in the text part of a mail."""
    return _block(plain_text(showcase.alert(language)))


def digest(language: str) -> str:
    """The showcase's digest likewise."""
    return _block(plain_text(showcase.digest(language)))


def _block(words: str) -> str:
    return f"```text\n{words.rstrip()}\n```"
