"""What is deleted at its source, in SQLite and in PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from test_pipeline import NOW, Press, item, page

from smwatch.gather import Gather, Rules
from smwatch.model import Author, Watch
from smwatch.store import outbox, schema
from smwatch.store.db import Store
from smwatch.store.stories import load_alert
from smwatch.store.tombstones import bury

ACME = Watch(name="Acme", query="acme", alert=("pr",))


@pytest.fixture
async def press(store_url):
    store = await Store.open(store_url)
    made = Press(store)
    await made.watches(ACME)
    await made.brings(page())
    yield made
    await store.close()


async def gathered(press):
    """The alert's card, as gather leaves it."""
    gather = Gather(press.store, Rules(watches={(None, "Acme"): ACME}), clock=lambda: press.now)
    while await gather.step():
        pass
    async with press.store.read() as connection:
        return (await connection.execute(select(schema.card))).all()


async def test_words_and_author_go_and_the_card_is_due_again(press):
    await press.brings(page(item(1, author=Author(name="Erika", handle="@erika"), other_ids=("hier/1",))))
    (card,) = await gathered(press)
    await press.brings(page(deleted=("hier/1", "unbekannt")))
    (mention,) = await press.mentions()
    assert (mention.item.title, mention.item.text, mention.item.author, mention.spans) == ("", "", None, ())
    assert mention.item.deleted == press.now
    assert await press.count(schema.author) == 0
    async with press.store.read() as connection:
        again = (await connection.execute(select(schema.card))).one()
        assert (again.wanted, again.changed_at) == (card.wanted + 1, press.now)
        assert await load_alert(connection, card.id) is None  # nobody has seen it: nothing is sent


async def test_an_author_of_several_items_stays_with_the_others(press):
    erika = Author(name="Erika", handle="@erika")
    await press.brings(page(item(1, author=erika), item(2, "Acme baut um", author=erika)))
    await press.brings(page(deleted=("1",)))
    assert await press.count(schema.author) == 1
    assert [one.item.author is None for one in await press.mentions()] == [True, False]


async def test_it_is_said_where_it_was_told(press):
    await press.brings(page(item(1)))
    (card,) = await gathered(press)
    async with press.store.write() as connection:
        job = await outbox.get(connection, "card", card.id)
        await outbox.claim(connection, job, press.now)
        await outbox.record_sent(connection, job, press.now, ref={"ts": "1"})
    await press.brings(page(deleted=("1",)))
    async with press.store.read() as connection:
        alert = await load_alert(connection, card.id)
        due = await outbox.outstanding(connection, "pr", press.now + timedelta(minutes=5))
    assert alert.story.mentions[0].item.deleted is not None
    assert [(one.id, one.receipt) for one in due] == [(card.id, {"ts": "1"})]


async def test_what_told_several_is_edited_and_the_rest_is_left_alone(press):
    await press.brings(page(item(1), item(2, "Acme baut um")))
    one, other = await press.mentions()
    rows = [("summary", {"cards": [1]}), ("late", {"mentions": [one.id]}), ("late", {"mentions": [other.id]})]
    async with press.store.write() as connection:
        for number, (kind, plan) in enumerate(rows):
            values = {"key": str(number), "channel": "pr", "kind": kind, "priority": "normal", "plan": plan}
            await connection.execute(insert(schema.post).values(**values, created_at=NOW, state="sent"))
    await press.brings(page(deleted=("1",)))
    async with press.store.read() as connection:
        states = await connection.execute(select(schema.post.c.state).order_by(schema.post.c.id))
        assert list(states.scalars()) == ["sent", "waiting", "sent"]


async def test_a_thousand_unknown_ids_change_nothing(press):
    await press.brings(page(item(1)))
    async with press.store.write() as connection:
        assert await bury(connection, 1, [f"{number:032x}" for number in range(1200)], NOW) == 0
    assert (await press.mentions())[0].item.title == "Acme ruft zurück"
