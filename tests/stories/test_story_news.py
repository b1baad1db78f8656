"""One message a story while it goes on: copies, edits, news in its thread, a priority that rises, messages that vanish."""

from __future__ import annotations

import json

import pytest
from wire import RECALL as PARTS

from smwatch.testing.fake_slack_faults import lost_reply

WIRE = " ".join(PARTS)
TITLE = "Acme ruft Müsli der Charge L2207 zurück"
URGENT = {"raise": [{"query": "verletzt*", "priority": "sofort"}]}


def thread(world, alert):
    """The notes below a message."""
    return [one for one in world.slack.posts() if one.thread_ts == alert.ts]


async def told(world, **watch):
    """A story that stands in its channel, and the feed that it came from."""
    press = world.feed("Tagesbote")
    world.watch("Acme", "acme", **watch)
    return press


async def test_twenty_papers_with_one_report_are_one_message(world):
    press = await told(world)
    papers = [world.feed(f"Blatt {n}") for n in range(19)]
    await world.watches()
    press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    for n, paper in enumerate(papers):
        shown = [
            f"Oberau (dpa/lby) – {WIRE}",
            " ".join(PARTS[:2]),
            f"Wer eine Packung aus Oberau im Schrank hat, sollte nachsehen, warnt Acme. {' '.join(PARTS[1:])}",
            f"{WIRE} Mehr dazu lesen Sie morgen in der gedruckten Ausgabe von Blatt {n}.",
            " ".join(PARTS).replace("ü", "ue").replace("ä", "ae").replace("Ö", "Oe"),
        ][n % 5]
        paper.publishes(TITLE if n % 3 else "Steine im Müsli: Acme ruft Charge L2207 zurück", shown)
    await world.calm()
    assert world.alerts() == [alert]
    assert "in 20 Quellen" in alert.text


async def test_posts_that_repeat_or_pass_on_a_report_join_it(world):
    press, posts = await told(world), world.feed("Netz")
    await world.watches()
    report = press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    posts.publishes("", f"RT @tagesbote: {PARTS[0]} {report.link}", link="https://netz.example/1")
    posts.publishes("", PARTS[0], link="https://anderes-netz.example/2")
    posts.publishes(
        "", "Meine Oma kauft ihr Müsli nicht mehr bei Acme, sondern im Hofladen.", link="https://netz.example/3"
    )
    await world.calm()
    assert "in 3 Quellen" in alert.text
    assert len(world.alerts()) == 2


async def test_ten_feeds_of_one_paper_are_one_source(world):
    press = await told(world)
    sections = [world.feed(f"Ressort {n}") for n in range(3)]
    await world.watches()
    press.publishes(TITLE, WIRE, link="https://tagesbote.example/a1")
    alert = await world.hears(TITLE)
    for n, section in enumerate(sections):
        section.publishes(TITLE, WIRE, link=f"https://www.tagesbote.example/ressort{n}/a1")
    await world.calm()
    assert world.alerts() == [alert]
    assert "Quellen" not in alert.text


async def test_a_new_source_edits_the_message_and_is_told_in_its_thread(world):
    press, blog = await told(world), world.feed("Abendblatt")
    await world.watches()
    press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    post = blog.publishes("Müsli von Acme: Rückruf wegen Steinen", WIRE)
    await world.eventually(lambda: thread(world, alert), "the note")
    await world.calm()
    assert "in 2 Quellen" in alert.text
    (note,) = thread(world, alert)
    assert post.title in note.text
    assert post.link in note.text
    assert not note.broadcast
    assert world.slack.pings == []


async def test_what_comes_before_the_message_is_out_needs_no_note(world):
    press, blog = await told(world), world.feed("Abendblatt")
    world.config["channels"]["pr"]["group_wait"] = "10m"
    await world.watches()
    press.publishes(TITLE, WIRE)
    await world.calm(queue=1)
    blog.publishes(TITLE, WIRE)
    await world.calm(queue=1)
    world.passes(minutes=11)
    alert = await world.hears(TITLE)
    await world.calm()
    assert "in 2 Quellen" in alert.text
    assert thread(world, alert) == []


