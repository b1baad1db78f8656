# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What literals point to, laid out so that a hit asks nothing of Python (see `smwatch.query.index.Slot`)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp

from smwatch.query.compiled.letters cimport BLANK, eight, hashed, is_word, lowest, second
from smwatch.query.compiled.text cimport Text

cdef enum:
    MOST_SIGNS = 40  # between two words beside each other


cdef class Key:
    """A literal to be looked for among the words of an item."""

    def __cinit__(self, bytes literal):
        cdef const uint8_t *it = <const uint8_t *>PyBytes_AS_STRING(literal)
        cdef Py_ssize_t length = PyBytes_GET_SIZE(literal) - 2
        self.literal, self.size, self.is_word = literal, length + 2, is_word(literal)
        if self.is_word:
            self.value = hashed(lowest(eight(it + 1, length), length), second(it + 1, length), length)


cdef class Letters:
    """Some letters of plain forms; of none it is said that any will do."""

    def __cinit__(self, frozenset letters):
        cdef uint8_t letter
        self.any = not letters
        for letter in letters:
            self.bits[letter >> 6] |= <uint64_t>1 << (letter & 63)


cdef class Clue:
    """A term that is more than a word: where its anchor stands, what must stand around it."""

    def __cinit__(self, tuple row, dict known):
        self.row = row
        self.query, way = row
        self.shown = way.term.shown
        self.last, self.first = shared(Letters, way.last, known), shared(Letters, way.first, known)
        self.heads, self.tails = way.heads, way.tails
        self.before = tuple([other.literals for other in way.before])
        self.behind = tuple([other.literals for other in way.behind])
        self.blanks = len(way.before) + len(way.behind)
        self.is_phrase = bool(way.heads and way.tails)
        self.is_part = way.anchor.any_word and not self.blanks

    cdef int look(
        self, Text text, Py_ssize_t low, Py_ssize_t high, Py_ssize_t *start, Py_ssize_t *end,
    ) except -1:
        """Whether the term stands around its anchor, which was found from `start` to `end`; if so, they tell where.

        The field reaches from `low` to `high`. One letter beside the anchor decides most often.
        """
        cdef const uint8_t *s = text.s
        cdef Py_ssize_t first = start[0], last = end[0]
        if text.blank(first - 1) and s[first - 2] != BLANK and self.last.lacks(s[first - 2]):
            return MISSING
        if last + 1 < text.n and text.blank(last) and s[last + 1] != BLANK and self.first.lacks(s[last + 1]):
            return MISSING
        if self.is_phrase:
            return MISSING if text.is_part_of_tag(first, last) else self._phrase(text, low, high, start, end)
        return self._part(text, start, end) if self.is_part else UNCLEAR

    cdef int _part(self, Text text, Py_ssize_t *start, Py_ssize_t *end) except -1:
        """The whole word that holds the anchor, with its # or @."""
        text.find_run(start[0])
        start[0], end[0] = text.run_first, text.run_last
        if text.is_alone(start[0], end[0]):
            return HERE
        if not text.ends_behind(end[0]) or text.tag(start[0]) != start[0] - 1:
            return UNCLEAR
        start[0] -= 1
        return HERE

    cdef int _phrase(
        self, Text text, Py_ssize_t low, Py_ssize_t high, Py_ssize_t *start, Py_ssize_t *end,
    ) except -1:
        """Words that follow each other, to the letter; or another word beside the anchor."""
        cdef Py_ssize_t first = begin(text, self.heads, start[0]), last = ending(text, self.tails, end[0])
        if first and last and text.blanks(first, last) == self.blanks:
            start[0], end[0] = first, last
            return HERE if text.ends_before(first) and text.ends_behind(last) and not text.is_number(last) else UNCLEAR
        if is_other_behind(text, self.behind, end[0], high) or is_other_before(text, self.before, start[0], low):
            return MISSING
        return UNCLEAR


cdef class Spot:
    """What one literal points to; `known` holds what many of them share."""

    def __cinit__(self, slot, dict known):
        self.slot = slot
        self.words = tuple([(query, way.term.shown) for query, way in slot.words])
        self.clues = tuple([Clue(row, known) for row in slot.terms])
        self.others = tuple([(query, keys(needs, known)) for query, needs in slot.others])
        self.is_single = not self.others and all([(<Clue>clue).is_part for clue in self.clues])


cdef tuple keys(tuple needs, dict known):
    return tuple([tuple([shared(Key, literal, known) for literal in row]) for row in needs])


cdef object shared(kind, value, dict known):
    """`kind(value)`, once for all that are equal."""
    if value not in known:
        known[value] = kind(value)
    return known[value]


cdef Py_ssize_t begin(Text text, tuple heads, Py_ssize_t start) except -1:
    """Where a phrase begins of which one of these stands before `start`; 0: none does."""
    cdef Py_ssize_t size
    for head in heads:
        size = PyBytes_GET_SIZE(head)
        if size <= start and not memcmp(text.s + start - size, PyBytes_AS_STRING(head), size):
            return start - size + 1
    return 0


cdef Py_ssize_t ending(Text text, tuple tails, Py_ssize_t end) except -1:
    """The same for its end."""
    cdef Py_ssize_t size
    for tail in tails:
        size = PyBytes_GET_SIZE(tail)
        if end + size <= text.n and not memcmp(text.s + end, PyBytes_AS_STRING(tail), size):
            return end + size - 1
    return 0


cdef bint is_other_behind(Text text, tuple rows, Py_ssize_t end, Py_ssize_t high) except -1:
    """Whether the next words, each surely by itself, are not one of each of these rows; or nothing more follows."""
    cdef Py_ssize_t low, last
    for literals in rows:
        if not text.ends_behind(end):
            return False
        low, last = end + 1, min(end + MOST_SIGNS, high)
        while low < last and text.s[low] == BLANK:
            low += 1
        if low >= high:
            return True
        last = text.last(low)
        if last == low or not (text.ends_behind(last) and (text.ends_before(low) or text.tag(low) == low - 1)):
            return False
        if not is_any(text, literals, low - 1, last + 1):
            return True
        end = last
    return False


cdef bint is_other_before(Text text, tuple rows, Py_ssize_t start, Py_ssize_t low) except -1:
    """The same for the words before."""
    cdef Py_ssize_t high, first
    for literals in rows:
        if not text.ends_before(start):
            return False
        high, first = start - 1, max(start - MOST_SIGNS, low)
        while high > first and text.s[high - 1] == BLANK:
            high -= 1
        if high <= low:
            return True
        first = text.first(high)
        if first == high or not (text.ends_behind(high) and (text.ends_before(first) or text.tag(first) == first - 1)):
            return False
        if not is_any(text, literals, first - 1, high + 1):
            return True
        start = first - (text.tag(first) == first - 1)
    return False


cdef bint is_any(Text text, tuple literals, Py_ssize_t low, Py_ssize_t high) except -1:
    """Whether it is one of these that stands between two places."""
    cdef Py_ssize_t size = high - low
    for literal in literals:
        if PyBytes_GET_SIZE(literal) == size and not memcmp(text.s + low, PyBytes_AS_STRING(literal), size):
            return True
    return False
