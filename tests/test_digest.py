from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from message_samples import COPIES, NOW, PLAN, RECALL, WATCHES, item, mention

from smwatch import digest
from smwatch.config.model import DigestPlan
from smwatch.errors import UserError
from smwatch.i18n import text
from smwatch.model import Engagement, Priority

BERLIN = ZoneInfo("Europe/Berlin")


def berlin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold).astimezone(UTC)


def plan(at: str = "08:00", days: str = "daily", **more: object) -> DigestPlan:
    return DigestPlan(name="morgens", at=at, days=days, **more)


def days(plan: DigestPlan, after: datetime, count: int = 3) -> list[str]:
    return [f"{due.astimezone(BERLIN):%a %d.%m. %H:%M}" for due in digest.next_dates(plan, after, count)]


def test_the_next_three_dates_of_workdays_leave_out_weekend_and_holidays():
    after = berlin(2025, 12, 23, 9)
    bavarian = plan(days="workdays", holidays="DE-BY")
    assert days(bavarian, after, 4) == ["Wed 24.12. 08:00", "Mon 29.12. 08:00", "Tue 30.12. 08:00", "Wed 31.12. 08:00"]


def test_holidays_differ_by_land():
    epiphany = berlin(2026, 1, 5, 9)
    assert days(plan(days="workdays", holidays="DE-BY"), epiphany, 1) == ["Wed 07.01. 08:00"]
    assert days(plan(days="workdays", holidays="DE-BE"), epiphany, 1) == ["Tue 06.01. 08:00"]
    assert days(plan(days="workdays"), epiphany, 1) == ["Tue 06.01. 08:00"]


def test_holidays_count_only_for_workdays():
    assert days(plan(days="daily", holidays="DE-BY"), berlin(2025, 12, 24, 9), 1) == ["Thu 25.12. 08:00"]


def test_some_days_and_cron_lines():
    after = berlin(2025, 11, 24, 9)
    assert days(plan(days="mon, thu"), after, 2) == ["Thu 27.11. 08:00", "Mon 01.12. 08:00"]
    assert days(plan(cron="30 17 1 * *"), after, 2) == ["Mon 01.12. 17:30", "Thu 01.01. 17:30"]


def test_a_missing_hour_moves_the_digest_to_its_end():
    spring = plan("02:30")
    assert days(spring, berlin(2026, 3, 28, 12)) == ["Sun 29.03. 03:00", "Mon 30.03. 02:30", "Tue 31.03. 02:30"]


def test_a_repeated_hour_has_one_digest():
    autumn, first = plan("02:30"), berlin(2026, 10, 25, 2, 30)
    assert digest.next_due(autumn, berlin(2026, 10, 24, 12)) == first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    between = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 02:15 for the second time
    assert digest.next_due(autumn, between) == berlin(2026, 10, 26, 2, 30)
    assert digest.next_due(autumn, first) == berlin(2026, 10, 26, 2, 30)


@given(
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - made aware below
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
)
@settings(max_examples=60, deadline=None)
def test_every_day_has_exactly_one(start, hour, minute):
    after = start.replace(tzinfo=UTC)
    dues = digest.next_dates(plan(f"{hour:02}:{minute:02}"), after, 10)
    dates = [due.astimezone(BERLIN).date() for due in dues]
    assert dates == [dates[0] + timedelta(days=n) for n in range(10)]
    assert all(later > earlier for earlier, later in zip((after, *dues), dues, strict=False))


def test_the_day_before_is_the_friday():
    assert digest.previous_due(plan(days="workdays"), berlin(2025, 11, 24, 8)) == berlin(2025, 11, 21, 8)
    assert digest.previous_due(plan(cron="0 8 1 1 *"), berlin(2025, 11, 24, 8)) == berlin(2025, 1, 1, 8)


@pytest.mark.parametrize("cron", ["0 0 30 2 *", "soon", "99 0 * * *"])
def test_a_date_that_never_comes_is_said(cron):
    with pytest.raises(UserError) as caught:
        digest.next_due(plan(cron=cron), NOW)
    assert caught.value.sentence.render("de") == "der Überblick „morgens“ ist nie fällig"


@pytest.mark.parametrize(
    ("now", "last", "known", "expected"),
    [
        ((8, 0), (23, 8), (1, 0), digest.Due(berlin(2025, 11, 24, 8), late=False)),
        ((7, 59), (23, 8), (1, 0), None),
        ((8, 0), (24, 8), (1, 0), None),  # planned already
        ((13, 59), (23, 8), (1, 0), digest.Due(berlin(2025, 11, 24, 8), late=True)),
        ((14, 0), (23, 8), (1, 0), None),  # six hours late
        ((9, 0), None, (24, 8, 30), None),  # due before the first start
        ((9, 0), None, (24, 7, 30), digest.Due(berlin(2025, 11, 24, 8), late=True)),
        ((8, 4), (20, 8), (1, 0), digest.Due(berlin(2025, 11, 24, 8), late=False)),
    ],
)
def test_what_is_due(now, last, known, expected):
    moment = berlin(2025, 11, 24, *now)
    done = berlin(2025, 11, *last) if last else None
    assert digest.due_now(plan(), last=done, known_since=berlin(2025, 11, *known), now=moment) == expected


def built(*mentions, **more):
    return digest.build(PLAN, since=NOW - timedelta(days=1), until=NOW, watches=WATCHES, mentions=mentions, **more)


def test_a_story_stands_once_under_the_first_of_its_watches():
    both = mention(7, watch="Wettbewerb", story_id=1)
    found = built(both, RECALL, mention(8, watch="Wettbewerb", story_id=None), mention(9, story_id=None))
    assert {name: [[m.id for m in story.mentions] for story in group] for name, group in found.stories.items()} == {
        "Acme Marke": [[1009], [1007, 1001]],
        "Wettbewerb": [[1008]],
    }
    assert [(count.watch, count.mentions, count.before) for count in found.counts] == [
        ("Acme Marke", 2, None),
        ("Wettbewerb", 2, None),
    ]
    assert found.total == 4


def test_old_mentions_are_history():
    assert built(replace(RECALL, old=True)).stories == {}


def test_top_stories_are_urgent_first_then_widely_told_then_much_answered():
    answered = mention(50, on=item(50, engagement=Engagement(likes=90)))
    wide = [mention(60 + n, on=item(60 + n, url=f"https://paper{n}.example/"), story_id=60) for n in range(3)]
    urgent = mention(70, priority=Priority.URGENT)
    others = [mention(80 + n) for n in range(4)]
    top = built(*others, answered, *wide, urgent).top
    assert [story.id for story in top] == [70, 60, 50, 80, 81]  # the rest: the newest first


def test_counts_of_the_period_before_know_watches_that_were_silent():
    assert [count.before for count in built(before={"Wettbewerb": 3}).counts] == [0, 3]


def test_ten_feeds_of_one_paper_are_one_publisher():
    story = digest.gather(["Acme Marke"], [*COPIES, RECALL])["Acme Marke"][0]
    assert len(story.mentions) == 5
    assert len(digest.publishers(story)) == 5
    twice = digest.gather(["Acme Marke"], [RECALL, replace(RECALL, id=2, item=replace(RECALL.item, source="x"))])
    assert len(digest.publishers(twice["Acme Marke"][0])) == 1


def test_held_and_uncovered_are_handed_on():
    found = built(held=[(text("silenced"), 3)], uncovered=[text("no search")], late=True, upcoming=NOW)
    assert (found.held, found.uncovered, found.late, found.next_due) == (
        ((text("silenced"), 3),),
        (text("no search"),),
        True,
        NOW,
    )
