"""`links.toml`, read once: which parameters say nothing, which sites are one, which addresses only lead on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import tomli

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORD = re.compile(r"(?=.*[a-z])[a-z0-9_.:,-]{1,60}", re.IGNORECASE)
_SESSION = re.compile(r"[0-9a-f]{16,64}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """Names, some of them beginnings (written with "*" at the end); looked up without case."""

    whole: frozenset[str]
    beginnings: tuple[str, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """From how they stand in the table."""
        lowered = [name.casefold() for name in names]
        whole = frozenset(name for name in lowered if not name.endswith("*"))
        return cls(whole, tuple(name[:-1] for name in lowered if name.endswith("*")))

    def __contains__(self, name: str) -> bool:
        return name in self.whole or (bool(self.beginnings) and name.startswith(self.beginnings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site: its own parameters that say nothing, and paths that only lead on, with what names the other address."""

    parameters: tuple[Names, ...] = ()
    wrapped: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything that the file says."""

    everywhere: Names
    words: Names
    sessions: Names
    mobile_values: frozenset[str]
    mobile_hosts: tuple[str, ...]
    index_pages: frozenset[str]
    on: Mapping[str, Names]
    sites: Mapping[str, str]
    pages: Mapping[str, str]
    wrapped: tuple[tuple[str, str, tuple[str, ...]], ...]

    def site(self, host: str) -> Site:
        """What is said about the site of `host` (without "www.")."""
        names = sites_of(host)
        return Site(
            parameters=tuple(self.on[name] for name in names if name in self.on),
            wrapped=tuple((path, keys) for site, path, keys in self.wrapped if site in names),
        )

    def says_nothing(self, site: Site, name: str, value: str) -> bool:
        """Whether a parameter only says where the reader came from."""
        name = name.casefold()
        return (
            name in self.everywhere
            or (name in self.words and _WORD.fullmatch(value) is not None)
            or (name in self.sessions and _SESSION.fullmatch(value) is not None)
            or any(name in names for names in site.parameters)
        )

    def is_for_telephones(self, name: str, value: str) -> bool:
        """Whether a parameter asks for the same page in another shape."""
        name = name.casefold()
        return f"{name}={value.casefold()}" in self.mobile_values or f"{name}=*" in self.mobile_values


def sites_of(host: str) -> list[str]:
    """The names under which a host may stand in the table: itself, those above it, and without its country."""
    labels = host.split(".")
    above = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    return above + [f"{labels[at]}.*" for at in range(len(labels) - 1)]


@cache
def table() -> Table:
    """The table that the package carries."""
    return read(files(__package__).joinpath("links.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=2048)
def site(host: str) -> Site:
    """What the package knows of the site of `host` (without "www.")."""
    return table().site(host)


def read(said: str) -> Table:
    """A table as it is written."""
    found: dict[str, Any] = tomli.loads(said)
    places = ((place.partition("/"), tuple(names)) for place, names in found["wrapped"].items())
    return Table(
        everywhere=Names.of(found["everywhere"]),
        words=Names.of(found["words"]),
        sessions=Names.of(found["sessions"]),
        mobile_values=frozenset(found["mobile_values"]),
        mobile_hosts=tuple(f"{name}." for name in found["mobile_hosts"]),
        index_pages=frozenset(found["index_pages"]),
        on={site: Names.of(names) for site, names in found["on"].items()},
        sites=found["sites"],
        pages=found["pages"],
        wrapped=tuple((site, f"/{path}", names) for (site, _, path), names in places),
    )
