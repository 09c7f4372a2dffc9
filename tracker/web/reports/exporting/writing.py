"""A document on its way into a file of the instance folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from tracker.coverage.exports import Document, write_csv, write_workbook
from tracker.intake.progress import Telling

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@dataclass
class Making:
    """Where the report that a job asks for goes, and how far it is. While it stands on ``g``, no file is too long."""

    file: Path
    form: str
    telling: Telling
    name: str = field(default="", init=False)  # what the file is called when it is fetched
    rows: int | None = field(default=None, init=False)  # None as long as nothing was written

    def write(self, document: Document, name: str, *, bare: bool) -> None:
        """Write the document: whole under its name, or not at all. Nobody else on the machine may read it."""
        part = self.file.with_suffix(".part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if self.form == "csv":
            with os.fdopen(descriptor, "w", encoding="utf-8" if bare else "utf-8-sig", newline="") as text:
                write_csv(document, text, header=not bare, watch=self.telling)
        else:
            with os.fdopen(descriptor, "wb") as out:
                write_workbook(document, out, folder=self.file.parent, watch=self.telling)
        part.replace(self.file)
        self.name, self.rows = name, document.rows
