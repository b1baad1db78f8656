"""Twice "not relevant" on similar items proposes an exclusion; it takes effect when a person wants it."""

from __future__ import annotations

import pytest
from test_cases import APP_TOKEN, Team

from smwatch import reports
from smwatch.errors import UserError
from smwatch.model import Person
from smwatch.store import verdicts, whys

ANNA = Person(id="U1", name="Anna")
ONES = ("Acme baut ein Werk", "Acme sucht Leute", "Acme streitet mit Globex", "Acme wächst", "Acme kauft Initech")


async def acme(world, **keys):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"], **keys)
    world.digest()
    await world.watches()
    for title in ONES:
        press.publishes(title)
    return press


async def irrelevant(world, title):
    """Somebody calls it not relevant."""
    await world.calm(queue=None)
    async with world.app.store.read() as connection:
        every = [await whys.by_id(connection, number) for number in range(1, 60)]
    (one,) = [found for found in every if found and found.item.title == title]
    async with world.app.store.write() as connection:
        await verdicts.irrelevant(connection, one, ANNA, world.clock())


async def karate(world, press):
    for title in ("Acme Karate in Bonn", "Acme Karate verliert", "Acme Karate: neuer Trainer"):
        press.publishes(title)
    await irrelevant(world, "Acme Karate in Bonn")
    await irrelevant(world, "Acme Karate verliert")


async def proposed(world):
    found = await world.eventually(lambda: reports.proposal_list(world.app.config), "a proposal")
    return found[0]


async def test_two_verdicts_propose_an_exclusion_with_its_effect(world):
    press = await acme(world)
    await karate(world, press)
    message = await world.hears("P01: „karate“ bei Acme ausschließen?")
    told = "2 Erwähnungen mit „karate“ sind als nicht relevant markiert; außerdem entfielen 1 von 6 anderen"
    assert told in message.text
    assert "wären 3 Erwähnungen weggefallen" in message.text
    assert "Acme Karate: neuer Trainer" in message.text
    assert "+exclude = ['karate']" in message.text
    one, examples = await proposed(world)
    assert (one.query, one.count, len(examples)) == ("karate", 3, 3)
    press.publishes("Acme Karate Gürtel")
    await world.hears("Acme Karate Gürtel")  # nothing takes effect before a person wants it


async def test_one_verdict_alone_proposes_nothing(world):
    press = await acme(world)
    press.publishes("Acme Karate Club siegt")
    await irrelevant(world, "Acme Karate Club siegt")
    await world.app.noise.step(world.clock())
    assert await reports.proposal_list(world.app.config) == []


async def test_apply_writes_the_exclusion_keeps_comments_and_takes_effect(world):
    press = await acme(world)
    text = world.path.read_text().replace('name = "Acme"', 'name = "Acme"  # unsere Marke')
    world.saves(text)
    await world.app.reload()
    await karate(world, press)
    await proposed(world)
    name, path = await reports.proposal_apply(world.app.config, world.path, "p01", ANNA)
    assert (name, path) == ("P01", world.path)
    written = world.path.read_text()
    assert "# unsere Marke" in written
    assert "exclude = ['karate']" in written
    assert 'query = "acme"' in written
    await world.hears("+1 Ausschluss")
    await world.hears("Von Anna übernommen")
    press.publishes("Acme Karate Gürtel")
    press.publishes("Acme baut um")
    await world.hears("Acme baut um")
    assert world.slack.reads("Gürtel") == []
    assert await reports.proposal_list(world.app.config) == []
    with pytest.raises(UserError, match="decided already"):
        await reports.proposal_apply(world.app.config, world.path, "P01", ANNA)
    world.app.keeper.undo()
    await world.app.reload()
    assert world.path.read_text() == text


async def test_items_of_the_minutes_before_an_exclusion_still_alert(world):
    press = await acme(world)
    await karate(world, press)
    await proposed(world)
    world.passes(minutes=30)
    await reports.proposal_apply(world.app.config, world.path, "P01", ANNA)
    await world.hears("+1 Ausschluss")
    from datetime import timedelta

    press.publishes("Acme ruft zurück", ago=timedelta(minutes=10))
    await world.hears("Acme ruft zurück")


async def test_a_click_writes_at_once_where_the_file_may_be_written(world):
    press = await acme(world)
    await karate(world, press)
    await proposed(world)
    done = await world.app.noise.confirm("P01", ANNA, world.clock())
    assert done.state == "applied"
    assert "karate" in world.path.read_text()


