"""What stands beside an operator of place: words, phrases, OR-lists, and places again; everything else is refused."""

from __future__ import annotations

from dataclasses import dataclass

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query.distance import Operator, Sense
from smwatch.query.foreign import swap_unquoted
from smwatch.query.syntax import (
    CONDITIONS,
    JOINTS,
    LEAVES,
    And,
    In,
    ListOf,
    Node,
    Not,
    Or,
    Phrase,
    Spot,
    Within,
    field_of,
    shown_side,
)
from smwatch.query.terms import chunks, has_wildcard, longest_path

READ_AS = {"meltwater": 4, "talkwalker": 15}  # words of a bare NEAR


@dataclass(frozen=True, slots=True)
class Side:
    """One side of an operator, and where it stands with its brackets."""

    node: Node
    spot: Spot


def joined(source: str, operator: Operator, shown: str, left: Side, right: Side) -> Node:
    """The node of `left`, `operator` (written as `shown`) and `right`; raises QueryError for a side without a place."""
    for side in (left, right):
        if not has_place(side.node):
            raise _misplaced(source, operator, " ".join(shown.split()), (left, right), side)
    return operator.node(left.node, right.node, Spot(left.spot.start, right.spot.end))


def bare(source: str, start: int, end: int) -> QueryError:
    """`a NEAR b`, which tools read differently; a repair gives all of them one distance."""
    word = " ".join(source[start:end].rstrip("/ ").split())
    return QueryError(
        text("{word} needs a distance: Meltwater reads 4, Talkwalker 15 words", word=word),
        start=start,
        end=end,
        repairs=_with_distance(source, start, end, word.split()[-1]),
    )


def _with_distance(source: str, start: int, end: int, word: str) -> list[str]:
    pattern = rf"(?<![\w#@]){word}(?:\s*/(?!\s*\d)|(?![\w/:=-]))"
    meant = "ONEAR" if word.upper().startswith("O") else "NEAR"
    repairs = [swap_unquoted(source, start, pattern, f"{meant}/{n}") for n in READ_AS.values()]
    is_word = word not in {"NEAR", "ONEAR"}  # or may be one, in small letters
    return [*repairs, f'{source[:start]}"{word}"{source[end:]}'] if is_word else repairs


def has_place(node: Node) -> bool:
    """Whether `node` stands somewhere in a text, so that words between can be counted."""
    if isinstance(node, LEAVES + JOINTS):
        return True
    if isinstance(node, ListOf):
        return has_place(node.child)
    return isinstance(node, Or) and all(has_place(child) for child in node.children)


def group(source: str, node: Node, distance: int, outer: Spot, tilde: Spot) -> Node:
    """`(a AND b)~5`; `outer` is the whole group, `tilde` the ~ and its number."""
    if not isinstance(node, And):
        raise QueryError(
            text("a distance behind brackets needs AND inside: (a AND b)~5"),
            start=tilde.start,
            end=tilde.end,
            repairs=[source[: tilde.start] + source[tilde.end :]],
        )
    refused = next((child for child in node.children if not has_place(child)), None)
    if refused is None:
        return Within(node.children, distance, spot=outer)
    raise QueryError(
        _why(refused),
        start=refused.spot.start,
        end=refused.spot.end,
        repairs=[_regrouped(source, node, distance, outer)],
    )


def phrase(source: str, content: str, distance: int, outer: Spot, tilde: Spot) -> Node:
    """`"a b"~5`: its words in any order."""
    words = [word for word in chunks(content) if longest_path(word) or has_wildcard(word)]
    if len(words) > 1:
        return Within(tuple(Phrase(word, outer) for word in words), distance, quoted=True, spot=outer)
    repairs = [source[: tilde.start] + source[tilde.end :]]
    if distance in (1, 2):
        repairs.insert(0, f"{source[: outer.start]}{words[0]}~{distance}{source[tilde.end :]}")
    sentence = text("one word has no distance inside; {word}~1 without quotation marks is fuzzy", word=words[0])
    raise QueryError(sentence, start=tilde.start, end=tilde.end, repairs=repairs)


