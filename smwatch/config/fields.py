"""Kinds of values: each reads one node, or says what is wrong with it and gives None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from smwatch.config import words
from smwatch.i18n import Text, text
from smwatch.plugin import parse_duration
from smwatch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from smwatch.config.report import Report
    from smwatch.config.tree import Node

USUAL_NAMES = {
    "token": "SMWATCH_SLACK_BOT_TOKEN",
    "app_token": "SMWATCH_SLACK_APP_TOKEN",
    "webhook": "SMWATCH_SLACK_WEBHOOK",
    "secret": "SMWATCH_HOOK_SECRET",
    "password": "SMWATCH_SMTP_PASSWORD",
}
SECRET_KINDS = ("env", "file", "credential")
LANGUAGES = ("de", "de-CH", "de-AT", "en")
CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?(?:\s*Uhr)?")
GERMAN_DURATION = re.compile(
    r"(\d+)\s*(s|m|h|d|w|sek|sekunden?|seconds?|min|minuten?|minutes?|std|stunden?|hours?|tage?n?|days?|wochen?|weeks?)\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a value is read, and its JSON schema for editors."""

    read: Callable[[Node, Report], Any]
    schema: Mapping[str, Any]


def _string(node: Node, report: Report) -> str | None:
    if isinstance(node.value, str):
        return node.value
    wrong_type(node, report, text("text in quotes"), f'"{node.raw}"' if is_scalar(node) and node.raw else None)
    return None


def _filled(node: Node, report: Report) -> str | None:
    value = _string(node, report)
    if value is not None and not value.strip():
        report.error(node.spot, text("“{key}” is empty", key=node.name))
        return None
    return value


def _strings(node: Node, report: Report) -> tuple[str, ...] | None:
    if isinstance(node.value, list):
        found = [_string(it, report) for it in node.entries]
        return tuple(it for it in found if it is not None) if None not in found else None
    right = f"[{node.raw}]" if isinstance(node.value, str) and "\n" not in node.raw else None
    wrong_type(node, report, text("a list: [ … ]"), right)
    return None


def _flag(node: Node, report: Report) -> bool | None:
    if isinstance(node.value, bool):
        return node.value
    meant = {"true": "true", "ja": "true", "yes": "true", "wahr": "true"}.get(str(node.value).casefold())
    meant = meant or {"false": "false", "nein": "false", "no": "false", "falsch": "false"}.get(
        str(node.value).casefold()
    )
    wrong_type(node, report, text("true or false, without quotes"), meant)
    return None


def _number(node: Node, report: Report) -> int | None:
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    digits = str(node.value).strip()
    wrong_type(node, report, text("a whole number, without quotes"), digits if digits.isdecimal() else None)
    return None


def _duration(node: Node, report: Report) -> timedelta | None:
    if not isinstance(node.value, str):
        right = f'"{node.value}m"' if isinstance(node.value, int) and not isinstance(node.value, bool) else None
        wrong_type(node, report, text('a duration like "10m" (s, m, h, d)'), right)
        return None
    try:
        found = parse_duration(node.value)
    except (ValueError, OverflowError):
        report.error(
            node.spot,
            text('“{value}” is no duration: write "30s", "10m", "1h" or "14d"', value=node.value),
            _likely_duration(node.value),
        )
        return None
    return found


def _likely_duration(value: str) -> str | None:
    found = GERMAN_DURATION.fullmatch(value.strip())
    if found is None:
        return None
    unit = found[2].casefold()
    if unit.startswith("w"):
        return f"{int(found[1]) * 7}d"
    letter = {"t": "d", "d": "d", "h": "h"}.get(unit[0]) or ("h" if unit.startswith(("std", "stund")) else unit[0])
    return f"{found[1]}{letter}"


def _timezone(node: Node, report: Report) -> str | None:
    value = _string(node, report)
    if value is None or value in timezones():
        return value
    report.error(node.spot, text("“{value}” is no time zone", value=value), _likely_zone(value))
    return None