async def test_a_click_keeps_a_proposal_where_the_file_changed_since_it_was_read(world):
    press = await acme(world)
    await karate(world, press)
    await proposed(world)
    standing = world.app.keeper.texts()
    world.app.noise.keeper = replace_texts(
        world.app.keeper, {path: f"{text}\n# anders" for path, text in standing.items()}
    )
    done = await world.app.noise.confirm("P01", ANNA, world.clock())
    assert done.state == "confirmed"
    assert "karate" not in world.path.read_text()
    message = await world.hears("aber die Datei ist von hier aus nicht beschreibbar")
    assert "+exclude = ['karate']" in message.text
    assert "smwatch apply P01" in message.text


def replace_texts(keeper, texts):
    class Other:
        path, registry, config = keeper.path, keeper.registry, keeper.config

        def texts(self):
            return texts

    return Other()


async def test_what_was_declined_is_not_proposed_again(world):
    press = await acme(world)
    await karate(world, press)
    await proposed(world)
    assert await reports.proposal_decline(world.app.config, "P01", ANNA) == "P01"
    await world.hears("Von Anna abgelehnt")
    await irrelevant(world, "Acme Karate: neuer Trainer")
    await world.app.noise.step(world.clock())
    found = await reports.proposal_list(world.app.config)
    assert [one.query for one, _ in found if one.query == "karate"] == []


async def test_a_proposal_of_one_client_is_told_in_its_own_channel(world):
    press = world.feed()
    world.room("globex")
    world.watch("Acme", "acme", client="Acme")
    world.watch("Globex", "globex", client="Globex", alert=["globex"])
    await world.watches()
    for title in ("Globex Karate siegt", "Globex Karate verliert", *(f"Globex {n}" for n in "abcde")):
        press.publishes(title)
    await irrelevant(world, "Globex Karate siegt")
    await irrelevant(world, "Globex Karate verliert")
    await world.hears("„karate“ bei Globex", "globex")
    assert world.slack.reads("karate", "pr-alerts") == []


@pytest.fixture
async def team(world, monkeypatch):
    monkeypatch.setenv(APP_TOKEN, world.slack.app_token)
    world.config["channels"]["pr"]["app_token"] = {"env": APP_TOKEN}
    return Team(world)


async def twice_irrelevant(world, team):
    press = await acme(world)
    for title in ("Acme Karate in Bonn", "Acme Karate verliert"):
        press.publishes(title)
        post = await world.hears(title)
        await world.eventually(lambda: team.people.lines, "a line")
        await team.clicks(post, "Nicht relevant")
    await team.done()
    return press


async def test_in_slack_two_clicks_propose_and_a_third_one_writes(world, team):
    press = await twice_irrelevant(world, team)
    proposal = await world.hears("„karate“ bei Acme ausschließen?")
    assert "[Ausschließen] [Behalten]" in proposal.text
    await team.clicks(proposal, "Ausschließen")
    await team.shows(proposal, "Von mira übernommen")
    assert "[Ausschließen]" not in proposal.text
    assert "exclude = ['karate']" in world.path.read_text()
    await world.hears("+1 Ausschluss")
    press.publishes("Acme Karate Gürtel")
    press.publishes("Acme baut um")
    await world.hears("Acme baut um")
    assert world.alerts("Gürtel") == []


async def test_a_click_on_a_proposal_counts_once_and_only_where_it_stands(world, team):
    await twice_irrelevant(world, team)
    proposal = await world.hears("„karate“ bei Acme ausschließen?")
    await team.clicks(proposal, "Ausschließen", message={"ts": "1.0", "metadata": {}}, container={"message_ts": "1.0"})
    await team.whispers("Diese Meldung ist hier nicht")
    assert "karate" not in world.path.read_text()
    await team.clicks(proposal, "Behalten")
    await team.shows(proposal, "Von mira abgelehnt")
    assert "karate" not in world.path.read_text()


async def test_a_noisy_watch_is_muted_for_a_day_by_one_click(world, team):
    press = world.feed()
    world.config["channels"]["pr"] |= {"max_per_hour": 0}
    world.watch("Paketdienst", "post")
    await world.watches()
    await world.eventually(lambda: team.people.lines, "a line")
    for n in range(50):
        press.publishes(f"Die Post in Ort {n}")
    warning = await world.hears("Paketdienst trifft sehr oft")
    await team.clicks(warning, "Für 24 h stummschalten")
    await team.whispers("Paketdienst ist für 24 h stumm")
    (silent,) = await reports.silence_list(world.app.config, world.clock())
    assert (silent.value, silent.by.name, silent.reason) == ("Paketdienst", "mira", "trifft zu oft")
    await team.clicks(warning, "Für 24 h stummschalten")
    await team.whispers("schon stumm")
