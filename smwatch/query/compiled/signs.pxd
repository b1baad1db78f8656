# cython: language_level=3

cdef bint joins(Py_UCS4 sign) noexcept