@cache
def timezones() -> frozenset[str]:
    """All names of time zones; read from the disk once."""
    import zoneinfo  # noqa: PLC0415 - reads hundreds of files: only where a zone is not one of the usual ones

    return frozenset(zoneinfo.available_timezones())


USUAL_ZONES = {
    "mez": "Europe/Berlin",
    "mesz": "Europe/Berlin",
    "cet": "Europe/Berlin",
    "berlin": "Europe/Berlin",
    "deutschland": "Europe/Berlin",
    "germany": "Europe/Berlin",
    "wien": "Europe/Vienna",
    "österreich": "Europe/Vienna",
    "zürich": "Europe/Zurich",
    "schweiz": "Europe/Zurich",
    "europe/zuerich": "Europe/Zurich",
    "europe/zürich": "Europe/Zurich",
    "europa/berlin": "Europe/Berlin",
    "europa/wien": "Europe/Vienna",
    "europa/zürich": "Europe/Zurich",
    "europe/wien": "Europe/Vienna",
}


def _likely_zone(value: str) -> str | None:
    usual = USUAL_ZONES.get(value.strip().casefold())
    if usual:
        return usual
    cities = {name.rpartition("/")[2].casefold(): name for name in sorted(timezones(), reverse=True)}
    city = value.rpartition("/")[2].strip().replace(" ", "_").casefold()
    if "/" in value and city in cities:
        return cities[city]
    return words.nearest(value, timezones()) or (
        cities[found] if (found := words.nearest(city, cities, 0.75)) else None
    )


def _clock(node: Node, report: Report) -> str | None:
    """`"8:00"` as `"08:00"`."""
    if isinstance(node.value, time | datetime | date | int | float) and not isinstance(node.value, bool):
        raw = node.raw or str(node.value)
        shown = f'"{raw.zfill(2)}:00"' if raw.isdecimal() else f'"{raw}"'
        report.error(node.spot, text("a time stands in quotes: {right}", right=shown), shown)
        return None
    value = _string(node, report)
    if value is None:
        return None
    found = CLOCK.fullmatch(value.strip().replace(".", ":"))
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 99)
    right = f"{hour:02}:{minute:02}"
    if hour > 23 or minute > 59:  # noqa: PLR2004 - hours and minutes of a day
        report.error(
            node.spot,
            text('“{value}” is no time of day: write "08:00"', value=value),
            "00:00" if right == "24:00" else None,
        )
        return None
    if right not in (value, f"0{value}"):
        report.error(node.spot, text('“{value}” is no time of day: write "{right}"', value=value, right=right), right)
        return None
    return right


def choice(options: Mapping[str, Any], shown: Sequence[str] = ()) -> Kind:
    """One word of several; the keys are what people write, German or English. A mistake lists those `shown`."""

    def read(node: Node, report: Report) -> Any:  # noqa: ANN401 - whatever the word stands for
        value = _string(node, report)
        if value is None:
            return None
        found = options.get(value, options.get(value.strip().casefold()))
        if found is None:
            _no_choice(node, report, value, list(options), shown or list(options))
        return found

    return Kind(read=read, schema={"enum": list(options)})


def _no_choice(node: Node, report: Report, value: str, options: Sequence[str], shown: Sequence[str]) -> None:
    listed = ", ".join(f'"{it}"' for it in shown)
    report.error(
        node.spot,
        text("“{value}” is not possible for “{key}”: choose {options}", value=value, key=node.name, options=listed),
        words.nearest(value, options),
    )


def _language(node: Node, report: Report) -> str | None:
    value = _string(node, report)
    if value is None or value in LANGUAGES or re.fullmatch(r"(de|en)(-[A-Z]{2})?", value):
        return value
    likely = {"deutsch": "de", "german": "de", "englisch": "en", "english": "en"}.get(value.casefold())
    report.error(
        node.spot,
        text('“{value}” is no language that smwatch speaks: "de", "de-CH" or "en"', value=value),
        likely or words.nearest(value.replace("_", "-"), LANGUAGES),
    )
    return None


