"""From characters to the words and signs of a query, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import fields, foreign
from smwatch.query.foreign import QUOTES
from smwatch.text import is_unseen, word_pattern
from smwatch.text.surface import APOSTROPHES

LARGEST = 64 * 1024  # bytes of a query in UTF-8


class Kind(Enum):
    """What a piece of a query is."""

    WORD = auto()
    WILD = auto()
    PHRASE = auto()
    EXACT = auto()
    FIELD = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    MINUS = auto()
    OPEN = auto()
    CLOSE = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One piece: `text` is its content (a phrase's without quotes, a field's canonical name)."""

    kind: Kind
    text: str
    start: int
    end: int

    def among(self, *kinds: Kind) -> bool:
        """Whether it is of one of these kinds."""
        return self.kind in kinds


_OPERATORS = {
    word: kind
    for kind, words in {Kind.AND: "AND UND", Kind.OR: "OR ODER", Kind.NOT: "NOT NICHT"}.items()
    for word in (words + " " + words.lower()).split()
}
_RAW = re.compile(r"[^\s()\"“”„‟«»‹›]+")
_COMMENT, _COMMENT_END = "<<<", ">>>"
_WEIGHT = re.compile(r"\^\d+(?:\.\d+)?")
_TILDE = re.compile(r"~\d*")
_NAME = re.compile(r"[^\W\d]\w*")
_ASSIGN = re.compile(r"\s*[:=]")


class Lexer:
    """Reads one query from front to back; `raw` makes it take whole addresses, for the values of `site:`."""

    def __init__(self, source: str) -> None:
        if len(source.encode("utf-8", "replace")) > LARGEST:
            raise QueryError(text("the query is longer than {n} KiB", n=LARGEST // 1024))
        self.source = source
        self.at = 0
        self.raw = False
        self.notes: list[Text] = []

    def next(self) -> Token:
        """The next piece; raises QueryError at what has no meaning."""
        self._skip()
        start = self.at
        if start >= len(self.source):
            return Token(Kind.END, "", start, start)
        token = self._read(self.source[start], start)
        self.at = token.end
        if token.among(Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT, Kind.CLOSE):
            self._behind(token)
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

    def _behind(self, token: Token) -> None:
        source = self.source
        if weight := _WEIGHT.match(source, self.at):
            self.notes.append(text("the weight {weight} is read and ignored", weight=weight.group()))
            self.at = weight.end()
        if found := _TILDE.match(source, self.at):
            raise foreign.tilde(source, self.at, found.end(), word=token.among(Kind.WORD, Kind.WILD))
        if token.among(Kind.WORD, Kind.WILD):
            self._trailing(token)
        if token.among(Kind.PHRASE, Kind.EXACT) and self._glued(self.at):
            raise QueryError(
                text("a space is missing behind the closing quotation mark"),
                start=self.at,
                repairs=[f"{source[: self.at]} {word} {source[self.at :]}" for word in ("AND", "OR")],
            )

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

    def _read(self, char: str, start: int) -> Token:
        if char in "()":
            return Token(Kind.OPEN if char == "(" else Kind.CLOSE, char, start, start + 1)
        if char in QUOTES:
            return self._phrase(start)
        if self.raw and (raw := _RAW.match(self.source, start)):
            return Token(_OPERATORS.get(raw.group(), Kind.WORD), raw.group(), start, raw.end())
        if char == "{":
            return self._exact(start)
        if error := foreign.distance(self.source, start):
            raise error
        if word := word_pattern().match(self.source, start):
            return self._word(word.group(), start)
        if char == "-" and self.source[start + 1 : start + 2].strip():
            return Token(Kind.MINUS, "-", start, start + 1)
        raise foreign.sign(self.source, start)

    def _phrase(self, start: int) -> Token:
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

    def _word(self, word: str, start: int) -> Token:
        end = start + len(word)
        if kind := _OPERATORS.get(word):
            return Token(kind, word, start, end)
        if word.startswith(("http://", "https://", "ftp://")):
            return Token(Kind.PHRASE, word, start, end)
        if field := self._field(word, start, end):
            return field
        wild = "*" in word or "?" in word
        return Token(Kind.WILD if wild else Kind.WORD, word, start, end)

    def _field(self, word: str, start: int, end: int) -> Token | None:
        """`name:`, `name =` or a known name directly before a bracket."""
        if not _NAME.fullmatch(word):
            return None
        low, assign = word.casefold(), _ASSIGN.match(self.source, end)
        group = self.source.startswith("(", end)
        if group and low == "cs":
            raise foreign.cased(self.source, start, end)
        if assign or (group and (low in fields.NAMES or low in fields.LATER)):
            return Token(Kind.FIELD, self._known(word, start, end), start, assign.end() if assign else end)
        return None

    def _known(self, name: str, start: int, end: int) -> str:
        low = name.casefold()
        if low in fields.NAMES:
            return fields.NAMES[low]
        if low in fields.LATER:
            raise foreign.later(text("the field {name}:", name=fields.LATER[low]), start, end)
        if low in fields.FOREIGN:
            raise foreign.no_data(self.source, name, start, end)
        raise foreign.unknown_field(self.source, name, start, end)
