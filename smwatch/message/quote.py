"""What is shown of an item: its headline, its link, and the sentence with the words that matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import text
from smwatch.message.escape import one_line, safe_url, shown_host, tame
from smwatch.message.model import Run
from smwatch.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.message.model import Runs
    from smwatch.message.words import Reader
    from smwatch.model import Item, Mention, Span, Story

EXCERPT = 280  # characters: what German press law lets us quote without a licence
HEADLINE = 120  # characters of a text that has to stand in for a missing title
_BODY = ("text", "lead", "title")


def headline(item: Item, reader: Reader) -> str:
    """The whole title on one line; without one, the beginning of the text; that it was deleted, where it was."""
    if item.deleted is not None:
        return reader.say(text("Post deleted at its source"))
    return _told(item)


def _told(item: Item) -> str:
    return one_line(item.title) or one_line(item.lead or item.text, HEADLINE) or shown_host(item.url) or item.source


def headline_run(item: Item, reader: Reader, *, bold: bool = False) -> Run:
    """The headline as a link to the item; what was deleted leads nowhere."""
    gone = item.deleted is not None
    return Run(text=headline(item, reader), link="" if gone else safe_url(item.url), bold=bold, italic=gone)


def publisher(item: Item) -> str:
    """Who published it: the host of its link, else the source's name."""
    return shown_host(item.url) or one_line(item.source)


def origin(item: Item) -> str:
    """The source's name and the host that the link leads to: "Tagesbote (tagesbote.example)"; once where both agree."""
    name, host = one_line(item.source), publisher(item)
    return host if not name or name.startswith(host) else f"{name} ({host})"


def publishers(story: Story) -> dict[str, Item]:
    """The publishers of a story in order of first sight, each with its first item: ten feeds of one paper are one.

    What was deleted at its source is not counted.
    """
    found: dict[str, Item] = {}
    for mention in story.mentions:
        if mention.item.deleted is None:
            found.setdefault(publisher(mention.item), mention.item)
    return found


def hit_sentence(mention: Mention, limit: int = EXCERPT) -> Runs:
    """The sentence around the words that matched, those in bold; empty where the item has nothing but its headline."""
    field = _shown_field(mention)
    if field is None:
        return ()
    spans = [span for span in mention.spans if span.field == field]
    cut, inside = excerpt(getattr(mention.item, field), spans, limit)
    return tuple(_runs(cut, inside))


def _shown_field(mention: Mention) -> str | None:
    """The part of the item that matched; one whose match is all in the title shows how its text begins."""
    filled = [name for name in _BODY if getattr(mention.item, name).strip()]
    matched = {span.field for span in mention.spans}
    shown = next((name for name in filled if name in matched and name != "title"), None)
    shown = shown or next((name for name in filled if name != "title"), None)
    return None if shown and one_line(getattr(mention.item, shown)) == _told(mention.item) else shown


def _runs(cut: str, spans: Sequence[Span]) -> Iterator[Run]:
    at = 0
    for span in sorted(spans, key=lambda span: span.start):
        start, end = max(span.start, at), min(span.end, len(cut))
        if start >= end:
            continue
        yield from _run(cut[at:start], bold=False)
        yield from _run(cut[start:end], bold=True)
        at = end
    yield from _run(cut[at:], bold=False)


def _run(piece: str, *, bold: bool) -> Iterator[Run]:
    words = " ".join(tame(piece).split())
    if words:
        before, after = (" " if piece[:1].isspace() else ""), (" " if piece[-1:].isspace() else "")
        yield Run(text=f"{before}{words}{after}", bold=bold)
    elif piece:
        yield Run(text=" ")