def _listen(node: Node, report: Report) -> str | None:
    value = _string(node, report)
    if value is None or not value:
        return value
    host, colon, port = value.rpartition(":")
    if colon and host and port.isdecimal() and int(port) < 65536:  # noqa: PLR2004 - ports have 16 bits
        return value
    report.error(
        node.spot,
        text('“{value}” is no address to listen on: write "127.0.0.1:8787", or "" to turn it off', value=value),
        f"127.0.0.1:{value.strip(':')}" if value.strip(":").isdecimal() else None,
    )
    return None


def _web_address(node: Node, report: Report) -> str | None:
    value = _filled(node, report)
    if value is not None and not re.match(r"https?://[^\s/]", value, re.IGNORECASE):
        report.error(
            node.spot,
            text("“{value}” is no address: it begins with https:// or http://", value=value),
            f"https://{value}" if re.fullmatch(r"[\w.-]+\.\w{2,}(/\S*)?", value) else None,
        )
        return None
    return value


def _store(node: Node, report: Report) -> str | None:
    value = _filled(node, report)
    if value is None or re.match(r"sqlite:///.|postgresql(\+\w+)?://.", value):
        return value
    right = f"sqlite:///{value.partition(':')[2].lstrip('/')}" if value.startswith("sqlite:") else None
    if value.startswith("/") or value.endswith((".db", ".sqlite")):
        right = f"sqlite:///{value.lstrip('/')}"
    if value.startswith("postgres:"):
        right = value.replace("postgres:", "postgresql:", 1)
    report.error(
        node.spot,
        text('“{value}” is no store: write "sqlite:///path/smwatch.db" or "postgresql://…"', value=value),
        right,
    )
    return None


def _days(node: Node, report: Report) -> tuple[str, ...] | str | None:
    """Weekday words as a tuple, or a cron line as it stands."""
    listed = node.entries or [node]
    found = []
    for it in listed:
        value = _string(it, report)
        if value is None:
            return None
        if not isinstance(node.value, list) and looks_like_cron(value):
            return _cron(it, value, report)
        for word in value.split(","):
            if (meant := words.days([word])) is None:
                report.error(
                    it.spot,
                    text(
                        '“{value}” is no day: write "täglich", "werktags", "montags" … or a cron line',
                        value=word.strip(),
                    ),
                    words.nearest(word, words.DAYS),
                )
                return None
            found += list(meant)
    return tuple(dict.fromkeys(found)) or None


def looks_like_cron(value: str) -> bool:
    """Whether somebody meant a cron line."""
    return len(value.split()) > 2 and any(sign in value for sign in "*0123456789")  # noqa: PLR2004 - cron has five fields


def _cron(node: Node, value: str, report: Report) -> str | None:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - only where a cron line stands

    try:
        CronSim(value, datetime(2026, 1, 1))  # noqa: DTZ001 - only looks whether the line can be read
    except (CronSimError, ValueError):
        report.error(
            node.spot,
            text('“{value}” is no cron line: write minute hour day month weekday, as in "0 8 * * 1-5"', value=value),
        )
        return None
    return value


def _moment(node: Node, report: Report) -> datetime | date | None:
    if isinstance(node.value, datetime | date):
        return node.value
    if isinstance(node.value, str):
        for reader in (datetime.fromisoformat, _german_date):
            try:
                return reader(node.value.strip())
            except ValueError:
                continue
    wrong_type(node, report, text("a date like 2026-12-31 or 2026-12-31T18:00:00"), None)
    return None


def _german_date(value: str) -> date:
    found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", value)
    if found is None:
        raise ValueError(value)
    return date(int(found[3]), int(found[2]), int(found[1]))


