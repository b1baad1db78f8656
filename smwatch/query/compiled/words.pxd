# cython: language_level=3
from libc.stdint cimport uint8_t, uint32_t

from smwatch.query.compiled.text cimport Text


cdef struct Hit:
    uint32_t number
    uint32_t start


cdef class Words:
    cdef bytes form
    cdef Text text  # None where only literals are looked for
    cdef const uint8_t *s
    cdef Hit *hits  # where literals stand
    cdef Py_ssize_t hit_count, room
    cdef uint32_t *values  # the hash of every word
    cdef uint32_t *starts  # where it begins
    cdef Py_ssize_t count

    cdef int hit(self, uint32_t number, uint32_t start) except -1
    cdef void word(self, uint32_t value, Py_ssize_t start) noexcept
    cdef Py_ssize_t next(self, bytes literal, Py_ssize_t at, Py_ssize_t last) noexcept
    cdef Py_ssize_t next_of(self, uint32_t value, bytes literal, Py_ssize_t at, Py_ssize_t last) noexcept
    cdef Py_ssize_t before(self, Py_ssize_t place) noexcept


cdef tuple pairs(
    Words words, Py_ssize_t low, Py_ssize_t high, list ours, list theirs, Py_ssize_t between, bint ordered,
    Py_ssize_t reach,
)
