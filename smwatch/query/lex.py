"""From characters to the words and signs of a query, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import fields
from smwatch.text import is_unseen, word_pattern
from smwatch.text.surface import APOSTROPHES

QUOTES = "\"“”„‟«»‹›＂"
LARGEST = 64 * 1024  # characters of a query


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


_OPERATORS = {
    word: kind
    for kind, words in {Kind.AND: "AND UND", Kind.OR: "OR ODER", Kind.NOT: "NOT NICHT"}.items()
    for word in (words + " " + words.lower()).split()
}
_DISTANCE = re.compile(r"(?P<op>O?NEAR|W|PRE|NAHE)\s*/\s*(?P<n>\d*)f?(?!\w)(?P<list>\s*:)?", re.IGNORECASE)
_BARE = re.compile(r"(?:O?NEAR|O?SENTENCE)(?![\w/:=-])")
_RAW = re.compile(r"[^\s()\"“”„‟«»‹›]+")
_COMMENT, _COMMENT_END = "<<<", ">>>"
_WEIGHT = re.compile(r"\^\d+(?:\.\d+)?")
_TILDE = re.compile(r"~\d*")
_DASHES = "–—−‒―"
_NAME = re.compile(r"[^\W\d]\w*")


class Lexer:
    """Reads one query from front to back; `raw` makes it take whole addresses, for the values of `site:`."""

    def __init__(self, source: str) -> None:
        if len(source) > LARGEST:
            raise QueryError(text("the query is longer than {n} characters", n=LARGEST), start=LARGEST)
        self.source = source
        self.at = 0
        self.raw = False
        self.notes: list[Text] = []
        self.last = ""  # what stands directly before, for "-" and quotes

    def next(self) -> Token:
        """The next piece; raises QueryError at what has no meaning."""
        self._skip()
        start = self.at
        if start >= len(self.source):
            return Token(Kind.END, "", start, start)
        token = self._read(self.source[start], start)
        self.at = token.end
        if token.kind in {Kind.WORD, Kind.WILD, Kind.PHRASE, Kind.EXACT, Kind.CLOSE}:
            self._behind(token)
        return token

    def rest_starts_with_group(self) -> bool:
        """Whether an opening bracket follows directly."""
        return self.source[self.at : self.at + 1] == "("

    # white space, comments, what follows a term

    def _skip(self) -> None:
        source = self.source
        while self.at < len(source):
            if source[self.at].isspace() or is_unseen(source[self.at]):
                self.at += 1
            elif source.startswith(_COMMENT, self.at):
                end = source.find(_COMMENT_END, self.at)
                if end < 0:
                    raise QueryError(
                        text("this comment is not closed: >>> is missing"), start=self.at, end=self.at + 3
                    )
                self.at = end + 3
            else:
                return

    def _behind(self, token: Token) -> None:
        """What may follow a term without a space: a weight, `~n`, an exclamation mark."""
        source = self.source
        if weight := _WEIGHT.match(source, self.at):
            self.notes.append(text("the weight {weight} is read and ignored", weight=weight.group()))
            self.at = weight.end()
        if source.startswith("~", self.at):
            self._tilde(token)
        if token.kind in {Kind.WORD, Kind.WILD}:
            self._trailing(token)
        glued = source[self.at : self.at + 1]
        if token.kind in {Kind.PHRASE, Kind.EXACT} and (glued.isalnum() or glued in set(QUOTES) - {""}):
            raise QueryError(
                text("a space is missing behind the closing quotation mark"),
                start=self.at,
                repairs=[source[: self.at] + " AND " + source[self.at :], source[: self.at] + " OR " + source[self.at :]],
            )

    def _tilde(self, token: Token) -> None:
        found = _TILDE.match(self.source, self.at)
        end = found.end() if found else self.at + 1
        if token.kind in {Kind.WORD, Kind.WILD}:
            what = text("fuzzy spelling (word~1)")
        elif end == self.at + 1:
            what = text('the search for spelling variants ("car sharing"~)')
        else:
            what = text('a distance ("a b"~5)')
        raise later(what, self.at, end, [self.source[: self.at] + self.source[end:]])

    def _trailing(self, token: Token) -> None:
        """Signs behind a word that belong to the sentence and not to it: Yahoo!, Inc., Disney+."""
        end = self.at
        while end < len(self.source) and self.source[end] in "!.+" + APOSTROPHES:
            end += 1
        following = self.source[end : end + 1]
        if end == self.at or following.isalnum() or following in set(QUOTES) - {""}:
            return
        signs = self.source[self.at : end]
        if signs.strip(APOSTROPHES):
            self.notes.append(text("the sign {sign} behind {word} is left out", sign=signs, word=token.text))
        self.at = end

    # pieces

    def _read(self, char: str, start: int) -> Token:
        if char in "()":
            return Token(Kind.OPEN if char == "(" else Kind.CLOSE, char, start, start + 1)
        if char in QUOTES:
            return self._phrase(start)
        if self.raw and (found := _RAW.match(self.source, start)):
            return Token(_OPERATORS.get(found.group(), Kind.WORD), found.group(), start, found.end())
        if char == "{":
            return self._exact(start)
        if distance := self._distance(start):
            raise distance
        if found := word_pattern().match(self.source, start):
            return self._word(found.group(), start)
        return self._sign(char, start)

    def _phrase(self, start: int) -> Token:
        end = next((n for n in range(start + 1, len(self.source)) if self.source[n] in QUOTES), -1)
        if end < 0:
            raise QueryError(text("this quotation mark is not closed"), start=start, repairs=[self.source.rstrip() + '"'])
        return Token(Kind.PHRASE, self.source[start + 1 : end], start, end + 1)

    def _exact(self, start: int) -> Token:
        end = self.source.find("}", start)
        if end < 0:
            raise QueryError(text("this bracket is not closed"), start=start, repairs=[self.source.rstrip() + "}"])
        return Token(Kind.EXACT, self.source[start + 1 : end], start, end + 1)

    def _distance(self, start: int) -> QueryError | None:
        """NEAR/5, W/3, SENTENCE and their kin: known, but of a later version."""
        found = _DISTANCE.match(self.source, start)
        if found and (found["n"] or found["op"].upper().endswith("NEAR")):
            if found["list"]:
                return self._foreign_near(found)
            operator = found["op"].upper() + "/" + (found["n"] or "n")
        elif found := _BARE.match(self.source, start):
            operator = found.group()
        else:
            return None
        before = re.search(r"(?:\b(?:NOT|NICHT|not|nicht)\s+)?$", self.source[:start])
        low = before.start() if before else start
        repair = self.source[:low].rstrip() + " AND " + self.source[found.end() :].lstrip()
        return later(Text("{it}", {"it": operator}), start, found.end(), [repair])

    def _foreign_near(self, found: re.Match[str]) -> QueryError:
        values = re.compile(r"\s*([^\s()]+)").match(self.source, found.end())
        words = [word for word in (values[1] if values else "").split(",") if word]
        joined = f" {found['op'].upper()}/{found['n']} ".join(words)
        sentence = text(
            "{sign} is another tool's way to write {form}, which comes with a later version", sign=found.group(), form=joined
        )
        end = values.end() if values else found.end()
        repair = self.source[: found.start()] + "(" + " AND ".join(words) + ")" + self.source[end:]
        return QueryError(sentence, start=found.start(), end=found.end(), repairs=[repair] if words else [])

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
        found = _NAME.fullmatch(word)
        following = re.compile(r"\s*[:=]").match(self.source, end)
        low = word.casefold()
        if found and following:
            return Token(Kind.FIELD, self._known(word, start, end), start, following.end())
        if low == "cs" and self.source.startswith("(", end):
            raise later(text("exact spelling: cs(…)"), start, end, self._case_repairs(start, end))
        if self.source.startswith("(", end) and (low in fields.NAMES or low in fields.LATER):
            return Token(Kind.FIELD, self._known(word, start, end), start, end)
        return None

    def _case_repairs(self, start: int, end: int) -> list[str]:
        close = self.source.find(")", end)
        inner = self.source[end + 1 : close].strip(QUOTES + " ") if close > 0 else ""
        return [self.source[:start] + "{" + inner + "}" + self.source[close + 1 :]] if inner else []

    def _known(self, name: str, start: int, end: int) -> str:
        low = name.casefold()
        if low in fields.NAMES:
            return fields.NAMES[low]
        if low in fields.LATER:
            raise later(text("the field {name}:", name=fields.LATER[low]), start, end, ())
        if low in fields.FOREIGN:
            raise QueryError(
                text("{name}: is known from {tool}; there is no data for it here", name=name, tool=fields.FOREIGN[low]),
                start=start,
                end=end,
                repairs=self._without_field(start, end),
            )
        near = fields.nearest(name)
        repairs = [self.source[:start] + near + self.source[end:]] if near else []
        if near:
            sentence = text("there is no field {name}: – did you mean {near}: ?", name=name, near=near)
        else:
            sentence = text("there is no field {name}:", name=name)
            repairs = self._as_phrase(start, end)
        raise QueryError(sentence, start=start, end=end, repairs=repairs)

    def _without_field(self, start: int, end: int) -> list[str]:
        """The query without this field and the operator that joins it."""
        value = re.compile(r"\s*[:=]?\s*(?:\"[^\"]*\"|\([^()]*\)|\[[^\]]*\]|[^\s()]+)?").match(self.source, end)
        before, after = self.source[:start], self.source[value.end() if value else end :]
        operator = r"(?:AND|OR|NOT|UND|ODER|NICHT|and|or|not|und|oder|nicht|-)"
        cut = re.sub(rf"(?:\b{operator}\s+|-)+$", "", before)
        alone = re.sub(rf"^\s*(?:{operator}\s+)+", " ", after) if not cut.strip() else after
        return [(cut.rstrip() + " " + alone.lstrip()).strip()]

    def _as_phrase(self, start: int, end: int) -> list[str]:
        """`Achtung:Bahn` was not meant as a field: quoted it is two words."""
        value = re.compile(r"\s*[:=]\s*([\w.-]+)").match(self.source, end)
        if value is None:
            return []
        return [f'{self.source[:start]}"{self.source[start:end]} {value[1]}"{self.source[value.end() :]}']

    # signs that mean something elsewhere

    def _sign(self, char: str, start: int) -> Token:
        before = self.source[start - 1 : start]
        if char == "-":
            return self._minus(start, before)
        if char in _DASHES:
            repairs = [self._swap(start, 1, "-")] if self._next_char(start) else []
            raise QueryError(text("{sign} is a dash; to exclude a word write -word", sign=char), start=start, repairs=repairs)
        if char == "+":
            raise self._plus(start)
        raise self._foreign(char, start)

    def _minus(self, start: int, before: str) -> Token:
        if not self._next_char(start):
            source = self.source
            left, right = source[:start].rstrip(), source[start + 1 :].lstrip()
            repairs = [f"{left} -{right}", f"{left} AND {right}"]
            raise QueryError(
                text("a - with spaces around it has no meaning; -word excludes a word"), start=start, repairs=repairs
            )
        return Token(Kind.MINUS, "-", start, start + 1)

    def _next_char(self, start: int) -> str:
        return self.source[start + 1 : start + 2].strip()

    def _swap(self, start: int, length: int, other: str) -> str:
        return self.source[:start] + other + self.source[start + length :]

    def _plus(self, start: int) -> QueryError:
        plus = re.compile(r"\++").match(self.source, start)
        end = plus.end() if plus else start + 1
        rest = self.source[end : end + 1]
        if rest and rest in QUOTES:
            return later(text('exact spelling: +"…"'), start, end, [self._swap(start, end - start, "")])
        return QueryError(
            text("{sign} is Lucene's sign for a word that must occur; here every word must, unless OR joins them", sign="+"),
            start=start,
            repairs=[self._swap(start, end - start, ""), self._swap(start, end - start, "AND ")],
        )

    def _foreign(self, char: str, start: int) -> QueryError:
        source, end = self.source, start + 1
        if char in "&|":
            end += source.startswith(char * 2, start)
            word = "AND" if char == "&" else "OR"
            repair = f"{source[:start].rstrip()} {word} {source[end:].lstrip()}"
            return QueryError(
                text("{sign} is Lucene's way to write {word}", sign=source[start:end], word=word),
                start=start,
                end=end,
                repairs=[repair],
            )
        if char == "!":
            return self._bang(start)
        if char == "[":
            close = source.find("]", start)
            repairs = [source[:start] + "(" + source[start + 1 : close] + ")" + source[close + 1 :]] if close > 0 else []
            return QueryError(text("square brackets are Sprinklr's; here groups stand in ( )"), start=start, repairs=repairs)
        if char in ",;":
            left, right = source[:start].rstrip(), source[end:].lstrip()
            repairs = [f"{left} OR {right}", f"{left} AND {right}"]
            return QueryError(text("{sign} joins nothing: write OR or AND", sign=char), start=start, repairs=repairs)
        if char in APOSTROPHES + "‚":
            return self._single_quote(start)
        if char == "}":
            return QueryError(text("this bracket closes nothing"), start=start, repairs=[self._swap(start, 1, "")])
        if char == "\\":
            return QueryError(text("no \\ is needed in a query"), start=start, repairs=[source.replace("\\", "")])
        return QueryError(text("the sign {sign} has no meaning here", sign=char), start=start, repairs=self._unsigned(start))

    def _unsigned(self, start: int) -> list[str]:
        """Words around the sign as a phrase, or the query without it."""
        left = re.search(r"[\w.'-]+$", self.source[:start])
        right = re.compile(r"[\w.'-]+").match(self.source, start + 1)
        without = self._swap(start, 1, "")
        if not left or not right:
            return [without]
        quoted = f'"{left.group()} {right.group()}"'
        return [self.source[: left.start()] + quoted + self.source[right.end() :]]

    def _bang(self, start: int) -> QueryError:
        word = re.compile(r"!\s*([\w.-]+)").match(self.source, start)
        if word is None:
            return QueryError(text("the sign {sign} has no meaning here", sign="!"), start=start, repairs=self._unsigned(start))
        exact = self._swap(start, len(word.group()), "{" + word[1] + "}")
        exclude = self._swap(start, len(word.group()), "NOT " + word[1])
        sentence = text(
            "! is read differently by other tools: case exactly so (Cision), written {exact} here, or NOT (Lucene), "
            "written {exclude} here",
            exact="{" + word[1] + "}",
            exclude="NOT " + word[1],
        )
        return QueryError(sentence, start=start, repairs=[exact, exclude])

    def _single_quote(self, start: int) -> QueryError:
        close = next((n for n in range(start + 1, len(self.source)) if self.source[n] in APOSTROPHES), -1)
        repairs = []
        if close > 0:
            repairs = [f'{self.source[:start]}"{self.source[start + 1 : close]}"{self.source[close + 1 :]}']
        return QueryError(text('phrases stand in double quotation marks: "…"'), start=start, repairs=repairs)


def later(what: Text, start: int, end: int, repairs: object) -> QueryError:
    """The error for something that a later version brings."""
    found = list(repairs) if isinstance(repairs, list | tuple) else []
    return QueryError(text("{what} comes with a later version", what=what), start=start, end=end, repairs=found)
