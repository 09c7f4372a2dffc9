"""The streams of an OLE compound file: the box in which Office kept everything before XLSX, and locked files since."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from tracker.intake.sheets import damaged, oversized

MAGIC = b"\xd0\xcf\x11\xe0"
MOST_BYTES = 64 * 2**20  # such a file is read whole; a full sheet of 65,536 rows has some 20 MB

_HEADER = 512
_PLACES_IN_HEADER = 109  # of the sectors that hold the table; where there are more, they stand in a chain
_SIGNS = 0xFFFFFFFA  # numbers from here on are no sectors but signs, such as the end of a chain
_LONGEST_LIST = 2**20  # bytes of the directory, and of the table of small sectors: far more than a workbook has
_SMALL_SHIFT = 6  # streams below a size share sectors, in pieces of 64 bytes
_ENTRY = 128
_STREAM, _ROOT = 2, 5


class Compound:
    """A compound file, which is believed in nothing that it says about itself before that is looked up.

    Raises:
        Refused: here and in ``read``, ``not_a_table`` (damaged) or ``oversized``.
    """

    def __init__(self, stream: BinaryIO, file_name: str) -> None:
        stream.seek(0)
        data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise oversized(file_name, f"more than {MOST_BYTES // 2**20} MB")
        self._file_name = file_name
        self._data = memoryview(data)
        self._streams: dict[str, tuple[int, int]] = {}  # where each begins, and its size
        try:
            (self._shift,) = struct.unpack_from("<H", data, 30)
            if self._shift not in (9, 12):
                raise damaged(file_name)
            self._table = self._sector_table()
            directory, self._smallest, small_table = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60))
            self._small = memoryview(b"")
            self._read_directory(self._joined(directory, _LONGEST_LIST))
            self._small_table = _numbers(self._joined(small_table, _LONGEST_LIST))
        except struct.error as error:
            raise damaged(file_name) from error

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._streams

    def read(self, name: str) -> bytes:
        """The content of a stream."""
        start, size = self._streams[name.lower()]
        if size >= self._smallest:
            content = self._joined(start)
        else:
            chain = self._chain(start, self._small_table)
            content = b"".join(self._small[place << _SMALL_SHIFT : (place + 1) << _SMALL_SHIFT] for place in chain)
        if len(content) < size:
            raise damaged(self._file_name)
        return content[:size]

    def _sector_table(self) -> Sequence[int]:
        """For each sector the one that follows it in its chain."""
        sectors = len(self._data) >> self._shift
        in_one = 1 << self._shift - 2
        places = list(struct.unpack_from(f"<{_PLACES_IN_HEADER}I", self._data, _HEADER - 4 * _PLACES_IN_HEADER))
        (more,) = struct.unpack_from("<I", self._data, 68)
        while more < _SIGNS and len(places) * in_one < sectors:
            *others, more = _numbers(self._sector(more))
            places += others
        used = [place for place in places if place < _SIGNS][: sectors // in_one + 1]
        return _numbers(b"".join(map(self._sector, used)))

    def _read_directory(self, directory: bytes) -> None:
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            size_of_name, kind = struct.unpack_from("<HB", directory, at + 64)
            start, size = struct.unpack_from("<II", directory, at + 116)
            name = directory[at : at + max(min(size_of_name, 64) - 2, 0)].decode("utf-16-le", "replace").lower()
            if kind == _ROOT and not self._small:
                self._small = memoryview(self._joined(start))
            elif kind == _STREAM:
                self._streams.setdefault(name, (start, size))

    def _joined(self, start: int, most: int = MOST_BYTES) -> bytes:
        return b"".join(map(self._sector, islice(self._chain(start, self._table), most >> self._shift)))

    def _sector(self, place: int) -> memoryview:
        sector = self._data[(place + 1) << self._shift : (place + 2) << self._shift]
        if not sector:
            raise damaged(self._file_name)
        return sector

    def _chain(self, place: int, table: Sequence[int]) -> Iterator[int]:
        """The sectors from one to the end of its chain."""
        for _ in range(len(table)):
            if place >= _SIGNS:
                return
            if place >= len(table):
                raise damaged(self._file_name)
            yield place
            place = table[place]
        if place < _SIGNS:  # the chain is a ring
            raise damaged(self._file_name)


def _numbers(data: bytes | memoryview) -> tuple[int, ...]:
    return struct.unpack_from(f"<{len(data) // 4}I", data)
