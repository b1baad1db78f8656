"""`smwatch why`: why a mention was told or not, channel by channel, with the words that matched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from smwatch.errors import UserError
from smwatch.i18n import Text, text, texts
from smwatch.message.escape import one_line
from smwatch.message.quote import headline, origin
from smwatch.message.words import Reader
from smwatch.model import short_id
from smwatch.query.watches import PLACES
from smwatch.reports import reading
from smwatch.store import cases, whys
from smwatch.text import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.case import Case
    from smwatch.config.model import Config
    from smwatch.model import Mention, Watch
    from smwatch.store.whys import Decided, Shown

VERDICTS: Mapping[str, Text] = {
    "alert": text("alert"),
    "hold": text("held back"),
    "digest": text("for the digest only"),
    "nothing": text("not told"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Everything that is known about one mention. `items` are the others of its story, `ties` why they belong to it."""

    mention: Mention
    watch: Watch | None
    decisions: Sequence[Decided] = ()
    shown: Sequence[Shown] = ()
    items: Sequence[Mention] = ()
    ties: Mapping[int, Text] = field(default_factory=dict)
    case: Case | None = None

    @property
    def channels(self) -> list[str]:
        """Every channel that anything was decided for."""
        named = [*(one.channel for one in self.decisions), *(one.channel for one in self.shown)]
        return [name for name in dict.fromkeys(named) if name]


async def why(config: Config, asked: str) -> Why:
    """What is known about the mention `asked` ("M4K2", a story's "S1A", or a link); raises UserError."""
    async with reading(config) as store, store.read() as connection:
        found = await _find(connection, asked.strip())
        if found is None:
            raise UserError(whys.no_mention(asked))
        return await _about(connection, config, found)


async def _find(connection: AsyncConnection, asked: str) -> Mention | None:
    if "://" in asked:
        return next(iter(await whys.by_link(connection, asked)), None)
    return await whys.named(connection, asked)


async def _about(connection: AsyncConnection, config: Config, one: Mention) -> Why:
    story = await whys.of_story(connection, one.story_id) if one.story_id is not None else []
    watch = next((w for w in config.watches if (w.client, w.name) == (one.client, one.watch)), None)
    return Why(
        mention=one,
        watch=watch,
        decisions=await whys.decisions(connection, one.id),
        shown=await whys.shown(connection, one) if story else (),
        items=[other for other in story if other.id != one.id],
        ties=await whys.ties(connection, [other.id for other in story]),
        case=await cases.of_story(connection, one.client, one.story_id) if one.story_id is not None else None,
    )


# for machines


def as_json(known: Why, language: str) -> dict[str, Any]:
    """Plain JSON values; sentences in `language`."""
    one = known.mention
    author = one.item.author
    return {
        "id": one.short,
        "watch": one.watch,
        "client": one.client,
        "priority": str(one.priority),
        "seen_at": one.seen_at.isoformat(),
        "old": one.old,
        "late": one.late,
        "reason": one.reason.render(language) if one.reason else None,
        "item": {
            "title": one.item.title,
            "url": one.item.url,
            "source": one.item.source,
            "author": {"name": author.name, "handle": author.handle} if author else None,
            "published": one.item.published.isoformat() if one.item.published else None,
            "deleted": one.item.deleted.isoformat() if one.item.deleted else None,
        },
        "matched": [{"field": f, "terms": terms, "excerpt": cut} for f, terms, cut in matched(one)],
        "decisions": [_decided_json(decided, language) for decided in known.decisions],
        "channels": [_channel_json(known, name, language) for name in known.channels],
        "story": _story_json(known, language),
        "case": _case_json(known.case),
    }


def _decided_json(one: Decided, language: str) -> dict[str, Any]:
    return {
        "channel": one.channel or None,
        "verdict": one.verdict,
        "code": one.code,
        "reason": one.reason.render(language),
        "at": one.at.isoformat(),
    }


def _channel_json(known: Why, name: str, language: str) -> dict[str, Any]:
    card = next((one for one in known.shown if one.channel == name), None)
    last = next((one for one in reversed(known.decisions) if one.channel == name), None)
    problem = card.problem if card else None
    return {
        "channel": name,
        "verdict": last.verdict if last else None,
        "code": last.code if last else None,
        "reason": last.reason.render(language) if last else None,
        "state": card.state if card else None,
        "told_at": card.told_at.isoformat() if card and card.told_at else None,
        "waits": problem.reason.render(language) if problem else None,
        "next_try": card.next_try.isoformat() if card and card.next_try else None,
    }


def _story_json(known: Why, language: str) -> dict[str, Any] | None:
    if known.mention.story_id is None:
        return None
    return {
        "id": short_id("S", known.mention.story_id),
        "why": known.ties[known.mention.id].render(language) if known.mention.id in known.ties else None,
        "items": [
            {
                "id": one.short,
                "title": one.item.title,
                "url": one.item.url,
                "source": one.item.source,
                "why": known.ties[one.id].render(language) if one.id in known.ties else None,
            }
            for one in known.items
        ],
    }


