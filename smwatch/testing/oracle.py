"""What a query means, written as plainly as possible: the judge of the engine in tests and benchmarks.

`judge(query, read(item))` gives the spans of a match, or None. Nothing here is fast, compiled or clever: every word of
a query is held against every word of the text. Only the words of a text (`tokenise`), its sentences and the folded
forms are shared with the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smwatch.model import Span
from smwatch.query.syntax import And, Exact, In, Lang, Leaf, ListOf, Node, Not, Or, Phrase, Query, Site, Wild, Word
from smwatch.text import Edge, fold, fold_loose, fold_marked, has_accent, is_spaceless, surface, tokenise, word_pattern
from smwatch.text.fold import ACCENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from smwatch.model import Item
    from smwatch.text import Tokens

ORDER = ("title", "lead", "text", "url", "author")
SIGNS = "#@$"
TAILS = "+#"
JOINS = "-'"  # inside a word they leave nothing behind


@dataclass(frozen=True, slots=True)
class Said:
    """One word of a text: the atoms under it, its folded form without and with accents, and how it is written."""

    edge: Edge
    key: str
    marked: str
    shown: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an item: its words, all that can be found in it, in no order."""

    name: str
    tokens: Tokens
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """An item with its fields read."""

    item: Item
    fields: tuple[Field, ...]

    def of(self, scope: str) -> list[Field]:
        """The fields in which a term under `scope` is looked for; "" is no field in particular."""
        names = {"": ("title", "lead", "text"), "author": ("author", "handle")}.get(scope, (scope,))
        return [field for field in self.fields if field.name in names]


def read(item: Item) -> Reading:
    """`item`, ready to be judged by many queries."""
    author = item.author
    handle = (author.handle or "") if author else ""
    texts = {
        "title": item.title,
        "lead": item.lead,
        "text": item.text,
        "author": (author.name or "") if author else "",
        "handle": handle if handle.startswith("@") or not handle else "@" + handle,
    }
    return Reading(item, tuple(_field(name, text) for name, text in texts.items()))


def _field(name: str, text: str) -> Field:
    tokens = tokenise(text)
    said = []
    for key, edges in tokens.edges.items():
        for edge in edges:
            low, high = tokens.span(edge)
            said.append(Said(edge, key, tokens.marked.get((key, edge), key), surface(text[low:high]).text))
    return Field(name, tokens, tuple(said))


def judge(query: Query, reading: Reading) -> tuple[Span, ...] | None:
    """Every span of `query` in reading order, or None where it does not match."""
    return _Judge(query, reading).verdict()


