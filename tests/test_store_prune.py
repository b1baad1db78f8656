from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from deliver_world import copy_fresh_store
from sqlalchemy import insert, select

from smwatch.store import schema
from smwatch.store.db import Store
from smwatch.store.prune import prune

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def store(tmp_path):
    await copy_fresh_store(tmp_path)
    opened = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    yield opened
    await opened.close()


async def add(store, table, **values):
    async with store.write() as connection:
        return (await connection.execute(insert(table).values(**values))).inserted_primary_key[0]


async def left(store, column):
    async with store.read() as connection:
        return (await connection.execute(select(column).order_by(column))).scalars().all()


async def source(store, last_item_at):
    return await add(store, schema.source, kind="feed", key=str(last_item_at), name="x", last_item_at=last_item_at)


async def listed(store, number, ids):
    for name, last in ids.items():
        await add(
            store,
            schema.seen,
            source_id=number,
            id_hmac=name,
            content_hash="",
            first_seen=NOW - 200 * DAY,
            last_listed=last,
        )


async def test_an_expired_item_takes_everything_about_it_along(store):
    feed = await source(store, NOW)
    watch = await add(store, schema.watch, name="Acme", query_hash="q", changed_at=NOW)
    for name, expires in (("old", NOW), ("young", NOW + DAY)):
        author = await add(store, schema.author, platform="feed", native_key=name, name=name)
        item = await add(
            store, schema.item, source_id=feed, id_hmac=name, native_id=name, url="", title=name, lead="", text="",
            kind="post", author_id=author, seen_at=NOW - 90 * DAY, expires_at=expires,
        )  # fmt: skip
        at = NOW - 90 * DAY
        story = await add(store, schema.story, first_item=name, first_at=at, last_at=at)
        await add(
            store, schema.card, story_id=story, channel="pr", priority="normal", first_at=at, changed_at=at, key=name
        )
        mention = await add(
            store, schema.mention, watch_id=watch, item_id=item, query_version=1, spans=[], priority="normal",
            story_id=story, seen_at=at,
        )  # fmt: skip
        await add(
            store, schema.decision, mention_id=mention, channel="pr", verdict="alert", code="alert", reason={}, at=at
        )
    assert await prune(store, NOW) == 1
    assert await left(store, schema.item.c.title) == ["young"]
    assert await left(store, schema.author.c.name) == ["young"]
    assert await left(store, schema.card.c.key) == ["young"]
    assert len(await left(store, schema.mention.c.id)) == len(await left(store, schema.decision.c.id)) == 1


async def test_ids_go_only_when_their_source_lists_others_for_90_days(store):
    lively, silent = await source(store, NOW - DAY), await source(store, NOW - 150 * DAY)
    await listed(store, lively, {"gone": NOW - 91 * DAY, "still": NOW - 80 * DAY})
    await listed(store, silent, {"unchanged": NOW - 150 * DAY})  # the feed stood still: it may list it to this day
    await prune(store, NOW)
    assert await left(store, schema.seen.c.id_hmac) == ["still", "unchanged"]


async def test_posts_that_were_sent_go_and_those_that_wait_stay(store):
    for key, state, ago in (("sent", "sent", 91), ("waits", "waiting", 91), ("new", "sent", 1)):
        await add(
            store, schema.post, key=key, channel="pr", kind="ops", priority="normal", plan={}, state=state,
            created_at=NOW - ago * DAY,
        )  # fmt: skip
    await prune(store, NOW)
    assert await left(store, schema.post.c.key) == ["new", "waits"]


async def test_more_than_one_transaction_holds(store):
    feed = await source(store, NOW)
    rows = [
        {
            "source_id": feed, "id_hmac": str(n), "native_id": str(n), "url": "", "title": "", "lead": "", "text": "",
            "kind": "post", "seen_at": NOW, "expires_at": NOW,
        }
        for n in range(1100)
    ]  # fmt: skip
    async with store.write() as connection:
        await connection.execute(insert(schema.item), rows)
    assert await prune(store, NOW) == 1100


async def test_what_people_decided_is_forgotten_a_month_after_it_is_over(store):
    from smwatch.i18n import text
    from smwatch.model import Person
    from smwatch.silence import Scope, Silence
    from smwatch.store import proposals, silences

    async with store.write() as connection:
        for days, label in ((1, "kurz"), (40, "lang")):
            until = NOW + timedelta(days=days)
            await silences.add(
                connection,
                Silence(scope=Scope.STORY, value="1", label=label, until=until, by=Person(), reason="x", at=NOW),
            )
        given = {"client": None, "watch": "Acme", "kind": "author", "reason": text("x"), "count": 1}
        await proposals.add(connection, proposals.Proposal(query='author:"Karl"', at=NOW, **given))
        await proposals.add(connection, proposals.Proposal(query="karate", at=NOW + timedelta(days=30), **given))
    await prune(store, NOW + timedelta(days=32))
    async with store.read() as connection:
        left = await silences.listed(connection, NOW)
        assert [one.label for one in left] == ["lang"]
        assert await proposals.known(connection, None, "Acme") == ["karate"]
