"""What is one item, whatever its feed does to it (FAILURES B9 to B26)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from smwatch.store import schema

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOOKS_LIKE_ACME = "\u0410\u0441m\u0435"  # Cyrillic А, с and е around an m


@pytest.fixture
async def press(world):
    made = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    return made


async def test_a_brand_in_look_alike_letters_alerts_and_says_so(world, press):
    press.publishes(f"{LOOKS_LIKE_ACME} verlost Gutscheine")
    alert = await world.hears("verlost Gutscheine")
    assert "ähnlich aussehenden Buchstaben" in alert.text


async def test_guids_that_are_new_every_day_alert_nobody_again_and_are_no_edit(world, press):
    posts = [press.publishes(f"Acme meldet Zahlen, Teil {n}", "Mit Tabelle und Ausblick.") for n in range(3)]
    await world.calm()
    alerts = len(world.alerts())
    for day in range(5):
        world.passes(hours=24)
        for n, post in enumerate(posts):
            press.edits(post, guid=f"day-{day}-{n}", at=world.clock())
        await world.calm()
    assert len(world.alerts()) == alerts
    (row,) = world.app.scheduler.rows
    assert (row.state, row.reason.render("de")[:60]) == (
        "ok",
        "ihre Einträge bekommen immer wieder neue Kennungen; sie werd",
    )
    press.edits(posts[0], text="Mit Tabelle, Ausblick und einem Nachtrag.")
    await world.calm()
    assert len(world.alerts()) == alerts
    press.publishes("Acme meldet noch etwas")
    await world.hears("Acme meldet noch etwas")


async def test_two_entries_that_say_the_same_stay_two_entries(world, press):
    for n in range(2):
        press.publishes("Acme ruft zurück", "Die Charge L2207.", link="https://blatt.example/1", guid=f"doppelt-{n}")
    for _ in range(4):
        await world.calm()
    (row,) = world.app.scheduler.rows
    assert (row.state, row.reason) == ("ok", None)
    assert len(world.alerts()) == 1


async def test_tracking_that_changes_with_every_poll_is_no_other_item(world, press):
    post = press.publishes("Acme ruft zurück", link="https://blatt.example/1?utm_source=rss&utm_id=1", guid=None)
    first = await world.hears("Acme ruft zurück")
    for n in range(2, 5):
        press.edits(post, link=f"http://www.blatt.example/1/?utm_source=rss&utm_id={n}")
        await world.calm()
    assert world.alerts() == [first]


async def test_what_slides_back_into_the_feed_is_known_and_what_is_old_does_not_alert(world, press):
    posts = [press.publishes(f"Acme Nummer {n}") for n in range(3)]
    await world.calm()
    alerts = len(world.alerts())
    press.posts, kept = [], press.posts
    press.shows()
    await world.calm()
    world.passes(hours=50)
    press.posts = kept
    press.shows()
    await world.calm()
    press.publishes("Acme von vor einem Jahr", ago=DAY * 365)
    await world.calm()
    assert len(world.alerts()) == alerts
    assert posts[0].guid


async def test_a_guid_that_another_article_takes_over_alerts_and_one_that_is_only_renamed_does_not(world, press):
    post = press.publishes("Acme ruft zurück", "Die Charge L2207 ist betroffen, sagt der Hersteller am Montag.")
    await world.hears("Acme ruft zurück")
    press.edits(post, title="Acme ruft Müsli zurück")
    await world.calm()
    assert len(world.alerts()) == 1
    press.edits(post, title="Rückruf bei Acme", link="https://tagesbote.example/rueckruf")  # the same article, moved
    await world.calm()
    assert (len(world.alerts()), await kept(world)) == (1, 1)
    press.edits(
        post, title="Acme mit Gewinn", text="Der Umsatz stieg um vier Prozent auf neun Millionen Euro."
    )  # its link
    await world.calm()
    assert (len(world.alerts()), await kept(world)) == (1, 1)
    press.edits(
        post,
        title="Acme baut ein Werk",
        text="In Oberau entstehen vierzig neue Arbeitsplätze, der Bau beginnt im Frühjahr.",
        link="https://tagesbote.example/werk",
    )
    await world.hears("Acme baut ein Werk")
    assert (len(world.alerts()), await kept(world)) == (2, 2)


async def kept(world):
    """How many items the store holds."""
    async with world.app.store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(schema.item))).scalar_one()


async def test_content_that_changes_with_every_poll_is_followed_24_times(world, press):
    post = press.publishes("Acme-Liveticker", "Stand 0")
    await world.hears("Acme-Liveticker")
    for n in range(1, 31):
        press.edits(post, text=f"Stand {n}")
        await world.calm()
    async with world.app.store.read() as connection:
        (said,) = (await connection.execute(select(schema.item.c.text))).scalars()
    assert said == "Stand 24"
    assert len(world.alerts()) == 1


async def test_an_edit_that_adds_the_brand_alerts_once_even_a_day_later(world, press):
    post = press.publishes("Rückruf in der Branche", "Ein Hersteller ruft Müsli zurück.")
    await world.calm()
    world.passes(hours=20)
    press.edits(post, text="Ein Hersteller ruft Müsli zurück. Es ist Acme.")
    first = await world.hears("Rückruf in der Branche")
    press.edits(post, text="Ein Hersteller ruft Müsli zurück. Es ist Acme, bestätigt ein Sprecher.")
    await world.calm()
    press.edits(post, text="Ein Hersteller ruft Müsli zurück.")
    await world.calm()
    press.edits(post, text="Ein Hersteller ruft Müsli zurück. Doch Acme.")
    await world.calm()
    assert world.alerts() == [first]


@pytest.mark.parametrize("guid", [None, "", "0", "gleich"])
async def test_entries_without_ids_of_their_own_are_told_apart(world, press, guid):
    for n in range(3):
        press.publishes(f"Acme Nummer {n}", link=f"https://blatt.example/{n}", guid=guid)
    for n in range(3):
        await world.hears(f"Acme Nummer {n}")
    await world.calm()
    assert len(world.alerts()) == 3


async def test_five_hundred_items_of_a_first_round_are_one_line(world):
    press = world.feed()
    shows, press.shows = press.shows, lambda: None
    for n in range(500):
        press.publishes(f"Acme Nummer {n}", ago=timedelta(minutes=n))
    press.shows = shows
    press.shows()
    world.watch("Acme", "acme")
    await world.watches()
    await world.calm()
    assert world.alerts() == []
    (told,) = world.slack.posts()
    assert "500 ältere Beiträge" in told.text


async def test_dates_from_nowhere_neither_alert_late_nor_stop_what_follows(world, press):
    for when in (
        "Fri, 01 Jan 2038 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "gestern",
    ):
        press.publishes(f"Acme am Tag {when[:16]}", at=when)
    await world.hears("Acme am Tag Fri, 01 Jan 2038")
    await world.hears("Acme am Tag gestern")
    press.publishes("Acme heute")
    await world.hears("Acme heute")
    async with world.app.store.read() as connection:
        dates = (await connection.execute(select(schema.item.c.published))).scalars().all()
    assert [one for one in dates if one is not None and one.year != world.clock().year] == []  # nobody is shown 1970
