"""A query in words: one paragraph, German or English, with what it includes and what was noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query.coverage import covered
from smwatch.query.fields import DIALECTS
from smwatch.query.parse import parse
from smwatch.query.syntax import LEAVES, Exact, Phrase, Query, Wild, Word, walk
from smwatch.query.tell import Teller
from smwatch.query.terms import is_inflected, longest_path
from smwatch.text import has_accent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def explain(query: Query, language: str) -> str:
    """What `query` finds, in `language`: a paragraph that ends with the notes."""
    teller = Teller(language)
    told = [text("Finds items {condition}.", condition=teller.condition(query.root))]
    told += _reminders(query, teller)
    if query.dialect:
        told.append(text("Read as {tool} would.", tool=DIALECTS[query.dialect]))
    if _bare(str(query)) != _bare(query.source):
        told.append(text("The reading: {reading}.", reading=str(query)))
    told += [text("Note: {note}.", note=note) for note in notes(query)]
    return " ".join(sentence.render(language) for sentence in told)


def notes(query: Query) -> tuple[Text, ...]:
    """What people should know about the reading, and which terms do nothing."""
    return (*query.notes, *(remark.sentence for remark in covered(query)))


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
    told = [note.render(language) for note in notes(query)]
    return {"ok": True, "text": explain(query, language), "notes": told, "reading": str(query)}


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


def _reminders(query: Query, teller: Teller) -> list[Text]:
    """What people do not expect, where the query has it."""
    leaves = [node for node in walk(query.root) if isinstance(node, LEAVES) and not isinstance(node, Exact)]
    found: list[Text] = []
    inflected = [leaf for leaf in leaves if isinstance(leaf, Word) and is_inflected(leaf.text)]
    if inflected and query.inflect:
        word = inflected[0].text
        found.append(text("Genitives count too ({example}).", example=teller.quoted(f"{word}s")))
    if any(char in "äöüß" for leaf in leaves for char in str(leaf).lower()):
        found.append(text("Umlauts count in both spellings (ü and ue, ß and ss)."))
    if query.umlauts == "loose":
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


def _bare(source: str) -> str:
    """`source` without what does not change a reading."""
    return " ".join(source.split())
