"""An envelope of Socket Mode as a click (pure). What is no click, or not readable, is None: it is acknowledged only.

Shapes: https://docs.slack.dev/reference/interaction-payloads and …/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smwatch.channel import Click
from smwatch.message.buttons import PARTS, form_answers
from smwatch.message.escape import tame

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]
WORDS = 2_000


def click_of(envelope: Mapping[str, Any], *, team: str = "", app: str = "") -> Click | None:
    """`team` and `app` are ours, where they are known: a click from elsewhere is marked as a stranger's."""
    payload, number = envelope.get("payload"), envelope.get("envelope_id")
    if not isinstance(payload, dict) or not isinstance(number, str) or not number:
        return None
    try:
        found = _read(envelope.get("type"), payload)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        return None
    if found is None:
        return None
    user = payload.get("user") if isinstance(payload.get("user"), dict) else {}
    return Click(
        id=number,
        user=str((user or {}).get("id") or payload.get("user_id") or ""),
        name=_name(user or {}, payload),
        trigger=str(payload.get("trigger_id") or ""),
        reply=str(payload.get("response_url") or ""),
        stranger=_stranger(payload, user or {}, team, app),
        **found,
    )


def _name(user: Json, payload: Json) -> str:
    known = user.get("name") or user.get("username") or payload.get("user_name") or ""
    return tame(str(known))[:80]


def _stranger(payload: Json, user: Json, team: str, app: str) -> bool:
    """A guest of a shared channel has another team; a payload of another app has no business here."""
    theirs = user.get("team_id") or (payload.get("team") or {}).get("id") or payload.get("team_id")
    known = {team, str(payload.get("enterprise_id") or (payload.get("enterprise") or {}).get("id") or "")}
    foreign = bool(team and theirs and theirs not in known)
    return foreign or bool(app and payload.get("api_app_id") not in (None, "", app)) or bool(user.get("is_bot"))


def _read(kind: Any, payload: Json) -> Json | None:  # noqa: ANN401 - whatever came
    if kind == "slash_commands":
        words = tame(str(payload.get("text") or ""))[:WORDS].split(maxsplit=1)
        found = {"action": words[0].lower() if words else "", "words": words[1] if len(words) > 1 else ""}
        return {"kind": "command", "place": str(payload.get("channel_id") or ""), **found}
    if kind != "interactive":
        return None
    match payload.get("type"):
        case "block_actions":
            return _button(payload)
        case "view_submission":
            view = payload["view"]
            found = {"action": str(view["callback_id"]), "value": str(view.get("private_metadata") or "")}
            fields = form_answers(view["state"]["values"])
            return {"kind": "form", "fields": fields, "place": fields.get("place", ""), **found}
        case "message_action" | "shortcut":
            message, channel = payload.get("message") or {}, payload.get("channel") or {}
            found = {"action": str(payload["callback_id"]), "words": tame(str(message.get("text") or ""))[:WORDS]}
            place = {"place": str(channel.get("id") or ""), "message": str(message.get("ts") or "")}
            return {"kind": "shortcut", **found, **place}
    return None


def _button(payload: Json) -> Json:
    """A button carries a value; an option its own id, value and the rest."""
    action = payload["actions"][0]
    option = action.get("selected_option")
    name, value, more = str(action["action_id"]), str(action.get("value") or ""), ""
    if option is not None:
        name, value, more = (*str(option["value"]).split(PARTS, 2), "", "")[:3]
    message, container = payload.get("message") or {}, payload.get("container") or {}
    channel = (payload.get("channel") or {}).get("id") or container.get("channel_id") or ""
    metadata = ((message.get("metadata") or {}).get("event_payload") or {}).get("key") or ""
    return {
        "kind": "button",
        "action": name,
        "value": value,
        "more": more,
        "place": str(channel),
        "message": str(message.get("ts") or container.get("message_ts") or ""),
        "key": str(metadata),
    }
