"""Reports as files.

- `shapes`    a report as a document of tables and charts: what every form is made from
- `text`      the document as CSV, and text that no spreadsheet takes for a formula
- `workbook`  the document as XLSX
- `coverage`  the coverage report in the fixed forms of `tracker coverage`
"""

from __future__ import annotations

from tracker.coverage.exports.coverage import COLUMNS, as_csv, as_json, as_table, as_workbook
from tracker.coverage.exports.shapes import (
    COVERAGE_DEFINITIONS,
    FLOOR_WORDS,
    Chart,
    Column,
    Document,
    Kind,
    Table,
    facts_asked,
)
from tracker.coverage.exports.text import document_csv, safe_text, share_text
from tracker.coverage.exports.workbook import document_workbook

__all__ = [
    "COLUMNS",
    "COVERAGE_DEFINITIONS",
    "FLOOR_WORDS",
    "Chart",
    "Column",
    "Document",
    "Kind",
    "Table",
    "as_csv",
    "as_json",
    "as_table",
    "as_workbook",
    "document_csv",
    "document_workbook",
    "facts_asked",
    "safe_text",
    "share_text",
]
