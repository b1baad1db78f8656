"""Dates as sites write them for people; the moment of reading is an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from smwatch.pages.moments import read_moment

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # a Tuesday, 11:00 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Heute, 09:03", "2026-11-24T08:03"),
        ("heute um 9.03 Uhr", "2026-11-24T08:03"),
        ("Heute", "2026-11-24T10:00"),
        ("24.11.2026", "2026-11-24T10:00"),
        ("Gestern, 23:30", "2026-11-23T22:30"),
        ("Gestern", "2026-11-22T23:00"),
        ("Vorgestern, 12:00", "2026-11-22T11:00"),
        ("Montag, 18:20", "2026-11-23T17:20"),
        ("Dienstag um 23:00", "2026-11-17T22:00"),
        ("vor 3 Stunden", "2026-11-24T07:00"),
        ("vor einer Stunde", "2026-11-24T09:00"),
        ("vor 5 Min.", "2026-11-24T09:55"),
        ("vor etwa 2 Tagen", "2026-11-22T10:00"),
        ("3 hours ago", "2026-11-24T07:00"),
        ("gerade eben", "2026-11-24T10:00"),
        ("Today at 8:15 AM", "2026-11-24T07:15"),
        ("12. November 2026, 09:15", "2026-11-12T08:15"),
        ("12. August 2026, 09:15", "2026-08-12T07:15"),
        ("12.11.2026, 09:15 Uhr", "2026-11-12T08:15"),
        ("Mi 12. Nov 2025, 09:15", "2025-11-12T08:15"),
        ("am 12.11.2026 um 09:15", "2026-11-12T08:15"),
        ("12. Nov., 09:15", "2026-11-12T08:15"),
        ("3. Dez. 12:00", "2025-12-03T11:00"),
        ("2026-11-12T09:15:00+0100", "2026-11-12T08:15"),
        ("2026-11-12T09:15:00Z", "2026-11-12T09:15"),
        ("1794960000", "2026-11-18T00:00"),
        ("» Do 12. Nov 2026, 09:15 «", "2026-11-12T08:15"),
    ],
)
def test_a_moment(written: str, moment: str) -> None:
    assert read_moment(written, NOW, BERLIN) == datetime.fromisoformat(f"{moment}+00:00")


@pytest.mark.parametrize(
    "written", ["", "quark", "vor vielen Jahren", "31.02.2026", "vor 99999 Jahren", "25:61", "x" * 5000, "heute " * 500]
)
def test_no_moment(written: str) -> None:
    assert read_moment(written, NOW, BERLIN) is None
