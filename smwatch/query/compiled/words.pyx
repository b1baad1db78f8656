# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The words of a plain form, to be asked again and again, and the literals that were found in it."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND, PyUnicode_READ
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from smwatch.query.compiled.letters cimport BLANK, eight, hashed, is_word, lowest, second
from smwatch.query.compiled.signs cimport joins

from smwatch.text.plain import ODD as PLAIN_ODD
from smwatch.text.surface import APOSTROPHES, HYPHENS

cdef uint8_t ODD = PLAIN_ODD
cdef str LINKS = HYPHENS + APOSTROPHES
cdef str USUAL = "–—‘‚“”„…‹›•€"


cdef class Words:
    """A plain form: its words, and the literals that were found in it."""

    def __cinit__(self, bytes form):
        cdef Py_ssize_t length = PyBytes_GET_SIZE(form)
        self.form, self.s = form, <const uint8_t *>PyBytes_AS_STRING(form)
        self.room = 256
        self.hits = <Hit *>PyMem_Calloc(self.room, sizeof(Hit))
        self.values = <uint32_t *>PyMem_Malloc((length // 2 + 2) * sizeof(uint32_t))
        self.starts = <uint32_t *>PyMem_Malloc((length // 2 + 2) * sizeof(uint32_t))
        if not (self.hits and self.values and self.starts):
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self.hits)
        PyMem_Free(self.values)
        PyMem_Free(self.starts)

    cdef int hit(self, uint32_t number, uint32_t start) except -1:
        cdef Hit *more
        if self.hit_count == self.room:
            more = <Hit *>PyMem_Realloc(self.hits, 2 * self.room * sizeof(Hit))
            if not more:
                raise MemoryError
            self.hits = more
            self.room *= 2
        self.hits[self.hit_count].number = number
        self.hits[self.hit_count].start = start
        self.hit_count += 1
        return 0

    def find(self, bytes literal, Py_ssize_t low, Py_ssize_t high):
        """Where a literal stands between `low` and `high`; None where it is more or less than a word between blanks."""
        cdef Py_ssize_t last, at
        if not is_word(literal):
            return None
        found = []
        last = self.before(high)
        at = self.next(literal, self.before(low), last)
        while at < last:
            found.append(self.starts[at] - 1)
            at = self.next(literal, at + 1, last)
        return found

    def whole_words(self, str text, Py_ssize_t low, Py_ssize_t high):
        """Where each whole word of `text` begins, from `low` to `high`, both beside white space; None: not clear.

        Only letters, digits, the usual signs between words, and hyphens and apostrophes inside them are clear.
        """
        cdef const uint8_t *s = self.s
        cdef int kind = PyUnicode_KIND(text)
        cdef const void *data = PyUnicode_DATA(text)
        cdef Py_ssize_t at
        cdef Py_UCS4 sign
        cdef bint inside = False, joined
        if not 0 < low <= high < PyBytes_GET_SIZE(self.form) or len(text) != PyBytes_GET_SIZE(self.form):
            raise ValueError("no such part")
        found = []
        for at in range(low, high):
            if s[at] == ODD:
                return None
            if s[at] != BLANK:
                if not inside:
                    found.append(at)
                inside = True
                continue
            sign = PyUnicode_READ(kind, data, at)
            if sign < 256 and not joins(sign):
                if sign == 58 and PyUnicode_READ(kind, data, at + 1) == 47:  # :// of an address
                    return None
                inside = False
                continue
            joined = s[at - 1] != BLANK and s[at + 1] != BLANK
            if sign in LINKS:
                inside = inside and joined
            elif (sign == 46 or sign in USUAL) and not joined:
                inside = False
            else:
                return None
        return found

    cdef void word(self, uint32_t value, Py_ssize_t start) noexcept:
        self.values[self.count] = value
        self.starts[self.count] = <uint32_t>start
        self.count += 1

    cdef Py_ssize_t next(self, bytes literal, Py_ssize_t at, Py_ssize_t last) noexcept:
        """The first of the words from `at` to `last` that is this one; `last` if none is."""
        cdef const uint8_t *it = <const uint8_t *>PyBytes_AS_STRING(literal)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(literal), length = size - 2
        cdef uint32_t value = hashed(lowest(eight(it + 1, length), length), second(it + 1, length), length)
        while at < last and (self.values[at] != value or memcmp(self.s + self.starts[at] - 1, it, size)):
            at += 1
        return at

    cdef Py_ssize_t before(self, Py_ssize_t place) noexcept:
        """How many words begin before a place."""
        cdef Py_ssize_t low = 0, high = self.count, middle
        while low < high:
            middle = (low + high) // 2
            if <Py_ssize_t>self.starts[middle] < place:
                low = middle + 1
            else:
                high = middle
        return low
