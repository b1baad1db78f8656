from __future__ import annotations

from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from smwatch.fetch.freshness import fresh_for

NOW = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "max-age=600"}, 600),
        ({"cache-control": "public, max-age=900, must-revalidate"}, 900),
        ({"Cache-Control": 'private,max-age="60"'}, 60),
        ({"Cache-Control": "max-age=0"}, None),
        ({"Cache-Control": "no-cache, max-age=600"}, None),
        ({"Cache-Control": "s-maxage=60"}, None),
        ({"Cache-Control": "max-age=9999999999"}, 366 * 86400),
        ({"Cache-Control": "max-age=600", "Expires": "Sun, 29 Mar 2026 08:00:05 GMT"}, 600),
        ({"Expires": "Sun, 29 Mar 2026 08:30:00 GMT"}, 1800),
        ({"Expires": "Sun, 29 Mar 2026 08:30:00 GMT", "Date": "Sun, 29 Mar 2026 08:20:00 GMT"}, 600),
        ({"Expires": "0"}, None),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
        ({"Expires": "bald"}, None),
        ({}, None),
    ],
)
def test_for_how_long_an_answer_may_be_kept(headers: dict[str, str], seconds: int | None) -> None:
    assert fresh_for(CIMultiDict(headers), NOW) == seconds
