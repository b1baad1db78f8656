"""Addresses that moved for good: proposed to people after three times, known under their old name for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from smwatch.moves import noted, proposed, targets

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NEW = "https://neu.example/feed.xml"
DAY = timedelta(days=1)


def seen(*polls: tuple[timedelta, str | None]) -> dict[str, object]:
    known = None
    for after, moved in polls:
        known = noted(known, moved, NOW + after)
    return {"https://alt.example/feed.xml": {"moved": known} if known else {}}


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        ([(DAY * 0, NEW), (DAY, NEW), (DAY * 2, NEW)], NEW),
        ([(DAY * 0, NEW), (DAY, NEW), (DAY * 2, NEW), (DAY * 90, NEW)], NEW),
        ([(DAY * 0, NEW), (DAY, NEW)], None),
        ([(DAY * 0, NEW), (DAY, NEW), (DAY * 2, "https://anders.example/")], None),
        ([(DAY * 0, NEW), (DAY, NEW), (DAY * 2, None), (DAY * 3, NEW)], None),
        ([(DAY * 0, NEW), (DAY * 4, NEW), (DAY * 8, NEW)], None),
        ([(DAY * 0, NEW), (DAY * 4, NEW), (DAY * 8, NEW), (DAY * 9, NEW), (DAY * 10, NEW)], NEW),
        ([(DAY * 0, NEW), (DAY, NEW), (DAY * 2, NEW), (DAY * 3, None)], None),
        ([], None),
    ],
)
def test_three_identical_ones_within_a_week_propose_it(
    polls: list[tuple[timedelta, str | None]], expected: str | None
) -> None:
    assert proposed(seen(*polls)) == expected


def test_one_is_enough_to_know_where_it_led() -> None:
    assert targets(seen((DAY, NEW))) == {NEW}
    assert targets(None) == frozenset()
    assert targets({"a": {"moved": "of an older version"}, "b": 7}) == frozenset()
