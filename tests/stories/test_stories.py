"""One story is one message; clients are kept apart; brands are found however they are written."""

from __future__ import annotations

from datetime import timedelta

TEXT = "Der Hersteller Acme ruft die Charge L2207 zurück, weil Steinchen in der Packung sein können."


async def test_the_same_story_from_two_feeds_is_one_message_that_is_edited(world):
    press, blog = world.feed("Tagesbote"), world.feed("Abendblatt")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme ruft zurück", TEXT)
    alert = await world.hears("Acme ruft zurück")
    blog.publishes("Acme ruft zurück", TEXT)
    await world.eventually(lambda: alert.edits == 1, "the edit")
    await world.calm()
    assert world.alerts() == [alert]
    assert "in 2 Quellen" in alert.text


async def test_an_agency_report_with_another_last_sentence_is_the_same_story(world):
    feeds = [world.feed(f"Blatt {n}") for n in range(3)]
    world.watch("Acme", "acme")
    await world.watches()
    feeds[0].publishes("Acme ruft Müsli zurück", TEXT)
    await world.hears("Acme ruft Müsli zurück")
    feeds[1].publishes("Acme ruft Müsli zurück", f"{TEXT} Mehr dazu lesen Sie morgen in unserer gedruckten Ausgabe.")
    feeds[2].publishes("Acme ruft Müsli zurück!", TEXT[:60])
    await world.calm()
    assert len(world.alerts()) == 1
    assert "in 3 Quellen" in world.alerts()[0].text


async def test_the_same_headline_over_another_text_is_another_story(world):
    press, blog = world.feed("Tagesbote"), world.feed("Blog")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Neues von Acme heute", TEXT)
    blog.publishes(
        "Neues von Acme heute", "Die Besuchermühle in Oberau ist ab Samstag geöffnet, der Eintritt ist frei."
    )
    await world.calm()
    assert len(world.alerts()) == 2


async def test_the_same_link_under_two_headlines_is_one_story(world):
    press, blog = world.feed("Tagesbote"), world.feed("Linkliste")
    world.watch("Acme", "acme")
    await world.watches()
    post = press.publishes("Acme ruft zurück", TEXT)
    await world.hears("Acme ruft zurück")
    blog.publishes("Lesenswert über Acme", link=f"{post.link.replace('https', 'http')}?utm_source=list#comments")
    await world.calm()
    assert len(world.alerts()) == 1


async def test_two_comments_below_one_article_are_two_stories(world):
    forum = world.feed("Kommentare")
    world.watch("Acme", "acme")
    await world.watches()
    for number in (7, 8):
        forum.publishes(f"Kommentar {number} zu Acme", link=f"https://forum.example/acme#comment-{number}")
    await world.calm()
    assert len(world.alerts()) == 2


async def test_a_story_goes_on_for_six_hours_after_its_last_copy(world):
    feeds = [world.feed(f"Blatt {n}") for n in range(4)]
    world.watch("Acme", "acme")
    await world.watches()
    for feed in feeds[:3]:
        feed.publishes("Acme ruft zurück", TEXT)
        await world.calm()
        world.passes(hours=5)  # each copy within six hours of the one before: the window slides
    assert len(world.alerts()) == 1
    world.passes(hours=2)
    feeds[3].publishes("Acme ruft zurück", TEXT)
    await world.calm()
    assert len(world.alerts()) == 2


async def test_a_copy_after_a_restart_still_edits_the_same_message(world):
    press, blog = world.feed("Tagesbote"), world.feed("Abendblatt")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme ruft zurück", TEXT)
    alert = await world.hears("Acme ruft zurück")
    await world.stops()
    blog.publishes("Acme ruft zurück", TEXT)
    await world.starts()
    await world.eventually(lambda: alert.edits == 1, "the edit")
    await world.calm()
    assert world.alerts() == [alert]


async def test_two_watches_and_one_channel_are_one_message(world):
    press = world.feed()
    world.watch("Acme", "acme")
    world.watch("Rückrufe", "rückruf OR zurück")
    await world.watches()
    press.publishes("Acme ruft zurück", TEXT)
    alert = await world.hears("Acme ruft zurück")
    await world.calm()
    assert world.alerts() == [alert]
    assert "Acme" in alert.text.splitlines()[0]
    assert "Rückrufe" in alert.text.splitlines()[0]


async def test_a_brand_with_umlauts_is_found_however_it_is_written(world):
    press = world.feed()
    world.watch("Bergmühle", "Bergmühle")
    world.watch("Weiß", "Weißbräu")
    await world.watches()
    spellings = {
        "precomposed": "Bergm\u00fchle",
        "decomposed": "Bergmu\u0308hle",
        "written out": "Bergmuehle",
        "soft hyphen": "Berg\u00adm\u00fchle",
        "capitals": "BERGM\u00dcHLE",
        "capitals, decomposed": "BERGMU\u0308HLE",
        "zero width": "Berg\u200bm\u00fchle",
        "sharp s": "Weißbräu",
        "double s": "Weissbraeu",
        "capital sharp s": "WEIẞBRÄU",
    }
    for name, spelling in spellings.items():
        press.publishes(f"Fall {name}.", f"Wir waren bei {spelling} zu Gast.")
    await world.calm()
    assert [name for name in spellings if not world.alerts(f"Fall {name}.")] == []


