"""20,000 hostile strings through every field of every message, as Slack and as mail get it.

Nobody is called, nothing is formatted, no header is added, and no link leads to another host than the message shows.

    pytest tests/test_message_hostile.py --long        ten times over, in other fields each time
"""

from __future__ import annotations

import email
import json
import random
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email import policy
from itertools import islice
from urllib.parse import urlsplit

import pytest
from message_samples import NOW, PLAN, SOURCES, WATCHES
from selectolax.lexbor import LexborHTMLParser

from smwatch import digest as digests
from smwatch.case import Case, Reminder, Status
from smwatch.i18n import text
from smwatch.message import notes
from smwatch.message.alert import alert_message
from smwatch.message.blockkit import block_kit, fallback, plain_fallback
from smwatch.message.case import case_message, list_message, reminder_message, team_message
from smwatch.message.digest import digest_messages
from smwatch.message.escape import shown_host
from smwatch.message.html import mail_html
from smwatch.message.mail import compose, mailbox
from smwatch.message.model import Action
from smwatch.message.news import story_news_message
from smwatch.message.plain import plain_text
from smwatch.message.summary import Told, summary_message
from smwatch.model import Alert, Author, Engagement, Item, Mention, Person, Priority, Story, Where
from smwatch.silence import Scope, Silence
from smwatch.testing.fake_slack_blocks import read_message

MANY = 20_000
GERMAN = {"language": "de", "timezone": "Europe/Berlin"}
CORE = (
    "<!channel>", "<!here|x>", "<@U012ABCDEF>", "<#C012ABCDEF>", "<!subteam^S01>", "@channel", "@everyone", "&lt;!channel&gt;",
    "<https://evil.example|https://bank.example>", "[bank.example](https://evil.example)", "https://bank.example", "bank.example",
    "*fett*", "_kursiv_", "~weg~", "`code`", "```\ncode\n```", "> Zitat", "• Punkt", ":tada:", "\r\nBcc: evil@evil.example",
    "\nBcc: evil@evil.example\n\nText", "=?utf-8?b?b2sNCkJjYzogZXZpbEB4?=", "=?utf-8?q?=0D=0ABcc:_x=40y?=", "\r", "\n.\r\n",
    "\u202egnp.exe", "\u2066\u2069\u200f", "\x00", "\x1b[31m", "\ud83d", "\u2028\u2029\x85", "Z\u0335\u0336\u0337\u0338\u0339",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "<style>*{display:none}</style>", "]]>",
    "{{ 7*7 }}{% raw %}", "{0}{title}{", "%s%n%(x)s", '=HYPERLINK("https://evil.example")', "+1+cmd|' /C calc'!A0", "javascript:alert(1)",
    "data:text/html,<b>", "\ufeff\u00ad\u200b", "аcme", "ａｃｍｅ", "\U000e0041\ufdd0\uffff", "x" * 3000, " " * 200, "😀" * 400,
)  # fmt: skip
LINKS = (
    "javascript:alert({})", "https://bank.example@{host}.example/{}", "https://{host}.example/{}", "https://аc{host}.example/{}",
    "https://{host}.example\\@bank.example/{}", "https://{host}.example/{}|https://bank.example", "https://{host}.example/>{}<!channel>",
    " ht\ntps://{host}.example/{}", "//{host}.example/{}", "data:text/html,{}", "https://{}.example/", "https://mü{host}.example/{}",
    "http://[::{number}]:80/{}", "https://{host}.example:99999/{}", "https://ev%69l{host}.example/{}", "{}", "https://WWW.{host}.example./{}",
)  # fmt: skip
CALLED = "U1JULE"  # the one of the team whom messages may call


def strings(count):
    """Rule: one to three pieces with ordinary words between, numbered; the same ones each time."""
    r = random.Random(20_000)
    for n in range(count):
        pieces = r.sample(CORE, r.choice((1, 1, 2, 3)))
        yield r.choice(("", "Acme ", f"{n} ")) + r.choice(("", " ", " und ")).join(pieces) + r.choice(("", f" {n}"))


