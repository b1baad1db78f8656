"""Sentences: no language until they are shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from babel.messages import pofile

from smwatch import i18n
from smwatch.i18n import from_json, text, texts, to_json

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUES = sorted(i18n.LOCALES.glob("*/*.po"))


def test_english_needs_no_catalogue() -> None:
    assert text("no channel named {name}", name="pr").render("en") == "no channel named pr"


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert text("write { env = … }").render("en") == "write { env = … }"


@pytest.mark.parametrize(("n", "said"), [(0, "0 feeds"), (1, "1 feed"), (2, "2 feeds")])
def test_the_count_chooses_the_form(n: int, said: str) -> None:
    assert texts("{n} feed", "{n} feeds", n=n).render("en") == said


def test_values_may_be_sentences() -> None:
    assert str(text("{what}: {why}", what="heise", why=text("gone"))) == "heise: gone"


def test_an_unknown_language_is_english() -> None:
    assert text("gone").render("xx") == "gone"


def test_swiss_german_has_no_sharp_s() -> None:
    assert text("Straße {name}", name="Großweg").render("de-CH") == "Strasse Grossweg"


def test_a_sentence_comes_back_from_the_store() -> None:
    sentence = texts("{n} of {what}", "{n} of {what}s", n=3, what=text("feed"))
    assert from_json(json.loads(json.dumps(to_json(sentence)))) == sentence


def test_equal_sentences_count_as_one() -> None:
    assert len({text("a {b}", b=1), text("a {b}", b=1), text("a {b}", b=2)}) == 2


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.name)
def test_a_translation_keeps_every_field(path: Path) -> None:
    with path.open("rb") as stream:
        catalogue = pofile.read_po(stream)
    for message in catalogue:
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set(re.findall(r"\{(\w+)", ids[-1]))
        for string in strings:
            assert string, f"{path.name}: not translated: {ids[0]}"
            assert set(re.findall(r"\{(\w+)", string)) <= wanted | {"n"}, f"{path.name}: {ids[0]}"
