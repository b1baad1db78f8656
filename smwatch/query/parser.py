"""The grammar: recursive descent over one token of lookahead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query.fields import DIALECTS
from smwatch.query.foreign import QUOTES
from smwatch.query.joints import Operand, joined, reading, side_by_side
from smwatch.query.lex import Kind, Lexer, Token
from smwatch.query.syntax import Exact, In, ListOf, Node, Not, Or, Phrase, Spot, Wild, Word
from smwatch.query.values import Values, spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEEPEST = 50  # brackets inside brackets
_TERMS = (Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT)
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
        self.token = self.lexer.next()

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
        if not token.among(*_TERMS):
            raise self._error(text("{word} is no word", word=self.source))
        leaf = self.values.leaf(token, None)
        self._advance()
        if not self.token.among(Kind.END) or not isinstance(leaf, Word | Wild | Phrase | Exact):
            raise self._error(text("{word} is no word", word=self.source))
        return type(leaf)(leaf.text, place)

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
        start = self.token.start
        negated = self._negation()
        plain = _is_plain(self.token) and not negated
        if before and joint is None:
            if plain and before[-1].plain:
                raise self._side_by_side(before)
            joint = Kind.AND
        node = self._atom()
        place = Spot(start, self.end)
        return Operand(Not(node, place) if negated else node, joint, word, at, place, plain)

    def _joint(self, before: list[Operand]) -> tuple[Kind | None, str, int]:
        token = self.token
        if not token.among(*_JOINTS):
            return None, "", token.start
        if not before:
            raise self._error(text("{word} needs something before it", word=token.text), self._cut(token))
        self._advance()
        if self.token.among(Kind.END, Kind.CLOSE):
            raise self._dangling(token)
        if self.token.among(*_JOINTS):
            raise self._error(text("two operators in a row"), self._cut(self.token), self._cut(token))
        return token.kind, token.text, token.start

    def _negation(self) -> bool:
        token = self.token
        if not token.among(*_NEGATIONS):
            return False
        self._advance()
        if self.token.among(*_NEGATIONS):
            raise self._error(text("two NOT in a row"), self._cut(self.token))
        if not self.token.among(*_TERMS, Kind.FIELD, Kind.OPEN):
            raise self._dangling(token)
        return True

    # atoms

    def _atom(self) -> Node:
        token = self.token
        if token.among(Kind.OPEN):
            return self._group()
        if token.among(Kind.FIELD):
            return self._field()
        if not token.among(*_TERMS):
            raise self._error(text("something is missing before {word}", word=token.text or ")"), self._cut(token))
        leaf = self.values.leaf(token, self.field)
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
            self.lexer.raw = False
        self._advance()
        return node

    def _field(self) -> Node:
        """`name:` and its value or group."""
        token = self.token
        if self.field is not None:
            raise self._error(text("a field cannot stand inside another field"))
        self.lexer.raw = token.text == "site"
        self._advance()
        if not self.token.among(*_TERMS, Kind.OPEN):
            raise QueryError(text("{name}: needs a value", name=token.text), start=token.start, end=token.end)
        if token.text == "list":
            return self._list()
        if not self.token.among(Kind.OPEN):
            self.lexer.raw = False  # the value itself is read already
        self.field, outer, self.depth = token.text, self.depth, 0
        node = self._atom()
        self.field, self.depth = None, outer
        return node if token.text in {"site", "lang"} else In(token.text, node, Spot(token.start, self.end))

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
        spots = [before[-1].spot, spot(self.token)]
        self._advance()
        while _is_plain(self.token):
            spots.append(spot(self.token))
            self._advance()
        alone = len(before) == 1 and self.token.among(Kind.END, Kind.CLOSE)
        return side_by_side(self.source, spots, alone=alone)

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
        self.end = self.token.end
        self.token = self.lexer.next()


def _is_plain(token: Token) -> bool:
    """A word or wildcard that is no tag, name or emoji: these may stand beside others."""
    if not token.among(Kind.WORD, Kind.WILD):
        return False
    return token.text[0] not in "#@$" and any(char.isalnum() or char in "*?" for char in token.text)
