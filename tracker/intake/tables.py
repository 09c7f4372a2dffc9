"""A headed table from the bytes of a CSV, XLSX, XLS or ODS file, whatever its encoding, separator and headings."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from typing import BinaryIO, TypeAlias

from tracker.curriculum.faults import Fault
from tracker.intake import compound, delimited, oldworkbook, opendocument, workbook
from tracker.intake.archive import Archive
from tracker.intake.cells import shown
from tracker.intake.headings import MOST_ABOVE, MOST_COLUMNS, explain, guessed, heading_key, named, trimmed
from tracker.language import _, number
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

Content: TypeAlias = bytes | BinaryIO
TableRow: TypeAlias = tuple[int, list[str]]

Records: TypeAlias = Iterator[TableRow | RowFaults]

_ZIP = b"PK\x03\x04"
_SHEETS = (_ZIP, compound.MAGIC)  # what a file begins with whose cells no separator parts
_MOST_CELLS_ABOVE = 50_000  # looked through for headings
_MOST_BLANK = 1_000_000  # records above any

# What a file begins with that people upload by mistake: said by name, because "not a table" leaves them guessing.
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a rich-text document"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"<", "a web page or XML"),
)


@dataclass
class HeadedTable:
    """A table, one row of which names its columns.

    ``headers`` stand as the file writes them; what is the same twice under two groups has its group in front.
    ``rows`` can be walked once and holds one row in memory at a time: the line the record starts on (in a workbook, its
    row) and as many cells as there are headers, without outer spaces; short records are filled up and blank ones left
    out. A record longer than the headers, or with a broken quote, comes as ``RowFaults`` for the reader to pass on.
    Walking may raise ``Refused`` where the file turns out to be damaged, or has no end.
    """

    file_name: str
    header_line: int
    headers: list[str]
    rows: Iterator[TableRow | RowFaults]

    def place(self, column: str) -> int | None:
        """Where the column stands, from 0, or None; capitals, spaces and underscores in its heading do not matter.

        Raises:
            Refused: ``duplicate_header``, because which of the two is meant nobody can tell.
        """
        key = heading_key(column)
        places = [place for place, header in enumerate(self.headers) if heading_key(header) == key]
        if len(places) > 1:
            raise Refused(
                "duplicate_header",
                _(
                    "%(file_name)s has %(count)s columns headed %(headers)r. Keep the one meant.",
                    file_name=self.file_name,
                    count=len(places),
                    headers=self.headers[places[0]],
                ),
                faults=[
                    Fault(
                        self.header_line,
                        self.headers[place],
                        "",
                        _("is the heading of column %(number)s too", number=place + 1),
                    )
                    for place in places[1:]
                ],
            )
        return places[0] if places else None

    def lacking(self, columns: Iterable[str]) -> list[str]:
        """Those of the columns that the table does not have."""
        return [column for column in columns if self.place(column) is None]

    def others(self, columns: Iterable[str]) -> list[str]:
        """The headings that none of the columns claims, as the file writes them."""
        claimed = {heading_key(column) for column in columns}
        return [header for header in self.headers if header and heading_key(header) not in claimed]

    def pick(self, columns: Sequence[str]) -> Callable[[list[str]], tuple[str, ...]]:
        """A function from a row's cells to the values of two or more columns, in order; "" where one is missing."""
        width = len(self.headers)
        places = [width if (place := self.place(column)) is None else place for column in columns]
        values = itemgetter(*places)
        if width not in places:
            return values
        return lambda cells: values([*cells, ""])


# What other documents keep in their archive.
_PACKED: tuple[tuple[str, str], ...] = (
    ("xl/workbook.bin", "a binary workbook (XLSB)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a presentation"),
    ("Index/Document.iwa", "an Apple document (Numbers or Pages)"),
    ("content.xml", "an OpenDocument text or drawing"),
)


