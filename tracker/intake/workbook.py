"""The records of an XLSX workbook, after a look at what it would unpack to."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO, TypeAlias

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from tracker.operations.refused import Refused

Value: TypeAlias = int | float | str | bool | time | date | datetime | timedelta

MOST_ENTRIES = 1_000
MOST_UNPACKED = 512 * 2**20  # bytes; a million rows of a wide report
MOST_RATIO = 200  # unpacked to packed; sheets of real rows reach 10 to 40
MOST_CELLS = 20_000_000  # the whole rectangle is laid out in memory, 24 bytes a cell, be it empty or not
MOST_TEXT = 2**30  # bytes, if every value of a sheet were the longest shared text: each cell gets its own copy

_CHUNK = 1 << 20
_REFERENCE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,4})(\d{1,9})["']""")  # <row r="12">, <c r="AB12">
_COUNT = re.compile(rb"""ount\s*=\s*["'](\d{1,30})["']""")  # <sst count="90" uniqueCount="12">
_LONGEST_ATTRIBUTE = 64
_VALUE = re.compile(rb"\bv\s*>")  # either end of <v>12</v>
_TEXT_END = re.compile(rb"\bsi\s*>")  # either end of <si>...</si>


def records(stream: BinaryIO, file_name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row of the first visible sheet that holds anything, with its number in the workbook.

    Raises:
        Refused: no workbook (``not_a_table``), or one too large to open (``oversized``).
    """
    _weigh(stream, file_name)
    stream.seek(0)
    try:
        with CalamineWorkbook.from_filelike(stream) as workbook:
            sheet = _first_filled(workbook)
            if sheet is None:
                return
            for line, values in enumerate(sheet.iter_rows(), start=1):
                yield line, [_text(value) for value in values]
    except CalamineError as error:
        raise _unreadable(file_name) from error


def _first_filled(workbook: CalamineWorkbook) -> CalamineSheet | None:
    for place, about in enumerate(workbook.sheets_metadata):
        if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_index(place)
            if sheet.height:
                return sheet
    return None


def _text(value: Value) -> str:
    """A cell as a CSV file would hold it: 80 and not 80.0, days and moments in ISO."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return str(value)


def _unreadable(file_name: str) -> Refused:
    return Refused("not_a_table", f"{file_name} is a damaged workbook. Open and save it again as XLSX, or save it as CSV.")


def _weigh(stream: BinaryIO, file_name: str) -> None:
    """Refuse what is no workbook, or would not fit in memory.

    What the archive claims of its sizes is not believed: every entry is unpacked once, chunk by chunk, and counted. The
    cells' references and the lists' counts are read on the way, because the library believes them with its memory: a
    lone cell in the last row and column of a tiny file asks for seventeen thousand million cells, and a false count
    ends the whole process.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if not any(entry.filename == "xl/workbook.xml" for entry in entries):
                raise Refused(
                    "not_a_table",
                    f"{file_name} is a ZIP archive or another document, not a table. Import its table as CSV or XLSX.",
                )
            if len(entries) > MOST_ENTRIES:
                raise _oversized(file_name, f"{len(entries):,} parts")
            room = min(MOST_UNPACKED, max(MOST_RATIO * stream.seek(0, 2), _CHUNK))
            most_values = longest_text = 0
            for entry in entries:
                size, values, longest = _weigh_part(archive, entry, room, file_name)
                room -= size
                most_values = max(most_values, values)
                longest_text = max(longest_text, longest)
            if most_values * longest_text > MOST_TEXT:
                raise _oversized(file_name, f"{most_values:,} values and texts of {longest_text:,} characters")
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError) as error:
        raise _unreadable(file_name) from error


def _weigh_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int, file_name: str) -> tuple[int, int, int]:
    """The bytes a part unpacks to, the values in it if it is a sheet, its longest text if it is the list of texts."""
    entry.file_size = MOST_UNPACKED + 1  # it then ends where its data do, not where it says
    size = bottom = right = value_tags = longest = text_start = 0
    tail = b""  # of the chunk before, for what stands across the border
    with archive.open(entry) as data:
        while chunk := data.read(_CHUNK):
            size += len(chunk)
            if size > room:
                raise _oversized(file_name, f"parts that grow more than {MOST_RATIO}-fold, or too large, when unpacked")
            xml = tail + chunk
            bottom, right = _extent(xml, bottom, right)
            if bottom * right > MOST_CELLS:
                raise _oversized(file_name, f"cells as far as row {bottom:,} and column {right:,}")
            if any(int(count) > MOST_CELLS for count in _COUNT.findall(xml)):
                raise _oversized(file_name, f"a list of more than {MOST_CELLS:,} texts")
            value_tags += len(_VALUE.findall(chunk))
            for found in _TEXT_END.finditer(chunk):
                end = size - len(chunk) + found.end()
                longest = max(longest, end - text_start)
                text_start = end
            tail = chunk[-_LONGEST_ATTRIBUTE:]
    return size, (value_tags + 1) // 2, longest


def _extent(xml: bytes, bottom: int, right: int) -> tuple[int, int]:
    """The lowest row and the rightmost column named so far."""
    rightmost = b""
    for column, row in _REFERENCE.findall(xml):
        bottom = max(bottom, int(row))
        if len(column) > len(rightmost) or (len(column) == len(rightmost) and column > rightmost):
            rightmost = column
    number = 0
    for letter in rightmost.upper():
        number = number * 26 + letter - 64
    return bottom, max(right, number)


def _oversized(file_name: str, what: str) -> Refused:
    return Refused("oversized", f"{file_name} has {what}: too much for a workbook. Save the sheet as CSV and import that.")