async def test_news_of_one_story_is_gathered_for_an_interval(world):
    press, papers = await told(world), [world.feed(f"Blatt {n}") for n in range(12)]
    world.config["channels"]["pr"]["group_interval"] = "5m"
    await world.watches()
    press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    for paper in papers:
        paper.publishes(TITLE, WIRE)
    await world.calm(queue=None)
    await world.moment()
    assert thread(world, alert) == []
    world.passes(minutes=6)
    await world.calm()
    (note,) = thread(world, alert)
    assert "12 weitere Beiträge" in note.text
    assert "und 2 weitere" in note.text


async def test_a_source_that_raises_the_priority_is_told_to_the_channel(world):
    press, blog = await told(world, **URGENT), world.feed("Abendblatt")
    await world.watches()
    press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    blog.publishes(TITLE, f"{WIRE} Ein Kind wurde verletzt.")
    await world.eventually(lambda: thread(world, alert), "the note")
    await world.calm()
    (note,) = thread(world, alert)
    assert note.broadcast
    assert note.body["text"] == f"Die Priorität ist gestiegen: {TITLE}"
    assert "Sofort" in note.text
    assert alert.text.startswith("# 🔴 Sofort")
    assert len(world.alerts()) == 1


async def test_an_edit_that_raises_the_priority_does_so_too(world):
    press = await told(world, **URGENT)
    await world.watches()
    post = press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    assert "Meldung" in alert.text.splitlines()[0]
    press.edits(post, text=f"{WIRE} Ein Kind wurde verletzt.")
    await world.eventually(lambda: thread(world, alert), "the note")
    await world.calm()
    (note,) = thread(world, alert)
    assert note.broadcast
    assert alert.text.startswith("# 🔴 Sofort")
    press.edits(post, text=f"{WIRE} Zwei Kinder wurden verletzt.")
    await world.calm()
    assert thread(world, alert) == [note]
    assert world.alerts() == [alert]


async def test_an_edit_that_makes_a_waiting_story_urgent_breaks_through(world):
    world.config["channels"]["pr"]["quiet_hours"] = {"from": "00:00", "to": "23:59", "except_priority": "sofort"}
    press = await told(world, **URGENT)
    await world.starts()
    await world.calm(queue=None)
    post = press.publishes(TITLE, WIRE)
    await world.calm(queue=None)
    assert world.alerts() == []
    press.edits(post, text=f"{WIRE} Ein Kind wurde verletzt.")
    alert = await world.hears(TITLE)
    assert alert.text.startswith("# 🔴 Sofort")


async def test_an_edited_headline_is_shown_where_the_message_stands(world):
    press = await told(world)
    await world.watches()
    post = press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    press.edits(post, title="Acme ruft alle Müslis zurück")
    await world.eventually(lambda: "Acme ruft alle Müslis zurück" in alert.text, "the new headline")
    await world.calm()
    assert world.alerts() == [alert]
    assert thread(world, alert) == []


async def test_a_copy_of_the_edited_text_joins_too(world):
    press, blog = await told(world), world.feed("Abendblatt")
    await world.watches()
    post = press.publishes(TITLE, "Acme meldet einen Rückruf.")
    alert = await world.hears(TITLE)
    press.edits(post, text=WIRE)
    await world.calm()
    blog.publishes("Steine im Müsli: Acme warnt", WIRE)
    await world.eventually(lambda: "in 2 Quellen" in alert.text, "the second source")
    assert world.alerts() == [alert]


async def test_a_message_that_vanished_is_posted_anew_without_a_note(world):
    press, blog = await told(world), world.feed("Abendblatt")
    await world.watches()
    press.publishes(TITLE, WIRE)
    first = await world.hears(TITLE)
    first.deleted = True
    blog.publishes(TITLE, WIRE)
    second = await world.hears(TITLE)
    await world.calm()
    assert "in 2 Quellen" in second.text
    assert world.alerts() == [second]
    assert second.thread_ts is None
    assert thread(world, second) == []


async def test_a_thread_that_vanished_under_a_note_brings_the_message_back(world):
    press, blog = await told(world, **URGENT), world.feed("Abendblatt")
    await world.watches()
    press.publishes(TITLE, WIRE)
    first = await world.hears(TITLE)
    arrived = world.slack.holds("chat.update", 0.2)
    blog.publishes(TITLE, f"{WIRE} Ein Kind wurde verletzt.")
    await arrived.wait()
    first.deleted = True
    second = await world.hears(TITLE)
    await world.calm()
    assert world.alerts() == [second]
    assert second.thread_ts is None


