"""Excerpts: short, around the first match, with marks where something was left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smwatch.model import Span
from smwatch.text import excerpt


def cut(text: str, word: str = "Acme", limit: int = 280) -> str:
    start = text.index(word)
    return excerpt(text, [Span(field="text", start=start, end=start + len(word), term=word)], limit)[0]


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("Vorweg. Das sagt Acme dazu. Mehr nicht. Schluss.", 280, "… Das sagt Acme dazu. Mehr nicht. …"),
        ("Das sagt Acme dazu.", 280, "Das sagt Acme dazu."),
        ("eins " * 40 + "Acme " + "zwei " * 40, 40, "… eins eins Acme zwei zwei zwei zwei …"),
        ("eins " * 40 + "Acme", 40, "… eins eins Acme"),
        ("u" * 90 + "Acme" + "w" * 90, 30, "…uuuuuuuuuuAcmewwwwwwwwwwwwww…"),
    ],
)
def test_an_excerpt(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit=limit) == expected


@given(st.text(alphabet="ab .!\n\t\u00ad", max_size=400), st.text(alphabet="ab .!\n\t\u00ad", max_size=400))
def test_the_match_stands_in_an_excerpt_of_the_right_length(before: str, after: str) -> None:
    found = cut(f"{before}Acme{after}", limit=60)
    assert "Acme" in found
    assert len(found) <= 60
