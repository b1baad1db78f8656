"""When a digest is due, and what it holds (pure).

A period starts where the digest's last one ended: Monday's holds the weekend, Tuesday's the bank holiday. Days with a
change of the clock have 23 or 25 hours and exactly one digest: an hour that is left out moves it to the hour's end, one
that comes twice means the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from smwatch.errors import UserError
from smwatch.i18n import Text, text
from smwatch.message.quote import publishers
from smwatch.model import Digest, Priority, Story, WatchCount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from smwatch.model import Mention, SourceState, Watch

TOP = 5
LATEST = timedelta(hours=6)  # a digest missed by more is not sent any more: the next one holds its mentions
PUNCTUAL = timedelta(minutes=5)  # a digest planned after more than this says that it is late
_LOOK_BACK = (timedelta(days=8), timedelta(days=62), timedelta(days=800))
WHY_HELD = {
    "quiet": text("quiet hours: told together afterwards"),
    "silence": text("silenced"),
    "storm": text("told in a summary: more at once than can be told one by one"),
    "max-per-hour": text("told in a summary: more in an hour than the channel takes"),
    "late": text("came late: told in one message"),
    "own": text("from your own accounts"),
    "deleted": text("deleted at the source before it was told"),
}
_DAYS = {"daily": "*", "workdays": "MON-FRI"}


class Plan(Protocol):
    """What decides when a digest is due: a `DigestPlan` of the config."""

    @property
    def name(self) -> str:
        """The digest's name."""

    @property
    def client(self) -> str | None:
        """Whose it is."""

    @property
    def at(self) -> str:
        """Local time, "08:00"."""

    @property
    def days(self) -> str:
        """Which days: "daily", "workdays" or "mon,thu"."""

    @property
    def cron(self) -> str | None:
        """A cron line, which then decides instead of `at` and `days`."""

    @property
    def timezone(self) -> str:
        """The zone of `at`."""

    @property
    def holidays(self) -> str | None:
        """Whose holidays "workdays" leaves out: "DE-BY"."""


def next_due(plan: Plan, after: datetime) -> datetime:
    """The first moment later than `after` at which `plan` is due, in UTC; raises UserError if there is none."""
    due = next(_dues(plan, after), None)
    if due is None:
        raise UserError(text("the digest “{name}” is never due", name=plan.name))
    return due


def next_dates(plan: Plan, after: datetime, count: int = 3) -> tuple[datetime, ...]:
    """The next `count` moments, for `check` and the preview."""
    return tuple(islice(_dues(plan, after), count))


def previous_due(plan: Plan, before: datetime) -> datetime | None:
    """The last moment earlier than `before` at which `plan` was due; None if there was none in two years."""
    for length in _LOOK_BACK:
        found = None
        for due in _dues(plan, before - length):
            if due >= before:
                break
            found = due
        if found is not None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class Due:
    """A digest to plan now: the moment it was due, and whether to say that it comes late."""

    at: datetime
    late: bool


def due_now(plan: Plan, *, last: datetime | None, known_since: datetime, now: datetime) -> Due | None:
    """The run that is to be planned at `now`, if any.

    `last` is the due moment of the last run, `known_since` when this plan came into force: nothing due before it is
    sent. Of several missed runs only the last counts, and only if less than six hours late.
    """
    at = previous_due(plan, now + timedelta(microseconds=1))
    if at is None or at < known_since or (last is not None and at <= last) or now - at >= LATEST:
        return None
    return Due(at=at, late=now - at > PUNCTUAL)


@cache
def _calendar(code: str) -> Any:  # noqa: ANN401 - the library's own mapping of dates, which grows by itself
    import holidays  # noqa: PLC0415 - only digests on workdays with holidays need it

    country, _, region = code.partition("-")
    return holidays.country_holidays(country.upper(), subdiv=region.upper() or None)


def is_holiday(code: str, day: date) -> bool:
    """Whether `day` is a public holiday in `code` ("DE-BY", "CH-ZH", "AT"); raises NotImplementedError for others."""
    return day in _calendar(code)


