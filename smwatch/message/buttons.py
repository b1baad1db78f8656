"""What people can click, as Slack's Block Kit: buttons, menus, and forms in a window of their own.

Limits (https://docs.slack.dev/reference/block-kit/block-elements): 25 elements a row, 75 characters a label, 150 an
option's value, 5 options behind "⋯", 100 in a menu; 24 characters a form's title.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from smwatch.message.escape import one_line, safe_url, slack_escape
from smwatch.message.model import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from smwatch.message.model import Ask, Form, Menu, Message, Option

Json = dict[str, Any]
LABEL = 70
VALUE, OPTION, OVERFLOW, ROW, TITLE = 2_000, 150, 5, 25, 24
PARTS = "|"  # between the id, value and more of an option


def actions_block(message: Message) -> list[Json]:
    """One row; its id follows from the message, so that a menu is fresh again when the message has changed."""
    drawn = [element for one in message.actions for element in _element(one)][:ROW]
    fresh = zlib.crc32(repr((message.blocks, message.actions)).encode("utf-8", "surrogatepass"))
    return [{"type": "actions", "block_id": f"smwatch-{fresh:08x}", "elements": drawn}] if drawn else []


def _element(one: Action | Menu) -> Iterator[Json]:
    if isinstance(one, Action):
        yield from _button(one)
    elif one.overflow:
        options = [drawn for option in one.options for drawn in _option(option, one.id)][:OVERFLOW]
        if options:
            yield {"type": "overflow", "action_id": one.id, "options": options}
    else:
        yield {"type": "static_select", "action_id": one.id, "placeholder": _plain(one.label), **_choices(one)}


def _button(action: Action) -> Iterator[Json]:
    link = safe_url(action.url)
    if action.url and not link:
        return
    drawn: Json = {"type": "button", "action_id": action.id[:255], "text": _plain(action.label)}
    drawn |= {"url": link} if link else {"value": action.value[:VALUE]}
    yield {**drawn, "style": "primary"} if action.primary else drawn


def _choices(menu: Menu) -> Json:
    groups = [(label, [drawn for one in options for drawn in _option(one, menu.id)]) for label, options in menu.groups]
    if any(label for label, _ in groups):
        return {"option_groups": [{"label": _plain(label), "options": options} for label, options in groups if options]}
    return {"options": [option for _, options in groups for option in options]}


def _option(option: Option, menu: str) -> Iterator[Json]:
    link = safe_url(option.url)
    if option.url and not link:
        return
    value = PARTS.join((option.id or menu, option.value, option.more))[:OPTION]
    yield {"text": _plain(option.label), "value": value, **({"url": link} if link else {})}


def _plain(words: str, limit: int = LABEL) -> Json:
    return {"type": "plain_text", "text": slack_escape(one_line(words, limit)) or "…", "emoji": False}


def form_view(form: Form) -> Json:
    """The form as a modal (https://docs.slack.dev/reference/views/modal-views)."""
    return {
        "type": "modal",
        "callback_id": form.id,
        "private_metadata": form.value,
        "title": _plain(form.title, TITLE),
        "submit": _plain(form.submit, TITLE),
        "close": _plain(form.cancel, TITLE),
        "blocks": [_input(ask) for ask in form.asks],
    }


def _input(ask: Ask) -> Json:
    element: Json = {"action_id": ask.id}
    match ask.kind:
        case "choice":
            options = [{"text": _plain(one.label), "value": one.value[:OPTION]} for one in ask.options]
            chosen = next((one for one in options if one["value"] == ask.initial), None)
            element |= {"type": "static_select", "options": options}
            element |= {"initial_option": chosen} if chosen else {}
        case "person":
            element |= {"type": "users_select"}
        case "place":  # Slack offers only what this person may see
            element |= {"type": "conversations_select", "default_to_current_conversation": True}
            element |= {"filter": {"include": ["public", "private"], "exclude_bot_users": True}}
        case _:
            element |= {"type": "plain_text_input", "multiline": ask.kind == "text", "max_length": 500}
            element |= {"initial_value": ask.initial[:500]} if ask.initial else {}
    return {
        "type": "input",
        "block_id": ask.id,
        "label": _plain(ask.label),
        "optional": ask.optional,
        "element": element,
    }


def form_answers(state: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in (`view.state.values`), by the ids of the questions; what is empty is left out."""
    found: dict[str, str] = {}
    for block in state.values():
        for name, answer in block.items():
            option = answer.get("selected_option") or {}
            chosen = answer.get("selected_user") or answer.get("selected_conversation")
            value = answer.get("value") or option.get("value") or chosen
            if value:
                found[name] = str(value)
    return found
