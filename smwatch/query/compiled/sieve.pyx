# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The sieve, compiled: what `smwatch.query.sieve` does, several times quicker, with the same results."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_SET_ITEM
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND, PyUnicode_READ
from libc.stdint cimport uint8_t, uint32_t
from libc.string cimport memcmp

from smwatch.query.compiled.letters cimport BLANK, is_word
from smwatch.query.compiled.literals cimport Literals
from smwatch.query.compiled.signs cimport joins
from smwatch.query.compiled.words cimport Words

from smwatch.model import Span
from smwatch.query.slots import rows_of
from smwatch.query.syntax import TEXT_FIELDS

cdef extern from *:
    """
    #include <string.h>
    #define new_row(type, size) (((PyTypeObject *)(type))->tp_alloc((PyTypeObject *)(type), (size)))
    """
    object new_row(object, Py_ssize_t)
    void *memmem(const void *, size_t, const void *, size_t) noexcept nogil

cdef enum:
    TERM, ALL, ANY, NEVER  # see `routes.PlainNode`

cdef object NOTHING = object()


cdef class Sieve(Literals):
    """See `sieve.Sieve`."""

    cdef list slots, rows
    cdef dict plain

    def __init__(self, list literals, list slots, dict plain):
        self.slots, self.plain = slots, plain
        self.rows = rows_of(slots)

    def sift(self, sheet, list found):
        """See `sieve.Sieve`."""
        return Sorting(self, sheet, found).all()


