"""The libraries underneath: whether each is as new as smwatch asks for. Pure: versions come in, a finding goes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.doctor.finding import Finding, ok, warning, wrong
from smwatch.i18n import text, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ASKED = re.compile(r"(?P<name>[\w.-]+)(?:\[[\w,.-]+\])?\s*>=\s*(?P<version>[\d.]+)\s*(?P<when>;.*)?")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One that smwatch stands on: the least version that it asks for, and the one here (None: it is not here)."""

    name: str
    least: str
    here: str | None


def asked_for(requirements: Iterable[str], version: Callable[[str], str | None]) -> tuple[Library, ...]:
    """Every library that is always needed, of lines like `aiohttp>=3.12`; `version` tells the one that is installed."""
    found = (_ASKED.fullmatch(line) for line in requirements)
    needed = [(one["name"], one["version"]) for one in found if one is not None and not one["when"]]
    return tuple(Library(name=name, least=least, here=version(name)) for name, least in needed)


def judged(libraries: Iterable[Library]) -> Finding:
    """Which are missing, and which are older than smwatch asks for."""
    known = list(libraries)
    missing = [one.name for one in known if one.here is None]
    old = [f"{one.name} {one.here} (< {one.least})" for one in known if one.here and _older(one.here, one.least)]
    mend = text("install smwatch anew: {command}", command="pip install --upgrade smwatch")
    if missing:
        return wrong("libraries", text("not installed: {names}", names=", ".join(missing)), mend)
    if old:
        return warning("libraries", text("older than smwatch asks for: {names}", names=", ".join(old)), mend)
    said = texts("{n} library is as new as it has to be", "{n} libraries are as new as they have to be", n=len(known))
    return ok("libraries", said)


def _older(here: str, least: str) -> bool:
    mine, asked = _numbers(here), _numbers(least)
    return mine[: len(asked)] < asked


def _numbers(version: str) -> tuple[int, ...]:
    """`1.10rc1` as (1, 10): what stands before anything else."""
    parts = (_NUMBER.match(part) for part in version.split("."))
    return tuple(int(found[0]) for found in parts if found is not None)
