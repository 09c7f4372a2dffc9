"""The same file or link behind somebody else's course: it may be a mistake, and is worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from tracker.models import Completion, Course, Evidence, Member

_MOST = 20


class SameProof(NamedTuple):
    """Someone else's completion with the very same file or link behind it."""

    member: Member
    course: Course
    completion: Completion
    is_file: bool


def same_proof(session: Session, member_id: int, evidence: Sequence[Evidence]) -> tuple[SameProof, ...]:
    """Whose completions stand on the same file or link as these, the oldest first; the first twenty of them.

    A class's sign-in sheet is the proof of all who signed it, and is not told.
    """
    files = {each.sha256 for each in evidence if each.sha256}
    links = {each.url for each in evidence if each.url}
    if not files and not links:
        return ()
    same: list[ColumnElement[bool]] = []
    if files:
        same.append(Evidence.sha256.in_(files))
    if links:
        same.append(Evidence.url.in_(links))
    rows = session.execute(
        select(Member, Course, Completion, Evidence.sha256)
        .join(Completion, and_(Completion.member_id == Evidence.member_id, Completion.id == Evidence.completion_id))
        .join(Member, Member.member_id == Evidence.member_id)
        .join(Course, Course.id == Completion.course_id)
        .where(or_(*same), Evidence.member_id != member_id, Completion.source.not_in(CLASS_SOURCES))
        .order_by(Evidence.id)
        .limit(_MOST)
    )
    return tuple(SameProof(member, course, done, sha256 in files) for member, course, done, sha256 in rows)


CLASS_SOURCES = ("class",)  # where a completion comes from a sheet that many signed
