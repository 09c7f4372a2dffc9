"""Reports as files.

- `shapes`    a report as a document of tables and charts: what every form is made from
- `headings`  what people call the columns that programs know by name
- `text`      the document as CSV, and text that no spreadsheet takes for a formula
- `workbook`  the document as XLSX
- `pdf`       the document as PDF: by `printing`, from the templates in `print/`
- `coverage`  the coverage report as a document, and in the fixed forms of `tracker coverage`
"""

from __future__ import annotations

from tracker.coverage.exports.coverage import COLUMNS, as_csv, as_json, as_table, coverage_document, coverage_table
from tracker.coverage.exports.pdf import MOST_ROWS as MOST_PRINTED_ROWS
from tracker.coverage.exports.pdf import TooLongToPrint, document_pdf
from tracker.coverage.exports.shapes import (
    COVERAGE_DEFINITIONS,
    Chart,
    Column,
    Document,
    For,
    Kind,
    Table,
    facts_asked,
    floor_words,
)
from tracker.coverage.exports.text import document_csv, safe_text, share_text, write_csv
from tracker.coverage.exports.workbook import document_workbook, write_workbook

__all__ = [
    "COLUMNS",
    "COVERAGE_DEFINITIONS",
    "MOST_PRINTED_ROWS",
    "Chart",
    "Column",
    "Document",
    "For",
    "Kind",
    "Table",
    "TooLongToPrint",
    "as_csv",
    "as_json",
    "as_table",
    "coverage_document",
    "coverage_table",
    "document_csv",
    "document_pdf",
    "document_workbook",
    "facts_asked",
    "floor_words",
    "safe_text",
    "share_text",
    "write_csv",
    "write_workbook",
]
