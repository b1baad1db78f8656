"""Gather on a real store: what belongs together, whatever restarts and clients there are; what an edit changes."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import event, insert, select
from wire import RECALL, WORKS, accidents, copies

from smwatch import gather as gathering
from smwatch.gather import Gather, Rules
from smwatch.i18n import from_json, text
from smwatch.model import Priority, Watch
from smwatch.store.db import Store
from smwatch.store.ingest import Fresh, Harvest, Match, Seen, identify, store_harvest
from smwatch.store.schema import card, fingerprint, item, mention, post, source, story, watch
from smwatch.store.stories import BATCH

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CLIENTS = ("", "Acme", "Globex")
ITEMS = [*copies(RECALL), *copies(WORKS, 8), *accidents(16)]
EXPECTED = {frozenset(range(8)), frozenset(range(8, 16)), *(frozenset([n]) for n in range(16, 20))}


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")

    async def make():
        await (await Store.open(f"sqlite:///{folder / 'smwatch.db'}")).close()

    asyncio.run(make())
    return folder


@pytest.fixture
async def world(tmp_path, empty):
    for file in empty.iterdir():
        shutil.copy(file, tmp_path / file.name)
    store = await Store.open(f"sqlite:///{tmp_path / 'smwatch.db'}")
    made = World(store)
    await made.opens()
    yield made
    await store.close()


@pytest.fixture
async def anywhere(store_url):
    """The same with each kind of store."""
    store = await Store.open(store_url)
    made = World(store)
    await made.opens()
    yield made
    await store.close()


class World:
    """Mentions come in, and gather takes them."""

    def __init__(self, store):
        self.store, self.now = store, NOW
        self.watches = {
            (client or None, "Acme"): Watch(name="Acme", query="acme", client=client or None, alert=(f"pr {client}",))
            for client in CLIENTS
        }
        self.starts()

    def starts(self):
        self.told = []
        self.gather = Gather(self.store, Rules(watches=self.watches), clock=lambda: self.now, tell=self.tells)

    async def tells(self, sentence):
        self.told.append(sentence.render("de"))

    async def opens(self):
        async with self.store.write() as connection:
            values = {"kind": "feed", "key": "s", "name": "s", "first_poll_at": NOW - timedelta(days=1)}
            self.source = (
                await connection.execute(insert(source).values(**values).returning(source.c.id))
            ).scalar_one()
            self.ids = {}
            for client in CLIENTS:
                row = {"client": client, "name": "Acme", "query_hash": "", "changed_at": NOW - timedelta(days=1)}
                self.ids[client] = (
                    await connection.execute(insert(watch).values(**row).returning(watch.c.id))
                ).scalar_one()

    async def comes(self, one, clients=("",), priority=Priority.NORMAL, known=None):
        matches = tuple(
            Match(
                watch_id=self.ids[client], client=client, version=1, spans=(), priority=priority, old=False, late=False,
                reason=text("it matches"),
            )
            for client in clients
        )  # fmt: skip
        fresh = Fresh(item=one, identity=identify(self.store.key, "s", one), matches=matches, known=known)
        harvest = Harvest(source_id=self.source, client="", platform="feed", now=self.now, fresh=(fresh,))
        async with self.store.write() as connection:
            await store_harvest(connection, harvest)

    async def edits(self, one, **how):
        seen = Seen(content="", title="", url="", first_seen=self.now, last_listed=self.now, edits=0)
        await self.comes(one, known=seen, **how)

    async def gathers(self):
        while await self.gather.step():
            pass

    async def posts_everything(self):
        """Every card is told."""
        async with self.store.write() as connection:
            await connection.execute(card.update().values(shown=card.c.wanted, state="sent"))

    async def rows(self, query):
        async with self.store.read() as connection:
            return (await connection.execute(query)).all()

    async def parts(self, client=""):
        query = select(mention.c.story_id, item.c.native_id).join(item).where(mention.c.client == client)
        found = defaultdict(set)
        for row in await self.rows(query):
            found[row.story_id].add(int(row.native_id))
        return {frozenset(part) for part in found.values()}


@pytest.mark.parametrize("seed", range(4))
async def test_order_and_restarts_make_no_difference_while_nobody_was_told(world, seed):
    r = random.Random(seed)
    for one in r.sample(ITEMS, len(ITEMS)):
        await world.comes(one)
        if r.random() < 0.5:
            await world.gathers()
        if r.random() < 0.3:
            world.starts()
    await world.gathers()
    assert await world.parts() == EXPECTED
    assert len(await world.rows(select(story))) == len(EXPECTED)
    assert len(await world.rows(select(card))) == len(EXPECTED)


@pytest.mark.parametrize("seed", range(3))
async def test_told_at_once_nothing_is_merged_and_nothing_foreign_joins(world, seed):
    r = random.Random(seed)
    for one in r.sample(ITEMS, len(ITEMS)):
        await world.comes(one)
        await world.gathers()
        await world.posts_everything()
        if r.random() < 0.3:
            world.starts()
    parts = await world.parts()
    assert all(any(part <= expected for expected in EXPECTED) for part in parts)
    assert len(await world.rows(select(story))) == len(parts)


async def test_no_client_s_story_holds_another_one_s_mention(world):
    r = random.Random(5)
    heard = defaultdict(set)
    for one in r.sample(ITEMS, len(ITEMS)):
        clients = r.sample(CLIENTS, r.randint(1, 3))
        for client in clients:
            heard[client].add(int(one.id))
        await world.comes(one, clients)
        if r.random() < 0.3:
            await world.gathers()
            world.starts()
    await world.gathers()
    for client in CLIENTS:
        whole = {frozenset(part & heard[client]) for part in EXPECTED} - {frozenset()}
        parts = await world.parts(client)
        assert all(any(part <= expected for expected in whole) for part in parts)
        assert set().union(*parts) == heard[client]
    mixed = select(mention.c.id).join(story).where(mention.c.client != story.c.client)
    assert await world.rows(mixed) == []
    assert await world.rows(select(card.c.id).join(story).where(card.c.client != story.c.client)) == []
    wrong = select(fingerprint.c.id).join(story).where(fingerprint.c.client != story.c.client)
    assert await world.rows(wrong) == []
    assert {(row.client, row.channel) for row in await world.rows(select(card))} == {
        (one, f"pr {one}") for one in CLIENTS
    }


async def test_why_an_item_is_where_it_is_is_stored(world):
    for one in copies(RECALL)[:3]:
        await world.comes(one)
    await world.gathers()
    rows = await world.rows(select(mention.c.tie, mention.c.tied_to, mention.c.tie_reason).order_by(mention.c.id))
    first = (await world.rows(select(item.c.id).order_by(item.c.id)))[0].id
    assert (rows[0].tie, rows[0].tied_to) == (None, None)
    assert (rows[1].tie, rows[1].tied_to) == ("copy", first)
    assert from_json(rows[2].tie_reason).render("en") == "100% of the shorter text stand in both"


async def test_an_edit_is_found_by_its_new_words_after_a_restart_too(world):
    before = replace(ITEMS[0], text="Acme meldet einen Rückruf.")
    await world.comes(before)
    await world.gathers()
    await world.edits(ITEMS[0])
    await world.gathers()
    world.starts()
    await world.comes(ITEMS[1])
    await world.gathers()
    assert await world.parts() == {frozenset({0, 1})}
    assert await world.rows(select(item.c.id).where(item.c.edited_at.is_not(None))) == []


async def test_an_edit_that_raises_the_priority_is_not_lost_in_between(world):
    await world.comes(ITEMS[0])
    await world.gathers()
    await world.posts_everything()
    await world.edits(ITEMS[0], priority=Priority.URGENT)
    world.starts()  # the daemon ends before gather has looked
    await world.gathers()
    (row,) = await world.rows(select(card))
    assert (row.priority, row.wanted > row.shown) == ("urgent", True)
    (note,) = await world.rows(select(post))
    assert (note.kind, note.plan["broadcast"], note.plan["raised"]) == ("news", True, "urgent")
    await world.edits(ITEMS[0], priority=Priority.NORMAL)  # and it does not fall again
    await world.gathers()
    assert [one.priority for one in await world.rows(select(card))] == ["urgent"]
    assert len(await world.rows(select(post))) == 1


ODD = replace(
    ITEMS[19], id="99", title="Acme \u0130\u0307 seltsam", text="Acme: ein Text, an dem ein Fehler sichtbar wird."
)


def breaks(monkeypatch, name, is_odd):
    """A bug that one text shows."""
    works = getattr(gathering, name)

    def broken(first, *more):
        if is_odd(first):
            raise ZeroDivisionError
        return works(first, *more)

    monkeypatch.setattr(gathering, name, broken)


async def test_a_mention_that_shows_a_bug_is_told_as_a_story_of_its_own_and_keeps_nobody_back(world, monkeypatch):
    breaks(monkeypatch, "said", lambda item: item.id == ODD.id)
    for one in (ITEMS[0], ODD, ITEMS[1]):
        await world.comes(one)
    with structlog.testing.capture_logs() as logs:
        await world.gathers()
    assert await world.parts() == {frozenset({0, 1}), frozenset({99})}
    assert len(await world.rows(select(card))) == 2
    assert [one["event"] for one in logs if one.get("exc_info")] == ["mention_failed"]
    assert world.told == []


async def test_what_cannot_be_worked_on_at_all_is_left_out_after_three_attempts_and_told(world, monkeypatch):
    breaks(monkeypatch, "route", lambda mention: mention.item.id == ODD.id)
    for one in (ODD, *ITEMS[:2]):
        await world.comes(one)
    with structlog.testing.capture_logs() as logs:
        await world.gathers()
    number = (await world.rows(select(mention.c.id).where(mention.c.story_id.is_(None))))[0].id
    assert await world.parts() == {frozenset({0, 1}), frozenset({99})}  # 99 has no story
    assert [one["attempt"] for one in logs if one["event"] == "mention_not_told"] == [1, 2, 3]
    [told] = world.told
    assert told.startswith(f"Erwähnung {number} lässt sich nicht verarbeiten und bleibt bis zum nächsten Start liegen")
    monkeypatch.undo()
    world.starts()
    await world.gathers()
    assert await world.rows(select(mention.c.id).where(mention.c.story_id.is_(None))) == []


@pytest.mark.parametrize("name", ["said", "route"])
async def test_an_edit_that_shows_a_bug_keeps_nobody_back(world, monkeypatch, name):
    before = replace(ODD, text="Acme meldet einen Rückruf.")
    await world.comes(before)
    await world.gathers()
    await world.posts_everything()
    odd = {"said": lambda item: item.id == ODD.id, "route": lambda mention: mention.item.id == ODD.id}[name]
    breaks(monkeypatch, name, odd)
    await world.edits(ODD, priority=Priority.URGENT)
    await world.comes(ITEMS[0])
    with structlog.testing.capture_logs() as logs:
        await world.gathers()
    assert await world.parts() == {frozenset({0}), frozenset({99})}
    assert [one["event"] for one in logs if one.get("exc_info")] == ["edit_failed"]
    assert await world.rows(select(item.c.id).where(item.c.edited_at.is_not(None))) == []


def strangers(numbers):
    """Items that have nothing in common."""
    words = [f"{chr(97 + n % 26)}{n}" for n in range(20_000)]
    texts = {n: " ".join(random.Random(n).sample(words, 60)) for n in numbers}
    return [
        replace(ITEMS[-1], id=f"{n}", url=f"https://s.example/{n}", title=said, text=said) for n, said in texts.items()
    ]


async def test_a_step_asks_the_store_as_often_for_many_stories_as_for_few(anywhere):
    statements = []
    event.listen(
        anywhere.store._writer.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    asked = []
    for numbers in (range(100, 103), range(200, 290)):
        for one in strangers(numbers):
            await anywhere.comes(one)
        statements.clear()
        assert await anywhere.gather.step() == len(numbers)
        asked.append(len(statements))
    assert asked[0] == asked[1]
    assert len(await anywhere.rows(select(story))) == len(await anywhere.rows(select(card))) == 93


@pytest.mark.parametrize(("number", "transactions"), [(3, 1), (BATCH, 2), (BATCH + 1, 2)])
async def test_a_transaction_that_may_have_left_nothing_is_the_last_one(world, number, transactions):
    begun = []
    for one in strangers(range(100, 100 + number)):
        await world.comes(one)
    event.listen(world.store._writer.sync_engine, "begin", begun.append)
    await world.gather._all()
    assert len(begun) == transactions
    assert len(await world.rows(select(story))) == number
