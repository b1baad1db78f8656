"""Wishes, written in a platform's syntax: each string within its limit, as few and as narrow as can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smwatch.i18n import Text, text
from smwatch.query.pushdown.wish import Ask, Either, Every, Wish, either, every, is_bound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smwatch.query.pushdown.platforms import Platform

MOST_STRINGS = 12  # that narrowing may cost; alternatives of the query itself may take more

Row = tuple[Ask, ...]


def size(string: str) -> int:
    """Characters as UTF-16 counts them: an emoji is two."""
    return len(string) + sum(char > "\uffff" for char in string)


@dataclass(slots=True)
class Writer:
    """Writes for one platform; `dropped` are the parts that had to go to keep to its limits."""

    platform: Platform
    dropped: list[Text] = field(default_factory=list)

    def strings(self, wish: Wish) -> tuple[str, ...]:
        """All strings; one after the other they find whatever `wish` says."""
        match self.platform.shape:
            case "separate":
                return self._separate(wish)
            case "tags":
                rows = self._rows(wish)
                return tuple(dict.fromkeys(max(row, key=lambda ask: len(ask.text)).text for row in rows))
            case "flat":
                wish = every(clause[0] if len(clause) == 1 else either(clause) for clause in self._clauses(wish))
        return tuple(dict.fromkeys(self._write(it) for it in self._fitting(wish)))

    # one string that holds ANDs and ORs

    def _write(self, wish: Wish, *, inside: bool = False) -> str:
        platform = self.platform
        match wish:
            case Ask():
                return wish.text
            case Every():
                ordered = sorted(wish.parts, key=lambda part: isinstance(part, Ask) and part.excludes)
                both = platform.both.join(self._write(part, inside=True) for part in ordered)
                both = both.replace(" AND NOT ", " NOT ") if platform.both == " AND " else both
                return f"({both})" if inside else both
            case Either():
                one = platform.one.join(self._write(part, inside=True) for part in wish.parts)
                bracketed = platform.brackets == "always" or (inside and platform.brackets == "inside")
                return f"({one})" if bracketed else one
        raise AssertionError(wish)

    def _fits(self, wish: Wish) -> bool:
        return size(self._write(wish)) <= self.platform.limit

    def _fitting(self, wish: Wish) -> list[Wish]:
        """`wish` in as many parts as its length needs."""
        match wish:
            case Either():
                return [wish] if self._fits(wish) else self._packed(wish.parts, ())
            case Every():
                return [wish] if self._fits(wish) else self._narrowed(wish)
        return [wish]

    def _packed(self, parts: Sequence[Wish], beside: Sequence[Wish]) -> list[Wish]:
        """Alternatives, as many in one string as it takes, each string with what stands `beside` them."""
        found: list[Wish] = []
        group: list[Wish] = []
        for part in parts:
            if group and not self._fits(every((*beside, either((*group, part))))):
                found.append(every((*beside, either(group))))
                group = []
            group.append(part)
        found.append(every((*beside, either(group))))
        return [fitting for it in found for fitting in ([it] if self._fits(it) else self._fitting(it))]

    def _narrowed(self, wish: Every) -> list[Wish]:
        """An AND that is too long: one of its ORs is divided, else its longest part is left out."""
        sizes = {it: size(self._write(it)) for it in wish.parts}
        room = self.platform.limit - sum(sizes.values())
        for part in sorted(sizes, key=lambda it: -sizes[it]):
            beside = [it for it in wish.parts if it is not part]
            if room + sizes[part] <= 0 or not isinstance(part, Either):
                continue
            if all(self._fits(every((*beside, one))) for one in part.parts):
                packed = self._packed(part.parts, beside)
                if len(packed) <= MOST_STRINGS:
                    return packed
        return self._fitting(self._shortened(wish))

    def _shortened(self, wish: Every) -> Wish:
        """Without its longest parts, until it fits or only one is left that may stand alone."""
        sizes = {it: size(self._write(it, inside=True)) + len(self.platform.both) for it in wish.parts}
        first = min(filter(is_bound, wish.parts), key=lambda it: sizes[it])
        over = sum(sizes.values()) - self.platform.limit
        for part in sorted(sizes, key=lambda it: -sizes[it]):
            if over > 0 and part is not first:
                over -= sizes.pop(part)
                self._drop(self._write(part))
        return every(sizes)

    def _drop(self, part: str) -> None:
        self.dropped.append(text("{part}: left out, the string would be too long or too many", part=part))

    # no brackets inside brackets

    def _clauses(self, wish: Wish) -> list[Row]:
        """An AND of ORs: a AND b OR c is (a OR c) AND (b OR c)."""
        match wish:
            case Ask():
                return [(wish,)]
            case Every():
                return [clause for part in wish.parts for clause in self._clauses(part)]
            case Either():
                return self._distributed([self._clauses(part) for part in wish.parts])
        raise AssertionError(wish)

    def _distributed(self, found: list[list[Row]]) -> list[Row]:
        clauses: list[dict[Ask, None]] = [{}]
        for all_of_part in found:
            part = [it for it in all_of_part if not any(ask.excludes for ask in it)]
            if not part:  # it only excludes: beside the others it bounds nothing
                return []
            if len(clauses) * len(part) > MOST_STRINGS:
                bound = [it for it in part if all(ask.alone for ask in it)]
                part = [min(bound or part, key=len)]
            for left_out in all_of_part:
                if left_out not in part:
                    self._drop(_shown([left_out]))
            grown = [{**clause, **dict.fromkeys(other)} for other in part[1:] for clause in clauses]
            for clause in clauses:
                clause.update(dict.fromkeys(part[0]))
            clauses += grown
        return [tuple(clause) for clause in clauses]

    # no OR at all

    def _separate(self, wish: Wish) -> tuple[str, ...]:
        strings = [self._together(row) for row in _needed(self._rows(wish))]
        return tuple(dict.fromkeys(strings))

    def _together(self, row: Row) -> str:
        kept = row[0].text
        for ask in row[1:]:
            if size(kept) + 1 + size(ask.text) <= self.platform.limit:
                kept += " " + ask.text
            else:
                self._drop(ask.text)
        return kept

    def _rows(self, wish: Wish) -> list[Row]:
        """An OR of ANDs, one string each; what would multiply them too much is left out."""
        match wish:
            case Ask():
                return [(wish,)]
            case Either():
                return [row for part in wish.parts for row in self._rows(part)]
            case Every():
                parts = sorted(map(self._rows, wish.parts), key=len)
                single = [ask for rows in parts if len(rows) == 1 for ask in rows[0]]
                rows = [tuple(dict.fromkeys(single))] if single else parts[0]
                for others in (it for it in (parts if single else parts[1:]) if len(it) > 1):
                    if len(rows) * len(others) > max(MOST_STRINGS, len(rows)):
                        self._drop(_shown(others))
                        continue
                    rows = [tuple(dict.fromkeys((*row, *other))) for row in rows for other in others]
                return rows
        raise AssertionError(wish)


def _shown(rows: Sequence[Row]) -> str:
    return " | ".join(" ".join(ask.text for ask in row) for row in rows)


def _needed(rows: Sequence[Row]) -> list[Row]:
    """Without those that a single word among them finds anyhow."""
    single = {row[0] for row in rows if len(row) == 1}
    return [row for row in rows if len(row) == 1 or single.isdisjoint(row)]
