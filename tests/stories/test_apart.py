"""Clients are kept apart, and nothing that matched is uncounted: whatever the config, whatever is published.

Each example draws watches, channels, silences and quiet hours of two clients and a handful of items, lets the real
daemon work on them, and looks at everything that anybody could read.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from story_world import Clock, World, capture

from smwatch import reports, silencing
from smwatch import why as reasons
from smwatch.model import Person
from smwatch.silence import Scope
from smwatch.store.schema import card, card_mention, decision, mention

CLIENTS = ("Acme", "Globex")
SECRETS = {"Acme": "Ananas", "Globex": "Gurke"}  # a word that only this client's items hold

ITEMS = st.lists(
    st.tuples(st.sampled_from(CLIENTS), st.sampled_from(["normal", "rückruf", "eigen"])), min_size=1, max_size=14
)
WORLDS = st.fixed_dictionaries(
    {
        "items": ITEMS,
        "copies": st.booleans(),  # both clients' words in one wire copy of two feeds
        "quiet": st.booleans(),
        "silenced": st.sampled_from([None, Scope.WATCH, Scope.CLIENT, Scope.SITE]),
        "digest": st.sampled_from(["own", "none"]),
        "private_feed": st.booleans(),
    }
)


async def build(world, drawn):
    """Two clients, each with its own room, watch and digest; one feed for all, one of Acme's alone."""
    world.config["smwatch"]["own_accounts"] = []
    press = world.feed("Presse")
    private = world.feed("Privat", client="Acme") if drawn["private_feed"] else press
    for name in CLIENTS:
        room = world.room(name.lower())
        world.config["channels"][room]["client"] = name
        if drawn["quiet"]:
            world.config["channels"][room]["quiet_hours"] = {"from": "12:00", "to": "14:00"}
        digests = [f"{room}-morgens"] if drawn["digest"] == "own" else []
        more = {"digest": digests} if digests else {}
        world.watch(name, name, alert=[room], client=name, **more)
        world.config["watch"][-1]["raise"] = [{"query": "rückruf", "priority": "sofort"}]
        world.config.setdefault("client", {})[name] = {"own_accounts": [f"https://www.{name.lower()}.example"]}
        world.digest(f"{room}-morgens", channels=[room], client=name)
    await world.watches()
    world.until(world.clock().replace(hour=11, minute=30))
    return press, private


async def publish(world, drawn, press, private):
    for number, (client, kind) in enumerate(drawn["items"]):
        feed = private if client == "Acme" else press
        words = f"{client} {SECRETS[client]} {number} {'Rückruf' if kind == 'rückruf' else ''}"
        link = {"link": f"https://www.{client.lower()}.example/{number}"} if kind == "eigen" else {}
        feed.publishes(words.strip(), f"{client} teilt {SECRETS[client]} mit, Nummer {number}.", **link)
    if drawn["copies"]:
        press.publishes("Acme und Globex streiten", "Beide streiten vor Gericht um eine Ananas und eine Gurke.")
    await world.calm(queue=None)
    await world.eventually(lambda: only_held_wait(world), "everything that may go out")


async def only_held_wait(world):
    return all(one.next_try is not None and one.next_try > world.clock() for one in await world.queue())


async def silence(world, drawn):
    if drawn["silenced"] is None:
        return
    value = {Scope.WATCH: "Acme", Scope.CLIENT: "", Scope.SITE: "presse.example"}[drawn["silenced"]]
    wish = silencing.Wish(
        scope=drawn["silenced"], value=value, client="Acme", until=world.clock() + timedelta(hours=1),
        by=Person(id="cli:anna", name="Anna"), reason="Ananas reift",
    )  # fmt: skip
    await reports.silence_add(world.app.config, wish)


def told(world, client):
    """Everything that stands in a client's room, payloads and all."""
    room = client.lower()
    return "\n".join(json.dumps(one.body, ensure_ascii=False) for one in world.slack.posts(room))


async def digests(world, client):
    name = f"{client.lower()}-morgens"
    shown = await reports.digest_preview(world.app.config, name, world.clock())
    return shown.text + shown.html + json.dumps(shown.data, ensure_ascii=False)


async def stories(world, client):
    """Every story, card and answer of `why` of a client."""
    async with world.app.store.read() as connection:
        numbers = (await connection.execute(select(mention.c.id).where(mention.c.client == client))).scalars().all()
        cards = (await connection.execute(select(card).where(card.c.client == client))).all()
    known = [await reasons.why(world.app.config, one) for one in map(_short, numbers)]
    assert {one.channel for one in cards} <= {client.lower()}
    return json.dumps([reasons.as_json(one, "de") for one in known], ensure_ascii=False)


