"""What becomes of a mention: alert, hold, digest or nothing, always with a named reason (pure).

Old and new are decided here too. Everything of a source's first complete poll is old. Later an item is old if it is
dated before its source's first poll, or before its watch was made or changed; whole seconds count. Old mentions are
history and never alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smwatch.i18n import Text, text
from smwatch.model import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from smwatch.model import Item, Mention, Watch

LONG_AGO = timedelta(days=3650)
AHEAD = timedelta(hours=24)


class Age(StrEnum):
    """Whether an item is news."""

    NEW = "new"
    OLD = "old"
    LATE = "late"  # news that came when it was older than the limit for alerts


class Verdict(StrEnum):
    """What becomes of a mention in one channel."""

    ALERT = "alert"
    HOLD = "hold"
    DIGEST = "digest"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One verdict with its reason: `code` is for counting, `reason` for reading. `channel` is "" for all of them."""

    channel: str
    verdict: Verdict
    code: str
    reason: Text


def moment_of(item: Item, first_seen: datetime) -> datetime:
    """When the item was said: its own date within reason, else the moment it was first seen.

    Dates of more than ten years ago or more than a day ahead are not believed.
    """
    said = item.published or item.updated
    if said is None or not first_seen - LONG_AGO <= said <= first_seen + AHEAD:
        return first_seen
    return said


def age(
    said: datetime,
    *,
    first_seen: datetime,
    first_poll_at: datetime | None,
    changed_at: datetime,
    max_age: timedelta,
) -> Age:
    """Whether something said at `said` is news for a watch that was last changed at `changed_at`.

    `first_poll_at` None means that the source's first walk is not complete yet. What was in that walk stays old
    whatever date it carries, also when it is edited later.
    """
    if first_poll_at is None or first_seen <= first_poll_at:
        return Age.OLD
    if _whole(said) < max(_whole(first_poll_at), _whole(changed_at)):
        return Age.OLD
    return Age.LATE if first_seen - said > max_age else Age.NEW


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def route(mention: Mention, watch: Watch, own_accounts: Sequence[str] = ()) -> tuple[Decision, ...]:
    """One decision for each channel that gets an alert, or one that says why none does."""
    if (never := _never(mention, own_accounts)) is not None:
        return (never,)
    if mention.priority is Priority.DIGEST_ONLY:
        return (_all(Verdict.DIGEST, "digest-only", text("the watch is for the digest only")),)
    if not watch.alert:
        return (_all(Verdict.DIGEST, "no-alert", text("the watch names no channel for alerts")),)
    if mention.late:
        return (_all(Verdict.HOLD, "late", text("came when it was already older than the limit for alerts")),)
    reason = mention.reason or text("the watch matched")
    return tuple(
        Decision(channel=channel, verdict=Verdict.ALERT, code="alert", reason=reason) for channel in watch.alert
    )


def _never(mention: Mention, own_accounts: Sequence[str]) -> Decision | None:
    """Why nobody is ever told of it; None where it may be told."""
    if mention.item.deleted is not None:
        return _all(Verdict.NOTHING, "deleted", text("deleted at the source before it was told"))
    if mention.old:
        return _all(Verdict.NOTHING, "old", text("older than the watch or the source's first poll"))
    if is_own(mention.item, own_accounts):
        return _all(Verdict.NOTHING, "own", text("one of your own accounts"))
    return None


def _all(verdict: Verdict, code: str, reason: Text) -> Decision:
    return Decision(channel="", verdict=verdict, code=code, reason=reason)


def is_own(item: Item, own_accounts: Iterable[str]) -> bool:
    """Whether the item was said by one of `own_accounts`: handles ("@acme") or addresses ("https://www.acme.example")."""
    return any(_by(item, account) for account in own_accounts)


def _by(item: Item, account: str) -> bool:
    who = item.author
    if "://" not in account:
        handle = account.removeprefix("@").casefold()
        return who is not None and bool(who.handle) and (who.handle or "").removeprefix("@").casefold() == handle
    if who is not None and who.url and _under(who.url, account):
        return True
    return _under(item.url, account)


def _under(url: str, account: str) -> bool:
    """Whether `url` lies at or below the address `account`."""
    mine, theirs = urlsplit(account), urlsplit(url)
    if _host(mine.netloc) != _host(theirs.netloc):
        return False
    path = mine.path.rstrip("/")
    return theirs.path.rstrip("/") == path or theirs.path.startswith(f"{path}/")


def _host(netloc: str) -> str:
    return netloc.casefold().removeprefix("www.")


def highest(priorities: Iterable[Priority]) -> Priority:
    """The most urgent of `priorities`."""
    order = list(Priority)
    return min(priorities, key=order.index)
