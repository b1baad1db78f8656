"""Whether a period was quiet, and how much of what was said could be read: quiet is only said where it is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.i18n import Text, text, texts
from smwatch.message.escape import one_line
from smwatch.message.model import Bullets, Context, Heading, Run
from smwatch.model import DAY, Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.message.model import Block, Runs
    from smwatch.message.words import Reader
    from smwatch.model import Digest, SourceState

READ = {"ok", "paused"}  # the rest cannot be read, or brings nothing
USUAL = 1.5  # times the period before, and
FEW = 2  # mentions more than before are within the usual


def opening(digest: Digest) -> list[Text]:
    """One sentence: quiet or not, and what could not be read."""
    if not digest.counts:
        return [text("No watch leads to this digest: there is nothing that it could tell.")]
    if not _counted(digest):
        return [text("No source is set up: nothing could be read.")]
    dark = _dark(digest)
    if quiet(digest):
        return [_quiet_but(digest, dark)] if dark else [_quiet(digest)]
    return [_loud(digest), *([_not_read(digest, dark)] if dark else [])]


def quiet(digest: Digest) -> bool:
    """Nothing urgent, and no watch far above the period before; without such a period only nothing at all."""
    mentions = [m for group in digest.stories.values() for story in group for m in story.mentions]
    if not digest.counts or any(mention.priority is Priority.URGENT for mention in mentions):
        return False
    return all(_usual(count.mentions, count.before) for count in digest.counts)


def _usual(now: int, before: int | None) -> bool:
    return now == 0 if before is None else now <= max(before * USUAL, before + FEW)


def _counted(digest: Digest) -> list[SourceState]:
    return [source for source in digest.sources if source.state != "paused"]


def _dark(digest: Digest) -> list[SourceState]:
    return [source for source in digest.sources if source.state not in READ]


def _resting(digest: Digest) -> list[SourceState]:
    return [source for source in digest.sources if source.state == "paused"]


def _quiet(digest: Digest) -> Text:
    usual = text("nothing unusual, all figures within the usual range")
    if digest.total == 0:
        n = len(_counted(digest))
        usual = texts("no mentions, the {n} source was read", "no mentions, all {n} sources were read", n=n)
    if digest.until - digest.since > DAY * 1.5:
        return text("Quiet days: {what}.", what=usual)
    return text("Quiet day: {what}.", what=usual)


def _quiet_but(digest: Digest, dark: list[SourceState]) -> Text:
    return text("Quiet, as far as can be read: {what}.", what=_darkness(digest, dark))


def _not_read(digest: Digest, dark: list[SourceState]) -> Text:
    return text("Not everything could be read: {what}.", what=_darkness(digest, dark))


def _darkness(digest: Digest, dark: list[SourceState]) -> Text:
    """In words: 2 of 14 sources without content for 21 days."""
    n, everything = len(dark), len(_counted(digest))
    if all(source.state == "silent" for source in dark):
        days = min((digest.until - (source.last_item or source.since or digest.until)).days for source in dark)
        return text(
            "{n} of {all} sources without content for {days}",
            n=n,
            all=everything,
            days=texts("{n} day", "{n} days", n=max(days, 1)),
        )
    if any(source.state == "silent" for source in dark):
        return text("{n} of {all} sources cannot be read or are without content", n=n, all=everything)
    return text("{n} of {all} sources cannot be read", n=n, all=everything)


def _loud(digest: Digest) -> Text:
    """In words: 12 mentions in 7 stories, 2 of them urgent."""
    stories = [story for group in digest.stories.values() for story in group]
    urgent = sum(any(m.priority is Priority.URGENT for m in story.mentions) for story in stories)
    told = text(
        "{mentions} in {stories}",
        mentions=texts("{n} mention", "{n} mentions", n=digest.total),
        stories=texts("{n} story", "{n} stories", n=len(stories)),
    )
    if urgent:
        return text("{told}, {urgent}.", told=told, urgent=texts("{n} of them urgent", "{n} of them urgent", n=urgent))
    return text("{told}, nothing urgent.", told=told)


def coverage_blocks(digest: Digest, reader: Reader) -> Iterator[Block]:
    """The sources that failed, are silent, rest or were not read yet, and what no source can see."""
    lines = tuple(_source(source, digest, reader) for source in (*_dark(digest), *_resting(digest)))
    if lines:
        yield Heading(text=reader.say(text("Sources")), level=2)
        yield Bullets(items=lines)
    if digest.uncovered:
        blind = "; ".join(one_line(reader.say(sentence)) for sentence in digest.uncovered)
        yield Context(runs=(Run(text=reader.say(text("Not covered: {what}.", what=blind))),))


def _source(source: SourceState, digest: Digest, reader: Reader) -> Runs:
    """In words: heise: cannot be read since Monday (HTTP 500)."""
    name, told = one_line(source.name), reader.say(_state(source, digest, reader))
    why = f" ({one_line(reader.say(source.reason))})" if source.reason is not None else ""
    return Run(text=name, bold=True), Run(text=f": {told}{why}")


def _state(source: SourceState, digest: Digest, reader: Reader) -> Text:
    if source.state == "new":
        return text("not read yet")
    if source.state == "paused":
        return text("rests")
    if source.state == "silent":
        since = source.last_item or source.since
        return text("silent since {day}", day=reader.day(since, digest.until)) if since else text("silent")
    if source.since is None:
        return text("cannot be read")
    return text("cannot be read since {moment}", moment=reader.moment(source.since, digest.until))
