"""What changed on a page: sentences that came, went and were changed; what changes by itself is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.pages.changes import Changes, Reading, compare, steady, told

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
THEN = NOW - timedelta(days=1)


def changes(before: list[str], after: list[str], restless: list[str] | None = None) -> Changes:
    return compare(reading(before, THEN), reading(after, NOW), restless or [])


def reading(said: list[str], day: datetime) -> Reading:
    return Reading(said=tuple(said), steady=tuple(steady(one, day) for one in said))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Es ist 10:01 Uhr.", "Es ist 11:47 Uhr."),
        ("1.204 Besucher", "1.377 Besucher"),
        ("Besucher: 12", "Besucher: 13"),
        ("Heute ist der 23. November 2026.", "Heute ist der 24. November 2026."),
        ("Stand: 23.11.2026", "Stand: 24.11.2026"),
        ("Zuletzt gesehen vor 3 Minuten", "Zuletzt gesehen vor 9 Stunden"),
        ("Sitzung a3f90c77d1e04b2a", "Sitzung 77d1e04b2aa3f90c"),
        ("12", "13"),
        ("4,5 %", "4,7 %"),
        ("Gelesen: 3 mal", "Gelesen: 8 mal"),
    ],
)
def test_what_changes_by_itself(before: str, after: str) -> None:
    assert not changes([before], [after])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Stand: 1. Mai 2026", "Stand: 1. Juni 2026"),
        ("Telefon 0800 4711", "Telefon 0800 4712"),
        ("Verantwortlich ist Erika Muster.", "Verantwortlich ist Max Beispiel."),
        ("Der Preis ist 3 Euro.", "Der Preis ist 4 Euro."),
    ],
)
def test_what_somebody_changed(before: str, after: str) -> None:
    assert changes([before], [after]).changed == ((before, after),)


def test_sentences_that_only_moved_are_no_change() -> None:
    assert not changes(["Eins.", "Zwei.", "Drei."], ["Drei.", "Eins.", "Zwei."])


def test_a_sentence_that_stands_twice_now_is_one_that_came() -> None:
    assert changes(["Neu!"], ["Neu!", "Neu!"]) == Changes(added=("Neu!",))


def test_what_differs_between_two_readings_at_once_is_no_change_ever() -> None:
    restless = reading(["Erika.", "Tipp des Moments: Apfel."], NOW).differing(
        reading(["Erika.", "Tipp des Moments: Birne."], NOW)
    )
    assert not changes(["Erika.", "Tipp des Moments: Kirsche."], ["Erika.", "Tipp des Moments: Apfel."], restless)
    assert not changes(["Erika.", "Tipp des Moments: Apfel."], ["Erika.", "Tipp des Moments: Zwetschge."], restless)
    found = changes(["Erika.", "Tipp des Moments: Apfel."], ["Max.", "Tipp des Moments: Birne."], restless)
    assert (found.added, found.removed) == (("Max.",), ("Erika.",))


def test_many_changes_are_told_in_part() -> None:
    lines = [one.render("de") for one in told(Changes(added=tuple(f"Satz {n}." for n in range(40))))]
    assert (len(lines), lines[0], lines[-1]) == (31, "Neu: Satz 0.", "… und 10 weitere Änderungen")


def test_a_long_sentence_is_cut() -> None:
    (line,) = told(Changes(removed=("x" * 5000,)))
    assert line.render("de").endswith("…")
    assert len(line.render("de")) < 700


def test_a_thousand_changed_sentences_take_no_time() -> None:
    found = changes([f"Satz {n} alt." for n in range(2000)], [f"Zeile {n} neu." for n in range(2000)])
    assert (len(found.added), len(found.removed)) == (2000, 2000)


def test_the_steady_form_of_a_figure_is_nothing() -> None:
    assert steady("12,50 €", NOW) == ""


@pytest.mark.parametrize("piece", ["1,", "1.", "a-1", "12:", "vor ", "1 ", "Aufrufe: 1"])
def test_hostile_sentences_are_read_in_a_moment(piece: str) -> None:
    assert steady(piece * (200_000 // len(piece)), NOW) is not None
