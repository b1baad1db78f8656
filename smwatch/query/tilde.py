"""What stands behind a ~: how fuzzy a word is, how far words may be apart, or nothing for spelling variants."""

from __future__ import annotations

import re
from dataclasses import dataclass

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.text import is_spaceless, surface

MOST_EDITS = 2
TWO_EDITS_NEED = 4  # letters
ONE_EDIT_NEEDS = 2
_NUMBER = re.compile(r"~(\d*)(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Tilde:
    """`~` and its number, if any, where it stands."""

    n: int | None
    start: int
    end: int


def read(source: str, start: int) -> Tilde:
    """The ~ at `start`; raises QueryError for Lucene's ~0.8."""
    found = _NUMBER.match(source, start)
    assert found is not None  # noqa: S101 - the caller saw the ~
    if found[2]:
        raise QueryError(
            text("{sign} is Lucene's old degree of fuzziness; here ~1 allows one wrong letter, ~2 two", sign=found[0]),
            start=start,
            end=found.end(),
            repairs=[f"{source[:start]}~1{source[found.end() :]}", source[:start] + source[found.end() :]],
        )
    return Tilde(int(found[1][:6]) if found[1] else None, start, found.end())


def refuse_fuzzy(source: str, word: str, start: int, found: Tilde, *, wild: bool) -> None:
    """Raise QueryError unless `word` may be fuzzy to this degree."""
    sentence, instead = None, ""
    letters = sum(char.isalnum() for char in surface(word).text)
    if wild:
        sentence = text("a word with * or ? cannot be fuzzy as well")
    elif word[0] in "#@$" or not letters or is_spaceless(word):
        sentence = text("{word} cannot be fuzzy: only words of letters can", word=word)
    elif found.n == 0:
        sentence = text("~0 allows no wrong letter; the word alone says the same")
    elif found.n is not None and found.n > MOST_EDITS:
        instead = f"~{MOST_EDITS if letters >= TWO_EDITS_NEED else 1}"
        sentence = text("~{n} is too fuzzy: at most two letters may be wrong (~2)", n=found.n)
    elif found.n == MOST_EDITS and letters < TWO_EDITS_NEED:
        sentence, instead = text("~2 needs a word of at least {n} letters", n=TWO_EDITS_NEED), "~1"
    elif letters < ONE_EDIT_NEEDS:
        sentence = text("{word} matches almost everything: ~1 needs at least {n} letters", word=word, n=ONE_EDIT_NEEDS)
    if sentence is not None:
        raise _error(source, start if letters < ONE_EDIT_NEEDS else found.start, found, sentence, instead)


def refuse_variants(source: str, start: int, found: Tilde, *, wild: bool) -> None:
    """Raise QueryError where spelling variants make no sense."""
    if wild:
        raise _error(source, found.start, found, text("a word with * or ? has no spelling variants"))
    if source[start] in "#@$":
        raise _error(source, found.start, found, text("tags and names have no spelling variants"))


def exact(source: str, found: Tilde) -> QueryError:
    """`{NASA}~1`: exactly so and not so exactly."""
    return _error(source, found.start, found, text("what is in exact spelling takes no ~"))


def missing(source: str, found: Tilde) -> QueryError:
    """`(a AND b)~` without a number."""
    return QueryError(
        text("~ behind a bracket needs a number of words, as in ~5"),
        start=found.start,
        end=found.end,
        repairs=[f"{source[: found.end]}5{source[found.end :]}", source[: found.start] + source[found.end :]],
    )


def _error(source: str, at: int, found: Tilde, sentence: Text, instead: str = "") -> QueryError:
    repair = source[: found.start] + instead + source[found.end :]
    return QueryError(sentence, start=at, end=found.end, repairs=[repair])
