"""The sign-in sheet of a class, behind what had waited of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Completion, Evidence, Review, new_id
from tracker.models.loading import load, stored_moment
from tracker.operations.completions.recording import Written

CLASS = "class"  # the source of what was recorded from a sign-in sheet
_COLUMNS = (
    *("member_id", "id", "completion_id", "sha256", "media_type", "size", "file_name"),
    *("recorded_at", "recorded_by", "review"),
)


def put_sheets_behind(session: Session, written: Iterable[Written], now: datetime) -> None:
    """Put the sheet that stands behind the rest of a class behind these as well, which a person has settled since."""
    sheets: dict[int, Evidence | None] = {}
    rows: list[tuple[object, ...]] = []
    moment = stored_moment(session, now)
    for row, completion_id in written:
        if row.source != CLASS or row.batch_id is None:
            continue
        if row.batch_id not in sheets:
            sheets[row.batch_id] = session.scalar(
                select(Evidence)
                .join(Completion, (Completion.member_id == Evidence.member_id) & (Completion.id == Evidence.completion_id))
                .where(Completion.batch_id == row.batch_id, Evidence.sha256.is_not(None))
                .limit(1)
            )
        sheet = sheets[row.batch_id]
        if sheet is not None:
            file = (sheet.sha256, sheet.media_type, sheet.size, sheet.file_name)
            rows.append((row.member_id, new_id(), completion_id, *file, moment, row.recorded_by, Review.ACCEPTED.value))
    load(session, "evidence", _COLUMNS, rows)
