"""Once a day, and after a start: what has expired is erased."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from smwatch.store.prune import prune

if TYPE_CHECKING:
    from datetime import datetime

    from smwatch.store.db import Store

log = structlog.get_logger(__name__)

EVERY = timedelta(days=1)


class Pruning:
    """`step` is cheap until a day has passed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: datetime | None = None

    async def step(self, now: datetime) -> None:
        """Erase, where it is time."""
        if self._last is not None and now - self._last < EVERY:
            return
        self._last = now
        try:
            items = await prune(self._store, now)
        except SQLAlchemyError as error:  # a full disk: tomorrow again
            log.warning("nothing_erased", error=type(error).__name__)
            return
        if items:
            log.info("items_expired", items=items)