class Maker:
    """Things of the model whose every word is hostile; `next` gives the words."""

    def __init__(self, words):
        self._words, self._number, self._random = words, 0, random.Random(7)

    def word(self):
        return next(self._words)

    def link(self):
        self._number += 1
        found = (
            self._random.choice(LINKS)
            .replace("{host}", f"seite{self._number}")
            .replace("{number}", f"{self._number:x}")
        )
        return found.replace("{}", self.word()[:60])

    def person(self, **more):
        return Person(**({"id": self.word(), "name": self.word()} | more))

    def item(self):
        self._number += 1
        attributes = {"from": self.word(), "list": self.word(), "dkim": self.word(), "rating": self.word()}
        return Item(
            id=self.word(), source=self.word(), url=self.link(), title=self.word(), lead=self.word(), text=self.word(),
            lang=self.word(), published=NOW, attributes=attributes, engagement=Engagement(likes=3),
            author=Author(name=self.word(), handle=self.word(), url=self.link()),
        )  # fmt: skip

    def mention(self):
        item, reason = self.item(), text("‘{word}’ in the title", word=self.word())
        client = self.word()
        return Mention(
            id=self._number, watch=self.word(), client=client, item=item, seen_at=NOW, story_id=1, reason=reason
        )

    def story(self, count):
        found = tuple(self.mention() for _ in range(count))
        return Story(id=1, client=found[0].client, mentions=found, first_at=NOW, last_at=NOW)

    def silence(self):
        scope = Scope.SITE
        words = {"value": self.word(), "label": self.word(), "reason": self.word()}
        return Silence(scope=scope, until=NOW, by=self.person(), at=NOW, **words)

    def case(self, status=Status.TAKEN):
        people = {"owner": self.person(), "by": self.person()}
        names = {"title": self.word(), "link": self.link(), "client": self.word()}
        return Case(id=7, story_id=1, status=status, at=NOW, until=NOW, can_undo=True, **people, **names)

    def alert(self):
        more = {"silences": (self.silence(),), "case": self.case()}
        reason = text("{word}", word=self.word())
        return Alert(story=self.story(2), channel=self.word(), priority=Priority.URGENT, reason=reason, **more)


def messages(make):
    """Every message that there is, once."""
    unreadable = [notes.Unreadable(name=make.word(), reason=text("{word}", word=make.word())) for _ in range(2)]
    news = text("{source}: {what}", source=make.word(), what=make.word())
    where = Where(file=make.word(), line=3)
    yield alert_message(make.alert(), **GERMAN, buttons=True, card="C01")
    yield story_news_message([make.mention()], Priority.URGENT, make.mention(), **GERMAN)
    yield case_message(make.case(), **GERMAN, buttons=True, note=make.word())
    yield reminder_message(make.case(), Reminder.SOON, [make.person(id=CALLED)], **GERMAN)
    yield team_message(make.person(), make.person(), make.word(), **GERMAN)
    yield list_message([make.case(), make.case(Status.OPEN)], NOW, **GERMAN)
    told = Told(stories=[make.story(1)], since=NOW, until=NOW + timedelta(minutes=3), name=make.word())
    yield summary_message(told, **GERMAN, reason=text("{word}", word=make.word()))
    until = NOW + timedelta(hours=1)
    yield notes.late_message([make.story(1)], **GERMAN, items=1, since=NOW, until=until, source=make.word())
    yield notes.source_message(unreadable, [make.word()], [make.word()], {make.word(): make.link()}, **GERMAN)
    yield notes.broken_config_message([(where, text("{word}", word=make.word()))], **GERMAN, stopped=[make.word()])
    yield notes.saved_config_message([news], **GERMAN)
    yield notes.news_message(news, **GERMAN)
    counts = [(make.word(), 3), (make.word(), 2)]
    yield notes.noisy_message(**GERMAN, watch=make.word(), matches=90, words=counts, sources=counts, click="x")
    watches = [replace(one, name=make.word(), client="Acme") for one in WATCHES]
    found = [replace(make.mention(), watch=watches[0].name, client="Acme", story_id=n) for n in (1, 2)]
    sources = [replace(one, name=make.word()) for one in SOURCES[:3]]
    yield from digest_messages(
        digests.build(PLAN, since=NOW, until=NOW, watches=watches, mentions=found, sources=sources), **GERMAN
    )


