"""Slack's blocks on a terminal: a framed message with bold, quotes and links, at any width."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich.box import ROUNDED
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from smwatch.testing.slack_page import Reader

BAR = "▎ "
STYLES = {"bold": "bold", "italic": "italic", "code": "cyan"}
RULE = "─" * 24


def framed(body: Mapping[str, Any], reader: Reader, title: str, *, plain: bool = False) -> Panel:
    """One message as a frame; `plain` writes links out, for what is no terminal."""
    parts: list[RenderableType] = []
    for before, block in pairwise([{"type": "header"}, *(body.get("blocks") or ())]):
        parts += [Text()] if before["type"] not in {"header", "divider"} else []
        parts += _block(block, reader, plain=plain)
    return Panel(
        Group(*(parts or [Text(unescape(body.get("text") or ""))])),
        box=ROUNDED,
        title=Text(title),
        title_align="left",
        border_style="cyan",
        padding=(0, 1),
    )


class _Quote:
    """What somebody else said: a bar before every line, however it wraps."""

    def __init__(self, words: Text) -> None:
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines of the quote."""
        for line in self._words.wrap(console, max(options.max_width - len(BAR), 1)):
            yield Text.assemble((BAR, "dim"), line)


def _block(block: Mapping[str, Any], reader: Reader, *, plain: bool) -> Iterator[RenderableType]:
    match block["type"]:
        case "header":
            yield Text(unescape(block["text"]["text"]), style="bold")
        case "divider":
            yield Text(RULE, style="dim")
        case "rich_text":
            for element in block["elements"]:
                yield from _rich(element, reader, plain=plain)
        case "actions":
            yield Text("  ".join(f"[{unescape(one['text']['text'])}]" for one in block["elements"]))


def _rich(element: Mapping[str, Any], reader: Reader, *, plain: bool) -> Iterator[RenderableType]:
    match element["type"]:
        case "rich_text_quote":
            yield _Quote(_words(element, reader, plain=plain))
        case "rich_text_list":
            for entry in element["elements"]:
                yield Text.assemble("• ", _words(entry, reader, plain=plain))
        case _:
            yield _words(element, reader, plain=plain)


def _words(element: Mapping[str, Any], reader: Reader, *, plain: bool) -> Text:
    found = Text()
    for leaf in element["elements"]:
        style = " ".join(STYLES[name] for name in leaf.get("style") or () if name in STYLES)
        match leaf["type"]:
            case "link":
                words = leaf.get("text") or leaf["url"]
                found.append(
                    f"{words} <{leaf['url']}>" if plain else words, f"{style} underline link {leaf['url']}".strip()
                )
            case "date":
                found.append(reader.moment(datetime.fromtimestamp(leaf["timestamp"], UTC), leaf["format"]), style)
            case _:
                found.append(str(leaf.get("text", "")), style)
    return found
