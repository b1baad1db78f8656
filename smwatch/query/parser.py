"""The grammar: recursive descent over one token of lookahead."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import fields, proximity
from smwatch.query.conditions import spot
from smwatch.query.distance import Sense, spoken
from smwatch.query.fields import DIALECTS
from smwatch.query.foreign import QUOTES
from smwatch.query.joints import Operand, joined, reading, side_by_side
from smwatch.query.lex import TERMS, Kind, Lexer, Token
from smwatch.query.proximity import Side
from smwatch.query.syntax import LEAVES, In, ListOf, Node, Not, Or, Spot, height
from smwatch.query.values import Values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEEPEST = 50  # brackets inside brackets
MOST_NESTED = 20  # operators of place inside each other, or in a row
_VALUES = (*TERMS, Kind.NUMBER)
_JOINTS = (Kind.AND, Kind.OR)
_NEGATIONS = (Kind.NOT, Kind.MINUS)
_EMPTY_BEFORE = re.compile(r"(?:\b(?:AND|OR|NOT|UND|ODER|NICHT)\s+)+$")
_EMPTY_AFTER = re.compile(r"^\s*(?:AND|OR|UND|ODER)\s+")


@dataclass(frozen=True, slots=True)
class Options:
    """How a query is to be read; see `parse`."""

    dialect: str | None
    umlauts: str
    inflect: bool
    lists: Mapping[str, Sequence[str]]


class Parser:
    """Reads one query once."""

    def __init__(self, source: str, options: Options) -> None:
        self.source = source
        self.options = options
        self.lexer = Lexer(source)
        self.values = Values(source)
        self._notes: list[Text] = []
        self.depth = 0
        self.field: str | None = None
        self.end = 0  # of the token before
        self.tail: Spot | None = None  # where the operand before ends in a plain word
        self.token = self.last = self.lexer.next()

    @property
    def notes(self) -> tuple[Text, ...]:
        """What people should know about the reading."""
        return (*self.lexer.notes, *self.values.notes, *self._notes)

    def tree(self) -> Node:
        """The whole query."""
        if self.token.among(Kind.END):
            raise QueryError(text("the query is empty"))
        root = self._level()
        if not self.token.among(Kind.END):
            raise self._error(text("this bracket closes nothing"), self._cut(self.token))
        return root

    def term(self, place: Spot) -> Node:
        """A single term and nothing else, standing at `place` of another query."""
        token = self.token
        if not token.among(*TERMS) or (token.n is not None and not token.among(Kind.FUZZY)):
            raise self._error(text("{word} is no word", word=self.source))
        leaf = self.values.leaf(token, None)
        self._advance()
        if not self.token.among(Kind.END) or not isinstance(leaf, LEAVES):
            raise self._error(text("{word} is no word", word=self.source))
        return replace(leaf, spot=place)

    # levels

    def _level(self) -> Node:
        """Operands joined by AND, OR or nothing, up to a closing bracket or the end."""
        operands = [self._operand([])]
        while not self.token.among(Kind.CLOSE, Kind.END):
            operands.append(self._operand(operands))
        tool = DIALECTS[self.options.dialect] if self.options.dialect else None
        node = joined(self.source, operands, tool)
        if {operand.joint for operand in operands[1:]} == set(_JOINTS):
            shown = reading(self.source, operands, Kind.AND)
            self._notes.append(text("{tool} binds AND before OR: {reading}", tool=tool, reading=shown))
        return node

    def _operand(self, before: list[Operand]) -> Operand:
        joint, word, at = self._joint(before)
        first = self.token
        negated = self._negation()
        plain = _is_plain(first) and not negated
        if before and joint is None:
            if plain and before[-1].last is not None:
                raise self._side_by_side(before)
            joint = Kind.AND
        node = self._near()
        place = Spot(first.start, self.end)
        last = None if negated else self.tail
        return Operand(Not(node, place) if negated else node, joint, word, at, place, last)

    def _joint(self, before: list[Operand]) -> tuple[Kind | None, str, int]:
        token = self.token
        if token.among(Kind.NEAR) and not before:
            raise self._error(text("{word} needs something before it", word=token.text), self._cut(token))
        if not token.among(*_JOINTS):
            return None, "", token.start
        if not before:
            raise self._error(text("{word} needs something before it", word=token.text), self._cut(token))
        self._advance()
        if self.token.among(Kind.END, Kind.CLOSE):
            raise self._dangling(token)
        if self.token.among(*_JOINTS, Kind.NEAR):
            raise self._error(text("two operators in a row"), self._cut(token), self._cut(self.token))
        return token.kind, token.text, token.start

    def _negation(self) -> bool:
        token = self.token
        if not token.among(*_NEGATIONS):
            return False
        self._advance()
        if self.token.among(*_NEGATIONS):
            raise self._error(text("two NOT in a row"), self._cut(self.token))
        if not self.token.among(*_VALUES, Kind.FIELD, Kind.OPEN):
            raise self._dangling(token)
        return True

    def _near(self) -> Node:
        """An atom, or several joined by operators of place, read from the left."""
        start = self.token.start
        node = self._atom()
        seen = 0
        while self._is_near():
            left = Side(node, Spot(start, self.end))
            node = self._beside(left)
            seen += 1
        if seen > 1:
            self._notes.append(text("several in a row are read from the left: {reading}", reading=str(node)))
        return node

    def _is_near(self) -> bool:
        """Whether an operator of place follows; between two terms that nothing joins, a small near is one."""
        token = self.token
        if token.among(Kind.WORD) and (operator := spoken(self.source, token.start, token.end)):
            self.token = replace(token, kind=Kind.NEAR, operator=operator)
        return self.token.among(Kind.NEAR)

    def _beside(self, left: Side) -> Node:
        token = self.token
        operator = token.operator
        assert operator is not None  # noqa: S101 - it is of that kind
        shown = token.text
        if operator.words is None and operator.sense is not Sense.SENTENCE:
            words = proximity.READ_AS.get(self.options.dialect or "")
            if words is None:
                raise proximity.bare(self.source, token.start, token.end)
            tool = DIALECTS[self.options.dialect or ""]
            shown = f"{token.text.rstrip('/ ')}/{words}"
            self._notes.append(
                text("{tool} reads {word} without a number as {n} words", tool=tool, word=token.text, n=words)
            )
            operator = replace(operator, words=words)
        self._advance()
        start = self.token.start
        negated = self._negation()
        if not self.token.among(*_VALUES, Kind.FIELD, Kind.OPEN):
            raise self._dangling(token)
        right = self._atom()
        if 1 + max(height(left.node), height(right)) > MOST_NESTED:
            raise QueryError(
                text("more than {n} operators like NEAR inside each other", n=MOST_NESTED),
                start=token.start,
                end=token.end,
            )
        place = Spot(start, self.end)
        side = Side(Not(right, place) if negated else right, place)
        return proximity.joined(self.source, operator, shown, left, side)

    # atoms

    def _atom(self) -> Node:
        token = self.token
        if token.among(Kind.OPEN, Kind.FIELD):
            node = self._group() if token.among(Kind.OPEN) else self._field()
            self.tail = None
            return node
        if not token.among(*_VALUES):
            raise self._error(text("something is missing before {word}", word=token.text or ")"), self._cut(token))
        leaf = self.values.leaf(token, self.field)
        self.tail = spot(token) if _is_plain(token) else None
        self._advance()
        return leaf

    def _group(self) -> Node:
        opening = self.token
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(text("more than {n} brackets inside each other", n=DEEPEST))
        self._advance()
        if self.token.among(Kind.CLOSE):
            repair = self._without_empty(opening)
            raise QueryError(
                text("these brackets are empty"), start=opening.start, end=self.token.end, repairs=[repair]
            )
        node = None if self.token.among(Kind.END) else self._level()
        if node is None or not self.token.among(Kind.CLOSE):
            repairs = [self.source.rstrip() + ")"]
            raise QueryError(text("this bracket is not closed"), start=opening.start, repairs=repairs)
        self.depth -= 1
        if self.depth == 0:
            self.lexer.mode = ""
        closing = self.token
        self._advance()
        if closing.n is None:
            return node
        outer = Spot(opening.start, closing.end)
        return proximity.group(self.source, node, closing.n, outer, Spot(closing.start + 1, closing.end))

    def _field(self) -> Node:
        """`name:` and its value or group."""
        token = self.token
        if self.field is not None:
            raise self._error(text("a field cannot stand inside another field"))
        self.lexer.mode = _mode(token.text)
        self._advance()
        if not self.token.among(*_VALUES, Kind.OPEN):
            raise QueryError(
                text("{name}: needs a value", name=token.text),
                start=token.start,
                end=token.end,
                repairs=[self._cut(token)],
            )
        if token.text == "list":
            return self._list()
        if not self.token.among(Kind.OPEN):
            self.lexer.mode = ""  # the value itself is read already
        self.field, outer, self.depth = token.text, self.depth, 0
        node = self._atom()
        self.field, self.depth = None, outer
        return In(token.text, node, Spot(token.start, self.end)) if token.text in fields.WORDS else node

    def _list(self) -> Node:
        token = self.token
        if not token.among(Kind.WORD, Kind.PHRASE):
            raise self._error(text("list: expects the name of a list"))
        if token.text not in self.options.lists:
            raise self.values.unlisted(token, self.options.lists)
        node = self._listed(token.text, spot(token))
        self._advance()
        return ListOf(token.text, node, spot(token))

    def _listed(self, name: str, place: Spot) -> Node:
        """The words of a list; several words in one entry are a phrase."""
        found: list[Node] = []
        for entry in self.options.lists[name]:
            try:
                found.append(self._entry(entry, place))
            except QueryError as error:
                sentence = text("list {name}: {problem}", name=name, problem=error.sentence)
                raise QueryError(sentence, start=place.start, end=place.end) from None
        if not found:
            raise QueryError(text("the list {name} is empty", name=name), start=place.start, end=place.end)
        return Or(tuple(found), place) if len(found) > 1 else found[0]

    def _entry(self, entry: str, place: Spot) -> Node:
        bare = entry.strip().strip(QUOTES).strip()
        quoted = len(bare.split()) > 1 or bare != entry.strip()
        return Parser(f'"{bare}"' if quoted else bare, self.options).term(place)

    # mistakes

    def _side_by_side(self, before: list[Operand]) -> QueryError:
        """Two plain words: all plain words from here on belong to the mistake."""
        spots = [before[-1].last or before[-1].spot, spot(self.token)]
        quotable = self.last.among(Kind.WORD, Kind.WILD)
        while _is_plain(self.token):
            spots.append(spot(self.token))
            quotable = quotable and self.token.among(Kind.WORD, Kind.WILD)
            self._advance()
        alone = len(before) == 1 and self.token.among(Kind.END, Kind.CLOSE)
        tight = before[-1].spot.end == spots[0].end and before[-1].spot.start != spots[0].start
        return side_by_side(
            self.source, [spots[0], *spots[2:]], alone=alone or tight or self.token.among(Kind.NEAR), quotable=quotable
        )

    def _dangling(self, token: Token) -> QueryError:
        """An operator with nothing behind it."""
        return QueryError(
            text("{word} needs something behind it", word=token.text),
            start=token.start,
            end=token.end,
            repairs=[self.source[: token.start].rstrip() + self.source[token.end :]],
        )

    def _without_empty(self, opening: Token) -> str:
        """The query without `()` and the operator that joins it."""
        before = _EMPTY_BEFORE.sub("", self.source[: opening.start])
        after = self.source[self.token.end :]
        after = after if before.strip() else _EMPTY_AFTER.sub("", after)
        return f"{before.rstrip()} {after.lstrip()}"

    def _error(self, sentence: Text, *repairs: str) -> QueryError:
        start, end = self.token.start, max(self.token.end, self.token.start + 1)
        return QueryError(sentence, start=start, end=end, repairs=repairs)

    def _cut(self, token: Token) -> str:
        return f"{self.source[: token.start].rstrip()} {self.source[token.end :].lstrip()}".strip()

    def _advance(self) -> None:
        self.end, self.last = self.token.end, self.token
        self.token = self.lexer.next()


def _is_plain(token: Token) -> bool:
    """A word or wildcard that is no tag, name or emoji: these may stand beside others."""
    if not token.among(Kind.WORD, Kind.WILD, Kind.FUZZY):
        return False
    return token.text[0] not in "#@$" and any(char.isalnum() or char in "*?" for char in token.text)


def _mode(name: str) -> str:
    """How the lexer reads the values of a field."""
    if name in fields.NUMBERS:
        return "number"
    return "raw" if fields.is_raw(name) else ""
