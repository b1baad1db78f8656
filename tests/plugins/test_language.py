from __future__ import annotations

import pytest
from smwatch.plugins.language import guess, language_of

from smwatch.model import Item


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Acme ruft sein Müsli zurück, weil Steinchen darin sind", "de"),
        ("Acme recalls its cereal because of small stones", "en"),
        ("Acme rappelle ses céréales à cause de petits cailloux", "fr"),
        ("Компания отзывает свои хлопья из магазинов", "ru"),
        ("ACME: ESP32-S3 WebCam + IR WebCam!", None),
        ("BERGMÜHLE: ESP32-S3 WebCam + IR WebCam!", None),
        ("Acme", None),
        ("https://www.acme.example/presse/2026/11/20/acme-ruft-zurueck @acme #rueckruf 12345", None),
    ],
)
def test_languages(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_what_the_source_says_stands() -> None:
    item = Item(id="1", source="acme", title="Acme recalls its cereal because of small stones", lang="de")
    assert guess(item) is item


def test_a_guess_is_marked() -> None:
    found = guess(Item(id="1", source="acme", title="Acme recalls its cereal because of small stones"))
    assert (found.lang, found.lang_guessed) == ("en", True)
