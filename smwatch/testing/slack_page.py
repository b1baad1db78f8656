"""Slack messages as a page: the Block Kit that smwatch sends, drawn as Slack draws it, to look at and to photograph.

It is self-contained (no script, no font, no picture from anywhere) and fits a phone and a desktop window. What it does
not know it shows as a red box with the type's name, so that no block is forgotten in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import escape, unescape
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from smwatch.message.escape import shown_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Json = dict[str, Any]

_ENTITY = re.compile(r"<(https?:[^|>]+)(?:\|([^>]*))?>")
_STYLES = (("code", "code"), ("strike", "s"), ("italic", "i"), ("bold", "b"))
_WEIGHT = {"primary": " primary", "danger": " danger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks at it: their language ("de", "en"), zone, the moment, and the names of the people behind ids."""

    language: str
    timezone: str
    now: datetime
    people: Mapping[str, str] = field(default_factory=dict)

    def moment(self, when: datetime, pattern: str) -> str:
        """A date element as Slack writes it: `{date_short_pretty} {time}` and its relatives."""
        zone = ZoneInfo(self.timezone)
        local = when.astimezone(zone)
        days = (self.now.astimezone(zone).date() - local.date()).days
        near = {"de": ("Heute", "Gestern", "Morgen"), "en": ("Today", "Yesterday", "Tomorrow")}[self.language]
        day = near[days] if days in (0, 1, -1) else str(format_date(local, "d. MMM y", self.language))
        clock = str(format_time(local, "HH:mm", locale=self.language))
        return re.sub(r"\{date[a-z_]*\}", day, pattern).replace("{time}", clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message of a channel: the body as it was sent, when, and whether it was changed since."""

    body: Mapping[str, Any]
    at: datetime
    edited: bool = False
    replies: int = 0


def page(messages: Sequence[Shown], reader: Reader, *, channel: str = "pr-alerts", dark: bool = False) -> str:
    """The whole HTML document of one channel."""
    posts = "".join(_post(one, reader) for one in messages)
    return (
        f'<!doctype html><html lang="{reader.language}"{" class=dark" if dark else ""}><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>#{escape(channel)}</title>'
        f"<style>{_css()}</style><body><header># {escape(channel)}</header><main>{posts}</main></body></html>\n"
    )


def _css() -> str:
    return files(__package__).joinpath("slack_page.css").read_text(encoding="utf-8")


def blocks_html(blocks: Iterable[Json], reader: Reader) -> str:
    """The blocks of one message."""
    return "".join(_block(block, reader) for block in blocks)


def _post(one: Shown, reader: Reader) -> str:
    clock = reader.moment(one.at, "{time}")
    body = blocks_html(one.body.get("blocks") or (), reader) or f"<div class=block>{_mrkdwn(one.body['text'])}</div>"
    edited = (
        f"<span class=edited>({'bearbeitet' if reader.language == 'de' else 'edited'})</span>" if one.edited else ""
    )
    return (
        '<article><div class="face" aria-hidden="true">sw</div><div class="said">'
        f'<div class="who"><b>smwatch</b><span class="app">APP</span><time>{clock}</time></div>{body}{edited}'
        f"{_thread(one.replies, reader)}</div></article>"
    )


def _thread(replies: int, reader: Reader) -> str:
    if not replies:
        return ""
    words = {"de": ("Antwort", "Antworten"), "en": ("reply", "replies")}[reader.language]
    return f'<div class="thread">{replies} {words[replies != 1]}</div>'


def _block(block: Json, reader: Reader) -> str:
    match block["type"]:
        case "header":
            inner = f"<h3>{_plain(block['text'])}</h3>"
        case "divider":
            inner = "<hr>"
        case "section":
            inner = _section(block)
        case "context":
            inner = "".join(_small(one) for one in block["elements"])
        case "rich_text":
            inner = "".join(_rich(one, reader) for one in block["elements"])
        case "actions":
            inner = "".join(_element(one) for one in block["elements"])
        case "table":
            inner = _table(block, reader)
        case other:
            inner = _unknown(other)
    return f'<div class="block {escape(block["type"])}">{inner}</div>'


def _unknown(kind: str) -> str:
    return f'<span class="unknown">{escape(kind)}</span>'


def _plain(one: Json) -> str:
    """A text object: plain text with Slack's three entities, or its markup."""
    return _mrkdwn(one["text"]) if one["type"] == "mrkdwn" else escape(unescape(one["text"]))


def _mrkdwn(words: str) -> str:
    """Slack's own markup: links, bold, italic, code."""
    found, at = [], 0
    for entity in _ENTITY.finditer(words):
        found += [_marked(words[at : entity.start()]), _link(entity[1], unescape(entity[2] or entity[1]))]
        at = entity.end()
    return "".join([*found, _marked(words[at:])])


def _marked(words: str) -> str:
    safe = escape(unescape(words))
    for mark, tag in ((r"\*", "b"), ("_", "i"), ("`", "code")):
        safe = re.sub(rf"(?<!\w){mark}([^\n*_`]+){mark}(?!\w)", rf"<{tag}>\1</{tag}>", safe)
    return safe.replace("\n", "<br>")


def _section(block: Json) -> str:
    words = f"<p>{_plain(block['text'])}</p>" if block.get("text") else ""
    fields = "".join(f"<p>{_plain(one)}</p>" for one in block.get("fields") or ())
    beside = _element(block["accessory"]) if block.get("accessory") else ""
    return f"{words}{f'<div class=fields>{fields}</div>' if fields else ''}{beside}"


def _small(one: Json) -> str:
    return f"<span>{_plain(one)}</span>" if one["type"] in {"mrkdwn", "plain_text"} else _unknown(one["type"])


def _rich(element: Json, reader: Reader) -> str:
    match element["type"]:
        case "rich_text_section":
            return f"<p>{_leaves(element, reader)}</p>"
        case "rich_text_quote":
            return f"<blockquote>{_leaves(element, reader)}</blockquote>"
        case "rich_text_preformatted":
            return f"<pre>{_leaves(element, reader)}</pre>"
        case "rich_text_list":
            tag = "ol" if element.get("style") == "ordered" else "ul"
            rows = "".join(f"<li>{_leaves(one, reader)}" for one in element["elements"])
            return f"<{tag}>{rows}</{tag}>"
    return _unknown(element["type"])


def _leaves(element: Json, reader: Reader) -> str:
    return "".join(_leaf(leaf, reader) for leaf in element["elements"])


def _leaf(leaf: Json, reader: Reader) -> str:
    match leaf["type"]:
        case "text":
            drawn = escape(leaf["text"]).replace("\n", "<br>")
        case "link":
            drawn = _link(leaf["url"], leaf.get("text") or leaf["url"])
        case "date":
            drawn = escape(reader.moment(datetime.fromtimestamp(leaf["timestamp"], ZoneInfo("UTC")), leaf["format"]))
        case "emoji":
            drawn = "".join(chr(int(code, 16)) for code in leaf.get("unicode", "").split("-") if code)
        case "user" | "channel" | "usergroup" | "broadcast" as kind:
            name = leaf.get("range") or reader.people.get(leaf.get("user_id", "")) or leaf.get(f"{kind}_id", "")
            drawn = f'<span class="ping">{"#" if kind == "channel" else "@"}{escape(str(name))}</span>'
        case other:
            drawn = _unknown(other)
    for style, tag in _STYLES:
        if (leaf.get("style") or {}).get(style):
            drawn = f"<{tag}>{drawn}</{tag}>"
    return drawn


def _link(url: str, words: str) -> str:
    return f'<a href="{escape(url)}" title="{escape(shown_host(url))}">{escape(words)}</a>'


def _element(one: Json) -> str:
    match one["type"]:
        case "button":
            return f'<span class="button{_WEIGHT.get(one.get("style", ""), "")}">{_plain(one["text"])}</span>'
        case "static_select" | "users_select" | "conversations_select" | "datepicker":
            chosen = one.get("initial_option", {}).get("text") or one.get("placeholder")
            return f'<span class="button select">{_plain(chosen) if chosen else ""}<i>▾</i></span>'
        case "overflow":
            return '<span class="button more">⋯</span>'
        case "plain_text_input":
            many = " many" if one.get("multiline") else ""
            return f'<span class="input{many}">{escape(one.get("initial_value", ""))}</span>'
    return _unknown(one["type"])


def menu_html(element: Json) -> str:
    """A menu as it looks when it is open: what stands in it, under its headings."""
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    parts = []
    for group in groups:
        parts.append(f'<div class="label">{_plain(group["label"])}</div>' if group.get("label") else "")
        parts += [f'<div class="option">{_plain(option["text"])}</div>' for option in group["options"]]
    return f'<div class="menu">{"".join(parts)}</div>'


def view_page(view: Json, reader: Reader) -> str:
    """A form as a page of its own."""
    blocks = "".join(
        f"<label><b>{_plain(block['label'])}</b>{_optional(block, reader)}{_element(block['element'])}</label>"
        for block in view["blocks"]
    )
    buttons = f'<span class="button">{_plain(view["close"])}</span>'
    buttons += f'<span class="button primary">{_plain(view["submit"])}</span>'
    return (
        f'<!doctype html><html lang="{reader.language}"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_css()}</style>'
        f'<body class="shade"><section class="modal"><h3>{_plain(view["title"])}</h3>{blocks}'
        f"<footer>{buttons}</footer></section></body></html>\n"
    )


def _optional(block: Json, reader: Reader) -> str:
    words = {"de": "(optional)", "en": "(optional)"}[reader.language]
    return f' <span class="edited">{words}</span>' if block.get("optional") else ""


def _table(block: Json, reader: Reader) -> str:
    settings = block.get("column_settings") or []
    right = {n for n, one in enumerate(settings) if one and one.get("align") == "right"}
    rows = ["".join(_cell(cell, n in right, reader) for n, cell in enumerate(row)) for row in block["rows"]]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(cell: Json, right: bool, reader: Reader) -> str:  # noqa: FBT001 - one column or another
    words = (
        escape(cell["text"]) if cell["type"] == "raw_text" else "".join(_rich(it, reader) for it in cell["elements"])
    )
    return f"<td{' class=right' if right else ''}>{words}</td>"
