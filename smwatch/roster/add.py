"""Find the feed behind an address, and write it into the config as a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smwatch.config.edit import Desk, write
from smwatch.errors import UserError
from smwatch.feeds import presets
from smwatch.feeds.address import read_address
from smwatch.feeds.clues import instead
from smwatch.feeds.known import known
from smwatch.i18n import text
from smwatch.init.feeds import NO_FEED, finder
from smwatch.message.escape import tame

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from smwatch.config.edit import Edit
    from smwatch.config.model import Config
    from smwatch.init.feeds import Feed, Search
    from smwatch.source import Source

LONGEST_NAME = 60
READERS = ("feed", "podcast")  # the kinds of sources whose key is a feed's address


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the new source is to be; what is None is left to the program."""

    address: str
    name: str | None = None
    client: str | None = None
    group: str | None = None
    interval: str | None = None
    allow_private: bool = False


async def search(address: str, *, allow_private: bool = False) -> Search:
    """The feeds that an address offers, of a platform the one that its address stands for; raises UserError."""
    if not address.strip():
        raise UserError(text("an address is needed, like {example}", example="https://www.acme.example"))
    if (why := presets.refused(address if "://" in address else f"https://{address}")) is not None:
        raise UserError(why)
    platform = known(address)
    async with finder(allow_private=allow_private) as looking:
        found = await looking.find(platform.feed if platform else address)
    if found.trouble == NO_FEED and (advice := instead(tame(address))) is not None:
        raise UserError(advice)
    if found.trouble == NO_FEED:
        raise UserError(
            text(
                '{address}: no feed was found there; without one a forum is read by type = "forum", a website by '
                'type = "website"',
                address=tame(address),
            )
        )
    if found.trouble is not None and "address" in found.trouble.values:  # it names what is wrong by itself
        raise UserError(found.trouble)
    if found.trouble is not None:
        raise UserError(text("{address}: {reason}", address=tame(address), reason=found.trouble))
    return found


def table(wish: Wish, feed: Feed, config: Config) -> dict[str, Any]:
    """The keys of the new `[[source]]`; raises UserError where there is such a source already, or the name is taken."""
    platform = known(wish.address) or known(feed.url)
    refuse_known(config, platform.feed if platform else feed.url, wish.client)
    taken = {source.name for source in config.sources}
    if wish.name in taken:
        raise UserError(text("there is a source called {name} already", name=wish.name))
    given = {
        "name": wish.name or fitting_name(feed.title, taken),
        **(platform.keys if platform else {"type": "podcast" if feed.spoken else "feed", "url": feed.url}),
        "client": wish.client,
        "group": wish.group,
        "interval": wish.interval,
        "allow_private": wish.allow_private or None,
    }
    return {key: value for key, value in given.items() if value}


def as_source(table: Mapping[str, Any], kinds: Mapping[str, type[Source]]) -> Source | None:
    """The source that such a table makes, to look at before it is written; None where it is a plain feed."""
    if table["type"] == "feed" and "preset" not in table:
        return None
    named = {"name": table.get("name") or table["type"]}
    left = {key: value for key, value in table.items() if key not in ("client", "group", "interval")}
    return kinds[table["type"]].model_validate(left | named).expand("")[0]


def refuse_known(config: Config, url: str, client: str | None) -> None:
    """Raise UserError where a source reads `url` for `client` already."""
    known = source_at(config.sources, url, client)
    if known is not None:
        raise UserError(text("{url} is read already, by the source {name}", url=tame(url), name=known.name))


def source_at(sources: Iterable[Source], url: str, client: str | None) -> Source | None:
    """The source that reads this address for this client."""
    key = str(read_address(url))
    return next((one for one in sources if one.type in READERS and one.client == client and one.key() == key), None)


def fitting_name(title: str, taken: Iterable[str]) -> str | None:
    """A feed's title as the name of its source; None where it does not do, then the address is the name."""
    name = " ".join(tame(title).split())
    return name if name and len(name) <= LONGEST_NAME and name not in set(taken) else None


def added(path: Path, table: Mapping[str, Any]) -> Edit:
    """Write the table into the right file; raises UserError with the lines to paste where that may not be."""
    edit = Desk(path).add([table])
    write(edit)
    return edit


def removed(path: Path, name: str) -> Edit:
    """Take the table of a source out of its file; raises UserError."""
    edit = Desk(path).remove(name)
    write(edit)
    return edit