async def test_a_note_whose_answer_was_lost_is_not_repeated(world):
    press, blog = await told(world), world.feed("Abendblatt")
    await world.watches()
    press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    world.slack.fail("chat.postMessage", lost_reply())
    blog.publishes(TITLE, WIRE)
    await world.settles()
    assert len(thread(world, alert)) == 1


async def test_news_survives_a_restart(world):
    press, blog = await told(world), world.feed("Abendblatt")
    world.config["channels"]["pr"]["group_interval"] = "5m"
    await world.watches()
    press.publishes(TITLE, WIRE)
    alert = await world.hears(TITLE)
    blog.publishes(TITLE, WIRE)
    await world.calm(queue=None)
    await world.stops()
    world.passes(minutes=6)
    await world.starts()
    await world.eventually(lambda: thread(world, alert), "the note")
    await world.calm()
    assert len(thread(world, alert)) == 1
    assert "in 2 Quellen" in alert.text
    assert world.alerts() == [alert]


async def test_where_there_are_no_threads_a_second_message_comes_only_when_the_priority_rises(world):
    hooks = await world.hook()
    press, papers = await told(world, alert=["hook"], **URGENT), [world.feed(f"Blatt {n}") for n in range(2)]
    await world.starts()
    await world.calm(queue=None)

    def cards():
        return [one for _, body in hooks.received if (one := json.loads(body)).get("kind") == "card"]

    press.publishes(TITLE, WIRE)
    await world.eventually(lambda: len(cards()) == 1, "the first call")
    papers[0].publishes(TITLE, WIRE)
    await world.calm()
    assert len(cards()) == 1
    papers[1].publishes(TITLE, f"{WIRE} Ein Kind wurde verletzt.")
    await world.eventually(lambda: len(cards()) == 2, "the second call")
    await world.calm()
    assert {one["kind"] for one in (json.loads(body) for _, body in hooks.received)} <= {"card", "start"}


async def test_two_stories_that_stand_stay_two_when_a_third_text_bridges_them(world):
    press, blog, paper = await told(world), world.feed("Abendblatt"), world.feed("Kurier")
    await world.watches()
    press.publishes("Acme ruft Müsli zurück", " ".join(PARTS[:2]))
    blog.publishes("Acme: Ein Sieb war gerissen", " ".join(PARTS[2:]).replace("Hersteller", "Hersteller Acme"))
    await world.calm()
    before = world.alerts()
    assert len(before) == 2
    paper.publishes("Acme ruft Müsli zurück, weil ein Sieb gerissen war", WIRE)
    await world.calm()
    assert world.alerts() == before
    assert sorted("in 2 Quellen" in one.text for one in before) == [False, True]


async def test_two_stories_that_nobody_was_told_of_become_one(world):
    press, blog, paper = await told(world), world.feed("Abendblatt"), world.feed("Kurier")
    world.config["channels"]["pr"]["group_wait"] = "10m"
    await world.watches()
    press.publishes("Acme ruft Müsli zurück", " ".join(PARTS[:2]))
    blog.publishes("Acme: Ein Sieb war gerissen", " ".join(PARTS[2:]).replace("Hersteller", "Hersteller Acme"))
    await world.calm(queue=2)
    paper.publishes("Acme ruft Müsli zurück, weil ein Sieb gerissen war", WIRE)
    await world.calm(queue=1)
    world.passes(minutes=11)
    await world.eventually(world.alerts, "the message")
    await world.calm()
    (alert,) = world.alerts()
    assert "in 3 Quellen" in alert.text


@pytest.mark.parametrize("kind", ["link", "copy"])
async def test_why_two_items_belong_together_is_told(world, kind):
    press, blog = await told(world), world.feed("Abendblatt")
    await world.watches()
    post = press.publishes(TITLE, WIRE)
    await world.hears(TITLE)
    if kind == "link":
        other = blog.publishes("Lesenswert: Acme", link=f"{post.link}?utm_source=blog")
    else:
        other = blog.publishes("Acme ruft Müsli zurück", " ".join(PARTS[:3]))
    await world.calm()
    from smwatch.why import told as lines
    from smwatch.why import why

    known = await why(world.app.config, other.link)
    shown = "\n".join(lines(known, language="de", timezone="Europe/Berlin"))
    assert {"link": "derselbe Link", "copy": "100 % des kürzeren Textes"}[kind] in shown
