# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The words of a plain form, to be asked again and again, and the literals that were found in it."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from smwatch.query.compiled.letters cimport BLANK, eight, hashed, is_word, lowest, second
from smwatch.query.compiled.signs cimport joins
from smwatch.query.compiled.text cimport PART, UNSURE

from bisect import bisect_right

from smwatch.text.plain import ODD as PLAIN_ODD
from smwatch.text.surface import APOSTROPHES, HYPHENS

cdef enum:
    DOT = 46
    SLASH = 47
    COLON = 58
    MOST_PAIRS = 4096  # that are looked at one by one

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

    def alone(self, tuple literals, Py_ssize_t low, Py_ssize_t high):
        """Where these words, each between blanks, stand between two places, in order; None: one needs a closer look."""
        cdef Py_ssize_t at, last = self.before(high), start, end
        found = []
        for literal in literals:
            if not is_word(literal):
                return None
            at = self.next(literal, self.before(low), last)
            while at < last:
                start, end = self.starts[at], self.starts[at] + PyBytes_GET_SIZE(literal) - 2
                start = self.text.word(start, end)
                if start == UNSURE:
                    return None
                if start != PART:
                    found.append((start, end))
                at = self.next(literal, at + 1, last)
        if len(found) > 1:
            found.sort()
        return found

    def around(self, list edges, Py_ssize_t reach, Py_ssize_t low, Py_ssize_t high):
        """Stretches between two places that hold `reach` whole words on either side of each of `edges`, in order.

        Each is told by its start, its end and where its words begin. None where any is not clear.
        """
        cdef Reader it = Reader(self, low, high)
        cdef Py_ssize_t count = len(edges), at = 0, first, last, end
        found = []
        while at < count:
            first, end = it.back(edges[at][0], reach), edges[at][1]
            last = it.on(end, reach)
            while at + 1 < count and (
                <Py_ssize_t>edges[at + 1][0] <= last or it.back(edges[at + 1][0], reach) <= last
            ):
                at += 1
                end = max(end, <Py_ssize_t>edges[at][1])
                while at + 1 < count and <Py_ssize_t>edges[at + 1][0] <= last:
                    at += 1
                    end = max(end, <Py_ssize_t>edges[at][1])
                last = max(last, it.on(end, reach))
            begins = it.words(first, last)
            if begins is None:
                return None
            found.append((first, last, begins))
            at += 1
        return found

    cdef void word(self, uint32_t value, Py_ssize_t start) noexcept:
        self.values[self.count] = value
        self.starts[self.count] = <uint32_t>start
        self.count += 1

    cdef Py_ssize_t next(self, bytes literal, Py_ssize_t at, Py_ssize_t last) noexcept:
        """The first of the words from `at` to `last` that is this one; `last` if none is."""
        cdef const uint8_t *it = <const uint8_t *>PyBytes_AS_STRING(literal)
        cdef Py_ssize_t length = PyBytes_GET_SIZE(literal) - 2
        return self.next_of(hashed(lowest(eight(it + 1, length), length), second(it + 1, length), length), literal, at, last)

    cdef Py_ssize_t next_of(self, uint32_t value, bytes literal, Py_ssize_t at, Py_ssize_t last) noexcept:
        """The same where the hash of the word is known."""
        cdef const uint8_t *it = <const uint8_t *>PyBytes_AS_STRING(literal)
        cdef Py_ssize_t size = PyBytes_GET_SIZE(literal)
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


