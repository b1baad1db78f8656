"""What can be said about a whole query before it sees any text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query.fields import SINGLE_VALUED
from smwatch.query.foreign import without
from smwatch.query.syntax import (
    CONDITIONS,
    JOINTS,
    LEAVES,
    And,
    Exact,
    Fuzzy,
    In,
    ListOf,
    Node,
    Not,
    NotNear,
    Or,
    Variants,
    Wild,
    field_of,
    parts,
    walk,
)
from smwatch.query.terms import longest_path
from smwatch.text import fold_marked

if TYPE_CHECKING:
    from collections.abc import Iterable

_OR_BEFORE = re.compile(r"(?:OR|ODER|or|oder)\s+$")


def check(source: str, root: Node) -> tuple[Node, list[Text]]:
    """The root of `source`, repeated single-valued fields read as OR, and notes; raises QueryError for nonsense."""
    notes: list[Text] = []
    root = _repeated(root, notes)
    _refuse_unbounded(source, root)
    _refuse_impossible(source, root)
    return root, notes


# rule 6: a repeated single-valued field means OR


def _repeated(node: Node, notes: list[Text]) -> Node:
    match node:
        case And():
            return _repeated_in(node, notes)
        case Or():
            return Or(tuple(_repeated(child, notes) for child in node.children), node.spot)
        case Not():
            return Not(_repeated(node.child, notes), node.spot)
    return node


def _repeated_in(node: And, notes: list[Text]) -> Node:
    children = [_repeated(child, notes) for child in node.children]
    for name in SINGLE_VALUED:
        same = [child for child in children if field_of(child) == name]
        if len(same) > 1:
            either = Or(tuple(same), same[0].spot)
            notes.append(
                text(
                    "{field}: stands there more than once and means either: {reading}", field=name, reading=str(either)
                )
            )
            at = children.index(same[0])
            children = [child for child in children if child not in same]
            children.insert(at, either)
    return And(tuple(children), node.spot) if len(children) > 1 else children[0]


# a query needs something to look for


def _refuse_unbounded(source: str, root: Node) -> None:
    if _bounded(root, positive=True):
        return
    culprit = _unbounded_part(root)
    spot = culprit.spot
    if isinstance(root, Or):
        raise QueryError(
            text("OR NOT matches almost everything; a NOT belongs behind AND"),
            start=spot.start,
            end=max(spot.end, spot.start + 1),
            repairs=[_OR_BEFORE.sub("AND ", source[: spot.start]) + source[spot.start :]],
        )
    raise QueryError(
        text("the query only excludes: it needs something to look for, or belongs under exclude"),
        start=spot.start,
        end=max(spot.end, spot.start + 1),
    )


def _bounded(node: Node, *, positive: bool) -> bool:
    """Whether a match of `node` (or, not positive, of its opposite) needs something to be there."""
    match node:
        case Not():
            return _bounded(node.child, positive=not positive)
        case In() | ListOf():
            return _bounded(node.child, positive=positive)
        case And() | Or():
            every = isinstance(node, Or) is positive
            found = (_bounded(child, positive=positive) for child in node.children)
            return all(found) if every else any(found)
    return positive


def _unbounded_part(node: Node) -> Node:
    if isinstance(node, Or):
        return next((_unbounded_part(child) for child in node.children if not _bounded(child, positive=True)), node)
    return node


# a term and its own opposite


def _refuse_impossible(source: str, root: Node) -> None:
    """`a AND NOT a`; only terms that are equal after folding count."""
    negated = [node for node in walk(root) if isinstance(node, Not)]
    culprit = _impossible(root, frozenset(), positive=True) if negated else None
    if culprit is not None:
        spot, shown = culprit.spot, str(culprit)
        raise QueryError(
            text("this can never hold: {term} must occur and must not", term=shown),
            start=spot.start,
            end=max(spot.end, spot.start + 1),
            repairs=[without(source, node.spot.start, node.spot.end) for node in negated],
        )


def _impossible(node: Node, refused: frozenset[object], *, positive: bool, scope: str = "") -> Node | None:
    """A term of `node` that makes it impossible where none of `refused` may occur, or None."""
    match node:
        case Not():
            return _impossible(node.child, refused, positive=not positive, scope=scope)
        case In():
            return _impossible(node.child, refused, positive=positive, scope=node.name)
        case ListOf():
            return _impossible(node.child, refused, positive=positive, scope=scope)
        case And() | Or():
            return _impossible_group(node, refused, positive=positive, scope=scope)
    return _impossible_term(node, refused, scope) if positive else None


def _impossible_term(node: Node, refused: frozenset[object], scope: str) -> Node | None:
    """`node` or a side of it that must not occur, though it has to."""
    if isinstance(node, JOINTS):
        sides = parts(node)[: 1 if isinstance(node, NotNear) else None]
        found = (_impossible(side, refused, positive=True, scope=scope) for side in sides)
        if culprit := next((culprit for culprit in found if culprit is not None), None):
            return culprit
    return node if _identity(node, scope) in refused else None


def _impossible_group(node: And | Or, refused: frozenset[object], *, positive: bool, scope: str) -> Node | None:
    if isinstance(node, And) is positive:  # every child must hold
        refused = refused | frozenset(_refusals(node, positive=positive, scope=scope))
        found = (_impossible(child, refused, positive=positive, scope=scope) for child in node.children)
        return next((culprit for culprit in found if culprit is not None), None)
    culprits = [_impossible(child, refused, positive=positive, scope=scope) for child in node.children]
    return culprits[0] if all(culprit is not None for culprit in culprits) else None


def _refusals(node: Node, *, positive: bool, scope: str) -> Iterable[object]:
    """The terms that must not occur where `node` holds (or, not positive, does not)."""
    match node:
        case Not():
            yield from _refusals(node.child, positive=not positive, scope=scope)
        case In():
            yield from _refusals(node.child, positive=positive, scope=node.name)
        case ListOf():
            yield from _refusals(node.child, positive=positive, scope=scope)
        case And() | Or():
            if isinstance(node, And) is positive:
                for child in node.children:
                    yield from _refusals(child, positive=positive, scope=scope)
        case _:
            if not positive:
                yield _identity(node, scope)


def _identity(node: Node, scope: str) -> object:
    """What makes two terms the same: their kind and folded words."""
    if isinstance(node, CONDITIONS):
        return type(node).__name__, str(node).casefold()
    if not isinstance(node, LEAVES):
        how = str(getattr(node, "distance", "")), getattr(node, "ordered", False)
        return type(node).__name__, how, tuple(_identity(part, scope) for part in parts(node))
    if isinstance(node, Exact):
        return "Exact", scope, node.cased, node.text
    if isinstance(node, Wild):
        return "Wild", scope, fold_marked(node.text.replace("*", "\x00"))
    words = tuple(fold_marked(shown) for _, shown in longest_path(node.text))
    if isinstance(node, Fuzzy):
        return "Fuzzy", scope, node.edits, words
    kind = "Word" if len(words) == 1 and not isinstance(node, Variants) else type(node).__name__
    return kind, scope, words
