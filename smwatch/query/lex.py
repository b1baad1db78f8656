"""From characters to the words and signs of a query, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import distance, fields, foreign, tilde
from smwatch.query.foreign import QUOTES
from smwatch.query.syntax import OPERATORS
from smwatch.text import is_unseen, word_pattern
from smwatch.text.surface import APOSTROPHES

if TYPE_CHECKING:
    from smwatch.query.distance import Operator

LARGEST = 64 * 1024  # bytes of a query in UTF-8


class Kind(Enum):
    """What a piece of a query is."""

    WORD = auto()
    WILD = auto()
    PHRASE = auto()
    EXACT = auto()
    UNCASED = auto()
    FUZZY = auto()
    VARIANTS = auto()
    NUMBER = auto()
    FIELD = auto()
    NEAR = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    MINUS = auto()
    OPEN = auto()
    CLOSE = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: `text` is its content (a phrase's without quotes, a field's canonical name).

    `n` is the number behind its ~, if it has one; `operator` is there for operators of place.
    """

    kind: Kind
    text: str
    start: int
    end: int
    n: int | None = None
    operator: Operator | None = None

    def among(self, *kinds: Kind) -> bool:
        """Whether it is of one of these kinds."""
        return self.kind in kinds


TERMS = (Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT, Kind.UNCASED, Kind.FUZZY, Kind.VARIANTS)
_QUOTED = (Kind.PHRASE, Kind.EXACT, Kind.UNCASED, Kind.VARIANTS)
_KINDS = {"AND": Kind.AND, "UND": Kind.AND, "OR": Kind.OR, "ODER": Kind.OR, "NOT": Kind.NOT, "NICHT": Kind.NOT}
_OPERATORS = {word: _KINDS[word.upper()] for word in OPERATORS}
_RAW = re.compile(r"[^\s()\"“”„‟«»‹›]+")
_COMMENT, _COMMENT_END = "<<<", ">>>"
_WEIGHT = re.compile(r"\^\d+(?:\.\d+)?")
_PLUS = re.compile(r"\+{1,2}(?=[\"“”„‟«»‹›＂])")
_CASED = re.compile(r"cs\s*\(\s*(?P<inner>[^()]*?)\s*\)", re.IGNORECASE)
_NUMBER = re.compile(r"(?:[<>]=?|=)?\s*(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\w)|[^\s()\[\]<>=]+)|[<>]=?|\[[^\]()]*\]?")
_NAME = re.compile(r"[^\W\d]\w*")
_ASSIGN = re.compile(r"\s*[:=]")
_SIGN = re.compile(r"\s*(?=[<>])")


