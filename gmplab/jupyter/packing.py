"""Columns of numbers as one buffer: a header in JSON that says where each begins, then the columns as the browser holds them.

A million spans are 11 MB this way, and typed arrays the moment they arrive; as JSON they would be 60 MB to parse.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Columns = dict[str, npt.NDArray[Any]]

TYPES: Final = {"<f8": "f64", "<i4": "i32", "<u4": "u32", "<i2": "i16", "|u1": "u8"}
"""The types that a column may have, and what static/buffers.js calls them."""
MAGIC: Final = b"GMPL"


def instants(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Instants in ns, none before 0, as half of their bytes where they allow it: up to 4.29 s."""
    return column.astype(np.uint32 if column.max(initial=0) < 1 << 32 else np.float64)


def ids(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Ids, -1 for none, as few bytes as they allow."""
    return column.astype(np.int16 if column.max(initial=0) < 1 << 15 else np.int32)


def codes(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Codes, from 0, of a few things."""
    return column.astype(np.uint8)


def packed(columns: Columns, **meta: Any) -> bytes:
    """The columns, and what is said of them, as one buffer. Raises `KeyError` for a type that is not in TYPES.

    Layout: MAGIC, the length of the header (4 bytes, little end first), the header, then the columns, each at a multiple
    of 8 bytes from the buffer's begin. The header is `meta` and columns: {name: [type, offset, length]}.
    """
    places: dict[str, list[Any]] = {name: [TYPES[column.dtype.str], 0, len(column)] for name, column in columns.items()}
    size = 0
    # The offsets are part of the header, and follow its length; they are told from its end.
    for name, column in columns.items():
        places[name][1] = size
        size += -(-column.nbytes // 8) * 8
    header = json.dumps({**meta, "columns": places}, separators=(",", ":"), ensure_ascii=False).encode()
    header += b" " * (-(len(header) + 8) % 8)
    parts = [MAGIC, struct.pack("<I", len(header)), header]
    for column in columns.values():
        parts += [column.tobytes(), bytes(-column.nbytes % 8)]
    return b"".join(parts)
