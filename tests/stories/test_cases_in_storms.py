"""Deadlines of stories that were told only in a summary: they run, are reminded of together, and somebody can take one."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from test_cases import APP_TOKEN, Team

from smwatch.model import short_id
from smwatch.store import cases
from smwatch.store.schema import post


@pytest.fixture
async def team(world, monkeypatch):
    monkeypatch.setenv(APP_TOKEN, world.slack.app_token)
    world.config["channels"]["pr"]["app_token"] = {"env": APP_TOKEN}
    return Team(world)


NAMES = (
    *("Aachen", "Bonn", "Celle", "Dessau", "Essen", "Fulda", "Gera", "Halle", "Ingolstadt", "Jena", "Köln", "Landau"),
    *("Mainz", "Neuss", "Olpe", "Plauen", "Riesa"),
)


async def a_storm(team, **watch):
    """Seventeen different stories at once, five of them told singly; the summary of the others."""
    press = team.world.feed()
    team.world.watch("Acme", "acme", answer_within="1h", **watch)
    await team.world.watches()
    await team.world.eventually(lambda: team.people.lines, "a line")
    for name in NAMES:
        press.posts.append(press.publishes(f"{name} fragt Acme: {name}-Werk, {name}-Brief, {name}-Preis"))
        press.posts.pop()
    summary = await team.world.hears("Lage: ")
    await team.world.settles()
    return summary


async def waiting(team):
    async with team.world.app.store.read() as connection:
        return await cases.listed(connection)


async def test_every_story_of_a_storm_has_its_deadline_and_they_are_reminded_of_together(team):
    summary = await a_storm(team)

    async def all_begun():
        return len(await waiting(team)) == len(NAMES)

    await team.world.eventually(all_begun, "a case for each")
    named = [one.title for one in await waiting(team) if one.title in summary.text]
    assert len(named) >= len(NAMES) - 5
    team.world.passes(minutes=30)
    half = await team.world.hears(f"Halbzeit für {len(named)} Vorgänge")
    assert half.thread_ts == summary.ts
    assert all(title in half.text for title in named)
    team.world.passes(minutes=31)
    late = await team.world.hears(f"{len(named)} Vorgänge sind überfällig", "pr-alerts")
    assert (late.thread_ts, late.body["reply_broadcast"]) == (summary.ts, True)
    team.world.passes(hours=5)
    await team.world.calm()
    assert len(team.slack.reads("Vorgänge sind überfällig")) == 1


async def test_overdue_ones_of_a_storm_are_told_where_they_escalate_to(team):
    team.world.room("chefs")
    await a_storm(team, escalate="chefs")

    async def all_begun():
        return len(await waiting(team)) == len(NAMES)

    await team.world.eventually(all_begun, "a case for each")
    team.world.passes(hours=1, minutes=1)
    assert (await team.world.hears("Vorgänge sind überfällig", "chefs")).thread_ts is None


async def test_a_story_of_a_storm_can_be_taken_and_gets_a_message_with_buttons(team):
    await a_storm(team)
    team.world.passes(minutes=30)
    half = await team.world.hears("Halbzeit für")
    (number,) = re.findall(r"cases take (V\w+)", half.text)
    title = next(one.title for one in await waiting(team) if one.short == number)
    await team.acked(await team.people.types(f"/smwatch cases take {number}"))
    await team.whispers("übernommen von")
    own = await team.world.eventually(lambda: team.world.alerts(title), "a message of its own")
    assert "[Beantwortet]" in own[0].text.replace("*", "")
    assert "übernommen von @U0MIRA" in own[0].text.replace("*", "")
    await team.acked(await team.people.types("/smwatch cases take VZZZ"))
    await team.whispers("VZZZ")


async def test_the_stories_of_a_summary_are_read_in_slack(team):
    await a_storm(team)
    await team.acked(await team.people.types("/smwatch stories N99"))
    await team.whispers("Keine Zusammenfassung heißt N99")
    async with team.world.app.store.read() as connection:
        query = select(post.c.id).where(post.c.kind == "summary").order_by(post.c.id)
        number = (await connection.execute(query)).scalars().first()
    await team.acked(await team.people.types(f"/smwatch stories {short_id('N', number)}"))
    listed = await team.whispers("Seite 1 von 1")
    assert sum(f"{name} fragt Acme" in str(listed.body["blocks"]) for name in NAMES) >= len(NAMES) - 5
