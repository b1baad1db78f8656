from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.feeds.dates import read_date

DATES = {
    "Fri, 20 Nov 2026 10:00:00 +0100": "2026-11-20T09:00:00",
    "Fri, 20 Nov 2026 10:00:00 GMT": "2026-11-20T10:00:00",
    "Fri,20 Nov 2026 10:00:00 EST": "2026-11-20T15:00:00",
    "20 Nov 26 10:00 UT": "2026-11-20T10:00:00",
    "Thu, 01 Jan 2004 24:00:00 GMT": "2004-01-02T00:00:00",
    "Sat, 31 Dec 2016 23:59:60 GMT": "2016-12-31T23:59:59",
    "Fri Nov 20 10:00:00 2026": "2026-11-20T10:00:00",
    "Fri Nov 20 10:00:00 CET 2026": "2026-11-20T09:00:00",
    "Nov 20, 2026 3:04 pm": "2026-11-20T15:04:00",
    "November 20th, 2026": "2026-11-20T00:00:00",
    "12:00 am": None,
    "Nov 20, 2026 12:30 am": "2026-11-20T00:30:00",
    "2026-11-20T10:00:00Z": "2026-11-20T10:00:00",
    "2026-11-20T10:00:00.123456789+01:00": "2026-11-20T09:00:00.123456",
    "2026-11-20T10:00:00-0500": "2026-11-20T15:00:00",
    "2026-11-20 10:00:00 +0100": "2026-11-20T09:00:00",
    "2026-11-20T10:00Z": "2026-11-20T10:00:00",
    "2026-11-20": "2026-11-20T00:00:00",
    "20261120T100000Z": "2026-11-20T10:00:00",
    "20261120T10:00:00": "2026-11-20T10:00:00",
    "2026-11": "2026-11-01T00:00:00",
    "2026": "2026-01-01T00:00:00",
    "11/20/2026 10:00": "2026-11-20T10:00:00",
    "20/11/2026": "2026-11-20T00:00:00",
    "29 März 2026": "2026-03-29T00:00:00",
    "29. März 2026": "2026-03-29T00:00:00",
    "Fr, 20 Nov 2026 10:00:00 +0100": "2026-11-20T09:00:00",
    "Fr., 20. Nov. 2026 um 10.00 Uhr MEZ": "2026-11-20T09:00:00",
    "Montag, 29. Juni 2026, 10:15 Uhr": "2026-06-29T10:15:00",
    "Mi, 05 Mai 2026 10:00:00 MESZ": "2026-05-05T08:00:00",
    "Mittwoch, den 5. August 2026": "2026-08-05T00:00:00",
    "Di, 01 Dez 2026 08:00:00 +0100": "2026-12-01T07:00:00",
    "1. Jänner 2026": "2026-01-01T00:00:00",
    "20.11.2026 10:00": "2026-11-20T10:00:00",
    "05.11.2026 10:00": "2026-11-05T10:00:00",
    "20.11.2026, 10:00 Uhr": "2026-11-20T10:00:00",
    "20.11.26": "2026-11-20T00:00:00",
    "mer. 5 août 2026 10:00": "2026-08-05T10:00:00",
    "1700000000": "2023-11-14T22:13:20",
    "1700000000000": "2023-11-14T22:13:20",
    "9999-12-31T23:59:59Z": "9999-12-31T23:59:59",
    "1970-01-01T00:00:00Z": "1970-01-01T00:00:00",
    "2026-13-45": None,
    "2026-13-01": None,
    "2026-13-01T15:51:30-0500": None,
    "2026-11-20T03:18:00+00:0": "2026-11-20T03:18:00",
    "2026-11-20T03:18:00+01:3": None,
    "2026-02-30": None,
    "31 Feb 2026": None,
    "2026-01-01T00:00:00+99:99": None,
    "+99:99": None,
    "2026-11-20T25:00:00Z": None,
    "0000-00-00": None,
    "-1": None,
    "0": None,
    "": None,
    "heute": None,
    "20. Brumaire 2026": None,
    "x" * 10_000: None,
}


@pytest.mark.parametrize("written", DATES)
def test_dates(written: str) -> None:
    expected = DATES[written]
    assert read_date(written) == (expected and datetime.fromisoformat(expected).replace(tzinfo=UTC))


@given(st.text(alphabet="0123456789:.-+TZ ,/MärzNovFr", max_size=40))
def test_anything_is_a_moment_or_none(written: str) -> None:
    found = read_date(written)
    assert found is None or found.utcoffset() is not None


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001 - made aware below
def test_what_programs_write_is_read_back(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    whole = aware.replace(microsecond=0)
    assert read_date(aware.isoformat()) == aware
    assert read_date(f"{whole:%a, %d %b %Y %H:%M:%S} GMT") == whole
    assert read_date(f"{whole:%d.%m.%Y %H:%M:%S}") == whole
