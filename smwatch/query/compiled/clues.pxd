# cython: language_level=3
from libc.stdint cimport uint8_t, uint32_t, uint64_t

from smwatch.query.compiled.text cimport Text

cdef enum:
    MISSING, HERE, UNCLEAR  # what a look finds


cdef class Key:
    cdef bytes literal
    cdef Py_ssize_t size
    cdef uint32_t value  # the hash of the word that it is
    cdef bint is_word  # one word between two blanks


cdef class Letters:
    cdef uint64_t[4] bits
    cdef bint any  # whether any letter will do

    cdef inline bint lacks(self, uint8_t letter) noexcept nogil:
        return not (self.any or self.bits[letter >> 6] & (<uint64_t>1 << (letter & 63)))


cdef class Clue:
    cdef object query, shown
    cdef tuple row  # the query and its route, as they came
    cdef Letters last, first  # of the word before the anchor, and of the word behind it
    cdef tuple heads, tails  # see `routes.Route`
    cdef tuple before, behind  # the literals of each word before the anchor, from near to far, and behind it
    cdef Py_ssize_t blanks  # of a phrase
    cdef bint is_phrase, is_part

    cdef int look(
        self, Text text, Py_ssize_t low, Py_ssize_t high, Py_ssize_t *start, Py_ssize_t *end,
    ) except -1
    cdef int _part(self, Text text, Py_ssize_t *start, Py_ssize_t *end) except -1
    cdef int _phrase(
        self, Text text, Py_ssize_t low, Py_ssize_t high, Py_ssize_t *start, Py_ssize_t *end,
    ) except -1


cdef class Spot:
    cdef object slot
    cdef tuple words  # the query, and the term as it is shown
    cdef tuple clues
    cdef tuple others  # the query, and rows of keys: one of each row must be there
    cdef bint is_single  # all terms are done with one word that holds the literal
