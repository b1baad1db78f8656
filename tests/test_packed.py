"""Kept JSON objects behave as the dicts that they stand for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smwatch.packed import Packed, packed, unpacked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), JSON)


@given(OBJECTS, OBJECTS)
def test_it_is_equal_to_its_dict(one, other):
    kept = Packed(one)
    assert (kept == one, one == kept, kept == Packed(one)) == (True, True, True)
    assert (kept == other, kept == Packed(other)) == (one == other, one == other)
    assert (dict(kept), unpacked(kept), {**kept}) == (one, one, one)
    assert (len(kept), bool(kept), list(kept)) == (len(one), bool(one), list(one))
    assert all(key in kept and kept[key] == value and kept.get(key) == value for key, value in one.items())
    assert all((key in kept) == (key in one) for key in other)


def test_half_a_character_stays_one():
    """A server's header may hold bytes that are no UTF-8."""
    assert dict(Packed({"etag": 'W/"\udcfc"'})) == {"etag": 'W/"\udcfc"'}


def test_nothing_stays_nothing():
    assert (packed(None), unpacked(None), packed({}) == {}) == (None, {}, True)
    kept = Packed({"a": 1})
    assert packed(kept) is kept


def test_thrift_works_wherever_it_can():
    from smwatch import thrift

    thrift.begin()
    thrift.trim()
    thrift._call("no_such_function", 1)
