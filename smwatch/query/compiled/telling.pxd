# cython: language_level=3

cdef object span_of(name, start, end, shown)
