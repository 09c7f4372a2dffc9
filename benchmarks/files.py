"""The demonstration union as the two files a union would send: its roster, and a report of what was completed."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
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
    """The files, and how many rows each has."""

    roster: Path
    roster_rows: int
    completions: Path
    completion_rows: int
    detail: Path  # LinkedIn's Learner Detail: what is new since, and the videos and halves that every such report holds
    detail_rows: int


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
    catalogue = read_catalogue(catalogue_text())
    learning = Learning(catalogue, SEED, today)
    every_row = chain(learning.reported(everyone()), learning.attended(everyone()), learning.logged(everyone()))
    completions = _write(
        completions_file,
        canonical_completions.COLUMNS,
        (
            (row.member_number, row.email, row.course, row.completed_on, row.assurance.word, row.evidence_url, "")
            for row in every_row
        ),
    )
    detail_file = folder / "learner_detail.csv"
    details = _write(
        detail_file, _DETAIL, _detail_rows(members, sorted(course.title for course in catalogue.courses), today)
    )
    return Files(roster_file, cards, completions_file, completions, detail_file, details)


_DETAIL = (
    *("Name", "Email", "Unique User ID", "Content Name", "Content Provider", "Content Type", "Content ID"),
    *("Hours Viewed (LinkedIn Learning and Organization Content Only)", "Percent Completed", "Started (PST/PDT)"),
    *("Last Viewed During Time Range (PST/PDT)", "Completed At (PST/PDT)", "Total Assessments"),
    *("Number of Assessments Completed", "Skills", "Course Name (LinkedIn Videos Only)"),
    *("Course ID (LinkedIn Videos Only)", "Groups (At Time Of Engagement)", "Groups (Current Membership)"),
)


def _detail_rows(members: int, titles: Sequence[str], today: date) -> Iterator[tuple[object, ...]]:
    """A month at LinkedIn: of five rows three are completed courses, one is a video and one a course half seen."""
    chance = random.Random(SEED)
    for _ in range(members * 25 // 42):  # 100,000 for the whole union
        number = chance.randint(1, members)
        at = datetime.combine(today, time(8)) - timedelta(minutes=chance.randint(0, 30 * 24 * 60))
        kind, percent = chance.choice(_OPENED)
        title, done = chance.choice(titles), at if percent == "100%" else ""
        yield (
            *("A Member", f"nobody{number}@example.org", number, title, "LinkedIn Learning", kind, "", "1:02:41", percent),
            *(at, at, done, 0, 0, "Artificial Intelligence (AI), Ethics", "", "", "Local 80", "Local 80"),
        )


_OPENED = (("Course", "100%"), ("Course", "100%"), ("Course", "100%"), ("Course", "62%"), ("Video", "100%"))


def _write(file: Path, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> int:
    with file.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        count = 0
        for count, row in enumerate(rows, 1):  # noqa: B007 — the last count is what is asked
            writer.writerow(row)
    return count
