"""The records of a CSV file: which separator, which quotes, which line each record starts on."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

from tracker.curriculum.faults import Fault
from tracker.intake.headings import MOST_ABOVE, guessed, named, trimmed
from tracker.intake.text_encoding import LONGEST_CELL, LONGEST_LINE, Encoding, encoding_of
from tracker.language import _, number
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

SEPARATORS = ",;\t|"
_RARE_SEPARATORS = "^~"  # which words hold too

csv.field_size_limit(LONGEST_CELL)  # one for the whole process, so it is set once, here

_CHUNK = 1 << 20
_SAMPLE = 1 << 16  # characters in which separator and quotes are looked for, and lines
_MOST_LINES = 3 * MOST_ABOVE
_TOLD = re.compile(r"\s*\"?sep=(\t|[^\w\s\"'])\"?\s*", re.IGNORECASE)  # Excel's own first line
_SINGLE_QUOTED = re.compile(r" *'(?:[^'\\]|''|\\.)*'(?: *[,;\t|^~] *'(?:[^'\\]|''|\\.)*')+[\s,;|^~]*")
# A backslash before a quote that is inside a cell, for the cell goes on behind it, or ends with a quote of its own.
_ESCAPED = r"\\{quote}(?:{quote}(?= *(?:[{separator}\r\n]|$))|[^{quote}{separator}\r\n ]| +[^{separator}\r\n ])"
_BACKSLASH = re.compile(r"\\(.?)", re.DOTALL)
_TEXT_FORMULA = re.compile(r' *="((?:[^"]|"")*)" *', re.DOTALL)


class _Dialect(NamedTuple):
    """How a file tells its cells apart."""

    separator: str
    quote: str
    has_escapes: bool  # a quote in a cell has a backslash in front, instead of being doubled
    above: int  # lines above the table that only tell the separator


def records(stream: BinaryIO, file_name: str, columns: Sequence[str] = ()) -> Iterator[tuple[int, list[str]] | RowFaults]:
    """Each record with the line it starts on; a record with broken quotes as ``RowFaults``.

    ``columns`` are headings that the table is said to have: the separator is the one that finds them.

    Raises:
        Refused: the bytes are no text (``not_text``, ``undecodable``), a cell or row has no end (``oversized``) or a
            quote leaves no telling where the next row begins (``broken_quotes``).
    """
    encoding = encoding_of(stream, file_name)
    dialect = _dialect(stream, encoding, columns)
    found = _parsed(_opened(stream, encoding.name), dialect, file_name)
    return map(_without_formulas, found) if encoding.has_formulas else found


class _LentText(io.TextIOWrapper):
    """Text over a file that belongs to the caller: the usual wrapper closes the file when it is itself forgotten."""

    def close(self) -> None:
        pass


def _opened(stream: BinaryIO, encoding: str) -> _LentText:
    stream.seek(0)
    return _LentText(stream, encoding=encoding, newline="")  # csv needs the line ends as they are


def _parsed(text: _LentText, dialect: _Dialect, file_name: str) -> Iterator[tuple[int, list[str]] | RowFaults]:
    above = dialect.above
    start = above + 1

    def blocks() -> Iterator[list[str]]:
        """The lines, as many at once as fill a block; between blocks asks whether the record in hand has no end."""
        begin, size = 1, 0
        while block := text.readlines(_CHUNK):
            if size > LONGEST_LINE:
                message = _(
                    "The row that begins in line %(start)s of %(file_name)s is longer than %(longest_line)s characters.",
                    start=start,
                    file_name=file_name,
                    longest_line=number(LONGEST_LINE),
                )
                raise Refused("oversized", _("%(message)s Look for a quote that never closes.", message=message))
            yield block
            size = size + _CHUNK if start <= begin else 0
            begin += len(block)

    lines: Iterator[str] = chain.from_iterable(blocks())
    for _unused in range(above):
        next(lines, "")
    reader = csv.reader(
        map(_csv_escapes, lines) if dialect.has_escapes else lines,
        delimiter=dialect.separator,
        quotechar=dialect.quote,
        escapechar="\\" if dialect.has_escapes else None,
        skipinitialspace=True,
        strict=True,
    )
    while True:
        start = above + reader.line_num + 1
        try:
            for cells in reader:
                yield start, cells
                start = above + reader.line_num + 1
            return
        except csv.Error as error:
            yield _broken(error, start, above + reader.line_num, dialect.quote, file_name)


def _without_formulas(record: tuple[int, list[str]] | RowFaults) -> tuple[int, list[str]] | RowFaults:
    """The record with 00123 for ="00123": so programs write a number whose zeros Excel is to keep."""
    if isinstance(record, RowFaults):
        return record
    line, cells = record
    return line, [found[1].replace('""', '"') if (found := _TEXT_FORMULA.fullmatch(cell)) else cell for cell in cells]


def _broken(error: csv.Error, start: int, end: int, quote: str, file_name: str) -> RowFaults:
    """A record the csv module gives up on: one faulty row if it ends with its line, else the end of the import."""
    if str(error).startswith("field larger"):  # csv has one exception for everything
        message = _(
            "A cell that begins about line %(start)s of %(file_name)s is longer than %(longest_cell)s characters.",
            start=start,
            file_name=file_name,
            longest_cell=number(LONGEST_CELL),
        )
        raise Refused("oversized", _("%(message)s Look for a quote that never closes.", message=message)) from error
    if end > start or "unexpected end" in str(error):
        message = _(
            "A quote opened in line %(start)s of %(file_name)s does not close: the rows after it cannot be told apart.",
            start=start,
            file_name=file_name,
        )
        fault = Fault(start, "", "", _("has a quote that does not close: close it, or double it if it belongs to the text"))
        raise Refused(
            "broken_quotes", _("%(message)s Mend the line and import again.", message=message), faults=[fault]
        ) from error
    return RowFaults(
        start, (Fault(start, "", "", _("has a quote inside a quoted cell: write it twice (%(number)s)", number=quote * 2)),)
    )


def _csv_escapes(line: str) -> str:
    """Double the backslashes that stand for themselves, as in C:\\courses: csv would take each for a sign."""
    return _BACKSLASH.sub(_doubled_unless_sign, line) if "\\" in line else line


def _doubled_unless_sign(found: re.Match[str]) -> str:
    return found[0] if found[1] and found[1] in "\\\"'" else f"\\{found[0]}"


def _dialect(stream: BinaryIO, encoding: Encoding, columns: Sequence[str]) -> _Dialect:
    text = _opened(stream, encoding.name)
    lines = _sample(text)
    told = _TOLD.fullmatch(lines[0]) if lines else None
    if told:
        del lines[0]
    quote = "'" if _is_single_quoted(lines) else '"'
    separator = told[1] if told else _separator(lines, quote, columns)
    escaped = re.compile(_ESCAPED.format(quote=quote, separator=re.escape(separator)))
    has_escapes = encoding.has_backslash and any(map(escaped.search, chain(lines, text)))
    return _Dialect(separator, quote, has_escapes, 1 if told else 0)


def _sample(text: _LentText) -> list[str]:
    """The first lines, each cut to a length at which it still tells its separator."""
    lines: list[str] = []
    size = 0
    for line in islice(text, _MOST_LINES):
        lines.append(line[:_SAMPLE])
        size += len(line)
        if size > _SAMPLE:
            break
    return lines


def _is_single_quoted(lines: Sequence[str]) -> bool:
    """Whether the first line with several cells has each in single quotes."""
    for line in lines:
        if _SINGLE_QUOTED.fullmatch(line):
            return True
        if any(separator in line for separator in SEPARATORS):
            return False
    return False


def _separator(lines: Sequence[str], quote: str, columns: Sequence[str]) -> str:
    """The separator that cuts the first line into most columns, unless what is below shows it to be a title.

    Below, titles of courses hold commas: a separator is only as good as the headings that it finds, and the rows that
    are as wide as they are.
    """
    rows = {each: _cut(lines, each, quote) for each in SEPARATORS + _RARE_SEPARATORS}
    for each in rows:
        if not rows[each]:  # nothing but separators
            return each
    first = max(SEPARATORS, key=lambda each: len(rows[each][0]))
    if columns:
        for each in (first, *rows):
            if named(list(map(trimmed, rows[each])), columns):
                return each
    head, *below = rows[first]
    if len(head) > 2 and 2 * sum(len(row) > 1 for row in below) >= len(below):
        return first
    fits = {each: _fit(rows[each], each) for each in (first, *rows)}
    best = max(fits, key=lambda each: fits[each])
    return best if fits[best] > (0, 0) else first


def _cut(lines: Sequence[str], separator: str, quote: str) -> list[list[str]]:
    """The first records as this separator would cut them."""
    rows: list[list[str]] = []
    with suppress(csv.Error):  # what is broken is told when the records are read
        reader = csv.reader(lines, delimiter=separator, quotechar=quote, skipinitialspace=True)
        rows.extend(islice((row for row in reader if any(map(str.strip, row))), MOST_ABOVE))
    return rows


def _fit(rows: Sequence[list[str]], separator: str) -> tuple[int, int]:
    """How well the rows look when cut by the separator: how many are as wide as the headings, and how wide that is."""
    names = guessed(list(map(trimmed, rows))).names
    width = sum(map(bool, names))
    if width < 2 or (separator not in SEPARATORS and width < len(names)):
        return 0, 0
    return sum(len(row) >= len(names) for row in rows), width
