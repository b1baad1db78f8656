"""`url:presse`: part of an address, from sign to sign, in any case; a * opens its side."""

from __future__ import annotations


class Needle:
    """What is looked for in addresses."""

    def __init__(self, value: str) -> None:
        pieces = value.casefold().split("*")
        self._open = pieces[0] == "" and len(pieces) > 1
        self._pieces = pieces[1:] if self._open else pieces

    def found(self, address: str) -> list[tuple[int, int]]:
        """Where it stands in `address`, in characters (half open), without overlaps."""
        if not address:
            return []
        low, origins = _lowered(address)
        found: list[tuple[int, int]] = []
        at = 0
        while (place := self._next(low, at)) is not None:
            start, end = place
            found.append((start, end) if origins is None else (origins[start], origins[end - 1] + 1))
            at = max(end, at + 1)
        return found

    def _next(self, low: str, at: int) -> tuple[int, int] | None:
        """The first place from `at` on that begins and ends at a sign."""
        first, *rest = self._pieces
        while (start := low.find(first, at)) >= 0:
            if self._open or not _inside(low, start):
                end = self._rest(low, start + len(first), rest)
                if end is not None:
                    return start, end
                if rest:
                    return None  # what is not behind this one is not behind a later one
            at = start + 1
        return None

    def _rest(self, low: str, end: int, rest: list[str]) -> int | None:
        """Where the pieces behind the first end, or None."""
        if not rest:
            return None if _inside(low, end) else end
        *middle, last = rest
        for piece in middle:
            at = low.find(piece, end)
            if at < 0:
                return None
            end = at + len(piece)
        if not last:
            return end
        while (at := low.find(last, end)) >= 0:
            if not _inside(low, at + len(last)):
                return at + len(last)
            end = at + 1
        return None


def _inside(low: str, at: int) -> bool:
    """Whether `at` lies between two letters or digits."""
    return 0 < at < len(low) and low[at - 1].isalnum() and low[at].isalnum()


def _lowered(address: str) -> tuple[str, list[int] | None]:
    """`address` in small letters, and where each came from if the length changed."""
    low = address.casefold()
    if len(low) == len(address):
        return low, None
    pieces = [char.casefold() for char in address]
    return "".join(pieces), [number for number, piece in enumerate(pieces) for _ in piece]