class Lexer:
    """Reads one query from front to back.

    `mode` is "raw" for the values of fields that are taken as they stand (addresses, names), "number" for numbers and
    ranges, else "".
    """

    def __init__(self, source: str) -> None:
        if len(source.encode("utf-8", "replace")) > LARGEST:
            raise QueryError(text("the query is longer than {n} KiB", n=LARGEST // 1024))
        self.source = source
        self.at = 0
        self.mode = ""
        self.notes: list[Text] = []

    def next(self) -> Token:
        """The next piece; raises QueryError at what has no meaning."""
        self._skip()
        start = self.at
        if start >= len(self.source):
            return Token(Kind.END, "", start, start)
        token = self._read(self.source[start], start)
        self.at = token.end
        if token.among(*TERMS, Kind.CLOSE):
            token = self._behind(token)
        return token

    def _skip(self) -> None:
        """White space, what nobody sees, and comments."""
        source = self.source
        while self.at < len(source):
            if source[self.at].isspace() or is_unseen(source[self.at]):
                self.at += 1
            elif source.startswith(_COMMENT, self.at):
                end = source.find(_COMMENT_END, self.at)
                if end < 0:
                    raise QueryError(text("this comment is not closed: >>> is missing"), start=self.at, end=self.at + 3)
                self.at = end + 3
            else:
                return

    # what may follow a term without a space

    def _behind(self, token: Token) -> Token:
        self._weight()
        if not self.mode and self.source.startswith("~", self.at):
            token = self._tilde(token)
            self._weight()
        if token.among(Kind.WORD, Kind.WILD, Kind.FUZZY):
            self._trailing(token)
        if token.among(*_QUOTED) and self._glued(self.at):
            raise QueryError(
                text("a space is missing behind the ~")
                if self.source[self.at - 1] == "~"
                else text("a space is missing behind the closing quotation mark"),
                start=self.at,
                repairs=[f"{self.source[: self.at]} {word} {self.source[self.at :]}" for word in ("AND", "OR")],
            )
        return token

    def _weight(self) -> None:
        if weight := _WEIGHT.match(self.source, self.at):
            self.notes.append(text("the weight {weight} is read and ignored", weight=weight.group()))
            self.at = weight.end()

    def _tilde(self, token: Token) -> Token:
        """What ~ and a number make of the piece before them."""
        found = tilde.read(self.source, self.at)
        self.at = found.end
        if token.among(Kind.WORD, Kind.WILD):
            if found.n is None:
                tilde.refuse_variants(self.source, token.start, found, wild=token.among(Kind.WILD))
                return replace(token, kind=Kind.VARIANTS, end=found.end)
            tilde.refuse_fuzzy(self.source, token.text, token.start, found, wild=token.among(Kind.WILD))
            return replace(token, kind=Kind.FUZZY, end=found.end, n=found.n)
        if token.among(Kind.EXACT, Kind.UNCASED):
            raise tilde.exact(self.source, found)
        if found.n is None:
            if token.among(Kind.CLOSE):
                raise tilde.missing(self.source, found)
            return replace(token, kind=Kind.VARIANTS, end=found.end)
        distance.distance(self.source, found.start + 1, found.end)
        return replace(token, end=found.end, n=found.n)

    def _trailing(self, token: Token) -> None:
        """Signs behind a word that belong to the sentence and not to it: Yahoo!, Inc., Disney+."""
        end = self.at
        while self.source[end : end + 1] and self.source[end] in "!.+" + APOSTROPHES:
            end += 1
        if end == self.at or self._glued(end):
            return
        signs = self.source[self.at : end]
        if signs.strip(APOSTROPHES):
            self.notes.append(text("the sign {sign} behind {word} is left out", sign=signs, word=token.text))
        self.at = end

    def _glued(self, at: int) -> bool:
        """Whether a letter or quotation mark stands at `at`."""
        following = self.source[at : at + 1]
        return following.isalnum() or (following != "" and following in QUOTES)

    # pieces

    def _read(self, char: str, start: int) -> Token:  # noqa: PLR0911 - one a kind of piece
        if char in "()":
            return Token(Kind.OPEN if char == "(" else Kind.CLOSE, char, start, start + 1)
        if char in QUOTES:
            return self._phrase(start)
        if self.mode and (taken := self._taken(start)):
            return taken
        if char == "{":
            return self._exact(start)
        if found := distance.operator(self.source, start):
            return Token(Kind.NEAR, self.source[start : found.end], start, found.end, operator=found)
        if plus := _PLUS.match(self.source, start):
            return self._plus(start, plus.end())
        if word := word_pattern().match(self.source, start):
            return self._word(word.group(), start)
        if char == "-" and self.source[start + 1 : start + 2].strip():
            return Token(Kind.MINUS, "-", start, start + 1)
        raise foreign.sign(self.source, start)

    def _taken(self, start: int) -> Token | None:
        """The value of a field that is taken as it stands."""
        if self.mode == "number" and (number := _NUMBER.match(self.source, start)):
            word = number.group()
            return Token(_OPERATORS.get(word, Kind.NUMBER), word, start, number.end())
        if self.mode == "raw" and (raw := _RAW.match(self.source, start)):
            word = raw.group()
            if word.startswith("["):
                raise foreign.bracket(self.source, start)
            if word.startswith("-") and len(word) > 1:
                return Token(Kind.MINUS, "-", start, start + 1)
            return Token(_OPERATORS.get(word, Kind.WORD), word, start, raw.end())
        return None

    def _phrase(self, start: int) -> Token:
        if doubled := foreign.doubled_quotes(self.source, start):
            raise doubled
        end = next((n for n in range(start + 1, len(self.source)) if self.source[n] in QUOTES), -1)
        if end < 0:
            repair = self.source.rstrip() + '"'
            raise QueryError(text("this quotation mark is not closed"), start=start, repairs=[repair])
        return Token(Kind.PHRASE, self.source[start + 1 : end], start, end + 1)

    def _exact(self, start: int) -> Token:
        end = self.source.find("}", start)
        if end < 0:
            raise QueryError(text("this bracket is not closed"), start=start, repairs=[self.source.rstrip() + "}"])
        return Token(Kind.EXACT, self.source[start + 1 : end], start, end + 1)

    def _plus(self, start: int, opening: int) -> Token:
        """`+"…"` and `++"…"`."""
        phrase = self._phrase(opening)
        return replace(phrase, kind=Kind.UNCASED if opening == start + 1 else Kind.EXACT, start=start)

    def _word(self, word: str, start: int) -> Token:
        end = start + len(word)
        if (kind := _OPERATORS.get(word)) and not self.source.startswith("~", end):
            return Token(kind, word, start, end)
        if word.startswith(("http://", "https://", "ftp://")):
            return Token(Kind.PHRASE, word, start, end)
        if field := self._field(word, start, end):
            return field
        wild = "*" in word or "?" in word
        return Token(Kind.WILD if wild else Kind.WORD, word, start, end)

    def _field(self, word: str, start: int, end: int) -> Token | None:
        """`name:`, `name =` or a known name directly before a bracket."""
        low, assign = word.casefold(), _ASSIGN.match(self.source, end)
        if low.partition(".")[0] in fields.FOREIGN and (
            ("." in low and assign) or (low in fields.FOREIGN and self.source.startswith("(", end))
        ):
            raise foreign.no_data(self.source, word, start, end)
        if not _NAME.fullmatch(word):
            return None
        if low == "cs" and (cased := _CASED.match(self.source, start)):
            return self._cased(cased, start)
        if low in fields.NUMBERS and (sign := _SIGN.match(self.source, end)):
            raise foreign.no_colon(self.source, word, start, sign.end())
        if assign or (low in fields.NAMES and self.source.startswith("(", end)):
            return Token(Kind.FIELD, self._known(word, start, end), start, assign.end() if assign else end)
        return None

    def _cased(self, found: re.Match[str], start: int) -> Token:
        """`cs(NASA)`."""
        inner = found["inner"].strip(QUOTES)
        if OPERATORS & set(inner.split()):
            raise foreign.cased_operators(self.source, start, found.end(), inner)
        return Token(Kind.EXACT, inner, start, found.end())

    def _known(self, name: str, start: int, end: int) -> str:
        low = name.casefold()
        if low in fields.NAMES:
            return fields.NAMES[low]
        if low in fields.FOREIGN:
            raise foreign.no_data(self.source, name, start, end)
        if told := foreign.otherwise(self.source, name, start, end):
            raise told
        raise foreign.unknown_field(self.source, name, start, end)
