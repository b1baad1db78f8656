"""What was answered, and what becomes of it: the plan of the file, and everything that is worth saying."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from yarl import URL

from smwatch.errors import UserError
from smwatch.feeds.address import read_address
from smwatch.i18n import Text, text
from smwatch.init.plan import BERLIN, Channel, Plan, Smtp, Source
from smwatch.message.escape import tame
from smwatch.message.mail import mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from smwatch.init.feeds import Feed, Search

MOST_SOURCES = 3
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """As given by options or in the dialogue. `websites` are the brand's own, `feeds` what others publish."""

    brand: str
    language: str
    store: str
    channel: Channel = field(default_factory=Channel)
    websites: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    timezone: str | None = None
    people: bool = False
    allow_private: bool = False

    def plan(self, of_websites: Sequence[Search], of_feeds: Sequence[Search]) -> Plan:
        """The file, with what the searches brought; an address that could not be read is written as it is."""
        asked = [one for search in of_feeds for one in _chosen(search, self.allow_private)]
        owned = [_source(feed, self.allow_private) for search in of_websites for feed in search.feeds]
        room = max(MOST_SOURCES - len(asked), 0)
        others = bool(asked)
        return Plan(
            language=self.language,
            brand=self.brand,
            store=self.store,
            channel=self.channel,
            competitors=self.competitors,
            sources=(*asked, *owned[:room]),
            own=tuple(map(_site, self.websites)) if others else (),
            timezone=self.timezone or BERLIN,
            people=self.people,
        )


def _chosen(search: Search, allow_private: bool) -> Iterable[Source]:  # noqa: FBT001 - handed on
    """The best feed of an address that was named; the address itself where nothing could be read there."""
    if search.feeds:
        return (_source(search.feeds[0], allow_private),)
    address = search.address if "://" in search.address else f"https://{search.address}"
    try:
        read_address(address)
    except UserError:
        return ()
    return (Source(url=address, allow_private=allow_private),)


def _source(feed: Feed, allow_private: bool) -> Source:  # noqa: FBT001 - handed on
    name = " ".join(tame(feed.title).split())
    return Source(url=feed.url, name=name if len(name) <= LONGEST_NAME else "", allow_private=allow_private)


def _site(written: str) -> str:
    """The site behind what was written, as `own_accounts` takes it."""
    url = URL(written if "://" in written else f"https://{written}")
    return str(url.origin()) if url.host else written


def mail_address(written: str) -> str:
    """`written`, if mail can be sent to it; raises UserError."""
    try:
        mailbox(written)
    except ValueError as error:
        wrong = text("“{address}” is not a mail address", address=written)
        raise UserError(error.args[0] if isinstance(error.args[0], Text) else wrong) from None
    return written


def mail_server(written: str) -> Smtp:
    """`host` or `host:port`; raises UserError."""
    host, _, port = written.strip().rpartition(":") if written.count(":") == 1 else (written.strip(), "", "")
    if not host or any(sign.isspace() for sign in host) or (port and not port.isdigit()):
        raise UserError(text("{server} is no mail server; write it as host or host:port", server=written))
    return Smtp(host=host, port=int(port) if port else None)
