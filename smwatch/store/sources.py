"""Sources and watches as the store knows them: ids that survive a rename, and the state of each source."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, bindparam, func, insert, or_, select, update

from smwatch.i18n import Text, from_json, text, to_json
from smwatch.links import canonical_link
from smwatch.model import SourceState
from smwatch.moves import targets
from smwatch.packed import packed, unpacked
from smwatch.store.clock import MICROSECOND, later, store_clock
from smwatch.store.schema import Moment, mention, seen, source, watch
from smwatch.store.schema import item as item_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Watch


_READ = {"reason", "validators", "heard"}  # columns that are not taken as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source between two polls.

    `first_poll_at` parts old from new: set once, when its first walk was complete, and never moved.
    """

    id: int
    client: str
    kind: str
    key: str
    name: str
    first_poll_at: datetime | None = None
    validators: Mapping[str, Any] | None = None
    cursor: str | None = None
    stream_cursor: str | None = None
    parser: str | None = None
    due_at: datetime | None = None
    state: str = "new"
    reason: Text | None = None
    state_since: datetime | None = None
    failures: int = 0
    last_ok_at: datetime | None = None
    last_item_at: datetime | None = None
    heard: Mapping[str, Any] | None = None
    trouble: Mapping[str, Any] | None = None
    pushed_until: datetime | None = None
    origin: str | None = None
    former: Sequence[str] | None = None
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    fence: int = 0

    @property
    def newest(self) -> datetime | None:
        """When it last brought something: as its items are dated, else when one came."""
        said, came = unpacked(self.heard).get("last"), self.last_item_at
        if not isinstance(said, str):
            return came
        dated = datetime.fromisoformat(said)
        is_of_first_round = came is None or self.first_poll_at is None or came <= self.first_poll_at
        return dated if is_of_first_round or came is None else max(dated, came)

    @property
    def identity(self) -> str:
        """What its items are known by: its first key, whatever its address is now."""
        return self.origin or self.key

    def sharing(self, other: SourceRow | Named) -> SourceRow:
        """The same row with the texts of `other` where they are equal: one of each is enough in memory."""
        texts = {name: getattr(other, name) for name in ("client", "kind", "key", "name")}
        return replace(self, **{name: it for name, it in texts.items() if it == getattr(self, name)})

    def paused(self, now: datetime) -> bool:
        """Whether a person lets it rest at `now`."""
        return self.paused_at is not None and (self.paused_until is None or now < self.paused_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRow:
    """One watch: `changed_at` is its creation or the last change of its query, `version` counts those."""

    id: int
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A source of the config, reduced to what identifies it."""

    client: str
    kind: str
    key: str
    name: str


async def sync_sources(connection: AsyncConnection, sources: Sequence[Named]) -> dict[Named, SourceRow]:
    """The row of every source of the config, made where it is new, renamed where its name changed."""
    known = {(row.client, row.kind, row.key): row for row in await all_sources(connection)}
    wanted = {(one.client, one.kind, one.key) for one in sources}
    left = [row for place, row in known.items() if place not in wanted]
    found: dict[Named, SourceRow] = {}
    for one in sources:
        row = known.get((one.client, one.kind, one.key)) or await _moved_here(connection, one, left)
        if row is None:
            row = await _new_source(connection, one)
        elif row.name != one.name:
            await connection.execute(update(source).where(source.c.id == row.id).values(name=one.name))
            row = replace(row, name=one.name)
        found[one] = row.sharing(one)
    return found


async def _moved_here(connection: AsyncConnection, one: Named, left: list[SourceRow]) -> SourceRow | None:
    """A source that lost its place in the config and goes on here: its address led here, or is the same page.

    Its items stay known, so that nothing is told again under the new address.
    """
    mine = (row for row in left if (row.client, row.kind) == (one.client, one.kind) and _leads_to(row, one.key))
    row = next(mine, None)
    if row is None:
        return None
    left.remove(row)
    former = [key for key in dict.fromkeys((*(row.former or ()), row.key)) if key != one.key]
    moved = replace(row, key=one.key, origin=row.identity, former=former, validators={})
    changed = {name: getattr(moved, name) for name in ("key", "origin", "former", "validators")}
    await connection.execute(update(source).where(source.c.id == row.id).values(**changed))
    return moved


def _leads_to(row: SourceRow, key: str) -> bool:
    same = canonical_link(key)
    return key in targets(row.validators) or key in (row.former or ()) or bool(same and same == canonical_link(row.key))


async def _new_source(connection: AsyncConnection, one: Named) -> SourceRow:
    statement = insert(source).values(client=one.client, kind=one.kind, key=one.key, name=one.name)
    number = (await connection.execute(statement.returning(source.c.id))).scalar_one()
    return SourceRow(id=number, client=one.client, kind=one.kind, key=one.key, name=one.name)


async def all_sources(connection: AsyncConnection) -> list[SourceRow]:
    """Every source that was ever read, in the order of their first appearance."""
    return [as_row(row) for row in await connection.execute(select(source).order_by(source.c.id))]


async def get(connection: AsyncConnection, number: int) -> SourceRow | None:
    """One source by its id."""
    row = (await connection.execute(_ONE, {"number": number})).first()
    return as_row(row) if row is not None else None


_ONE = select(source).where(source.c.id == bindparam("number"))


async def renewed(connection: AsyncConnection, row: SourceRow) -> SourceRow:
    """`row` as the store has it now; as it is where it is gone."""
    fresh = await get(connection, row.id)
    return fresh.sharing(row) if fresh else row


def as_row(row: Row[Any]) -> SourceRow:
    """A row of the table `source` as the rest of the program knows it."""
    values = {name: getattr(row, name) for name in SourceRow.__slots__ if name not in _READ}
    reason = from_json(row.reason) if row.reason else None
    return SourceRow(**values, reason=reason, validators=packed(row.validators), heard=packed(row.heard))


async def save_states(
    connection: AsyncConnection, rows: Iterable[SourceRow], now: datetime, *, owner: str | None = None
) -> None:
    """Write what changes with every poll; first poll, cursor, validators and parser move with the items only.

    `now` is the moment that the rows' `due_at` is to be compared with. Where `owner` has claimed them, only those are
    written whose fence is still the one that they were claimed with, and their leases end.
    """
    values = [
        {
            "of": row.id,
            "with_fence": row.fence,
            "pause": (row.due_at - now) // MICROSECOND if row.due_at else None,
            "new_state": row.state,
            "why": to_json(row.reason) if row.reason else None,
            "since": row.state_since,
            "failed": row.failures,
            "ok_at": row.last_ok_at,
            "how": dict(row.trouble) if row.trouble else None,
        }
        for row in rows
    ]
    if values:
        await connection.execute(_saving(store_clock(connection, now), owner=owner), values)


def _saving(at: ColumnElement[datetime], *, owner: str | None) -> Any:  # noqa: ANN401 - an Update
    statement = (
        update(source)
        .where(source.c.id == bindparam("of"), source.c.fence == bindparam("with_fence"))
        .values(
            due_at=later(at),
            state=bindparam("new_state"),
            reason=bindparam("why", type_=JSON(none_as_null=True)),
            state_since=bindparam("since", type_=Moment),
            failures=bindparam("failed"),
            last_ok_at=bindparam("ok_at", type_=Moment),
            trouble=bindparam("how", type_=JSON(none_as_null=True)),
        )
    )
    if owner is None:
        return statement
    return statement.where(source.c.owner == owner).values(owner=None, lease_until=None)


async def begin(connection: AsyncConnection, number: int, now: datetime) -> None:
    """From `now` on what this source brings is new; a moment that is set already stays."""
    first = (source.c.id == number) & source.c.first_poll_at.is_(None)
    await connection.execute(update(source).where(first).values(first_poll_at=now))


async def set_rest(connection: AsyncConnection, number: int, at: datetime | None, until: datetime | None) -> None:
    """Let a source rest from `at` on (None: it goes on), until a moment or until it is told to go on."""
    resting = update(source).where(source.c.id == number)
    await connection.execute(resting.values(paused_at=at, paused_until=until))


async def source_states(
    connection: AsyncConnection, names: Iterable[str] | None = None, *, now: datetime
) -> list[SourceState]:
    """The state of each source (of those called `names`), for people."""
    wanted = None if names is None else set(names)
    rows = [row for row in await all_sources(connection) if wanted is None or row.name in wanted]
    return [as_state(row, now) for row in rows]


def as_state(row: SourceRow, now: datetime) -> SourceState:
    """A row in the words of people; one that a person lets rest is "paused", whatever came before."""
    if row.paused(now):
        until = text("until {moment} UTC", moment=f"{row.paused_until:%Y-%m-%d %H:%M}") if row.paused_until else None
        return SourceState(name=row.name, state="paused", reason=until, since=row.paused_at, last_item=row.newest)
    return SourceState(name=row.name, state=row.state, reason=row.reason, since=row.state_since, last_item=row.newest)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRound:
    """What the first walk of a source brought: older items, and how many of them a watch would have matched.

    `hits_of` counts those that each client's watches would have matched.
    """

    source_id: int
    name: str
    client: str
    items: int
    hits: int
    hits_of: Mapping[str, int] = field(default_factory=dict)


async def first_rounds(connection: AsyncConnection) -> list[FirstRound]:
    """The sources whose first walk is complete and was not told yet."""
    own = (seen.c.source_id == source.c.id) & ~seen.c.id_hmac.startswith("~")
    items = select(func.count()).where(own).scalar_subquery()
    hits = (
        select(func.count(mention.c.item_id.distinct()))
        .select_from(mention.join(item_table, mention.c.item_id == item_table.c.id))
        .where(item_table.c.source_id == source.c.id, mention.c.old)
        .scalar_subquery()
    )
    query = (
        select(source.c.id, source.c.name, source.c.client, items.label("items"), hits.label("hits"))
        .where(source.c.first_poll_at.is_not(None), source.c.introduced_at.is_(None))
        .order_by(source.c.id)
    )
    rows = (await connection.execute(query)).all()
    of = await _hits_of(connection, [row.id for row in rows])
    return [
        FirstRound(
            source_id=row.id,
            name=row.name,
            client=row.client,
            items=row.items,
            hits=row.hits,
            hits_of=of.get(row.id, {}),
        )
        for row in rows
    ]


async def _hits_of(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    query = (
        select(item_table.c.source_id, mention.c.client, func.count(mention.c.item_id.distinct()))
        .join(item_table, mention.c.item_id == item_table.c.id)
        .where(item_table.c.source_id.in_(ids), mention.c.old)
        .group_by(item_table.c.source_id, mention.c.client)
    )
    found: dict[int, dict[str, int]] = {}
    for row in await connection.execute(query):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found


async def introduced(connection: AsyncConnection, ids: Sequence[int], now: datetime) -> None:
    """The look-back over these sources is planned."""
    await connection.execute(
        update(source).where(source.c.id == bindparam("of")).values(introduced_at=now), [{"of": one} for one in ids]
    )


async def sync_watches(
    connection: AsyncConnection, watches: Sequence[Watch], lists: Mapping[str, Sequence[str]], now: datetime
) -> dict[tuple[str, str], WatchRow]:
    """The row of every watch by (client, name); a new or changed query starts anew at `now`."""
    found: dict[tuple[str, str], WatchRow] = {}
    await connection.execute(update(watch).values(active=False))
    for one in watches:
        client, digest = one.client or "", query_hash(one, lists)
        row = await _known(connection, one)
        if row is None:
            values = {"client": client, "name": one.name, "query_hash": digest, "changed_at": now, "active": True}
            number = (await connection.execute(insert(watch).values(**values).returning(watch.c.id))).scalar_one()
            found[client, one.name] = WatchRow(id=number, version=1, changed_at=now)
            continue
        same = row.query_hash in {digest, _first_hash(one, lists)}
        narrower = same or _only_excludes_more(row.query_hash, digest)  # what was new for it stays new
        kept = WatchRow(
            id=row.id, version=row.version if same else row.version + 1, changed_at=row.changed_at if narrower else now
        )
        changed = {"query_hash": digest, "version": kept.version, "changed_at": kept.changed_at}
        await connection.execute(
            update(watch).where(watch.c.id == row.id).values(name=one.name, active=True, **changed)
        )
        found[client, one.name] = kept
    return found


async def _known(connection: AsyncConnection, one: Watch) -> Row[Any] | None:
    names = [watch.c.name == one.name, *([watch.c.name == one.was] if one.was else [])]
    query = select(watch).where(watch.c.client == (one.client or ""), or_(*names)).order_by(watch.c.name != one.name)
    return (await connection.execute(query)).first()


def query_hash(one: Watch, lists: Mapping[str, Sequence[str]]) -> str:
    """Changes when what the watch finds may change: its query, options, lists that it names; then each exclusion."""
    named = sorted((name, list(words)) for name, words in lists.items() if f"list:{name}" in one.query)
    parts = [one.query, one.dialect, one.umlauts, one.inflect, named]
    core = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:16]
    return "-".join([core, *sorted({hashlib.sha256(it.encode()).hexdigest()[:8] for it in one.exclude})])


def _first_hash(one: Watch, lists: Mapping[str, Sequence[str]]) -> str:
    """The hash as the first version wrote it."""
    named = sorted((name, list(words)) for name, words in lists.items() if f"list:{name}" in one.query)
    parts = [one.query, sorted(one.exclude), one.dialect, one.umlauts, one.inflect, named]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:16]


def _only_excludes_more(before: str, after: str) -> bool:
    """Whether the watch finds the same as before but for further exclusions."""
    core, *standing = before.split("-")
    same, *wanted = after.split("-")
    return core == same and set(standing) <= set(wanted)
