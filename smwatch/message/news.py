"""What is new in a story whose message stands already: a few lines in its thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import Text, text, texts
from smwatch.message.alert import PRIORITIES
from smwatch.message.escape import one_line
from smwatch.message.model import Bullets, Context, Message, Paragraph, Run
from smwatch.message.quote import headline, headline_run, origin
from smwatch.message.words import Reader
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.message.model import Block, Runs
    from smwatch.model import Mention

NAMED = 10


def story_news_message(
    mentions: Sequence[Mention], raised: Priority | None, by: Mention | None, *, language: str, timezone: str
) -> Message:
    """The items that have joined a story; with `raised`, to what its priority has risen, and `by` which mention."""
    reader = Reader(language=language, timezone=timezone)
    blocks: list[Block] = []
    title = _count(mentions)
    if raised is not None:
        title = text("The priority has risen")
        blocks.append(_risen(raised, by, reader))
    if mentions:
        blocks.append(Bullets(items=tuple(_line(one, reader) for one in mentions[:NAMED])))
    if (hidden := len(mentions) - NAMED) > 0:
        blocks.append(Context(runs=(Run(text=reader.say(text("and {n} more", n=hidden))),)))
    heading = Paragraph(runs=(Run(text=reader.say(title), bold=True),))
    named = f"{reader.say(title)}: {headline(by.item, reader)}" if raised is not None and by else reader.say(title)
    return Message(title=named, blocks=(heading, *blocks), language=language, urgent=raised is Priority.URGENT)


def _count(mentions: Sequence[Mention]) -> Text:
    return texts("{n} more item in this story", "{n} more items in this story", n=len(mentions))


def _risen(raised: Priority, by: Mention | None, reader: Reader) -> Paragraph:
    """To what, and why."""
    runs = [Run(text=reader.say(PRIORITIES[raised]), bold=True)]
    if by is not None and by.reason is not None:
        runs.append(Run(text=f" · {one_line(reader.say(by.reason))}"))
    return Paragraph(runs=tuple(runs))


def _line(one: Mention, reader: Reader) -> Runs:
    moment = one.item.published or one.item.updated or one.seen_at
    when = reader.moment(moment, one.seen_at)
    return headline_run(one.item, reader), Run(text=f" · {origin(one.item)} · "), Run(text=when, when=moment)
