"""T1: what one page of a source brought, in one transaction: what was seen, items, authors, mentions, cursor.

An item is stored only where a watch matched it. Of the rest the store keeps a keyed hash of its id and a hash of its
content, nothing that names anybody.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from smwatch.links import canonical_link
from smwatch.model import Priority
from smwatch.route import highest
from smwatch.store.churn import renew
from smwatch.store.claims import hold
from smwatch.store.later import later
from smwatch.store.newcomers import keep_new, newcomers
from smwatch.store.rows import author_row, item_row, mention_row, store_authors
from smwatch.store.schema import item, item_alias, mention, seen, source
from smwatch.store.tombstones import bury, show_again
from smwatch.store.upsert import insert_of, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.i18n import Text
    from smwatch.model import Author, Item, Span
    from smwatch.store.churn import Renewed


CHUNK = 500  # ids in one IN list
RELISTED = timedelta(days=1)  # `last_listed` is written at most this often
_CHANGES = ("content_hash", "title_hash", "url_hash", "first_seen", "last_listed", "edits")
TWIN = "~"  # begins the second key of an item: its link, title and text instead of its id


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an item is known by: keyed hashes of its id, of its twin (link, title, text), and of its parts."""

    id: str
    twin: str
    content: str
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of an id: the hashes of its last content, when it was first seen, how often it was edited."""

    content: str
    title: str
    url: str
    first_seen: datetime
    last_listed: datetime
    edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A watch that an item met. `old` and `late` ones are not told as alerts; `reason` says which words matched."""

    watch_id: int
    client: str
    version: int
    spans: tuple[Span, ...]
    priority: Priority
    old: bool
    late: bool
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """An item that is new or has changed, with the watches that it meets now.

    `others` are the marks of its other ids. `gone`: the same page says that it was deleted. `known`: it was seen
    before. `reused`: its id was, but for another article.
    """

    item: Item
    identity: Identity
    others: tuple[str, ...] = ()
    gone: bool = False
    known: Seen | None = None
    reused: bool = False
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """Everything of one page. Cursor, validators and parser are only set on the last page of a walk.

    `deleted` are keyed ids (`id_mark`) that the source says are gone, `renamed` those of known items with another one
    each by which it may say that.
    """

    source_id: int
    client: str
    platform: str
    now: datetime
    fresh: tuple[Fresh, ...]
    listed: tuple[str, ...] = ()  # ids that are known and were listed again
    deleted: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    renewed: tuple[Renewed, ...] = ()
    present: frozenset[str] = frozenset()  # the ids of all items of the page
    expires_at: datetime | None = None
    complete: bool = False
    cursor: str | None = None
    validators: Mapping[str, Any] | None = None
    parser: str | None = None
    heard: Mapping[str, Any] | None = None
    stream_cursor: str | None = None  # of a page that was pushed
    fence: int | None = None  # where the source was claimed: the claim that this page came with


def identify(key: bytes, source_key: str, one: Item) -> Identity:
    """The identity of an item of a source; `key` is the store's."""
    words = (one.title, one.lead, one.text)
    return Identity(
        id=id_mark(key, source_key, one.id),
        twin=TWIN + _keyed(key, source_key, "twin", canonical_link(one.url) or one.url, *words),
        content=_keyed(key, source_key, "content", *words),
        title=_keyed(key, source_key, "title", one.title),
        url=_keyed(key, source_key, "url", one.url),
    )


def id_mark(key: bytes, source_key: str, native_id: str) -> str:
    """What a source's own id is known by."""
    return _keyed(key, source_key, "id", native_id)


def _keyed(key: bytes, *parts: str) -> str:
    return hmac.digest(key, "\x1f".join(parts).encode("utf-8", "replace"), "sha256").hex()[:32]


async def known(connection: AsyncConnection, source_id: int, hashes: Sequence[str]) -> dict[str, Seen]:
    """What is known of these ids and twins."""
    found: dict[str, Seen] = {}
    for start in range(0, len(hashes), CHUNK):
        asked = {"source_id": source_id, "marks": hashes[start : start + CHUNK]}
        for row in await connection.execute(_SEEN, asked):
            found[row.id_hmac] = Seen(
                content=row.content_hash,
                title=row.title_hash,
                url=row.url_hash,
                first_seen=row.first_seen,
                last_listed=row.last_listed,
                edits=row.edits,
            )
    return found


