"""The records of a workbook as Excel wrote it from 1993 to 2007 (XLS)."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator, Sequence
from datetime import date
from typing import BinaryIO

from tracker.intake import biff
from tracker.intake.compound import Compound
from tracker.intake.sheets import (
    FIRST_DAY,
    FIRST_MAC_DAY,
    MOST_TEXT,
    Shown,
    damaged,
    locked,
    number_text,
    oversized,
    shown_by,
    shown_by_builtin,
)
from tracker.language import _
from tracker.operations.refused import Refused

MOST_COLUMNS = 256
MOST_SHEETS = 1_000
MOST_RECORDS = 10_000_000  # looked at in all sheets together
MOST_STRAY = 2_000_000  # records of a sheet whose rows are out of order, and sorted in memory

_BOOKS = ("Workbook", "Book")
_OTHERS = {
    "WordDocument": "a Word document",
    "PowerPoint Document": "a presentation",
    "__properties_version1.0": "a message",
}

_PLACE = struct.Struct("<H")
_FLOAT = struct.Struct("<d")
_INDEX = struct.Struct("<I")
_MOST_BETWEEN = 4  # records between a formula and the text it came to


def records(stream: BinaryIO, file_name: str) -> Iterator[tuple[int, list[str]]]:
    """Each filled row of the first visible sheet that holds anything, with its number in the workbook.

    Raises:
        Refused: ``not_a_table`` (another document, a locked or a damaged one) or ``oversized``.
    """
    data = _stream(stream, file_name)
    try:
        book = _Book(data, file_name)
        for start in book.sheets:
            rows = book.rows(start)
            first = next(rows, None)
            if first is not None:
                yield first
                yield from rows
                return
    except (struct.error, ValueError, LookupError) as error:
        raise damaged(file_name) from error


def _stream(stream: BinaryIO, file_name: str) -> bytes:
    compound = Compound(stream, file_name)
    for name, what in _OTHERS.items():
        if name in compound:
            raise Refused(
                "not_a_table",
                _(
                    "%(file_name)s is %(what)s, not a table. Import its table as CSV or XLSX.",
                    file_name=file_name,
                    what=what,
                ),
            )
    if "EncryptedPackage" in compound:
        raise locked(file_name)
    for name in _BOOKS:
        if name in compound:
            return compound.read(name)
    message = _(
        "%(file_name)s is an old Office file without a table. Save the table as CSV or XLSX and import that.",
        file_name=file_name,
    )
    raise Refused("not_a_table", message)


class _Book:
    """The records of a workbook: its globals first, then each sheet's where the globals say that it begins.

    Every method raises ``struct.error``, ``ValueError`` or ``LookupError`` where the records are not what they say.
    """

    def __init__(self, data: bytes, file_name: str) -> None:
        self.sheets: list[int] = []  # where the visible ones begin
        self._data = data
        self._file_name = file_name
        self._records = 0
        self._first_day: date = FIRST_DAY
        self._encoding = "cp1252"
        self._texts: list[str] = []
        self._shown: list[Shown] = []
        version, _unused = struct.unpack_from("<HH", data, 4)
        if version not in (biff.BIFF5, biff.BIFF8):
            raise ValueError("no workbook of Excel 5 or later")
        self._is_biff8 = version == biff.BIFF8
        self._read_globals()

    def _walk(self, at: int) -> Iterator[tuple[int, int, int]]:
        """Each record from one that begins a sheet or the globals to the one that ends them: kind, place, size.

        Charts that stand between them are passed over.
        """
        depth = 0
        while True:
            kind, size = biff.HEAD.unpack_from(self._data, at)
            at += 4
            if at + size > len(self._data):
                raise ValueError("cut off")
            self._records += 1
            if kind == biff.BEGIN:
                depth += 1
            elif kind == biff.END:
                depth -= 1
            if depth < 1:
                break
            if depth == 1:
                yield kind, at, size
            at += size
        if self._records > MOST_RECORDS:
            raise oversized(self._file_name, f"more than {MOST_RECORDS:,} records")

    def _read_globals(self) -> None:
        codes: dict[int, Shown] = {}
        styles: list[int] = []
        for kind, at, size in self._walk(0):
            if kind == biff.LOCK and any(self._data[at : at + size]):
                raise locked(self._file_name)
            if kind == biff.CODE_PAGE:
                self._encoding = biff.code_page_name(*struct.unpack_from("<H", self._data, at))
            elif kind == biff.DATE_MODE and self._data[at] == 1:
                self._first_day = FIRST_MAC_DAY
            elif kind == biff.SHEET:
                start, state, sort = struct.unpack_from("<IBB", self._data, at)
                if state & 3 == 0 and sort == 0:
                    self.sheets.append(start)
                if len(self.sheets) > MOST_SHEETS:
                    raise ValueError("sheets without end")
            elif kind == biff.FORMAT:
                (number,) = struct.unpack_from("<H", self._data, at)
                codes[number] = shown_by(self._text(at, at + 2, 2 if self._is_biff8 else 1))
            elif kind == biff.STYLE:
                styles.append(struct.unpack_from("<H", self._data, at + 2)[0])
            elif kind == biff.TEXTS:
                self._texts = self._shared_texts(at)
        self._shown = [codes.get(style) or shown_by_builtin(str(style)) for style in styles]

    def _text(self, at: int, place: int, width: int = 2) -> str:
        """The text at a place of the record at ``at``, behind its length of one or two bytes."""
        length = int.from_bytes(self._data[place : place + width], "little")
        place += width
        if self._is_biff8:
            return biff.RunningText(self._data, at, place + 1).characters(length, self._data[place] & 1)
        return self._data[place : place + length].decode(self._encoding, "replace")

    def _shared_texts(self, at: int) -> list[str]:
        texts: list[str] = []
        weight = 0
        (count,) = struct.unpack_from("<I", self._data, at + 4)
        run = biff.RunningText(self._data, at, at + 8)
        while len(texts) < count and run.goes_on():
            length, signs = struct.unpack_from("<HB", self._data, run.at)
            run.at += 3
            after = 0  # bytes about fonts and reading aids, which stand behind the text
            if signs & 8:
                after += 4 * struct.unpack_from("<H", self._data, run.at)[0]
                run.at += 2
            if signs & 4:
                after += struct.unpack_from("<I", self._data, run.at)[0]
                run.at += 4
            text = run.characters(length, signs & 1)
            run.skip(after)
            texts.append(text)
            weight += text.__sizeof__() + 8
            if weight > MOST_TEXT:
                raise oversized(self._file_name, f"more than {len(texts):,} different texts")
        return texts

    def rows(self, start: int) -> Iterator[tuple[int, list[str]]]:
        """The rows of a sheet that hold anything. Excel writes them in order; who does not has them put in order."""
        places: Sequence[int] = (ordered := array("Q"))
        last = 0
        is_ordered = True
        for kind, at, _unused in self._walk(start):
            if kind in biff.CELLS:
                place = _PLACE.unpack_from(self._data, at)[0] << 32 | at
                is_ordered = is_ordered and place > last
                last = place
                ordered.append(place)
        if not is_ordered:
            if len(ordered) > MOST_STRAY:
                raise oversized(self._file_name, "its rows out of order")
            places = sorted(ordered)
        line = 0
        row: list[str] = []
        for place in places:
            if place >> 32 != line:
                if row:
                    yield line + 1, row
                    row = []
                line = place >> 32
            self._fill(row, place & 0xFFFFFFFF)
        if row:
            yield line + 1, row

    def _fill(self, row: list[str], at: int) -> None:
        """Put what a record says into its row."""
        kind, size = biff.HEAD.unpack_from(self._data, at - 4)
        (column,) = _PLACE.unpack_from(self._data, at + 2)
        if kind == biff.SMALL_NUMBERS:
            contents = [self._small_number(each) for each in range(at + 4, at + size - 2, 6)]
        else:
            contents = [self._content(kind, at, size)]
        if column + len(contents) > MOST_COLUMNS:
            raise ValueError("no column of a sheet")
        for place, content in enumerate(contents, start=column):
            if content and place < len(row):
                row[place] = content
            elif content:
                row.extend([""] * (place - len(row)))
                row.append(content)

    def _content(self, kind: int, at: int, size: int) -> str:
        if kind == biff.SHARED_TEXT:
            place: int = _INDEX.unpack_from(self._data, at + 6)[0]
            return self._texts[place]
        if kind == biff.NUMBER:
            return self._shown_number(at + 4, _FLOAT.unpack_from(self._data, at + 6)[0])
        if kind == biff.SMALL_NUMBER:
            return self._small_number(at + 4)
        if kind == biff.FORMULA:
            return self._result(at, size)
        if kind == biff.BOOLEAN:
            return biff.boolean_text(self._data[at + 6], self._data[at + 7])
        return self._text(at, at + 6)

    def _small_number(self, at: int) -> str:
        """A number in four bytes: 30 bits of an integer or of the upper half of a float, and whether it is in hundredths."""
        (packed,) = struct.unpack_from("<i", self._data, at + 2)
        if packed & 2:
            value = float(packed >> 2)
        else:
            (value,) = struct.unpack("<d", struct.pack("<ii", 0, packed & ~3))
        return self._shown_number(at, value / 100 if packed & 1 else value)

    def _shown_number(self, at: int, value: float) -> str:
        """A number as the style shows it whose number stands at a place."""
        (style,) = _PLACE.unpack_from(self._data, at)
        shown = self._shown[style] if style < len(self._shown) else Shown.NUMBER
        return number_text(value, shown, self._first_day)

    def _result(self, at: int, size: int) -> str:
        """What a formula came to when the workbook was saved."""
        result = self._data[at + 6 : at + 14]
        if result[6:] != b"\xff\xff":
            return self._shown_number(at + 4, _FLOAT.unpack(result)[0])
        if result[0] in (1, 2):
            return biff.boolean_text(result[2], result[0] - 1)
        if result[0] == 0:
            for _unused in range(_MOST_BETWEEN):  # the text has a record of its own, which others may part from the formula
                at += size + 4
                kind, size = biff.HEAD.unpack_from(self._data, at - 4)
                if kind == biff.FORMULA_TEXT:
                    return self._text(at, at)
                if kind in biff.CELLS:
                    break
        return ""
