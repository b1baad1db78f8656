"""The messages that are neither alert nor digest: start, late items, news for the operator, summaries, tests."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from smwatch.i18n import Text, text, texts
from smwatch.message.alert import lead_mention
from smwatch.message.escape import one_line
from smwatch.message.model import Action, Bullets, Context, Heading, Message, Paragraph, Run, coded
from smwatch.message.quote import headline_run, origin, publishers
from smwatch.message.words import UNKNOWN, Reader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from smwatch.message.model import Block, Runs
    from smwatch.model import Story, Where

Counts: TypeAlias = "Sequence[Sequence[Any]]"  # pairs of a name and how often
NAMED = 10  # sources or changes named in one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A source that could not be read, and why."""

    name: str
    reason: Text | None = None


def start_message(  # noqa: PLR0913 - one keyword for each figure
    *,
    language: str,
    timezone: str,
    now: datetime,
    sources: int,
    items: int,
    hits: int,
    unreadable: Sequence[Unreadable] = (),
    next_digest: datetime | None = None,
    added: Sequence[str] = (),
    lacks: Sequence[Text] = (),
) -> Message:
    """The look back after the first round, or for sources and watches `added` later: figures, no titles.

    `sources` were read, `items` are older ones, `hits` of them would have matched; `lacks` is what this channel cannot.
    """
    reader = Reader(language=language, timezone=timezone)
    sentences = [_read(sources, items, hits, reader)]
    if hits:
        sentences.append(text("Nothing old is told as an alert; `smwatch source test NAME` shows it."))
    sentences.append(_unreadable_count(unreadable))
    if next_digest is not None:
        sentences.append(text("Next digest: {moment}.", moment=reader.soon(next_digest, now)))
    title = text("smwatch is watching")
    if added:
        title = text("Newly watched: {names}", names=reader.together([one_line(name) for name in added[:NAMED]]))
    blocks: list[Block] = [Paragraph(runs=coded(" ".join(map(reader.say, sentences))))]
    if unreadable:
        blocks.append(_unreadable(unreadable, reader))
    blocks += _lacking(lacks, reader)
    return _note(title, blocks, reader)


def _lacking(lacks: Sequence[Text], reader: Reader) -> list[Block]:
    """What a channel cannot, each as a sentence in small print."""
    said = [reader.say(one) for one in lacks]
    return [Context(runs=(Run(text=f"{words[:1].upper()}{words[1:]}.", italic=True),)) for words in said]


def _read(sources: int, items: int, hits: int, reader: Reader) -> Text:
    return text(
        "{sources} read, {items}, {hits}.",
        sources=texts("{figure} source", "{figure} sources", **reader.count(sources)),
        items=texts("{figure} older item", "{figure} older items", **reader.count(items)),
        hits=texts(
            "{figure} of them would have matched",
            "{figure} of them would have matched",
            **reader.count(hits),
        ),
    )


def _unreadable_count(unreadable: Sequence[Unreadable]) -> Text:
    if not unreadable:
        return text("All sources can be read.")
    return texts("Not readable: {n} source.", "Not readable: {n} sources.", n=len(unreadable))


def _unreadable(unreadable: Sequence[Unreadable], reader: Reader) -> Bullets:
    items: list[Runs] = []
    for source in unreadable[:NAMED]:
        why = f" ({one_line(reader.say(source.reason))})" if source.reason is not None else ""
        items.append((Run(text=one_line(source.name), bold=True), Run(text=why)))
    if hidden := len(unreadable) - len(items):
        items.append(coded(reader.say(text("and {n} more: `smwatch status`", n=hidden))))
    return Bullets(items=tuple(tuple(run for run in item if run.text) for item in items))


