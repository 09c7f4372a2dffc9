"""The demonstration union as the two files a union would send: its roster, and a report of what was completed."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path

from tracker.curriculum.catalogue import read_catalogue
from tracker.demonstration.building import catalogue_text
from tracker.demonstration.learning import Learning
from tracker.demonstration.people import people, roster_rows
from tracker.intake import canonical_completions, roster

SEED = 1893


@dataclass(frozen=True)
class Files:
    """Both files, and how many rows each has."""

    roster: Path
    roster_rows: int
    completions: Path
    completion_rows: int


def write_files(folder: Path, members: int, today: date) -> Files:
    """Write the roster and the report of a union of so many members."""

    def everyone() -> Iterable:
        return people(members, SEED, today)

    roster_file, completions_file = folder / "roster.csv", folder / "completions.csv"
    cards = _write(
        roster_file,
        roster.COLUMNS,
        (
            (
                *(row.member_number, row.first_name, row.last_name, row.email, row.local, row.craft, row.status),
                *(row.kind, row.from_on, row.until_on, "yes" if row.home else "no"),
            )
            for row in roster_rows(everyone())
        ),
    )
    learning = Learning(read_catalogue(catalogue_text()), SEED, today)
    every_row = chain(learning.reported(everyone()), learning.attended(everyone()), learning.logged(everyone()))
    completions = _write(
        completions_file,
        canonical_completions.COLUMNS,
        (
            (row.member_number, row.email, row.course, row.completed_on, row.assurance.word, row.evidence_url, "")
            for row in every_row
        ),
    )
    return Files(roster_file, cards, completions_file, completions)


def _write(file: Path, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> int:
    with file.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        count = 0
        for count, row in enumerate(rows, 1):  # noqa: B007 — the last count is what is asked
            writer.writerow(row)
    return count