def _case_json(case: Case | None) -> dict[str, Any] | None:
    if case is None:
        return None
    return {"status": str(case.status), "owner": case.owner.name if case.owner else None}


def matched(one: Mention) -> list[tuple[str, list[str], str]]:
    """Each field that matched, with its words and the sentence around them."""
    found: dict[str, list[str]] = {}
    for span in one.spans:
        words = found.setdefault(span.field, [])
        if span.term not in words:
            words.append(span.term)
    return [(name, terms, _cut(one, name)) for name, terms in found.items()]


def _cut(one: Mention, name: str) -> str:
    if name == "author":
        who = one.item.author
        return one_line((who and (who.name or who.handle)) or "")
    whole = getattr(one.item, name, "") or ""
    spans = [span for span in one.spans if span.field == name]
    return one_line(excerpt(whole, spans)[0]) if isinstance(whole, str) else ""


# for people


def told(known: Why, *, language: str, timezone: str) -> list[str]:
    """The same as lines."""
    reader = Reader(language=language, timezone=timezone)
    return [line for part in _parts(known, reader) for line in part]


def _parts(known: Why, reader: Reader) -> Iterator[list[str]]:
    one = known.mention
    seen = text("seen {moment}", moment=reader.moment(one.seen_at))
    yield [f"{one.short}  {headline(one.item, reader)}", f"    {one.item.url}".rstrip()]
    yield [f"    {origin(one.item)} · {reader.say(seen)}"]
    yield [_watch_line(known, reader)]
    yield list(_words(one, reader))
    yield list(_log(known, reader))
    yield list(_story(known, reader))
    if known.case is not None:
        yield [reader.say(text("Case: {status}", status=_status(known.case)))]


def _watch_line(known: Why, reader: Reader) -> str:
    one, watch = known.mention, known.watch
    name = f"{one.watch} · {one.client}" if one.client else one.watch
    if watch is None or watch.where is None:
        return reader.say(text("Watch: {name} (it is not in the configuration any more)", name=name))
    return reader.say(
        text("Watch: {name} ({file}, line {line})", name=name, file=watch.where.file, line=watch.where.line)
    )


def _words(one: Mention, reader: Reader) -> Iterator[str]:
    if one.reason is not None:
        yield reader.say(text("Matched: {reason}", reason=one_line(reader.say(one.reason))))
    for name, _, cut in matched(one):
        if cut:
            yield f"    {reader.say(PLACES.get(name, PLACES['text']))}: {cut}"


def _log(known: Why, reader: Reader) -> Iterator[str]:
    """Each decision, then how the channels stand now."""
    if not known.decisions:
        yield reader.say(text("Nothing was decided about it yet."))
    for one in known.decisions:
        verdict = reader.say(VERDICTS.get(one.verdict, text(one.verdict)))
        where = f"{one.channel}: " if one.channel else ""
        moment = reader.moment(one.at, known.mention.seen_at)
        yield f"{where}{verdict}: {one_line(reader.say(one.reason))} ({moment})"
    for card in known.shown:
        yield f"{card.channel}: {reader.say(_state(card, reader))}"


def _state(card: Shown, reader: Reader) -> Text:
    if card.told_at is not None:
        together = text("told in a summary on {moment}", moment=reader.moment(card.told_at))
        alone = text("told on {moment}", moment=reader.moment(card.told_at))
        return together if card.state == "folded" else alone
    if card.state in ELSEWHERE:
        return COUNTED if card.counted else ELSEWHERE[card.state]
    return _waits(card, reader)


COUNTED = text("counted in a summary; the digest names it")
ELSEWHERE: Mapping[str, Text] = {
    "folded": text("goes out in the next summary"),
    "moved": text("handed to the fallback channel"),
}


def _waits(card: Shown, reader: Reader) -> Text:
    if card.problem is None:
        return text("waits for its turn (smwatch queue)")
    if card.next_try is None:
        return text("waits: {reason}", reason=card.problem.reason)
    return text("waits until {moment}: {reason}", moment=reader.moment(card.next_try), reason=card.problem.reason)


def _story(known: Why, reader: Reader) -> Iterator[str]:
    number = known.mention.story_id
    if number is None:
        return
    count = texts("Story {id}: {n} item", "Story {id}: {n} items", n=len(known.items) + 1, id=short_id("S", number))
    yield reader.say(count)
    if (tie := known.ties.get(known.mention.id)) is not None:
        yield f"    {reader.say(text('it belongs there: {reason}', reason=tie))}"
    for one in known.items:
        because = known.ties.get(one.id)
        tail = f" – {one_line(reader.say(because))}" if because is not None else ""
        yield f"    {one.short}  {headline(one.item, reader)} · {origin(one.item)}{tail}"


STATUS: Mapping[str, Text] = {
    "open": text("open"),
    "taken": text("taken"),
    "answered": text("answered"),
    "closed": text("closed"),
}


def _status(case: Case) -> Text:
    status = STATUS.get(str(case.status), text(str(case.status)))
    if case.owner is None or not case.owner.name:
        return status
    return text("{status}, {owner}", status=status, owner=case.owner.name)
