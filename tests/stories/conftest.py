from __future__ import annotations

from world_fixtures import fresh_store, world

__all__ = ["fresh_store", "world"]
