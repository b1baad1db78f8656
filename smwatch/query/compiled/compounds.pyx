# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""How a sheet is laid out: its plain form, and the joined spellings of it (Car-Sharing as carsharing)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_KIND, PyUnicode_READ
from libc.stdint cimport uint8_t

from smwatch.query.compiled.letters cimport BLANK
from smwatch.query.compiled.signs cimport joins

from smwatch.text.plain import ODD as PLAIN_ODD
from smwatch.text.plain import UNSEEN as PLAIN_UNSEEN
from smwatch.text.plain import GLUE, ends_nothing
from smwatch.text.plain import code as char_code

cdef enum:
    BEYOND = 131072  # below are all emoji

cdef uint8_t ODD = PLAIN_ODD
cdef uint8_t UNSEEN = PLAIN_UNSEEN
cdef uint8_t[256] CODES
cdef bint[256] LINKING
cdef str FAR = "".join(sign for sign in GLUE if sign > "\xff")
cdef uint8_t[BEYOND] CODES_BEYOND  # those that were asked for
for number in range(256):
    CODES[number] = char_code(chr(number))
    LINKING[number] = chr(number) in GLUE


def laid(str text):
    """The plain form of a text, and where a hyphen or apostrophe stands behind a letter of it."""
    cdef bytes form = PyBytes_FromStringAndSize(NULL, len(text))
    cdef uint8_t *s = <uint8_t *>PyBytes_AS_STRING(form)
    cdef const void *data = PyUnicode_DATA(text)
    cdef list links = []
    if PyUnicode_KIND(text) == 1:
        lay(1, data, text, s, links)
    elif PyUnicode_KIND(text) == 2:
        lay(2, data, text, s, links)
    else:
        lay(4, data, text, s, links)
    return form, links


cdef inline int lay(int kind, const void *data, str text, uint8_t *s, list links) except -1:
    """Inlined, so that it is compiled for each width of a character."""
    cdef Py_ssize_t n = len(text), at
    cdef Py_UCS4 sign
    cdef uint8_t code, last = BLANK
    for at in range(n):
        sign = PyUnicode_READ(kind, data, at)
        if sign < 256:
            code = CODES[sign]
        else:
            code = CODES_BEYOND[sign] if sign < BEYOND else 0
            if code == 0 or code == UNSEEN:
                code = code_of(sign, text, at)
        s[at] = code
        if code == BLANK and last != BLANK and (LINKING[sign] if sign < 256 else sign in FAR):
            links.append(at)
        last = code
    return 0


cdef uint8_t code_of(Py_UCS4 sign, str text, Py_ssize_t at) except? 0:
    """The byte of a character beyond Latin-1."""
    cdef uint8_t found = char_code(sign)
    if sign < BEYOND:
        CODES_BEYOND[sign] = found
    if found == UNSEEN:
        return BLANK if ends_nothing(text, at) else ODD
    return found


def joined(sheet, list glued):
    """See `Sheet.joined`: the spellings, each between blanks; where each begins there, where in the text, and ends."""
    cdef str text = sheet.text
    cdef bytes form = sheet.plain
    cdef const uint8_t *s = <const uint8_t *>PyBytes_AS_STRING(form)
    cdef int kind = PyUnicode_KIND(text)
    cdef const void *data = PyUnicode_DATA(text)
    cdef Py_ssize_t place, done = 0, low, end, length = 1
    cdef list pieces = [b""], starts = [], at = [], ends = []
    cdef set parted = sheet.parted
    for place in glued:
        if place < done or s[place + 1] == BLANK:
            continue
        low, end = place, place + 1
        while s[low - 1] != BLANK:
            low -= 1
        while s[end] != BLANK:
            end += 1
        if joins(PyUnicode_READ(kind, data, low - 1)) or joins(PyUnicode_READ(kind, data, end)):
            low, runs, done = sheet.tangle(place)
            end = 0
        else:  # two parts and nothing else: by far the most
            parted.add(low)
            parted.add(place + 1)
            runs = (form[low:place] + form[place + 1 : end],)
        for run in runs:
            starts.append(length)
            at.append(low)
            ends.append(end)
            pieces.append(run)
            length += PyBytes_GET_SIZE(run) + 1
    pieces.append(b"")
    return b" ".join(pieces), starts, at, ends
