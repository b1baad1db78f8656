"""How many edits two words are apart: optimal string alignment.

An edit inserts, drops or changes one letter, or swaps two neighbours; no letter is edited twice.
https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance#Optimal_string_alignment_distance
"""

from __future__ import annotations


def closer(one: str, other: str, most: int) -> bool:
    """Whether `one` and `other` are at most `most` edits apart."""
    if abs(len(one) - len(other)) > most:
        return False
    if one == other:
        return True
    return distance(one, other, most) <= most


def distance(one: str, other: str, most: int) -> int:
    """The edits between `one` and `other`; `most` + 1 where there are more than `most`."""
    beyond = most + 1
    before: list[int] = []
    row = [min(n, beyond) for n in range(len(other) + 1)]
    for at, letter in enumerate(one, start=1):
        earlier, before = before, row
        low, high = max(1, at - most), min(len(other), at + most)
        row = [beyond] * (len(other) + 1)
        row[0] = min(at, beyond)
        for n in range(low, high + 1):
            cost = min(before[n] + 1, row[n - 1] + 1, before[n - 1] + (letter != other[n - 1]))
            if at > 1 and n > 1 and letter == other[n - 2] and one[at - 2] == other[n - 1]:
                cost = min(cost, earlier[n - 2] + 1)
            row[n] = min(cost, beyond)
        if min(row) > most and (not before or min(before) > most):
            return beyond
    return row[-1]