def elements(found):
    """All elements of blocks, however deep."""
    if isinstance(found, dict):
        yield found
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from elements(one)


def told_wrong_in_slack(message):
    """What Slack would do that it must not."""
    blocks = block_kit(message, buttons=True)
    flat = fallback(message)
    reading = read_message({"text": flat or "x", "blocks": blocks})
    found = [*([f"refused: {reading.why}"] if reading.refused else []), *(p for p in reading.pings if CALLED not in p)]
    all_ = list(elements(blocks))
    words = " ".join(str(one.get("text", "")) for one in all_) + plain_fallback(message)
    for one in all_:
        if one.get("type") in {"broadcast", "usergroup", "channel", "emoji"}:
            found.append(f"a {one['type']}")
        if one.get("type") == "user" and one["user_id"] != CALLED:
            found.append("a user")
        if one.get("type") == "mrkdwn":
            found.append("formatted text")
        if link := one.get("url"):
            found += leads_elsewhere(link, words)
    if set(flat + plain_fallback(message)) & {"<", ">"}:
        found.append("a tag in the text")
    return found


def leads_elsewhere(link, words):
    """A link whose host nobody reads."""
    host = shown_host(link)
    if urlsplit(link).scheme not in {"http", "https"} or not host:
        return [f"no web link: {link!r}"]
    return [] if host in words else [f"{host} is not shown: {link!r}"]


BOX = mailbox("presse@acme.example")
HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "References", "List-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "Content-Language", "Importance", "X-Priority", "MIME-Version", "Content-Type",
}  # fmt: skip


def told_wrong_in_mail(message):
    """What a mail program would do that it must not."""
    message = replace(message, actions=tuple(one for one in message.actions if isinstance(one, Action)))  # no menus
    raw = compose(message, key="k", sender=BOX, to=[BOX], when=NOW)
    mail = email.message_from_bytes(raw, policy=policy.default)
    tree = LexborHTMLParser(mail_html(message))
    shown = tree.body.text(separator=" ")
    found = [f"header {name}" for name in set(mail.keys()) - HEADERS]
    found += [f"twice {name}" for name in set(mail.keys()) if len(mail.get_all(name)) > 1]
    found += [f"<{node.tag}>" for node in tree.css("script, img, iframe, form, object, input, link, svg, base")]
    found += [f"attribute {name}" for node in tree.css("*") for name in node.attributes if name.startswith("on")]
    for node in tree.css("a"):
        found += leads_elsewhere(node.attributes["href"], shown)
    if set(plain_text(message)) & set("\x00\x1b\r\u202e\u2028\ud83d"):
        found.append("a control character")
    if mail["To"].addresses[0].addr_spec != "presse@acme.example":
        found.append("another recipient")
    return found


@pytest.fixture(scope="module")
def every(is_long):
    """Messages until each string was in a field; in the long suite ten times, in other fields each time."""
    found = []
    for turn in range(10 if is_long else 1):
        words = strings(MANY)
        skipped = list(islice(words, turn * 17))
        make = Maker(iter([*words, *skipped]))
        with suppress(RuntimeError):  # a generator that has no more words
            while True:
                found += messages(make)
    return found


def _wrong(every, look):
    told = {}
    for message in every:
        for one in look(message):
            told.setdefault(one, json.dumps(message.title)[:200])
    return told


@pytest.mark.timeout(1200)
def test_slack_gets_no_call_no_markup_and_no_link_to_another_host(every):
    assert len(every) > 1_000
    assert _wrong(every, told_wrong_in_slack) == {}


@pytest.mark.timeout(1200)
def test_mails_get_no_header_no_element_and_no_link_to_another_host(every):
    assert _wrong(every, told_wrong_in_mail) == {}