def _short(number):
    from smwatch.model import short_id

    return short_id("M", number)


async def nothing_of_one_in_anything_of_the_other(world, drawn):
    for client, other in (CLIENTS, CLIENTS[::-1]):
        for seen in (told(world, client), await digests(world, client), await stories(world, client)):
            assert SECRETS[other] not in seen.replace("eine Ananas und eine Gurke", "")
            assert f"{other} " not in seen.replace("Acme und Globex streiten", "").replace("Globex streiten", "")


async def everything_is_counted(world):
    """mentions = told singly at once + held back (counted by name) + digest only + old."""
    async with world.app.store.read() as connection:
        mentions = (await connection.execute(select(mention))).all()
        decisions = (await connection.execute(select(decision).order_by(decision.c.id))).all()
        shown = set((await connection.execute(select(card_mention.c.mention_id))).scalars())
    last = {}
    for one in decisions:
        last.setdefault(one.mention_id, {})[one.channel] = one
    counted = Counter()
    for one in mentions:
        verdicts = last[one.id].values()  # nothing without a decision
        assert all(it.reason for it in verdicts)
        kinds = {it.verdict for it in verdicts}
        if "alert" in kinds and not kinds - {"alert"}:
            counted["alerted"] += one.id in shown
        elif kinds & {"hold"}:
            counted["held"] += 1
        else:
            counted["old" if one.old else "never"] += 1
    assert sum(counted.values()) == len(mentions)
    held = 0
    for client in CLIENTS:
        preview = await reports.digest_preview(world.app.config, f"{client.lower()}-morgens", world.clock())
        held += sum(one["mentions"] for one in preview.data["held"])
    assert held == counted["held"] + counted["never"]


async def live(drawn, fresh):
    with TemporaryDirectory() as folder:
        logs = capture()
        try:
            async with World(Path(folder), fresh, Clock(), logs) as world:
                press, private = await build(world, drawn)
                await silence(world, drawn)
                await publish(world, drawn, press, private)
                await everything_is_counted_once_delivered(world)
                await nothing_of_one_in_anything_of_the_other(world, drawn)
                assert world.faults() == []
        finally:
            structlog.reset_defaults()


async def everything_is_counted_once_delivered(world):
    await everything_is_counted(world)
    world.passes(hours=3)
    await world.settles()
    await everything_is_counted(world)


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(drawn=WORLDS)
def test_nothing_of_one_client_reaches_the_other_and_nothing_is_uncounted(drawn, fresh_store):
    asyncio.run(live(drawn, fresh_store))


async def test_a_shared_channel_is_told_of_both(world):
    press = world.feed()
    world.config["channels"]["pr"]["shared"] = True
    for client in CLIENTS:
        world.watch(client, client, client=client)
    await world.watches()
    press.publishes("Acme Ananas")
    press.publishes("Globex Gurke")
    await world.hears("Acme Ananas")
    await world.hears("Globex Gurke")


async def test_a_story_of_both_clients_is_two_stories_and_two_messages(world):
    press = world.feed()
    world.room("globex")
    world.watch("Acme", "acme", client="Acme")
    world.watch("Globex", "globex", client="Globex", alert=["globex"])
    await world.watches()
    press.publishes("Acme und Globex streiten")
    await world.hears("Acme und Globex streiten", "pr-alerts")
    await world.hears("Acme und Globex streiten", "globex")
    async with world.app.store.read() as connection:
        cards = (await connection.execute(select(card))).all()
    assert {(one.client, one.channel) for one in cards} == {("Acme", "pr"), ("Globex", "globex")}
    assert len({one.story_id for one in cards}) == 2


async def test_the_look_back_of_one_client_names_and_counts_nothing_of_the_other(world):
    press = world.feed("Presse")
    private = world.feed("Acme Intern", client="Acme")
    private.is_down()
    for title in ("Acme 1", "Acme 2", "Globex 1"):
        press.publishes(title)
    world.room("globex")
    world.watch("Acme", "acme", client="Acme")
    world.watch("Globex", "globex", client="Globex", alert=["globex"])
    await world.starts()
    mine = await world.hears("smwatch beobachtet", "pr-alerts")
    theirs = await world.hears("smwatch beobachtet", "globex")
    assert "Acme Intern" in mine.text
    assert "Acme" not in theirs.text
    assert "2 hätten getroffen" in mine.text
    assert "1 hätte getroffen" in theirs.text
