"""How Slack reads a message: what it refuses, whom it pings, and what people see.

Limits: https://docs.slack.dev/reference/block-kit/blocks; the sum of about 13,200 characters is not documented.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BLOCKS, SECTION, HEADER, TOTAL, TEXT = 50, 3_000, 150, 13_200, 40_000
LABEL, VALUE, URL, ACTION_ID, ACTIONS = 75, 2_000, 3_000, 255, 25
_PING = re.compile(r"<(?:!(?:channel|here|everyone)|!subteam\^\w+|@[UW]\w+|#C\w+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"(?<!\w)@(?:channel|here|everyone)\b")
_MARKUP = re.compile(r"<((?:https?|mailto)[^|>]*)\|?([^>]*)>")
_TEXTS = {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}

Json = dict[str, Any]


@dataclass(slots=True)
class Reading:
    """`refused` is Slack's error word or ""; `why` says more; `pings` are the mentions that it would send."""

    refused: str = ""
    why: str = ""
    pings: list[str] = field(default_factory=list)
    length: int = 0

    def refuse(self, word: str, why: str) -> None:
        """The first reason counts."""
        if not self.refused:
            self.refused, self.why = word, why


def read_message(body: Mapping[str, Any]) -> Reading:
    """What Slack makes of the body of chat.postMessage, chat.update or an incoming webhook."""
    reading = Reading()
    text, blocks = body.get("text") or "", body.get("blocks") or []
    if not text and not blocks and not body.get("attachments"):
        reading.refuse("no_text", "neither text nor blocks")
    if len(text) > TEXT:
        reading.refuse("msg_too_long", f"text of {len(text)} characters")
    if body.get("mrkdwn", True) is not False:
        reading.pings += _PING.findall(text)
    if body.get("link_names") or body.get("parse") == "full":
        reading.pings += _NAMED.findall(text)
    _read_blocks(blocks, reading)
    return reading


def _read_blocks(blocks: Any, reading: Reading) -> None:  # noqa: ANN401 - whatever somebody sent
    if not isinstance(blocks, list):
        reading.refuse("invalid_blocks_format", "blocks is no list")
        return
    if len(blocks) > BLOCKS:
        reading.refuse("invalid_blocks", f"{len(blocks)} blocks")
    for number, block in enumerate(blocks):
        if not isinstance(block, dict):
            reading.refuse("invalid_blocks", f"block {number} is no object")
            return
        _read_block(block, f"block {number} ({block.get('type')})", reading)
    if reading.length > TOTAL:
        reading.refuse("msg_blocks_too_long", f"{reading.length} characters in all blocks")


def _read_block(block: Json, where: str, reading: Reading) -> None:
    match block.get("type"):
        case "header":
            _text_object(block.get("text"), where, reading, HEADER, plain=True)
        case "section" | "context":
            texts = [block.get("text"), *(block.get("fields") or []), *(block.get("elements") or [])]
            for one in filter(None, texts):
                _text_object(one, where, reading, SECTION)
        case "divider":
            reading.length += 1
        case "rich_text":
            for element in block.get("elements") or []:
                _rich(element, where, reading)
        case "actions":
            _actions(block.get("elements") or [], where, reading)
        case other:
            reading.refuse("invalid_blocks", f"{where}: unknown type {other}")


def _text_object(one: Any, where: str, reading: Reading, limit: int, *, plain: bool = False) -> None:  # noqa: ANN401 - whatever somebody sent
    words = one.get("text") if isinstance(one, dict) else None
    if not isinstance(one, dict) or not isinstance(words, str) or one.get("type") not in {"plain_text", "mrkdwn"}:
        reading.refuse("invalid_blocks", f"{where}: no text object")
        return
    if plain and one["type"] != "plain_text":
        reading.refuse("invalid_blocks", f"{where}: must be plain_text")
    if not 0 < len(words) <= limit:
        reading.refuse("invalid_blocks", f"{where}: {len(words)} characters, at most {limit}")
    reading.length += len(words)
    if one["type"] == "mrkdwn":
        reading.pings += _PING.findall(words)


def _rich(element: Json, where: str, reading: Reading) -> None:
    kind = element.get("type")
    if kind == "rich_text_list":
        for entry in element.get("elements") or []:
            _rich(entry, where, reading)
        return
    if kind not in _TEXTS or not isinstance(element.get("elements"), list):
        reading.refuse("invalid_blocks", f"{where}: {kind} is no rich text")
        return
    length = sum(_leaf(leaf, where, reading) for leaf in element["elements"])
    if length > SECTION:
        reading.refuse("invalid_blocks", f"{where}: {length} characters in one section")