async def test_foreign_text_pings_nobody_and_adds_no_header(world):
    mails = await world.mailbox()
    press = world.feed("Tagesbote")
    press.title = "<!here> Tagesbote"
    source = world.config["source"][0]
    source["name"] = "<!everyone> Tagesbote"
    world.watch("Acme", "acme", alert=["pr", "presse"])
    await world.starts()
    await world.hears("smwatch beobachtet")
    press.publishes("<!channel> Acme <@U123> & <!subteam^S1>", author="<!channel> <@U0>")
    press.publishes("=?utf-8?b?QWNtZQ0KQmNjOiBldmlsQGV2aWwuZXhhbXBsZQ==?= Acme")
    press.publishes("Acme\r\nBcc: evil@evil.example")
    await world.calm(queue=0)
    assert world.slack.pings == []
    assert len(world.alerts()) == 3
    assert len(mails.mails) >= 3
    assert [mail.get_all("Bcc") for mail in mails.mails] == [None] * len(mails.mails)
    assert {mail["To"] for mail in mails.mails} == {"presse@acme.example"}


async def test_clients_are_kept_apart(world):
    world.config["client"] = {"Acme": {}, "Globex": {}}
    world.slack.add_channel("acme", "C0ACME0001")
    world.slack.add_channel("globex", "C0GLOBEX01")
    world.channel("acme", channel="#acme", client="Acme")
    world.channel("globex", channel="#globex", client="Globex")
    both, theirs = world.feed("Tagesbote"), world.feed("Hausblatt", client="Acme")
    world.watch("Müsli für Acme", "müsli", alert=["acme"], client="Acme")
    world.watch("Müsli für Globex", "müsli", alert=["globex"], client="Globex")
    await world.starts()
    await world.hears("smwatch beobachtet", "acme")
    both.publishes("Müsli für alle", TEXT)
    await world.hears("Müsli für alle", "acme")
    await world.hears("Müsli für alle", "globex")
    theirs.publishes("Müsli nur für Acme", "Ein interner Text über Müsli, der das Haus nicht verlassen soll.")
    await world.hears("Müsli nur für Acme", "acme")
    await world.calm()
    assert world.slack.reads("nur für Acme", "globex") == []
    assert len(world.alerts(channel="acme")) == 2
    assert len(world.alerts(channel="globex")) == 1


async def test_what_raises_the_priority_goes_first(world):
    press = world.feed()
    world.watch("Acme", "acme", **{"raise": [{"query": "rückruf", "priority": "sofort"}]})
    await world.watches()
    press.publishes("Acme startet den Rückruf")
    alert = await world.hears("Acme startet den Rückruf")
    assert alert.text.startswith("# 🔴 Sofort")


async def test_digest_only_and_unmatched_things_alert_nobody(world):
    press = world.feed()
    world.watch("Acme", "acme", priority="nur-digest", alert=None)
    world.watch("Globex", "globex", alert=None)
    world.digest()
    await world.watches()
    press.publishes("Acme ruft zurück")
    press.publishes("Globex ruft an")
    await world.calm()
    assert world.alerts() == []
    preview = await world.preview()
    assert "Acme ruft zurück" in preview
    assert "Globex ruft an" in preview


async def test_a_link_that_is_only_the_home_page_joins_nothing(world):
    press = world.feed()
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme ruft zurück", link="https://tagesbote.example/")
    press.publishes("Acme eröffnet ein Werk", link="https://tagesbote.example/")
    await world.calm()
    assert len(world.alerts()) == 2


async def test_an_item_that_begins_a_second_story_gets_a_message_of_its_own(world):
    press = world.feed()
    world.watch("Acme", "acme")
    world.watch("Globex", "globex")
    await world.watches()
    post = press.publishes("Acme ruft zurück", TEXT)
    first = await world.hears("Acme ruft zurück")
    world.passes(hours=20)
    await world.calm()
    press.edits(post, text=f"{TEXT} Auch Globex ist betroffen.")
    await world.eventually(lambda: len(world.alerts()) == 2, "the second story")
    assert len({one.key for one in world.alerts()}) == 2
    assert first.edits == 0


async def test_late_copies_count_from_the_item_not_from_the_story(world):
    press, blog = world.feed("Tagesbote"), world.feed("Abendblatt")
    world.watch("Acme", "acme")
    await world.watches()
    press.publishes("Acme ruft zurück", TEXT)
    await world.hears("Acme ruft zurück")
    blog.publishes("Acme ruft zurück", TEXT, at=world.clock() + timedelta(hours=1))
    await world.calm()
    assert len(world.alerts()) == 1
