"""Who is told of what, and why: `route test`, `why`, and the reasons of everything that was held back."""

from __future__ import annotations

from datetime import timedelta

from smwatch import noisy, rehearsal
from smwatch import why as reasons
from smwatch.model import Item, Person
from smwatch.silence import Scope, Silence
from smwatch.store import silences


async def rehearsed(world, said):
    item = said if isinstance(said, Item) else await rehearsal.item_of(world.app.config, said)
    return await rehearsal.rehearse(world.app.config, item, world.clock())


async def test_route_test_names_watches_channels_priority_and_reasons(world):
    world.feed()
    world.room("krise")
    world.watch("Acme", "acme", alert=["pr", "krise"], exclude=["karate"])
    world.config["watch"][-1]["raise"] = [{"query": "acme NEAR/5 rückruf", "priority": "sofort"}]
    world.watch("Wettbewerb", "globex", alert=None, digest=["morgens"])
    world.digest()
    await world.watches()
    done = await rehearsed(world, "Acme startet einen Rückruf, Globex nicht")
    assert [(one.watch.name, str(one.priority)) for one in done.outcomes] == [
        ("Acme", "urgent"),
        ("Wettbewerb", "normal"),
    ]
    assert [(place.channel, place.held) for place in done.outcomes[0].places] == [("pr", ()), ("krise", ())]
    assert done.outcomes[1].kept_back.code == "no-alert"
    lines = "\n".join(rehearsal.told(done, "de", "Europe/Berlin"))
    assert "✓ Acme (Priorität: sofort)" in lines
    assert "krise: würde jetzt gemeldet" in lines
    assert "in diesen Überblicken: morgens" in lines
    left_out = await rehearsed(world, "Acme Karate Club")
    assert left_out.outcomes == ()
    assert rehearsal.told(left_out, "de", "Europe/Berlin") == ["✗ Acme: ausgeschlossen durch „karate“"]
    nothing = await rehearsed(world, "Wetter")
    assert rehearsal.told(nothing, "de", "Europe/Berlin") == ["Kein Suchauftrag trifft: niemand würde es erfahren."]
    assert world.slack.reads("Rückruf") == []


async def test_route_test_says_what_holds_an_alert_now(world):
    world.feed()
    world.config["channels"]["pr"] |= {"quiet_hours": {"from": "11:30", "to": "12:00"}}
    world.config["smwatch"]["own_accounts"] = ["@acme"]
    world.watch("Acme", "acme")
    await world.watches()
    world.passes(minutes=40)
    done = await rehearsed(world, "Acme ruft zurück")
    (held,) = done.outcomes[0].places[0].held
    assert (held.code, held.reason.render("de")) == ("quiet", "Ruhezeit bis 12:00")
    own = await rehearsed(world, '{"title": "Acme ruft zurück", "author": {"handle": "@acme"}}')
    assert own.outcomes[0].kept_back.code == "own"
    old = await rehearsed(world, '{"title": "Acme ruft zurück", "published": "2026-01-01T00:00:00+00:00"}')
    assert old.outcomes[0].kept_back.code == "old"
    told = rehearsal.as_json(done, "en")
    assert told["matches"][0]["channels"] == [
        {
            "channel": "pr",
            "now": False,
            "held": [{"code": "quiet", "reason": "quiet hours until 12:00", "until": "2026-11-24T11:00:00+00:00"}],
        }
    ]


async def test_route_test_reads_a_page_that_is_not_known_yet(world):
    world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    world.server.put(
        "/artikel",
        '<html lang="de"><head><title>Rückruf</title></head><body><article><p>Acme ruft zurück.</p></article></body></html>',
    )
    url = world.server.url("/artikel")
    item = await rehearsal.item_of(world.app.config, url, allow_private=True)
    assert (item.title, item.text, item.lang, item.url) == ("Rückruf", "Acme ruft zurück.", "de", url)