cdef class Sorting:
    """The hits of one sheet, sorted: what is there is told in `found`, what is not clear comes back."""

    cdef Sieve sieve
    cdef Words words
    cdef object sheet, stretch, name
    cdef str text
    cdef bytes form
    cdef list stretches, starts, found, rest
    cdef dict mine
    cdef set parted, asked
    cdef const uint8_t *s
    cdef int kind
    cdef const void *data
    cdef Py_ssize_t n, low, high, place
    cdef bint clear  # the stretch is text, and need not be read word by word
    cdef bint unclear  # what is evaluated cannot be told here
    cdef bytes joined  # the spellings of compounds, None where there are none, and the part of the item at hand
    cdef Py_ssize_t joined_owner, joined_low, joined_high

    def __cinit__(self, Sieve sieve, sheet, list found):
        self.sieve, self.sheet, self.text, self.form, self.found = sieve, sheet, sheet.text, sheet.plain, found
        self.stretches, self.starts, self.parted, self.rest = sheet.stretches, sheet.starts, sheet.parted, []
        self.asked = set()
        self.joined = sheet.compounds.buffer if sheet.compounds.at else None
        self.joined_owner = -1
        self.s = <const uint8_t *>PyBytes_AS_STRING(self.form)
        self.n = PyBytes_GET_SIZE(self.form)
        self.kind, self.data = PyUnicode_KIND(self.text), PyUnicode_DATA(self.text)
        self.place = -1
        if len(self.text) != self.n:
            raise ValueError("a plain form is as long as its text")

    cdef list all(self):
        cdef Sieve sieve = self.sieve
        cdef Words words = sieve.scan(self.form)
        cdef Py_ssize_t i, start, end
        cdef uint32_t number
        cdef tuple row
        self.words = self.sheet.words = words
        for i in range(words.hit_count):
            number = words.hits[i].number
            row = <tuple>sieve.rows[number]
            start = words.hits[i].start + <Py_ssize_t>row[0]
            end = words.hits[i].start + sieve.length(number) - <Py_ssize_t>row[1]
            if not self.low <= start < self.high:
                self._seek(start)
            if not self.clear:
                self.rest.append((sieve.slots[number], None, self.stretch, start, end))
            elif row[4] is not None:
                self._slot(number, row[4], start, end)
            elif self._alone(start, end):
                self._add(row[2], row[3], start, end)
            else:
                self.rest.append((sieve.slots[number], None, self.stretch, start, end))
        return self.rest

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

    cdef int _slot(self, uint32_t number, slot, Py_ssize_t start, Py_ssize_t end) except -1:
        cdef list words = slot.words, terms = slot.terms, others = slot.others, rest = None
        if words and not self._alone(start, end):
            self.rest.append((slot, None, self.stretch, start, end))
            return 0
        for query, way in words:
            self._add(query, way.term.shown, start, end)
        if others and self._first_time(number):
            for query, needs in others:
                if query not in self.mine:
                    self._other(query, needs)
        for term in terms:
            if not self._term((<tuple>term)[0], (<tuple>term)[1], start, end):
                if rest is None:
                    rest = []
                rest.append(term)
        if rest is not None:
            self.rest.append((slot, rest, self.stretch, start, end))
        return 0

    cdef int _other(self, query, tuple needs) except -1:
        """A query of several words: done here where it is plain and they are clear, else to be evaluated."""
        cdef tuple node
        if not self._has_all(needs):
            return 0
        node = self.sieve.plain.get(query)
        if node is None:
            self.mine[query] = None
            return 0
        self.unclear = False
        spans = self._evaluated(node)
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
        cdef Py_ssize_t low
        for part in <list>self.sheet.parts[self.stretch.owner]:
            if part.odd:
                self.unclear = True
                return None
            if part.name not in TEXT_FIELDS:
                continue
            low = part.low
            found = self.words.alone(self.text, literals, low - 1, part.high + 1, self.parted)
            if found is None:
                self.unclear = True
                return None
            for start, end in <list>found:
                spans.append(span_of(part.name, start - low, end - low, shown))
        if self.joined is not None and self._is_joined(literals):
            self.unclear = True
        return spans or None

    cdef bint _is_joined(self, tuple literals) except -1:
        """Whether one of the literals stands in a compound of the item."""
        cdef const uint8_t *it = <const uint8_t *>PyBytes_AS_STRING(self.joined)
        if self.joined_owner != self.stretch.owner:
            parts = self.sheet.parts[self.stretch.owner]
            self.joined_low, self.joined_high = self.sheet.compounds.extent(parts[0].low, parts[len(parts) - 1].high)
            self.joined_owner = self.stretch.owner
        for literal in literals:
            if memmem(
                it + self.joined_low, self.joined_high - self.joined_low,
                PyBytes_AS_STRING(literal), PyBytes_GET_SIZE(literal),
            ):
                return True
        return False

    cdef bint _first_time(self, uint32_t number) except -1:
        """Whether a literal was not yet hit in this item."""
        key = number, self.stretch.owner
        if key in self.asked:
            return False
        self.asked.add(key)
        return True

    cdef bint _has_all(self, tuple needs) except -1:
        """Whether the item holds one literal of each row."""
        cdef Py_ssize_t low = 0, high = 0
        cdef bint has
        for literals in needs:
            if not high:
                parts = self.sheet.parts[self.stretch.owner]
                low, high = parts[0].low - 1, parts[len(parts) - 1].high + 1
            has = False
            for literal in <tuple>literals:
                if self._has(literal, low, high):
                    has = True
                    break
            if not has and not self.sheet.holds_joined(self.stretch.owner, literals):
                return False
        return True

    cdef bint _has(self, bytes literal, Py_ssize_t low, Py_ssize_t high) except -1:
        cdef Py_ssize_t last
        if is_word(literal):
            last = self.words.before(high)
            return self.words.next(literal, self.words.before(low), last) < last
        return memmem(self.s + low, high - low, PyBytes_AS_STRING(literal), PyBytes_GET_SIZE(literal)) != NULL

    cdef bint _term(self, query, way, Py_ssize_t start, Py_ssize_t end) except -1:
        """Whether it is clear that a term stands around its anchor, or does not."""
        cdef frozenset letters = way.last
        cdef Py_ssize_t low, high
        if letters and self._blank(start - 1) and self.s[start - 2] != BLANK and self.s[start - 2] not in letters:
            return True
        letters = way.first
        if letters and end + 1 < self.n and self._blank(end):
            if self.s[end + 1] != BLANK and self.s[end + 1] not in letters:
                return True
        if way.heads and way.tails:
            return self._phrase(query, way, start, end)
        if way.anchor.any_word and not way.before and not way.behind:
            low, high = start, end
            while self.s[low - 1] != BLANK:
                low -= 1
            while self.s[high] != BLANK:
                high += 1
            if self._alone(low, high):
                self._add(query, way.term.shown, low, high)
                return True
        return False

    cdef bint _phrase(self, query, way, Py_ssize_t start, Py_ssize_t end) except -1:
        """The same for words that follow each other."""
        cdef Py_ssize_t low = self._before(way.heads, start), high = self._behind(way.tails, end)
        if low and high and self._blanks(low, high) == len(<tuple>way.before) + len(<tuple>way.behind):
            if self._joins(low - 1) or self._joins(high):
                return False
            self._add(query, way.term.shown, low, high)
            return True
        return self._other_behind(way.behind, end) or self._other_before(way.before, start)

    cdef Py_ssize_t _before(self, tuple heads, Py_ssize_t start) except -1:
        """Where a phrase begins of which one of these stands before `start`; 0: none does."""
        cdef Py_ssize_t size
        for head in heads:
            size = PyBytes_GET_SIZE(head)
            if size <= start and not memcmp(self.s + start - size, PyBytes_AS_STRING(head), size):
                return start - size + 1
        return 0

    cdef Py_ssize_t _behind(self, tuple tails, Py_ssize_t end) except -1:
        """The same for its end."""
        cdef Py_ssize_t size
        for tail in tails:
            size = PyBytes_GET_SIZE(tail)
            if end + size <= self.n and not memcmp(self.s + end, PyBytes_AS_STRING(tail), size):
                return end + size - 1
        return 0

    cdef bint _other_behind(self, tuple ways, Py_ssize_t end) except -1:
        """Whether one blank and then a word by itself follows, and another one than the first of these."""
        cdef Py_ssize_t high = end + 1
        if not ways or not self._blank(end) or high >= self.high or self.s[high] == BLANK:
            return False
        while self.s[high] != BLANK:
            high += 1
        return not self._joins(high) and self.form[end : high + 1] not in ways[0].literals

    cdef bint _other_before(self, tuple ways, Py_ssize_t start) except -1:
        """The same for the word before."""
        cdef Py_ssize_t low = start - 1
        if not ways or not self._blank(low) or low <= self.low or self.s[low - 1] == BLANK:
            return False
        while self.s[low - 1] != BLANK:
            low -= 1
        return not self._joins(low - 1) and self.form[low - 1 : start] not in ways[0].literals

    # what stands in the text

    cdef inline Py_UCS4 _sign(self, Py_ssize_t at) noexcept:
        return PyUnicode_READ(self.kind, self.data, at)

    cdef inline bint _blank(self, Py_ssize_t at) noexcept:
        return self._sign(at) == BLANK

    cdef Py_ssize_t _blanks(self, Py_ssize_t low, Py_ssize_t high) noexcept:
        cdef Py_ssize_t at, count = 0
        for at in range(low, high):
            count += self._blank(at)
        return count

    cdef inline bint _joins(self, Py_ssize_t at) noexcept:
        return joins(self._sign(at))

    cdef inline bint _alone(self, Py_ssize_t start, Py_ssize_t end) except -1:
        """Whether what stands there is surely a word by itself; False where that needs a closer look."""
        if not (self._joins(start - 1) or self._joins(end)):
            return True
        return start in self.parted or self.sheet.stands_alone(start, end)

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


