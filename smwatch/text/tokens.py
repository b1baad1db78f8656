"""Words of a text, with their places in the original.

A text is a row of *atoms*: the smallest words, numbered from 0. What can be found is an *edge* over one or more atoms:
`Siemens-Chef` has the atoms siemens and chef and the edges siemens, chef and siemenschef. A phrase is a path of edges.
`words` gives each atom the number of the whole word that it is part of, for distances.

QUERY.md's rules of tokens, in one place:

- letters, digits and marks make words; hyphens and apostrophes inside join them: whole, joined and in parts;
- `.`, `&`, `+` inside keep their sign: H&M, amazon.de; short parts beside them are no words of their own; 3.5 is one;
- #tag, @name, $CASH carry their sign and are found without it; an emoji is a word; so are C++ and C#;
- addresses are split at every sign; scripts without spaces at every character; a change of script ends a word;
- a blank line is a gap that no phrase crosses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING
from unicodedata import name

from smwatch.text.fold import fold, fold_loose, fold_marked
from smwatch.text.surface import APOSTROPHES, HYPHENS, Surface, marks, surface, unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Edge = tuple[int, int]
LONGEST_RUN = 6  # parts of a compound that are also found joined; the whole compound always is
SHORTEST_DOTTED = 2  # a part beside a dot is a word of its own from here: amazon.de, not z.B.
SHORTEST_SIGNED = 3  # and beside & or +: Müller&Söhne, not H&M
_SPACELESS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf"
    r"\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_EMOJI = (
    r"\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
    r"\U0001f000-\U0001f3fa\U0001f400-\U0001faff"
)
_NO_ACCENT = "(?![\u0300-\u036f\u20d0-\u20ff])"  # an accent on a sign begins no word
_INNER = frozenset("-'.&+_@")
_FIRST_OTHER = "\u0370"  # below are Latin letters and signs only


@dataclass(slots=True, eq=False)
class Tokens:
    """The words of one text.

    `starts` and `ends` place each atom in the original; `edges` maps a folded word to where it stands; `marked` holds
    the form with accents for edges that have one.
    """

    text: str
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    edges: dict[str, list[Edge]] = field(default_factory=dict)
    marked: dict[tuple[str, Edge], str] = field(default_factory=dict)
    _loose: dict[str, list[tuple[str, Edge]]] | None = None

    def span(self, edge: Edge) -> tuple[int, int]:
        """The characters of the original text under `edge`, or under a path from its start to its end."""
        return self.starts[edge[0]], self.ends[edge[1] - 1]

    def is_ascii(self, edge: Edge) -> bool:
        """Whether no other characters stand under it: its letters are those of its folded form, one by one."""
        low, high = self.span(edge)
        return self.text[low:high].isascii()

    def loose(self, key: str) -> list[tuple[str, Edge]]:
        """Edges whose `fold_loose` form is `key`, with their folded form."""
        if self._loose is None:
            self._loose = {}
            for folded, edges in self.edges.items():
                self._loose.setdefault(fold_loose(folded), []).extend((folded, edge) for edge in edges)
        return self._loose.get(key, [])


def tokenise(text: str) -> Tokens:
    """The words of `text`; linear in its length."""
    return _Reader(text).read()


def is_spaceless(word: str) -> bool:
    """Whether `word` holds letters of a script that writes no spaces."""
    return not word.isascii() and _spaceless().search(word) is not None


def is_emoji(char: str) -> bool:
    """Whether `char` counts as an emoji: a word by itself."""
    return _patterns().emoji.match(char) is not None


@dataclass(frozen=True)
class _Patterns:
    """The regular expressions, compiled at first use; none of them can take more than linear time."""

    letters: str

    @cached_property
    def word(self) -> re.Pattern[str]:
        w = f"[\\w{self.letters}]"
        host = f"{w}+(?:[.-]{w}+)*"
        first = _NO_ACCENT
        return re.compile(
            rf"(?P<plain>(?<![@#$\w]){first}{w}++(?![&+'@#-]|\.{w}|://))"
            rf"|(?P<url>(?:(?:https?|ftp)://|www\.)[^\s<>\"“”„«»{{}}|\\^]+)"
            rf"|(?P<blank>\n[^\S\n]*\n\s*|\u2029)"
            rf"|(?P<tag>(?<!{w})[#]{w}+)"
            rf"|(?P<name>(?<!{w})@{w}+(?:\.{w}+)*(?:@{host})?)"
            rf"|(?P<cash>(?<!{w})\$(?=[^\W\d_]){w}+)"
            rf"|(?P<word>{first}{w}+(?:[-'.&+]{w}+)*(?:@{host}|\+\+(?!{w})|(?<=\b[A-Za-z])[#](?![\w#]))?)"
            rf"|(?P<emoji>[{_EMOJI}])"
        )

    @cached_property
    def parts(self) -> re.Pattern[str]:
        """A word's parts; a dot between digits is no sign."""
        return re.compile(rf"{_NO_ACCENT}(?:[^\W_]|[{self.letters}]|(?<=\d)\.(?=\d))+")

    @cached_property
    def pieces(self) -> re.Pattern[str]:
        """An address's parts: everything between signs."""
        return re.compile(rf"{_NO_ACCENT}(?:[^\W_]|[{self.letters}])+")

    @cached_property
    def emoji(self) -> re.Pattern[str]:
        return re.compile(f"[{_EMOJI}]")

    @cached_property
    def characters(self) -> re.Pattern[str]:
        """One character of a spaceless script with its marks, or a run of anything else."""
        return re.compile(rf"[{_SPACELESS}][{self.letters}]*|[^{_SPACELESS}]+")