async def test_why_says_words_rule_channels_and_story(world):
    press = world.feed()
    other = world.feed("Abendblatt")
    world.watch("Acme", "acme", client=None)
    await world.watches()
    words = "Das Unternehmen Acme ruft heute alle Wasserkocher zurück. Sie können überhitzen, teilte die Firma mit."
    press.publishes("Acme ruft zurück", words)
    await world.calm()
    other.publishes("Acme ruft zurück", words)
    await world.calm()
    (card,) = world.alerts("Acme ruft zurück")
    first = card.text.split("·")[-1].split()[0]
    assert first.startswith("M")
    known = await reasons.why(world.app.config, first.lower())
    assert known.mention.short == first
    lines = "\n".join(reasons.told(known, language="de", timezone="Europe/Berlin"))
    assert "Suchauftrag: Acme" in lines
    assert "im Text: Das Unternehmen Acme ruft heute" in lines
    assert "pr: Meldung" in lines
    assert "pr: gemeldet am" in lines
    assert "2 Beiträge" in lines
    told = reasons.as_json(known, "en")
    assert told["id"] == first
    assert told["channels"][0] | {"told_at": None} == {
        "channel": "pr",
        "verdict": "alert",
        "code": "alert",
        "reason": told["reason"],
        "state": "sent",
        "told_at": None,
        "waits": None,
        "next_try": None,
    }
    (item,) = told["story"]["items"]
    assert (item["source"], bool(item["why"])) == ("Abendblatt", True)
    assert (await reasons.why(world.app.config, known.mention.item.url)).mention.id == known.mention.id


async def test_why_says_what_holds_a_mention_back(world):
    press = world.feed()
    world.config["channels"]["pr"] |= {"quiet_hours": {"from": "11:30", "to": "12:00"}}
    world.watch("Acme", "acme")
    await world.watches()
    world.passes(minutes=40)
    press.publishes("Acme ruft zurück")
    await world.calm(queue=None)
    await world.moment()
    known = await reasons.why(world.app.config, "M01")
    assert "Ruhezeit bis 12:00" in "\n".join(reasons.told(known, language="de", timezone="Europe/Berlin"))
    assert reasons.as_json(known, "en")["channels"][0]["waits"] == "quiet hours until 12:00"


async def test_a_noisy_word_is_warned_of_once_a_day_with_a_way_to_mute_it(world):
    press = world.feed()
    world.config["channels"]["pr"] |= {"max_per_hour": 0}
    world.watch("Paketdienst", "post OR bahn")
    await world.watches()
    for n in range(49):
        press.publishes(f"Die Post in Ort {n}")
    await world.calm()
    await world.app.noise.step(world.clock())
    assert world.slack.reads("trifft sehr oft") == []
    press.publishes("Mit der Bahn nach Bonn")
    warning = await world.hears("Paketdienst trifft sehr oft: 50 Mal in der letzten Stunde")
    assert "Am häufigsten durch post (49), bahn (1); am meisten von Tagesbote (50)." in warning.text
    assert "smwatch silence add --watch Paketdienst --for 24h" in warning.text
    press.publishes("Noch eine Bahn")
    await world.calm(queue=None)
    await world.app.noise.step(world.clock())
    assert len(world.slack.reads("trifft sehr oft")) == 1
    world.passes(hours=25)
    for n in range(60):
        press.publishes(f"Post {n} kommt")
    await world.eventually(lambda: len(world.slack.reads("trifft sehr oft")) == 2, "the next day's warning")


async def test_a_noisy_watch_that_is_silenced_already_is_not_warned_of(world):
    press = world.feed()
    world.watch("Post", "post")
    await world.watches()
    async with world.app.store.write() as connection:
        await silences.add(
            connection,
            Silence(
                scope=Scope.WATCH,
                value="Post",
                until=world.clock() + timedelta(days=1),
                by=Person(name="Anna"),
                reason="zu viel",
                at=world.clock(),
            ),
        )
    for n in range(60):
        press.publishes(f"Die Post in Ort {n}")
    await world.calm(queue=None)
    assert (
        await noisy.Warner(store=world.app.store, config=lambda: world.app.config, wake=lambda _: None).step(
            world.clock()
        )
        == []
    )
