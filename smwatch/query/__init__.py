"""The query language: parse, explain, match. Pure: no clock, no files, no network."""

from __future__ import annotations

from smwatch.query.parse import parse
from smwatch.query.syntax import Query

__all__ = ["Query", "parse"]
