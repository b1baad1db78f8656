# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The joined spellings of a sheet: Car-Sharing as carsharing."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND, PyUnicode_READ
from libc.stdint cimport uint8_t

from smwatch.query.compiled.letters cimport BLANK
from smwatch.query.compiled.signs cimport joins

cdef enum:
    HYPHEN = 45


def joined(sheet):
    """See `Sheet.joined`: the spellings, each between blanks; where each begins there, and where in the text."""
    cdef str text = sheet.text
    cdef bytes form = sheet.plain
    cdef const uint8_t *s = <const uint8_t *>PyBytes_AS_STRING(form)
    cdef int kind = PyUnicode_KIND(text)
    cdef const void *data = PyUnicode_DATA(text)
    cdef Py_ssize_t place, done = 0, low, end, length = 1
    cdef list pieces = [b""], starts = [], at = []
    cdef set parted = sheet.parted
    for place in sheet.glued():
        if place < done:
            continue
        low, end = place, place + 1
        while s[low - 1] != BLANK:
            low -= 1
        while s[end] != BLANK:
            end += 1
        if joins(PyUnicode_READ(kind, data, low - 1)) or joins(PyUnicode_READ(kind, data, end)):
            low, runs, done = sheet.tangle(place)
        else:  # two parts and nothing else: by far the most
            if PyUnicode_READ(kind, data, place) == HYPHEN:
                parted.add(low)
                parted.add(place + 1)
            runs = (form[low:place] + form[place + 1 : end],)
        for run in runs:
            starts.append(length)
            at.append(low)
            pieces.append(run)
            length += PyBytes_GET_SIZE(run) + 1
    pieces.append(b"")
    return b" ".join(pieces), starts, at
