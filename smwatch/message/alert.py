"""An alert as people read it: one message for one story and channel, at most eight blocks, readable on a phone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from smwatch.case import Status
from smwatch.i18n import text, texts
from smwatch.message.case import case_actions, head_word, state_runs, state_words
from smwatch.message.escape import one_line, safe_url
from smwatch.message.model import Action, Context, Heading, Message, Paragraph, Run
from smwatch.message.quote import headline, headline_run, hit_sentence, origin, publisher, publishers
from smwatch.message.vouched import vouched
from smwatch.message.words import UNKNOWN, Reader
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.message.model import Block, Menu, Runs
    from smwatch.model import Alert, Author, Engagement, Item, Mention, Story

SHOWN_PUBLISHERS = 8
DOT = Run(text=" · ")
PRIORITIES = {
    Priority.URGENT: text("Urgent"),
    Priority.NORMAL: text("Alert"),
    Priority.DIGEST_ONLY: text("For the digest"),
}


def alert_message(alert: Alert, *, language: str, timezone: str, buttons: bool = False, card: str = "") -> Message:
    """The state of one story in one channel; one that is done is folded to its headline.

    `buttons` only where the channel hears clicks; `card` is the opaque id that comes back with one.
    """
    reader = Reader(language=language, timezone=timezone)
    mention = lead_mention(alert.story)
    watches = reader.together(_watches(alert.story))
    title = f"{watches}: {headline(mention.item, reader)}"
    urgent = alert.priority is Priority.URGENT and not _done(alert)
    if urgent:
        title = f"{reader.say(PRIORITIES[alert.priority])} · {title}"
    if told := state_words(alert.case, reader):
        title = f"{title} · {told}"
    return Message(
        title=title,
        blocks=tuple(_blocks(alert, mention, reader)),
        actions=tuple(_actions(alert, mention, reader, buttons=buttons, card=card)),
        language=language,
        preheader="".join(run.text for run in hit_sentence(mention)) or publisher(mention.item),
        thread=f"story:{alert.story.client or ''}:{alert.story.id}",
        urgent=urgent,
    )


def lead_mention(story: Story) -> Mention:
    """The mention that speaks for its story: the first of the highest priority that is not deleted and not old."""
    order = list(Priority)
    return min(story.mentions, key=lambda one: (one.item.deleted is not None, one.old, order.index(one.priority)))


def _blocks(alert: Alert, mention: Mention, reader: Reader) -> Iterator[Block]:
    yield Heading(text=_heading(alert, reader))
    yield Paragraph(runs=(headline_run(mention.item, reader, bold=True),))
    yield Context(runs=_origin(mention, reader))
    if alert.case is None or alert.case.status is not Status.CLOSED:
        yield from _details(alert, mention, reader)
    for line in _status(alert, mention, reader):
        yield Context(runs=line)


def _details(alert: Alert, mention: Mention, reader: Reader) -> Iterator[Block]:
    if sentence := hit_sentence(mention):
        yield Paragraph(runs=sentence, quote=True)
    if voice := [*_voice(mention.item, reader), *vouched(mention.item, reader)]:
        yield Context(runs=(Run(text=" · ".join(voice)),))
    if spread := _spread(alert.story, reader):
        yield Context(runs=spread)
    yield Context(runs=_why(alert, mention, reader))


def _done(alert: Alert) -> bool:
    """Whether nobody has to do anything about it any more: then it does not call out in red."""
    return alert.case is not None and not alert.case.waits


def _heading(alert: Alert, reader: Reader) -> str:
    first = head_word(alert.case) if alert.case is not None else None
    parts = [
        reader.say(first or PRIORITIES[alert.priority]),
        reader.together(_watches(alert.story)),
        alert.story.client or "",
    ]
    return " · ".join(part for part in parts if part)


def _watches(story: Story) -> list[str]:
    return list(dict.fromkeys(one_line(mention.watch) for mention in story.mentions))


def _origin(mention: Mention, reader: Reader) -> Runs:
    """Source, time, and language where it is known: "heise (heise.de) · Mo., 24. Nov., 14:05 · Deutsch"."""
    item = mention.item
    moment = item.published or item.updated
    when = reader.moment(moment, mention.seen_at) if moment else reader.say(text("without a date"))
    tongue = (DOT, Run(text=reader.tongue(item.lang))) if item.lang else ()
    return Run(text=origin(item)), DOT, Run(text=when, when=moment), *tongue


def _voice(item: Item, reader: Reader) -> list[str]:
    """Author, followers, engagement: what the source gives; where it counts reactions, an unknown figure is "–"."""
    name = _author(item.author)
    followers = item.author.followers if item.author else None
    facts = [reader.say(text("by {name}", name=name))] if name else []
    if item.engagement is not None and not name:
        facts.append(reader.say(text("Author {unknown}", unknown=UNKNOWN)))
    if item.engagement is not None or followers is not None:
        facts.append(reader.say(texts("{figure} follower", "{figure} followers", **reader.count(followers))))
    return facts if item.engagement is None else [*facts, *_engagement(item.engagement, reader)]


def _author(author: Author | None) -> str:
    name, handle = one_line((author and author.name) or "", 80), one_line((author and author.handle) or "", 80)
    return f"{name} ({handle})" if name and handle and name != handle else name or handle


def _engagement(engagement: Engagement, reader: Reader) -> Iterator[str]:
    yield reader.say(texts("{figure} like", "{figure} likes", **reader.count(engagement.likes)))
    yield reader.say(texts("{figure} reply", "{figure} replies", **reader.count(engagement.replies)))
    yield reader.say(texts("{figure} share", "{figure} shares", **reader.count(engagement.shares)))
    if engagement.views is not None:
        yield reader.say(texts("{figure} view", "{figure} views", **reader.count(engagement.views)))


def _spread(story: Story, reader: Reader) -> Runs:
    """In how many sources, each a link; nothing for a single one."""
    found = publishers(story)
    if len(found) < 2:  # noqa: PLR2004 - one source is no spread
        return ()
    runs = [Run(text=reader.say(texts("in {n} source: ", "in {n} sources: ", n=len(found))), bold=True)]
    for at, (name, item) in enumerate(list(found.items())[:SHOWN_PUBLISHERS]):
        runs += [Run(text=", ")] if at else []
        runs.append(Run(text=name, link=safe_url(item.url)))
    if (hidden := len(found) - SHOWN_PUBLISHERS) > 0:
        runs.append(Run(text=reader.say(text(" and {n} more", n=hidden))))
    return tuple(runs)


def _why(alert: Alert, mention: Mention, reader: Reader) -> Runs:
    reasons = [reader.say(reason) for reason in (mention.reason, alert.reason) if reason is not None]
    told = one_line(" · ".join(dict.fromkeys(reasons))) or reader.say(text("matches the watch"))
    return Run(text=told, italic=True), DOT, Run(text=mention.short)


def _status(alert: Alert, mention: Mention, reader: Reader) -> Iterator[Runs]:
    """Who answers, what is silenced, and what is odd about this message; each on a line of its own, in bold."""
    told = [*_gone(alert.story, reader), *state_runs(alert.case, alert.silences, reader)]
    if mention.late:
        told.append((Run(text=reader.say(text("delivered late: older than the time limit for alerts"))),))
    if alert.possible_duplicate:
        unsure = text("possibly a duplicate: the channel did not confirm the first attempt")
        told.append((Run(text=reader.say(unsure)),))
    for line in told:
        yield tuple(replace(run, bold=True) for run in line)


def _gone(story: Story, reader: Reader) -> Iterator[Runs]:
    """That items of the story were deleted at their sources: all of them, or how many."""
    items = {(mention.item.source, mention.item.id): mention.item.deleted for mention in story.mentions}
    gone = sum(deleted is not None for deleted in items.values())
    if gone and gone == len(items):
        told = texts("The post was deleted at its source", "All {n} posts were deleted at their sources", n=gone)
        yield (Run(text=reader.say(told)),)
    elif gone:
        told = texts(
            "{n} of {total} posts was deleted at its source",
            "{n} of {total} posts were deleted at their sources",
            n=gone,
            total=len(items),
        )
        yield (Run(text=reader.say(told)),)


def _actions(alert: Alert, mention: Mention, reader: Reader, *, buttons: bool, card: str) -> Iterator[Action | Menu]:
    if buttons:
        yield from case_actions(alert.case, reader, card, mention)
    elif (link := safe_url(mention.item.url)) and mention.item.deleted is None:
        yield Action(id="open", label=reader.say(text("Open the original")), url=link)
