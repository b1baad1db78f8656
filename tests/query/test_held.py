"""What an engine holds for each of its queries, counted in objects: a daemon with ten thousand of them has little room."""

from __future__ import annotations

import gc
from collections import Counter
from types import FunctionType, ModuleType

import pytest

from smwatch.query import parse
from smwatch.query.engine import Engine
from smwatch.query.slots import Slot
from smwatch.query.syntax import Word

ROWS = 50
_SHARED = (type, ModuleType, FunctionType)  # not a query's


def held(engine: Engine) -> Counter[type]:
    """How many objects of each type can be reached from `engine`."""
    found, rest = {}, [engine]
    while rest:
        one = rest.pop()
        if id(one) not in found and not isinstance(one, _SHARED):
            found[id(one)] = one
            rest += gc.get_referents(one)
    return Counter(map(type, found.values()))


def added(query: str) -> Counter[type]:
    """What so many more queries of one pattern add, without rounding: nothing that is made once is among it."""
    engines = [Engine({str(n): parse(query.format(n=n)) for n in range(100, 100 + rows)}) for rows in (ROWS, 2 * ROWS)]
    return held(engines[1]) - held(engines[0])


@pytest.mark.parametrize("query", ["firma{n}", "firma{n} AND bericht", '"die firma{n} sagt"'])
def test_a_query_holds_no_set_and_no_dict_of_its_own(query: str) -> None:
    more = added(query)
    assert more[tuple] >= ROWS  # the count can see them
    assert {kind: more[kind] for kind in (frozenset, set, dict)} == {frozenset: 0, set: 0, dict: 0}


def test_the_spellings_of_a_word_have_one_slot() -> None:
    more = added("Müllerei{n}")
    assert more[bytes] / ROWS > 1
    assert more[Slot] == ROWS


def test_a_query_of_one_word_holds_a_list_its_plain_form_once_and_nothing_of_its_tree() -> None:
    more = added("firma{n}")
    assert (more[list] / ROWS, more[bytes] / ROWS, more[Word]) == (1, 1, 0)
