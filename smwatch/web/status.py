"""What the web room wants to know of the daemon, and the one page that shows it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Protocol

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Iterator

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "body{color:#222;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #ddd;overflow-wrap:anywhere}"
    "th{font-weight:600;width:40%}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1b1b1b}th,td{border-color:#444}}"
)
STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with rows of a name and what is known of it."""

    title: Text
    rows: tuple[tuple[Text | str, Text | str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The daemon at one moment, for people."""

    headline: Text
    sections: tuple[Section, ...] = ()
    language: str = "de"


class Status(Protocol):
    """What the daemon tells the web room; the app brings it."""

    def alive(self) -> bool:
        """Its loops make progress, whatever the sources do (`/healthz`)."""

    def ready(self) -> bool:
        """It has started and is not on its way out (`/readyz`)."""

    async def refresh(self) -> None:
        """Bring those metrics up to date that are looked up rather than counted (queue, sources)."""

    async def snapshot(self) -> Snapshot:
        """What the status page shows."""


def page(snapshot: Snapshot) -> str:
    """The status page; everything in it is escaped, nothing is loaded from anywhere."""
    return "".join(_page(snapshot))


def _page(snapshot: Snapshot) -> Iterator[str]:
    language = snapshot.language
    yield f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8"><title>smwatch</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{STYLE}</style></head><body><h1>{_words(snapshot.headline, language)}</h1>"
    for section in snapshot.sections:
        yield f"<h2>{_words(section.title, language)}</h2>"
        yield from _rows(section, language)
    yield "</body></html>"


def _rows(section: Section, language: str) -> Iterator[str]:
    if not section.rows:
        yield f"<p>{_words(text('nothing'), language)}</p>"
        return
    yield "<table>"
    for name, value in section.rows:
        yield f'<tr><th scope="row">{_words(name, language)}</th><td>{_words(value, language)}</td></tr>'
    yield "</table>"


def _words(words: Text | str, language: str) -> str:
    return escape(words.render(language) if isinstance(words, Text) else words)
