# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The grams of `prints.grams_of`, compiled: a third of what it takes to fingerprint an article."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t

cdef uint32_t[256] REST  # of CRC-32 as in zlib: what a byte comes to
cdef uint32_t POLYNOMIAL = 0xEDB88320


cdef void fill() noexcept:
    cdef uint32_t byte, bit, rest
    for byte in range(256):
        rest = byte
        for bit in range(8):
            rest = (rest >> 1) ^ POLYNOMIAL if rest & 1 else rest >> 1
        REST[byte] = rest


fill()


cdef inline uint32_t more(uint32_t crc, bytes word) noexcept:
    """`crc` (not yet inverted) after the bytes of one more word."""
    cdef const uint8_t *at = <const uint8_t *>PyBytes_AS_STRING(word)
    cdef const uint8_t *end = at + PyBytes_GET_SIZE(word)
    while at != end:
        crc = REST[(crc ^ at[0]) & 0xFF] ^ (crc >> 8)
        at += 1
    return crc


def grams_of(list words, Py_ssize_t run, Py_ssize_t beginning, uint32_t often, uint32_t seldom, Py_ssize_t most):
    """Hashes of `run` words (bytes) in a row, in order, each once, at most `most`.

    The word that begins a run decides: in the first `beginning` words its hash must have none of the bits of `often`,
    behind them none of `seldom`.
    """
    cdef dict found = {}
    cdef Py_ssize_t at, other
    cdef uint32_t crc
    for word in words:
        if type(word) is not bytes:
            raise TypeError("words are bytes")
    for at in range(len(words) - run + 1):
        crc = more(0xFFFFFFFF, <bytes>words[at])
        if ~crc & (often if at < beginning else seldom):
            continue
        for other in range(at + 1, at + run):
            crc = more(REST[(crc ^ 32) & 0xFF] ^ (crc >> 8), <bytes>words[other])
        found[~crc] = None
        if len(found) == most:
            break
    return tuple(found)
