"""A member's completions as records tell them: each with its course and what is behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from tracker.coverage.classes import KIND as CLASS
from tracker.coverage.records.shapes import Recorded, Sighting
from tracker.curriculum.paths import Completed
from tracker.curriculum.words import Assurance
from tracker.models import Course
from tracker.models.loading import read_together, stored_moment


def sightings_of(
    session: Session, member_id: int, courses: Mapping[int, Course], known_at: datetime | None = None
) -> dict[Completed, Sighting]:
    """Every completion of a member's that holds, by what the rules know it as.

    Args:
        known_at: as it was known by that moment. None: as it is known now.
    """
    holds, values = "voided_at IS NULL", list[object]()
    if known_at is not None:
        known = stored_moment(session, known_at)
        holds, values = "recorded_at <= ? AND (voided_at IS NULL OR voided_at > ?)", [known, known]
    completions, proofs = read_together(
        session,
        [
            (
                "SELECT id, course_id, completed_on, assurance, source, recorded_at FROM completion"
                f" WHERE member_id = ? AND {holds}",
                (member_id, *values),
            ),
            ("SELECT completion_id, id, url, sha256 FROM evidence WHERE member_id = ? ORDER BY id", (member_id,)),
        ],
    )
    links: dict[int, str] = {}
    files: dict[int, list[int]] = {}
    for completion_id, its_id, url, sha256 in proofs:
        if url:
            links[completion_id] = url
        if sha256:
            files.setdefault(completion_id, []).append(its_id)
    return {
        Completed(course_id, on := _day(day), assurance): Sighting(
            Recorded(its_id, member_id, course_id, on, Assurance(assurance), source, _moment(recorded_at)),
            courses[course_id],
            links.get(its_id),
            () if source == CLASS else tuple(files.get(its_id, ())),  # a sign-in sheet names others too
        )
        for its_id, course_id, day, assurance, source, recorded_at in completions
    }


def _day(value: date | str) -> date:
    """A day as either engine's driver gives it."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _moment(value: datetime | str) -> datetime:
    """A moment likewise: SQLite keeps the text of it, in UTC."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)