cdef object span_of(name, start, end, shown):
    """`Span(name, start, end, shown)`, without a call."""
    span = new_row(Span, 4)
    for_row(span, 0, name)
    for_row(span, 1, start)
    for_row(span, 2, end)
    for_row(span, 3, shown)
    return span


cdef inline void for_row(object row, Py_ssize_t at, object value) noexcept:
    Py_INCREF(value)
    PyTuple_SET_ITEM(row, at, value)


def told(dict found, list names, dict untidy, tidied, hit):
    """What `Engine` tells of an item for which nothing is left to be evaluated: a `hit` a query, in their order."""
    cdef list rows = [], spans
    for number in sorted(found) if len(found) > 1 else found:
        spans = found[number]
        one = new_row(hit, 2)
        for_row(one, 0, names[number])
        if len(spans) == 1 or (not untidy.get(number) and in_order(spans)):
            for_row(one, 1, tuple(spans))
        else:
            for_row(one, 1, tidied(number, spans))
        rows.append(one)
    return rows


cdef bint in_order(list spans) except -1:
    """Whether they stand one behind the other in one field, so that nothing is to be sorted or left out."""
    cdef Py_ssize_t number
    cdef tuple before = <tuple>spans[0], one
    for number in range(1, len(spans)):
        one = <tuple>spans[number]
        if one[0] is not before[0] or not <Py_ssize_t>before[1] < <Py_ssize_t>one[1]:
            return False
        before = one
    return True
