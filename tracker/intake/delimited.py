"""The records of a CSV file: which encoding, which separator, which line each record starts on."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from charset_normalizer import from_bytes

from tracker.curriculum.faults import Fault
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

SEPARATORS = ",;\t|"

# Characters. A skills or notes column may be long; a million is a quote that never closes, or an attack. The csv
# module keeps one limit for the whole process, so it is set once, here.
LONGEST_CELL = 1_000_000
csv.field_size_limit(LONGEST_CELL)

_CHUNK = 1 << 20
_SAMPLE = 1 << 16

# What spreadsheets of the United States and Canada write when they do not write UTF-8: Windows, the Mac, DOS. Left to
# guess among all encodings, the library takes French for Baltic.
_OLD_ENCODINGS = ["cp1252", "mac_roman", "cp850"]


def records(stream: BinaryIO, file_name: str) -> Iterator[tuple[int, list[str]] | RowFaults]:
    """Each record with the line it starts on; a record with broken quotes as ``RowFaults``.

    Raises:
        Refused: the bytes are no text (``not_text``, ``undecodable``), a cell has no end (``oversized``) or a quote
            leaves no telling where the next row begins (``broken_quotes``).
    """
    encoding = _encoding(stream, file_name)
    stream.seek(0)
    text = _LentText(stream, encoding=encoding, newline="")  # csv needs the line ends as they are
    return _parsed(text, file_name)


class _LentText(io.TextIOWrapper):
    """Text over a file that belongs to the caller: the usual wrapper closes the file when it is itself forgotten."""

    def close(self) -> None:
        pass


def _parsed(text: Iterator[str], file_name: str) -> Iterator[tuple[int, list[str]] | RowFaults]:
    before = 0
    first = next(text, "")
    while first and not first.strip("\r\n"):
        before += 1
        first = next(text, "")
    separator = _separator(first, file_name)
    reader = csv.reader(chain((first,), text), delimiter=separator, skipinitialspace=True, strict=True)
    while True:
        start = before + reader.line_num + 1
        try:
            for cells in reader:
                yield start, cells
                start = before + reader.line_num + 1
            return
        except csv.Error as error:
            yield _broken(error, start, before + reader.line_num, file_name)


def _broken(error: csv.Error, start: int, end: int, file_name: str) -> RowFaults:
    """A record the csv module gives up on: one faulty row if it ends with its line, else the end of the import."""
    if str(error).startswith("field larger"):  # csv has one exception for everything
        message = f"A cell that begins about line {start} of {file_name} is longer than {LONGEST_CELL:,} characters."
        raise Refused("oversized", f"{message} Look for a quote that never closes.") from error
    if end > start or "unexpected end" in str(error):
        message = f"A quote opened in line {start} of {file_name} does not close: the rows after it cannot be told apart."
        fault = Fault(start, "", "", "has a quote that does not close: close it, or double it if it belongs to the text")
        raise Refused("broken_quotes", f"{message} Mend the line and import again.", faults=[fault]) from error
    return RowFaults(start, (Fault(start, "", "", 'has a quote inside a quoted cell: write it twice ("")'),))


def _separator(header: str, file_name: str) -> str:
    """The separator that cuts the header into most columns. Data lines are not asked: titles hold commas."""
    try:
        return max(SEPARATORS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))
    except csv.Error as error:
        raise Refused("oversized", f"{file_name} has a heading longer than {LONGEST_CELL:,} characters.") from error


def _encoding(stream: BinaryIO, file_name: str) -> str:
    """The encoding in which every byte of the file makes sense."""
    start = stream.read(4)
    stream.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    fault = _undecodable_line(stream, encoding, file_name)
    if fault is None:
        return encoding
    if encoding == "utf-8-sig" and not start.startswith(codecs.BOM_UTF8):
        older = _old_encoding(stream)
        if older is not None and _undecodable_line(stream, older, file_name) is None:
            return older
    raise Refused(
        "undecodable",
        f"Line {fault} of {file_name} holds bytes that are no text. Save it as CSV UTF-8 and import that.",
        faults=[Fault(fault, "", "", "cannot be decoded: save the file as CSV UTF-8")],
    )


def _undecodable_line(stream: BinaryIO, encoding: str, file_name: str) -> int | None:
    """The first line that the encoding cannot read, or None. A NUL is no text in any encoding and refuses the file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    line = 1
    while True:
        chunk = stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return line + error.object[: error.start].count(b"\n")
        if "\0" in text:
            line += text.count("\n", 0, text.index("\0"))
            raise Refused(
                "not_text",
                f"{file_name} is not a text file: line {line} holds a NUL byte. Save the table as CSV UTF-8 or XLSX.",
                faults=[Fault(line, "", "", "holds a NUL byte")],
            )
        if not chunk:
            return None
        line += text.count("\n")


def _old_encoding(stream: BinaryIO) -> str | None:
    """The likeliest encoding of a file that is not UTF-8, by its lines beyond ASCII.

    None where most of those lines are UTF-8 all the same: such a file is damaged, and an older encoding would spoil
    every name in it without a word.
    """
    stream.seek(0)
    sample: list[bytes] = []
    size = sound = 0
    for line in stream:
        if not line.isascii():
            sample.append(line[:_SAMPLE])
            size += len(sample[-1])
            sound += _is_utf8(line)
            if size >= _SAMPLE:
                break
    if sound * 2 > len(sample):
        return None
    best = from_bytes(b"".join(sample), cp_isolation=_OLD_ENCODINGS).best()
    return best.encoding if best else None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
