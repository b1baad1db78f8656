"""Time by the store's clock: where several machines share a store, theirs differ, and its own decides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, ColumnElement, bindparam, cast, extract, func, literal, type_coerce

from smwatch.store.schema import EPOCH, Moment

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

MICROSECOND = timedelta(microseconds=1)


def store_clock(connection: AsyncConnection, now: datetime) -> ColumnElement[datetime]:
    """The moment by the clock of a store that several machines share; else `now`."""
    shared = connection.dialect.name == "postgresql"
    told = extract("epoch", func.clock_timestamp()) * 1_000_000 if shared else literal((now - EPOCH) // MICROSECOND)
    return type_coerce(cast(told, BigInteger), Moment)


def later(at: ColumnElement[datetime], pause: timedelta | None = None) -> ColumnElement[datetime]:
    """`at` plus a pause; without one, plus the parameter `pause` in microseconds."""
    more = bindparam("pause", type_=BigInteger) if pause is None else literal(pause // MICROSECOND, BigInteger)
    return type_coerce(type_coerce(at, BigInteger) + more, Moment)
