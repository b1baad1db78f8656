# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The sieve, compiled: what `smwatch.query.sieve` does, several times quicker, with the same results."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t

from smwatch.query.compiled.clues cimport HERE, UNCLEAR, Clue, Key, Spot
from smwatch.query.compiled.letters cimport BLANK
from smwatch.query.compiled.literals cimport Literals
from smwatch.query.compiled.telling cimport span_of
from smwatch.query.compiled.text cimport PART, UNSURE, Text
from smwatch.query.compiled.words cimport Words, pairs

from smwatch.query.slots import rows_of
from smwatch.query.syntax import TEXT_FIELDS

cdef extern from *:
    """
    #include <string.h>
    """
    void *memmem(const void *, size_t, const void *, size_t) noexcept nogil

cdef enum:
    TERM, ALL, ANY, NEVER, NEAR  # see `routes.PlainNode`

cdef object NOTHING = object()


cdef class Sieve(Literals):
    """See `sieve.Sieve`."""

    cdef list slots, rows  # of each literal: what its slot has in one row, else a Spot
    cdef dict plain

    def __init__(self, list literals, list slots, dict plain):
        cdef dict spots = {}, known = {}
        self.slots, self.plain = slots, plain
        self.rows = [row if row[4] is None else spot_of(row[4], spots, known) for row in rows_of(slots)]

    def sift(self, sheet, list found):
        """See `sieve.Sieve`."""
        return Sorting(self, sheet, found).all()

    def sift_joined(self, sheet, list found):
        """See `sieve.Sieve`."""
        return Sorting(self, sheet, found).all_joined()


cdef Spot spot_of(slot, dict spots, dict known):
    """One for all that are the same slot."""
    if id(slot) not in spots:
        spots[id(slot)] = Spot(slot, known)
    return spots[id(slot)]


