from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.model import Item
from smwatch.story import Fingerprint, Known, Window, agree, fingerprints, near_duplicate

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LINK = (Fingerprint("link", "a"),)
TEXT = "Acme ruft die Charge L2207 zurück, weil Steinchen in der Packung sein können, sagt der Hersteller."


def known(at: datetime = NOW, number: int = 1) -> Known:
    return Known(story_id=number, first_at=at, last_at=at)


def test_short_texts_are_no_fingerprint():
    assert fingerprints(Item(id="1", source="x", title="Danke!")) == ()


def test_case_accents_and_white_space_make_no_other_text():
    one = Item(id="1", source="x", title="Acme", text=TEXT)
    other = Item(id="2", source="y", title="ACME", text=f"  {TEXT.upper()}\n")
    assert fingerprints(one) == fingerprints(other)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (TEXT, TEXT, True),
        (TEXT, f"{TEXT} Mehr dazu folgt.", True),
        (TEXT, "Acme eröffnet in Oberau ein neues Werk mit vierzig Arbeitsplätzen und einer Besuchermühle.", False),
        ("", "", False),
        (TEXT, "", False),
        ("Kurz", "Kurz", True),
    ],
)
def test_alike_up_to_a_sentence(one, other, expected):
    assert near_duplicate(one, other) is expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (TEXT, TEXT, True),
        (TEXT, f"{TEXT} Verbraucher erhalten den Kaufpreis erstattet, teilte das Unternehmen am Dienstag mit.", True),
        ("Acme ruft die Charge L2207 zurück, weil Steinchen", TEXT, True),  # the teaser
        (TEXT, "Acme eröffnet in Oberau ein neues Werk mit vierzig Arbeitsplätzen und einer Besuchermühle.", False),
        (TEXT, "", False),
        ("", "", False),
    ],
)
def test_texts_below_one_title_agree_up_to_a_sentence(one, other, expected):
    assert agree(one, other) is expected


def test_a_title_alone_is_not_certain():
    window = Window()
    mark = (Fingerprint("title", "t"),)
    window.add("", mark, known())
    assert window.find("", mark, NOW) is None
    assert window.under_the_same_title("", mark, NOW) == known()


def test_a_story_takes_items_for_six_hours_after_its_last_one():
    window = Window()
    window.add("", LINK, known())
    assert window.find("", LINK, NOW + 6 * HOUR) is not None
    assert window.find("", LINK, NOW + 6 * HOUR + timedelta(seconds=1)) is None


def test_the_window_slides_and_ends_after_two_days():
    window = Window()
    window.add("", LINK, known())
    at = NOW
    while (found := window.find("", LINK, at + 5 * HOUR)) is not None:
        at += 5 * HOUR
        window.add("", LINK, found.with_item(at))
    assert NOW + 43 * HOUR < at <= NOW + 48 * HOUR


def test_clients_never_share_a_story():
    window = Window()
    window.add("Acme", LINK, known())
    assert window.find("Globex", LINK, NOW) is None


def test_what_no_item_can_join_is_forgotten():
    window = Window()
    window.add("", LINK, known())
    window.forget(NOW + 7 * HOUR)
    assert (window._stories, window._marks) == ({}, {})


def test_any_mark_in_common_is_enough():
    window = Window()
    window.add("", (*LINK, Fingerprint("text", "b")), known())
    assert window.find("", (Fingerprint("link", "z"), Fingerprint("text", "b")), NOW) == known()
