"""Single terms, checked: from a token to its leaf."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.query import fields, proximity
from smwatch.query.conditions import Conditions, at_token, spot
from smwatch.query.lex import Kind, Token
from smwatch.query.syntax import Exact, Fuzzy, Node, Phrase, Spot, Variants, Wild, Word
from smwatch.query.terms import MOST_LETTERS, MOST_PARTS, chunks, has_wildcard, longest_path, too_wide, variant_parts
from smwatch.text import is_spaceless, word_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from smwatch.errors import QueryError


class Values:
    """Leaves of one query; collects notes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.notes: list[Text] = []
        self.conditions = Conditions(source, self.sign, self.notes)

    def leaf(self, token: Token, field: str | None) -> Node:
        """What `token` stands for, inside `field` or outside any; raises QueryError."""
        if field is not None and field not in fields.WORDS and field != "list":
            return self.conditions.read(token, field)
        return self._term(token)

    def sign(self, token: Token, sign: str) -> Node:
        """The tag or name that a value of `hashtag:` or `mention:` stands for."""
        word = sign + token.text.strip().lstrip("#@＃＠")
        if token.kind not in {Kind.WORD, Kind.PHRASE} or not word_pattern().fullmatch(word):
            joined = "".join(char for char in word if char.isalnum() or char in "_#@.")
            instead = [joined] if len(joined) > 1 else []
            raise self._error(token, text("{word} is no single tag or name", word=token.text), *instead)
        kind = Kind.WILD if has_wildcard(word) else Kind.WORD
        return self._term(Token(kind, word, token.start, token.end))

    def _term(self, token: Token) -> Node:
        match token.kind:
            case Kind.PHRASE:
                return self._phrase(token)
            case Kind.EXACT | Kind.UNCASED:
                return self._exact(token)
            case Kind.VARIANTS:
                return self._variants(token)
            case Kind.FUZZY:
                return Fuzzy(token.text, token.n or 1, spot(token))
            case Kind.WILD:
                return self._wild(token)
        if not longest_path(token.text):
            raise self._error(token, text("{word} holds no letter or digit", word=token.text))
        return Word(token.text, spot(token))

    def unlisted(self, token: Token, names: Iterable[str]) -> QueryError:
        """The error for `list:` with a name that no list has."""
        near = get_close_matches(token.text, list(names), n=1, cutoff=0.6)
        if not near:
            return self._error(token, text("there is no list {name}", name=token.text))
        shown = near[0] if near[0].isalnum() else f'"{near[0]}"'
        sentence = text("there is no list {name} – did you mean {near}?", name=token.text, near=near[0])
        return self._error(token, sentence, shown)

    # words

    def _wild(self, token: Token) -> Node:
        word = token.text
        self._refuse_wide(word, token)
        if not is_spaceless(word):
            return Wild(word, spot(token))
        self._refuse_inner(word, token)
        return Word(word.strip("*"), spot(token))

    def _phrase(self, token: Token) -> Node:
        content = self._content(token)
        for chunk in chunks(content):
            if has_wildcard(chunk):
                self._phrase_wildcard(content, chunk, token)
        if token.n is None:
            return Phrase(content, spot(token))
        close = self.source.rfind("~", token.start, token.end)
        return proximity.phrase(self.source, content, token.n, spot(token), Spot(close, token.end))

    def _variants(self, token: Token) -> Node:
        content = self._content(token)
        if any(has_wildcard(chunk) for chunk in chunks(content)):
            raise self._error(token, text("a word with * or ? has no spelling variants"), f'"{content}"')
        if len(variant_parts(content)) > MOST_PARTS:
            sentence = text("spelling variants are there for at most {n} words", n=MOST_PARTS)
            raise self._error(token, sentence, f'"{content}"')
        if len(content) > MOST_LETTERS:
            sentence = text("spelling variants are there for at most {n} letters", n=MOST_LETTERS)
            raise self._error(token, sentence, f'"{content}"')
        return Variants(content, spot(token))

    def _exact(self, token: Token) -> Node:
        content = self._content(token)
        if not longest_path(content):  # a * is a sign here
            raise self._error(token, text("there is no word between these quotation marks"))
        return Exact(content, token.kind is Kind.EXACT, spot(token))

    def _content(self, token: Token) -> str:
        """What stands between quotation marks, on one line; it must hold a word."""
        content = " ".join(token.text.split())
        if not any(longest_path(chunk) or has_wildcard(chunk) for chunk in chunks(content)):
            raise self._error(token, text("there is no word between these quotation marks"))
        return content

    def _phrase_wildcard(self, content: str, chunk: str, token: Token) -> None:
        if chunk == "*":
            words = [word for word in chunks(content) if word != "*"]
            near = f'"{" ".join(words)}"~{chunks(content).count("*") + (token.n or 0)}'
            sentence = text('a lone * in a phrase stands for nothing; for one word between write "a b"~1')
            raise self._error(token, sentence, *([near] if len(words) > 1 else [f'"{it}"' for it in words]))
        self._refuse_wide(chunk, token)
        if is_spaceless(chunk):
            self._refuse_inner(chunk, token)
        if chunk.endswith("?") and content.endswith("?"):
            self.notes.append(text('the ? in "{phrase}" stands for exactly one character', phrase=content))

    def _refuse_wide(self, word: str, token: Token) -> None:
        if not too_wide(word):
            return
        if "*" not in word:
            raise self._error(
                token, text("{word} matches almost everything: a ? needs a letter in the word", word=word)
            )
        joined = re.sub(r"-+\*", "*", re.sub(r"\*-+", "*", word))
        repairs = [joined] if joined != word and token.kind is Kind.WILD else []
        sentence = text("{word} matches almost everything: a * needs at least 3 letters beside it", word=word)
        raise self._error(token, sentence, *repairs)

    def _refuse_inner(self, word: str, token: Token) -> None:
        bare = word.strip("*")
        if has_wildcard(bare):
            sentence = text("{word}: scripts without spaces match inside any text and take no wildcards", word=word)
            raise self._error(token, sentence, bare.replace("*", "").replace("?", ""))
        self.notes.append(text("{word} is found inside any text; the * is left out", word=word))

    def _error(self, token: Token, sentence: Text, *instead: str) -> QueryError:
        """An error at `token`; each of `instead` is what may stand in its place."""
        return at_token(self.source, token, sentence, instead)
