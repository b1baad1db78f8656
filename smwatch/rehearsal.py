"""`smwatch route test`: what would become of an item now, with every reason. Nothing is stored or sent."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from smwatch.deliver.hush import Hush, hush_of
from smwatch.deliver.quiet import quiet_until, waits
from smwatch.deliver.storm import BACKLOG
from smwatch.errors import SmwatchError, UserError
from smwatch.fetch.client import Client
from smwatch.fetch.pool import ONE_LANE, ParsePool
from smwatch.i18n import Text, text
from smwatch.model import Item, Mention, Priority
from smwatch.pages import READ_PAGE
from smwatch.pages.items import page_item
from smwatch.query.lines import ItemError, item_from_json
from smwatch.query.watches import WatchEngine
from smwatch.reports import reading
from smwatch.route import Age, Verdict, age, moment_of, route
from smwatch.silence import Silence, covering
from smwatch.store import decisions, whys
from smwatch.store.jobs import Job
from smwatch.store.place import sqlite_path
from smwatch.store.schema import watch
from smwatch.store.waiting import holds, waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.config.model import Config
    from smwatch.model import Watch
    from smwatch.plugin import Channel, Enricher
    from smwatch.query.watches import WatchHit
    from smwatch.route import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why something would not be told at once: `code` for counting, `reason` for reading, `until` where it is known."""

    code: str
    reason: Text
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One channel: what would hold the alert there now; nothing: it would go out at once."""

    channel: str
    held: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one watch would make of the item. `kept_back` says why no channel would hear of it at all."""

    watch: Watch
    priority: Priority
    reason: Text
    spans: tuple[Any, ...] = ()
    places: tuple[Place, ...] = ()
    kept_back: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The item as it was understood, what each watch makes of it, and the watches whose `exclude` took it out."""

    item: Item
    outcomes: tuple[Outcome, ...] = ()
    excluded: tuple[tuple[Watch, Text], ...] = ()


# the item


async def item_of(config: Config, asked: str, *, allow_private: bool = False) -> Item:
    """The item that `asked` means: JSON, a file of JSON, an address (of the store, else fetched), or plain words.

    Raises UserError.
    """
    said = asked.strip()
    if (written := _written(said)) is not None:
        return _from_json(written)
    if said[:8].lower().startswith(("http://", "https://")) and " " not in said:
        return await _from_address(config, said, allow_private=allow_private)
    return Item(id="", source="", text=said, kind="")


def _written(said: str) -> str | None:
    """The JSON that `said` is, or that stands on the first line of the file of this name; None where it is neither."""
    if said.startswith("{"):
        return said
    if not said.endswith((".json", ".jsonl")) or not Path(said).is_file():
        return None
    try:
        whole = Path(said).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise UserError(text("{file} cannot be read: {reason}", file=said, reason=str(error))) from None
    first = next((line for line in whole.splitlines() if line.strip()), "")
    return first if first.rstrip().endswith("}") else whole


def _from_json(said: str) -> Item:
    try:
        return item_from_json(json.loads(said))
    except ItemError as error:
        raise UserError(error.sentence) from None
    except (ValueError, RecursionError):
        raise UserError(text("this is no JSON")) from None


async def _from_address(config: Config, url: str, *, allow_private: bool) -> Item:
    async with _maybe(config) as connection:
        stored = await whys.by_link(connection, url) if connection is not None else []
    if stored and stored[0].item.deleted is None:
        return stored[0].item
    client, pool = Client(config.http, config.contact), ParsePool(ONE_LANE)
    try:
        answer = await client.get(url, allow_private=allow_private)
        options = {"url": url, "content_type": answer.headers.get("Content-Type", "")}
        found = await pool.run(READ_PAGE, answer.body, options, source=url)
    except SmwatchError as error:
        raise UserError(text("{url} cannot be read: {reason}", url=url, reason=error.sentence)) from None
    finally:
        await client.close()
        await pool.close()
    return page_item(found, "", url=url, now=datetime.now(UTC), zone=ZoneInfo(config.timezone))


@asynccontextmanager
async def _maybe(config: Config) -> AsyncIterator[AsyncConnection | None]:
    """The store, where there is one already."""
    path = sqlite_path(config.store)
    if path is not None and not path.exists():
        yield None
        return
    async with reading(config) as store, store.read() as connection:
        yield connection


# what becomes of it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Now:
    """What the store knows now: nothing, where there is none yet."""

    hush: Hush = field(default_factory=Hush)
    changed: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    silences: Mapping[str, Sequence[Silence]] = field(default_factory=dict)
    held: Mapping[str, Text] = field(default_factory=dict)
    backlog: Mapping[str, int] = field(default_factory=dict)
    told: Mapping[str, int] = field(default_factory=dict)


async def rehearse(config: Config, item: Item, now: datetime, enrichers: Sequence[Enricher] = ()) -> Rehearsal:
    """What would become of `item` at `now`."""
    for enricher in enrichers:
        item = await enricher.enrich(item)
    engine = WatchEngine(config.watches, config.lists)
    state = await _state(config, now)
    return Rehearsal(
        item=item,
        outcomes=tuple(_outcome(config, item, hit, state, now) for hit in engine.match(item)),
        excluded=tuple(
            (one, text("left out by “{exclude}”", exclude=_excluding(one, hit.name)))
            for one, hit in engine.excluded(item)
        ),
    )


def _excluding(one: Watch, name: str) -> str:
    number = name.rpartition("exclude")[2]
    return one.exclude[int(number)] if number.isdecimal() else ", ".join(one.exclude)


async def _state(config: Config, now: datetime) -> _Now:
    path = sqlite_path(config.store)
    if path is not None and not path.exists():
        hush = hush_of(config.silences, b"", config.lists)
        return _Now(hush=hush, silences={one.client or "": hush.planned for one in config.watches})
    clients = {one.client for one in config.watches}
    async with reading(config) as store, store.read() as connection:
        rows = await connection.execute(select(watch.c.client, watch.c.name, watch.c.changed_at))
        hush = hush_of(config.silences, store.key, config.lists)
        return _Now(
            hush=hush,
            changed={(row.client, row.name): row.changed_at for row in rows},
            silences={client or "": await hush.active(connection, client, now) for client in clients},
            held={name: hold.reason for name, hold in (await holds(connection)).items()},
            backlog=Counter(one.channel for one in await waiting(connection) if not one.attempts),
            told=Counter(name for name, _ in await decisions.told_singly(connection, now - timedelta(hours=1))),
        )


def _outcome(config: Config, item: Item, hit: WatchHit, state: _Now, now: datetime) -> Outcome:
    found = _age(config, item, hit.watch, state, now)
    mention = Mention(
        id=0,
        watch=hit.watch.name,
        client=hit.watch.client,
        item=item,
        spans=hit.spans,
        priority=hit.priority,
        old=found is Age.OLD,
        late=found is Age.LATE,
        seen_at=now,
        reason=hit.reason,
    )
    decisions = route(mention, hit.watch, _own(config, hit.watch.client))
    done = Outcome(watch=hit.watch, priority=hit.priority, reason=hit.reason, spans=hit.spans)
    first = decisions[0]
    if first.verdict is not Verdict.ALERT:
        return replace(done, kept_back=Held(code=first.code, reason=first.reason))
    return replace(done, places=tuple(_place(config, one, mention, state, now) for one in decisions))


def _age(config: Config, item: Item, one: Watch, state: _Now, now: datetime) -> Age:
    """News, unless its own date says otherwise; a source's first round is over."""
    changed = state.changed.get((one.client or "", one.name), now - timedelta(days=36500))
    said = moment_of(item, now)
    begun = min(changed, now - timedelta(seconds=1))
    return age(said, first_seen=now, first_poll_at=begun, changed_at=changed, max_age=config.max_age)


