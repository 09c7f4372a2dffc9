"""A document as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

from tracker.coverage.exports.shapes import Cell, Document, Kind

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def safe_text(value: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_DANGEROUS) else value


def share_text(share: float | None) -> str:
    """A share in plain decimals with at least one place (``1e-06`` is ``0.000001``); empty where no one is in scope."""
    if share is None:
        return ""
    text = repr(share)
    return f"{Decimal(text):f}" if "e" in text else text


def document_csv(document: Document, *, header: bool = True) -> str:
    """The document's first table; above it what was asked and what the words mean, unless only the bare rows are wanted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow((safe_text(document.title),))
        writer.writerows((safe_text(name), safe_text(value)) for name, value in document.facts)
        writer.writerows((safe_text(sentence),) for sentence in document.definitions)
        writer.writerow(())
    table = document.tables[0]
    writer.writerow([column.name for column in table.columns])
    kinds = [column.kind for column in table.columns]
    writer.writerows([_written(cell, kind) for cell, kind in zip(row, kinds, strict=True)] for row in table.rows)
    return out.getvalue()


def _written(cell: Cell, kind: Kind) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe_text(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    return share_text(float(cell)) if kind is Kind.SHARE else cell