cdef class Reader:
    """A field, read by whole words: what stands between blanks, but several words that hyphens join are one."""

    cdef Words plain
    cdef Text text
    cdef Py_ssize_t low, high

    def __cinit__(self, Words plain, Py_ssize_t low, Py_ssize_t high):
        if not 0 < low <= high < plain.text.n:
            raise ValueError("no such field")
        self.plain, self.text, self.low, self.high = plain, plain.text, low, high

    cdef bint linked(self, Py_ssize_t word) except -1:
        """Whether a hyphen or apostrophe joins a word to the one before."""
        cdef Py_ssize_t start = self.plain.starts[word]
        return self.plain.s[start - 2] != BLANK and self.text.sign(start - 1) in LINKS

    cdef Py_ssize_t back(self, Py_ssize_t start, Py_ssize_t reach) except -1:
        """White space, or the field's start, with so many words from there to `start`."""
        cdef Py_ssize_t word = self.plain.before(start), first = self.plain.before(self.low), count = 0
        while word > first and count <= reach:
            word -= 1
            count += not self.linked(word)
        if count <= reach:
            return self.low
        start = min(start, <Py_ssize_t>self.plain.starts[word])
        while start > self.low and not self.text.sign(start - 1).isspace():
            start -= 1
        return start

    cdef Py_ssize_t on(self, Py_ssize_t end, Py_ssize_t reach) except -1:
        """The same behind `end`."""
        cdef Py_ssize_t word = self.plain.before(end), last = self.plain.before(self.high), count = 0
        while word < last and count <= reach:
            count += not self.linked(word)
            word += 1
        if count <= reach:
            return self.high
        end = max(end, <Py_ssize_t>self.plain.starts[word - 1])
        while end < self.high and not self.text.sign(end).isspace():
            end += 1
        return end

    cdef list words(self, Py_ssize_t first, Py_ssize_t last):
        """Where each whole word begins from one white space to another; None where that is not clear.

        Only letters, digits, the usual signs between words, and hyphens and apostrophes inside them are clear.
        """
        cdef const uint8_t *s = self.plain.s
        cdef Py_ssize_t at
        cdef Py_UCS4 sign
        cdef bint inside = False, joined
        cdef list found = []
        for at in range(first, last):
            if s[at] == ODD:
                return None
            if s[at] != BLANK:
                if not inside:
                    found.append(at)
                inside = True
                continue
            sign = self.text.sign(at)
            if sign < 256 and not joins(sign):
                if sign == COLON and self.text.sign(at + 1) == SLASH:  # an address
                    return None
                inside = False
                continue
            joined = s[at - 1] != BLANK and s[at + 1] != BLANK
            if sign in LINKS:
                inside = inside and joined
            elif (sign == DOT or sign in USUAL) and not joined:
                inside = False
            else:
                return None
        return found


cdef tuple pairs(
    Words words, Py_ssize_t low, Py_ssize_t high, list ours, list theirs, Py_ssize_t between, bint ordered,
    Py_ssize_t reach,
):
    """The words of either side with one of the other at most so many words away; None where that is not clear.

    `ordered`: ours first. All are places between `low` and `high`; `reach` is as in `Words.around`.
    """
    cdef list left = [], right = [], one, other
    rare = ours if len(ours) <= len(theirs) else theirs
    around = words.around(rare, reach, low, high)
    if around is None:
        return None
    for first, last, begins in <list>around:
        one, other = numbered(ours, first, last, begins), numbered(theirs, first, last, begins)
        if len(one) * len(other) > MOST_PAIRS:
            return None
        left += [place for place, number in one if has_near(number, other, between, True, not ordered)]
        right += [place for place, number in other if has_near(number, one, between, not ordered, True)]
    return left, right


cdef list numbered(list places, Py_ssize_t first, Py_ssize_t last, list begins):
    """Those between two places, each with the number of its word."""
    return [(place, bisect_right(begins, place[0])) for place in places if first <= place[0] and place[1] <= last]


cdef bint has_near(Py_ssize_t number, list rows, Py_ssize_t between, bint behind, bint before) except -1:
    cdef Py_ssize_t apart
    for _, other in rows:
        apart = <Py_ssize_t>other - number
        if (behind and 0 < apart <= between + 1) or (before and 0 < -apart <= between + 1):
            return True
    return False
