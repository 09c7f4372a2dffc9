"""One completion at a time, from any door."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.curriculum.words import Assurance
from tracker.language import _, day
from tracker.models import Completion, Course, Member, Review
from tracker.models.base import lock_member, member_lock
from tracker.models.loading import read_together
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions.claims import is_late_claim
from tracker.operations.completions.stage import Staged
from tracker.operations.completions.writing import write_completions
from tracker.operations.evidence import StoredFile
from tracker.operations.evidence.attaching import told, write_evidence
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings

SELF_LOGGED = "self"
STAFF_RECORDED = "staff"


def log_completion(
    session: Session,
    *,
    member: Member | None,
    course: Course | None,
    completed_on: date,
    assurance: Assurance,
    actor: Actor,
    today: date,
    now: datetime,
    evidence_url: str = "",
    file: StoredFile | None = None,
    source: str = SELF_LOGGED,
) -> int:
    """Record that a member completed a course on a day. The same act for every door.

    Args:
        member: None where the door found no one.
        course: None where the door found none.
        completed_on: the day of the completion, in the member's own zone.
        evidence_url: where the proof can be seen, if anywhere.
        file: the proof itself, kept already (:func:`tracker.operations.evidence.keep_file`).

    Returns:
        The completion's id, beside the member's its key.

    Raises:
        Refused: ``unknown_member``, ``unknown_course``, ``future_date``, ``course_retired`` (claims only: provider and staff
            records are always taken), ``already_logged``. Nothing is written then.
    """
    if member is None:
        raise Refused("unknown_member", _("No member with that number or e-mail is on the roster."), field="member")
    if course is None:
        raise Refused("unknown_course", _("No course has that code or title: choose one from the list."), field="course")
    if completed_on > today:
        raise Refused(
            "future_date",
            _("%(day)s has not come yet: give the day on which the course was completed.", day=day(completed_on)),
            field="completed_on",
        )
    if is_late_claim(assurance, completed_on, course.retired_on):
        raise Refused(
            "course_retired",
            _(
                "%(course)s was retired on %(day)s: a later completion needs the provider’s report or a staff record.",
                course=course.title,
                day=day(course.retired_on or completed_on),
            ),
            field="completed_on",
        )
    same_day = (
        "SELECT 1 FROM completion WHERE member_id = ? AND course_id = ? AND completed_on = ? AND assurance >= ?"
        " AND voided_at IS NULL LIMIT 1",
        (member.member_id, course.id, completed_on, int(assurance)),
    )
    if read_together(session, [*member_lock(session, member.member_id), same_day])[-1]:
        said = _("%(course)s on %(day)s is already recorded.", course=course.title, day=day(completed_on))
        raise Refused("already_logged", said, field="completed_on")
    row = Staged(
        *(member.member_id, 0, course.id, completed_on, int(assurance), source),
        *(None, evidence_url, None, actor.user_id),
    )
    completion_id = write_completions(session, [row], now)[0]
    if file is not None:
        review = Review.WAITING if assurance is Assurance.CLAIMED else Review.ACCEPTED
        write_evidence(session, [(member.member_id, completion_id)], file, "", review, actor, now)
    refresh_standings(session, [member.member_id])
    audit(
        session,
        actor,
        "log_completion",
        object_kind="completion",
        object_id=completion_id,
        member_id=member.member_id,
        detail={
            "course": course.code,
            "completed_on": completed_on.isoformat(),
            "assurance": assurance.word,
            **told(file, ""),
        },
        at=now,
    )
    return completion_id


def void_completion(session: Session, completion: Completion, reason: str, actor: Actor, *, now: datetime) -> None:
    """Take a completion out of every figure, with the reason; the record of it stays.

    Raises:
        Refused: ``no_reason``, ``already_voided``.
    """
    if not reason.strip():
        raise Refused("no_reason", _("Say why, in a few words."), field="reason")
    if completion.voided_at is not None:
        said = _("This completion was voided on %(day)s already.", day=day(completion.voided_at.date()))
        raise Refused("already_voided", said)
    lock_member(session, completion.member_id)
    completion.voided_at, completion.voided_by, completion.void_reason = now, actor.user_id, reason.strip()
    session.flush()
    refresh_standings(session, [completion.member_id])
    audit(
        session,
        actor,
        "void_completion",
        object_kind="completion",
        object_id=completion.id,
        member_id=completion.member_id,
        detail={"reason": reason.strip()},
        at=now,
    )
