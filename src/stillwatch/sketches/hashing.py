"""Keyed and unkeyed 64-bit hashes as compiled kernels.

SipHash-2-4 is the keyed pseudo-random function for identifiers and exact text; ``mix64`` is the
murmur3 finaliser, used to rank and to spread values that are already keyed.

References
----------
Aumasson & Bernstein (2012), SipHash: a fast short-input PRF. Appleby (2011), MurmurHash3 ``fmix64``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable


# numba's own stubs leave out the option that takes the reference counts away.
_compile: Callable[..., Callable[..., Any]] = njit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function to machine code that runs without the interpreter lock, cached on disk."""
    # Machine types are not Python's: what a kernel takes is checked when it is compiled, not by mypy.
    # Without the run-time's reference counts: passing two dozen arrays from kernel to kernel cost as many
    # atomic increments an event as the work itself. A kernel cannot make arrays.
    compiled: Callable[..., Any] = _compile(cache=True, nogil=True, _nrt=False)(function)
    return compiled


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function a part of the kernels that call it: for small ones that take a tuple of arrays.

    Such a tuple would be passed through memory, array by array, at every call.
    """
    compiled: Callable[..., Any] = _compile(inline="always", _nrt=False)(function)
    return compiled


_C1: Final = np.uint64(0xFF51AFD7ED558CCD)
_C2: Final = np.uint64(0xC4CEB9FE1A85EC53)
_33: Final = np.uint64(33)
_V0: Final = np.uint64(0x736F6D6570736575)
_V1: Final = np.uint64(0x646F72616E646F6D)
_V2: Final = np.uint64(0x6C7967656E657261)
_V3: Final = np.uint64(0x7465646279746573)
_FF: Final = np.uint64(0xFF)
U8: Final = np.uint64(8)
U0: Final = np.uint64(0)
U1: Final = np.uint64(1)


@kernel
def mix64(value: np.uint64) -> np.uint64:
    """Spread a 64-bit value over all bits (a bijection)."""
    value ^= value >> _33
    value *= _C1
    value ^= value >> _33
    value *= _C2
    value ^= value >> _33
    return value


@kernel
def _rotate(value: np.uint64, left: int) -> np.uint64:
    return (value << np.uint64(left)) | (value >> np.uint64(64 - left))


@kernel
def _round(v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64) -> tuple[np.uint64, ...]:
    v0 += v1
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 += v3
    v3 = _rotate(v3, 16) ^ v2
    v0 += v3
    v3 = _rotate(v3, 21) ^ v0
    v2 += v1
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


@kernel
def siphash(buffer: np.ndarray, start: int, end: int, k0: np.uint64, k1: np.uint64) -> np.uint64:
    """Hash ``buffer[start:end]`` under a 128-bit key (SipHash-2-4, 64-bit result)."""
    v0, v1, v2, v3 = k0 ^ _V0, k1 ^ _V1, k0 ^ _V2, k1 ^ _V3
    i = np.uint64(start)
    stop = np.uint64(end)
    length = stop - i
    while i + U8 <= stop:
        word = (
            np.uint64(buffer[i])
            | (np.uint64(buffer[i + np.uint64(1)]) << np.uint64(8))
            | (np.uint64(buffer[i + np.uint64(2)]) << np.uint64(16))
            | (np.uint64(buffer[i + np.uint64(3)]) << np.uint64(24))
            | (np.uint64(buffer[i + np.uint64(4)]) << np.uint64(32))
            | (np.uint64(buffer[i + np.uint64(5)]) << np.uint64(40))
            | (np.uint64(buffer[i + np.uint64(6)]) << np.uint64(48))
            | (np.uint64(buffer[i + np.uint64(7)]) << np.uint64(56))
        )
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        i += U8
    word = (length & _FF) << np.uint64(56)
    shift = U0
    while i < stop:
        word |= np.uint64(buffer[i]) << shift
        shift += U8
        i += U1
    v3 ^= word
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0 ^= word
    v2 ^= _FF
    for _ in range(4):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@kernel
def siphash_many(buffer: np.ndarray, offsets: np.ndarray, k0: np.uint64, k1: np.uint64, out: np.ndarray) -> None:
    """Hash every string of an Arrow-style buffer; shape of ``out`` (n,), of ``offsets`` (n + 1,)."""
    for i in range(out.shape[0]):
        out[i] = siphash(buffer, offsets[i], offsets[i + 1], k0, k1)
