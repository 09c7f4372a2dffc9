"""Ids made by the program: 63-bit, ordered by time, the same on every engine (no serial, no identity).

41 bits of milliseconds since 2020, 10 bits that tell this process from its neighbours, 12 bits that count within the
millisecond.
"""

from __future__ import annotations

import os
import secrets
import threading
import time

_EPOCH_MS = 1_577_836_800_000  # 2020-01-01 UTC
_COUNT_BITS = 12
_PROCESS_BITS = 10


class _Maker:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reseed()

    def _reseed(self) -> None:
        self._pid = os.getpid()
        self._process = secrets.randbelow(1 << _PROCESS_BITS)
        self._tick = 0  # the last (millisecond, count) given out, as one number

    def block(self, size: int) -> list[int]:
        with self._lock:
            if os.getpid() != self._pid:
                self._reseed()  # a forked worker must not repeat its parent
            now = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _COUNT_BITS
            first = max(now, self._tick + 1)
            self._tick = first + size - 1
            process = self._process << _COUNT_BITS
        low = (1 << _COUNT_BITS) - 1
        return [
            ((tick >> _COUNT_BITS) << (_COUNT_BITS + _PROCESS_BITS)) | process | (tick & low)
            for tick in range(first, first + size)
        ]


_maker = _Maker()


def new_id() -> int:
    """One id, larger than every id this process gave out before."""
    return _maker.block(1)[0]


def first_id_now() -> int:
    """The smallest id of this millisecond, by this machine's clock alone."""
    return (time.time_ns() // 1_000_000 - _EPOCH_MS) << (_COUNT_BITS + _PROCESS_BITS)


def new_ids(size: int) -> list[int]:
    """``size`` ids in rising order. A large block borrows from the coming milliseconds."""
    return _maker.block(size)