def _misplaced(source: str, operator: Operator, shown: str, sides: tuple[Side, Side], side: Side) -> QueryError:
    left, right = sides
    repair = _apart(operator, shown, left.node, right.node)
    low, high = left.spot.start, right.spot.end
    before, after = source[:low].rstrip(), source[high:].lstrip()
    alone = (before[-1:], after[:1]) in {("", ""), ("(", ")")}
    if alone and not isinstance(left.node, And | Or) and not isinstance(right.node, And | Or):
        repair = repair.removeprefix("(").removesuffix(")") if repair.startswith("(") else repair
    whole = source[:low] + (repair if alone else f"({repair})") + source[high:]
    return QueryError(
        _why(side.node, shown), start=side.spot.start, end=max(side.spot.end, side.spot.start + 1), repairs=[whole]
    )


def _why(node: Node, shown: str = "~") -> Text:
    match node:
        case And():
            return text(
                "{operator} joins words, phrases and OR-lists; with AND it has to be written twice", operator=shown
            )
        case Not():
            return text("{operator} cannot count words to something that must not occur", operator=shown)
        case _ if isinstance(node, (In, *CONDITIONS)):
            name = field_of(node) or ""
            return text("{operator} counts words inside one text; {name}: belongs outside", operator=shown, name=name)
    return text("{operator} joins words, phrases and OR-lists", operator=shown)


def _apart(operator: Operator, shown: str, left: Node, right: Node) -> str:
    """The same in a form that runs, as far as there is one."""
    if isinstance(left, And | Or) and not has_place(left):
        word = " AND " if isinstance(left, And) else " OR "
        return word.join(_one(operator, shown, child, right) for child in left.children)
    if isinstance(right, And | Or) and not has_place(right):
        word = " AND " if isinstance(right, And) else " OR "
        return word.join(_one(operator, shown, left, child) for child in right.children)
    names = {node.name for node in (left, right) if isinstance(node, In)}
    if len(names) == 1:
        inner = [shown_side(node.child if isinstance(node, In) else node) for node in (left, right)]
        return f"{names.pop()}:({inner[0]} {shown} {inner[1]})"
    return _one(operator, shown, left, right)


def _one(operator: Operator, shown: str, left: Node, right: Node) -> str:
    negated = operator.sense is Sense.NOT_NEAR
    if isinstance(left, Not) and not isinstance(right, Not):
        left, right = right, left
    if isinstance(right, Not):
        if operator.sense is Sense.NEAR and not operator.ordered:
            return f"({shown_side(left)} NOT {shown} {shown_side(right.child)})"
        return f"NOT ({shown_side(left)} {shown} {shown_side(right.child)})"
    if isinstance(left, (In, *CONDITIONS)) or isinstance(right, (In, *CONDITIONS)):
        return f"({shown_side(left)} {'AND NOT' if negated else 'AND'} {shown_side(right)})"
    return f"({shown_side(left)} {shown} {shown_side(right)})"


def _regrouped(source: str, node: And, distance: int, outer: Spot) -> str:
    """The group with what has no place taken out of it."""
    placed = [child for child in node.children if has_place(child)]
    others = [child for child in node.children if not has_place(child)]
    negated = [child.child for child in others if isinstance(child, Not) and has_place(child.child)]
    if len(placed) == 1 and len(negated) == len(others):
        repair = " AND ".join(f"({shown_side(placed[0])} NOT NEAR/{distance} {shown_side(it)})" for it in negated)
    else:
        near = f"({' AND '.join(map(shown_side, placed))})~{distance}" if len(placed) > 1 else ""
        rows = [near] if near else [shown_side(it) for it in placed]
        repair = f"({' AND '.join([*rows, *(str(it) if isinstance(it, Not) else shown_side(it) for it in others)])})"
    return source[: outer.start] + repair + source[outer.end :]
