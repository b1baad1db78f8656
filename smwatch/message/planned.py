"""Posts besides cards and digests: what their plans hold in the store, and how they read when they are sent.

A plan is plain JSON: `*_plan` makes one, `planned_message` renders it. The kinds are "start", "late", "summary", "ops"
and "test"; those that name stories get them as they are at sending time.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from smwatch.i18n import Text, from_json, text, to_json
from smwatch.message import notes
from smwatch.model import Where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from smwatch.message.model import Message
    from smwatch.model import Story

Plan = dict[str, Any]


def start_plan(  # noqa: PLR0913 - one keyword for each figure
    *,
    sources: int,
    items: int,
    hits: int,
    unreadable: Sequence[notes.Unreadable] = (),
    next_digest: datetime | None = None,
    added: Sequence[str] = (),
) -> Plan:
    """The look back: see `notes.start_message`."""
    return {
        "sources": sources,
        "items": items,
        "hits": hits,
        "unreadable": [_dark(source) for source in unreadable],
        "next_digest": next_digest.isoformat() if next_digest else None,
        "added": list(added),
    }


def late_plan(*, items: int, since: datetime, until: datetime, source: str = "") -> Plan:
    """What came after the time limit; the stories are looked up when it is sent."""
    return {"items": items, "since": since.isoformat(), "until": until.isoformat(), "source": source}


def ops_plan(news: Text) -> Plan:
    """One sentence for the operator."""
    return {"text": to_json(news)}


def sources_plan(failing: Sequence[notes.Unreadable], recovered: Sequence[str] = ()) -> Plan:
    """News of sources, bundled."""
    return {"failing": [_dark(source) for source in failing], "recovered": list(recovered)}


def broken_config_plan(problems: Sequence[tuple[Where, Text]], stopped: Sequence[str] = ()) -> Plan:
    """A file that cannot be used."""
    places = [{"file": at.file, "line": at.line, "column": at.column, "text": to_json(why)} for at, why in problems]
    return {"problems": places, "stopped": list(stopped)}


def saved_config_plan(changes: Sequence[Text]) -> Plan:
    """An accepted save."""
    return {"changes": [to_json(change) for change in changes]}


def planned_message(  # noqa: PLR0913 - the reader, the moment, the stories
    kind: str,
    plan: Mapping[str, Any],
    *,
    language: str,
    timezone: str,
    now: datetime,
    channel: str = "",
    stories: Sequence[Story] = (),
) -> Message:
    """A post of `kind` as it reads `now`; raises ValueError for a kind that is not rendered here."""
    reader = {"language": language, "timezone": timezone}
    if kind == "start":
        return _start(plan, reader, now)
    if kind == "late":
        return _late(plan, reader, stories)
    if kind == "summary":
        return _summary(plan, reader, now, stories)
    if kind == "ops":
        return _ops(plan, reader)
    if kind == "test":
        return notes.test_message(language=language, timezone=timezone, channel=channel, now=now)
    raise ValueError(f"no message for a post of kind {kind!r}")


def _start(plan: Mapping[str, Any], reader: Mapping[str, str], now: datetime) -> Message:
    upcoming = plan.get("next_digest")
    return notes.start_message(
        language=reader["language"],
        timezone=reader["timezone"],
        now=now,
        sources=plan["sources"],
        items=plan["items"],
        hits=plan["hits"],
        unreadable=[_undark(stored) for stored in plan.get("unreadable", ())],
        next_digest=datetime.fromisoformat(upcoming) if upcoming else None,
        added=plan.get("added", ()),
    )


def _late(plan: Mapping[str, Any], reader: Mapping[str, str], stories: Sequence[Story]) -> Message:
    return notes.late_message(
        stories,
        language=reader["language"],
        timezone=reader["timezone"],
        items=plan["items"],
        since=datetime.fromisoformat(plan["since"]),
        until=datetime.fromisoformat(plan["until"]),
        source=plan.get("source", ""),
    )


def _summary(plan: Mapping[str, Any], reader: Mapping[str, str], now: datetime, stories: Sequence[Story]) -> Message:
    stored = plan.get("reason")
    reason = from_json(stored) if stored else text("Much is said at once: these stories come in one message.")
    since = min((story.first_at for story in stories), default=now)
    if plan.get("since"):
        since = datetime.fromisoformat(plan["since"])
    return notes.summary_message(
        stories, language=reader["language"], timezone=reader["timezone"], reason=reason, since=since, updated=now
    )


def _ops(plan: Mapping[str, Any], reader: Mapping[str, str]) -> Message:
    language, timezone = reader["language"], reader["timezone"]
    if "problems" in plan:
        problems = [
            (Where(file=at["file"], line=at["line"], column=at["column"]), from_json(at["text"]))
            for at in plan["problems"]
        ]
        stopped = plan.get("stopped", ())
        return notes.broken_config_message(problems, language=language, timezone=timezone, stopped=stopped)
    if "changes" in plan:
        changes = [from_json(change) for change in plan["changes"]]
        return notes.saved_config_message(changes, language=language, timezone=timezone)
    if "failing" in plan:
        failing = [_undark(stored) for stored in plan["failing"]]
        return notes.source_message(failing, plan.get("recovered", ()), language=language, timezone=timezone)
    return notes.news_message(from_json(plan["text"]), language=language, timezone=timezone)


def _dark(source: notes.Unreadable) -> Plan:
    return {"name": source.name, "reason": to_json(source.reason) if source.reason else None}


def _undark(stored: Mapping[str, Any]) -> notes.Unreadable:
    return notes.Unreadable(name=stored["name"], reason=from_json(stored["reason"]) if stored["reason"] else None)
