"""Silences end to end: held at the moment of sending, counted in the digest, told together at their end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smwatch import reports, silencing
from smwatch import why as reasons
from smwatch.errors import UserError
from smwatch.model import Person
from smwatch.silence import Scope

ANNA = Person(id="cli:anna", name="Anna")


async def acme(world, **keys):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"], **keys)
    world.digest()
    await world.watches()
    return press


def wish(world, scope, value="", hours=2, **more):
    until = world.clock() + timedelta(hours=hours)
    given = {"scope": scope, "value": value, "until": until, "by": ANNA, "reason": "Pressekonferenz läuft"}
    return silencing.Wish(**given | more)


async def silence(world, scope, value="", **more):
    return await reports.silence_add(world.app.config, wish(world, scope, value, **more))


async def test_a_silent_watch_tells_nothing_until_it_ends_and_is_counted(world):
    press = await acme(world)
    await silence(world, Scope.WATCH, "acme")
    press.publishes("Acme ruft zurück")
    press.publishes("Acme baut neu")
    await world.calm(queue=None)
    await world.moment()
    assert world.alerts() == []
    (one, _other) = await world.queue()
    assert one.reason.render("de") == "stummgeschaltet bis 24.11. 13:00 von Anna: Pressekonferenz läuft"
    shown = await world.preview()
    assert "2 × stummgeschaltet" in shown
    assert "stummgeschaltet: der Suchauftrag „Acme“, läuft ab in 2 h: Pressekonferenz läuft (Anna)" in shown
    assert "Acme ruft zurück" in shown
    world.passes(hours=2, minutes=1)
    (summary,) = [await world.hears("Während der Stummschaltung")]
    assert "Acme ruft zurück" in summary.text
    assert "Acme baut neu" in summary.text
    assert world.alerts() == []
    await world.settles()  # Slack has it before the store says so
    assert await world.queue() == []
    assert "2 × stummgeschaltet" in await world.preview()


async def test_an_edit_of_a_message_that_stands_is_not_held(world):
    press = await acme(world)
    other = world.feed("Abendblatt")
    await world.reloads()
    await world.calm()
    words = "Das Unternehmen Acme ruft heute alle Wasserkocher zurück. Sie können überhitzen, teilte die Firma mit."
    press.publishes("Acme ruft zurück", words)
    await world.hears("Acme ruft zurück")
    await silence(world, Scope.STORY, "M01")
    other.publishes("Acme ruft zurück", words)
    await world.hears("in 2 Quellen")
    assert len(world.alerts()) == 1


async def test_ending_a_silence_tells_what_it_held(world):
    press = await acme(world)
    name = await silence(world, Scope.SITE, "https://www.tagesbote.example/")
    press.publishes("Acme ruft zurück", link="https://nord.tagesbote.example/1")
    await world.calm(queue=None)
    await world.moment()
    assert world.alerts() == []
    (listed,) = await reports.silence_list(world.app.config, world.clock())
    assert (listed.short, listed.value, listed.by.name) == (name, "tagesbote.example", "Anna")
    await reports.silence_end(world.app.config, name.lower())
    await world.hears("Acme ruft zurück")
    assert await reports.silence_list(world.app.config, world.clock()) == []
    with pytest.raises(UserError, match="no silence is called"):
        await reports.silence_end(world.app.config, name)


async def test_a_message_that_was_changed_meanwhile_does_not_go_on_to_say_that_it_is_silenced(world):
    press = await acme(world)
    other = world.feed("Abendblatt")
    await world.reloads()
    await world.calm()
    words = "Das Unternehmen Acme ruft heute alle Wasserkocher zurück. Sie können überhitzen, teilte die Firma mit."
    press.publishes("Acme ruft zurück", words)
    await world.hears("Acme ruft zurück")
    name = await silence(world, Scope.STORY, "M01")
    other.publishes("Acme ruft zurück", words)
    post = await world.hears("stummgeschaltet bis")
    assert "in 2 Quellen" in post.text
    await reports.silence_end(world.app.config, name)
    await world.eventually(lambda: "stummgeschaltet" not in post.text, "the message without the silence")


async def test_an_author_is_silenced_without_a_name_in_the_store(world):
    press = await acme(world)
    press.publishes("Acme ist doof", author="Karl Klage")
    await world.hears("Acme ist doof")
    await silence(world, Scope.AUTHOR, "M01")
    press.publishes("Acme ist immer noch doof", author="Karl Klage")
    press.publishes("Acme ist gut", author="Lisa Lob")
    await world.hears("Acme ist gut")
    assert world.alerts("immer noch") == []
    (listed,) = await reports.silence_list(world.app.config, world.clock())
    assert "Karl" not in repr(listed)
    both = [reasons.as_json(await reasons.why(world.app.config, name), "de") for name in ("M02", "M03")]
    (held,) = [one for one in both if "immer noch" in one["item"]["title"]]
    assert [one["code"] for one in held["decisions"]] == ["alert", "silence"]


async def test_a_silence_of_the_files_holds_what_its_query_finds(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest()
    world.config["silence"] = [{"query": "karate", "until": "2026-12-31", "reason": "Turnier"}]
    await world.watches()
    press.publishes("Acme Karate Club siegt")
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    assert world.alerts("Karate") == []
    shown = await world.preview()
    assert "1 × stummgeschaltet" in shown
    assert "was „karate“ findet, läuft ab in 37 Tagen: Turnier (smwatch.toml:" in shown


async def test_a_story_that_nobody_silenced_in_another_watch_is_told(world):
    press = world.feed()
    world.watch("Acme", "acme")
    world.watch("Rückruf", "rückruf")
    await world.watches()
    await silence(world, Scope.WATCH, "Acme")
    press.publishes("Rückruf bei Acme")
    press.publishes("Acme baut neu")
    await world.hears("Rückruf bei Acme")
    assert world.alerts("baut neu") == []


async def test_a_whole_client_can_be_silenced_and_the_other_one_is_told(world):
    press = world.feed()
    world.room("globex")
    world.watch("Acme", "acme", client="Acme")
    world.watch("Globex", "globex", client="Globex", alert=["globex"])
    await world.watches()
    with pytest.raises(UserError, match="say for whom"):
        await silence(world, Scope.CLIENT)
    await silence(world, Scope.CLIENT, client="Acme")
    press.publishes("Acme ruft zurück")
    press.publishes("Globex ruft zurück")
    await world.hears("Globex ruft zurück", "globex")
    await world.moment()
    assert world.alerts("Acme") == []


async def test_a_store_without_a_daemon_takes_silences_too(world):
    press = await acme(world)
    config = world.app.config
    await world.stops()
    name = await reports.silence_add(config, wish(world, Scope.WATCH, "Acme"), world.clock())
    await world.starts()
    press.publishes("Acme ruft zurück")
    await world.calm(queue=None)
    await world.moment()
    assert world.alerts() == []
    assert (await reports.silence_list(config, world.clock()))[0].short == name


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2h", "2026-11-24T12:00:00+00:00"),
        ("30m", "2026-11-24T10:30:00+00:00"),
        ("3 Tage", "2026-11-27T10:00:00+00:00"),
        ("2026-11-30", "2026-11-30T23:00:00+00:00"),
        ("2026-11-30T18:00", "2026-11-30T17:00:00+00:00"),
    ],
)
def test_when_a_silence_ends(said, expected):
    from story_world import TUESDAY

    assert silencing.until_of(said, "Europe/Berlin", TUESDAY).isoformat() == expected


@pytest.mark.parametrize("said", ["", "bald", "2020-01-01", "0h", "99999d"])
def test_a_silence_has_an_end_that_makes_sense(said):
    from story_world import TUESDAY

    with pytest.raises(UserError):
        silencing.until_of(said, "Europe/Berlin", TUESDAY)


async def test_a_silence_that_leaves_the_files_lets_go_of_what_it_held(world):
    press = world.feed()
    world.watch("Acme", "acme")
    world.config["silence"] = [{"watch": "Acme", "until": "2026-12-31", "reason": "Messe"}]
    await world.watches()
    press.publishes("Acme ruft zurück")
    await world.calm(queue=None)
    await world.moment()
    assert world.alerts() == []
    world.config["silence"] = []
    await world.reloads()
    await world.hears("Acme ruft zurück")


async def test_a_story_that_gets_urgent_in_quiet_hours_is_told_at_once(world):
    press = world.feed()
    other = world.feed("Abendblatt")
    world.config["channels"]["pr"]["quiet_hours"] = {"from": "12:00", "to": "14:00", "except_priority": "sofort"}
    world.watch("Acme", "acme")
    world.watch("Eilig", "eilmeldung", priority="sofort")
    await world.watches()
    world.passes(hours=1, minutes=10)
    words = "Das Unternehmen Acme ruft heute alle Wasserkocher zurück. Sie können überhitzen, teilte die Firma mit."
    press.publishes("Acme ruft zurück", words)
    await world.calm(queue=None)
    await world.moment()
    assert world.alerts() == []
    other.publishes("Eilmeldung: Acme ruft zurück", words)
    await world.hears("Sofort")
