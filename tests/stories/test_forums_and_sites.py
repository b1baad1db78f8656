"""Forums and websites without a feed: what is written there is told like anything else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smwatch.testing.boards import Discourse, PhpBB
from smwatch.testing.servers import Served
from smwatch.testing.site import Site

RECALL = "Der Hersteller Acme ruft die Charge L2207 zurück, weil Steinchen in der Packung sein können."


@pytest.fixture
async def discourse():
    async with Discourse() as board:
        board.writes("Müsli", "anna", "Ich mag es mit Acme-Flocken.")
        yield board


@pytest.fixture
async def phpbb():
    async with PhpBB() as board:
        board.writes("Bohrer", "heinz", "Alles gut.")
        yield board


@pytest.fixture
async def site():
    async with Site() as found:
        found.publishes("/impressum", "Impressum", "Verantwortlich ist Erika Muster.")
        yield found


async def test_a_post_in_a_discourse_is_an_alert_with_its_author_and_the_ones_before_are_history(world, discourse):
    world.source("Müsliforum", discourse.url("/"), type="forum")
    world.watch("Acme", "acme")
    await world.watches()
    discourse.writes("Müsli", "bäcker", "Bei mir waren Steinchen im Acme-Müsli.", at=world.clock())
    alert = await world.hears("Bei mir waren Steinchen")
    await world.calm()
    assert world.alerts() == [alert]
    assert "bäcker" in alert.text
    assert "/t/thema-1/1/2" in alert.text


async def test_two_answers_in_one_thread_of_a_phpbb_board_are_one_story(world, phpbb):
    world.source("Werkzeugforum", phpbb.url("/"), type="forum")
    world.watch("Acme", "acme")
    await world.watches()
    phpbb.writes("Bohrer", "werner", "Der Bohrer von Acme ist mir heute in der Wand abgebrochen.", at=world.clock())
    alert = await world.hears("in der Wand abgebrochen")
    phpbb.writes("Bohrer", "heinz", "Bei Acme gibt es Ersatz, ruf dort einfach morgen früh an.", at=world.clock())
    await world.eventually(lambda: alert.edits == 1, "the edit")
    await world.calm()
    assert world.alerts() == [alert]


async def test_a_forum_that_shows_its_login_page_is_a_source_that_fails(world, phpbb):
    world.source("Werkzeugforum", phpbb.url("/"), type="forum")
    world.watch("Acme", "acme")
    await world.watches()
    login = b'<title>Anmelden</title><form><input type="password"></form>'
    for path in list(phpbb.pages):
        phpbb.pages[path] = Served(body=login, content_type="text/html", validators=())

    def reason():
        (row,) = world.app.scheduler.rows
        return row.state == "failing" and row.reason.render("de")

    said = await world.until_true(reason, "the source to fail")
    assert "zeigt eine Anmeldeseite" in said


async def test_a_new_page_and_a_changed_one_are_alerts_and_the_pages_of_before_are_not(world, site):
    site.publishes("/alt", "Acme in alten Zeiten", RECALL)
    world.source("Acme-Website", site.url("/"), type="website")
    world.watch("Acme", "rückruf OR zurück OR vorstand")
    await world.watches()
    later = world.clock() + timedelta(minutes=1)
    site.publishes("/presse/1", "Acme ruft zurück", RECALL, at=later)
    await world.hears("Acme ruft zurück")
    site.publishes(
        "/impressum", "Impressum", "Verantwortlich ist Erika Muster.", "Neu im Vorstand ist Max Beispiel.", at=later
    )
    alert = await world.hears("ist Max Beispiel")
    await world.calm()
    assert "/impressum" in alert.text
    assert len(world.alerts()) == 2


async def test_a_compared_page_is_told_with_what_came_and_went(world, site):
    page = site.url("/impressum")
    world.source("Impressum", site.url("/"), type="website", pages=[page], max_per_hour=0)
    world.watch("Impressum", "Muster")
    await world.watches()
    site.publishes("/impressum", "Impressum", "Verantwortlich ist Max Beispiel.")
    alert = await world.hears("Max Beispiel")
    assert "Geändert: Impressum" in alert.text
    await world.calm()
    assert len(world.alerts()) == 1


async def test_an_outage_of_the_own_site_is_told_once_and_so_is_its_end(world, site):
    world.source("Acme-Website", site.url("/"), type="website", health=True, max_per_hour=0)
    world.watch("Störungen", "type:status")
    await world.watches()
    good = site.pages["/"]
    site.pages["/"] = Served(body=b"", status=503, validators=())
    await world.hears("Die Website ist gestört")
    site.pages["/"] = good
    await world.until_true(lambda: world.slack.reads("funktioniert wieder"), "the end of it")
    await world.calm()
    assert len(world.alerts()) == 2