_SEEN = select(seen).where(
    seen.c.source_id == bindparam("source_id"), seen.c.id_hmac.in_(bindparam("marks", expanding=True))
)


async def store_harvest(connection: AsyncConnection, harvest: Harvest) -> int:
    """Write one page; how many mentions are new. Raises LeaseLost where another daemon took the source over."""
    if harvest.fence is not None:
        await hold(connection, harvest.source_id, harvest.fence, harvest.now)
    await _see(connection, harvest)
    mentions = await _keep_all(connection, harvest)
    if harvest.renewed:
        await renew(connection, harvest.source_id, harvest.renewed, harvest.present, harvest.now)
    if harvest.renamed:
        await _rename(connection, harvest)
    if harvest.deleted:
        await bury(connection, harvest.source_id, harvest.deleted, harvest.now)
    await _move(connection, harvest)
    return mentions


async def _keep_all(connection: AsyncConnection, harvest: Harvest) -> int:
    """What nobody knew goes in together; what is known, or was, one after the other."""
    fresh = [one for one in harvest.fresh if not one.gone and (one.matches or one.known is not None or one.reused)]
    new = await newcomers(connection, harvest, [one for one in fresh if one.known is None and not one.reused])
    mentions = await keep_new(connection, harvest, new)
    done = {one.identity.id for one in new}
    for one in fresh:
        if one.identity.id not in done:
            mentions += await _keep(connection, harvest, one)
    return mentions


async def stored_text(connection: AsyncConnection, source_id: int, identity: Identity) -> str | None:
    """What the item under this id says now; None where no watch ever met it."""
    here = (item.c.source_id == source_id) & (item.c.id_hmac == identity.id)
    row = (await connection.execute(select(item.c.lead, item.c.text).where(here))).first()
    return None if row is None else f"{row.lead}\n{row.text}"


async def _see(connection: AsyncConnection, harvest: Harvest) -> None:
    rows = [row for fresh in harvest.fresh for row in _seen_rows(harvest, fresh)]
    if rows:
        await later(connection, _seeing(connection.dialect.name), rows)
    for start in range(0, len(harvest.listed), CHUNK):
        some = seen.c.id_hmac.in_(harvest.listed[start : start + CHUNK])
        await connection.execute(
            update(seen).where(seen.c.source_id == harvest.source_id, some).values(last_listed=harvest.now)
        )


@cache
def _seeing(dialect: str) -> Any:  # noqa: ANN401 - either dialect's Insert
    statement = insert_of(dialect, seen)
    changed = {name: statement.excluded[name] for name in _CHANGES}
    return statement.on_conflict_do_update(index_elements=["source_id", "id_hmac"], set_=changed)


def _seen_rows(harvest: Harvest, fresh: Fresh) -> Iterable[dict[str, Any]]:
    identity, before = fresh.identity, fresh.known
    common = {
        "source_id": harvest.source_id,
        "content_hash": identity.content,
        "title_hash": identity.title,
        "url_hash": identity.url,
        "first_seen": before.first_seen if before else harvest.now,
        "last_listed": harvest.now,
        "edits": before.edits + 1 if before else 0,
    }
    return ({**common, "id_hmac": identity.id}, {**common, "id_hmac": identity.twin})


async def _keep(connection: AsyncConnection, harvest: Harvest, fresh: Fresh) -> int:
    """Store or renew one item and its mentions; how many of them are new."""
    place = (item.c.source_id == harvest.source_id) & (item.c.id_hmac == fresh.identity.id)
    standing = select(item.c.id, item.c.tombstone, item.c.title, item.c.url, item.c.updated).where(place)
    row = (await connection.execute(standing)).first()
    if row is not None and row.tombstone is not None:
        return 0  # deleted at its source: it does not come back
    if row is not None and not fresh.reused and _is_older(fresh.item.updated, row.updated):
        return 0  # a state that was overtaken by a later one
    stored = None if row is None else int(row.id)
    if stored is not None and fresh.reused:
        aside = f"{fresh.identity.id}#{stored}"  # the article before keeps its mentions, and lets go of the id
        await connection.execute(update(item).where(item.c.id == stored).values(id_hmac=aside))
        stored = None
    if stored is None and not fresh.matches:
        return 0
    values = item_row(harvest, fresh, await _author(connection, harvest, fresh.item.author))
    if stored is None:
        statement = upsert(connection, item).values(**values, seen_at=harvest.now).returning(item.c.id)
        stored = int((await connection.execute(statement)).scalar_one())
        await _name(connection, harvest.source_id, stored, fresh.others)
    else:
        await connection.execute(update(item).where(item.c.id == stored).values(**values, edited_at=harvest.now))
        lost = await _mark_lost(connection, stored, [match.watch_id for match in fresh.matches])
        if lost or row is None or (row.title, row.url) != (values["title"], values["url"]):
            await show_again(connection, [stored], harvest.now)
    return await _mention(connection, harvest, stored, fresh.matches)


