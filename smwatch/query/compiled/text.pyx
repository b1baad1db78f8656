# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""A text beside its plain form: what the signs around a word make of it.

These are the rules of `smwatch.text.tokens` for the usual cases; of all others it is said that they need a closer look.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND
from libc.stdint cimport uint8_t

cdef enum:
    NUMBER = 35  # the sign #
    DOLLAR = 36
    PLUS = 43
    SLASH = 47
    COLON = 58
    AT = 64
    UNDERSCORE = 95
    LONGEST_ADDRESS = 300  # letters that are looked back for its beginning
    LONGEST_TAG = 200

cdef str ENDING = "<>\"“”„«»{}|\\^"  # what ends an address, besides white space
cdef str OPENING = "(["
cdef tuple SCHEMES = ("http", "https")


cdef class Text:
    """A text, and its plain form of the same length, which begins and ends with a blank."""

    def __cinit__(self, str text, bytes form, set parted):
        self.text, self.form, self.parted = text, form, parted
        self.s, self.n = <const uint8_t *>PyBytes_AS_STRING(form), PyBytes_GET_SIZE(form)
        self.kind, self.data = PyUnicode_KIND(text), PyUnicode_DATA(text)
        if len(text) != self.n:
            raise ValueError("a plain form is as long as its text")

    cdef void find_run(self, Py_ssize_t at) noexcept:
        """Set `run_first` and `run_last` to the letters around a place; at once where they are those of before."""
        if not self.run_first <= at < self.run_last:
            self.run_first, self.run_last = self.first(at), self.last(at)

    cdef Py_ssize_t blanks(self, Py_ssize_t low, Py_ssize_t high) noexcept:
        """How many there are between two places."""
        cdef Py_ssize_t at, count = 0
        for at in range(low, high):
            count += self.blank(at)
        return count

    cdef bint ends_before(self, Py_ssize_t start) noexcept:
        """See `Sheet.ends_before`."""
        cdef Py_UCS4 sign = self.sign(start - 1)
        if not joins(sign):
            return True
        if sign == AT or sign == NUMBER or sign == DOLLAR or sign == UNDERSCORE:
            return False
        return start < 2 or (self.s[start - 2] == BLANK and self.sign(start - 2) != UNDERSCORE)

    cdef bint ends_behind(self, Py_ssize_t end) noexcept:
        """See `Sheet.ends_behind`."""
        cdef Py_UCS4 sign = self.sign(end)
        if not joins(sign):
            return True
        if sign == UNDERSCORE:
            return False
        if end + 1 == self.n:
            return True
        if self.s[end + 1] != BLANK or self.sign(end + 1) == UNDERSCORE:
            return False
        return sign != PLUS or self.sign(end + 1) != PLUS

    cdef bint is_alone(self, Py_ssize_t start, Py_ssize_t end) except -1:
        """Whether a word by itself stands there, and no part of a longer one; False where that needs a closer look."""
        if start in self.parted:
            return True
        if not (self.ends_before(start) and self.ends_behind(end)):
            return False
        return not self.is_number(end) or end - start > 1

    cdef Py_ssize_t tag(self, Py_ssize_t start) noexcept:
        """Where the # or @ stands behind white space that begins the letters, digits and _ around a place; else -1.

        Also -1 where there are very many.
        """
        cdef Py_UCS4 sign
        cdef Py_ssize_t least = max(start - LONGEST_TAG, 1)
        while start > least and (self.s[start - 1] != BLANK or self.sign(start - 1) == UNDERSCORE):
            start -= 1
        sign = self.sign(start - 1)
        return start - 1 if (sign == NUMBER or sign == AT) and self.sign(start - 2).isspace() else -1

    cdef bint is_part_of_tag(self, Py_ssize_t start, Py_ssize_t end) noexcept:
        """Whether letters are surely but a part of a tag or name: @freies_wort is none of its parts."""
        if self.sign(start - 1) != UNDERSCORE and self.sign(end) != UNDERSCORE:
            return False
        return self.tag(start) >= 0

    cdef Py_ssize_t _beside(self, Py_ssize_t start, Py_ssize_t end) except -3:
        """See `word`; signs that may join stand beside it."""
        if self.is_alone(start, end):
            return start
        if self.is_part_of_tag(start, end):
            return PART
        if self.tag(start) == start - 1:
            return start - 1
        return start if self._is_in_address(start) else UNSURE

    cdef bint _is_in_address(self, Py_ssize_t start) noexcept:
        """Whether a place surely lies inside an address of the web."""
        cdef Py_ssize_t at = start - 1, least = max(start - LONGEST_ADDRESS, 4)
        cdef Py_UCS4 sign
        while at > least:
            sign = self.sign(at)
            if self.s[at] == BLANK and (sign.isspace() or sign in ENDING):
                return False
            if sign == SLASH and self.sign(at - 1) == SLASH and self.sign(at - 2) == COLON:
                return self._begins_address(at - 2)
            at -= 1
        return False

    cdef bint _begins_address(self, Py_ssize_t colon) noexcept:
        """Whether http or https stands in front of a colon, by itself."""
        cdef Py_ssize_t low = self.first(colon)
        cdef Py_UCS4 sign = self.sign(low - 1)
        return (sign.isspace() or sign in OPENING) and self.text[low:colon] in SCHEMES
