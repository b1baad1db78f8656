"""What a page's items look like as rows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from smwatch.i18n import to_json
from smwatch.store.schema import author
from smwatch.store.upsert import upsert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from smwatch.model import Author, Item
    from smwatch.store.ingest import Fresh, Harvest, Match

CHUNK = 500  # rows in one statement
_OF_AUTHOR = ("native_id", "handle", "name", "url", "followers")


def item_row(harvest: Harvest, fresh: Fresh, author_id: int | None) -> dict[str, Any]:
    """An item as it stands now; without the moment in which it was first seen."""
    one = fresh.item
    return {
        "client": harvest.client,
        "source_id": harvest.source_id,
        "id_hmac": fresh.identity.id,
        "native_id": one.id,
        "url": one.url,
        "title": one.title,
        "lead": one.lead,
        "text": one.text,
        "kind": one.kind,
        "author_id": author_id,
        "lang": one.lang,
        "lang_guessed": one.lang_guessed,
        "published": one.published,
        "updated": one.updated,
        "more": _more(one),
        "expires_at": harvest.expires_at,
    }


def _more(one: Item) -> dict[str, Any]:
    found = {
        "engagement": asdict(one.engagement) if one.engagement else None,
        "parent_id": one.parent_id,
        "root_id": one.root_id,
        "links": list(one.links),
        "attributes": dict(one.attributes),
    }
    return {name: value for name, value in found.items() if value}


def mention_row(harvest: Harvest, item_id: int, match: Match) -> dict[str, Any]:
    """A watch that an item met."""
    return {
        "client": match.client,
        "watch_id": match.watch_id,
        "item_id": item_id,
        "query_version": match.version,
        "priority": str(match.priority),
        "old": match.old,
        "late": match.late,
        "seen_at": harvest.now,
        "spans": [[span.field, span.start, span.end, span.term] for span in match.spans],
        "reason": to_json(match.reason),
    }


def author_row(harvest: Harvest, who: Author | None) -> dict[str, Any] | None:
    """Who wrote it, known by the native id, else the handle, else the name; None where nothing of it is known."""
    native = who and (who.native_id or who.handle or who.name)
    if who is None or not native:
        return None
    place = {"client": harvest.client, "platform": harvest.platform, "native_key": native}
    return {**place, **{name: getattr(who, name) for name in _OF_AUTHOR}}


async def store_authors(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Store or renew authors of one client and platform; their ids by `native_key`. Of equal ones the last counts."""
    distinct = list({row["native_key"]: row for row in rows}.values())
    statement = upsert(connection, author)
    changed = {name: statement.excluded[name] for name in _OF_AUTHOR}
    renewed = statement.on_conflict_do_update(index_elements=["client", "platform", "native_key"], set_=changed)
    found: dict[str, int] = {}
    for start in range(0, len(distinct), CHUNK):
        told = await connection.execute(
            renewed.returning(author.c.id, author.c.native_key), distinct[start : start + CHUNK]
        )
        found |= {row.native_key: row.id for row in told}
    return found
