"""JSON objects that are kept for long and asked seldom: as the text they came in, a quarter of what a dict takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json


class Packed(Mapping[str, Any]):
    """A mapping that is read anew whenever somebody looks into it; equal to the dict that it stands for."""

    __slots__ = ("raw",)

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.raw = json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any JSON value
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __bool__(self) -> bool:
        return self.raw != "{}"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Packed):
            return self.raw == other.raw or self._read() == other._read()
        return self._read() == other

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, key: object) -> bool:
        return key in self._read()

    def items(self) -> Any:  # noqa: ANN401 - the dict's own view
        """Those of the dict: read once."""
        return self._read().items()

    def values(self) -> Any:  # noqa: ANN401 - likewise
        """Those of the dict: read once."""
        return self._read().values()

    def keys(self) -> Any:  # noqa: ANN401 - likewise
        """Those of the dict: read once; `dict(packed)` asks for them."""
        return self._read().keys()

    def unpacked(self) -> dict[str, Any]:
        """A dict of its own."""
        return self._read()

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = read_json(self.raw)
        return found


def read_json(raw: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """What JSON holds; raises ValueError, or RecursionError where it is too deep."""
    try:
        return from_json(raw)
    except (ValueError, TypeError):  # or half a character, or a byte order mark, which only the patient one can read
        return json.loads(raw if isinstance(raw, str) else raw.decode("utf-8-sig"))


def packed(value: Mapping[str, Any] | None) -> Packed | None:
    """`value` to be kept."""
    return value if isinstance(value, Packed) or value is None else Packed(value)


def unpacked(value: Mapping[str, Any] | None) -> dict[str, Any]:
    """`value` to be worked with; empty for None."""
    return value.unpacked() if isinstance(value, Packed) else dict(value or {})
