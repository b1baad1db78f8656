"""A message as Slack's Block Kit: foreign text only in rich_text elements, where nothing pings and nothing is markup.

Slack's limits (https://docs.slack.dev/reference/block-kit/blocks): 50 blocks, 150 characters in a header, 3,000 in a
section; a sum of about 13,200 characters is not documented and refused all the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from smwatch.message.buttons import LABEL, actions_block
from smwatch.message.escape import one_line, safe_url, slack_escape, tame
from smwatch.message.model import Bullets, Context, Divider, Heading, Menu, Paragraph, Table
from smwatch.message.pack import joined
from smwatch.message.plain import new_links, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.message.model import Block, Message, Run, Runs

HEADER = 140  # before escaping; Slack takes 150
SECTION = 2_800
TOTAL = 12_000
MOST_BLOCKS = 48
TEXT = 2_800
PLAIN = 11_000
URGENT = "🔴 "  # colour is all that a message has to stand out with
WHEN = "{date_short_pretty} {time}"
USER = re.compile(r"[UW][A-Z0-9]{2,}")

Json = dict[str, Any]


def block_kit(message: Message, *, buttons: bool = False) -> list[Json]:
    """The blocks of `message`; click actions only with `buttons`, links to open stand in a line of their own.

    What is beyond Slack's limits is cut with "…": `packed` splits a long message before it comes here.
    """
    found: list[Json] = []
    left = TOTAL
    for before, block in zip((None, *message.blocks), message.blocks, strict=False):
        below = isinstance(block, Context) and before is not None and joined(before, block)
        for drawn, length in _draw(block, urgent=message.urgent):
            if len(found) >= MOST_BLOCKS or length > left:
                return [*found, _rich([_section([{"type": "text", "text": "…"}])]), *_actions(message, buttons=buttons)]
            left -= length + 1
            if not (below and found and _stands_below(found[-1], drawn)):
                found.append(drawn)
    return [*found, *_actions(message, buttons=buttons)]


def _stands_below(above: Json, drawn: Json) -> bool:
    """Put small print into the block that it belongs to, on a new line; False where that cannot be."""
    if above["type"] != "rich_text":
        return False
    last, more = above["elements"][-1], drawn["elements"]
    if last["type"] != "rich_text_section":
        above["elements"].extend(more)
    elif _size(last) + _size(more[0]) >= SECTION:
        return False
    else:
        last["elements"] += [{"type": "text", "text": "\n"}, *more[0]["elements"]]
    return True


def _size(section: Json) -> int:
    return sum(len(leaf.get("text") or leaf.get("fallback") or "") for leaf in section["elements"])


def fallback(message: Message) -> str:
    """The notification: one escaped line."""
    return slack_escape(one_line(message.title, TEXT // 2)) or "…"


def plain_fallback(message: Message) -> str:
    """The whole message without blocks, escaped: what is sent where Slack refuses the blocks."""
    lines = plain_text(message).splitlines()
    whole = "\n".join(tame(line) for line in lines)
    cut = whole if len(whole) <= PLAIN else f"{whole[: PLAIN - 1]}…"
    return "\n".join(slack_escape(line) for line in cut.split("\n"))


def _draw(block: Block, *, urgent: bool) -> Iterator[tuple[Json, int]]:
    """Slack's blocks for one of ours, each with the characters that it counts for."""
    match block:
        case Heading(level=1) if one_line(block.text):
            words = (URGENT if urgent else "") + slack_escape(one_line(block.text, HEADER))[:146]
            yield {"type": "header", "text": {"type": "plain_text", "text": words, "emoji": False}}, len(words)
        case Heading() if one_line(block.text):
            words = one_line(block.text, SECTION)
            yield _rich([_section([{"type": "text", "text": words, "style": {"bold": True}}])]), len(words)
        case Paragraph() | Context():
            kind = "rich_text_quote" if isinstance(block, Paragraph) and block.quote else "rich_text_section"
            for elements, length in _chunks(block.runs):
                yield _rich([{"type": kind, "elements": elements}]), length
        case Bullets():
            yield from _bullets(block)
        case Table():
            for lines in _preformatted(block):
                drawn = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": lines}]}
                yield _rich([drawn]), len(lines)
        case Divider():
            yield {"type": "divider"}, 1


def _rich(elements: Sequence[Json]) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def _section(elements: Sequence[Json]) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def _bullets(block: Bullets) -> Iterator[tuple[Json, int]]:
    """Lists of at most 2,800 characters."""
    held: list[Json] = []
    length = 0
    for runs in block.items:
        for elements, size in _chunks(runs):
            if held and length + size > SECTION:
                yield _list(held), length
                held, length = [], 0
            held.append(_section(elements))
            length += size
    if held:
        yield _list(held), length


def _list(sections: Sequence[Json]) -> Json:
    return _rich([{"type": "rich_text_list", "style": "bullet", "elements": list(sections)}])


def _chunks(runs: Runs) -> Iterator[tuple[list[Json], int]]:
    """Elements in groups of at most 2,800 characters; a longer run is parted."""
    held: list[Json] = []
    length = 0
    for run in runs:
        for element, size in _elements(run):
            if held and length + size > SECTION:
                yield held, length
                held, length = [], 0
            held.append(element)
            length += size
    if held:
        yield held, length


def _elements(run: Run) -> Iterator[tuple[Json, int]]:
    words = tame(run.text)
    style = {name: True for name in ("bold", "italic", "code") if getattr(run, name)}
    styled: Json = {"style": style} if style else {}
    if run.when is not None and words:
        moment: Json = {"type": "date", "timestamp": int(run.when.timestamp()), "format": WHEN, "fallback": words}
        yield {**moment, **styled}, len(words)
    elif USER.fullmatch(run.person):
        yield {"type": "user", "user_id": run.person, **styled}, len(words)
    elif link := safe_url(run.link):
        label = words if len(words) <= SECTION else words[: SECTION - 1] + "…"
        yield (
            {"type": "link", "url": link, **({"text": label} if label.strip() else {}), **styled},
            len(label) + len(link),
        )
    else:
        for start in range(0, len(words), SECTION):
            part = words[start : start + SECTION]
            yield {"type": "text", "text": part, **styled}, len(part)


def _preformatted(table: Table) -> Iterator[str]:
    """The table's lines, aligned, in pieces of at most 2,800 characters."""
    rows = [tuple(one_line(cell, 60) for cell in row) for row in (table.header, *table.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(table.header))]
    held = ""
    for row in rows:
        cells = [
            cell.rjust(width) if column in table.numeric else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()[:SECTION]
        if held and len(held) + len(line) >= SECTION:
            yield held
            held = ""
        held = f"{held}\n{line}" if held else line
    if held.strip():
        yield held


def _actions(message: Message, *, buttons: bool) -> list[Json]:
    """A row of buttons where a click is heard; a link that the message does not hold yet as a line of text."""
    if buttons and any(isinstance(one, Menu) or not one.url for one in message.actions):
        return actions_block(message)
    links = [{"type": "link", "url": url, "text": one_line(label, LABEL)} for label, url in new_links(message)]
    spaced = [element for link in links for element in ({"type": "text", "text": " · "}, link)][1:]
    return [_rich([_section(spaced)])] if spaced else []
