"""Cuts a long row of blocks into parts that a channel can take, without parting a heading from what it heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.message.model import Bullets, Context, Heading, Paragraph, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from smwatch.message.model import Block, Runs

BLOCKS = 40  # Slack takes 50, and draws some of ours as two


def packed(blocks: Sequence[Block], size: int, parts: int | None = None) -> tuple[tuple[Block, ...], ...]:
    """`blocks` in parts of at most `size` characters and 40 blocks; a list is cut between its entries.

    With `parts` there are exactly that many: the last takes what is left over, missing ones are empty.
    """
    found = [_Part()]
    for piece in _pieces(blocks):
        if not found[-1].takes(piece, size) and (parts is None or len(found) < parts):
            found.append(_Part())
        found[-1].add(piece)
    found += [_Part() for _ in range((parts or 0) - len(found))]
    return tuple(tuple(_merged(part.blocks)) for part in found)


@dataclass(slots=True)
class _Part:
    """One part while it fills: its blocks, their characters, and how many they are with lists merged."""

    blocks: list[Block] = field(default_factory=list)
    characters: int = 0
    count: int = 0

    def takes(self, piece: Sequence[Block], size: int) -> bool:
        """Whether `piece` still fits; an empty part takes anything."""
        fits = self.characters + sum(map(_length, piece)) <= size and self.count + self._more(piece) <= BLOCKS
        return fits or not self.blocks

    def add(self, piece: Sequence[Block]) -> None:
        self.characters += sum(map(_length, piece))
        self.count += self._more(piece)
        self.blocks.extend(piece)

    def _more(self, piece: Sequence[Block]) -> int:
        joins = bool(self.blocks) and isinstance(self.blocks[-1], Bullets) and isinstance(piece[0], Bullets)
        return len(piece) - joins


def _pieces(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """What must not be parted: a heading and the next block, a headline and its small print, one entry of a list."""
    piece: list[Block] = []
    for block in _singly(blocks):
        if piece and not joined(piece[-1], block):
            yield piece
            piece = []
        piece.append(block)
    if piece:
        yield piece


def joined(before: Block, block: Block) -> bool:
    """Whether `block` belongs to what stands before it: below a heading, small print below its headline."""
    return isinstance(before, Heading) or (isinstance(before, Paragraph | Context) and isinstance(block, Context))


def _singly(blocks: Sequence[Block]) -> Iterator[Block]:
    """`blocks` with each entry of a list as a list of its own."""
    for block in blocks:
        if isinstance(block, Bullets):
            yield from (Bullets(items=(item,)) for item in block.items)
        else:
            yield block


def _merged(blocks: Sequence[Block]) -> Iterator[Block]:
    """Neighbouring lists as one."""
    held: list[Runs] = []
    for block in blocks:
        if isinstance(block, Bullets):
            held.extend(block.items)
            continue
        if held:
            yield Bullets(items=tuple(held))
            held = []
        yield block
    if held:
        yield Bullets(items=tuple(held))


def _length(block: Block) -> int:
    """Characters with links, as Slack counts them at worst."""
    match block:
        case Heading():
            return len(block.text)
        case Paragraph() | Context():
            return _runs(block.runs)
        case Bullets():
            return sum(map(_runs, block.items))
        case Table():
            return sum(len(cell) for row in (block.header, *block.rows) for cell in row)
        case _:
            return 1


def _runs(runs: Runs) -> int:
    return sum(len(run.text) + len(run.link) for run in runs)
