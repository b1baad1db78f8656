"""The whole exception tree.

    SmwatchError                 everything below; never raised itself
    ├── UserError                tell the human: shown as one sentence, without a traceback
    │   ├── ConfigError          carries every Problem of a config at once
    │   └── QueryError           a query that does not parse: position and repairs
    ├── SourceError              one source could not be read this time
    │   ├── Transient            likely to pass: time-out, 5xx, DNS
    │   ├── RateLimited          asked to come back later
    │   │   └── HostRests        not asked at all, as its host wants to be left alone
    │   ├── AuthExpired          a key or token no longer works
    │   ├── NotPermitted         the platform does not allow this
    │   ├── Gone                 it is not there any more
    │   ├── Broken               it answers, but not with what it should be
    │   └── BudgetSpent          our own limit of calls or money is used up
    ├── ChannelError             a channel did not take a message: sent, surely not sent, or unsure
    └── LeaseLost                another daemon took over; nothing of this poll is written

Every one carries a `Text`, so that people read it in their language. Everything else that is raised is a bug and keeps
its traceback.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from smwatch.i18n import Text, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta


SYSTEM = {  # what the system says most
    errno.ENOENT: text("No such file or directory"),
    errno.EACCES: text("Permission denied"),
    errno.EPERM: text("Permission denied"),
    errno.EISDIR: text("Is a directory"),
    errno.ENOTDIR: text("Not a directory"),
    errno.EEXIST: text("File exists"),
    errno.ENOSPC: text("No space left on device"),
    errno.EROFS: text("Read-only file system"),
    errno.EDQUOT: text("Disk quota exceeded"),
    errno.EIO: text("Input/output error"),
    errno.EMFILE: text("Too many open files"),
    errno.EADDRINUSE: text("Address already in use"),
    errno.EADDRNOTAVAIL: text("Cannot assign requested address"),
    errno.ECONNREFUSED: text("Connection refused"),
    errno.EPIPE: text("Broken pipe"),
}


def system_reason(error: OSError) -> Text:
    """What the system says of its error, in the reader's language where it is one of the usual ones."""
    known = SYSTEM.get(error.errno) if error.errno is not None else None
    return known or Text("{it}", {"it": error.strerror or str(error) or type(error).__name__})


class SmwatchError(Exception):
    """The root; `sentence` is what people read."""

    def __init__(self, sentence: Text | str) -> None:
        self.sentence = sentence if isinstance(sentence, Text) else Text("{it}", {"it": sentence})
        super().__init__(self.sentence)


class UserError(SmwatchError):
    """Something the person in front of it can mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file; `line` and `column` count from 1, in characters.

    `suggestion` is the right key, name or word, ready to paste; `excerpt` is the offending line.
    """

    file: str
    line: int
    column: int
    severity: Literal["error", "warning"] = "error"
    message: Text
    suggestion: str | None = None
    excerpt: str = ""
    width: int = 1


class ConfigError(UserError):
    """A config with mistakes: all of them, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(problems[0].message if problems else text("the configuration is broken"))


class QueryError(UserError):
    """A query that does not parse.

    `start` and `end` are character offsets into the query (from 0, half open); `repairs` are whole queries that parse.
    """

    def __init__(
        self, sentence: Text | str, *, start: int = 0, end: int | None = None, repairs: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence)
        self.start = start
        self.end = start + 1 if end is None else end
        self.repairs = tuple(repairs)

    @property
    def column(self) -> int:
        """The column of the mistake, counted from 1 in characters."""
        return self.start + 1


class SourceError(SmwatchError):
    """One source could not be read this time.

    `retry_at` when the source itself named a time (UTC); `status` is the HTTP status of an answer that was none, and
    `said` how its body begins: for plugins to look for the platform's own words, never for logs or people.
    """

    def __init__(
        self, sentence: Text | str, *, retry_at: datetime | None = None, status: int | None = None, said: str = ""
    ) -> None:
        super().__init__(sentence)
        self.retry_at = retry_at
        self.status = status
        self.said = said


class Transient(SourceError):
    """Likely to pass: time-out, 5xx, DNS, a cut line."""


class RateLimited(SourceError):
    """Asked to come back later; `retry_at` says when, where the answer said so."""


HOST_RESTS = text("waits for {host}, which wants to be left alone").template


class HostRests(RateLimited):
    """Not asked at all: another source's request heard that `host` wants to be left alone until `retry_at`.

    It says nothing about this source, and counts as no failure of it.
    """

    def __init__(self, host: str, retry_at: datetime) -> None:
        super().__init__(text(HOST_RESTS, host=host), retry_at=retry_at)
        self.host = host


class AuthExpired(SourceError):
    """A key or token no longer works; a person has to act."""


class NotPermitted(SourceError):
    """The platform, or our address guard, does not allow this."""


class Gone(SourceError):
    """It is not there any more (410, a deleted account)."""


class Broken(SourceError):
    """It answers, but not with what it should be: HTML instead of a feed, a bomb, a login wall."""


class BudgetSpent(SourceError):
    """Our own limit of calls or money is used up until `retry_at`."""


class LeaseLost(SmwatchError):
    """Another daemon has taken a source over meanwhile: nothing of this poll is written."""


class Outcome(StrEnum):
    """What is known about a message after a failed call."""

    NOT_SENT = "not sent"
    UNSURE = "unsure"


class Scope(StrEnum):
    """What a failed call says something about: this one message, or everything for that channel."""

    MESSAGE = "message"
    CHANNEL = "channel"


class ChannelError(SmwatchError):
    """A channel did not take a message.

    `outcome` UNSURE means it may have arrived: the core looks it up before a second post. `scope` CHANNEL holds the
    whole channel, MESSAGE lets the others pass after 15 minutes. `retry_after` is the channel's own wish. `permanent`
    means that no retry helps until a person acts (token revoked, channel gone); `edit_lost` that the message to edit
    is not there any more and a new one is due.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing the core decides on
        self,
        sentence: Text | str,
        *,
        outcome: Outcome = Outcome.NOT_SENT,
        scope: Scope = Scope.MESSAGE,
        retry_after: timedelta | None = None,
        permanent: bool = False,
        edit_lost: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.outcome = outcome
        self.scope = scope
        self.retry_after = retry_after
        self.permanent = permanent
        self.edit_lost = edit_lost