class _Judge:
    """One query over one item."""

    def __init__(self, query: Query, reading: Reading) -> None:
        self.query = query
        self.reading = reading
        self.loose = query.umlauts == "loose"

    def verdict(self) -> tuple[Span, ...] | None:
        root = _without_not(self.query.root, positive=True)
        if not self.holds(root, ""):
            return None
        return tuple(sorted(set(self.spans(root, "")), key=_reading_order))

    def holds(self, node: Node, scope: str) -> bool:  # noqa: PLR0911 - one for each kind of node
        match node:
            case And():
                return all(self.holds(child, scope) for child in node.children)
            case Or():
                return any(self.holds(child, scope) for child in node.children)
            case Not():
                return not self.holds(node.child, scope)
            case In():
                return self.holds(node.child, node.name)
            case ListOf():
                return self.holds(node.child, scope)
            case Site():
                host = _unicode(self.host())
                return host == node.text or host.endswith("." + node.text)
            case Lang():
                lang = (self.reading.item.lang or "").lower().replace("_", "-")
                return lang == node.text or lang.startswith(node.text + "-")
            case Word() | Wild() | Phrase() | Exact():
                return any(self.found(node, field, scope) for field in self.reading.of(scope))
        raise TypeError(f"not judged yet: {node}")

    def spans(self, node: Node, scope: str) -> Iterable[Span]:  # noqa: C901 - one for each kind of node
        """Where `node`, which holds, was found; only below what holds, and nothing below a NOT."""
        match node:
            case And() | Or():
                for child in node.children:
                    if self.holds(child, scope):
                        yield from self.spans(child, scope)
            case In():
                yield from self.spans(node.child, node.name)
            case ListOf():
                yield from self.spans(node.child, scope)
            case Site():
                start = self.reading.item.url.lower().index(self.host())
                yield Span(field="url", start=start, end=start + len(self.host()), term=node.text)
            case Word() | Wild() | Phrase() | Exact():
                for field in self.reading.of(scope):
                    if field.name != "handle":  # it is no field of the item that could be shown
                        for edge in self.found(node, field, scope):
                            start, end = field.tokens.span(edge)
                            yield Span(field=field.name, start=start, end=end, term=node.text)

    def host(self) -> str:
        """As it stands in the item's address, without www."""
        return (urlsplit(self.reading.item.url).hostname or "").removeprefix("www.")

    # terms

    def found(self, leaf: Leaf, field: Field, scope: str) -> set[Edge]:
        """Every stretch of atoms that is `leaf`; of wildcards only the longest."""
        paths = {(said.edge) for said in field.said if self.steps(leaf, scope)[0](said)}
        for step in self.steps(leaf, scope)[1:]:
            next_words = [said.edge for said in field.said if step(said)]
            paths = {(start, after) for start, end in paths for begin, after in next_words if begin == end}
        if "*" in leaf.text or "?" in leaf.text:
            paths = {path for path in paths if not any(_inside(path, other) for other in paths)}
        return paths

    def steps(self, leaf: Leaf, scope: str) -> tuple[Callable[[Said], bool], ...]:
        return _steps(leaf, self.query.inflect and not scope, self.loose)


@lru_cache(maxsize=4096)
def _steps(leaf: Leaf, inflect: bool, loose: bool) -> tuple[Callable[[Said], bool], ...]:  # noqa: FBT001
    """One question for each word of a term; these words must follow each other directly."""
    match leaf:
        case Exact():
            return tuple(_is_exactly(word) for word in words(leaf.text))
        case Word():
            path = words(leaf.text)
            genitive = inflect and len(path) == 1 and _has_genitive(leaf.text)
            return tuple(_is_word(word, genitive=genitive, loose=loose) for word in path)
    steps: list[Callable[[Said], bool]] = []
    for chunk in word_pattern().findall(leaf.text):
        if not ("*" in chunk or "?" in chunk):
            steps += (_is_word(word, genitive=False, loose=loose) for word in words(chunk))
        elif is_spaceless(chunk):
            steps += (_is_word(word, genitive=False, loose=loose) for word in words(chunk.strip("*")))
        else:
            steps.append(_fits(chunk, loose=loose))
    return tuple(steps)


def words(text: str) -> list[Said]:
    """The words of a term, each as long as it can be: the whole compound, not its parts; the tag with its sign."""
    field = _field("", text)
    path, at = [], 0
    while at < len(field.tokens.starts):
        here = [said for said in field.said if said.edge[0] == at]
        if here:
            path.append(max(here, key=lambda said: (said.edge[1], said.key[0] in SIGNS)))
        at = path[-1].edge[1] if here else at + 1
    return path


def _has_genitive(word: str) -> bool:
    return word[0].isupper() and word[-1].isalpha() and not is_spaceless(word)


def _is_word(word: Said, *, genitive: bool, loose: bool) -> Callable[[Said], bool]:
    accents = has_accent(word.shown)
    wanted = word.marked if accents else word.key
    wanted = fold_loose(wanted) if loose else wanted
    korean = "\uac00" <= wanted[-1] <= "\ud7a3"

    def is_it(said: Said) -> bool:
        seen = said.marked if accents else said.key
        seen = fold_loose(seen) if loose else seen
        if korean:
            return seen.startswith(wanted)
        return seen in {wanted, wanted + "s", wanted + "es"} if genitive else seen == wanted

    return is_it


