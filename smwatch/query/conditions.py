"""The values of fields, checked: from `country:` and a token to the condition it stands for."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import Text, text
from smwatch.query import fields
from smwatch.query.foreign import QUOTES
from smwatch.query.lex import Kind, Token
from smwatch.query.syntax import Address, Compare, Lang, Node, Range, Site, Spot, Value, shown_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_STAR_LETTERS = 3
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,6})?")
_GROUPED = re.compile(r"-?\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+")
_SHORT = re.compile(r"(-?\d+)(?:[.,](\d))?(k|m|tsd|mio)\.?", re.IGNORECASE)
_SIGNED = re.compile(r"(?P<sign>[<>]=?|[=≤≥])?\s*(?P<number>.*)")
_SIGNS = {"": "", "=": "", "≤": "<=", "≥": ">="}
_RANGE = re.compile(r"\[\s*(?P<low>\S+)\s+(?:TO|BIS|to|bis)\s+(?P<high>\S+?)\s*\]")
_SPAN = re.compile(r"\[?\s*(?P<low>\d+|\*)\s*(?:\.\.+|-|–|,|TO|BIS|to|bis)\s*(?P<high>\d+|\*)?\s*\]?")
_DEGREE = re.compile(r"(?P<sign>[<>])?=?\s*(?P<number>[+-]?\d{1,3})")  # of a tone, as Talkwalker tells it
_POWERS = {"k": 3, "tsd": 3, "m": 6, "mio": 6}
_NUMBER_EXAMPLES = {"rating": ">=4", "sentiment": ">0"}


class Conditions:
    """Conditions of one query; `sign` reads the tags and names of `hashtag:` and `mention:`."""

    def __init__(self, source: str, sign: Callable[[Token, str], Node], notes: list[Text]) -> None:
        self.source = source
        self._sign = sign
        self._notes = notes

    def read(self, token: Token, field: str) -> Node:
        """What `token` stands for as a value of `field`; raises QueryError."""
        if token.n is not None or token.among(Kind.VARIANTS, Kind.FUZZY):
            raise self._error(token, text("a value of {field}: takes no ~", field=field))
        if field in fields.SIGNS:
            return self._sign(token, fields.SIGNS[field])
        if field in fields.NUMBERS:
            return self._number(token, field)
        match field:
            case "site":
                return self._site(token)
            case "lang":
                return self._lang(token)
            case "url" | "links":
                return self._address(token, field)
        return self._value(token, field)

    # addresses

    def _site(self, token: Token) -> Node:
        host = fields.host(token.text)
        if "*" in host or "?" in host:
            bare = host.replace("*", "").replace("?", "").strip(".-")
            sentence = text("site: takes no wildcards; subdomains are always included")
            raise self._error(token, sentence, *([bare] if bare else []))
        if not any(char.isalnum() for char in host):
            raise self._no_site(token)
        if "." not in host:
            self._notes.append(text("site:{host} is an address without a dot, unlike {host}.example", host=host))
        return Site(host, spot(token))

    def _no_site(self, token: Token) -> QueryError:
        return self._error(token, text("site: expects an address like zeitung.example, not {value}", value=token.text))

    def _address(self, token: Token, field: str) -> Node:
        value = token.text.strip()
        letters = sum(char.isalnum() for char in value)
        if not letters or ("*" in value and letters < _STAR_LETTERS):
            sentence = text("{word} matches almost everything: a * needs at least 3 letters beside it", word=value)
            raise self._error(token, sentence)
        return Address(field, value, spot(token))

    # names

    def _lang(self, token: Token) -> Node:
        code, meant = fields.language(token.text), fields.language_meant(token.text)
        if code is None or meant:
            sentence = text("lang: expects a code like de, en, de-AT, not {value}", value=token.text)
            raise self._error(token, sentence, *([meant] if meant else []))
        return Lang(code, spot(token))

    def _value(self, token: Token, field: str) -> Node:
        if field in fields.CHOICES:
            return self._choice(token, field)
        value = " ".join(token.text.split())
        value = value.removeprefix("r/") if field == "subreddit" else value
        if field == "country" and (meant := fields.country_meant(value)):
            raise self._error(token, text("country: expects a code like de, at, ch, not {value}", value=value), meant)
        letters = sum(char.isalnum() for char in value)
        if not letters:
            raise self._error(token, text("{field}: needs a value", field=field))
        if "*" in value and letters < _STAR_LETTERS:
            sentence = text("{word} matches almost everything: a * needs at least 3 letters beside it", word=value)
            raise self._error(token, sentence)
        return Value(field, value, spot(token))

    def _choice(self, token: Token, field: str) -> Node:
        value = fields.choice(field, token.text.strip())
        if value is not None:
            return Value(field, value, spot(token))
        known = list(fields.CHOICES[field])
        near = get_close_matches(token.text.casefold(), known, n=1, cutoff=0.5)
        if field == "sentiment" and (degree := _DEGREE.fullmatch(token.text)):
            near = [_tone(degree["sign"] or "", int(degree["number"]))]
        sentence = text(
            "{field}: knows {known}, not {value}", field=field, known=", ".join(known), value=token.text.strip(QUOTES)
        )
        raise self._error(token, sentence, *near)

    # numbers

    def _number(self, token: Token, field: str) -> Node:
        if token.text.startswith("["):
            return self._range(token, field)
        found = _SIGNED.fullmatch(token.text)
        sign, shown = (found["sign"] or "=", found["number"]) if found else ("=", "")
        if sign in "≤≥" or not _NUMBER.fullmatch(shown) or (field != "rating" and _GROUPED.fullmatch(shown)):
            raise self._no_number(token, field, sign, shown)
        return Compare(field, sign, _plain(float(shown)), spot(token))

    def _range(self, token: Token, field: str) -> Node:
        found = _RANGE.fullmatch(token.text)
        if found is None:
            span = _SPAN.match(token.text)
            instead = f"[{span['low']} TO {span['high'] or '*'}]" if span else "[500 TO *]"
            raise self._error(token, text("a range is written [500 TO 1000] or [500 TO *]"), instead)
        low, high = self._end(token, field, found["low"]), self._end(token, field, found["high"])
        if low is not None and high is not None and low > high:
            swapped = f"[{shown_number(high)} TO {shown_number(low)}]"
            raise self._error(token, text("this range is empty: it begins above its end"), swapped)
        return Range(field, low, high, spot(token))

    def _end(self, token: Token, field: str, shown: str) -> float | None:
        if shown == "*":
            return None
        if not _NUMBER.fullmatch(shown):
            meant = _meant(shown)
            sentence = text("{field}: expects a number, not {value}", field=field, value=shown)
            raise self._error(token, sentence, *([token.text.replace(shown, meant)] if meant else ["[500 TO *]"]))
        return _plain(float(shown))

    def _no_number(self, token: Token, field: str, sign: str, shown: str) -> QueryError:
        value = token.text if sign in _SIGNS else shown or token.text
        sentence = text("{field}: expects a number, not {value}", field=field, value=value)
        written = _SIGNS.get(sign, sign)
        meant = _meant(shown) or (shown if _NUMBER.fullmatch(shown) else None)
        if meant:
            return self._error(token, sentence, written + meant)
        if span := _SPAN.fullmatch(shown):
            return self._error(token, sentence, f"[{span['low']} TO {span['high'] or '*'}]")
        return self._error(token, sentence, _NUMBER_EXAMPLES.get(field, ">1000"))

    def _error(self, token: Token, sentence: Text, *instead: str) -> QueryError:
        return at_token(self.source, token, sentence, instead)


def spot(token: Token) -> Spot:
    """Where `token` stands."""
    return Spot(token.start, token.end)


def at_token(source: str, token: Token, sentence: Text, instead: Sequence[str]) -> QueryError:
    """An error at `token`; each of `instead` is what may stand in its place."""
    repairs = [source[: token.start] + other + source[token.end :] for other in instead]
    return QueryError(sentence, start=token.start, end=token.end, repairs=repairs)


def _tone(sign: str, number: int) -> str:
    """The tone that a comparison with a number asks for: below 0 is negative."""
    if number == 0:
        return {"<": "negative", ">": "positive"}.get(sign, "neutral")
    return "positive" if number > 0 else "negative"


def _plain(number: float) -> float:
    return int(number) if number.is_integer() else number


def _meant(shown: str) -> str | None:
    """The number that 1.000, 1,5 or 10k stand for."""
    if _GROUPED.fullmatch(shown):
        return re.sub(r"[.,'’\s]", "", shown)
    if re.fullmatch(r"-?\d+,\d{1,2}", shown):
        return shown.replace(",", ".")
    if short := _SHORT.fullmatch(shown):
        return shown_number(float(f"{short[1]}.{short[2] or 0}") * 10 ** _POWERS[short[3].casefold()])
    return None
