# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Many literals in one pass over the words of a plain form.

Each literal has a piece that is a whole word, the beginning or the end of one, or stands inside one. Words are read
eight bytes at a time; what they hold is looked up in tables of pieces by a hash, and where a piece may stand, the whole
literal is compared. No result depends on the hash: it only saves comparing.
"""

import sys

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp

from smwatch.query.compiled.letters cimport BLANK, blank_in, eight, ending, hashed, lowest, lowest_bit, second
from smwatch.query.compiled.words cimport Words

if sys.byteorder != "little":
    raise ImportError("words are read with their first letter in the lowest byte")

cdef enum:
    WHOLE, HEAD, TAIL, INNER  # what a piece is of a word
    MOST_KEPT = 4


cdef Py_ssize_t kept(Py_ssize_t length) noexcept:
    """Of so many letters at a word's edge, how many are hashed: so few different numbers that few are looked up."""
    return min(length, MOST_KEPT)


cdef class Table:
    """Pieces of literals by hash; `may_hold` says no for nearly all that is in none."""

    def __cinit__(self, Py_ssize_t pieces, Py_ssize_t literals):
        cdef size_t size = 64
        while size < <size_t>pieces * 2:
            size *= 2
        self.mask = <uint32_t>(size - 1)
        self.bit_mask = <uint32_t>(size * 8 - 1)
        self.first = <uint32_t *>PyMem_Calloc(size, sizeof(uint32_t))
        self.bits = <uint8_t *>PyMem_Calloc(size, 1)
        literals = literals if pieces else 1
        self.after = <uint32_t *>PyMem_Calloc(literals, sizeof(uint32_t))
        self.letters = <uint8_t *>PyMem_Calloc(literals, 1)
        if not (self.first and self.bits and self.after and self.letters):
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.first)
        PyMem_Free(self.bits)
        PyMem_Free(self.after)
        PyMem_Free(self.letters)

    cdef void add(self, uint32_t number, uint32_t value, Py_ssize_t length) noexcept:
        cdef uint32_t bit = value & self.bit_mask
        cdef int i
        self.bits[bit >> 3] |= <uint8_t>(1 << (bit & 7))
        self.after[number] = self.first[value & self.mask]
        self.first[value & self.mask] = number + 1
        self.letters[number] = <uint8_t>length
        self.count += 1
        for i in range(self.kinds):
            if self.lengths[i] == length:
                return
        self.lengths[self.kinds] = <int>length
        self.kinds += 1