def _is_older(updated: datetime | None, than: datetime | None) -> bool:
    return updated is not None and than is not None and updated < than


async def _rename(connection: AsyncConnection, harvest: Harvest) -> None:
    marks = [mark for mark, _ in harvest.renamed]
    stored: dict[str, int] = {}
    for start in range(0, len(marks), CHUNK):
        here = item.c.source_id == harvest.source_id, item.c.id_hmac.in_(marks[start : start + CHUNK])
        rows = await connection.execute(select(item.c.id_hmac, item.c.id).where(*here))
        stored |= {row.id_hmac: row.id for row in rows}
    for mark, other in harvest.renamed:
        if mark in stored:
            await _name(connection, harvest.source_id, stored[mark], (other,))


async def _name(connection: AsyncConnection, source_id: int, item_id: int, others: Sequence[str]) -> None:
    rows = [{"source_id": source_id, "id_hmac": mark, "item_id": item_id} for mark in others]
    if rows:
        await connection.execute(upsert(connection, item_alias).values(rows).on_conflict_do_nothing())


async def _author(connection: AsyncConnection, harvest: Harvest, who: Author | None) -> int | None:
    row = author_row(harvest, who)
    return None if row is None else next(iter((await store_authors(connection, [row])).values()))


async def _mark_lost(connection: AsyncConnection, item_id: int, watch_ids: Sequence[int]) -> bool:
    """An edit took a match away: the mention stays, marked, until it matches again. Whether any changed."""
    lost = mention.c.watch_id.not_in(watch_ids)
    changed = (mention.c.item_id == item_id) & (mention.c.lost != lost)
    return (await connection.execute(update(mention).where(changed).values(lost=lost))).rowcount > 0


async def _mention(connection: AsyncConnection, harvest: Harvest, item_id: int, matches: Sequence[Match]) -> int:
    """Insert the mentions that are new; one that exists is never told again, but shows the new words."""
    new = 0
    for match in matches:
        values = mention_row(harvest, item_id, match)
        shown = {name: values[name] for name in ("spans", "reason")}
        statement = upsert(connection, mention).values(**values).on_conflict_do_nothing()
        inserted = (await connection.execute(statement)).rowcount
        new += inserted
        if not inserted:
            here = (mention.c.watch_id == match.watch_id) & (mention.c.item_id == item_id)
            await connection.execute(update(mention).where(here).values(**shown))
            lower = mention.c.priority.in_([str(one) for one in Priority if highest([one, match.priority]) is not one])
            raised = {"priority": str(match.priority), "raised_at": harvest.now}
            await connection.execute(update(mention).where(here, lower).values(**raised))
    return new


async def _move(connection: AsyncConnection, harvest: Harvest) -> None:
    """Cursor, validators and the moment of the first poll move in the transaction that stores the walk's items."""
    values: dict[str, Any] = {"first_poll_at": harvest.now if harvest.complete else None}
    if harvest.fresh:
        values["last_item_at"] = harvest.now
    if harvest.complete:
        values |= {"validators": dict(harvest.validators or {}), "parser": harvest.parser}
        if harvest.heard is not None:
            values["heard"] = dict(harvest.heard)
        if harvest.cursor is not None:
            values["cursor"] = harvest.cursor
    if harvest.stream_cursor is not None:
        values["stream_cursor"] = harvest.stream_cursor
    if harvest.complete or len(values) > 1:
        new = {f"new_{name}": value for name, value in values.items()}
        await later(connection, _moving(*values), [{"of": harvest.source_id, **new}])


@cache
def _moving(*names: str) -> Any:  # noqa: ANN401 - an Update
    """What sets these columns of a source; the moment from which on it is read stays where it is set already."""
    new: dict[str, Any] = {name: bindparam(f"new_{name}", type_=source.c[name].type) for name in names}
    new["first_poll_at"] = func.coalesce(source.c.first_poll_at, new["first_poll_at"])
    return update(source).where(source.c.id == bindparam("of")).values(new)