def _holidays(node: Node, report: Report) -> str | None:
    value = _string(node, report)
    if value is None or re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", value):
        return value
    right = value.strip().upper().replace("_", "-")
    fits = re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", right)
    report.error(
        node.spot,
        text('“{value}” names no holidays: write country and state, as in "DE-BY" or "CH-ZH"', value=value),
        right if fits else None,
    )
    return None


STRING = Kind(read=_string, schema={"type": "string"})
FILLED = Kind(read=_filled, schema={"type": "string", "minLength": 1})
STRINGS = Kind(read=_strings, schema={"type": "array", "items": {"type": "string"}})
FLAG = Kind(read=_flag, schema={"type": "boolean"})
NUMBER = Kind(read=_number, schema={"type": "integer"})
DURATION = Kind(read=_duration, schema={"type": "string", "pattern": r"^\d+\s*[smhd]$"})
TIMEZONE = Kind(read=_timezone, schema={"type": "string", "examples": ["Europe/Berlin"]})
LANGUAGE = Kind(read=_language, schema={"type": "string", "examples": list(LANGUAGES)})
CLOCK_TIME = Kind(read=_clock, schema={"type": "string", "pattern": r"^\d{1,2}:\d{2}$"})
LISTEN = Kind(read=_listen, schema={"type": "string"})
ADDRESS = Kind(read=_web_address, schema={"type": "string", "pattern": "^https?://"})
STORE = Kind(read=_store, schema={"type": "string"})
HOLIDAYS = Kind(read=_holidays, schema={"type": "string"})
MOMENT = Kind(read=_moment, schema={"type": "string"})
PRIORITY = choice(words.PRIORITIES, ("sofort", "normal", "nur-digest"))
PERIOD = choice(words.PERIODS)
WEEKDAYS = Kind(
    read=_days,
    schema={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "examples": ["werktags"]},
)


def is_scalar(node: Node) -> bool:
    """Whether the value is neither a list nor a table."""
    return not isinstance(node.value, dict | list)


def wrong_type(node: Node, report: Report, expected: Text, suggestion: str | None) -> None:
    """“alert” needs a list, and got something else."""
    report.error(
        node.spot,
        text("“{key}” needs {expected}; here stands {found}", key=node.name, expected=expected, found=_described(node)),
        suggestion,
    )


def _described(node: Node) -> Text:
    value = node.value
    if isinstance(value, bool):
        return text("true or false")
    for types, sentence in (
        ((str,), text("text")),
        ((int, float), text("a number")),
        ((list,), text("a list")),
        ((dict,), text("a table")),
        ((time,), text("a time without quotes")),
    ):
        if isinstance(value, types):
            return sentence
    return text("a date")


def secret(node: Node, report: Report) -> Secret | None:
    """`{ env = "X" }`, `{ file = "…" }` or `{ credential = "…" }`; a literal secret is refused and never repeated."""
    if isinstance(node.value, str):
        report.guard(node.value)
        right = f'{{ env = "{USUAL_NAMES.get(node.name, "SMWATCH_" + node.name.upper())}" }}'
        report.error(
            node.spot,
            text("a secret does not stand in the file: write {key} = {right}", key=node.name, right=right),
            right,
        )
        return None
    if not node.is_table or len(node.table) != 1 or next(iter(node.table)) not in SECRET_KINDS:
        _no_secret(node, report)
        return None
    kind, place = next(iter(node.table.items()))
    value = _filled(place, report)
    return None if value is None else Secret(kind=kind, place=value)  # type: ignore[arg-type]


def _no_secret(node: Node, report: Report) -> None:
    for it in node.walk():
        if isinstance(it.value, str) and it.name not in SECRET_KINDS:
            report.guard(it.value)
    wrong = next((key for key in node.table if key not in SECRET_KINDS), None)
    spot = node.table[wrong].key if wrong else node.spot
    report.error(
        spot,
        text(
            '“{key}” names a secret in one way: {{ env = "X" }}, {{ file = "…" }} or {{ credential = "…" }}',
            key=node.name,
        ),
        words.nearest(wrong, SECRET_KINDS) if wrong else None,
    )