def late_message(  # noqa: PLR0913 - one keyword for each thing it tells
    stories: Sequence[Story],
    *,
    language: str,
    timezone: str,
    items: int,
    since: datetime,
    until: datetime,
    source: str = "",
) -> Message:
    """Items that came when they were already older than the limit: one message, each match with title and link."""
    reader = Reader(language=language, timezone=timezone)
    title = text(
        "Delivered late: {items} from {since} to {until}, {hits}",
        items=texts("{figure} item", "{figure} items", **reader.count(items)),
        since=reader.day(since, until),
        until=reader.day(until),
        hits=texts("{n} match", "{n} matches", n=len(stories)),
    )
    why = text("They were published before smwatch could read them.")
    if source:
        why = text(
            "{source} can be read again; these items are older than the limit for alerts.", source=one_line(source)
        )
    return _note(title, [Paragraph(runs=(Run(text=reader.say(why)),)), *story_lines(stories, reader)], reader)


def story_lines(stories: Sequence[Story], reader: Reader) -> list[Block]:
    """Each story on one line: title as link, source, time, in how many sources, watch; a watch of all is said once."""
    watches = _watches(stories)
    shared = watches[0] if len(set(watches)) == 1 and len(stories) > 1 else ""
    lines = tuple(_story_line(story, reader, "" if shared else watches[at]) for at, story in enumerate(stories))
    head = [Context(runs=(Run(text=reader.say(text("Watch: {name}", name=shared))),))] if shared else []
    return [*head, Bullets(items=lines)] if lines else []


def _watches(stories: Sequence[Story]) -> list[str]:
    """The watch of each, and whose it is where several clients share the message."""
    named = [one_line(lead_mention(story).watch) for story in stories]
    if len({story.client for story in stories}) < 2:  # noqa: PLR2004 - they are all of one client
        return named
    return [f"{watch} · {one_line(story.client or '–')}" for watch, story in zip(named, stories, strict=True)]


def _story_line(story: Story, reader: Reader, watch: str) -> Runs:
    item, seen = (mention := lead_mention(story)).item, mention.seen_at
    moment = item.published or seen
    found = len(publishers(story))
    facts = [reader.say(texts("in {n} source", "in {n} sources", n=found))] if found > 1 else []
    tail = "".join(f" · {fact}" for fact in (*facts, watch) if fact)
    when = Run(text=reader.moment(moment, seen), when=moment)
    line = (headline_run(item, reader), Run(text=f" – {origin(item)} · "), when, Run(text=tail))
    return tuple(run for run in line if run.text)


def source_message(  # noqa: PLR0913 - one parameter for each kind of news
    failing: Sequence[Unreadable],
    recovered: Sequence[str] = (),
    silent: Sequence[str] = (),
    moved: Mapping[str, str] | None = None,
    *,
    language: str,
    timezone: str,
) -> Message:
    """News of sources for the operator, bundled: what cannot be read now, what can be read again, what has moved.

    `silent` are the names among `failing` that can be read, and bring nothing; `moved` has new addresses by name.
    """
    reader = Reader(language=language, timezone=timezone)
    title = _source_title(len(failing), len(silent), len(recovered), len(moved or {}))
    blocks: list[Block] = [_unreadable(failing, reader)] if failing else []
    if moved:
        blocks.append(Paragraph(runs=(Run(text=reader.say(text("Moved for good; please write the new address:"))),)))
        blocks.append(Bullets(items=tuple(_new_address(name, url) for name, url in list(moved.items())[:NAMED])))
    if recovered:
        names = reader.together([one_line(name) for name in recovered])
        blocks.append(Paragraph(runs=(Run(text=reader.say(text("Read again: {names}.", names=names))),)))
    return _note(title, blocks, reader)


def _source_title(failing: int, silent: int, recovered: int, moved: int) -> Text:
    if silent and silent == failing:
        return texts("{n} source is suspiciously silent", "{n} sources are suspiciously silent", n=silent)
    if silent:
        return texts("{n} source needs a look", "{n} sources need a look", n=failing)
    if failing:
        return texts("{n} source cannot be read", "{n} sources cannot be read", n=failing)
    if recovered or not moved:
        return text("Sources can be read again")
    return texts("{n} source has a new address", "{n} sources have new addresses", n=moved)


def _new_address(name: str, url: str) -> Runs:
    return Run(text=one_line(name), bold=True), Run(text=f": {one_line(url)}")


