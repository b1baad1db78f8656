"""Which pages are read, and why: history, news, changes, turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.pages.ledger import MOST, Ledger, Why, dates_lie

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
OLD = "2026-01-05T08:00:00+00:00"
LATER = "2026-11-24T11:00:00+00:00"


def entry(path: str, modified: str = OLD, published: str = "") -> dict[str, str]:
    return {"url": f"https://a.example/{path}", "modified": modified, "published": published, "title": "", "lang": ""}


def drained(ledger: Ledger) -> list[tuple[str, Why]]:
    found = []
    while (due := ledger.next()) is not None:
        found.append((due.url.rpartition("/")[2], due.why))
        ledger.read(due, [f"Text von {due.url}."])
    return found


def begun(*entries: dict[str, str]) -> Ledger:
    ledger = Ledger()
    ledger.take(list(entries), NOW, history=True)
    drained(ledger)
    ledger.done(NOW)
    return Ledger.from_json(ledger.to_json())


def test_the_first_walk_is_history() -> None:
    ledger = Ledger()
    ledger.take([entry("a"), entry("b")], NOW, history=True)
    assert drained(ledger) == [("a", Why.HISTORY), ("b", Why.HISTORY)]


def test_only_what_is_new_or_has_another_date_is_read_again() -> None:
    ledger = begun(entry("a"), entry("b"))
    ledger.take([entry("a"), entry("b", LATER), entry("c", LATER)], NOW, history=False)
    assert drained(ledger) == [("c", Why.NEW), ("b", Why.CHANGED)]


def test_an_unknown_page_with_a_date_before_the_beginning_is_no_news() -> None:
    ledger = begun(entry("a"))
    ledger.take([entry("a"), entry("old"), entry("today", "2026-11-24")], NOW, history=False)
    assert drained(ledger) == [("today", Why.NEW)]


def test_pages_without_a_date_are_read_in_turn_the_longest_unread_first() -> None:
    ledger = begun(entry("a", ""), entry("b", ""), entry("c", ""))
    ledger.take([entry("a", ""), entry("b", ""), entry("c", "")], NOW, history=False)
    assert ledger.next().url.endswith("/a")  # type: ignore[union-attr]
    ledger.done(NOW)
    assert ledger.blind


@pytest.mark.parametrize(
    ("dates", "lie"),
    [
        ([NOW.isoformat()] * 3, True),
        ([NOW.isoformat(), (NOW - timedelta(seconds=40)).isoformat()], True),
        ([NOW.isoformat()], False),
        ([OLD] * 3, False),
        ([NOW.isoformat(), OLD], False),
        (["2026-11-24"] * 5, True),
        (["2026-11-24"] * 3, False),
        (["2026-11-24", "2026-11-20"] * 3, False),
        ([""] * 5, False),
    ],
)
def test_dates_that_are_all_now(dates: list[str], lie: bool) -> None:
    assert dates_lie([entry(str(n), date) for n, date in enumerate(dates)], NOW) is lie


def test_an_hour_has_room_for_so_many() -> None:
    ledger = Ledger()
    assert ledger.room(NOW, 5) == 5
    ledger.take([entry(str(n)) for n in range(9)], NOW, history=True)
    for _ in range(4):
        ledger.next()
    assert ledger.room(NOW + timedelta(minutes=50), 5) == 1
    assert ledger.room(NOW + timedelta(minutes=61), 5) == 5


def test_what_is_new_on_a_page() -> None:
    ledger = begun(entry("a"))
    ledger.take([entry("a", LATER)], NOW, history=False)
    due = ledger.next()
    assert due is not None
    assert ledger.read(due, ["Text von https://a.example/a.", "Neu."]) == (["Neu."], True)
    assert ledger.is_history(due.url)


def test_it_comes_whole_out_of_the_cursor() -> None:
    ledger = begun(entry("a"), entry("b", ""))
    ledger.take([entry("c", LATER)], NOW, history=False)
    ledger.maps["https://a.example/sitemap.xml"] = "read"
    assert Ledger.from_json(ledger.to_json()) == ledger


@pytest.mark.parametrize("found", [{}, {"known": 3}, {"since": 1, "known": {"x": 1}}, {"waiting": [[1]]}])
def test_what_is_no_ledger_is_an_empty_one(found: dict[str, object]) -> None:
    assert Ledger.from_json(found) == Ledger()


def test_it_remembers_no_more_than_it_may() -> None:
    ledger = Ledger()
    ledger.take([entry(str(n)) for n in range(MOST + 500)], NOW, history=True)
    ledger.done(NOW)
    assert len(ledger.known) == MOST
