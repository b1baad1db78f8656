"""Several stories in one message: a storm that goes on, what came in quiet hours, the report when a storm is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from smwatch.i18n import text, texts
from smwatch.message.escape import one_line
from smwatch.message.model import Context, Heading, Message, Paragraph, Run, coded
from smwatch.message.notes import story_lines
from smwatch.message.words import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.i18n import Text
    from smwatch.message.model import Block
    from smwatch.model import Story

STEPS = 12  # of a curve
BARS = "▁▂▃▄▅▆▇█"
MINUTE = timedelta(minutes=1)


class Figures(Protocol):
    """How many stories came, how they are spread over the time, from which sources (`smwatch.store.tallies.Tally`)."""

    @property
    def stories(self) -> int:
        """All of them."""

    @property
    def curve(self) -> tuple[int, ...]:
        """How many in each step."""

    @property
    def sources(self) -> tuple[tuple[str, int], ...]:
        """The most frequent ones, each with its number of items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a summary tells: `stories` by name, `more` as a count, figures of everything since `since`.

    `step` is how long a step of the curve is; `next_in`: the message is edited again after that time; `folded` stories
    were told in summaries; `name` is its own, by which all of it can be asked for.
    """

    stories: Sequence[Story]
    more: int = 0
    since: datetime
    until: datetime
    figures: Figures | None = None
    step: timedelta = MINUTE
    folded: int = 0
    next_in: timedelta | None = None
    name: str = ""


def summary_message(told: Told, *, language: str, timezone: str, reason: Text, why: str = "") -> Message:
    """Each story with title and link; `reason` names the storm, quiet hours or silence, `why` is its word."""
    reader = Reader(language=language, timezone=timezone)
    line = one_line(reader.say(_title(why, reader.count(len(told.stories) + told.more))))
    blocks = (Heading(text=line), *_blocks(told, reason, reader))
    return Message(title=line, blocks=blocks, language=language)


def _title(why: str, count: dict[str, Any]) -> Text:
    """What only waited is no situation."""
    match why:
        case "quiet":
            return texts("From the quiet hours: {figure} story", "From the quiet hours: {figure} stories", **count)
        case "muted":
            return texts("After a silence: {figure} story", "After a silence: {figure} stories", **count)
    return texts("Situation: {figure} story", "Situation: {figure} stories", **count)


def _blocks(told: Told, reason: Text, reader: Reader) -> Iterator[Block]:
    moments = text("since {since}, as of {updated}", since=reader.moment(told.since), updated=reader.clock(told.until))
    tail = f" · {reader.say(_next(told.next_in))}" if told.next_in is not None else ""
    yield Context(runs=(Run(text=f"{reader.say(moments)}{tail}"),))
    yield from _figures(told, reader)
    yield Paragraph(runs=(Run(text=reader.say(reason)),))
    yield from story_lines(told.stories, reader)
    if told.more:
        yield Paragraph(runs=coded(reader.say(_more(told, reader))))


def _next(gap: timedelta) -> Text:
    return text("next update in {n} s", n=int(gap.total_seconds()))


def _figures(told: Told, reader: Reader) -> Iterator[Block]:
    """In words: 9,680 stories in all · ▁▃█▂ (a bar is 1 min) · most from Tagesbote (120), Abendblatt (80)."""
    if told.figures is None or told.figures.stories <= len(told.stories):
        return
    parts = [texts("{figure} story in all", "{figure} stories in all", **reader.count(told.figures.stories))]
    minutes = max(1, round(told.step / MINUTE))
    if len(told.figures.curve) > 1:
        parts.append(text("{curve} (a bar is {n} min)", curve=curve(told.figures.curve), n=minutes))
    if told.figures.sources:
        named = [f"{one_line(name)} ({reader.number(count)})" for name, count in told.figures.sources]
        parts.append(text("most from {sources}", sources=", ".join(named)))
    yield Context(runs=(Run(text=" · ".join(map(reader.say, parts))),))


def curve(counts: Sequence[int]) -> str:
    """Figures as bars; nothing is the lowest."""
    top = max(counts, default=0) or 1
    return "".join(BARS[round(count / top * (len(BARS) - 1))] for count in counts)


def _more(told: Told, reader: Reader) -> Text:
    return texts(
        "and {figure} more, only counted: `/smwatch stories {name}` or `smwatch queue --summary {name}` shows it",
        "and {figure} more, only counted: `/smwatch stories {name}` or `smwatch queue --summary {name}` shows them",
        **reader.count(told.more),
        name=told.name,
    )


def over_message(told: Told, *, language: str, timezone: str) -> Message:
    """The report when a storm is over."""
    reader = Reader(language=language, timezone=timezone)
    n = told.figures.stories if told.figures is not None else told.folded
    title = texts(
        "Situation over: {figure} story from {since} to {until}",
        "Situation over: {figure} stories from {since} to {until}",
        **reader.count(n),
        since=reader.clock(told.since),
        until=reader.clock(told.until),
    )
    line = one_line(reader.say(title))
    folded = texts(
        "{figure} of them was told in summaries; from now on stories are told one by one again.",
        "{figure} of them were told in summaries; from now on stories are told one by one again.",
        **reader.count(told.folded),
    )
    blocks = (Heading(text=line), *_figures(told, reader), Paragraph(runs=(Run(text=reader.say(folded)),)))
    return Message(title=line, blocks=blocks, language=language)
