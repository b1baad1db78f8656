"""A message as plain text: complete, for the first part of a mail, a terminal, a webhook."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from smwatch.message.escape import safe_url, tame
from smwatch.message.model import Action, Bullets, Context, Divider, Heading, Menu, Paragraph, Run, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.message.model import Message

RULE = "—" * 24


def plain_text(message: Message) -> str:
    """Everything that `message` says, links written out as `<https://…>`; ends in one line break."""
    parts = [_block(block) for block in message.blocks]
    parts += [f"{label}: {link}" for label, link in new_links(message)]
    return "\n\n".join(part for part in parts if part) + "\n"


def plain_runs(runs: Sequence[Run]) -> str:
    """Runs on one line; a link stands behind its words."""
    return "".join(map(_run, runs))


def _run(run: Run) -> str:
    words, link = tame(run.text), safe_url(run.link)
    words = f"`{words}`" if run.code else words
    return f"{words} <{link}>" if link and link != words else words


def new_links(message: Message) -> list[tuple[str, str]]:
    """Label and address of the links to open that are not in the text already."""
    runs = (run for block in message.blocks if isinstance(block, (Paragraph, Context)) for run in block.runs)
    told = {safe_url(run.link) for run in runs}
    single = [one for one in message.actions if isinstance(one, Action)]
    listed = [option for one in message.actions if isinstance(one, Menu) for option in one.options]
    links = [(one.label, safe_url(one.url)) for one in single] + [(one.label, safe_url(one.url)) for one in listed]
    return [(label, link) for label, link in links if link and link not in told]


@singledispatch
def _block(block: object) -> str:
    raise TypeError(f"no plain text for {type(block).__name__}")


@_block.register
def _(block: Heading) -> str:
    words = tame(block.text)
    return f"{words}\n{('=' if block.level == 1 else '-') * min(len(words), 72)}"


@_block.register
def _(block: Paragraph) -> str:
    return f"> {plain_runs(block.runs)}" if block.quote else plain_runs(block.runs)


@_block.register
def _(block: Context) -> str:
    return plain_runs(block.runs)


@_block.register
def _(block: Bullets) -> str:
    return "\n".join(f"- {plain_runs(item)}" for item in block.items)


@_block.register
def _(block: Table) -> str:
    rows = [[tame(cell) for cell in row] for row in (block.header, *block.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(block.header))]
    return "\n".join(_row(row, widths, block.numeric) for row in rows)


@_block.register
def _(_block: Divider) -> str:
    return RULE


def _row(row: Sequence[str], widths: Sequence[int], numeric: frozenset[int]) -> str:
    cells = [
        cell.rjust(width) if column in numeric else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