@cache
def word_pattern() -> re.Pattern[str]:
    """A word as people write it in a query: with wildcards, signs inside, and what nobody sees."""
    w = f"[\\w{marks()}{unseen()}*?]"
    inner = re.escape("".join({*APOSTROPHES, *HYPHENS, *".&+"}))
    return re.compile(
        rf"(?:https?|ftp)://[^\s<>\"“”„«»{{}}()]+"
        rf"|(?:[#@$](?=\w))?{w}+(?:[{inner}]{w}+)*(?:@{w}+(?:[.-]{w}+)*|\+\+(?!{w})|(?<=\b[A-Za-z])#(?![\w#]))?"
        rf"|[{_EMOJI}][{_EMOJI}{unseen()}]*"
    )


@cache
def _patterns() -> _Patterns:
    return _Patterns(marks())


@cache
def _spaceless() -> re.Pattern[str]:
    return re.compile(f"[{_SPACELESS}]")


@cache
def script(char: str) -> str:
    """The script of a letter ("LATIN", "CYRILLIC" …); "" for digits, marks and signs, which go with any."""
    if not char.isalpha():
        return ""
    first = name(char, "").split(" ", 1)[0]
    return "" if first in {"MODIFIER", "COMBINING"} else first


def _joined(word: str) -> str:
    """`word` without the signs that join: Car-Sharing is Carsharing."""
    return word.replace("-", "").replace("'", "")


