"""The programs underneath: Python, expat, SQLite, OpenSSL, the clock. Pure: versions come in, findings go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smwatch.doctor.finding import Finding, note, ok, warning, wrong
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Mapping

# CVE-2026-1299 (github.com/python/cpython/issues/144125): line breaks in mail headers
MAIL_SAFE: Mapping[tuple[int, int], int] = {(3, 11): 15, (3, 12): 13, (3, 13): 12, (3, 14): 3}
EXPAT = (2, 6, 0)  # before it, some XML takes quadratic time (CVE-2023-52425)
SQLITE = (3, 51, 3)  # before it, two writing connections can damage a file (the WAL-reset bug)
OPENSSL = (3, 0)
BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # no clock that is right shows an earlier time
TOLERATED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What `machine_here` reads; `synchronised` is None where the system does not tell."""

    python: tuple[int, int, int]
    expat: tuple[int, ...]
    sqlite: tuple[int, ...]
    openssl: str
    openssl_version: tuple[int, ...]
    now: datetime
    synchronised: bool | None = None
    newest_file: datetime | None = None


def judged(machine: Machine, zone: str = "UTC") -> tuple[Finding, ...]:
    """One finding each; times are shown in `zone`."""
    return (_python(machine), _expat(machine), _sqlite(machine), _openssl(machine), _clock(machine, zone))


def shown_in(moment: datetime, zone: str) -> str:
    """`2026-11-26 14:17 (Europe/Berlin)`: to be compared with another clock, so its zone stands beside it."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _python(machine: Machine) -> Finding:
    said = text("Python {version}", version=_dotted(machine.python))
    needed = MAIL_SAFE.get(machine.python[:2], 0)
    if machine.python[2] >= needed:
        return ok("python", said)
    return warning(
        "python",
        text("{it} writes line breaks into mail headers (CVE-2026-1299); smwatch takes them out before", it=said),
        text("install Python {version} or newer, where your distribution has not mended its own",
             version=_dotted((*machine.python[:2], needed))),
    )  # fmt: skip


def _expat(machine: Machine) -> Finding:
    said = text("expat {version}", version=_dotted(machine.expat))
    if machine.expat >= EXPAT:
        return ok("expat", said)
    return warning(
        "expat",
        text("{it} reads some XML very slowly (CVE-2023-52425); the parse workers end such feeds", it=said),
        text("install a Python that is built with expat {version} or newer", version=_dotted(EXPAT)),
    )


def _sqlite(machine: Machine) -> Finding:
    said = text("SQLite {version}", version=_dotted(machine.sqlite))
    if machine.sqlite >= SQLITE:
        return ok("sqlite", said)
    return warning(
        "sqlite",
        text("{it} can damage a file that two connections write (the WAL-reset bug); smwatch writes with one", it=said),
        text("install SQLite {version} or newer; until then let no other program write to the store",
             version=_dotted(SQLITE)),
    )  # fmt: skip


def _openssl(machine: Machine) -> Finding:
    said = Finding(name="openssl", severity="ok", message=text("{it}", it=machine.openssl))
    if machine.openssl_version >= OPENSSL:
        return said
    return warning(
        "openssl",
        text("{it} gets no security updates any more", it=machine.openssl),
        text("install a Python that is built with OpenSSL {version} or newer", version=_dotted(OPENSSL)),
    )


def _clock(machine: Machine, zone: str) -> Finding:
    shown = shown_in(machine.now, zone)
    set_it = text("set the clock, and let it be kept: timedatectl set-ntp true")
    if machine.now < BUILT:
        return wrong("clock", text("the clock shows {moment}, which is long past", moment=shown), set_it)
    if machine.newest_file is not None and machine.newest_file - machine.now > TOLERATED:
        there = shown_in(machine.newest_file, zone)
        ahead = text("the clock shows {moment}, but the store was written at {there}", moment=shown, there=there)
        return wrong("clock", ahead, set_it)
    if machine.synchronised is False:
        return warning("clock", text("nothing keeps the clock right (it shows {moment})", moment=shown), set_it)
    if machine.synchronised is None:
        return note("clock", text("the clock shows {moment}; whether it is kept right is not known", moment=shown))
    return ok("clock", text("the clock shows {moment}, and it is kept right", moment=shown))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
