"""A source says that something is gone: its words go from here, and every message that showed it says so."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from smwatch.store import schema

WIRE = '''"""https://wire.example/: a wire that takes things back."""

import json
from datetime import datetime

from smwatch.plugin import Author, Card, Item, Page, Source, hookimpl


class Wire(Source):
    """A wire."""

    card = Card(title="Wire", docs="https://wire.example/")
    url: str

    def key(self):
        return self.url

    async def fetch(self, ctx):
        told = json.loads((await ctx.http.get(self.url)).body)
        yield Page(items=tuple(map(self._item, told["items"])), deleted=tuple(told["deleted"]))

    def _item(self, one):
        return Item(
            id=one["id"],
            source=self.name,
            url=f"https://wire.example/@erika/{one['id']}",
            text=one["text"],
            author=Author(name="Erika Mustermann", handle="@erika"),
            published=datetime.fromisoformat(one["at"]),
        )


@hookimpl
def register_sources(register):
    register("wire", Wire)
'''


class Wire:
    """A place where people post and take back."""

    def __init__(self, world, name="Draht"):
        self.world, self.path, self.items, self.gone = world, f"/{name.lower()}.json", {}, []
        world.source(name, world.server.url(self.path), type="wire")
        self._shows()

    def posts(self, number, text, ago=timedelta(0)):
        at = (self.world.clock() - ago).isoformat()
        self.items[number] = {"id": number, "text": text, "at": at}
        self._shows()

    def deletes(self, number):
        self.items.pop(number, None)
        self.gone.append(number)
        self._shows()

    def _shows(self):
        told = {"items": list(self.items.values()), "deleted": self.gone}
        self.world.server.put(self.path, json.dumps(told), content_type="application/json", validators=())
        self.world.nudge()


@pytest.fixture
def wire(world, tmp_path):
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "wire.py").write_text(WIRE)
    world.config["smwatch"]["plugins_dir"] = str(folder)
    world.watch("Acme", "acme")
    return Wire(world)


async def count(world, query):
    async with world.app.store.read() as connection:
        return (await connection.execute(query)).scalar_one()


async def test_the_alert_is_edited_to_say_so_and_the_words_are_gone(world, wire):
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt, sagt Erika")
    first = await world.hears("abgezockt")
    wire.deletes("1")
    await world.hears("Der Beitrag wurde bei der Quelle gelöscht")
    (alert,) = world.alerts()
    assert alert.ts == first.ts  # the same message, edited
    assert "abgezockt" not in str(alert.body) + alert.text
    assert "Erika" not in str(alert.body) + alert.text
    assert await count(world, select(func.count()).select_from(schema.author)) == 0
    assert await count(world, select(schema.item.c.text)) == ""


async def test_a_webhook_is_told_once_what_is_gone(world, wire):
    hooks = await world.hook()
    world.config["watch"][0]["alert"] = ["hook"]
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt, sagt Erika")
    await world.eventually(lambda: any(b"abgezockt" in body for _, body in hooks.received), "the call")
    heard = len(hooks.received)
    first = json.loads(hooks.received[-1][1])
    wire.deletes("1")
    await world.eventually(lambda: len(hooks.received) > heard, "the second call")
    await world.settles()
    (headers, body), *more = hooks.received[heard:]
    told = json.loads(body)
    assert (more, told["key"], told["revision"] > first["revision"]) == ([], first["key"], True)
    assert headers["Idempotency-Key"] == f"{told['key']}.{told['revision']}"
    assert "Der Beitrag wurde bei der Quelle gelöscht" in told["text"]
    assert '"deleted": "20' in json.dumps(told["data"])
    assert b"abgezockt" not in body
    assert b"Erika" not in body


async def test_a_mail_is_followed_by_one_that_says_so(world, wire):
    inbox = await world.mailbox()
    world.config["watch"][0]["alert"] = ["presse"]
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt, sagt Erika")
    await world.eventually(lambda: any("abgezockt" in body for body in inbox.texts()), "the mail")
    first = inbox.mails[-1]
    wire.deletes("1")
    await world.eventually(lambda: any("gelöscht" in body for body in inbox.texts()), "the second mail")
    await world.settles()
    told = inbox.mails[-1]
    assert sum("gelöscht" in body for body in inbox.texts()) == 1
    assert "Der Beitrag wurde bei der Quelle gelöscht" in inbox.texts()[-1]
    assert (told["In-Reply-To"], told["Message-ID"] == first["Message-ID"]) == (first["Message-ID"], False)
    assert first["References"].split()[0] in told["References"]
    assert not any(word in told.as_string() + told["Subject"] for word in ("abgezockt", "Erika"))


async def test_an_incoming_webhook_of_slack_is_told_once_too(world, wire, monkeypatch):
    monkeypatch.setenv("SLACK_HOOK", world.slack.webhook_url)
    world.channel("haken", type="slack", webhook={"env": "SLACK_HOOK"})
    world.config["watch"][0]["alert"] = ["haken"]
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt, sagt Erika")
    await world.hears("abgezockt")
    wire.deletes("1")
    await world.hears("Der Beitrag wurde bei der Quelle gelöscht")
    await world.settles()
    assert sum("gelöscht" in str(post.body) for post in world.slack.posts()) == 1


async def test_what_was_deleted_never_comes_again(world, wire):
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt")
    await world.hears("abgezockt")
    wire.deletes("1")
    await world.hears("gelöscht")
    wire.gone.clear()
    wire.posts("1", "Acme hat mich abgezockt")
    await world.calm()
    wire.posts("1", "Acme hat mich wieder abgezockt")
    await world.calm()
    (alert,) = world.alerts()
    assert "abgezockt" not in alert.text


async def test_an_unknown_id_changes_nothing(world, wire):
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt")
    await world.hears("abgezockt")
    wire.deletes("77")
    await world.calm()
    assert "abgezockt" in world.alerts()[0].text
    assert world.slack.count("chat.update") == 0


async def test_posted_and_taken_back_in_one_page_alerts_nobody(world, wire):
    await world.watches()
    wire.gone.append("1")
    wire.posts("1", "Acme hat mich abgezockt")
    await world.calm()
    wire.gone.clear()
    wire.posts("2", "Acme baut um")
    await world.hears("baut um")
    assert len(world.alerts()) == 1  # and "1", listed on, does not come later


async def test_deleted_before_it_was_sent_is_not_sent(world, wire):
    world.config["channels"]["pr"]["group_wait"] = "5m"
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt")
    await world.calm(queue=1)
    wire.deletes("1")
    await world.calm(queue=1)
    world.passes(minutes=6)
    await world.calm()
    assert world.alerts() == []


async def test_a_story_says_how_many_of_its_posts_are_gone(world, wire):
    other = Wire(world, "Kanal")
    text = "Acme ruft alle Bohrmaschinen der Baureihe Sieben zurück, weil der Griff sich lösen kann."
    await world.watches()
    wire.posts("1", text)
    await world.hears("Bohrmaschinen")
    other.posts("9", text)
    await world.calm()
    wire.deletes("1")
    await world.hears("1 von 2 Beiträgen wurde bei der Quelle gelöscht")
    (alert,) = world.alerts()
    assert "Bohrmaschinen" in alert.text
    other.deletes("9")
    await world.hears("Alle 2 Beiträge wurden bei ihren Quellen gelöscht")
    assert "Bohrmaschinen" not in world.alerts()[0].text


async def test_digest_and_queue_say_so_too(world, wire):
    world.digest()
    world.config["watch"][0]["digest"] = ["morgens"]
    await world.watches()
    wire.posts("1", "Acme hat mich abgezockt")
    await world.hears("abgezockt")
    wire.deletes("1")
    await world.hears("gelöscht")
    told = await world.preview()
    assert "bei der Quelle gelöscht" in told
    assert "abgezockt" not in told


async def test_a_summary_is_edited_too(world, wire):
    world.config["channels"]["pr"]["max_per_hour"] = 1
    await world.watches()
    for number in range(1, 5):
        wire.posts(str(number), f"Nummer {number}: Acme hat mich abgezockt")
    await world.calm(queue=None)
    await world.until_true(lambda: world.slack.reads("Nummer 4"), "a summary")
    folded = next(n for n in range(1, 5) if not world.alerts(f"Nummer {n}"))
    wire.deletes(str(folded))
    await world.calm(queue=None)
    await world.until_true(lambda: not world.slack.reads(f"Nummer {folded}"), "an edit")
    assert world.slack.reads("bei der Quelle gelöscht")


async def test_what_came_late_is_edited_too(world, wire):
    await world.watches()
    world.passes(hours=60)
    wire.posts("1", "Acme hat mich abgezockt", ago=timedelta(hours=30))
    await world.hears("abgezockt")
    wire.deletes("1")
    await world.hears("bei der Quelle gelöscht")
    await world.eventually(lambda: not world.slack.reads("abgezockt"), "the words to go")


async def test_a_note_in_the_thread_is_edited_too(world, wire):
    other = Wire(world, "Kanal")
    text = "Acme ruft alle Bohrmaschinen der Baureihe Sieben zurück, weil der Griff sich lösen kann."
    await world.watches()
    wire.posts("1", text)
    await world.hears("Bohrmaschinen")
    other.posts("9", f"{text} Sagt Max.")
    await world.hears("weiterer Beitrag zu diesem Thema")
    assert world.slack.reads("Sagt Max")
    other.deletes("9")
    await world.eventually(lambda: not world.slack.reads("Sagt Max"), "the words to go")
    assert any("bei der Quelle gelöscht" in one.text for one in world.slack.reads("zu diesem Thema"))
