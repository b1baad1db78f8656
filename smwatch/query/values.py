"""Single terms and the values of fields, checked: from a token to its leaf."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import fields
from smwatch.query.lex import Kind, Token
from smwatch.query.syntax import Exact, Lang, Leaf, Phrase, Site, Spot, Wild, Word
from smwatch.query.terms import chunks, has_wildcard, longest_path, too_wide
from smwatch.text import is_spaceless

if TYPE_CHECKING:
    from collections.abc import Iterable


class Values:
    """Leaves of one query; collects notes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.notes: list[Text] = []

    def leaf(self, token: Token, field: str | None) -> Leaf:
        """The leaf that `token` stands for, inside `field` or outside any; raises QueryError."""
        match field, token.kind:
            case "site", _:
                return self._site(token)
            case "lang", _:
                return self._lang(token)
            case _, Kind.PHRASE:
                return self._phrase(token)
            case _, Kind.EXACT:
                return Exact(self._content(token), spot(token))
            case _, Kind.WILD:
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

    def _wild(self, token: Token) -> Leaf:
        word = token.text
        self._refuse_wide(word, token)
        if not is_spaceless(word):
            return Wild(word, spot(token))
        self._refuse_inner(word, token)
        return Word(word.strip("*"), spot(token))

    def _phrase(self, token: Token) -> Leaf:
        content = self._content(token)
        for chunk in chunks(content):
            if has_wildcard(chunk):
                self._phrase_wildcard(content, chunk, token)
        return Phrase(content, spot(token))

    def _content(self, token: Token) -> str:
        """What stands between quotation marks, on one line; it must hold a word."""
        content = " ".join(token.text.split())
        if not any(longest_path(chunk) or has_wildcard(chunk) for chunk in chunks(content)):
            raise self._error(token, text("there is no word between these quotation marks"))
        return content

    def _phrase_wildcard(self, content: str, chunk: str, token: Token) -> None:
        if chunk == "*":
            words = [f'"{word}"' for word in chunks(content) if word != "*"]
            sentence = text('a lone * in a phrase stands for nothing; distances like "a b"~1 come with a later version')
            raise self._error(token, sentence, *([f"({' AND '.join(words)})"] if words else []))
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

    # values of fields

    def _site(self, token: Token) -> Leaf:
        host = fields.host(token.text)
        if has_wildcard(host):
            bare = host.replace("*", "").replace("?", "").strip(".-")
            sentence = text("site: takes no wildcards; subdomains are always included")
            raise self._error(token, sentence, *([bare] if bare else []))
        if not any(char.isalnum() for char in host):
            raise self._error(token, text("{value} is no web site", value=token.text))
        return Site(host, spot(token))

    def _lang(self, token: Token) -> Leaf:
        code, meant = fields.language(token.text), fields.language_meant(token.text)
        if code is None or meant:
            sentence = text("lang: expects a code like de, en, de-AT, not {value}", value=token.text)
            raise self._error(token, sentence, *([meant] if meant else []))
        return Lang(code, spot(token))

    def _error(self, token: Token, sentence: Text, *instead: str) -> QueryError:
        """An error at `token`; each of `instead` is what may stand in its place."""
        repairs = [self.source[: token.start] + other + self.source[token.end :] for other in instead]
        return QueryError(sentence, start=token.start, end=token.end, repairs=repairs)


def spot(token: Token) -> Spot:
    """Where `token` stands."""
    return Spot(token.start, token.end)
