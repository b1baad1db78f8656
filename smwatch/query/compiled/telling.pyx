# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What is told of a match: spans and hits, made without a call of Python."""

from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_SET_ITEM

from smwatch.model import Span

cdef extern from *:
    """
    #define new_row(type, size) (((PyTypeObject *)(type))->tp_alloc((PyTypeObject *)(type), (size)))
    """
    object new_row(object, Py_ssize_t)


cdef object span_of(name, start, end, shown):
    """`Span(name, start, end, shown)`, without a call."""
    span = new_row(Span, 4)
    for_row(span, 0, name)
    for_row(span, 1, start)
    for_row(span, 2, end)
    for_row(span, 3, shown)
    return span


cdef inline void for_row(object row, Py_ssize_t at, object value) noexcept:
    Py_INCREF(value)
    PyTuple_SET_ITEM(row, at, value)


def told(list found, set odd, list names, dict untidy, tidied, hit):
    """What `Engine` tells of each item: a `hit` a query, in their order; None where something is left to be evaluated.

    `odd` items are left too.
    """
    cdef list rows = []
    cdef dict mine
    cdef Py_ssize_t number = 0
    for mine in found:
        if not mine:
            rows.append(None if odd and number in odd else [])
        elif (odd and number in odd) or None in mine.values():
            rows.append(None)
        else:
            rows.append(told_one(mine, names, untidy, tidied, hit))
        number += 1
    return rows


cdef list told_one(dict found, list names, dict untidy, tidied, hit):
    cdef list rows = [], spans
    for number in sorted(found) if len(found) > 1 else found:
        spans = found[number]
        one = new_row(hit, 2)
        for_row(one, 0, names[number])
        if len(spans) == 1 or (number not in untidy and in_order(spans)):
            for_row(one, 1, tuple(spans))
        else:
            for_row(one, 1, tidied(number, spans))
        rows.append(one)
    return rows


cdef bint in_order(list spans) except -1:
    """Whether they stand one behind the other in one field, so that nothing is to be sorted or left out."""
    cdef Py_ssize_t number
    cdef tuple before = <tuple>spans[0], one
    for number in range(1, len(spans)):
        one = <tuple>spans[number]
        if one[0] is not before[0] or not <Py_ssize_t>before[1] < <Py_ssize_t>one[1]:
            return False
        before = one
    return True
