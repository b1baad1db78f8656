"""Sources that move, fall silent, vanish: people hear of it once, and nothing is told twice."""

from __future__ import annotations

from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def row(world, name="Tagesbote"):
    return next(one for one in world.app.scheduler.rows if one.name == name)


async def test_a_feed_that_moved_is_proposed_once_and_nothing_is_told_again_under_its_new_address(world):
    press = world.feed("Tagesbote")
    entry = world.config["source"][0]
    world.watch("Acme", "acme")
    await world.watches()
    post = press.publishes("Acme ruft zurück")
    first = await world.hears("Acme ruft zurück")
    old, press.path = press.path, "/neu"
    press.shows()
    world.server.redirect(old, "/neu", 301)
    for _ in range(3):
        await world.calm()
    told = await world.hears("neue Adresse")
    new = world.server.url("/neu")
    assert new in told.text
    assert "umgezogen" in row(world).reason.render("de")
    world.passes(hours=30)
    await world.calm()
    assert len(world.slack.reads("neue Adresse")) == 1

    before = row(world).id
    entry["url"] = new
    await world.reloads()
    await world.calm()
    press.edits(post, text="Mit weiteren Einzelheiten zu Acme.")
    press.publishes("Acme zahlt zurück")
    await world.hears("Acme zahlt zurück")
    await world.calm()
    assert len(world.alerts()) == 2
    assert world.alerts("Acme ruft zurück") == [first]
    assert (row(world).id, row(world).reason, row(world).state) == (before, None, "ok")

    entry["url"] = world.server.url(old)  # back again: it is known by all of its addresses
    await world.reloads()
    await world.calm()
    assert (row(world).id, len(world.alerts())) == (before, 2)


async def test_a_feed_under_the_secure_address_is_the_same_feed(world):
    press = world.feed("Tagesbote")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück")
    before = row(world).id
    world.config["source"][0]["url"] = press.url + "/?utm_source=acme"
    world.server.pages[press.path + "/"] = world.server.pages[press.path]
    await world.reloads()
    await world.calm()
    assert (row(world).id, len(world.alerts())) == (before, 1)


async def test_silence_is_told_once_and_stands_in_status_and_digest(world):
    press = world.feed("Tagesbote")
    for n in range(12):
        press.publishes(f"Aus dem Rathaus, Teil {n}", ago=HOUR * (12 - n))
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest()
    await world.watches()
    assert row(world).state == "ok"
    world.passes(hours=6)
    await world.eventually(lambda: row(world).state == "silent", "the silence")
    told = await world.hears("verdächtig still")
    assert "Tagesbote" in told.text
    world.passes(hours=30)
    await world.calm()
    assert len(world.slack.reads("verdächtig still")) == 1

    async def overview():
        return "Quellen ohne neuen Beitrag" in (said := await world.preview()) or "ohne Inhalt" in said

    await world.eventually(overview, "the silence in the digest")
    press.publishes("Acme meldet sich")
    await world.hears("Acme meldet sich")
    await world.eventually(lambda: row(world).state == "ok", "the end of the silence")


async def test_what_is_gone_for_good_rests_and_is_said_once(world):
    press = world.feed("Tagesbote")
    world.feed("Blog")
    world.watch("Acme", "acme")
    await world.watches()
    press.answers("", status=410, validators=())
    await world.eventually(lambda: row(world).state == "gone", "the first 410")
    for _ in range(3):
        world.passes(hours=13)
        await world.calm(queue=None)
    told = await world.hears("nicht lesbar")
    assert "dauerhaft" in told.text or "410" in told.text
    asked = world.polls["Tagesbote"]
    for _ in range(6):
        world.clock_only(hours=12)
        await world.moment()
    assert world.polls["Tagesbote"] == asked
    assert len(world.slack.reads("Tagesbote")) == 1


async def test_not_found_is_asked_once_a_day_and_told_after_three(world):
    press = world.feed("Tagesbote")
    world.feed("Blog")
    world.watch("Acme", "acme")
    await world.watches()
    press.answers("", status=404, validators=())
    await world.eventually(lambda: row(world).state == "failing", "the first 404")
    world.passes(hours=30)
    await world.calm()
    assert world.slack.reads("nicht lesbar") == []
    assert row(world).due_at - world.clock() > 10 * HOUR
    world.passes(hours=48)
    told = await world.hears("nicht lesbar")
    assert "404" in told.text
