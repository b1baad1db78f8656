from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import pytest
import structlog
from deliver_world import copy_fresh_store
from sqlalchemy import func, select

from smwatch import pipeline
from smwatch.brought import SLICE, TURN_ITEMS
from smwatch.errors import Transient
from smwatch.i18n import text
from smwatch.model import Author, Engagement, Item, Page, Priority, Watch
from smwatch.pipeline import MOST_EDITS, Pipeline, Plan
from smwatch.plugin import Source
from smwatch.query.watches import WatchEngine
from smwatch.store import schema
from smwatch.store import sources as source_store
from smwatch.store.db import Store
from smwatch.store.ingest import identify
from smwatch.store.mentions import mentions_where
from smwatch.store.sources import Named

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Walk:
    """The context of a poll, as a test wants it."""

    unchanged: bool = False
    validators: dict = field(default_factory=dict)
    parser: str | None = "fast"
    parser_changed: bool = False
    channel: dict | None = None


class Script(Source):
    """Brings the pages that a test wrote; an exception among them is raised."""

    type: str = "script"
    pages: ClassVar[list] = []

    async def fetch(self, ctx):
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page


class Press:
    """One source, one watch ("acme"), a pipeline over a real store."""

    def __init__(self, store):
        self.store, self.now, self.walk = store, NOW, Walk()
        self.source = Script(name="Blatt")
        self.knocks = 0
        self.pipeline = Pipeline(
            store=store, plan=None, walk=lambda *_: self.walk, clock=lambda: self.now, on_mentions=self.knock
        )

    def knock(self):
        self.knocks += 1

    async def watches(self, *watches, enrichers=()):
        async with self.store.write() as connection:
            rows = await source_store.sync_watches(connection, watches, {}, NOW - timedelta(days=9))
        self.pipeline.plan = Plan(
            engine=WatchEngine(watches, {}),
            watches=rows,
            max_age=timedelta(days=1),
            retention=timedelta(days=90),
            enrichers=enrichers,
        )

    async def row(self):
        async with self.store.write() as connection:
            named = Named(client="", kind="script", key="k", name="Blatt")
            return (await source_store.sync_sources(connection, [named]))[named]

    async def brings(self, *pages):
        self.now += MINUTE
        Script.pages = list(pages)
        return await self.pipeline.poll(self.source, await self.row(), self.now)

    async def mentions(self):
        async with self.store.read() as connection:
            return await mentions_where(connection, schema.mention.c.id > 0)

    async def count(self, table):
        async with self.store.read() as connection:
            return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


@pytest.fixture
async def press(tmp_path):
    await copy_fresh_store(tmp_path)
    store = await Store.open(f"sqlite:///{tmp_path}/fresh.db")
    made = Press(store)
    await made.watches(Watch(name="Acme", query="acme"))
    yield made
    await store.close()


def page(*items, **more):
    return Page(items=tuple(items), **more)


def item(number, title="Acme ruft zurück", **values):
    given = {"url": f"https://blatt.example/{number}", "published": NOW + timedelta(minutes=5)} | values
    return Item(id=str(number), source="Blatt", title=title, **given)


async def test_only_what_matches_is_stored_and_the_rest_leaves_a_keyed_hash(press):
    polled = await press.brings(page(item(1), item(2, "Globex von @jemand")))
    assert (polled.listed, polled.fresh, polled.mentions) == (2, 2, 1)
    assert await press.count(schema.item) == 1
    async with press.store.read() as connection:
        ids = (await connection.execute(select(schema.seen.c.id_hmac))).scalars().all()
    assert len(ids) == 4  # each under its id and under its twin
    assert not any(one == "1" or "blatt" in one for one in ids)


async def test_cursor_and_first_poll_move_with_the_last_page_only(press):
    with pytest.raises(Transient):
        await press.brings(page(item(1)), page(item(2)), Transient("cut"))
    row = await press.row()
    assert (row.first_poll_at, row.cursor, row.validators) == (None, None, None)
    assert await press.count(schema.item) == 2  # what came before it was cut is kept
    press.walk.validators = {"u": {"etag": "1"}}
    await press.brings(page(item(1)), page(item(2), cursor="c2"))
    row = await press.row()
    assert (row.first_poll_at, row.cursor, row.validators) == (press.now, "c2", {"u": {"etag": "1"}})
    await press.brings(page(item(3), cursor="c3"))
    assert (await press.row()).first_poll_at == row.first_poll_at
    assert [one.old for one in await press.mentions()] == [True, True, False]


