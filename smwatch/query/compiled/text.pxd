# cython: language_level=3
from cpython.unicode cimport PyUnicode_READ
from libc.stdint cimport uint8_t

from smwatch.query.compiled.letters cimport BLANK
from smwatch.query.compiled.signs cimport joins

cdef enum:
    UNSURE = -1  # needs a closer look
    PART = -2  # of a tag or name, which is no word by itself


cdef class Text:
    cdef str text
    cdef bytes form
    cdef set parted  # see `Sheet.parted`
    cdef const uint8_t *s
    cdef const void *data
    cdef int kind
    cdef Py_ssize_t n
    cdef Py_ssize_t run_first, run_last  # letters that were asked for last

    cdef inline Py_UCS4 sign(self, Py_ssize_t at) noexcept:
        return PyUnicode_READ(self.kind, self.data, at)

    cdef inline bint blank(self, Py_ssize_t at) noexcept:
        return self.sign(at) == BLANK

    cdef inline bint is_number(self, Py_ssize_t at) noexcept:
        """Whether the sign # stands there."""
        return self.sign(at) == 35

    cdef inline Py_ssize_t first(self, Py_ssize_t at) noexcept:
        """Where the letters before a place begin."""
        while self.s[at - 1] != BLANK:
            at -= 1
        return at

    cdef inline Py_ssize_t last(self, Py_ssize_t at) noexcept:
        """Where the letters from a place on end."""
        while self.s[at] != BLANK:
            at += 1
        return at

    cdef inline bint joins(self, Py_ssize_t at) noexcept:
        return joins(self.sign(at))

    cdef inline Py_ssize_t word(self, Py_ssize_t start, Py_ssize_t end) except -3:
        """Where the word begins that surely stands there, with its # or @; else UNSURE, or PART."""
        return self._beside(start, end) if self.joins(start - 1) or self.joins(end) else start

    cdef bint is_alone(self, Py_ssize_t start, Py_ssize_t end) except -1
    cdef void find_run(self, Py_ssize_t at) noexcept
    cdef Py_ssize_t blanks(self, Py_ssize_t low, Py_ssize_t high) noexcept
    cdef bint ends_before(self, Py_ssize_t start) noexcept
    cdef bint ends_behind(self, Py_ssize_t end) noexcept
    cdef Py_ssize_t tag(self, Py_ssize_t start) noexcept
    cdef bint is_part_of_tag(self, Py_ssize_t start, Py_ssize_t end) noexcept
    cdef Py_ssize_t _beside(self, Py_ssize_t start, Py_ssize_t end) except -3
    cdef bint _is_in_address(self, Py_ssize_t start) noexcept
    cdef bint _begins_address(self, Py_ssize_t colon) noexcept
