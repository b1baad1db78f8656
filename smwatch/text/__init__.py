"""Text: one normal form, words, sentences, excerpts, always with positions in the original. German first, pure."""

from __future__ import annotations

from smwatch.text.cut import clean, excerpt, same_text_key, sentences
from smwatch.text.fold import fold, fold_loose, fold_marked, has_accent, letters
from smwatch.text.hashtag import hashtag_forms
from smwatch.text.surface import is_unseen, surface
from smwatch.text.tokens import Edge, Tokens, is_emoji, is_spaceless, tokenise, word_pattern

__all__ = [
    "Edge",
    "Tokens",
    "clean",
    "excerpt",
    "fold",
    "fold_loose",
    "fold_marked",
    "has_accent",
    "hashtag_forms",
    "is_emoji",
    "is_spaceless",
    "is_unseen",
    "letters",
    "same_text_key",
    "sentences",
    "surface",
    "tokenise",
    "word_pattern",
]
