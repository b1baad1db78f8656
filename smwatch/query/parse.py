"""From a query's source to its tree: one pass, every mistake with its place and, where there is one, a repair.

`parse` is the only entrance. A repair is offered only if it parses itself; where it has another mistake that can be
repaired, it is offered repaired.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import fields
from smwatch.query.checks import check
from smwatch.query.lex import QUOTES, Kind, Lexer, Token
from smwatch.query.syntax import And, Exact, In, Lang, ListOf, Node, Not, Or, Phrase, Query, Site, Spot, Wild, Word
from smwatch.query.terms import chunks, has_wildcard, longest_path, too_wide
from smwatch.text import is_spaceless

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEEPEST = 50  # brackets inside brackets
_PATIENCE = 4  # mistakes of one query that a repair may mend
_SIDE = {Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT, Kind.FIELD, Kind.OPEN, Kind.NOT, Kind.MINUS}


def parse(
    source: str,
    *,
    dialect: str | None = None,
    umlauts: str = "strict",
    inflect: bool = True,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> Query:
    """The query in `source`; raises QueryError with its place, a sentence and repairs that parse.

    `dialect` picks one tool's reading where tools differ; `umlauts` is "strict" or "loose"; `inflect=False` turns the
    genitive off; `lists` are the words behind `list:NAME`.
    """
    options = _Options(_dialect(dialect), _umlauts(umlauts), inflect, lists)
    try:
        return _Parser(source, options).query()
    except QueryError as error:
        raise QueryError(
            error.sentence, start=error.start, end=error.end, repairs=_mended(error.repairs, options)
        ) from None


@dataclass(frozen=True, slots=True)
class _Options:
    dialect: str | None
    umlauts: str
    inflect: bool
    lists: Mapping[str, Sequence[str]] | None


def _dialect(name: str | None) -> str | None:
    if name is None or name.casefold() in fields.DIALECTS:
        return name.casefold() if name else None
    known = ", ".join(fields.DIALECTS)
    raise QueryError(text("there is no dialect {name}; there are {known}", name=name, known=known))


def _umlauts(mode: str) -> str:
    if mode not in {"strict", "loose"}:
        raise QueryError(text('umlauts is "strict" or "loose", not "{mode}"', mode=mode))
    return mode


def _mended(repairs: Sequence[str], options: _Options) -> tuple[str, ...]:
    found = [_mend(repair.strip(), options, _PATIENCE) for repair in repairs[:_PATIENCE]]
    return tuple(dict.fromkeys(repair for repair in found if repair))


def _mend(source: str, options: _Options, patience: int) -> str | None:
    """`source` if it parses, else its first repair that does."""
    try:
        _Parser(source, options).query()
    except QueryError as error:
        if patience == 0:
            return None
        mended = (_mend(repair.strip(), options, patience - 1) for repair in error.repairs[:2] if repair != source)
        return next((repair for repair in mended if repair), None)
    return source


@dataclass(frozen=True, slots=True)
class _Operand:
    """One side: the node, how it is joined to the one before, and where its text stands (NOT included)."""

    node: Node
    joint: Kind | None
    word: str  # the operator as written, "" where it is only implied
    at: int
    spot: Spot
    plain: bool


class _Parser:
    """Recursive descent over one token of lookahead."""

    def __init__(self, source: str, options: _Options) -> None:
        self.source = source
        self.options = options
        self.lexer = Lexer(source)
        self.notes: list[Text] = []
        self.depth = 0
        self.field: str | None = None
        self.token = self.lexer.next()

    def query(self) -> Query:
        if self.token.kind is Kind.END:
            raise QueryError(text("the query is empty"))
        root = self._level()
        if self.token.kind is Kind.CLOSE:
            raise self._error(text("this bracket closes nothing"), self._cut(self.token))
        root, notes = check(root)
        return Query(
            source=self.source,
            root=root,
            dialect=self.options.dialect,
            umlauts=self.options.umlauts,
            inflect=self.options.inflect,
            notes=tuple(dict.fromkeys((*self.lexer.notes, *self.notes, *notes))),
        )

    # levels

    def _level(self) -> Node:
        """Operands joined by AND, OR or nothing, up to a closing bracket or the end."""
        operands = [self._operand(None)]
        while self.token.kind not in {Kind.CLOSE, Kind.END}:
            operands.append(self._operand(operands))
        joints = {operand.joint for operand in operands[1:]}
        if joints == {Kind.AND, Kind.OR}:
            return self._mixed(operands)
        return _join(operands, Kind.OR if Kind.OR in joints else Kind.AND)

    def _operand(self, before: list[_Operand] | None) -> _Operand:
        joint, word, at = self._joint(before)
        start = self.token.start
        negated = self._negation()
        plain = self.token.kind in {Kind.WORD, Kind.WILD} and not self._has_sign(self.token)
        if before and joint is None:
            if plain and not negated and before[-1].plain:
                raise self._side_by_side(before)
            joint = Kind.AND
        node = self._atom()
        spot = Spot(start, self._end_of_last)
        return _Operand(Not(node, spot) if negated else node, joint, word, at, spot, plain and not negated)

    def _joint(self, before: list[_Operand] | None) -> tuple[Kind | None, str, int]:
        token = self.token
        if token.kind not in {Kind.AND, Kind.OR}:
            return None, "", token.start
        if before is None:
            raise self._error(text("{word} needs something before it", word=token.text), self._cut(token))
        self._advance()
        if self.token.kind in {Kind.END, Kind.CLOSE}:
            raise QueryError(
                text("{word} needs something behind it", word=token.text),
                start=token.start,
                end=token.end,
                repairs=[self.source[: token.start].rstrip() + self.source[token.end :]],
            )
        if self.token.kind in {Kind.AND, Kind.OR}:
            raise self._error(text("two operators in a row"), self._cut(self.token), self._cut(token))
        return token.kind, token.text, token.start

    def _negation(self) -> bool:
        if self.token.kind not in {Kind.NOT, Kind.MINUS}:
            return False
        token = self.token
        self._advance()
        if self.token.kind in {Kind.NOT, Kind.MINUS}:
            raise self._error(text("two NOT in a row"), self._cut(self.token))
        if self.token.kind not in _SIDE:
            raise QueryError(
                text("{word} needs something behind it", word=token.text),
                start=token.start,
                end=token.end,
                repairs=[self.source[: token.start].rstrip() + self.source[token.end :]],
            )
        return True

    # atoms

    def _atom(self) -> Node:
        token = self.token
        match token.kind:
            case Kind.OPEN:
                return self._group()
            case Kind.FIELD:
                return self._field()
            case Kind.PHRASE:
                node: Node = self._phrase(token)
            case Kind.EXACT:
                node = Exact(self._content(token), Spot(token.start, token.end))
            case Kind.WILD:
                node = self._wild(token)
            case Kind.WORD:
                node = self._word(token)
            case _:
                raise self._error(text("something is missing before {word}", word=token.text or ")"), self._cut(token))
        self._advance()
        return node

    def _group(self) -> Node:
        opening = self.token
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(text("more than {n} brackets inside each other", n=DEEPEST))
        self._advance()
        if self.token.kind is Kind.CLOSE:
            raise QueryError(
                text("these brackets are empty"), start=opening.start, end=self.token.end, repairs=[self._without(opening)]
            )
        if self.token.kind is Kind.END:
            raise QueryError(text("this bracket is not closed"), start=opening.start)
        node = self._level()
        if self.token.kind is not Kind.CLOSE:
            repairs = [self.source.rstrip() + ")"]
            raise QueryError(text("this bracket is not closed"), start=opening.start, repairs=repairs)
        self.depth -= 1
        if self.depth == 0 or self.field is None:
            self.lexer.raw = False
        self._advance()
        return node

    def _without(self, opening: Token) -> str:
        """The query without `()` and the operator that joins it."""
        before = re.sub(r"(?:\b(?:AND|OR|NOT|UND|ODER|NICHT)\s+)+$", "", self.source[: opening.start])
        after = self.source[self.token.end :]
        if not before.strip():
            after = re.sub(r"^\s*(?:(?:AND|OR|UND|ODER)\s+)", "", after)
        return before.rstrip() + " " + after.lstrip()

    def _word(self, token: Token) -> Node:
        spot = Spot(token.start, token.end)
        if self.field in {"site", "lang"}:
            return self._value(token.text, spot)
        if not longest_path(token.text):
            raise self._error(text("{word} holds no letter or digit", word=token.text), self._cut(token))
        return Word(token.text, spot)

    def _wild(self, token: Token) -> Node:
        spot = Spot(token.start, token.end)
        if self.field in {"site", "lang"}:
            return self._value(token.text, spot)
        self._refuse_wide(token.text, token)
        if is_spaceless(token.text):
            self._refuse_inner(token.text, token)
            return Word(token.text.strip("*"), spot)
        return Wild(token.text, spot)

    def _phrase(self, token: Token) -> Node:
        spot = Spot(token.start, token.end)
        content = self._content(token)
        if self.field in {"site", "lang"}:
            return self._value(content, spot)
        for chunk in chunks(content):
            if has_wildcard(chunk):
                self._phrase_wildcard(content, chunk, token)
        return Phrase(content, spot)

    def _phrase_wildcard(self, content: str, chunk: str, token: Token) -> None:
        if chunk == "*":
            words = [word for word in chunks(content) if word != "*"]
            repairs = [self._swap(token, f'("{word}" AND ' + " AND ".join(words[n + 1 :]) + ")") for n, word in enumerate(words[:1])]
            repairs = [self._swap(token, "(" + " AND ".join(f'"{word}"' for word in words) + ")")] if words else repairs
            raise self._error(
                text('a lone * in a phrase stands for nothing; distances like "a b"~1 come with a later version'), *repairs
            )
        self._refuse_wide(chunk, token)
        if is_spaceless(chunk):
            self._refuse_inner(chunk, token)
        if chunk.endswith("?") and content.rstrip().endswith("?"):
            self.notes.append(text("the ? in {phrase} stands for exactly one character", phrase=f"\"{content}\""))

    def _content(self, token: Token) -> str:
        """What stands between quotation marks, on one line; it must hold a word."""
        content = " ".join(token.text.replace('"', " ").split())
        if self.field in {"site", "lang"}:
            return content
        if not any(longest_path(chunk) or has_wildcard(chunk) for chunk in chunks(content)):
            raise QueryError(text("there is no word between these quotation marks"), start=token.start, end=token.end)
        return content

    def _refuse_wide(self, word: str, token: Token) -> None:
        if too_wide(word):
            joined = re.sub(r"-+\*", "*", re.sub(r"\*-+", "*", word))
            repairs = [self._swap(token, joined)] if joined != word and token.kind is Kind.WILD else []
            what = text("{word} matches almost everything: a * needs at least 3 letters beside it", word=word)
            if "*" not in word:
                what = text("{word} matches almost everything: a ? needs a letter in the word", word=word)
            raise self._error(what, *repairs)

    def _refuse_inner(self, word: str, token: Token) -> None:
        bare = word.strip("*")
        if has_wildcard(bare):
            plain = bare.replace("*", "").replace("?", "")
            raise self._error(
                text("{word}: scripts without spaces match inside any text and take no wildcards", word=word),
                self._swap(token, plain),
            )
        self.notes.append(text("{word} is found inside any text; the * is left out", word=word))

    # fields

    def _field(self) -> Node:
        token = self.token
        if self.field is not None:
            raise self._error(text("a field cannot stand inside another field"))
        name = token.text
        self.lexer.raw = name == "site"
        self._advance()
        if self.token.kind not in {Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT, Kind.OPEN}:
            raise QueryError(text("{name}: needs a value", name=name), start=token.start, end=token.end)
        self.field, depth, self.depth = name, self.depth, 0
        node = self._list() if name == "list" else self._values()
        self.field, self.depth = None, depth
        if name in {"site", "lang", "list"}:
            return node
        return In(name, node, Spot(token.start, self._end_of_last))

    def _values(self) -> Node:
        if self.token.kind is not Kind.OPEN:
            self.lexer.raw = False  # the value itself is read already
        return self._atom()

    def _value(self, value: str, spot: Spot) -> Node:
        return self._site(value, spot) if self.field == "site" else self._lang(value, spot)

    def _site(self, value: str, spot: Spot) -> Node:
        host = fields.host(value)
        if has_wildcard(host):
            bare = host.replace("*", "").replace("?", "").strip(".-")
            raise QueryError(
                text("site: takes no wildcards; subdomains are always included"),
                start=spot.start,
                end=spot.end,
                repairs=[self.source[: spot.start] + bare + self.source[spot.end :]] if bare else [],
            )
        if not host or not any(char.isalnum() for char in host):
            raise QueryError(text("{value} is no web site", value=value), start=spot.start, end=spot.end)
        return Site(host, spot)

    def _lang(self, value: str, spot: Spot) -> Node:
        code = fields.language(value)
        if code is None or fields.language_meant(value):
            meant = fields.language_meant(value)
            raise QueryError(
                text("lang: expects a code like de, en, de-AT, not {value}", value=value),
                start=spot.start,
                end=spot.end,
                repairs=[self.source[: spot.start] + meant + self.source[spot.end :]] if meant else [],
            )
        return Lang(code, spot)

    def _list(self) -> Node:
        token = self.token
        if token.kind not in {Kind.WORD, Kind.PHRASE}:
            raise self._error(text("list: expects the name of a list"))
        lists = self.options.lists or {}
        if token.text not in lists:
            near = get_close_matches(token.text, list(lists), n=1, cutoff=0.6)
            if near:
                shown = near[0] if near[0].isalnum() else f'"{near[0]}"'
                raise self._error(
                    text("there is no list {name} – did you mean {near}?", name=token.text, near=near[0]),
                    self._swap(token, shown),
                )
            raise self._error(text("there is no list {name}", name=token.text))
        self.field = None
        spot = Spot(token.start, token.end)
        node = self._listed(token.text, lists[token.text], spot)
        self._advance()
        return ListOf(token.text, node, spot)

    def _listed(self, name: str, words: Sequence[str], spot: Spot) -> Node:
        """The words of a list; several words in one entry are a phrase."""
        found: list[Node] = []
        for entry in words:
            try:
                found.append(self._entry(entry, spot))
            except QueryError as error:
                sentence = text("list {name}: {problem}", name=name, problem=error.sentence)
                raise QueryError(sentence, start=spot.start, end=spot.end) from None
        if not found:
            raise QueryError(text("the list {name} is empty", name=name), start=spot.start, end=spot.end)
        return Or(tuple(found), spot) if len(found) > 1 else found[0]

    def _entry(self, entry: str, spot: Spot) -> Node:
        bare = entry.strip().strip(QUOTES).strip()
        if len(bare.split()) > 1 or bare != entry.strip():
            return _Parser(f'"{bare}"', self.options).one(spot)
        return _Parser(bare, self.options).one(spot)

    def one(self, spot: Spot) -> Node:
        """A single term and nothing else, standing at `spot` of another query."""
        if self.token.kind not in {Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT}:
            raise self._error(text("{word} is no word", word=self.source))
        node = self._atom()
        if self.token.kind is not Kind.END:
            raise self._error(text("{word} is no word", word=self.source))
        return type(node)(node.text, spot) if isinstance(node, Word | Wild | Phrase | Exact) else node

    # mistakes

    def _mixed(self, operands: list[_Operand]) -> Node:
        """AND and OR without brackets: an error with both readings, or the dialect's reading."""
        first, second = self._readings(operands)
        if self.options.dialect:
            tool = fields.DIALECTS[self.options.dialect]
            self.notes.append(text("{tool} binds AND before OR: {reading}", tool=tool, reading=first))
            return _join_and_first(operands)
        change = next(operand for operand in operands[2:] if operand.joint is not operands[1].joint)
        low, high = operands[0].spot.start, operands[-1].spot.end
        repairs = [self.source[:low] + reading + self.source[high:] for reading in (first, second)]
        sentence = text("AND and OR stand side by side without brackets, and tools read that differently")
        if not change.word:
            sentence = text(
                "OR stands beside two terms without an operator, which means AND; without brackets tools read that differently"
            )
        raise QueryError(sentence, start=change.at, end=change.at + max(len(change.word), 1), repairs=repairs)

    def _readings(self, operands: list[_Operand]) -> tuple[str, str]:
        return self._reading(operands, Kind.AND), self._reading(operands, Kind.OR)

    def _reading(self, operands: list[_Operand], tight: Kind) -> str:
        """The source with brackets around what `tight` joins."""
        groups: list[tuple[str, list[str]]] = []
        for operand in operands:
            shown = self.source[operand.spot.start : operand.spot.end]
            word = operand.word or "AND"
            if operand.joint is tight and groups:
                groups[-1][1].append(f"{word} {shown}")
            else:
                groups.append((word, [shown]))
        bracketed = [(word, " ".join(row) if len(row) == 1 else f"({' '.join(row)})") for word, row in groups]
        return bracketed[0][1] + "".join(f" {word} {row}" for word, row in bracketed[1:])

    def _side_by_side(self, before: list[_Operand]) -> QueryError:
        """Two plain words: the whole run as a phrase, or joined by AND."""
        second = self.token
        run = [operand.spot for operand in before]
        first = len(run) - 1
        spots = [run[first], Spot(second.start, second.end)]
        while True:
            self._advance()
            if self.token.kind not in {Kind.WORD, Kind.WILD} or self._has_sign(self.token):
                break
            spots.append(Spot(self.token.start, self.token.end))
        words = [self.source[spot.start : spot.end] for spot in spots]
        low, high = spots[0].start, spots[-1].end
        joined = " AND ".join(words)
        alone = len(before) == 1 and self.token.kind in {Kind.END, Kind.CLOSE}
        repairs = [
            self.source[:low] + f'"{" ".join(words)}"' + self.source[high:],
            self.source[:low] + (joined if alone else f"({joined})") + self.source[high:],
        ]
        sentence = text(
            "two words side by side: in quotation marks they are a phrase, with AND both must occur; tools read this differently"
        )
        return QueryError(sentence, start=second.start, end=second.end, repairs=repairs)

    # helpers

    def _has_sign(self, token: Token) -> bool:
        """Whether a word is a tag, name or emoji, which may stand beside others."""
        return token.text[0] in "#@$" or not any(char.isalnum() for char in token.text.replace("*", "x").replace("?", "x"))

    def _advance(self) -> None:
        self._end_of_last = self.token.end
        self.token = self.lexer.next()

    def _error(self, sentence: Text, *repairs: str) -> QueryError:
        return QueryError(sentence, start=self.token.start, end=max(self.token.end, self.token.start + 1), repairs=repairs)

    def _cut(self, token: Token) -> str:
        return (self.source[: token.start].rstrip() + " " + self.source[token.end :].lstrip()).strip()

    def _swap(self, token: Token, other: str) -> str:
        return self.source[: token.start] + other + self.source[token.end :]


def _join(operands: Sequence[_Operand], kind: Kind) -> Node:
    if len(operands) == 1:
        return operands[0].node
    nodes = tuple(operand.node for operand in operands)
    spot = Spot(operands[0].spot.start, operands[-1].spot.end)
    return Or(nodes, spot) if kind is Kind.OR else And(nodes, spot)


def _join_and_first(operands: Sequence[_Operand]) -> Node:
    groups: list[list[_Operand]] = []
    for operand in operands:
        if operand.joint is Kind.AND and groups:
            groups[-1].append(operand)
        else:
            groups.append([operand])
    nodes = tuple(_join(group, Kind.AND) for group in groups)
    return Or(nodes, Spot(operands[0].spot.start, operands[-1].spot.end))
