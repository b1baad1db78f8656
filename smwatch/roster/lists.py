"""Lists of feeds (OPML) into the config and out of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from smwatch.feeds import presets
from smwatch.feeds.address import read_address
from smwatch.feeds.known import known as known_platform
from smwatch.feeds.opml import Outline, read_outlines, write_opml
from smwatch.i18n import Text, text
from smwatch.roster.add import READERS, fitting_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from smwatch.config.model import Config
    from smwatch.probe import Prober, Report

AT_ONCE = 16  # feeds that are tried at the same time


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An entry of the list that is left out, or could not be read, and why."""

    title: str
    url: str
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What a list brings: tables to write and their feeds, entries that are read already, entries to be left out."""

    tables: tuple[dict[str, Any], ...]
    urls: tuple[str, ...] = ()
    known: tuple[Left, ...] = ()
    refused: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What all sources of one list have in common."""

    client: str | None = None
    interval: str | None = None
    allow_private: bool = False

    def table(self, outline: Outline, name: str | None) -> dict[str, Any]:
        """The `[[source]]` of one feed."""
        platform = known_platform(outline.url)
        given = {
            "name": name,
            **(platform.keys if platform else {"type": "feed", "url": outline.url}),
            "client": self.client,
            "group": outline.group,
            "interval": self.interval,
            "allow_private": self.allow_private,
        }
        return {key: value for key, value in given.items() if value}


def planned(body: bytes, file: str, config: Config, manner: Manner) -> Import:
    """The sources that the list adds to `config`; raises UserError where it is no list of feeds."""
    outlines, refused = read_outlines(body, file)
    reads = {one.key(): one.name for one in config.sources if one.type in READERS and one.client == manner.client}
    taken = {source.name for source in config.sources}
    tables: list[dict[str, Any]] = []
    known: list[Left] = []
    urls: list[str] = []
    left = [Left(title=one.title, url=one.url, reason=one.reason) for one in refused]
    for outline in outlines:
        if (why := presets.refused(outline.url)) is not None:
            left.append(Left(title=outline.title, url=outline.url, reason=why))
            continue
        key = key_of(outline.url)
        if key in reads:
            reason = text("is read already, by the source {name}", name=reads[key])
            known.append(Left(title=outline.title, url=outline.url, reason=reason))
            continue
        name = fitting_name(outline.title, taken)
        taken.add(name or "")
        reads[key] = name or outline.url
        tables.append(manner.table(outline, name))
        urls.append(outline.url)
    return Import(tables=tuple(tables), urls=tuple(urls), known=tuple(known), refused=tuple(left))


def key_of(url: str) -> str:
    """What a source of this address is known by: a platform's feed has one address, however it is written."""
    platform = known_platform(url)
    return str(read_address(platform.feed if platform else url))


async def tried(prober: Prober, urls: Sequence[str]) -> AsyncIterator[Report]:
    """A report for each address, as they come in."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(url: str) -> Report:
        async with room:
            return await prober.one(url)

    for report in asyncio.as_completed([one(url) for url in urls]):
        yield await report


def exported(config: Config, client: str | None = None) -> bytes:
    """All feeds of the config (of one client) as OPML; their groups are its headings."""
    feeds = [
        Outline(title=source.name, url=str(getattr(source, "url", None) or source.key()), group=source.group or "")
        for source in config.sources
        if source.type in READERS and not getattr(source, "opml", None) and client in (None, source.client)
    ]
    return write_opml("smwatch", feeds)
