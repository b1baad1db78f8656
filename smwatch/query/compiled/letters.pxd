# cython: language_level=3
"""Bytes of plain forms, eight at a time: the first letter in the lowest byte."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memchr, memcpy

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

cdef extern from *:
    """
    #define BLANK 32
    #define BLANKS 0x2020202020202020ULL
    #define ONES 0x0101010101010101ULL
    #define HIGH 0x8080808080808080ULL
    #define lowest_bit(value) __builtin_ctzll(value)
    """
    const uint8_t BLANK
    const uint64_t BLANKS, ONES, HIGH
    int lowest_bit(uint64_t) noexcept nogil


cdef inline uint64_t eight(const uint8_t *s, Py_ssize_t room) noexcept nogil:
    """The next eight bytes; blanks where there are fewer."""
    cdef uint64_t it = BLANKS
    if room >= 8:
        memcpy(&it, s, 8)
    elif room > 0:
        memcpy(&it, s, room)
    return it


cdef inline uint64_t blank_in(uint64_t it) noexcept nogil:
    """A bit in the first byte that is a blank (and perhaps in later ones); 0: there is none."""
    it ^= BLANKS
    return (it - ONES) & ~it & HIGH


cdef inline uint64_t lowest(uint64_t it, Py_ssize_t count) noexcept nogil:
    """The first `count` bytes of eight."""
    return it if count >= 8 else it & ((<uint64_t>1 << (8 * count)) - 1)


cdef inline uint32_t hashed(uint64_t one, uint64_t two, Py_ssize_t length) noexcept nogil:
    cdef uint64_t it = one * 0x9E3779B97F4A7C15u + two * 0xC2B2AE3D27D4EB4Fu + <uint64_t>length * 0x165667B19E3779F9u
    return <uint32_t>(it >> 32) ^ <uint32_t>(it >> 17)


cdef inline uint64_t second(const uint8_t *s, Py_ssize_t length) noexcept nogil:
    """The ninth to sixteenth letter of a word."""
    return lowest(eight(s + 8, length - 8), length - 8) if length > 8 else 0


cdef inline uint64_t ending(const uint8_t *s, Py_ssize_t end, Py_ssize_t length) noexcept nogil:
    """The last eight letters of a word, the very last one in the highest byte."""
    cdef uint64_t it = 0
    if end >= 8:
        memcpy(&it, s + end - 8, 8)
    else:
        memcpy(<uint8_t *>&it + 8 - end, s, end)
    return it


cdef inline bint is_word(bytes literal) except -1:
    """Whether it is one word between two blanks."""
    cdef const uint8_t *it = <const uint8_t *>PyBytes_AS_STRING(literal)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(literal)
    return size > 2 and it[0] == BLANK and memchr(it + 1, BLANK, size - 1) == it + size - 1
