"""The effective config as TOML: defaults filled in, names resolved, secrets as references."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from smwatch.model import Priority
from smwatch.secret import Secret
from smwatch.silence import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from smwatch.config.model import Config, DigestPlan
    from smwatch.model import Watch
    from smwatch.plugin import Plugin

BARE = re.compile(r"[A-Za-z0-9_-]+")
UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def show(config: Config) -> str:
    """TOML that means the same as the files; reading it again gives the same config."""
    return "\n".join(_lines(config)).strip() + "\n"


def _lines(config: Config) -> Iterator[str]:
    yield from _table("[smwatch]", _general(config))
    yield from _table("[web]", {"listen": config.listen})
    http = {"proxy": config.http.proxy, "no_proxy": config.http.no_proxy, "ca_file": config.http.ca_file}
    if any(http.values()):
        yield from _table("[http]", http)
    if config.anonymous_cases:
        yield from _table("[privacy]", {"cases": "anonymous"})
    for name, client in config.clients.items():
        fields = ("language", "timezone", "holidays", "own_accounts", "retention", "channels", "ops")
        yield from _table(f"[client.{_key(name)}]", {it: getattr(client, it) for it in fields})
    for name, words in config.lists.items():
        yield from _table(f"[list.{_key(name)}]", {"words": words})
    for name, channel in config.channels.items():
        yield from _table(f"[channels.{_key(name)}]", _plugin(channel, leave_out=("name",)))
    for watch in config.watches:
        yield from _watch(watch)
    for source in config.sources:
        yield from _table("[[source]]", _plugin(source))
    for name, digest in config.digests.items():
        yield from _table(f"[digest.{_key(name)}]", _digest(digest))
    for silence in config.silences:
        what = {str(silence.scope): silence.label, "client": None if silence.scope is Scope.WATCH else silence.client}
        yield from _table("[[silence]]", {**what, "until": silence.until.isoformat(), "reason": silence.reason})


def _general(config: Config) -> dict[str, Any]:
    fields = ("language", "timezone", "store", "own_accounts", "plugins", "plugins_dir", "ops", "history", "retention")
    later = ("max_age", "contact", "public_url", "heartbeat_url")
    return {it: getattr(config, it) for it in (*fields, *later)}


def _plugin(plugin: Plugin, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    idle = {name for name, it in type(plugin).model_fields.items() if it.default is False}
    found = {key: it for key, it in _model(plugin).items() if key not in leave_out}
    return {key: it for key, it in found.items() if not (it is False and key in idle)}


def _model(model: BaseModel) -> dict[str, Any]:
    fields = type(model).model_fields
    return {it.alias or name: getattr(model, name) for name, it in fields.items()}


def _watch(watch: Watch) -> Iterator[str]:
    fields = ("name", "query", "client", "exclude", "alert", "digest", "priority", "share_of_voice", "dialect")
    more = ("umlauts", "inflect", "active", "was", "note", "answer_within", "escalate")
    found: dict[str, Any] = {it: getattr(watch, it) for it in (*fields, *more)}
    found["shared"] = watch.shared or None
    yield from _table("[[watch]]", found)
    for rule in watch.raises:
        yield from _table("[[watch.raise]]", {"query": rule.query, "priority": rule.priority})


def _digest(plan: DigestPlan) -> dict[str, Any]:
    fields = ("channels", "period", "timezone", "language", "holidays", "client")
    days = plan.cron or plan.days.split(",")
    return {"at": plan.at, "days": days, **{it: getattr(plan, it) for it in fields}, "shared": plan.shared or None}


def _table(heading: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield heading
    for key, value in values.items():
        if value is not None and value not in ((), ""):
            yield f"{_key(key)} = {_value(value)}"
        elif key == "listen":
            yield 'listen = ""'


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:  # noqa: ANN401, PLR0911 - one line for each type that a config can hold
    if isinstance(value, Secret):
        return f"{{ {value.kind} = {_text(value.place)} }}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return _text(duration(value))
    if isinstance(value, time):
        return _text(value.strftime("%H:%M"))
    if isinstance(value, BaseModel):
        return _value({key: it for key, it in _model(value).items() if it is not None and it != ()})
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(it)}" for key, it in value.items()) + " }"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(_value(it) for it in value) + "]"
    if isinstance(value, int | float):
        return str(value)
    return _text(_word(value))


def _word(value: object) -> str:
    if isinstance(value, Priority):
        return {Priority.URGENT: "sofort", Priority.NORMAL: "normal", Priority.DIGEST_ONLY: "nur-digest"}[value]
    return str(value.value) if isinstance(value, StrEnum) else str(value)


def _text(value: str) -> str:
    """A TOML string; queries with quotes stay readable."""
    if '"' in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def duration(value: timedelta) -> str:
    """`timedelta(minutes=10)` as "10m"."""
    seconds = int(value.total_seconds())
    if not seconds:
        return "0s"
    unit, size = next((unit, size) for unit, size in UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"
