"""The operators of place as they are written: NEAR/5, ONEAR/5, W/5, PRE/5, NEAR/5f, NOT NEAR/5, SENTENCE, OSENTENCE."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import text
from smwatch.query.syntax import Near, NotNear, Sentence

if TYPE_CHECKING:
    from smwatch.query.syntax import Node, Spot

FARTHEST = 100  # words
_NEAR = re.compile(r"(?P<op>O?NEAR|W|PRE|NAHE)\s*/\s*(?P<n>\d+)(?P<f>f?)(?!\w)(?P<list>\s*:)?", re.IGNORECASE)
_OPEN = re.compile(r"O?NEAR(?:\s*/(?!\s*\d)|(?![\w/:=]|-\w))|(?:W|PRE)\s*/(?!\s*\d)(?=\s|$)")
_UNSLASHED = re.compile(r"(?P<op>O?NEAR)\s*[:~(-]?\s*(?P<n>\d{1,3})\)?(?!\w)")
_LISTED = re.compile(r'"[^"]+"|[^\s(),;"]+')
_LIST = re.compile(rf"\s*\(?\s*(?:{_LISTED.pattern})(?:\s*[,;]\s*(?:{_LISTED.pattern}))*(?:\s*\))?")
_SENTENCE = re.compile(r"(?P<o>O?)SENTENCE(?![\w/:=]|-\w)")
_SPOKEN = re.compile(r"o?near|nahe|NAHE")
_FACTIVA = re.compile(r"(?P<op>w|near|adj)(?P<n>\d{1,2})")
_OPERAND = re.compile(r"\s+(?!(?:AND|OR|UND|ODER|and|or|und|oder)\b)[^\s)]")
_INITIALS = frozenset("NOWPSnowp")
_NEGATION = re.compile(r"(?:NOT|NICHT|not|nicht)\s+")
_NEGATED_TOO = re.compile(r"(?i:O?NEAR|W|PRE|NAHE)\s*/|(?:O?NEAR|O?SENTENCE)(?![\w/:=]|-\w)")


class Sense(Enum):
    """What an operator of place asks for."""

    NEAR = auto()
    NOT_NEAR = auto()
    SENTENCE = auto()


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator as it stands in a query; `words` is None where a bare NEAR gives none."""

    sense: Sense
    words: int | None
    ordered: bool
    end: int

    def node(self, left: Node, right: Node, spot: Spot) -> Node:
        """What it makes of its two sides; `words` must be known."""
        if self.sense is Sense.SENTENCE:
            return Sentence(left, right, self.ordered, spot)
        if self.sense is Sense.NOT_NEAR:
            return NotNear(left, right, self.words or 0, spot)
        return Near(left, right, self.words or 0, self.ordered, spot)


def operator(source: str, start: int) -> Operator | None:
    """The operator that begins at `start`, or None; raises QueryError for one that cannot be."""
    if source[start] not in _INITIALS:
        return None
    if negation := _NEGATION.match(source, start):
        return _negated(source, start, negation.end()) if _NEGATED_TOO.match(source, negation.end()) else None
    if found := _NEAR.match(source, start):
        if found["list"]:
            raise _near_list(source, found)
        ordered = found["op"].upper() in {"ONEAR", "PRE"} or bool(found["f"])
        return Operator(Sense.NEAR, distance(source, found.start("n"), found.end("n")), ordered, found.end())
    if found := _UNSLASHED.match(source, start):
        raise _unslashed(source, found)
    if found := _SENTENCE.match(source, start):
        return Operator(Sense.SENTENCE, None, bool(found["o"]), found.end())
    if found := _OPEN.match(source, start):
        return Operator(Sense.NEAR, None, found.group().startswith(("O", "P")), found.end())
    return None


def spoken(source: str, start: int, end: int) -> Operator | None:
    """The bare NEAR that a word in small letters is between two terms that nothing else joins; None: it is none.

    Raises QueryError for Factiva's w5, near5, adj5.
    """
    if not _OPERAND.match(source, end):
        return None
    if found := _FACTIVA.fullmatch(source, start, end):
        raise _unspaced(source, found)
    if not _SPOKEN.fullmatch(source, start, end):
        return None
    return Operator(Sense.NEAR, None, source.startswith("o", start), end)


def _unspaced(source: str, found: re.Match[str]) -> QueryError:
    form = f"{'ONEAR' if found['op'] == 'adj' else 'NEAR'}/{found['n']}"
    return QueryError(
        text("{sign} is {tool}'s way to write {form}", sign=found.group(), tool="Factiva", form=form),
        start=found.start(),
        end=found.end(),
        repairs=[source[: found.start()] + it + source[found.end() :] for it in (form, f'"{found.group()}"')],
    )


def distance(source: str, start: int, end: int) -> int:
    """The number of words in `source[start:end]`; raises QueryError past the farthest."""
    words = int(source[start:end][:6])
    if words > FARTHEST:
        raise QueryError(
            text("a distance is at most {n} words", n=FARTHEST),
            start=start,
            end=end,
            repairs=[f"{source[:start]}{FARTHEST}{source[end:]}"],
        )
    return words


def _negated(source: str, start: int, at: int) -> Operator:
    inner = operator(source, at)
    if inner is not None and inner.sense is Sense.NEAR and not inner.ordered:
        return Operator(Sense.NOT_NEAR, inner.words, ordered=False, end=inner.end)
    shown = source[at : inner.end if inner else at].strip()
    number = inner.words if inner is not None and inner.words is not None else 10
    raise QueryError(
        text("NOT {operator} is not known; NOT NEAR/{n} is", operator=shown, n=number),
        start=start,
        end=inner.end if inner else at,
        repairs=[f"{source[:start]}NOT NEAR/{number}{source[inner.end :]}"] if inner else [],
    )


def _unslashed(source: str, found: re.Match[str]) -> QueryError:
    """`NEAR5`, `NEAR 5`, `NEAR:5`, `NEAR(5)`."""
    form = f"{found['op']}/{found['n']}"
    return QueryError(
        text("{sign}: the distance stands behind a slash, {form}", sign=found.group(), form=form),
        start=found.start(),
        end=found.end(),
        repairs=[f"{source[: found.start()]}{form} {source[found.end() :].lstrip()}"],
    )


def _near_list(source: str, found: re.Match[str]) -> QueryError:
    """`near/4:a,b`, as some other tools write it; also with brackets, phrases and spaces."""
    values = _LIST.match(source, found.end())
    words = _LISTED.findall(values.group()) if values else []
    end = values.end() if values else found.end()
    near = f"{found['op'].upper()}/{found['n']}"
    form = f" {near} ".join(words) if len(words) == 2 else f"({' AND '.join(words)})~{found['n']}"  # noqa: PLR2004 - two sides
    alone = not source[: found.start()].strip() and not source[end:].strip()
    repair = source[: found.start()] + (form if alone else f"({form})") + source[end:]
    return QueryError(
        text("{sign} is another tool's way to write {form}", sign=found.group(), form=form)
        if len(words) > 1
        else text("{sign} needs two words: a {near} b", sign=found.group(), near=near),
        start=found.start(),
        end=found.end(),
        repairs=[repair] if len(words) > 1 else [],
    )
