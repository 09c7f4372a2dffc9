"""A headed table from the bytes of a CSV or XLSX file, whatever its encoding, separator and spelling of headings."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import BinaryIO, TypeAlias

from tracker.curriculum.faults import Fault
from tracker.intake import delimited, workbook
from tracker.intake.cells import shown
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

Content: TypeAlias = bytes | BinaryIO
TableRow: TypeAlias = tuple[int, list[str]]

# Wider than any report known (the widest has some 60), narrow enough that a hostile header costs nothing.
MOST_COLUMNS = 1_000

# What a file begins with that people upload by mistake: said by name, because "not a table" leaves them guessing.
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF"),
    (b"\xd0\xcf\x11\xe0", "an old or password-protected Office file"),
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
    """A table whose first row names its columns.

    ``headers`` stand as the file writes them. ``rows`` can be walked once and holds one row in memory at a time: the
    line the record starts on (in a workbook, its row) and as many cells as there are headers, without outer spaces;
    short records are filled up and blank ones left out. A record longer than the headers, or with a broken quote, comes
    as ``RowFaults`` for the reader to pass on. Walking may raise ``Refused`` where a quote leaves no telling where the
    next row begins.
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
                f"{self.file_name} has {len(places)} columns headed {self.headers[places[0]]!r}. Keep the one meant.",
                faults=[
                    Fault(self.header_line, self.headers[place], "", f"is the heading of column {place + 1} too")
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


def read_table(content: Content, file_name: str) -> HeadedTable:
    """The table in a CSV (any usual encoding and separator) or XLSX file.

    A file-like must be seekable, and stay open while the rows are walked.

    Raises:
        Refused: ``empty_file``, ``not_a_table``, ``not_text``, ``undecodable``, ``no_header``, ``too_many_columns``,
            ``oversized`` or ``broken_quotes``: what the file is instead, and what to do.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    stream.seek(0)
    head = stream.read(4_096)
    stream.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return _headed(workbook.records(stream, file_name), file_name)
    for magic, name in _FOREIGN:
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(magic):
            raise Refused(
                "not_a_table", f"{file_name} is {name}, not a table. Save the table as CSV or XLSX and import that."
            )
    return _headed(delimited.records(stream, file_name), file_name)


def heading_key(header: str) -> str:
    """What two spellings of one heading have in common."""
    return " ".join(header.replace("_", " ").split()).casefold()


def unknown_table(table: HeadedTable, wanted: str) -> Refused:
    """The refusal of a table with the wrong columns: which it has, and which are wanted."""
    found = ", ".join(header for header in table.headers if header)
    return Refused(
        "unknown_table", f"{table.file_name} does not have the columns to be read. Found: {found}. Wanted: {wanted}."
    )


def _headed(records: Iterator[TableRow | RowFaults], file_name: str) -> HeadedTable:
    """Take the first record that is not blank as the headings."""
    for record in records:
        if isinstance(record, RowFaults):
            raise Refused("no_header", f"The headings of {file_name} cannot be read.", faults=record.faults)
        line, cells = record
        headers = [cell.strip("\ufeff \t\r\n\xa0") for cell in cells]
        if any(headers):
            break
    else:
        raise Refused("empty_file", f"{file_name} is empty. Export it again, with its heading row.")
    while not headers[-1]:  # a separator at the end of each line, or a formatted column beside the table
        headers.pop()
    if len(headers) > MOST_COLUMNS:
        raise Refused("too_many_columns", f"{file_name} has {len(headers):,} columns; at most {MOST_COLUMNS:,} can be read.")
    if _is_data(headers):
        raise Refused(
            "no_header",
            f"{file_name} begins with {shown(', '.join(headers))!r}, which are no headings. "
            "Put a first row there that names the columns.",
        )
    return HeadedTable(file_name, line, headers, _fitted(records, len(headers)))


def _is_data(headers: list[str]) -> bool:
    """A first row with an e-mail address in it, or without a single letter, is a row of values."""
    return any("@" in header for header in headers) or not any(map(str.isalpha, "".join(headers)))


def _fitted(records: Iterator[TableRow | RowFaults], width: int) -> Iterator[TableRow | RowFaults]:
    """The records below the headings, each made as wide as they are."""
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
            beyond = [cell for cell in cells[width:] if cell]
            if beyond:
                reason = f"stands beyond the last of the {width} headings: quote a cell that holds the separator"
                yield RowFaults(line, (Fault(line, "", shown(", ".join(beyond)), reason),))
                continue
            del cells[width:]
        yield line, cells
