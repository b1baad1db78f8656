"""Kinds of values: each reads one node, or says what is wrong with it and gives None."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.config import times, words
from smwatch.config.kinds import Kind, read_filled, read_text, wrong_type
from smwatch.i18n import text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.config.report import Report
    from smwatch.config.tree import Node

LANGUAGES = ("de", "de-CH", "de-AT", "en")


def _strings(node: Node, report: Report) -> tuple[str, ...] | None:
    if isinstance(node.value, list):
        found = [read_text(it, report) for it in node.entries]
        return tuple(it for it in found if it is not None) if None not in found else None
    right = f"[{node.raw}]" if isinstance(node.value, str) and "\n" not in node.raw else None
    wrong_type(node, report, text("a list: [ … ]"), right)
    return None


def _some(node: Node, report: Report) -> tuple[str, ...] | None:
    found = _strings(node, report)
    if found == ():
        report.error(node.spot, text("“{key}” is empty", key=node.name))
        return None
    return found


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


def choice(options: Mapping[str, Any], shown: Sequence[str] = ()) -> Kind:
    """One word of several; the keys are what people write, German or English. A mistake lists those `shown`."""

    def read(node: Node, report: Report) -> Any:  # noqa: ANN401 - whatever the word stands for
        value = read_text(node, report)
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
    value = read_text(node, report)
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
    value = read_text(node, report)
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
    value = read_filled(node, report)
    if value is not None and not re.match(r"https?://[^\s/]", value, re.IGNORECASE):
        report.error(
            node.spot,
            text("“{value}” is no address: it begins with https:// or http://", value=value),
            f"https://{value}" if re.fullmatch(r"[\w.-]+\.\w{2,}(/\S*)?", value) else None,
        )
        return None
    return value


def _store(node: Node, report: Report) -> str | None:
    value = read_filled(node, report)
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


STRING = Kind(read=read_text, schema={"type": "string"})
FILLED = Kind(read=read_filled, schema={"type": "string", "minLength": 1})
SOME = Kind(read=_some, schema={"type": "array", "items": {"type": "string"}, "minItems": 1})
STRINGS = Kind(read=_strings, schema={"type": "array", "items": {"type": "string"}})
FLAG = Kind(read=_flag, schema={"type": "boolean"})
NUMBER = Kind(read=_number, schema={"type": "integer"})
DURATION = Kind(read=times.read_duration, schema={"type": "string", "pattern": r"^\d+\s*[smhd]$"})
TIMEZONE = Kind(read=times.read_timezone, schema={"type": "string", "examples": ["Europe/Berlin"]})
LANGUAGE = Kind(read=_language, schema={"type": "string", "examples": list(LANGUAGES)})
CLOCK_TIME = Kind(read=times.read_clock, schema={"type": "string", "pattern": r"^\d{1,2}:\d{2}$"})
LISTEN = Kind(read=_listen, schema={"type": "string"})
ADDRESS = Kind(read=_web_address, schema={"type": "string", "pattern": "^https?://"})
STORE = Kind(read=_store, schema={"type": "string"})
HOLIDAYS = Kind(read=times.read_holidays, schema={"type": "string"})
MOMENT = Kind(read=times.read_moment, schema={"type": "string"})
PRIORITY = choice(words.PRIORITIES, ("sofort", "normal", "nur-digest"))
PERIOD = choice(words.PERIODS)
WEEKDAYS = Kind(
    read=times.read_days,
    schema={"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}], "examples": ["werktags"]},
)