def _own(config: Config, client: str | None) -> list[str]:
    mine = config.clients.get(client or "")
    return [*config.own_accounts, *(mine.own_accounts if mine else ())]


def _place(config: Config, one: Decision, mention: Mention, state: _Now, now: datetime) -> Place:
    channel = config.channels.get(one.channel)
    if channel is None:
        return Place(channel=one.channel, held=(Held(code="no-channel", reason=text("there is no such channel")),))
    found = [*_silenced(mention, state, now), *_closed(config, channel, mention, state, now)]
    return Place(channel=one.channel, held=tuple(found))


def _silenced(mention: Mention, state: _Now, now: datetime) -> list[Held]:
    marks = (state.hush.marks(mention),)
    found = covering(state.silences.get(mention.client or "", ()), marks, now)
    return [
        Held(code="silence", reason=text("silenced: {reason}", reason=one.reason), until=one.until) for one in found
    ]


def _closed(config: Config, channel: Channel, mention: Mention, state: _Now, now: datetime) -> list[Held]:
    """What the channel itself holds back now: it cannot be reached, quiet hours, its hour is full, a storm."""
    name, held = channel.name, []
    if name in state.held:
        held.append(Held(code="channel", reason=text("the channel is held: {reason}", reason=state.held[name])))
    zone = ZoneInfo(channel.timezone or config.timezone_for(channel.client))
    until = quiet_until(channel.quiet_hours, zone, now)
    if until is not None and channel.quiet_hours and waits(_job(name, mention, now), channel.quiet_hours):
        reason = text("quiet hours until {moment}", moment=f"{until.astimezone(zone):%H:%M}")
        held.append(Held(code="quiet", reason=reason, until=until))
    if mention.priority is Priority.URGENT:
        return held
    if 0 < channel.max_per_hour <= state.told.get(name, 0):
        full = text("the {n} messages an hour are used up: it would stand in the summary", n=channel.max_per_hour)
        held.append(Held(code="max-per-hour", reason=full))
    if state.backlog.get(name, 0) > BACKLOG:
        held.append(Held(code="storm", reason=text("more than can be told one by one: it would stand in the summary")))
    return held


