"""A small world for delivery: a store, stories in it, a virtual clock, a fake Slack."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import aiohttp
from sqlalchemy import insert, select

from smwatch.deliver import Rendered, Sender
from smwatch.deliver.pace import Pace
from smwatch.message.model import Bullets, Heading, Message, Paragraph, Run
from smwatch.model import Priority
from smwatch.store import outbox, schema
from smwatch.store.db import Store

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Clock:
    """Time that only moves when somebody waits."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def epoch(self):
        return self.now.timestamp()

    async def pause(self, seconds):
        self.now += timedelta(seconds=max(seconds, 0.001))


class ShakyStore:
    """The real store, whose next `broken` writes fail."""

    def __init__(self, store):
        self.store = store
        self.broken = 0

    @property
    def key(self):
        return self.store.key

    def read(self):
        return self.store.read()

    @asynccontextmanager
    async def write(self):
        if self.broken:
            self.broken -= 1
            raise OSError("disk full")
        async with self.store.write() as connection:
            yield connection


class World:
    """Everything together; `render` draws the title and link of a card's first item."""

    def __init__(self, store, clock, slack, session):
        self.store, self.clock, self.slack, self.session = store, clock, slack, session
        self.told = []
        self.texts = {}
        self.rendered = []

    async def story(self, title, *, channel="pr", priority=Priority.NORMAL, url="https://acme.example/1", at=None):
        """One story with one item and its card; the card's id."""
        at = at or self.clock.now
        async with self.store.write() as connection:

            async def add(table, **values):
                return (await connection.execute(insert(table).values(**values))).inserted_primary_key[0]

            known = (await connection.execute(select(schema.source.c.id))).scalar()
            source = known or await add(schema.source, kind="feed", key="k", name="Globex Blatt")
            number = (
                await connection.execute(select(schema.item.c.id).order_by(schema.item.c.id.desc()))
            ).scalar() or 0
            same = (await connection.execute(select(schema.watch.c.id))).scalar()
            watch = same or await add(schema.watch, name="Acme", query_hash="q", changed_at=at)
            item = await add(
                schema.item,
                source_id=source,
                id_hmac=f"h{number}",
                native_id=f"n{number}",
                url=url,
                title=title,
                lead="",
                text="",
                kind="post",
                seen_at=at,
            )
            story = await add(schema.story, first_item=f"k|h{number}", first_at=at, last_at=at)
            await add(
                schema.mention,
                watch_id=watch,
                item_id=item,
                query_version=1,
                spans=[],
                priority=str(priority),
                story_id=story,
                seen_at=at,
            )
            key = outbox.card_key(b"secret", client="", channel=channel, first_item=f"k|h{number}")
            return await add(
                schema.card,
                story_id=story,
                channel=channel,
                priority=str(priority),
                first_at=at,
                changed_at=at,
                key=key,
            )

    async def want(self, card, **values):
        """The story has news: another revision is wanted."""
        async with self.store.write() as connection:
            table = schema.card
            statement = table.update().where(table.c.id == card).values(wanted=table.c.wanted + 1, **values)
            await connection.execute(statement)

    async def post(self, key="post", *, kind="ops", channel="pr", **more):
        async with self.store.write() as connection:
            given = {"plan": {"words": key}, "now": self.clock.now, **more}
            return await outbox.add_post(connection, key=key, channel=channel, kind=kind, **given)

    async def titles(self, cards):
        async with self.store.read() as connection:
            query = (
                select(schema.card.c.id, schema.item.c.title, schema.item.c.url)
                .join(schema.mention, schema.mention.c.story_id == schema.card.c.story_id)
                .join(schema.item, schema.item.c.id == schema.mention.c.item_id)
                .where(schema.card.c.id.in_(cards))
                .order_by(schema.card.c.id)
            )
            return (await connection.execute(query)).all()

    async def render(self, job):
        self.rendered.append(job)
        if job.table == "card":
            ((_, title, url),) = await self.titles([job.card_id])
            blocks = (Heading(text="Meldung · Acme"), Paragraph(runs=(Run(text=title, link=url),)))
            if job.wanted > 1:
                blocks += (Paragraph(runs=(Run(text=f"Stand {job.wanted}"),)),)
            if job.repeat:
                blocks += (Paragraph(runs=(Run(text="möglicherweise doppelt"),)),)
            return Rendered(message=Message(title=title, blocks=blocks), data={"title": title})
        if job.kind == "summary":
            rows = tuple((Run(text=title, link=url),) for _, title, url in await self.titles(job.plan["cards"]))
            return Rendered(message=Message(title="Lage", blocks=(Heading(text="Lage"), Bullets(items=rows))))
        words = self.texts.get(job.key, job.plan["words"])
        return Rendered(
            message=Message(title=words[:80], blocks=tuple(Paragraph(runs=(Run(text=w),)) for w in words.split("\n")))
        )

    def sender(self, *channels, **more):
        named = {channel.name: channel for channel in channels}
        self.sent = Sender(
            self.store,
            named,
            self.render,
            session=self.session,
            clock=self.clock,
            pause=self.clock.pause,
            pace=Pace(clock=self.clock.epoch),
            tell=self.tell,
            **more,
        )
        return self.sent

    async def tell(self, channel, reason):
        self.told.append((channel, reason and str(reason)))

    async def run(self, sender, seconds, tick=0.0):
        """Let `seconds` of virtual time pass with the lanes at work."""
        end = self.clock.now + timedelta(seconds=seconds)
        while self.clock.now < end:
            if wait := await sender.step():
                left = (end - self.clock.now).total_seconds()
                await self.clock.pause(min(max(wait, tick), left))

    async def waiting(self):
        async with self.store.read() as connection:
            return await outbox.waiting(connection)

    async def row(self, card):
        async with self.store.read() as connection:
            return (await connection.execute(select(schema.card).where(schema.card.c.id == card))).one()


_fresh = {}


async def copy_fresh_store(folder):
    """An empty store, made once a run: bringing the tables up to date takes longer than most of these tests."""
    if not _fresh:
        home = Path(mkdtemp())
        await (await Store.open(f"sqlite:///{home / 'fresh.db'}")).close()
        _fresh.update({one.name: one.read_bytes() for one in home.iterdir() if one.name.startswith("fresh.db")})
        rmtree(home)
    for name, content in _fresh.items():
        (folder / name).write_bytes(content)


@asynccontextmanager
async def world_at(path, slack, clock):
    await copy_fresh_store(path.parent)
    store = await Store.open(f"sqlite:///{path.parent / 'fresh.db'}")
    async with aiohttp.ClientSession() as session:
        yield World(ShakyStore(store), clock, slack, session)
    await store.close()
