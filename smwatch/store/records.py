"""Small facts that the program remembers by name, as JSON values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from smwatch.store.schema import meta

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def get(connection: AsyncConnection, key: str) -> Any:  # noqa: ANN401 - any JSON value
    """What was put under `key`; None if nothing was."""
    found = (await connection.execute(select(meta.c.value).where(meta.c.key == key))).scalar()
    return None if found is None else json.loads(found)


async def put(connection: AsyncConnection, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Remember `value` under `key`."""
    await connection.execute(delete(meta).where(meta.c.key == key))
    await connection.execute(insert(meta).values(key=key, value=json.dumps(value, ensure_ascii=False)))
