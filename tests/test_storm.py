"""A storm to the figures of DATA.md: over ten due, five single, one rolling summary, over after a minute of calm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from deliver_world import START, Clock, world_at
from smwatch.plugins.slack import SlackChannel
from sqlalchemy import insert, select

from smwatch.deliver.storm import COOL_DOWN, LONGEST, PART, PARTS, SIZE, Storm
from smwatch.model import Priority
from smwatch.plugin import QuietHours
from smwatch.secret import Secret
from smwatch.store import outbox, schema
from smwatch.store.waiting import of_summary
from smwatch.testing.fake_slack import FakeSlack

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def stormy(**values):
    storm = Storm(**values)
    storm.observe(NOW, 11)
    return storm


def test_ten_are_no_storm_and_eleven_are():
    calm = Storm()
    calm.observe(NOW, 10)
    assert (calm.began, stormy().began, stormy().singles) == (None, NOW, 5)


def test_a_storm_is_over_after_a_minute_without_backlog_and_its_report_is_due_once():
    storm = stormy()
    storm.arrange([(1, 100)], str)
    storm.observe(NOW + timedelta(seconds=59), 10)
    assert (storm.began, storm.over) == (NOW, None)
    storm.observe(NOW + timedelta(seconds=60), 3)
    assert (storm.began, storm.over) == (None, NOW)


def test_a_storm_that_needed_no_summary_needs_no_report():
    storm = stormy()
    storm.observe(NOW + timedelta(seconds=60), 0)
    assert (storm.began, storm.over) == (None, None)


def test_a_storm_that_comes_back_soon_goes_on_without_single_messages():
    storm = stormy()
    storm.arrange([(1, 100)], str)
    end = NOW + timedelta(seconds=60)
    storm.observe(end, 0)
    storm.observe(end + COOL_DOWN - timedelta(seconds=1), 11)
    assert (storm.began, storm.singles, storm.key, storm.folded) == (NOW, 0, "1", 1)


def test_after_the_cool_down_and_after_an_hour_a_storm_begins_anew():
    storm = stormy()
    storm.arrange([(1, 100)], str)
    end = NOW + timedelta(seconds=60)
    storm.observe(end, 0)
    storm.observe(end + COOL_DOWN, 11)
    assert (storm.began, storm.singles, storm.key) == (end + COOL_DOWN, 5, "")
    lasting = stormy()
    lasting.arrange([(1, 100)], str)
    lasting.busy = NOW + LONGEST - timedelta(seconds=60)
    lasting.observe(NOW + LONGEST, 0)
    lasting.observe(NOW + LONGEST, 11)
    assert (lasting.began, lasting.singles, lasting.key) == (NOW + LONGEST, 5, "")


def test_cards_fill_a_summary_then_the_next_and_are_then_counted():
    storm = stormy()
    found = storm.arrange([(n, 100) for n in range(PART * PARTS + 7)], lambda n: f"k{n}")
    assert [(part.key, part.fresh, len(part.cards)) for part in found] == [
        (f"k{n}", True, PART) for n in range(1, PARTS + 1)
    ]
    assert [len(part.more) for part in found] == [*([0] * (PARTS - 1)), 7]
    again = storm.arrange([(999, 100)], lambda n: f"k{n}")
    assert [(part.key, part.fresh, part.cards, part.more) for part in again] == [(f"k{PARTS}", False, [], [999])]
    assert storm.folded == PART * PARTS + 8


def test_long_titles_and_links_fill_a_summary_sooner():
    storm = stormy()
    found = storm.arrange([(n, SIZE // 3) for n in range(7)], str)
    assert [part.cards for part in found] == [[0, 1, 2], [3, 4, 5], [6]]
    assert stormy().arrange([(1, SIZE * 9), (2, 10)], str)[0].cards == [1]


def test_what_stands_is_filled_before_a_new_one_begins():
    storm = stormy()
    storm.arrange([(1, 100)], str)
    (part,) = storm.arrange([(2, 100), (3, 100)], str)
    assert (part.key, part.fresh, part.cards) == ("1", False, [2, 3])


def test_where_nothing_can_be_edited_each_time_is_a_new_message():
    storm = stormy(editable=False)
    storm.arrange([(1, 100)], str)
    (part,) = storm.arrange([(2, 100)], str)
    assert (part.key, part.fresh) == ("2", True)


def test_a_restart_goes_on_with_what_stood():
    storm = stormy()
    storm.arrange([(1, 100)], str)
    other = Storm()
    other.recall(storm.kept())
    assert other.kept() == storm.kept()
    assert other.arrange([(2, 100)], str)[0].cards == [2]


@pytest.fixture
async def slack():
    async with FakeSlack() as fake:
        yield fake


@pytest.fixture
async def world(tmp_path, slack, monkeypatch):
    import aiohttp

    clock = Clock()
    slack._clock = clock.epoch
    slack.paced = False
    monkeypatch.setenv("SLACK_TOKEN", slack.token)
    async with aiohttp.ClientSession() as session, world_at(tmp_path / "s.db", slack, clock) as world:
        world.session = session
        yield world


def channel(world, **more):
    where = {"channel": "#pr-alerts", "token": Secret("env", "SLACK_TOKEN"), "api_url": world.slack.api_url}
    return SlackChannel(name="pr", type="slack", **where, **more)


async def flood(world, count, first=0, priority=Priority.NORMAL):
    """`count` stories at once, in one transaction."""
    at = world.clock.now
    async with world.store.write() as connection:
        source = (await connection.execute(select(schema.source.c.id))).scalar()
        watch = (await connection.execute(select(schema.watch.c.id))).scalar()
        if source is None:
            row = insert(schema.source).values(kind="feed", key="k", name="Blatt")
            source = (await connection.execute(row)).inserted_primary_key[0]
            row = insert(schema.watch).values(name="Acme", query_hash="q", changed_at=at)
            watch = (await connection.execute(row)).inserted_primary_key[0]
        numbers = range(first + 1, first + count + 1)
        given = {"source_id": source, "lead": "", "text": "", "kind": "post", "seen_at": at}
        items = [
            {
                "id": n,
                "id_hmac": f"h{n}",
                "native_id": f"n{n}",
                "url": f"https://blatt.example/{n}",
                "title": f"Fall {n:05}",
            }
            for n in numbers
        ]
        await connection.execute(insert(schema.item), [given | one for one in items])
        stories = [{"id": n, "first_item": f"k|h{n}", "first_at": at, "last_at": at} for n in numbers]
        await connection.execute(insert(schema.story), stories)
        told = {"watch_id": watch, "query_version": 1, "spans": [], "priority": str(priority), "seen_at": at}
        await connection.execute(
            insert(schema.mention), [told | {"id": n, "item_id": n, "story_id": n} for n in numbers]
        )
        alerts = {"channel": "pr", "verdict": "alert", "code": "alert", "reason": {"t": "x", "v": {}}, "at": at}
        await connection.execute(insert(schema.decision), [alerts | {"mention_id": n} for n in numbers])
        cards = {"channel": "pr", "priority": str(priority), "first_at": at, "changed_at": at}
        keys = [outbox.card_key(b"s", client="", channel="pr", first_item=f"k|h{n}") for n in numbers]
        rows = [cards | {"id": n, "story_id": n, "key": key} for n, key in zip(numbers, keys, strict=True)]
        await connection.execute(insert(schema.card), rows)


async def states(world):
    from sqlalchemy import func

    async with world.store.read() as connection:
        query = select(schema.card.c.state, func.count()).group_by(schema.card.c.state)
        return {row[0]: row[1] for row in await connection.execute(query)}


async def held(world):
    from sqlalchemy import func

    async with world.store.read() as connection:
        query = select(schema.decision.c.code, func.count()).group_by(schema.decision.c.code)
        return {row[0]: row[1] for row in await connection.execute(query)}


@pytest.fixture
def each(is_long):
    """Stories in half a minute: 2,000 in ten minutes, 10,000 in the long suite."""
    return 500 if is_long else 100


async def test_a_storm_is_few_messages_whatever_comes_and_nothing_is_uncounted(world, each):
    sender = world.sender(channel(world))
    for step in range(20):
        await flood(world, each, first=step * each)
        await world.run(sender, 30, tick=5)
    count = each * 20
    assert len(world.slack.posts()) <= 14
    await world.run(sender, 90, tick=5)
    assert len(world.slack.posts()) <= 15
    assert await world.waiting() == []
    assert await states(world) == {"sent": 5, "folded": count - 5}
    assert await held(world) == {"alert": count, "storm": count - 5}
    await world.run(sender, 300, tick=10)
    assert len(world.slack.posts()) <= 15
    await flood(world, 1, first=count)
    await world.run(sender, 5)
    assert f"Fall {count + 1:05}" in world.slack.posts()[-1].text


async def test_more_than_five_urgent_ones_a_minute_go_into_the_summary(world):
    sender = world.sender(channel(world))
    await flood(world, 30, priority=Priority.URGENT)
    await world.run(sender, 20)
    posts = world.slack.posts()
    assert [one.text.startswith("# Meldung") or "Fall" in one.text for one in posts[:5]] == [True] * 5
    assert await states(world) == {"sent": 5, "folded": 25}


async def test_the_hour_is_counted_over_a_restart(world):
    first = world.sender(channel(world, max_per_hour=3))
    for n in range(3):
        await flood(world, 1, first=n)
        await world.run(first, 3)
    async with world.store.write() as connection:
        for n in range(1, 4):
            row = insert(schema.card_mention).values(card_id=n, mention_id=n, at=START)
            await connection.execute(row)
    again = world.sender(channel(world, max_per_hour=3))
    await flood(world, 2, first=3)
    await world.run(again, 10)
    assert await states(world) == {"sent": 3, "folded": 2}
    assert (await held(world))["max-per-hour"] == 2


async def test_after_an_outage_of_hours_urgent_ones_come_singly_and_the_rest_in_summaries(world):
    world.slack.revoked = True
    sender = world.sender(channel(world))
    await flood(world, 1)
    await world.run(sender, 60, tick=5)
    await flood(world, 2_000, first=1)
    await flood(world, 4, first=3_000, priority=Priority.URGENT)
    await world.run(sender, 6 * 3600, tick=300)
    assert world.slack.posts() == []
    world.slack.revoked = False
    await world.run(sender, 600, tick=5)
    assert await world.waiting() == []
    posts = world.slack.posts()
    assert ["Fall 0300" in one.text for one in posts[:5]] == [True] * 4 + [False]
    assert len(posts) <= 4 + 15
    assert await states(world) == {"sent": 4 + 5, "folded": 2_001 - 5}
    summary = await outbox_plan(world)
    assert summary["why"] == "outage"


async def outbox_plan(world):
    async with world.store.read() as connection:
        query = select(schema.post.c.plan).where(schema.post.c.kind == "summary").order_by(schema.post.c.id)
        return (await connection.execute(query)).scalars().first()


async def test_what_an_unsent_summary_only_counts_is_named_in_the_queue(world):
    sender = world.sender(channel(world))
    await flood(world, PART * PARTS + 100)
    for _ in range(12):
        await world.run(sender, 1)
    world.slack.revoked = True
    await flood(world, 50, first=1_000)
    await world.run(sender, 40, tick=5)
    named = {one.title for one in await world.waiting()}
    assert {f"Fall {n:05}" for n in range(1_001, 1_051)} <= named


async def test_why_says_that_a_story_was_only_counted(world):
    from smwatch.message.words import Reader
    from smwatch.store import whys
    from smwatch.why import _state

    sender = world.sender(channel(world))
    await flood(world, PART * PARTS + 100)
    await world.run(sender, 60)
    async with world.store.read() as connection:
        last = await whys.by_id(connection, PART * PARTS + 100)
        (shown,) = await whys.shown(connection, last)
    assert shown.counted
    assert _state(shown, Reader()).render("de") == "in einer Zusammenfassung gezählt; der Überblick nennt es"


async def test_all_that_a_storm_only_counts_can_be_read_also_after_its_message_was_replaced(world):
    sender = world.sender(channel(world))
    count = PART * PARTS + 100
    await flood(world, count)
    await world.run(sender, 60)
    async with world.store.read() as connection:
        query = select(schema.post.c.id).where(schema.post.c.kind == "summary").order_by(schema.post.c.id)
        numbers = list((await connection.execute(query)).scalars())
    async with world.store.write() as connection:
        await outbox.renew(connection, await outbox.get(connection, "post", numbers[PARTS - 1]))
    async with world.store.read() as connection:
        found = [await of_summary(connection, number) for number in numbers[:PARTS]]
        assert await of_summary(connection, 9_999) is None
    titles = [one.title for part in found for one in part]
    assert titles == [f"Fall {n:05}" for n in range(6, count + 1)]
    assert all(one.link == f"https://blatt.example/{int(one.title[-5:])}" for part in found for one in part)


async def test_a_summary_that_somebody_deleted_while_it_rolls_is_posted_again_and_blocks_nothing(world):
    sender = world.sender(channel(world))
    await flood(world, 30)
    await world.run(sender, 20)
    (summary,) = [one for one in world.slack.posts() if "Fall 00006" in one.text]
    summary.deleted = True
    await flood(world, 20, first=30)
    await world.run(sender, 60, tick=5)
    assert await world.waiting() == []
    (again,) = [one for one in world.slack.posts() if "Fall 00006" in one.text]
    assert again.ts != summary.ts
    await flood(world, 1, first=50)
    await world.run(sender, 120, tick=5)
    assert "Fall 00051" in world.slack.transcript()


async def another_source(world, number):
    """A second source tells the story with this number, too."""
    at = world.clock.now
    async with world.store.write() as connection:
        row = insert(schema.source).values(kind="feed", key="k2", name="Bote")
        source = (await connection.execute(row)).inserted_primary_key[0]
        one = {"id": 9_000, "source_id": source, "id_hmac": "x", "native_id": "x", "title": "Auch", "kind": "post"}
        said = {"url": "https://bote.example/1", "lead": "", "text": "", "seen_at": at}
        await connection.execute(insert(schema.item).values(**one, **said))
        watch = (await connection.execute(select(schema.watch.c.id))).scalar()
        told = {"item_id": 9_000, "story_id": number, "watch_id": watch, "query_version": 1, "spans": [], "seen_at": at}
        await connection.execute(insert(schema.mention).values(**told, priority="normal"))


async def test_a_night_of_many_stories_is_one_message_with_the_most_important_first_and_the_rest_readable(world):
    world.clock.now = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    hours = QuietHours.model_validate({"from": "20:00", "to": "07:00"})
    sender = world.sender(channel(world, quiet_hours=hours))
    await flood(world, 1_000)
    await another_source(world, 777)
    await world.run(sender, 30, tick=5)
    assert world.slack.posts() == []
    world.clock.now = datetime(2026, 11, 25, 7, 0, tzinfo=UTC)
    await world.run(sender, 120, tick=5)
    (morning,) = world.slack.posts()
    plan = await outbox_plan(world)
    assert plan["cards"] == [777, *range(1, PART)]
    assert plan["more"] == 1_000 - PART
    assert "Fall 00777" in morning.text
    async with world.store.read() as connection:
        assert len(await of_summary(connection, 1)) == 1_000
    assert await held(world) == {"alert": 1_000, "quiet": 1_000}


async def test_bursts_that_come_again_and_again_are_one_storm_and_one_report_that_is_kept_up(world):
    sender = world.sender(channel(world))
    for burst in range(15):
        await flood(world, 12, first=burst * 12)
        await world.run(sender, 120, tick=5)
    assert len(world.slack.posts()) == 5 + 5 + 1
    async with world.store.read() as connection:
        plans = (await connection.execute(select(schema.post.c.plan))).scalars().all()
    assert [plan["folded"] for plan in plans if plan.get("why") == "over"] == [175]
    assert await states(world) == {"sent": 5, "folded": 175}
    assert await held(world) == {"alert": 180, "storm": 175}


async def test_after_a_restart_a_storm_that_comes_back_goes_on_too(world):
    await flood(world, 12)
    await world.run(world.sender(channel(world)), 120, tick=5)
    before = len(world.slack.posts())
    await flood(world, 12, first=12)
    await world.run(world.sender(channel(world)), 120, tick=5)
    assert len(world.slack.posts()) == before
    assert "Fall 00024" in world.slack.transcript()