async def test_a_walk_without_pages_completes_the_first_round(press):
    await press.brings()
    assert (await press.row()).first_poll_at == press.now


async def test_nothing_new_writes_nothing(press):
    await press.brings(page(item(1)))
    press.walk.unchanged = True
    polled = await press.brings()
    assert polled.unchanged
    assert press.knocks == 1


async def test_an_edit_renews_the_item_and_marks_a_lost_match(press):
    await press.brings()
    await press.brings(page(item(1, "Acme ruft zurück")))
    polled = await press.brings(page(item(1, "Jemand ruft zurück")))
    assert (polled.fresh, polled.changed, polled.mentions) == (1, 1, 0)
    (mention,) = await press.mentions()
    assert mention.item.title == "Jemand ruft zurück"
    async with press.store.read() as connection:
        assert (await connection.execute(select(schema.mention.c.lost))).scalar_one()
    await press.brings(page(item(1, "Acme ruft wieder zurück")))
    async with press.store.read() as connection:
        assert not (await connection.execute(select(schema.mention.c.lost))).scalar_one()


async def test_an_item_with_a_clock_in_it_is_not_followed_for_ever(press):
    await press.brings()
    polled = [await press.brings(page(item(1, text=f"Stand {n}"))) for n in range(MOST_EDITS + 5)]
    assert sum(one.fresh for one in polled) == MOST_EDITS + 1


async def test_another_parser_brings_no_news_but_what_says_it_is_younger(press):
    await press.brings(page(item(1)))
    async with press.store.write() as connection:
        row = replace(await press_row(connection), state="ok", last_ok_at=press.now)
        await source_store.save_states(connection, [row], press.now)
    press.walk = Walk(parser="slow", parser_changed=True)
    old = item("other-id", "Acme unter anderem Namen", published=press.now - MINUTE)
    new = item("new", "Acme ganz neu", published=press.now + MINUTE)
    undated = item("undated", "Acme ohne Datum", published=None)
    await press.brings(page(old, new, undated))
    assert [(one.item.id, one.old) for one in await press.mentions()][1:] == [
        ("other-id", True),
        ("new", False),
        ("undated", True),
    ]
    assert (await press.row()).parser == "slow"


async def press_row(connection):
    return (await source_store.all_sources(connection))[0]


async def test_an_id_used_again_is_another_article_unless_the_text_is_the_same(press):
    text = "Die Charge L2207 ist betroffen, sagt der Hersteller, weil Steinchen in der Packung sein können."
    await press.brings()
    await press.brings(page(item("top", text=text)))
    moved = item("top", "Acme ruft jetzt alles zurück", text=f"{text} Nun auch L2208.", url="https://blatt.example/neu")
    assert (await press.brings(page(moved))).mentions == 0
    other = item("top", "Acme eröffnet ein Werk", text="In Oberau.", url="https://blatt.example/werk")
    polled = await press.brings(page(other))
    assert (polled.mentions, polled.changed) == (1, 0)
    assert await press.count(schema.item) == 2
    again = await press.brings(page(other))
    assert again.fresh == 0


async def test_an_id_used_again_counts_from_its_own_first_sight(press):
    await press.brings()
    await press.brings(page(item("top", "Globex", published=None, text="Etwas.")))
    press.now += timedelta(days=3)
    await press.brings(page(item("top", "Acme", published=None, text="Anderes.", url="https://blatt.example/2")))
    (mention,) = await press.mentions()
    assert (mention.old, mention.late) == (False, False)


async def test_an_enricher_that_breaks_leaves_the_item_as_it_was(press):
    class Broken:
        async def enrich(self, item):
            raise ZeroDivisionError

    class Language:
        async def enrich(self, item):
            return replace(item, lang="de", lang_guessed=True)

    await press.watches(Watch(name="Acme", query="acme lang:de"), enrichers=(Broken(), Language()))
    with structlog.testing.capture_logs() as logs:
        await press.brings(page(item(1)))
    assert [one.item.lang for one in await press.mentions()] == ["de"]
    assert [one["event"] for one in logs] == ["enricher_failed"]