def _job(channel: str, mention: Mention, now: datetime) -> Job:
    return Job(
        table="card",
        id=0,
        client=mention.client or "",
        channel=channel,
        kind="card",
        priority=mention.priority,
        key="",
        since=now,
        plan={},
    )


# for machines and people


def as_json(done: Rehearsal, language: str) -> dict[str, Any]:
    """Plain JSON values; sentences in `language`."""
    return {
        "item": {"title": done.item.title, "url": done.item.url, "text": done.item.text[:280]},
        "matches": [_outcome_json(one, language) for one in done.outcomes],
        "excluded": [
            {"watch": one.name, "client": one.client, "reason": why.render(language)} for one, why in done.excluded
        ],
    }


def _outcome_json(one: Outcome, language: str) -> dict[str, Any]:
    return {
        "watch": one.watch.name,
        "client": one.watch.client,
        "priority": str(one.priority),
        "reason": one.reason.render(language),
        "spans": [{"field": s.field, "start": s.start, "end": s.end, "term": s.term} for s in one.spans],
        "digest": list(one.watch.digest),
        "kept_back": _held_json(one.kept_back, language) if one.kept_back else None,
        "channels": [
            {"channel": place.channel, "now": not place.held, "held": [_held_json(h, language) for h in place.held]}
            for place in one.places
        ],
    }


def _held_json(held: Held, language: str) -> dict[str, Any]:
    until = held.until.isoformat() if held.until else None
    return {"code": held.code, "reason": held.reason.render(language), "until": until}


PRIORITIES: Mapping[Priority, Text] = {
    Priority.URGENT: text("priority: urgent"),
    Priority.NORMAL: text("priority: normal"),
    Priority.DIGEST_ONLY: text("priority: digest-only"),
}


def told(done: Rehearsal, language: str, timezone: str) -> list[str]:
    """The same as lines."""
    lines: list[str] = []
    for one in done.outcomes:
        lines += _outcome_lines(one, language, ZoneInfo(timezone))
    lines += [f"✗ {_name(one)}: {why.render(language)}" for one, why in done.excluded]
    return lines or [text("No watch matches: nobody would be told.").render(language)]


def _name(one: Watch) -> str:
    return f"{one.name} · {one.client}" if one.client else one.name


def _outcome_lines(one: Outcome, language: str, zone: ZoneInfo) -> list[str]:
    head = f"✓ {_name(one.watch)} ({PRIORITIES[one.priority].render(language)}): {one.reason.render(language)}"
    lines = [head]
    if one.kept_back is not None:
        lines.append(f"  {text('no alert: {reason}', reason=one.kept_back.reason).render(language)}")
    for place in one.places:
        if not place.held:
            lines.append(f"  {text('{channel}: would be told now', channel=place.channel).render(language)}")
        lines += [f"  {place.channel}: {_held_line(held, zone).render(language)}" for held in place.held]
    if one.watch.digest:
        names = ", ".join(one.watch.digest)
        lines.append(f"  {text('in these digests: {names}', names=names).render(language)}")
    return lines


def _held_line(held: Held, zone: ZoneInfo) -> Text:
    if held.until is None or held.code == "quiet":
        return text("would be held back: {reason}", reason=held.reason)
    moment = f"{held.until.astimezone(zone):%Y-%m-%d %H:%M}"
    return text("would be held back until {moment}: {reason}", moment=moment, reason=held.reason)
