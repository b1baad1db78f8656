# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Signs that may make a longer word of what stands beside them."""

from smwatch.text.plain import JOINING

cdef enum:
    FIRST_FAR = 256
    MOST_FAR = 32

cdef bint[FIRST_FAR] NEAR
cdef Py_UCS4[MOST_FAR] FAR
cdef int far = 0


cdef int _fill() except -1:
    global far
    for sign in sorted(JOINING):
        if ord(sign) < FIRST_FAR:
            NEAR[ord(sign)] = True
        elif far == MOST_FAR:
            raise ImportError("too many signs")
        else:
            FAR[far] = ord(sign)
            far += 1
    return 0


_fill()


cdef bint joins(Py_UCS4 sign) noexcept:
    cdef int number
    if sign < FIRST_FAR:
        return NEAR[sign]
    for number in range(far):
        if FAR[number] == sign:
            return True
    return False
