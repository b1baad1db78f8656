"""What routing asks of the store, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select
from test_pipeline import Press, item, page

from smwatch.gather import Gather, Rules
from smwatch.i18n import text
from smwatch.model import Person, Watch
from smwatch.store import decisions, noisy, outbox, proposals, schema, tallies, verdicts, waiting, whys
from smwatch.store.db import Store
from smwatch.store.digests import held_back
from smwatch.store.stories import load_alert, load_alerts

ACME = Watch(name="Acme", query="acme", alert=("pr",))
ANNA = Person(id="U1", name="Anna")


@pytest.fixture
async def press(store_url):
    store = await Store.open(store_url)
    made = Press(store)
    await made.watches(ACME)
    await made.brings(page())
    await made.brings(page(*(item(str(n), title=f"acme {n} {'karate' * (n < 2)}") for n in range(5))))
    gather = Gather(store, Rules(watches={(None, "Acme"): ACME}), clock=lambda: made.now)
    while await gather.step():
        pass
    yield made
    await store.close()


async def cards(press):
    async with press.store.read() as connection:
        return await outbox.untold(connection, "pr", press.now + timedelta(days=1), timedelta(0), 50)


async def test_what_is_held_back_is_written_once_and_counted_by_its_last_reason(press):
    found = await cards(press)
    assert len(found) == 5
    early, late = press.now, press.now + timedelta(minutes=1)
    async with press.store.write() as connection:
        await decisions.held(connection, found[:3], "quiet", text("quiet hours until {moment}", moment="07:00"), early)
        await decisions.held(connection, found[:3], "quiet", text("quiet hours until {moment}", moment="07:00"), late)
        await decisions.held(connection, found[:1], "silence", text("silenced"), late)
        await decisions.joined(connection, found[0].id, late)
    async with press.store.read() as connection:
        since, until = press.now - timedelta(hours=1), press.now + timedelta(hours=1)
        held = await held_back(connection, [ACME], since, until)
        rows = (await connection.execute(select(schema.decision.c.code))).scalars().all()
    assert [(str(why), n) for why, n in held] == [("quiet hours: told together afterwards", 2), ("silenced", 1)]
    assert sorted(rows) == ["alert"] * 5 + ["quiet"] * 3 + ["silence"]


async def test_what_many_cards_show_is_read_as_quickly_as_what_one_shows(press):
    numbers, asked = [job.id for job in await cards(press)], []
    event.listen(press.store._reader.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    async with press.store.read() as connection:
        asked.clear()
        one = await load_alert(connection, numbers[3])
        single = len(asked)
        found = await load_alerts(connection, [*numbers[::-1], 999])
        assert len(asked) == 2 * single
    assert list(found) == numbers[::-1]
    assert found[numbers[3]] == one
    titles = [mention.item.title for alert in found.values() for mention in alert.story.mentions]
    assert [title.split()[1] for title in titles] == ["4", "3", "2", "1", "0"]


async def test_what_an_unsent_summary_holds_is_found_by_its_key(press):
    found = await cards(press)
    async with press.store.write() as connection:
        plan = {"cards": [found[0].id], "since": press.now.isoformat(), "more": 4}
        await outbox.add_post(connection, key="k1", channel="pr", kind="summary", plan=plan, now=press.now)
        await outbox.fold(connection, found, "k1")
    async with press.store.read() as connection:
        assert len(await waiting.waiting(connection)) == 5
        one = await whys.by_id(connection, 1)
        (shown,) = await whys.shown(connection, one)
        assert (shown.state, shown.counted) == ("folded", False)
        assert await decisions.told_singly(connection, press.now - timedelta(days=1)) == []
        sizes = await tallies.lengths(connection, [job.id for job in found])
        assert sorted(sizes) == sorted(job.id for job in found)
        tally = await tallies.of_period(
            connection, "pr", press.now - timedelta(hours=1), press.now + timedelta(hours=1), timedelta(minutes=30)
        )
        assert (tally.stories, sum(tally.curve), len(tally.sources)) == (5, 5, 1)


async def test_noise_and_proposals(press):
    async with press.store.write() as connection:
        for number in (1, 2):
            one = await whys.by_id(connection, number)
            await verdicts.irrelevant(connection, one, ANNA, press.now)
    async with press.store.read() as connection:
        assert await proposals.judged_since(connection, 0) == (2, [(None, "Acme")])
        judged = await proposals.judged(connection, None, "Acme", press.now - timedelta(days=30))
        assert (len(judged.marked), len(judged.others), judged.kept) == (2, 3, frozenset())
        (loud,) = await noisy.busiest(connection, press.now - timedelta(hours=1), 5)
        assert (loud.watch, loud.matches, loud.words) == ("Acme", 5, (("acme", 5),))
        assert await noisy.busiest(connection, press.now - timedelta(hours=1), 5, but={("", "Acme")}) == []
    given = {"client": None, "watch": "Acme", "kind": "words", "reason": text("x"), "count": 2, "at": press.now}
    async with press.store.write() as connection:
        made = await proposals.add(connection, proposals.Proposal(query="karate", examples=(1, 2), **given))
        await proposals.decide(connection, made.id, proposals.CONFIRMED, press.now, ANNA)
    async with press.store.read() as connection:
        (left,) = await proposals.waiting(connection)
        assert (left.short, left.state, left.by, left.count) == ("P01", "confirmed", ANNA, 2)
        assert await proposals.known(connection, None, "Acme") == ["karate"]
        assert [one.id for one in await proposals.examples(connection, left.examples)] == [1, 2]