def broken_config_message(
    problems: Sequence[tuple[Where, Text]], *, language: str, timezone: str, stopped: Sequence[str] = ()
) -> Message:
    """A file that cannot be used: file and line of every mistake, and what goes on running.

    `stopped` are watches that run on with their last good query; without any the whole old version runs on.
    """
    reader = Reader(language=language, timezone=timezone)
    where = problems[0][0]
    title = text("Mistake in {file}, line {line}", file=where.file, line=where.line)
    goes_on = text("The version before goes on running until this is put right.")
    if stopped:
        names = reader.together([one_line(name) for name in stopped])
        goes_on = text("The last good query goes on for: {names}.", names=names)
    lines = tuple(
        (Run(text=f"{at.file}:{at.line}:{at.column}", bold=True), Run(text=f" {one_line(reader.say(problem))}"))
        for at, problem in problems[:NAMED]
    )
    blocks: list[Block] = [Bullets(items=lines), Paragraph(runs=(Run(text=reader.say(goes_on)),))]
    if hidden := len(problems) - len(lines):
        blocks.insert(1, Context(runs=coded(reader.say(text("and {n} more: `smwatch check`", n=hidden)))))
    return _note(title, blocks, reader, urgent=True)


def saved_config_message(changes: Sequence[Text], *, language: str, timezone: str) -> Message:
    """An accepted save of the config, with what changed."""
    reader = Reader(language=language, timezone=timezone)
    told = [one_line(reader.say(change)) for change in changes] or [reader.say(text("nothing that matters"))]
    title = text("Settings saved: {changes}", changes="; ".join(told[:3]) + ("; …" if len(told) > 3 else ""))  # noqa: PLR2004 - what a title holds
    return _note(title, [Bullets(items=tuple((Run(text=line),) for line in told))] if len(told) > 1 else [], reader)


def news_message(news: Text, *, language: str, timezone: str) -> Message:
    """One sentence for the operator."""
    return _note(news, [], Reader(language=language, timezone=timezone))


def noisy_message(  # noqa: PLR0913 - one keyword for each thing it tells
    *, language: str, timezone: str, watch: str, matches: int, words: Counts, sources: Counts, click: str = ""
) -> Message:
    """A watch that matches so often that nobody can read it, and how to mute it; `click` is what its button carries."""
    reader = Reader(language=language, timezone=timezone)
    title = text("{watch} matches very often: {n} times in the last hour", watch=one_line(watch), n=matches)
    told = text(
        "Most often by {words}; most from {sources}.", words=_counted(words, reader), sources=_counted(sources, reader)
    )
    advice = text(
        "A more exact query helps most. Quiet for 24 h: `smwatch silence add --watch {watch} --for 24h --reason …`",
        watch=shlex.quote(one_line(watch)),
    )
    blocks = [Paragraph(runs=(Run(text=reader.say(told)),)), Paragraph(runs=coded(reader.say(advice)))]
    mute = Action(id="mute_watch", label=reader.say(text("Mute for 24 h")), value=click)
    return replace(_note(title, blocks, reader), actions=(mute,) if click else ())


def _counted(counts: Counts, reader: Reader) -> str:
    return ", ".join(f"{one_line(name)} ({reader.number(count)})" for name, count in counts) or UNKNOWN


def test_message(*, language: str, timezone: str, channel: str, now: datetime, lacks: Sequence[Text]) -> Message:
    """What `smwatch alert test` sends; `lacks` is what this channel cannot."""
    reader = Reader(language=language, timezone=timezone)
    told = text(
        "If you can read this, alerts arrive here: channel {channel}, {moment}.",
        channel=one_line(channel),
        moment=reader.moment(now),
    )
    blocks: list[Block] = [Paragraph(runs=(Run(text=reader.say(told)),)), *_lacking(lacks, reader)]
    return _note(text("Test message from smwatch"), blocks, reader)


test_message.__test__ = False  # type: ignore[attr-defined]  # pytest takes every imported test_* for a test


def _note(title: Text, blocks: Sequence[Block], reader: Reader, *, urgent: bool = False) -> Message:
    line = one_line(reader.say(title))
    return Message(title=line, blocks=(Heading(text=line), *blocks), language=reader.language, urgent=urgent)
