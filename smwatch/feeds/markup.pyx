# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The plain text of markup without surprises, in one pass; where only a parser knows what is meant, nothing is told.

`plain.parsed_text` is the parser's way: what this tells is what that would tell.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.unicode cimport PyUnicode_DATA, PyUnicode_FromKindAndData, PyUnicode_KIND, PyUnicode_READ

cdef extern from "Python.h":
    bint Py_UNICODE_ISSPACE(Py_UCS4 char)

cdef enum:
    UNSURE = -1
    NAME_MOST = 32
    EMPTY = 3
    DROPPED = 4
    ROOM = 8  # characters: one step writes no more


cdef struct Text:
    int kind  # of the markup, as CPython keeps it
    void *data
    Py_ssize_t end
    Py_UCS4 *out
    Py_ssize_t size
    int gap  # what comes before the next character: nothing, a blank (1), a blank line (2)
    int lines  # line breaks in the white space that is being read


cdef inline void breaks(Text *text, int lines) noexcept:
    """White space with so many line breaks."""
    text.lines += lines
    text.gap = 2 if text.gap == 2 or text.lines > 1 else 1


cdef inline void write(Text *text, Py_UCS4 char) noexcept:
    if text.gap and text.size:
        text.out[text.size] = 32 if text.gap == 1 else 10
        text.out[text.size + 1] = 10
        text.size += text.gap
    text.gap = text.lines = 0
    text.out[text.size] = char
    text.size += 1


cdef void add_other(Text *text, Py_UCS4 char) noexcept:
    """A character that may be white space, or one that nobody sees (`plain._UNSEEN`)."""
    if Py_UNICODE_ISSPACE(char):
        breaks(text, char == 10)
    elif (char < 32 or 127 <= char < 160 or 0x200E <= char <= 0x200F or 0x202A <= char <= 0x202E
            or 0x2066 <= char <= 0x2069 or char == 0xFEFF or 0xFFF9 <= char <= 0xFFFB):
        text.lines = 0
    else:
        write(text, char)


cdef inline void add(Text *text, Py_UCS4 char) noexcept:
    if 32 < char < 127:
        write(text, char)
    elif char == 32:
        text.gap = text.gap or 1
    else:
        add_other(text, char)


cdef inline Py_UCS4 at(Text *text, Py_ssize_t place) noexcept:
    return PyUnicode_READ(text.kind, text.data, place) if place < text.end else 0


cdef inline bint is_blank(Py_UCS4 char) noexcept:
    return char == 32 or char == 9 or char == 10 or char == 12


cdef inline bint is_plain(Py_UCS4 char) noexcept:
    return 97 <= (<int>char | 32) <= 122 or 48 <= char <= 57


cdef Py_ssize_t behind_attributes(Text *text, Py_ssize_t place) noexcept:
    """Behind the tag whose name ends at `place`."""
    cdef Py_UCS4 char = at(text, place), quote
    while char != u">":
        if char == 0 or char == u"<":
            return UNSURE
        if char != u"=":
            place += 1
            char = at(text, place)
            continue
        if is_blank(at(text, place - 1)) or at(text, place - 1) == u"/":
            return UNSURE  # a value without a name, or a blank before the sign
        place += 1
        while is_blank(at(text, place)):
            place += 1
        quote = at(text, place)
        if quote == u'"' or quote == u"'":
            place += 1
            while (char := at(text, place)) != quote:
                if char == 0:
                    return UNSURE
                place += 1
            place += 1
            char = at(text, place)
            if char == u"=":
                return UNSURE
        else:
            while not is_blank(char := at(text, place)) and char != u">" and char != u"<" and char != 0:
                place += 1
    return place + 1


cdef Py_ssize_t behind_tag(str markup, Py_ssize_t place, Text *text, dict tags) except? -2:
    """Behind the `<` at `place` and what it begins."""
    cdef Py_ssize_t start = place + 1, end
    cdef bint closes = at(text, start) == u"/"
    cdef Py_UCS4 char
    if at(text, start) == u"!":
        if not markup.startswith("<!--", place):
            return UNSURE
        end = markup.find("-->", place + 4)
        unusual = end < 0 or markup.startswith((">", "->"), place + 4) or markup.find("--!>", place, end) >= 0
        return UNSURE if unusual else end + 3
    start += closes
    end = start
    while end - start < NAME_MOST and is_plain(char := at(text, end)):
        end += 1
    name = markup[start:end]
    kind = tags.get(name)
    if kind is None or (closes and <int>kind == 1) or not (is_blank(char) or char == u"/" or char == u">"):
        return UNSURE
    if 0 < <int>kind < DROPPED:
        breaks(text, min(<int>kind, 2))
    start = behind_attributes(text, end)
    if <int>kind < EMPTY or closes or start < 0:
        return start
    end = markup.find("</", start)
    if end < 0 or not markup.startswith(name, end + 2) or (<int>kind == EMPTY and end != start):
        return UNSURE
    return UNSURE if markup.find("<!--", start, end) >= 0 else end


cdef Py_ssize_t behind_reference(str markup, Py_ssize_t place, Text *text, meant) except? -2:
    """Behind the `&` at `place` and the character that it means."""
    cdef Py_ssize_t end = place + 1
    cdef Py_UCS4 char
    while end - place < NAME_MOST and (is_plain(char := at(text, end)) or char == u"#"):
        end += 1
    said = meant(markup[place : end + 1]) if char == u";" else None
    if said is None:
        return UNSURE
    for char in <str>said:
        add(text, char)
    return end + 1


def text_of(str markup, Py_ssize_t most, dict tags, meant):
    """The folded text of `markup`, or a beginning that has more than `most` characters; None where it is not sure.

    `tags` tells for each tag, as it may be written, how many line breaks stand before it: 0, 1 (it has no end), 2; 3 is
    2 for an element that has to be empty, 4 is 0 for one whose content is dropped. `meant` tells what a reference
    stands for; None where it is not sure.
    """
    cdef Text text
    cdef Py_ssize_t place = 0, end = len(markup)
    cdef Py_UCS4 char
    text.kind, text.data, text.end = PyUnicode_KIND(markup), PyUnicode_DATA(markup), end
    text.size, text.gap, text.lines = 0, 0, 0
    text.out = <Py_UCS4 *>PyMem_Malloc((min(end, most) + ROOM) * sizeof(Py_UCS4))
    if text.out == NULL:
        raise MemoryError
    try:
        while 0 <= place < end and text.size <= most:
            char = PyUnicode_READ(text.kind, text.data, place)
            if char == u"<":
                place = behind_tag(markup, place, &text, tags)
            elif char == u"&":
                place = behind_reference(markup, place, &text, meant)
            elif char == 0 or char == 13 or 0xD800 <= char < 0xE000:
                return None
            else:
                add(&text, char)
                place += 1
        return None if place < 0 else PyUnicode_FromKindAndData(4, text.out, text.size)
    finally:
        PyMem_Free(text.out)
