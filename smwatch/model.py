"""The nouns that flow through smwatch.

Everything here is frozen, keyword-only and holds standard types. Every `datetime` is aware and in UTC. `None` means
"unknown", 0 means "zero". Names are the words of PR people, the same in TOML, code and docs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from smwatch.case import Case
    from smwatch.i18n import Text
    from smwatch.silence import Silence

SHORT_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U


def short_id(letter: str, number: int) -> str:
    """A speakable id: `short_id("M", 148802)` is "M4HA2"; people read it out on the telephone."""
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 32)
        digits = SHORT_DIGITS[digit] + digits
    return letter + digits.rjust(2, "0")


_NO_ID = 2**63  # stores know no such number


_ALIKE = str.maketrans("OIL", "011")  # letters that sound or look like digits


def numbered(said: str, letter: str, *, bare: bool = False) -> int | None:
    """The number inside what somebody wrote as a `short_id` that begins with `letter`; None for anything else.

    `bare`: the letter may be left out.
    """
    short = said.strip().upper()
    digits = short[1:] if short[:1] == letter else short if bare else ""
    number = 0
    for digit in digits.translate(_ALIKE):
        if digit not in SHORT_DIGITS:
            return None
        number = number * 32 + SHORT_DIGITS.index(digit)
    return number if digits and number < _NO_ID else None


class Priority(StrEnum):
    """How urgently a watch wants its mentions told."""

    URGENT = "urgent"
    NORMAL = "normal"
    DIGEST_ONLY = "digest-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the team: `id` is the channel's own (Slack's U…) or "cli:NAME"; both "" where names are not kept."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote an item, as far as the source tells."""

    name: str | None = None
    handle: str | None = None
    native_id: str | None = None
    url: str | None = None
    followers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """What an item has caused so far; `None` where the source does not say."""

    likes: int | None = None
    replies: int | None = None
    shares: int | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing said in public: an article, a post, a comment, a review.

    `id` is the source's own id to the letter. `title`, `lead` and `text` are plain text, never HTML. `published` and
    `updated` are what the source says, not clamped. `kind` is the query field `type`, "" where unknown. `attributes`
    holds the rarer query fields under their canonical names (`country`, `rating`, `sentiment`, `reach`, `is`,
    `contains`, `tags`, `subreddit` …), as JSON values. `deleted`: when its source said that it is gone; its words are
    gone from here too. `other_ids` are further ids by which a source may say that.
    """

    id: str
    source: str
    url: str = ""
    title: str = ""
    lead: str = ""
    text: str = ""
    kind: str = "post"
    author: Author | None = None
    published: datetime | None = None
    updated: datetime | None = None
    lang: str | None = None
    lang_guessed: bool = False
    engagement: Engagement | None = None
    parent_id: str | None = None
    root_id: str | None = None
    links: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    deleted: datetime | None = None
    other_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one step of a source's walk brought; one page is one transaction.

    The cursor stands only on the last page of a walk and moves only in the transaction that stores its items.
    `deleted` are ids that the source says are gone. `notes` tell people what was missed (a gap in a stream), once.
    `passing`: too much passes by to remember it; only what matches is kept, and is known again.
    """

    items: tuple[Item, ...] = ()
    cursor: str | None = None
    deleted: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()
    passing: bool = False


class Span(NamedTuple):
    """Where a term matched: characters `start` to `end` (half open) of the item's own `field` text."""

    field: str
    start: int
    end: int
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in a config file; line and column count from 1."""

    file: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """A rule that lifts a mention to a higher priority: `[[watch.raise]]`."""

    query: str
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A named query with its routing: `[[watch]]`. `alert` names channels, `digest` digests."""

    name: str
    query: str
    client: str | None = None
    exclude: tuple[str, ...] = ()
    alert: tuple[str, ...] = ()
    digest: tuple[str, ...] = ()
    priority: Priority = Priority.NORMAL
    raises: tuple[Raise, ...] = ()
    share_of_voice: str | None = None
    shared: bool = False
    dialect: str | None = None
    umlauts: str = "strict"
    inflect: bool = True
    active: bool = True
    answer_within: timedelta | None = None
    escalate: str | None = None
    was: str | None = None
    note: str | None = None
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """An item that a watch matched, with the words that matched.

    `old` mentions are history and never alert. `late` ones came after `max_age` and are told in one message.
    """

    id: int
    watch: str
    client: str | None
    item: Item
    spans: tuple[Span, ...] = ()
    priority: Priority = Priority.NORMAL
    old: bool = False
    late: bool = False
    seen_at: datetime
    story_id: int | None = None
    reason: Text | None = None

    @property
    def short(self) -> str:
        """The speakable id, as `why M4K2` takes it."""
        return short_id("M", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Items that say the same: what an alert is about. Mentions in order of first sight."""

    id: int
    client: str | None
    mentions: tuple[Mention, ...]
    first_at: datetime
    last_at: datetime

    @property
    def short(self) -> str:
        """The speakable id."""
        return short_id("S", self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The state of one story to show in one channel, complete enough to render at any time.

    `priority` is the highest of its mentions; `reason` says why this channel gets it; `possible_duplicate` marks a
    post repeated after an answer was lost where the channel cannot be asked. `case` is None while nobody has done
    anything about it; `silences` are those that cover it now.
    """

    story: Story
    channel: str
    priority: Priority
    reason: Text | None = None
    possible_duplicate: bool = False
    case: Case | None = None
    silences: tuple[Silence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCount:
    """How often a watch was met in a digest's period, and in the period before (None: no such period yet)."""

    watch: str
    mentions: int
    before: int | None = None
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """One source in words for people: `state` is "ok", "failing", "silent", "new" …; `reason` why."""

    name: str
    state: str
    reason: Text | None = None
    since: datetime | None = None
    last_item: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What happened in a period, ready to be told: covers the half-open span (`since`, `until`].

    `stories` are grouped by watch name, in the config's order; `held` counts what was held back, by reason; `muted`
    tells of the silences that hold something back now.
    `cases` are those that wait, overdue first. `late` marks a digest sent after its time. `uncovered` says what no
    source can see.
    """

    name: str
    client: str | None
    since: datetime
    until: datetime
    counts: tuple[WatchCount, ...]
    stories: Mapping[str, tuple[Story, ...]]
    top: tuple[Story, ...] = ()
    held: tuple[tuple[Text, int], ...] = ()
    muted: tuple[Text, ...] = ()
    sources: tuple[SourceState, ...] = ()
    uncovered: tuple[Text, ...] = ()
    cases: tuple[Case, ...] = ()
    late: bool = False
    next_due: datetime | None = None

    @property
    def total(self) -> int:
        """All mentions of the period."""
        return sum(count.mentions for count in self.counts)


def utc(moment: datetime) -> datetime:
    """`moment` in UTC; a naive one is taken to be UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


DAY = timedelta(days=1)