cdef class Sorting:
    """The hits of one sheet, sorted: what is there is told in `found`, what is not clear comes back."""

    cdef Sieve sieve
    cdef Text text
    cdef Words words
    cdef object sheet, stretch, name
    cdef list stretches, starts, found, rest
    cdef dict mine
    cdef set asked, odd
    cdef const uint8_t *s
    cdef Py_ssize_t n, low, high, place
    cdef bint clear  # the stretch is text, and need not be read word by word
    cdef bint unclear  # what is evaluated cannot be told here
    cdef bytes joined  # the spellings of compounds, None where there are none, and the part of the item at hand
    cdef Py_ssize_t joined_owner, joined_low, joined_high

    def __cinit__(self, Sieve sieve, sheet, list found):
        self.sieve, self.sheet, self.found, self.words = sieve, sheet, found, sheet.words
        self.text = self.words.text if self.words is not None else Text(sheet.text, sheet.plain, sheet.parted)
        self.s, self.n = self.text.s, self.text.n
        self.stretches, self.starts, self.rest = sheet.stretches, sheet.starts, []
        self.asked, self.odd = set(), sheet.odd
        self.joined = sheet.compounds.buffer if sheet.compounds.at else None
        self.joined_owner = -1
        self.place = -1

    cdef list all(self):
        cdef Sieve sieve = self.sieve
        cdef Words words = sieve.scan(self.text.form)
        cdef Py_ssize_t i, start, end
        cdef uint32_t number
        words.text = self.text
        self.words = self.sheet.words = words
        for i in range(words.hit_count):
            number = words.hits[i].number
            start, end = words.hits[i].start, words.hits[i].start + sieve.length(number)
            start += self.s[start] == BLANK
            end -= self.s[end - 1] == BLANK
            if not self.low <= start < self.high:
                self._seek(start)
            if not self.clear:
                self._unclear(number, None, start, end)
            else:
                self._told(number, start, end)
        return self.rest

    cdef list all_joined(self):
        """The same for the joined spellings: words that are compounds of two parts; what else is hit comes back."""
        cdef Words words = self.sieve.scan(self.joined)
        cdef list starts = self.sheet.compounds.starts, at = self.sheet.compounds.at, ends = self.sheet.compounds.ends
        cdef Py_ssize_t i, start, spelling = 0, last = len(starts)
        cdef uint32_t number
        for i in range(words.hit_count):
            number, start = words.hits[i].number, words.hits[i].start
            while spelling + 1 < last and <Py_ssize_t>starts[spelling + 1] <= start + 1:
                spelling += 1
            if not (ends[spelling] and self._told_joined(number, at[spelling], ends[spelling])):
                self.rest.append((number, start, start + self.sieve.length(number)))
        return self.rest

    cdef bint _told_joined(self, uint32_t number, Py_ssize_t start, Py_ssize_t end) except -1:
        row = self.sieve.rows[number]
        if type(row) is Spot and not (<Spot>row).is_single:
            return False
        if not self.low <= start < self.high:
            self._seek(start)
        if not self.clear:
            return False
        if type(row) is tuple:
            self._add((<tuple>row)[2], (<tuple>row)[3], start, end)
            return True
        for one in (<Spot>row).words:
            self._add((<tuple>one)[0], (<tuple>one)[1], start, end)
        for clue in (<Spot>row).clues:
            self._add((<Clue>clue).query, (<Clue>clue).shown, start, end)
        return True

    cdef int _told(self, uint32_t number, Py_ssize_t start, Py_ssize_t end) except -1:
        cdef Py_ssize_t word
        row = self.sieve.rows[number]
        if type(row) is Spot:
            return self._spot(number, <Spot>row, start, end)
        word = self.text.word(start, end)
        if word == UNSURE:
            return self._unclear(number, None, start, end)
        return 0 if word == PART else self._add((<tuple>row)[2], (<tuple>row)[3], word, end)

    cdef int _unclear(self, uint32_t number, list terms, Py_ssize_t start, Py_ssize_t end) except -1:
        self.rest.append((self.sieve.slots[number], terms, self.stretch, start, end))
        return 0

    cdef int _seek(self, Py_ssize_t at) except -1:
        """Go to the stretch that holds a place: mostly the next one."""
        cdef Py_ssize_t low = 0, high = len(self.starts), middle = self.place + 1
        while high - low > 1:
            if not low < middle < high:
                middle = (low + high) // 2
            if <Py_ssize_t>self.starts[middle] <= at:
                low = middle
            else:
                high = middle
        self.place = low
        self.stretch = self.stretches[low]
        self.low, self.high, self.name = self.stretch.low, self.stretch.high, self.stretch.name
        self.mine = self.found[self.stretch.owner]
        self.clear = not self.stretch.odd and self.name in TEXT_FIELDS
        return 0

    # what one literal points to

    cdef int _spot(self, uint32_t number, Spot spot, Py_ssize_t start, Py_ssize_t end) except -1:
        cdef list rest = None
        cdef Py_ssize_t word, first, last
        cdef int found
        cdef Clue clue
        if spot.words:
            word = self.text.word(start, end)
            if word == UNSURE:
                return self._unclear(number, None, start, end)
            for one in spot.words if word != PART else ():
                self._add((<tuple>one)[0], (<tuple>one)[1], word, end)
        if spot.others and self._first_time(number):
            for one in spot.others:
                if (<tuple>one)[0] not in self.mine:
                    self._other((<tuple>one)[0], (<tuple>one)[1])
        for clue in spot.clues:
            first, last = start, end
            found = clue.look(self.text, self.low, self.high, &first, &last)
            if found == HERE:
                self._add(clue.query, clue.shown, first, last)
            elif found == UNCLEAR:
                if rest is None:
                    rest = []
                rest.append(clue.row)
        return 0 if rest is None else self._unclear(number, rest, start, end)

    cdef int _other(self, query, tuple needs) except -1:
        """A query of several words: done here where it is plain and they are clear, else to be evaluated."""
        if not self._has_all(needs):
            return 0
        node = self.sieve.plain.get(query)
        if node is None:
            self.mine[query] = None
            return 0
        self.unclear = False
        spans = self._evaluated(<tuple>node)
        if self.unclear:
            self.mine[query] = None
        elif spans is not None:
            self.mine[query] = spans
        return 0

    cdef list _evaluated(self, tuple node):
        """The spans with which a node holds, None where it does not; whatever, once anything is `unclear`."""
        cdef int kind = node[0]
        cdef list spans = []
        cdef bint holds = kind == ALL
        if kind == TERM:
            return self._term_spans(node[1], node[2])
        if kind == NEAR:
            return self._near_spans(node)
        if kind == NEVER:
            return [] if self._evaluated(node[1]) is None else None
        for child in <tuple>node[1]:
            found = self._evaluated(child)
            if self.unclear:
                return None
            if found is not None:
                holds = True
                spans += <list>found
            elif kind == ALL:
                return None
        return spans if holds else None

    cdef list _term_spans(self, tuple literals, shown):
        cdef list spans = []
        for part in <list>self.sheet.parts[self.stretch.owner]:
            if part.name not in TEXT_FIELDS:
                continue
            self._add_places(spans, part, self._places(literals, part), shown)
            if self.unclear:
                return None
        return spans or None

    cdef list _near_spans(self, tuple node):
        """Two words with few others between them: those of both sides that have one of the other near them."""
        cdef list spans = [], ours, theirs
        cdef tuple left = node[1], right = node[2]
        for part in <list>self.sheet.parts[self.stretch.owner]:
            if part.name not in TEXT_FIELDS:
                continue
            ours, theirs = self._places(left[1], part), self._places(right[1], part)
            if not self.unclear and ours and theirs:
                near = pairs(self.words, part.low, part.high, ours, theirs, node[3], node[4], node[5])
                if near is None:
                    self.unclear = True
                else:
                    self._add_places(spans, part, near[0], left[2])
                    self._add_places(spans, part, near[1], right[2])
            if self.unclear:
                return None
        return spans or None

    cdef int _add_places(self, list spans, part, list places, shown) except -1:
        cdef Py_ssize_t low = part.low
        for start, end in places:
            spans.append(span_of(part.name, start - low, end - low, shown))
        return 0

    cdef list _places(self, tuple literals, part):
        """Where a word stands in a field."""
        found = None if part.odd else self.words.alone(literals, part.low - 1, part.high + 1)
        for literal in literals:
            if found is None or self._is_joined(literal):
                self.unclear = True
                return []
        return found

    cdef bint _is_joined(self, bytes literal) except -1:
        """Whether a literal stands in a compound of the item."""
        cdef const uint8_t *it
        if self.joined is None:
            return False
        if self.joined_owner != self.stretch.owner:
            parts = self.sheet.parts[self.stretch.owner]
            self.joined_low, self.joined_high = self.sheet.compounds.extent(parts[0].low, parts[len(parts) - 1].high)
            self.joined_owner = self.stretch.owner
        it = <const uint8_t *>PyBytes_AS_STRING(self.joined)
        return memmem(
            it + self.joined_low, self.joined_high - self.joined_low,
            PyBytes_AS_STRING(literal), PyBytes_GET_SIZE(literal),
        ) != NULL

    cdef bint _first_time(self, uint32_t number) except -1:
        """Whether a literal was not yet hit in this item."""
        key = number, self.stretch.owner
        if key in self.asked:
            return False
        self.asked.add(key)
        return True

    cdef bint _has_all(self, tuple needs) except -1:
        """Whether the item holds one literal of each row."""
        cdef Py_ssize_t low, high, first, last
        if not needs:
            return True
        parts = self.sheet.parts[self.stretch.owner]
        low, high = <Py_ssize_t>parts[0].low - 1, <Py_ssize_t>parts[len(parts) - 1].high + 1
        first, last = self.words.before(low), self.words.before(high)
        for row in needs:
            if not self._has_any(<tuple>row, low, high, first, last):
                return False
        return True

    cdef bint _has_any(
        self, tuple keys, Py_ssize_t low, Py_ssize_t high, Py_ssize_t first, Py_ssize_t last,
    ) except -1:
        """Whether one of these stands between two places, which are those of two words, or in a compound there."""
        cdef Key key
        for key in keys:
            if key.is_word:
                if self.words.next_of(key.value, key.literal, first, last) < last:
                    return True
            elif memmem(self.s + low, high - low, PyBytes_AS_STRING(key.literal), key.size) != NULL:
                return True
        if self.odd and self.stretch.owner in self.odd:
            return True
        for key in keys:
            if self._is_joined(key.literal):
                return True
        return False

    cdef int _add(self, query, shown, Py_ssize_t start, Py_ssize_t end) except -1:
        known = self.mine.get(query, NOTHING)
        if known is None:
            return 0
        span = span_of(self.name, start - self.low, end - self.low, shown)
        if known is NOTHING:
            self.mine[query] = [span]
        else:
            (<list>known).append(span)
        return 0
