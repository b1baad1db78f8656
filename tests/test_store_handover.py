"""What a channel hands over, and what a silence that ends puts right, on both kinds of store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from deliver_world import START, Clock, World
from sqlalchemy import select

from smwatch.i18n import from_json, text
from smwatch.model import Person
from smwatch.silence import EVERYTHING, Scope, Silence
from smwatch.store import outbox, silences
from smwatch.store.db import Store
from smwatch.store.handover import move_to
from smwatch.store.schema import card


@pytest.fixture
async def world(store_url):
    store = await Store.open(store_url)
    yield World(store, Clock(), None, None)
    await store.close()


async def test_a_card_goes_to_the_other_channel_once_with_its_reason(world):
    number = await world.story("Acme")
    async with world.store.write() as connection:
        job = await outbox.get(connection, "card", number)
        for _ in range(2):
            await move_to(connection, job, "mail", START, text("instead of {name}", name="pr"))
        rows = (await connection.execute(select(card).order_by(card.c.id))).all()
    assert [(row.channel, row.state, row.wanted, row.shown) for row in rows] == [
        ("pr", "moved", 1, 1),
        ("mail", "waiting", 1, 0),
    ]
    assert str(from_json(rows[1].reason)) == "instead of pr"


async def test_what_was_edited_under_a_silence_is_due_again_when_it_ends_early(world):
    first, second = await world.story("vorher"), await world.story("währenddessen")
    by = Person(id="cli:anna", name="Anna")
    until = START + timedelta(hours=1)
    one = {"client": None, "value": EVERYTHING, "label": "", "by": by, "reason": "Messe", "until": until, "at": START}
    async with world.store.write() as connection:
        made = await silences.add(connection, Silence(scope=Scope.CLIENT, **one))
        for number, edited in ((first, START - timedelta(minutes=1)), (second, START + timedelta(minutes=1))):
            shown = {"state": "sent", "shown": 1, "edited_at": edited}
            await connection.execute(card.update().where(card.c.id == number).values(**shown))
        assert await silences.end(connection, made.id, START + timedelta(minutes=2))
        wanted = dict((await connection.execute(select(card.c.id, card.c.wanted))).all())
    assert wanted == {first: 1, second: 2}
