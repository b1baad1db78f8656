from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "stories"))

from world_fixtures import fresh_store, world

__all__ = ["fresh_store", "world"]
