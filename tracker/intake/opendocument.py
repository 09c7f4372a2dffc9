"""The records of an OpenDocument spreadsheet (ODS), read as they are unpacked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracker.intake.archive import Archive
from tracker.intake.sheets import MOST_CELLS, MOST_COLUMNS, MOST_ROWS, NOT_AVAILABLE, locked, number_text, oversized

CONTENT = "content.xml"

_MANIFEST = "META-INF/manifest.xml"
_KIND = b"application/vnd.oasis.opendocument.spreadsheet"
_CELLS = frozenset(("table-cell", "covered-table-cell"))
_BREAK = re.compile(r" *[\t\r\n][ \t\r\n]*")  # how the document was laid out; double spaces are meant
_TIME = re.compile(r"(-?)PT(\d{1,6})H(\d{1,2})M(\d{1,2}(?:\.\d{0,9})?)S")
_MOST_SPACES = 1_000
_MOST_STYLES = 1_000  # of hidden sheets
_BREAKS = {"tab": "\t", "line-break": "\n"}
_ASIDE = frozenset(("annotation", "note", "frame", "ruby-text", "shapes", "forms", "tracked-changes", "dde-links"))

# Where a cell keeps its value, by the kind of value; without it, the text in the cell is the value.
_VALUES = {
    "float": "office:value",
    "percentage": "office:value",
    "currency": "office:value",
    "date": "office:date-value",
    "time": "office:time-value",
    "boolean": "office:boolean-value",
    "string": "office:string-value",
}


def is_spreadsheet(archive: Archive) -> bool:
    """Whether the archive is a spreadsheet among the OpenDocument files, of which some do not say what they are."""
    kind = archive.beginning("mimetype")
    return kind.startswith(_KIND) if kind else CONTENT in archive


def records(archive: Archive) -> Iterator[tuple[int, list[str]]]:
    """Each filled row of the first visible sheet that holds anything, with its number in the sheet.

    A row or cell that says it is repeated is repeated, as far as a sheet can hold it. Blank ones, with which every
    office fills a sheet to its edge, are only counted.

    Raises:
        Refused: ``not_a_table`` where the file is damaged or locked, ``oversized`` where it has no end.
    """
    _refuse_locked(archive)
    sheet = _Sheet(archive.file_name)
    for _ in archive.walk(CONTENT, sheet.start, sheet.end, sheet.characters, sheet.pieces):
        for line, row, times in sheet.done:
            for more in range(times):
                yield line + more, row
        sheet.done.clear()
        if sheet.is_over:
            return


def _refuse_locked(archive: Archive) -> None:
    def start(tag: str, _: dict[str, str]) -> None:
        if tag == "encryption-data":
            raise locked(archive.file_name)

    if _MANIFEST in archive:
        archive.read_through(_MANIFEST, start)


class _Sheet:
    """The first visible sheet that holds anything, gathered while the tags of the document go by."""

    def __init__(self, file_name: str) -> None:
        self.done: list[tuple[int, list[str], int]] = []  # a row's number, its cells, how often it stands there
        self.pieces: list[str] = []  # of the text in the cell that is open
        self.is_over = False
        self._file_name = file_name
        self._style = ""
        self._hidden: set[str] = set()
        self._skipped = 0  # how deep in what is not read: a hidden sheet, a comment, a picture
        self._cell: dict[str, str] | None = None
        self._paragraphs = 0
        self._in_paragraph = False
        self._row: list[str] = []
        self._column = 0
        self._line = 1
        self._times = 1
        self._size = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._skipped:
            self._skipped += 1
        elif self._cell is not None:
            self._start_in_cell(tag, attributes)
        elif tag in _CELLS:
            self._cell = attributes
            self._paragraphs = 0
        elif tag == "table-row":
            self._times = _times(attributes, "table:number-rows-repeated")
        elif tag == "table":
            self._skipped = int(self.is_over or attributes.get("table:style-name") in self._hidden)
            self._line = 1
        elif tag == "style":
            self._style = attributes.get("style:name", "")
        elif tag == "table-properties" and attributes.get("table:display") == "false":
            self._hidden.add(self._style)
            if len(self._hidden) > _MOST_STYLES:
                raise ValueError("styles without end")
        elif tag in _ASIDE:
            self._skipped = 1

    def _start_in_cell(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "p" and not self._in_paragraph:
            self._in_paragraph = True
            if self._paragraphs:
                self.pieces.append("\n")
            self._paragraphs += 1
        elif not self._in_paragraph or tag in _ASIDE:
            self._skipped = 1
        elif tag == "s":
            self.pieces.append(" " * min(_times(attributes, "text:c"), _MOST_SPACES))
        elif tag in _BREAKS:
            self.pieces.append(_BREAKS[tag])

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif tag == "p":
            self._in_paragraph = False
        elif tag in _CELLS and self._cell is not None:
            self._end_cell(self._cell)
        elif tag == "table-row":
            self._end_row()
        elif tag == "table":
            self.is_over = self._size > 0

    def _end_cell(self, attributes: dict[str, str]) -> None:
        content = _content(attributes, "".join(self.pieces))
        times = _times(attributes, "table:number-columns-repeated")
        if content:
            if self._column + times > MOST_COLUMNS:
                raise oversized(self._file_name, f"a row of more than {MOST_COLUMNS:,} cells")
            self._row.extend([""] * (self._column - len(self._row)))
            self._row.extend([content] * times)
        self._column += times
        self.pieces.clear()
        self._cell = None

    def _end_row(self) -> None:
        if self._row:
            self._size += len(self._row) * self._times
            if self._size > MOST_CELLS or self._line + self._times - 1 > MOST_ROWS:
                raise oversized(self._file_name, f"a sheet of more than {MOST_CELLS:,} cells or {MOST_ROWS:,} rows")
            self.done.append((self._line, self._row, self._times))
            self._row = []
        self._line += self._times
        self._column = 0

    def characters(self, data: str) -> None:
        if self._in_paragraph and not self._skipped:
            self.pieces.append(_BREAK.sub(" ", data))


def _times(attributes: dict[str, str], name: str) -> int:
    times = int(attributes.get(name, "1"))
    if times < 1:
        raise ValueError("what is there less than once")
    return times


def _content(attributes: dict[str, str], text: str) -> str:
    """What a cell says, from its value where it keeps one, else from the text in it."""
    kind = attributes.get("office:value-type", "")
    value = attributes.get(_VALUES.get(kind, ""), "")
    if attributes.get("calcext:value-type") == "error":
        return "" if text == NOT_AVAILABLE else text
    if not value or kind == "string":
        return value or text
    if kind == "date":
        return value.replace("T", " ").removesuffix(" 00:00:00")
    if kind == "time":
        return _clock(value)
    return value if kind == "boolean" else number_text(float(value))


def _clock(value: str) -> str:
    """PT09H05M00S as 09:05:00, which may be a time of day or how long something took."""
    found = _TIME.fullmatch(value)
    if not found:
        return value
    seconds = int(found[2]) * 3_600 + int(found[3]) * 60 + round(float(found[4]))
    return f"{found[1]}{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
