"""Wishes: what shall be asked of a platform, before it is written in the platform's syntax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a platform is asked, in its own words.

    `alone`: a string may consist of it alone; language filters may not. `excludes`: it takes items away.
    """

    text: str
    alone: bool = True
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """All of them; at least two."""

    parts: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of them; without any, nothing on this platform can match."""

    parts: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """No string bounds it: `part` of the query cannot be asked. `rest` is what can be asked all the same."""

    part: str
    rest: Wish | None = None


Wish: TypeAlias = Ask | Every | Either | Open
NEVER = Either(())


def every(wishes: Iterable[Wish]) -> Wish:
    """All of `wishes`; those that are open do not narrow."""
    found = list(wishes)
    parts = _flat([it for it in found if not isinstance(it, Open)], Every)
    if NEVER in parts:
        return NEVER
    if not parts:
        return next(it for it in found if isinstance(it, Open))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def either(wishes: Iterable[Wish]) -> Wish:
    """One of `wishes`: open as soon as one of them is."""
    bounded: list[Wish] = []
    unbound: list[Open | Ask] = []
    for wish in wishes:
        if isinstance(wish, Open) or (isinstance(wish, Ask) and wish.excludes):
            unbound.append(wish)
        else:
            bounded.append(wish)
    parts = _flat(bounded, Either)
    parts += [it.rest for it in unbound if isinstance(it, Open) and it.rest is not None]
    bound = parts[0] if len(parts) == 1 else Either(tuple(dict.fromkeys(parts)))
    if not unbound:
        return bound
    first = unbound[0]
    return Open(first.part if isinstance(first, Open) else first.text, bound if parts else None)


def is_bound(wish: Wish) -> bool:
    """Whether every string that grants `wish` holds something that may stand alone."""
    match wish:
        case Ask():
            return wish.alone
        case Every():
            return any(map(is_bound, wish.parts))
        case Either():
            return all(map(is_bound, wish.parts))
    return False


def _flat(wishes: Iterable[Wish], kind: type[Every | Either]) -> list[Wish]:
    found: list[Wish] = []
    for wish in wishes:
        found += wish.parts if isinstance(wish, kind) and wish != NEVER else [wish]
    if kind is Either:
        found = [wish for wish in found if wish != NEVER]
    return list(dict.fromkeys(found))