def _is_exactly(word: Said) -> Callable[[Said], bool]:
    shown = word.shown
    return lambda said: said.shown == shown or (shown[0] not in SIGNS and said.shown.lstrip(SIGNS) == shown)


# wildcards


def _fits(pattern: str, *, loose: bool) -> Callable[[Said], bool]:
    shown = _unjoined(surface(pattern).text)
    folder = fold_marked if has_accent(shown) else fold
    sign = shown[0] if shown[0] in SIGNS else ""

    def fits(said: Said) -> bool:
        if (said.key[0] in SIGNS) != bool(sign):
            return False
        letters = _letters(said, folder)
        if _glob(_folded(shown, folder), letters):
            return True
        if not loose:
            return False
        if "?" not in shown:
            letters = [fold_loose("".join(letters))]
        return _glob(_folded(shown, lambda part: fold_loose(folder(part))), [fold_loose(one) for one in letters])

    return fits


def _folded(pattern: str, folder: Callable[[str], str]) -> list[str]:
    """The pattern as a list of single folded characters, `*` and `?`."""
    found: list[str] = []
    literal = ""
    for char in pattern:
        if char in "*?":
            found += [*folder(literal), char]
            literal = ""
        else:
            literal += char
    return [*found, *folder(literal)]


def _letters(said: Said, folder: Callable[[str], str]) -> list[str]:
    """What people see as one character each, folded: ü is "ue" and still one."""
    shown = _unjoined(said.shown)
    shown = shown if said.key[0] in SIGNS else shown.lstrip(SIGNS)
    while shown[-1:] in TAILS and said.key[-1] not in TAILS:  # Disney is found in Disney++
        shown = shown[:-1]
    clusters: list[str] = []
    for char in shown:
        if clusters and char in ACCENTS:
            clusters[-1] += char
        else:
            clusters.append(char)
    seen = [folded for folded in map(folder, clusters) if folded]
    word = said.marked if folder is fold_marked else said.key
    return seen if "".join(seen) == word else list(word)  # an accent on a full stop before the word


def _glob(pattern: list[str], letters: list[str]) -> bool:
    """Whether the whole word fits: the set of all places in it that the pattern can have reached, sign by sign."""
    word = "".join(letters)
    ends, at = {}, 0
    for letter in letters:
        ends[at] = at = at + len(letter)
    places = {0}
    for sign in pattern:
        if sign == "*":
            places = {place for place in range(len(word) + 1) if places and place >= min(places)}
        elif sign == "?":
            places = {ends[place] for place in places if place in ends}
        else:
            places = {place + 1 for place in places if word[place : place + 1] == sign}
    return len(word) in places


# small things


def _unicode(host: str) -> str:
    return host.encode().decode("idna") if "xn--" in host else host


def _without_not(node: Node, *, positive: bool) -> Node:
    """The same query with every NOT directly before a term (De Morgan), so that what is positive is seen."""
    match node:
        case Not():
            return _without_not(node.child, positive=not positive)
        case And() | Or():
            children = tuple(_without_not(child, positive=positive) for child in node.children)
            return And(children) if isinstance(node, And) is positive else Or(children)
        case In():
            return In(node.name, _without_not(node.child, positive=positive))
        case ListOf():
            return ListOf(node.name, _without_not(node.child, positive=positive))
    return node if positive else Not(node)


def _inside(path: Edge, other: Edge) -> bool:
    return path != other and other[0] <= path[0] and path[1] <= other[1]


def _unjoined(word: str) -> str:
    return "".join(char for char in word if char not in JOINS)


def _reading_order(span: Span) -> tuple[int, int, int, str]:
    return ORDER.index(span.field), span.start, span.end, span.term