def read_table(content: Content, file_name: str, *, columns: Sequence[str] = (), width: int = 0) -> HeadedTable:
    """The table in a CSV (any usual encoding, separator and quotes), XLSX, XLS or ODS file.

    ``columns`` are headings that someone says the table has: the first record that holds them all has the headings.
    Where there is none, as without columns, the headings are the first record that is no title (``guessed``). ``width``
    is how many columns someone says it has, where the last of them have no heading. A file-like must be seekable, and
    stay open while the rows are walked.

    Raises:
        Refused: ``empty_file``, ``not_a_table``, ``not_text``, ``undecodable``, ``no_header``, ``too_many_columns``,
            ``oversized`` or ``broken_quotes``: what the file is instead, and what to do.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    stream.seek(0)
    head = stream.read(4_096)
    stream.seek(0)
    return _headed(_records(stream, head, file_name, columns), file_name, columns, width, head.startswith(_SHEETS))


def _records(stream: BinaryIO, head: bytes, file_name: str, columns: Sequence[str]) -> Records:
    """The file's records, by what it begins with; what it is called does not count.

    Raises:
        Refused: ``not_a_table``, or what the reader refuses.
    """
    if head.startswith(_ZIP):
        return _without_margin(_unpacked(Archive(stream, file_name)))
    if head.startswith(compound.MAGIC):
        return _without_margin(oldworkbook.records(stream, file_name))
    for magic, name in _FOREIGN:
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(magic):
            raise _other(file_name, name)
    return delimited.records(stream, file_name, columns)


def _unpacked(archive: Archive) -> Iterator[TableRow]:
    if workbook.BOOK in archive:
        return workbook.records(archive)
    if opendocument.is_spreadsheet(archive):
        return opendocument.records(archive)
    for part, name in _PACKED:
        if part in archive:
            raise _other(archive.file_name, name)
    raise _other(archive.file_name, "a ZIP archive")


def _without_margin(rows: Iterator[TableRow]) -> Iterator[TableRow]:
    """The rows of a sheet without the blank columns to the left of its table."""
    first = list(islice(rows, MOST_ABOVE))
    margin = min((next(place for place, cell in enumerate(cells) if cell) for _unused, cells in first), default=0)
    return ((line, cells[margin:]) for line, cells in chain(first, rows))


def _other(file_name: str, name: str) -> Refused:
    message = _(
        "%(file_name)s is %(name)s, not a table. Save the table as CSV or XLSX and import that.",
        file_name=file_name,
        name=name,
    )
    return Refused("not_a_table", message)


def unknown_table(table: HeadedTable, wanted: str) -> Refused:
    """The refusal of a table with the wrong columns: which it has, and which are wanted."""
    found = ", ".join(header for header in table.headers if header)
    return Refused(
        "unknown_table",
        _(
            "%(file_name)s does not have the columns to be read. Found: %(found)s. Wanted: %(wanted)s.",
            file_name=table.file_name,
            found=found,
            wanted=wanted,
        ),
    )


def _headed(records: Records, file_name: str, columns: Sequence[str], width: int, is_sheet: bool) -> HeadedTable:
    """Find the headings among the first records."""
    above, records = _first_filled(records, file_name)
    found = [trimmed(cells) for _unused, cells in above]
    headings = named(found, columns) if columns else None
    if headings is None:
        headings = guessed(found)
        if headings.place == 0 and _is_data(headings.names):
            raise Refused(
                "no_header",
                _(
                    "%(file_name)s begins with %(names)r, which are no headings. Put a first row there that "
                    "names the columns.",
                    file_name=file_name,
                    names=shown(", ".join(headings.names)),
                ),
            )
    place, names = headings
    if len(names) > MOST_COLUMNS:
        raise Refused(
            "too_many_columns",
            _(
                "%(file_name)s has %(count)s columns; at most %(most_columns)s can be read.",
                file_name=file_name,
                count=number(len(names)),
                most_columns=number(MOST_COLUMNS),
            ),
        )
    below = place + 1
    if below < len(found) and explain(names, found[below]):
        below += 1
    line, written = above[place]
    # Columns at the right may lack a heading: as many as the record of the headings leaves blank, in a sheet any number.
    room = MOST_COLUMNS if is_sheet else len(written)
    filled = max((len(trimmed(cells)) for _unused, cells in above[below:] if len(cells) <= room), default=0)
    names = names + [""] * (min(max(filled, min(width, len(written))), MOST_COLUMNS) - len(names))
    return HeadedTable(file_name, line, names, _fitted(chain(above[below:], records), len(names), room))


def _first_filled(records: Records, file_name: str) -> tuple[list[TableRow], Records]:
    """The records among which to look for headings, and those after them.

    Raises:
        Refused: ``empty_file``; ``no_header`` where the first cannot be read. A fault further down is left to whoever
            walks as far.
    """
    above: list[TableRow] = []
    size = 0
    try:
        for number, record in enumerate(records):
            if isinstance(record, RowFaults):
                if not above:
                    raise Refused(
                        "no_header",
                        _("The headings of %(file_name)s cannot be read.", file_name=file_name),
                        faults=record.faults,
                    )
                return above, chain((record,), records)
            if any(record[1]) and trimmed(record[1]):
                above.append(record)
                size += len(record[1])
            if len(above) == MOST_ABOVE or size > _MOST_CELLS_ABOVE or number > _MOST_BLANK:
                break
    except Refused as refused:
        if not above:
            raise
        return above, _refusing(refused)
    if not above:
        raise Refused("empty_file", _("%(file_name)s is empty. Export it again, with its heading row.", file_name=file_name))
    return above, records


def _refusing(refused: Refused) -> Records:
    raise refused
    yield


def _is_data(headers: list[str]) -> bool:
    """A first row with an e-mail address in it, or without a single letter, is a row of values."""
    return any("@" in header for header in headers) or not any(map(str.isalpha, "".join(headers)))


def _fitted(records: Iterable[TableRow | RowFaults], width: int, room: int) -> Records:
    """The records below the headings, each made as wide as they are: what is wider than ``room`` has a cell too many."""
    strip = str.strip
    for record in records:
        if isinstance(record, RowFaults):
            yield record
            continue
        line, raw = record
        cells = list(map(strip, raw))
        if not any(cells):
            continue
        if len(cells) < width:
            cells += [""] * (width - len(cells))
        elif len(cells) > width:
            beyond = [cell for cell in cells[width:] if cell] if len(cells) > room else []
            if beyond:
                reason = _(
                    "stands beyond the last of the %(width)s headings: quote a cell that holds the separator", width=width
                )
                yield RowFaults(line, (Fault(line, "", shown(", ".join(beyond)), reason),))
                continue
            del cells[width:]
        yield line, cells
