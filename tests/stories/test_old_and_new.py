"""What is news and what is not (DATA.md, "Old and new")."""

from __future__ import annotations

from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def test_the_first_round_is_old_whatever_date_it_carries(world):
    press = world.feed()
    press.publishes("Acme war schon da", ago=HOUR)
    press.publishes("Acme aus der Zukunft", at="Fri, 01 Jan 2038 00:00:00 GMT")
    press.publishes("Acme ohne Datum", at=None)
    world.watch("Acme", "acme")
    await world.starts()
    told = await world.hears("smwatch beobachtet")
    assert "1 Quelle gelesen, 3 ältere Beiträge, 3 hätten getroffen" in told.text
    await world.calm()
    assert world.slack.posts() == [told]


async def test_what_is_new_alerts_once_with_title_and_link(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Globex ruft nichts zurück")
    post = press.publishes("Acme ruft zurück", "Die Charge L2207 ist betroffen.")
    alert = await world.hears("Acme ruft zurück")
    await world.calm()
    assert world.slack.posts()[1:] == [alert]
    assert post.link in alert.text
    assert world.slack.count("chat.postMessage") == 2


async def test_what_was_in_the_first_round_stays_old_when_it_is_edited(world):
    press = world.feed()
    post = press.publishes("Ohne Datum und ohne Marke", at=None)
    world.watch("Acme", "acme")
    await world.watches()
    press.edits(post, title="Ohne Datum, jetzt mit Acme")
    await world.calm()
    assert world.alerts() == []


async def test_an_edit_that_adds_the_brand_alerts_once_and_further_edits_do_not(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    post = press.publishes("Rückruf in der Branche")
    await world.calm()
    assert world.alerts() == []
    press.edits(post, text="Inzwischen ist klar: es geht um Acme.")
    alert = await world.hears("Rückruf in der Branche")
    press.edits(post, text="Inzwischen ist klar: es geht um Acme und zwei andere.")
    await world.calm()
    assert world.alerts() == [alert]


async def test_an_edit_alerts_another_watch_but_not_the_one_that_knows_it(world):
    press = world.feed()
    world.room("acme")
    world.room("globex")
    world.watch("Acme", "acme", alert=["acme"])
    world.watch("Globex", "globex", alert=["globex"])
    await world.watches()
    post = press.publishes("Acme ruft zurück")
    await world.hears("Acme ruft zurück", "acme")
    press.edits(post, title="Acme und Globex rufen zurück")
    await world.hears("Acme und Globex rufen zurück", "globex")
    await world.calm()
    assert len(world.alerts(channel="acme")) == len(world.alerts(channel="globex")) == 1


async def test_new_guids_new_dates_and_a_second_publication_are_no_news(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    posts = [press.publishes(f"Acme meldet Zahlen, Teil {n}", "Mit Tabelle und Ausblick.") for n in range(5)]
    await world.calm()
    before = [one.text for one in world.slack.posts()]
    assert len(world.alerts()) == 5
    for post in posts:  # every id is another one each day
        press.edits(post, guid=f"churned-{world.count()}")
    await world.calm()
    world.passes(days=3)  # past the story's window
    for post in posts:  # the publisher dates everything anew
        press.edits(post, at=world.clock())
    await world.calm()
    for post in posts:  # and puts a tracking parameter into every link, under new ids
        press.edits(post, guid=f"again-{world.count()}", link=f"{post.link}?utm_source=rss&utm_medium=feed")
    await world.calm()
    world.passes(days=3)
    for post in posts:  # new ids and new dates together
        press.edits(post, guid=f"both-{world.count()}", at=world.clock())
    await world.calm()
    assert [one.text for one in world.slack.posts()] == before


async def test_a_guid_that_is_used_again_for_another_article_alerts(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    post = press.publishes("Acme ruft Müsli zurück", "Steine in der Packung.", guid="top")
    await world.hears("Acme ruft Müsli zurück")
    press.edits(
        post, title="Acme eröffnet ein Werk", text="In Oberau.", link="https://tagesbote.example/werk", at=world.clock()
    )
    second = await world.hears("Acme eröffnet ein Werk")
    await world.calm()
    assert second.edits == 0
    assert len(world.alerts()) == 2
    press.edits(post, title="Acme eröffnet ein größeres Werk")  # an edit of the second article is no third
    await world.calm()
    assert len(world.alerts()) == 2


async def test_dates_that_cannot_be_are_the_moment_of_first_sight(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme im Jahr 2038", at="Fri, 01 Jan 2038 00:00:00 GMT")
    press.publishes("Acme im Jahr 1970", at="Thu, 01 Jan 1970 00:00:00 GMT")
    press.publishes("Acme ganz ohne Datum", at=None)
    press.publishes("Acme irgendwann", at="neulich")
    await world.calm()
    assert len(world.alerts()) == 4


async def test_what_is_dated_before_the_first_poll_is_history(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme von gestern rutscht ins Fenster", ago=timedelta(minutes=5))
    await world.calm()
    assert world.alerts() == []


async def test_what_comes_when_it_is_older_than_a_day_is_told_in_one_bundle(world):
    press, blog = world.feed("Tagesbote"), world.feed("Blog")
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest()
    await world.watches()
    press.is_down()
    blog.is_down()
    world.passes(days=3)
    for n in range(130):
        press.posts.insert(0, _late(world, press, f"Acme Nachtrag {n}"))
    blog.posts.insert(0, _late(world, blog, "Acme im Blog"))
    press.shows()
    blog.shows()
    await world.calm()
    assert world.alerts() == []
    bundle = "\n".join(one.text for one in world.slack.posts())
    assert [n for n in range(130) if f"Acme Nachtrag {n}" not in bundle] == []
    assert "Acme im Blog" in bundle
    assert len(world.slack.reads("Nachgereicht: ")) <= 3  # what was on its way already cannot take more
    preview = await world.preview()
    assert "Acme im Blog" in preview


def _late(world, feed, title):
    post = feed.publishes(title, at=world.clock() - timedelta(hours=30))
    feed.posts.remove(post)
    feed.is_down()
    return post


async def test_what_was_published_while_it_was_down_alerts_exactly_once(world):
    press = world.feed()
    press.publishes("Acme vor dem Anfang", ago=HOUR)
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme zur Laufzeit")
    await world.hears("Acme zur Laufzeit")
    await world.stops()
    press.publishes("Acme in der Pause", at=world.clock() + timedelta(minutes=10))
    world.passes(hours=1)
    await world.starts()
    await world.hears("Acme in der Pause")
    await world.calm()
    await world.stops()
    await world.starts()
    await world.calm()
    assert len(world.alerts()) == 2
    assert len(world.slack.posts()) == 3


async def test_own_accounts_never_alert(world):
    world.config["smwatch"]["own_accounts"] = ["@acme", "https://www.acme.example"]
    press = world.feed()
    world.watch("Acme", "acme")
    world.digest()
    await world.watches()
    press.publishes("Acme über Acme", link="https://www.acme.example/presse/1")
    press.publishes("Acme schaut her", link="https://www.acme.example.evil.example/1")
    await world.hears("Acme schaut her")
    await world.calm()
    assert [one.text.count("Acme über Acme") for one in world.alerts()] == [0]


async def test_after_its_time_a_text_is_nowhere_any_more_and_still_no_news(world):
    press = world.feed()
    world.watch("Acme", "acme", digest=["morgens"])
    world.digest()
    await world.watches()
    post = press.publishes("Acme Kanarienvogel", "Ein Text mit Zaunkoenigin darin.", author="Petra Kanarienfrau")
    await world.hears("Acme Kanarienvogel")
    await world.calm()
    world.passes(days=91)
    await world.hears("Überblick morgens")
    await world.eventually(lambda: not _anywhere(world, b"Kanarien"), "the text to be erased")
    assert not _anywhere(world, b"Zaunkoenigin")
    press.publishes("Acme danach", at=world.clock())
    press.edits(post, at=world.clock())
    await world.hears("Acme danach")
    await world.calm()
    assert len(world.alerts()) == 2


def _anywhere(world, words):
    return any(words in file.read_bytes() for file in world.folder.glob("fresh.db*"))