class _Reader:
    """Reads one text once, front to back, and lays down atoms and edges."""

    def __init__(self, text: str) -> None:
        self.surface: Surface = surface(text)
        self.text = self.surface.text
        self.tokens = Tokens(text)
        self.number = 0
        self.patterns = _patterns()

    def read(self) -> Tokens:
        text, readers = self.text, self._readers()
        known = self.tokens.edges
        moved = self.surface.at is not None
        for found in self.patterns.word.finditer(text):
            start, end = found.span()
            word = text[start:end]
            if moved or found.lastgroup != "plain" or not word.isascii() or "_" in word:
                readers[found.lastgroup](start, end)
                continue
            edge = self._place(start, end)  # most words, without a call more than needed
            key = word.lower()
            if key in known:
                known[key].append(edge)
            else:
                known[key] = [edge]
        return self.tokens

    def _readers(self) -> dict[str | None, Callable[[int, int], None]]:
        return {kind: getattr(self, f"_{kind}") for kind in self.patterns.word.groupindex}

    def _place(self, start: int, end: int) -> Edge:
        """A new word of one atom, where places are those of the original."""
        tokens = self.tokens
        count = len(tokens.starts)
        tokens.starts.append(start)
        tokens.ends.append(end)
        self.number += 1
        tokens.words.append(self.number)
        return count, count + 1

    # what the text holds

    def _plain(self, start: int, end: int) -> None:
        """The common case: a run of letters and digits without any sign beside it."""
        word = self.text[start:end]
        if "_" in word or not (word.isascii() or max(word) < _FIRST_OTHER):
            self._word(start, end)
            return
        self._next()
        self._edge(word, self._atom(start, end))

    def _word(self, start: int, end: int) -> None:
        text = self.text
        if "@" in text[start:end]:
            self._address(start, end)
            return
        for low, high in self._by_script(start, end):
            self._compound(low, high)

    def _url(self, start: int, end: int) -> None:
        self._address(start, start + len(self.text[start:end].rstrip(".,;:!?)]}'*_")))

    def _blank(self, start: int, _end: int) -> None:
        self._atom(start, start + 1)  # a gap, not a word: distances do not count it

    def _tag(self, start: int, end: int) -> None:
        self._signed(start, end, end)

    _cash = _tag

    def _name(self, start: int, end: int) -> None:
        """@a, and for @a@server.example or @a.server.example also the whole."""
        first = re.compile(r"[.@-]").search(self.text, start + 1, end)
        self._signed(start, first.start() if first else end, end)

    def _emoji(self, start: int, end: int) -> None:
        self._next()
        edge = self._atom(start, end)
        self.tokens.edges.setdefault(self.text[start:end], []).append(edge)

    # how it is laid down

    def _next(self) -> None:
        self.number += 1

    def _atom(self, start: int, end: int) -> Edge:
        low, high = self.surface.span(start, end)
        self.tokens.starts.append(low)
        self.tokens.ends.append(high)
        self.tokens.words.append(self.number)
        count = len(self.tokens.starts)
        return count - 1, count

    def _edge(self, word: str, edge: Edge) -> None:
        key = fold(word)
        if not key:
            return
        known = self.tokens.edges.setdefault(key, [])
        if known and known[-1] == edge:
            return
        known.append(edge)
        if not word.isascii() and (marked := fold_marked(word)) != key:
            self.tokens.marked[key, edge] = marked

    def _by_script(self, start: int, end: int) -> Iterator[Edge]:
        """The stretches of one script; digits go with any."""
        word = self.text[start:end]
        if word.isascii() or max(word) < _FIRST_OTHER:
            yield start, end
            return
        low, current = start, ""
        for at in range(start, end):
            here = "SPACELESS" if is_spaceless(self.text[at]) else script(self.text[at])
            if here and current and here != current:
                yield low, at
                low = at
            current = here or current
        yield low, end

    def _compound(self, start: int, end: int) -> None:
        if is_spaceless(self.text[start:end]):
            self._characters(start, end)
            return
        whole = self.text[start:end]
        tail = "++" if whole.endswith("++") else "#" if whole.endswith("#") else ""
        spots = [found.span() for found in self.patterns.parts.finditer(self.text, start, end - len(tail))]
        if spots:
            self._next()
            self._runs(spots, tail)

    def _characters(self, start: int, end: int) -> None:
        """Scripts without spaces: every character counts as one word."""
        for found in self.patterns.characters.finditer(self.text, start, end):
            for spot in self.patterns.pieces.finditer(self.text, *found.span()):
                self._next()
                self._edge(spot.group(), self._atom(*spot.span()))

    def _address(self, start: int, end: int) -> None:
        """An address on the web or of a mail box: every part counts, also with the signs between."""
        spots = [found.span() for found in self.patterns.pieces.finditer(self.text, start, end)]
        if spots:
            self._next()
            self._runs(spots, "", address=True)

    def _signed(self, start: int, first: int, end: int) -> None:
        """A tag or name, with and without its sign; `first` is where its first part ends."""
        self._next()
        sign, low = self.text[start], len(self.tokens.starts)
        body = self.text[start + 1 : first]
        spots = [found.span() for found in self.patterns.characters.finditer(self.text, start + 1, first)]
        if not is_spaceless(body):
            spots = [(start + 1, first)]
        for number, (here, there) in enumerate(spots):
            atom = self._atom(start if number == 0 else here, there)
            if len(spots) > 1:
                self._edge(self.text[here:there], atom)
        edge = (low, len(self.tokens.starts))
        self._edge(sign + body, edge)
        self._edge(body, edge)
        for spot in self.patterns.pieces.finditer(self.text, first, end):
            self._edge(spot.group(), self._atom(*spot.span()))
        if first < end:
            whole = (low, len(self.tokens.starts))
            self._edge(_joined(self.text[start:end]), whole)
            self._edge(_joined(self.text[start + 1 : end]), whole)

    def _runs(self, spots: list[Edge], tail: str, *, address: bool = False) -> None:
        """Parts, runs of parts, and the whole; a sign that joins leaves nothing behind, another stays."""
        words = [self.text[low:high] for low, high in spots]
        signs = [self._sign(spots, number) for number in range(len(spots) - 1)]
        atoms = [self._atom(low, high) for low, high in spots]
        last = len(words) - 1
        if tail:
            self.tokens.ends[-1] = self.surface.span(spots[-1][1] - 1, spots[-1][1] + len(tail))[1]
        for number, word in enumerate(words):
            if address or self._counts(words, signs, number, tail):
                self._edge(word, atoms[number])
            run = word
            for other in range(number + 1, min(number + LONGEST_RUN, len(words))):
                if address and len(signs[other - 1]) > 1:
                    break
                run += signs[other - 1] + words[other]
                if other < last or not tail:
                    self._edge(run, (atoms[number][0], atoms[other][1]))
        if not address and (tail or len(words) > LONGEST_RUN):
            whole = words[0] + "".join(sign + word for sign, word in zip(signs, words[1:], strict=True))
            self._edge(whole + tail, (atoms[0][0], atoms[-1][1]))

    def _sign(self, spots: list[Edge], number: int) -> str:
        """What a run keeps between two parts; two characters for what no run crosses."""
        between = self.text[spots[number][1] : spots[number + 1][0]]
        return _joined(between) if between in _INNER else between + "/"

    def _counts(self, words: list[str], signs: list[str], number: int, tail: str) -> bool:
        """Whether one part of a compound is a word by itself."""
        beside = signs[max(number - 1, 0) : number + 1]
        signed = any(set(sign) & set("&+") for sign in beside) or (tail and number == len(words) - 1)
        if signed:
            return len(words[number]) >= SHORTEST_SIGNED
        return "." not in "".join(beside) or len(words[number]) >= SHORTEST_DOTTED
