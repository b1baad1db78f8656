"""Mentions as a table for office programs: CSV in UTF-8 with a byte order mark, semicolons, and no live formulas."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smwatch.i18n import text
from smwatch.message.escape import one_line, safe_url
from smwatch.message.model import Attachment
from smwatch.message.quote import headline, publisher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.message.words import Reader
    from smwatch.model import Mention, Story

_FORMULA = ("=", "+", "-", "@")


def sheet(stories: Iterable[Story], reader: Reader, name: str) -> Attachment:
    """Every mention of `stories`, one a row, as a file called `name`."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";")
    header = (text("Time"), text("Watch"), text("Source"), text("Headline"), text("Link"))
    writer.writerow([reader.say(word) for word in header])
    writer.writerows(_row(mention, reader) for story in stories for mention in story.mentions)
    return Attachment(name=name, media_type="text/csv", content=b"\xef\xbb\xbf" + written.getvalue().encode())


def _row(mention: Mention, reader: Reader) -> list[str]:
    item = mention.item
    moment = (item.published or mention.seen_at).astimezone(ZoneInfo(reader.timezone))
    cells = (mention.watch, publisher(item), headline(item, reader), safe_url(item.url))
    return [f"{moment:%Y-%m-%d %H:%M}", *map(_inert, cells)]


def _inert(cell: str) -> str:
    """`cell` as text: an office program runs what starts like a formula."""
    line = one_line(cell)
    return f"'{line}" if line.startswith(_FORMULA) else line