cdef class Literals:
    """Some literals, each with at least one letter, to be found in plain forms."""

    def __cinit__(self, list literals, *_):
        cdef Py_ssize_t number, length = 0
        self.count = len(literals)
        self.together = b"".join(literals)
        self.letters = <const uint8_t *>PyBytes_AS_STRING(self.together)
        self.begin = <uint32_t *>PyMem_Calloc(self.count + 1, sizeof(uint32_t))
        self.at = <uint32_t *>PyMem_Calloc(self.count + 1, sizeof(uint32_t))
        if not (self.begin and self.at):
            raise MemoryError
        for number in range(self.count):
            if not literals[number].strip(b" "):
                raise ValueError(f"no letter in {literals[number]!r}")
            self.begin[number] = <uint32_t>length
            length += len(<bytes>literals[number])
        self.begin[self.count] = <uint32_t>length
        self._fill()

    def __dealloc__(self):
        PyMem_Free(self.begin)
        PyMem_Free(self.at)

    def find(self, bytes form):
        """Every literal in `form`, which begins and ends with a blank: its number, start and end (half open)."""
        cdef Words words = self.scan(form)
        cdef Py_ssize_t i
        return [
            (words.hits[i].number, words.hits[i].start, words.hits[i].start + self.length(words.hits[i].number))
            for i in range(words.hit_count)
        ]

    # the tables

    cdef int _fill(self) except -1:
        cdef uint32_t number
        cdef int kind
        cdef Py_ssize_t[4] sizes = [0, 0, 0, 0]
        cdef Py_ssize_t first, last
        self.shortest = 4
        for number in range(<uint32_t>self.count):
            kind = self._piece(number, &first, &last)
            sizes[kind] += 1
            if kind == INNER:
                self.shortest = min(self.shortest, last - first)
        self.whole, self.head, self.tail, self.inner = [Table(size, self.count) for size in sizes]
        for number in range(<uint32_t>self.count):
            self._put(number)
        return 0

    cdef int _piece(self, uint32_t number, Py_ssize_t *first, Py_ssize_t *last) noexcept:
        """The piece of a literal by which it is found: a whole word if it has one, else as much as it has of one."""
        cdef const uint8_t *it = self.letters + self.begin[number]
        cdef Py_ssize_t size = self.length(number), low = 0, high, best = INNER + 1, kind
        while low < size:
            if it[low] == BLANK:
                low += 1
                continue
            high = low
            while high < size and it[high] != BLANK:
                high += 1
            kind = (TAIL if high < size else INNER) if low == 0 else (WHOLE if high < size else HEAD)
            if kind < best or (kind == best and high - low > last[0] - first[0]):
                best, first[0], last[0] = kind, low, high
            low = high
        return <int>best

    cdef void _put(self, uint32_t number) noexcept:
        cdef Py_ssize_t first = 0, last = 0, length
        cdef int kind = self._piece(number, &first, &last)
        cdef const uint8_t *it = self.letters + self.begin[number]
        length = last - first
        self.at[number] = <uint32_t>(last if kind == TAIL else first)
        if kind == WHOLE:
            self.whole.add(
                number, hashed(lowest(eight(it + first, length), length), second(it + first, length), length), 0
            )
        elif kind == INNER:
            self.inner.add(number, hashed(lowest(eight(it + first, length), self.shortest), 0, 0), 0)
        else:
            length = kept(length)
            first = first if kind == HEAD else last - length
            (self.head if kind == HEAD else self.tail).add(
                number, hashed(lowest(eight(it + first, length), length), 0, 0), length
            )

    # the search

    cdef Words scan(self, bytes form):
        """Every place of every literal."""
        cdef const uint8_t *s = <const uint8_t *>PyBytes_AS_STRING(form)
        cdef Py_ssize_t n = PyBytes_GET_SIZE(form), i = 0, word, length
        cdef uint32_t value
        cdef uint64_t one, two, blank
        cdef Words words = Words(form)
        cdef bint tails = self.tail.count > 0, inners = self.inner.count > 0
        if n == 0 or s[0] != BLANK or s[n - 1] != BLANK:
            raise ValueError("a plain form begins and ends with a blank")
        while True:
            while i < n and s[i] == BLANK:
                i += 1
            if i == n:
                return words
            word, two = i, 0
            one = eight(s + i, n - i)
            blank = blank_in(one)
            if blank:
                length = lowest_bit(blank) >> 3
                one = lowest(one, length)
                i += length
            else:
                i += 8
                two = eight(s + i, n - i)
                blank = blank_in(two)
                if blank:
                    length = lowest_bit(blank) >> 3
                    two = lowest(two, length)
                    i += length
                    length += 8
                else:
                    i += 8
                    while s[i] != BLANK:
                        i += 1
                    length = i - word
            value = hashed(one, two, length)
            words.word(value, word)
            if self.whole.may_hold(value):
                self._compare(self.whole, value, 0, s, n, word, words)
            if self.head.kinds:
                self._edges(self.head, one, length, False, s, n, word, words)
            if tails:
                self._edges(self.tail, ending(s, i, length), length, True, s, n, i, words)
            if inners:
                self._inside(s, n, word, i, words)

    cdef int _edges(
        self, Table table, uint64_t it, Py_ssize_t length, bint end, const uint8_t *s, Py_ssize_t n,
        Py_ssize_t place, Words words,
    ) except -1:
        """Literals that a word of `length` letters may begin with, or end with: `it` is eight of its letters."""
        cdef int i, some
        cdef uint32_t value
        for i in range(table.kinds):
            some = table.lengths[i]
            if some <= length:
                value = hashed(it >> (8 * (8 - some)) if end else lowest(it, some), 0, 0)
                if table.may_hold(value):
                    self._compare(table, value, some, s, n, place, words)
        return 0

    cdef int _inside(self, const uint8_t *s, Py_ssize_t n, Py_ssize_t word, Py_ssize_t end, Words words) except -1:
        cdef Py_ssize_t i
        cdef uint32_t value
        for i in range(word, end - self.shortest + 1):
            value = hashed(lowest(eight(s + i, n - i), self.shortest), 0, 0)
            if self.inner.may_hold(value):
                self._compare(self.inner, value, 0, s, n, i, words)
        return 0

    cdef int _compare(
        self, Table table, uint32_t value, Py_ssize_t letters, const uint8_t *s, Py_ssize_t n, Py_ssize_t place,
        Words words,
    ) except -1:
        """The literals whose piece may stand at `place`, as far as they do."""
        cdef uint32_t number = table.first[value & table.mask], size
        cdef Py_ssize_t start
        while number:
            number -= 1
            size = self.length(number)
            start = place - self.at[number]
            if (
                table.letters[number] == letters
                and start >= 0
                and start + size <= n
                and not memcmp(s + start, self.letters + self.begin[number], size)
            ):
                words.hit(number, <uint32_t>start)
            number = table.after[number]
        return 0