def _dues(plan: Plan, after: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(plan.timezone)
    for local in _ticks(plan, after.astimezone(zone)):
        due = local.astimezone(UTC)
        if due > after and not _day_off(plan, local):  # in a repeated hour the first 02:30 may lie before `after`
            yield due


def _ticks(plan: Plan, after: datetime) -> Iterator[datetime]:
    try:
        yield from CronSim(_cron(plan), after)
    except (CronSimError, ValueError) as error:
        raise UserError(text("the digest “{name}” is never due", name=plan.name)) from error


def _cron(plan: Plan) -> str:
    if plan.cron:
        return plan.cron
    hour, minute = plan.at.split(":")[:2]
    return f"{int(minute)} {int(hour)} * * {_DAYS.get(plan.days, plan.days.upper().replace(' ', ''))}"


def _day_off(plan: Plan, local: datetime) -> bool:
    return (
        plan.cron is None
        and plan.days == "workdays"
        and bool(plan.holidays)
        and is_holiday(plan.holidays or "", local.date())
    )


def build(  # noqa: PLR0913 - one keyword for each thing that a digest tells
    plan: Plan,
    *,
    since: datetime,
    until: datetime,
    watches: Sequence[Watch],
    mentions: Iterable[Mention],
    before: Mapping[str, int] | None = None,
    held: Iterable[tuple[Text, int]] = (),
    sources: Iterable[SourceState] = (),
    uncovered: Iterable[Text] = (),
    muted: Iterable[Text] = (),
    late: bool = False,
    upcoming: datetime | None = None,
) -> Digest:
    """The digest of (`since`, `until`]: `watches` in the config's order, `mentions` of these watches without old ones.

    `before` counts the mentions of the period before by watch; None where there was none.
    """
    told = [mention for mention in mentions if not mention.old]
    stories = gather([watch.name for watch in watches], told)
    return Digest(
        name=plan.name,
        client=plan.client,
        since=since,
        until=until,
        counts=tuple(_counts(watches, told, before)),
        stories=stories,
        top=top_stories(stories),
        held=tuple(held),
        sources=tuple(sources),
        uncovered=tuple(uncovered),
        muted=tuple(muted),
        late=late,
        next_due=upcoming,
    )


def gather(names: Sequence[str], mentions: Iterable[Mention]) -> dict[str, tuple[Story, ...]]:
    """Stories by watch: each stands once, under the first of its watches; a mention without a story is its own."""
    order = {name: at for at, name in enumerate(names)}
    grouped: dict[tuple[str, int], list[Mention]] = {}
    for mention in sorted(mentions, key=lambda mention: (mention.seen_at, mention.id)):
        key = ("mention", mention.id) if mention.story_id is None else ("story", mention.story_id)
        grouped.setdefault(key, []).append(mention)
    found: dict[str, list[Story]] = {name: [] for name in names}
    for group in grouped.values():
        first = min((mention.watch for mention in group), key=lambda name: order.get(name, len(order)))
        found.setdefault(first, []).append(_story(group))
    return {name: tuple(stories) for name, stories in found.items() if stories}


def top_stories(stories: Mapping[str, Sequence[Story]]) -> tuple[Story, ...]:
    """At most five: the urgent first, then those in most sources, then those that people react to.

    Of equals the earlier watch of the config comes first, then the newer story.
    """
    everything = [story for group in stories.values() for story in sorted(group, key=_age)]
    return tuple(sorted(everything, key=_weight)[:TOP])


def _story(group: Sequence[Mention]) -> Story:
    return Story(
        id=group[0].story_id or 0,
        client=group[0].client,
        mentions=tuple(group),
        first_at=group[0].seen_at,
        last_at=group[-1].seen_at,
    )


def _age(story: Story) -> float:
    return -story.first_at.timestamp()


def _weight(story: Story) -> tuple[int, int, int]:
    urgency = min(list(Priority).index(mention.priority) for mention in story.mentions)
    return urgency, -len(publishers(story)), -sum(map(_reactions, story.mentions))


def _reactions(mention: Mention) -> int:
    engagement = mention.item.engagement
    return sum(filter(None, (engagement.likes, engagement.replies, engagement.shares))) if engagement else 0


def _counts(
    watches: Sequence[Watch], mentions: Sequence[Mention], before: Mapping[str, int] | None
) -> Iterator[WatchCount]:
    for watch in watches:
        yield WatchCount(
            watch=watch.name,
            mentions=sum(mention.watch == watch.name for mention in mentions),
            before=None if before is None else before.get(watch.name, 0),
            where=watch.where,
        )
