"""A document as CSV, and text that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TextIO

from tracker.coverage.exports.shapes import Cell, Document, For, Kind
from tracker.coverage.exports.watching import Watch, unwatched
from tracker.language import _, mark, word

_FORMULA = "=+-@\u2212"  # as spreadsheets read them, once narrow
_DANGEROUS = ("\t", "\r", "\n")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Where fields are parted by semicolons, as in half of Europe, what follows one begins a cell.
_AFTER_SEMICOLON = re.compile(r"(;\s*)(?=[=+@-])")
# What is not seen: spaces of every width, marks of direction and joining, fillers.
_UNSEEN = ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn")


def plain_line(value: str) -> str:
    """Text on one line: without control characters, without what reverses what follows, and writable as UTF-8."""
    if value.isascii() and value.isprintable():
        return value
    line = _CONTROL.sub(" ", value).translate(_REVERSERS)
    return line.encode("utf-8", "replace").decode() if any("\ud800" <= each <= "\udfff" for each in line) else line


_REVERSERS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])


def safe_text(value: str) -> str:
    """Text that no spreadsheet takes for a formula, whatever stands unseen before its first sign."""
    line = _AFTER_SEMICOLON.sub(r"\1'", plain_line(value)) if ";" in value else plain_line(value)
    return f"'{line}" if value.startswith(_DANGEROUS) or _begins_formula(line) else line


def _begins_formula(line: str) -> bool:
    for each in line:
        if each.isalnum():
            return False
        narrow = unicodedata.normalize("NFKC", each).strip()
        if narrow[:1] and narrow[0] in _FORMULA:
            return True
        if narrow and unicodedata.category(each) not in _UNSEEN:
            return False
    return False


def share_text(share: float | None) -> str:
    """A share in plain decimals with at least one place (``1e-06`` is ``0.000001``); empty where no one is in scope."""
    if share is None:
        return ""
    text = repr(share)
    return f"{Decimal(text):f}" if "e" in text else text


def document_csv(document: Document, *, header: bool = True) -> str:
    """The document's first table; above it what was asked and what the words mean, unless only the bare rows are wanted."""
    out = io.StringIO(newline="")
    write_csv(document, out, header=header)
    return out.getvalue()


def write_csv(document: Document, out: TextIO, *, header: bool = True, watch: Watch = unwatched) -> None:
    """The same into a file, opened with ``newline=""``."""
    writer = csv.writer(out, lineterminator="\n")
    table = document.tables[0]
    if header:
        writer.writerows(_heading(document))
        writer.writerow(())
    places = range(len(table.columns)) if header else table.places(For.PEOPLE)
    columns = [(place, table.columns[place].kind) for place in places]
    writer.writerow([table.columns[place].name for place in places])
    rows = watch(mark("Writing the rows"), table.rows, len(table.rows))
    writer.writerows([_written(row[place], kind) for place, kind in columns] for row in rows)


def heading(document: Document) -> Iterator[tuple[str, ...]]:
    """What stands above the rows in every form: title, findings, what was asked, what the words mean."""
    yield (document.title,)
    for finding in document.findings:
        yield (finding,)
    yield from ((word(name), value) for name, value in document.facts)
    for sentence in document.definitions:
        yield (word(sentence),)


def _heading(document: Document) -> Iterator[tuple[str, ...]]:
    for line in heading(document):
        yield tuple(safe_text(each) for each in line)
    table = document.tables[0]
    if len(document.tables) > 1:
        told = _(
            "This file holds the table %(table)s. The XLSX and PDF files hold also: %(others)s.",
            table=table.title or document.title,
            others=", ".join(each.title for each in document.tables[1:]),
        )
        yield (safe_text(told),)
    if table.note:
        yield (safe_text(table.note),)


def _written(cell: Cell, kind: Kind) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return share_text(float(cell)) if kind is Kind.SHARE else cell
