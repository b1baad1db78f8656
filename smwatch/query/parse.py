"""From a query's source to its tree, every mistake with its place and, where there is one, a repair.

`parse` is the only entrance. A repair is offered only if it parses itself; where it has another mistake that can be
repaired, it is offered repaired.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smwatch.errors import QueryError
from smwatch.i18n import text
from smwatch.query.checks import check
from smwatch.query.fields import DIALECTS
from smwatch.query.parser import Options, Parser
from smwatch.query.syntax import Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_REPAIRS = 4  # of one mistake
_FEWEST_READINGS, _MOST_READINGS = 4, 40  # of one repair, until its other mistakes are mended too
_READ_CHARACTERS = 200_000


def parse(
    source: str,
    *,
    dialect: str | None = None,
    umlauts: str = "strict",
    inflect: bool = True,
    lists: Mapping[str, Sequence[str]] | None = None,
) -> Query:
    """The query in `source`; raises QueryError with its place, a sentence and repairs that parse.

    `dialect` picks one tool's reading where tools differ; `umlauts` is "strict" or "loose"; `inflect=False` turns the
    genitive off; `lists` are the words behind `list:NAME`.
    """
    options = Options(_dialect(dialect), _umlauts(umlauts), inflect, lists or {})
    try:
        return _query(source, options)
    except QueryError as error:
        repairs = _mended(error.repairs, options)
        raise QueryError(error.sentence, start=error.start, end=error.end, repairs=repairs) from None


def _query(source: str, options: Options) -> Query:
    parser = Parser(source, options)
    root, notes = check(source, parser.tree())
    return Query(
        source=source,
        root=root,
        dialect=options.dialect,
        umlauts=options.umlauts,
        inflect=options.inflect,
        notes=tuple(dict.fromkeys((*parser.notes, *notes))),
    )


def _dialect(name: str | None) -> str | None:
    if name is None or name.casefold() in DIALECTS:
        return name.casefold() if name else None
    raise QueryError(text("there is no dialect {name}; there are {known}", name=name, known=", ".join(DIALECTS)))


def _umlauts(mode: str) -> str:
    if mode not in {"strict", "loose"}:
        raise QueryError(text('umlauts is "strict" or "loose", not "{mode}"', mode=mode))
    return mode


def _mended(repairs: Sequence[str], options: Options) -> tuple[str, ...]:
    found = (_Mender(options, len(repair)).mend(repair.strip()) for repair in repairs[:_MOST_REPAIRS])
    return tuple(dict.fromkeys(repair for repair in found if repair))


class _Mender:
    """Mends one repair until it parses or the readings are used up: fewer for long queries."""

    def __init__(self, options: Options, length: int) -> None:
        self.options = options
        self.readings = max(_FEWEST_READINGS, min(_MOST_READINGS, _READ_CHARACTERS // (length + 1)))

    def mend(self, source: str, depth: int = 0) -> str | None:
        """`source` if it parses, else its first repair that does."""
        self.readings -= 1
        try:
            _query(source, self.options)
        except QueryError as error:
            for repair in error.repairs[:2]:
                if self.readings > 0 and depth < _MOST_READINGS and repair.strip() != source:
                    mended = self.mend(repair.strip(), depth + 1)
                    if mended:
                        return mended
            return None
        return source
