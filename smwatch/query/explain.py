"""A query in words: one paragraph, German or English, with what it includes and what was noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query.fields import DIALECTS
from smwatch.query.parse import parse
from smwatch.query.syntax import And, Exact, In, Lang, ListOf, Node, Not, Or, Phrase, Query, Site, Wild, Word
from smwatch.query.terms import is_inflected, longest_path
from smwatch.text import has_accent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_ROWS = 12  # words of a list or OR that are named one by one


def explain(query: Query, language: str) -> str:
    """What `query` finds, in `language`: a paragraph that ends with the notes."""
    teller = _Teller(query, language)
    told = [teller.say(text("Finds items {condition}.", condition=teller.condition(query.root)))]
    told += [teller.say(sentence) for sentence in teller.reminders()]
    if query.dialect:
        told.append(teller.say(text("Read as {tool} would.", tool=DIALECTS[query.dialect])))
    told += [teller.say(text("Note: {note}.", note=note)) for note in query.notes]
    return " ".join(told)


def explain_json(  # noqa: PLR0913 - the options of a query, by keyword
    source: str,
    language: str,
    *,
    dialect: str | None = None,
    umlauts: str = "strict",
    inflect: bool = True,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, object]:
    """The object that `query explain --json` prints; `ok` decides the exit code (0 or 3)."""
    try:
        query = parse(source, dialect=dialect, umlauts=umlauts, inflect=inflect, lists=lists)
    except QueryError as error:
        message = error.sentence.render(language)
        return {"ok": False, "message": message, "column": error.column, "repairs": list(error.repairs)}
    notes = [note.render(language) for note in query.notes]
    return {"ok": True, "text": explain(query, language), "notes": notes, "reading": str(query)}


def complain(source: str, error: QueryError, language: str) -> str:
    """The error for a terminal: sentence, the line with a caret, repairs."""
    before = source[: error.start]
    line = source.split("\n")[before.count("\n")]
    column = error.start - (before.rfind("\n") + 1)
    width = max(1, min(error.end - error.start, len(line) - column))
    rows = [error.sentence.render(language), f"  {line}", "  " + " " * column + "^" * width]
    if error.repairs:
        rows.append(text("Perhaps:").render(language))
        rows += [f"  {repair}" for repair in error.repairs]
    return "\n".join(rows)


class _Teller:
    """Tells one query in one language."""

    def __init__(self, query: Query, language: str) -> None:
        self.query = query
        self.language = language

    def say(self, sentence: Text) -> str:
        return sentence.render(self.language)

    def condition(self, node: Node) -> str:  # noqa: PLR0911 - one clause a kind of node
        """A clause that fits behind "Finds items": "in which X occurs"."""
        match node:
            case And():
                return self._both(node)
            case Or() if not self._words_only(node):
                return self._listed([self._bracketed(child) for child in node.children], "or")
            case Not():
                return self._negated(node.child)
            case Site():
                return self.say(text("from the site {site} and its subdomains", site=self._quoted(node.text)))
            case Lang():
                return self.say(text("in the language {code}", code=self._quoted(node.text)))
            case In():
                return self._inside(node)
            case ListOf():
                return self.say(text("in which a word of the list {name} occurs", name=self._quoted(node.name)))
        return self.say(text("in which {words} occurs", words=self._words(node)))

    def _both(self, node: And) -> str:
        return self._listed([self._bracketed(child) for child in node.children], "and")

    def _bracketed(self, node: Node) -> str:
        told = self.condition(node)
        return f"({told})" if isinstance(node, And | Or) and not self._words_only(node) else told

    def _negated(self, child: Node) -> str:
        match child:
            case Site():
                return self.say(text("not from the site {site}", site=self._quoted(child.text)))
            case Lang():
                return self.say(
                    text("not in the language {code} (or in none that is known)", code=self._quoted(child.text))
                )
            case In() if self._words_only(child.child):
                words = self._words(child.child)
                if child.name == "title":
                    return self.say(text("in whose title {words} does not occur", words=words))
                return self.say(text("whose author is not {words}", words=words))
            case _ if self._words_only(child):
                return self.say(text("in which {words} does not occur", words=self._words(child)))
        return self.say(text("for which this does not hold: {condition}", condition=self._bracketed(child)))

    def _inside(self, node: In) -> str:
        if not self._words_only(node.child):
            inner = self.condition(node.child)
            if node.name == "title":
                return self.say(text("whose title alone counts: {condition}", condition=f"({inner})"))
            return self.say(text("whose author's name alone counts: {condition}", condition=f"({inner})"))
        words = self._words(node.child)
        if node.name == "title":
            return self.say(text("in whose title {words} occurs", words=words))
        return self.say(text("whose author is {words}", words=words))

    def _words_only(self, node: Node) -> bool:
        if isinstance(node, Or):
            return all(self._words_only(child) for child in node.children)
        return isinstance(node, Word | Wild | Phrase | Exact)

    def _words(self, node: Node) -> str:
        match node:
            case Or():
                rows = [self._words(child) for child in node.children]
                if len(rows) > _MOST_ROWS:
                    rest = len(rows) - _MOST_ROWS
                    rows = [*rows[:_MOST_ROWS], self.say(text("one of {n} more", n=rest))]
                return self._listed(rows, "or")
            case Word() | Wild():
                return self._quoted(node.text)
            case Phrase() if len(node.text.split()) > 1:
                return self.say(text("{phrase} (in just this order)", phrase=self._quoted(node.text)))
            case Exact():
                return self.say(text("{word} (in just this spelling)", word=self._quoted(node.text)))
        return self._quoted(getattr(node, "text", str(node)))

    def _quoted(self, word: str) -> str:
        return f"„{word}“" if self.language.startswith("de") else f"“{word}”"

    def _listed(self, rows: list[str], joint: str) -> str:
        if len(rows) == 1:
            return rows[0]
        known = {"and": text("{rows} and {last}"), "or": text("{rows} or {last}")}[joint]
        return self.say(text(known.template, rows=", ".join(rows[:-1]), last=rows[-1]))

    def reminders(self) -> list[Text]:
        """What people do not expect, where the query has it."""
        leaves = list(_leaves(self.query.root))
        found: list[Text] = []
        inflected = [leaf for leaf in leaves if isinstance(leaf, Word) and is_inflected(leaf.text)]
        if inflected and self.query.inflect:
            word = inflected[0].text
            found.append(text("Genitives count too ({example}).", example=self._quoted(f"{word}s")))
        if any("ü" in leaf or "ä" in leaf or "ö" in leaf or "ß" in leaf for leaf in map(str, leaves)):
            found.append(text("Umlauts count in both spellings (ü and ue, ß and ss)."))
        if self.query.umlauts == "loose":
            found.append(text("Umlauts also count without dots (ä like a)."))
        if any(isinstance(leaf, Word | Phrase) and has_accent(leaf.text) for leaf in leaves):
            found.append(text("Accents that the query writes must be in the text."))
        if any(isinstance(leaf, Wild) and "*" in leaf.text for leaf in leaves):
            found.append(text("A * stands for any letters, also none."))
        if any(isinstance(leaf, Wild) and "?" in leaf.text for leaf in leaves):
            found.append(text("A ? stands for exactly one character."))
        if any(isinstance(leaf, Word | Phrase) and _is_compound(leaf.text) for leaf in leaves):
            found.append(text("Compounds count with and without a hyphen, but not as two words."))
        return found


def _is_compound(word: str) -> bool:
    return "-" in word.strip("-") and len(longest_path(word)) == 1


def _leaves(node: Node) -> list[Node]:
    match node:
        case And() | Or():
            return [leaf for child in node.children for leaf in _leaves(child)]
        case Not() | In() | ListOf():
            return _leaves(node.child)
    return [node]
