"""The parts of a zipped document, unpacked and parsed piece by piece, with a bound on what they may cost."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, TypeAlias
from xml.parsers import expat

from tracker.intake.sheets import damaged, locked, oversized
from tracker.intake.text_encoding import LONGEST_CELL

MOST_ENTRIES = 1_000
MOST_UNPACKED = 512 * 2**20  # bytes; a million rows of a wide report
MOST_RATIO = 200  # unpacked to packed; sheets of real rows reach 10 to 60
SMALL = 16 * 2**20  # bytes that any document may unpack to: a short table of the same few words packs very well

_LISTED = b"PK\x01\x02"  # begins each entry of an archive's list
_ENCRYPTED = 1
_CHUNK = 1 << 15
_LONGEST_TAG = 1 << 20
_MOST_DEPTH = 1_000
_MOST_NAMES = 5_000  # of elements and attributes; the parser keeps every one

# Everything the standard library raises on bytes that are not what they say.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    OSError,
    OverflowError,
)

Start: TypeAlias = Callable[[str, dict[str, str]], None]
End: TypeAlias = Callable[[str], None]
Text: TypeAlias = Callable[[str], None]


def _ignore(_: str) -> None:
    pass


class Archive:
    """A zipped document. Its names are those of the parts, in small letters.

    What the archive claims of its sizes is not believed: unpacking stops where the data do, or at the bound that all
    parts share.

    Raises:
        Refused: here and in every method, ``not_a_table`` (damaged) or ``oversized``.
    """

    def __init__(self, stream: BinaryIO, file_name: str) -> None:
        self.file_name = file_name
        try:
            size = _weighed(stream, file_name)
            self._zip = zipfile.ZipFile(stream)
            entries = self._zip.infolist()
        except _BROKEN as error:
            raise damaged(file_name) from error
        self._room = min(MOST_UNPACKED, max(MOST_RATIO * size, SMALL))
        self._entries = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in entries}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def beginning(self, name: str) -> bytes:
        """The first bytes of a part; none if there is no such part."""
        return next(self._chunks(name), b"") if name in self else b""

    def walk(
        self, name: str, start: Start, end: End = _ignore, text: Text = _ignore, kept: Sequence[str] = ()
    ) -> Iterator[None]:
        """Parse a part, handing over its tags (``row`` for ``x:row``) and texts; pauses after each piece of the part.

        ``kept`` is where the handlers gather the text of one cell, which must have an end.
        """
        names: dict[str, str] = {}
        local = _LocalNames()
        parser = expat.ParserCreate(intern=names)
        parser.buffer_text = True
        depth = fed = 0

        def opened(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            start(local[tag], attributes)

        def closed(tag: str) -> None:
            nonlocal depth
            depth -= 1
            end(local[tag])

        def declared(*_: object) -> None:
            raise damaged(self.file_name)  # no office writes a document type; its entities could grow without end

        parser.StartElementHandler = opened
        parser.EndElementHandler = closed
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = declared
        try:
            for chunk in self._chunks(name):
                parser.Parse(chunk)
                fed += len(chunk)
                if depth > _MOST_DEPTH or len(names) > _MOST_NAMES or fed - parser.CurrentByteIndex > _LONGEST_TAG:
                    raise damaged(self.file_name)
                if sum(map(len, kept)) > LONGEST_CELL:
                    raise oversized(self.file_name, f"a cell of more than {LONGEST_CELL:,} characters")
                yield
            parser.Parse(b"", True)
            yield
        except _BROKEN as error:
            raise damaged(self.file_name) from error

    def read_through(self, name: str, start: Start, end: End = _ignore) -> None:
        """Parse a part at once that no document has much of, for its tags alone."""
        for number, _ in enumerate(self.walk(name, start, end)):
            if number * _CHUNK > SMALL:
                raise oversized(self.file_name, f"more than {SMALL // 2**20} MB of {name}")

    def _chunks(self, name: str) -> Iterator[bytes]:
        entry = self._entries.get(name.lower())
        if entry is None or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise damaged(self.file_name)
        if entry.flag_bits & _ENCRYPTED:
            raise locked(self.file_name)
        entry.file_size = MOST_UNPACKED + 1  # it then ends where its data do, not where it says
        try:
            with self._zip.open(entry) as data:
                while chunk := data.read(_CHUNK):
                    self._room -= len(chunk)
                    if self._room < 0:
                        what = f"parts that grow more than {MOST_RATIO}-fold, or too large, when unpacked"
                        raise oversized(self.file_name, what)
                    yield chunk
        except _BROKEN as error:
            raise damaged(self.file_name) from error


class _LocalNames(dict[str, str]):
    """Names of elements without the prefix that a writer chose."""

    def __missing__(self, name: str) -> str:
        local = self[name] = name.rpartition(":")[2]
        return local


def _weighed(stream: BinaryIO, file_name: str) -> int:
    """The size of the file, after a look at how many parts it lists: the library reads the whole list into memory."""
    stream.seek(0)
    size = parts = 0
    while chunk := stream.read(1 << 20):
        size += len(chunk)
        parts += chunk.count(_LISTED)
    if parts > MOST_ENTRIES:
        raise oversized(file_name, f"{parts:,} parts")
    return size
