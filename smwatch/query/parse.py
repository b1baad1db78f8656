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

_PATIENCE = 4  # mistakes of one query that a repair may mend


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
    found = [_mend(repair.strip(), options, _PATIENCE) for repair in repairs[:_PATIENCE]]
    return tuple(dict.fromkeys(repair for repair in found if repair))


def _mend(source: str, options: Options, patience: int) -> str | None:
    """`source` if it parses, else its first repair that does."""
    try:
        _query(source, options)
    except QueryError as error:
        if patience == 0:
            return None
        mended = (_mend(repair.strip(), options, patience - 1) for repair in error.repairs[:2] if repair != source)
        return next((repair for repair in mended if repair), None)
    return source