async def test_what_is_known_of_author_and_reactions_is_kept_and_renewed(press):
    who = Author(name="Lena", handle="@lena", followers=7)
    await press.brings(page(item(1, author=who, engagement=Engagement(likes=1))))
    await press.brings(page(item(1, "Acme!", author=replace(who, followers=9), engagement=Engagement(likes=5))))
    (mention,) = await press.mentions()
    assert (mention.item.author.followers, mention.item.engagement.likes) == (9, 5)
    assert await press.count(schema.author) == 1


async def test_one_id_twice_on_a_page_is_one_item(press):
    polled = await press.brings(page(item(1), item(1, "Acme, spätere Fassung")))
    assert (polled.listed, polled.mentions) == (1, 1)


async def test_a_source_of_a_client_feeds_only_its_watches(press):
    await press.watches(
        Watch(name="A", query="acme", client="Acme"),
        Watch(name="B", query="acme", client="Globex"),
        Watch(name="C", query="acme", priority=Priority.URGENT),
    )
    press.source = Script(name="Blatt", client="Acme")
    await press.brings(page(item(1)))
    assert [one.watch for one in await press.mentions()] == ["A"]


async def test_what_is_deleted_loses_its_words_and_never_comes_again(press):
    await press.brings(page())
    await press.brings(page(item(1, author=Author(name="Erika", handle="@erika"))), page(item(2, "Acme baut um")))
    await press.brings(page(deleted=("1", "77")))
    gone, stays = await press.mentions()
    assert (gone.item.title, gone.item.author, gone.spans, gone.item.deleted) == ("", None, (), press.now)
    assert (stays.item.title, stays.item.deleted) == ("Acme baut um", None)
    assert await press.count(schema.author) == 0
    await press.brings(page(item(1)), page(item(1, "Acme ist wieder da")))
    assert [one.item.title for one in await press.mentions()] == ["", "Acme baut um"]


async def test_what_its_own_page_takes_back_is_remembered_and_matches_nothing(press):
    await press.brings(page())
    polled = await press.brings(page(item(1), deleted=("1",)))
    assert (polled.fresh, polled.mentions) == (1, 0)
    assert (await press.brings(page(item(1)))).fresh == 0


async def test_a_deletion_alone_is_stored_also_where_nothing_changed(press):
    await press.brings(page())
    await press.brings(page(item(1)))
    press.walk = Walk(unchanged=True)
    await press.brings(page(deleted=("1",)))
    assert (await press.mentions())[0].item.deleted is not None


async def test_edited_and_deleted_in_one_page_is_deleted(press):
    await press.brings(page())
    await press.brings(page(item(1)))
    await press.brings(page(item(1, "Globex baut um"), deleted=("1",)))
    async with press.store.read() as connection:
        columns = schema.mention.c.lost, schema.item.c.title, schema.item.c.tombstone
        (row,) = await connection.execute(select(*columns).join_from(schema.mention, schema.item))
    assert (row.lost, row.title, row.tombstone) == (False, "", press.now)


async def test_other_ids_are_as_good_as_its_own_and_an_author_takes_all_along(press):
    await press.brings(page())
    posts = [item(n, f"Acme {n}", other_ids=(f"hier/{n}", "erika" if n < 3 else "max")) for n in (1, 2, 3)]
    await press.brings(page(*posts, passing=True))
    await press.brings(page(deleted=("hier/3",)))
    assert [one.item.deleted is not None for one in await press.mentions()] == [False, False, True]
    await press.brings(page(deleted=("erika",)))
    assert [one.item.title for one in await press.mentions()] == ["", "", ""]


async def test_what_only_passes_by_leaves_nothing(press):
    await press.brings(page())
    polled = await press.brings(page(item(1), item(2, "Globex"), passing=True))
    assert (polled.listed, polled.fresh, polled.mentions) == (2, 1, 1)
    assert await press.count(schema.seen) == 2  # the one that matched, under its id and its twin
    await press.brings(page(item(1), passing=True))
    assert await press.count(schema.mention) == 1


