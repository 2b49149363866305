"""Protocol buffers, as little of their wire format as an encoder needs: varints, fixed64, length-delimited fields.

No message types and no reading: who writes a message lists its fields. Refused: the protobuf package, which would be a
dependency of every user for one file format, and costs some microseconds a field.
Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

VARINT = 0
FIXED64 = 1
LENGTH_DELIMITED = 2


def varint(value: int) -> bytes:
    """An int of -2**63 to 2**64 - 1: seven bits a byte, least first; a negative one as its two's complement of 64 bits.

    Raises `ValueError` beyond that.

    >>> varint(300).hex(), len(varint(-1))
    ('ac02', 10)
    """
    if 0 <= value < len(LENGTHS):
        return LENGTHS[value]
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"varint: {value}: must be -2**63 to 2**64 - 1")
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def varints(values: npt.NDArray[np.int64]) -> list[bytes]:
    """Each value as a varint: `varint` for many. A value that comes often is encoded once."""
    different, at = np.unique(values, return_inverse=True)
    groups = different.astype(np.int64).view(np.uint64)[:, None] >> np.arange(0, 70, 7, dtype=np.uint64)
    width = 1 + np.count_nonzero(groups[:, 1:], axis=1)
    digits = (groups & np.uint64(127)).astype(np.uint8)
    digits[np.arange(10) < width[:, None] - 1] |= 128
    raw = digits.tobytes()
    encoded = [raw[i : i + w] for i, w in zip(range(0, len(raw), 10), width.tolist(), strict=True)]
    return [encoded[i] for i in at.reshape(-1).tolist()]


LENGTHS: list[bytes] = []
"""The varints of 0 to 16383, which are the lengths of most messages: a table is faster than the loop."""
LENGTHS.extend([varint(n) for n in range(1 << 14)])


@cache
def tag(field: int, wire: int) -> bytes:
    """What comes before a field's value: its number and its wire type."""
    return varint(field << 3 | wire)


def integer(field: int, value: int) -> bytes:
    """A field of type int64, uint64, bool or enum."""
    return tag(field, VARINT) + varint(value)


def fixed64s(field: int, values: npt.NDArray[np.int64]) -> list[bytes]:
    """A field of type fixed64 with each value."""
    first, raw = tag(field, FIXED64), values.astype("<i8").tobytes()
    return [first + raw[i : i + 8] for i in range(0, len(raw), 8)]


def message(field: int, content: bytes) -> bytes:
    """A field that is a message, or bytes."""
    return tag(field, LENGTH_DELIMITED) + varint(len(content)) + content


def text(field: int, value: str) -> bytes:
    """A field of type string."""
    return message(field, value.encode())
