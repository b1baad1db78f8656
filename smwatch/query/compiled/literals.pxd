# cython: language_level=3
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from smwatch.query.compiled.words cimport Words


cdef class Table:
    cdef uint32_t *first  # by hash: number of a literal + 1
    cdef uint32_t *after  # by literal: the next one of the same place in the table
    cdef uint8_t *bits
    cdef uint8_t *letters  # by literal: how many letters were hashed
    cdef uint32_t mask, bit_mask
    cdef int[5] lengths  # those that occur
    cdef int kinds
    cdef Py_ssize_t count

    cdef void add(self, uint32_t number, uint32_t value, Py_ssize_t length) noexcept

    cdef inline bint may_hold(self, uint32_t value) noexcept nogil:
        cdef uint32_t bit = value & self.bit_mask
        return self.bits[bit >> 3] & (1 << (bit & 7))


cdef class Literals:
    cdef bytes together
    cdef const uint8_t *letters
    cdef uint32_t *begin  # of each literal in `together`; one more at the end
    cdef uint32_t *at  # where a literal's piece begins in it; of the end of a word: where it ends
    cdef Py_ssize_t count, shortest
    cdef Table whole, head, tail, inner

    cdef Words scan(self, bytes form)
    cdef int _fill(self) except -1
    cdef int _piece(self, uint32_t number, Py_ssize_t *first, Py_ssize_t *last) noexcept
    cdef void _put(self, uint32_t number) noexcept
    cdef int _edges(
        self, Table table, uint64_t it, Py_ssize_t length, bint end, const uint8_t *s, Py_ssize_t n,
        Py_ssize_t place, Words words,
    ) except -1
    cdef int _inside(self, const uint8_t *s, Py_ssize_t n, Py_ssize_t word, Py_ssize_t end, Words words) except -1
    cdef int _compare(
        self, Table table, uint32_t value, Py_ssize_t letters, const uint8_t *s, Py_ssize_t n, Py_ssize_t place,
        Words words,
    ) except -1

    cdef inline uint32_t length(self, uint32_t number) noexcept nogil:
        return self.begin[number + 1] - self.begin[number]