async def test_what_was_missed_is_told_once(press):
    told = []

    async def hear(source, note):
        told.append((source.name, str(note)))

    press.pipeline.on_note = hear
    await press.brings(page(notes=(text("posts are missing"),)))
    assert told == [("Blatt", "posts are missing")]


async def test_what_is_raised_behind_the_last_page_leaves_the_walk_complete(press):
    await press.brings(page(item(1)))
    with pytest.raises(Transient):
        await press.brings(page(item(2)), page(cursor="7"), Transient("part of it"))
    assert (await press.row()).cursor == "7"
    assert await press.count(schema.mention) == 2


async def test_authors_are_looked_up_for_what_matched(press, monkeypatch):
    asked = []

    async def look_up(_source, _ctx, items):
        asked.extend(one.id for one in items)
        return [replace(one, title="anders", author=Author(name="Erika", followers=7)) for one in items]

    monkeypatch.setattr(Script, "look_up", look_up)
    await press.brings(page(item(1), item(2, "Globex")))
    (mention,) = await press.mentions()
    assert (asked, mention.item.title, mention.item.author.followers) == (["1"], "Acme ruft zurück", 7)


async def test_where_authors_cannot_be_looked_up_the_mention_stays(press, monkeypatch):
    asked = []

    async def look_up(_source, _ctx, _items):
        asked.append(press.now)
        raise Transient("down")

    monkeypatch.setattr(Script, "look_up", look_up)
    assert (await press.brings(page(item(1)), page(item(2)))).mentions == 2
    assert (await press.brings(page(item(3)))).mentions == 1
    assert asked == [NOW + MINUTE, NOW + 2 * MINUTE]  # not again within a minute


async def test_a_cursor_that_moved_is_stored_also_where_nothing_changed(press):
    await press.brings(page(item(1), cursor="one"))
    press.walk = Walk(unchanged=True)
    assert (await press.brings(page(cursor="two"))).stored
    assert (await press.row()).cursor == "two"
    assert not (await press.brings(page(cursor="two"))).stored


async def test_another_id_that_is_learned_later_is_as_good(press):
    await press.brings(page())
    await press.brings(page(item(1, other_ids=("dort/1",))))
    await press.brings(page(item(1, other_ids=("hier/7",)), item(2, "Globex", other_ids=("hier/8",))))
    await press.brings(page(deleted=("hier/7",)))
    assert (await press.mentions())[0].item.deleted is not None


class Turns:
    """What is done between two turns of the loop, at most."""

    def __init__(self):
        self.now = self.most = self.total = 0

    def one(self):
        self.now += 1
        self.total += 1
        self.most = max(self.most, self.now)

    async def watch(self):
        while True:
            self.now = 0
            await asyncio.sleep(0)


async def test_a_long_page_leaves_the_loop_to_others_between_its_items(press, monkeypatch):
    named, read = Turns(), Turns()

    def identified(*words):
        named.one()
        return identify(*words)

    class Reads:
        async def enrich(self, item):
            read.one()
            return item

    monkeypatch.setattr(pipeline, "identify", identified)
    await press.watches(Watch(name="Acme", query="acme"), enrichers=(Reads(),))
    watching = [asyncio.create_task(one.watch()) for one in (named, read)]
    polled = await press.brings(page(*(item(n) for n in range(SLICE))))
    for one in watching:
        one.cancel()
    assert polled.mentions == SLICE
    assert (named.total, read.total) == (SLICE, SLICE)
    assert (named.most, read.most) == (TURN_ITEMS, TURN_ITEMS)


async def test_a_walk_without_news_is_read_to_its_end(press):
    await press.brings(page(item(1)))
    press.walk = Walk(unchanged=True)
    with pytest.raises(Transient):
        await press.brings(page(cursor=None), Transient("the second address is down"))
    asked = asyncio.get_running_loop()._asyncgens  # what is left of walks is closed later, by a task of its own
    before = set(asked)
    assert (await press.brings()).unchanged
    assert set(asked) <= before
