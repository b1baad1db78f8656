"""How the terms of one level are joined: AND, OR, or an error that shows both readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import text
from smwatch.query.lex import Kind
from smwatch.query.syntax import And, Node, Or, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Operand:
    """One side: the node, how it is joined to the one before, and where its text stands (NOT included).

    `word` is the operator as written at `at`, "" where it is only implied; `last` is where it ends in a plain word or
    wildcard, which needs an operator beside another one.
    """

    node: Node
    joint: Kind | None
    word: str
    at: int
    spot: Spot
    last: Spot | None


def joined(source: str, operands: Sequence[Operand], tool: str | None) -> Node:
    """The node of a level; AND mixed with OR is read as `tool` does, or refused."""
    joints = {operand.joint for operand in operands[1:]}
    if joints != {Kind.AND, Kind.OR}:
        return _join(operands, Kind.OR if Kind.OR in joints else Kind.AND)
    if tool is None:
        raise _mixed(source, operands)
    return _and_first(operands)


def reading(source: str, operands: Sequence[Operand], tight: Kind) -> str:
    """The level's source with brackets around what `tight` joins."""
    groups: list[tuple[str, list[str]]] = []
    for operand in operands:
        shown = source[operand.spot.start : operand.spot.end]
        word = operand.word or "AND"
        if operand.joint is tight and groups:
            groups[-1][1].append(f"{word} {shown}")
        else:
            groups.append((word, [shown]))
    bracketed = [(word, row[0] if len(row) == 1 else f"({' '.join(row)})") for word, row in groups]
    return bracketed[0][1] + "".join(f" {word} {row}" for word, row in bracketed[1:])


def side_by_side(source: str, spots: Sequence[Spot], *, alone: bool, quotable: bool) -> QueryError:
    """The error for plain words without an operator between; `alone` if AND between them needs no brackets.

    Only what is `quotable`, words without a ~, can be a phrase.
    """
    words = [source[spot.start : spot.end] for spot in spots]
    low, high = spots[0].start, spots[-1].end
    both = " AND ".join(words)
    repairs = [*([f'"{" ".join(words)}"'] if quotable else []), both if alone else f"({both})"]
    sentence = text(
        "two words side by side: in quotation marks they are a phrase, with AND both must occur; "
        "tools read this differently"
    )
    return QueryError(
        sentence, start=spots[1].start, end=spots[1].end, repairs=[source[:low] + it + source[high:] for it in repairs]
    )


def _mixed(source: str, operands: Sequence[Operand]) -> QueryError:
    change = next(operand for operand in operands[2:] if operand.joint is not operands[1].joint)
    low, high = operands[0].spot.start, operands[-1].spot.end
    repairs = [source[:low] + reading(source, operands, tight) + source[high:] for tight in (Kind.AND, Kind.OR)]
    if all(operand.word for operand in operands[1:]):
        sentence = text("AND and OR stand side by side without brackets, and tools read that differently")
    else:
        sentence = text("terms without an operator between them mean AND; beside OR they need brackets")
    return QueryError(sentence, start=change.at, end=change.at + max(len(change.word), 1), repairs=repairs)


def _join(operands: Sequence[Operand], kind: Kind) -> Node:
    if len(operands) == 1:
        return operands[0].node
    nodes = tuple(operand.node for operand in operands)
    spot = Spot(operands[0].spot.start, operands[-1].spot.end)
    return Or(nodes, spot) if kind is Kind.OR else And(nodes, spot)


def _and_first(operands: Sequence[Operand]) -> Node:
    groups: list[list[Operand]] = []
    for operand in operands:
        if operand.joint is Kind.AND and groups:
            groups[-1].append(operand)
        else:
            groups.append([operand])
    nodes = tuple(_join(group, Kind.AND) for group in groups)
    return Or(nodes, Spot(operands[0].spot.start, operands[-1].spot.end))
