"""How every row of an import ended: its file again, with the answer beside each row."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.batches import set_aside_lines, settled_since
from tracker.coverage.exports import safe_text
from tracker.coverage.jobs import job_of_batch
from tracker.intake.linkedin_api.elements import PROFILE as REPORTING_API
from tracker.intake.linkedin_api.table import as_table
from tracker.intake.mapping import labels_of, mapped_table
from tracker.intake.originals import original
from tracker.intake.reading import AS_FOUND, Reading
from tracker.models import Batch, BatchRows
from tracker.operations.completions import Lines
from tracker.operations.profiles import find_profile
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

_MARK = "\ufeff"  # by which spreadsheets know UTF-8
_PIECE = 1 << 16  # characters that go out together
_END: tuple[int, list[str]] = (sys.maxsize, [])


class RowEnds(NamedTuple):
    """How the rows of one batch ended, all of it read: nothing more is asked of the database."""

    batch: Batch
    lines: Lines
    since: dict[int, str]  # by line: what became of it later
    reading: Reading  # how its file was read


def row_ends(session: Session, batch: Batch, zone: tzinfo) -> RowEnds:
    """How the rows of a batch ended, and what became since of those that waited.

    Args:
        zone: whose days the answers name.
    """
    kept = session.get(BatchRows, batch.id)
    since = dict.fromkeys(set_aside_lines(session, batch), "set aside: none of ours")
    for line, row in settled_since(session, batch).items():
        assert row.settled_at is not None
        day = row.settled_at.astimezone(zone).date().isoformat()
        since[line] = f"recorded since, on {day}" if row.settled_member_id else f"waits no more since {day}: undone"
    return RowEnds(batch, Lines.unpacked(kept.packed) if kept else Lines(), since, _reading_of(session, batch))


def outcomes_csv(ends: RowEnds, folder: Path) -> Iterator[str]:
    """A CSV file, piece by piece: every row of the import's file and how it ended. Where the file is kept no more, or can be
    read no more, its rows are told by their lines alone.

    Args:
        folder: where the originals are.
    """
    with ExitStack() as open_files:
        headers: list[str] = []
        rows: Iterator[tuple[int, list[str]]] = iter(())
        with suppress(Refused):
            file = open_files.enter_context(original(folder, ends.batch.sha256))
            headers, rows = _table(file, ends)
        yield _MARK
        out = io.StringIO(newline="")
        write = csv.writer(out).writerow
        write([safe_text(each) for each in ("line", *headers, "outcome", "reason", "since")])
        blank = [""] * len(headers)
        number, cells = next(rows, _END)
        for line in ends.lines:
            while number < line.line:
                number, cells = next(rows, _END)
            row = cells or blank if number == line.line else blank
            answer = (line.outcome.value, line.reason, ends.since.get(line.line, ""))
            write([safe_text(each) for each in (str(line.line), *row, *answer)])
            if out.tell() > _PIECE:
                yield out.getvalue()
                out.seek(0)
                out.truncate()
        yield out.getvalue()


def _table(content: BinaryIO, ends: RowEnds) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    if ends.batch.profile == REPORTING_API:
        return as_table(content)
    table = mapped_table(content, ends.batch.file_name, ends.reading)

    def rows() -> Iterator[tuple[int, list[str]]]:
        with suppress(Refused):  # it was read once: only a file that was changed could refuse now
            for row in table.rows:
                yield (row.line, []) if isinstance(row, RowFaults) else row

    return labels_of(table), rows()


def _reading_of(session: Session, batch: Batch) -> Reading:
    """How a batch's file was read, as far as it was said: where a mapping names its columns, it finds the headings."""
    job = job_of_batch(session, batch.id, batch.kind)
    if job is not None:
        said = Reading.from_json(job.options["reading"])
        if said.columns:
            return said
    profile = find_profile(session, batch.profile)
    return Reading.from_json(profile.reading) if profile is not None and profile.kind == batch.kind else AS_FOUND