def _leaf(leaf: Json, where: str, reading: Reading) -> int:
    """The characters of one rich text element; mentions are noted."""
    match leaf.get("type"):
        case "text":
            words = str(leaf.get("text", ""))
            if not words:
                reading.refuse("invalid_blocks", f"{where}: empty text element")
        case "link":
            words, url = str(leaf.get("text", "")), str(leaf.get("url", ""))
            if not re.match(r"(https?|mailto):", url) or len(url) > URL:
                reading.refuse("invalid_blocks", f"{where}: link to {url[:40]!r}")
            reading.length += len(url)
        case "date":
            words = str(leaf.get("fallback", ""))
            if not isinstance(leaf.get("timestamp"), int) or not leaf.get("format"):
                reading.refuse("invalid_blocks", f"{where}: date without timestamp or format")
        case "broadcast" | "user" | "usergroup" | "channel" as kind:
            words = ""
            reading.pings.append(f"{kind}:{leaf.get('range') or leaf.get(f'{kind}_id')}")
        case "emoji" | "color":
            words = ""
        case other:
            words = ""
            reading.refuse("invalid_blocks", f"{where}: unknown element {other}")
    reading.length += len(words)
    return len(words)


def _actions(elements: Sequence[Json], where: str, reading: Reading) -> None:
    ids = [one.get("action_id") for one in elements if one.get("action_id")]
    if not 0 < len(elements) <= ACTIONS or len(set(ids)) != len(ids):
        reading.refuse("invalid_blocks", f"{where}: {len(elements)} elements, or an action_id twice")
    for one in elements:
        match one.get("type"):
            case "button":
                _text_object(one.get("text"), where, reading, LABEL, plain=True)
            case "static_select":
                _text_object(one.get("placeholder"), where, reading, SECTION, plain=True)
                _options(one, where, reading, 100)
            case "overflow":
                _options(one, where, reading, 5)
            case other:
                reading.refuse("invalid_blocks", f"{where}: no element {other}")
        long = [
            len(one.get(key) or "") > most for key, most in (("value", VALUE), ("url", URL), ("action_id", ACTION_ID))
        ]
        if any(long):
            reading.refuse("invalid_blocks", f"{where}: value, url or action_id too long")


def _options(menu: Json, where: str, reading: Reading, most: int) -> None:
    groups = menu.get("option_groups")
    if groups is not None:
        for group in groups:
            _text_object(group.get("label"), where, reading, LABEL, plain=True)
    lists = [group.get("options") or [] for group in groups] if groups is not None else [menu.get("options") or []]
    if any(not 0 < len(options) <= most for options in lists):
        reading.refuse("invalid_blocks", f"{where}: a menu with too few or too many options")
    for option in (one for options in lists for one in options):
        _text_object(option.get("text"), where, reading, LABEL, plain=True)
        if not 0 < len(option.get("value") or "") <= 150:
            reading.refuse("invalid_blocks", f"{where}: an option's value of {len(option.get('value') or '')}")


def shown(body: Mapping[str, Any]) -> str:
    """What people read: the blocks as lines of plain text, or the text where there are none."""
    if not body.get("blocks"):
        return html.unescape(_MARKUP.sub(_as_link, body.get("text") or ""))
    return "\n".join(line for block in body["blocks"] for line in _lines(block))


def _as_link(found: re.Match[str]) -> str:
    return f"{found[2]} <{found[1]}>" if found[2] else found[1]


def _lines(block: Json) -> Iterator[str]:
    match block.get("type"):
        case "header":
            yield f"# {html.unescape(block['text']['text'])}"
        case "section":
            for one in [block.get("text"), *(block.get("fields") or [])]:
                if one:
                    yield html.unescape(_MARKUP.sub(_as_link, one["text"]))
        case "context":
            yield "  ".join(html.unescape(one.get("text", "")) for one in block["elements"])
        case "divider":
            yield "—" * 24
        case "rich_text":
            for element in block["elements"]:
                yield from _rich_lines(element)
        case "actions":
            yield " ".join(f"[{_label(one)}]" for one in block["elements"])


def _label(element: Json) -> str:
    drawn = element.get("text") or element.get("placeholder") or {"text": "⋯"}
    return html.unescape(drawn["text"])


def _rich_lines(element: Json) -> Iterator[str]:
    if element["type"] == "rich_text_list":
        for entry in element["elements"]:
            yield f"• {_words(entry)}"
        return
    mark = "> " if element["type"] == "rich_text_quote" else ""
    for line in _words(element).split("\n"):
        yield mark + line


def _words(element: Json) -> str:
    return "".join(_word(leaf) for leaf in element["elements"])


def _word(leaf: Json) -> str:
    match leaf["type"]:
        case "link":
            words = f"{leaf['text']} <{leaf['url']}>" if leaf.get("text") else str(leaf["url"])
        case "date":
            words = f"{datetime.fromtimestamp(leaf['timestamp'], UTC):%Y-%m-%d %H:%M}Z"
        case "broadcast":
            words = f"@{leaf['range']}"
        case "user":
            words = f"@{leaf['user_id']}"
        case _:
            words = str(leaf.get("text", ""))
    return f"*{words}*" if (leaf.get("style") or {}).get("bold") and words.strip() else words
