# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""What literals point to, laid out so that a hit asks nothing of Python (see `smwatch.query.index.Slot`)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint64_t

from smwatch.query.compiled.letters cimport eight, hashed, is_word, lowest, second


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
        self.before = way.before[0].literals if way.before else ()
        self.behind = way.behind[0].literals if way.behind else ()
        self.blanks = len(way.before) + len(way.behind)
        self.is_phrase = bool(way.heads and way.tails)
        self.is_part = way.anchor.any_word and not self.blanks


cdef class Spot:
    """What one literal points to; `known` holds what many of them share."""

    def __cinit__(self, slot, dict known):
        self.slot = slot
        self.words = tuple([(query, way.term.shown) for query, way in slot.words])
        self.clues = tuple([Clue(row, known) for row in slot.terms])
        self.others = tuple([(query, keys(needs, known)) for query, needs in slot.others])


cdef tuple keys(tuple needs, dict known):
    return tuple([tuple([shared(Key, literal, known) for literal in row]) for row in needs])


cdef object shared(kind, value, dict known):
    """`kind(value)`, once for all that are equal."""
    if value not in known:
        known[value] = kind(value)
    return known[value]
