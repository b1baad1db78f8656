"""Every sentence of these rooms has a German translation, with the same values in it."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
ROOMS = [
    *sorted((ROOT / "smwatch/message").glob("*.py")),
    ROOT / "smwatch/digest.py",
    ROOT / "smwatch/timetable.py",
    ROOT / "smwatch/store/digests.py",
    ROOT / "plugins/email.py",
]
PO = ROOT / "smwatch/locale/de/message.po"

pytestmark = pytest.mark.skipif(not PO.exists(), reason="this is an installed copy, without the catalogues' sources")


def catalogue(path: Path) -> dict[str, tuple[str, ...]]:
    """By singular: its forms."""
    with path.open("rb") as stream:
        found = read_po(stream, locale="de") if path.suffix == ".po" else read_mo(stream)
    return {
        key(each.id): tuple([each.string] if isinstance(each.string, str) else each.string) for each in found if each.id
    }


def key(template: str | list[str] | tuple[str, ...]) -> str:
    return template if isinstance(template, str) else template[0]


def templates() -> set[str]:
    keywords = {"text": None, "texts": (1, 2)}
    found = [message for room in ROOMS for _, message, _, _ in extract_from_file("python", room, keywords=keywords)]
    return {key(each) for each in found}


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_sentence_is_translated():
    german = {}
    for path in PO.parent.glob("*.po"):  # what a room shows of another one stands there
        german |= catalogue(path)
    assert templates()
    assert sorted(each for each in templates() if not all(german.get(each, ("",)))) == []


def test_translations_have_the_values_of_their_sentences():
    with PO.open("rb") as stream:
        found = [each for each in read_po(stream, locale="de") if each.id]
    for each in found:
        last, german = (it if isinstance(it, str) else it[-1] for it in (each.id, each.string))
        assert fields(german) == fields(last), last


def test_the_compiled_catalogue_is_fresh():
    assert catalogue(PO.with_suffix(".mo")) == catalogue(PO)


@pytest.mark.parametrize(
    "word", ["Suchauftrag", "Quelle", "Beitrag", "Erwähnung", "Thema", "Meldung", "Überblick", "Kanal"]
)
def test_the_words_of_the_house_are_used(word):
    assert word in PO.read_text(encoding="utf-8")
