from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.i18n import text
from smwatch.model import Author, Item, Mention, Priority, Watch
from smwatch.route import Age, Verdict, age, highest, is_own, moment_of, route

NOW = datetime(2026, 11, 24, 9, 0, 0, 500_000, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACME = Watch(name="Acme", query="acme", alert=("pr", "presse"))


def item(**values) -> Item:
    return Item(id="1", source="Blatt", **values)


def mention(watch: Watch = ACME, **values) -> Mention:
    given = {"id": 1, "watch": watch.name, "client": None, "item": item(), "seen_at": NOW}
    return Mention(**given | values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("published", "updated", "expected"),
    [
        (NOW - HOUR, None, NOW - HOUR),
        (NOW - HOUR, NOW, NOW - HOUR),
        (None, NOW - HOUR, NOW - HOUR),
        (None, None, NOW),
        (NOW + DAY, None, NOW + DAY),
        (NOW + DAY + HOUR, None, NOW),
        (datetime(9999, 12, 31, tzinfo=UTC), None, NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), None, NOW),
    ],
)
def test_when_something_was_said(published, updated, expected):
    assert moment_of(item(published=published, updated=updated), NOW) == expected


BEGAN = NOW - DAY * 10


@pytest.mark.parametrize(
    ("said", "seen", "first_poll", "changed", "expected"),
    [
        (NOW, NOW, None, BEGAN, Age.OLD),  # the first round is not over
        (NOW, NOW, NOW, BEGAN, Age.OLD),  # it was in the first round
        (NOW + DAY, NOW - HOUR, NOW, BEGAN, Age.OLD),  # likewise, whatever date it carries
        (NOW, NOW, BEGAN, BEGAN, Age.NEW),
        (BEGAN, NOW, BEGAN, BEGAN, Age.LATE),
        (BEGAN.replace(microsecond=0), BEGAN + HOUR, BEGAN, BEGAN, Age.NEW),  # feeds know no fractions of a second
        (BEGAN - timedelta(seconds=1), BEGAN + HOUR, BEGAN, BEGAN, Age.OLD),
        (NOW - HOUR, NOW, BEGAN, NOW - HOUR / 2, Age.OLD),  # the watch is younger
        (NOW - DAY, NOW, BEGAN, BEGAN, Age.NEW),
        (NOW - DAY - timedelta(seconds=1), NOW, BEGAN, BEGAN, Age.LATE),
    ],
)
def test_old_new_and_late(said, seen, first_poll, changed, expected):
    found = age(said, first_seen=seen, first_poll_at=first_poll, changed_at=changed, max_age=DAY)
    assert found is expected


@pytest.mark.parametrize(
    ("new", "watch", "own", "expected"),
    [
        (mention(old=True, late=True), ACME, (), [("", Verdict.NOTHING, "old")]),
        (mention(item=item(author=Author(handle="@Acme"))), ACME, ("@acme",), [("", Verdict.NOTHING, "own")]),
        (mention(priority=Priority.DIGEST_ONLY, late=True), ACME, (), [("", Verdict.DIGEST, "digest-only")]),
        (mention(late=True), Watch(name="Acme", query="acme"), (), [("", Verdict.DIGEST, "no-alert")]),
        (mention(late=True), ACME, (), [("", Verdict.HOLD, "late")]),
        (mention(), ACME, (), [("pr", Verdict.ALERT, "alert"), ("presse", Verdict.ALERT, "alert")]),
    ],
)
def test_every_decision_has_a_named_reason(new, watch, own, expected):
    found = route(new, watch, own)
    assert [(one.channel, one.verdict, one.code) for one in found] == expected
    assert all(str(one.reason) for one in found)


def test_an_alert_says_which_words_matched():
    (first, _) = route(mention(reason=text("“acme” in the title")), ACME)
    assert str(first.reason) == "“acme” in the title"


@pytest.mark.parametrize(
    ("said", "account", "expected"),
    [
        (item(author=Author(handle="acme")), "@ACME", True),
        (item(author=Author(handle="acme2")), "@acme", False),
        (item(author=Author(name="acme")), "@acme", False),
        (item(), "@acme", False),
        (item(url="https://acme.example/presse/1"), "https://www.acme.example", True),
        (item(url="https://acme.example/presse/1"), "https://acme.example/presse", True),
        (item(url="https://acme.example/pressefreiheit"), "https://acme.example/presse", False),
        (item(url="https://acme.example.evil.example/"), "https://acme.example", False),
        (item(author=Author(url="https://social.example/@acme")), "https://social.example/@acme", True),
    ],
)
def test_whose_post_it_is(said, account, expected):
    assert is_own(said, [account]) is expected


def test_the_most_urgent_counts():
    assert highest([Priority.NORMAL, Priority.URGENT, Priority.DIGEST_ONLY]) is Priority.URGENT
