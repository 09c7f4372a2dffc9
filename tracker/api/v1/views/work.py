"""What training staff work on, and the audit trail: read as on their pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import abort

from tracker.access.reporting import path_for
from tracker.access.trail import Asked, AuditLine, trail_page
from tracker.api.v1.answers import following, gathered
from tracker.api.v1.asking import Paged, Words
from tracker.api.v1.callers import Caller
from tracker.api.v1.cursors import row_of
from tracker.api.v1.door import audit_readers, kept_text, operation, row_id, staff_and_auditors, today
from tracker.api.v1.opened import opened_list
from tracker.api.v1.shapes.base import Id, Shape, UnitName, said
from tracker.api.v1.shapes.curriculum import CourseName, PathName
from tracker.api.v1.shapes.members import MemberName
from tracker.api.v1.shapes.work import (
    Batch,
    Batches,
    BatchFault,
    BatchWhole,
    Entries,
    Entry,
    Review,
    Reviews,
    Rule,
    Rules,
    WaitingCourse,
    WaitingCourses,
    WaitingLearner,
    WaitingLearners,
)
from tracker.coverage.batches import batch_outcomes, batches_page
from tracker.coverage.desk.courses import courses_page
from tracker.coverage.desk.learners import WaitingLearner as LearnerLine
from tracker.coverage.desk.learners import learners_page
from tracker.coverage.reviewing import Question, claims_page
from tracker.coverage.rules import RuleLine, asked_by, open_rules
from tracker.models import Batch as BatchRow
from tracker.models import db


class OneBatch(Shape):
    """An import."""

    batch_id: Id = said("The import's id.", "731204859102834688")


class OfAction(Paged):
    """Which entries."""

    action: Words | None = said("Only entries of this action.", "log_completion", default=None)


class OfReviews(Paged):
    """Which claims."""

    path: Words | None = said("Only of courses that this path lists, by its code.", "ai-fundamentals", default=None)


@operation("/batches", Batches, about="Work", opened_to=staff_and_auditors)
def batches(caller: Caller, query: Paged) -> Batches:
    """The imports, the newest first."""
    session = db.session()
    rows, key = gathered(
        lambda before: batches_page(session, before),
        lambda line: line.batch.id,
        row_of(kept_text(query.cursor)),
        query.limit,
    )
    items = [
        Batch(**_batch(line.batch, line.by, line.rows), undone_at=line.undone.undone_at if line.undone else None)
        for line in rows
    ]
    return Batches(items=items, next=following(key))


@operation("/batches/<batch_id>", BatchWhole, about="Work", opened_to=staff_and_auditors)
def batch(caller: Caller, path: OneBatch) -> BatchWhole:
    """An import, and how its rows ended."""
    found = batch_outcomes(db.session(), row_id(path.batch_id))
    if found is None:
        abort(404)
    return BatchWhole(
        **_batch(found.batch, found.by, found.rows),
        undone_at=found.undone.undone_at if found.undone else None,
        outcomes={outcome.value: count for outcome, count in found.counts},
        faults_in_all=found.faults_in_all,
        faults=[
            BatchFault(line=each.line, column=each.column, value=each.value, reason=each.reason) for each in found.faults
        ],
        waiting_in_all=found.waiting_in_all,
        settled=found.settled,
    )


@operation("/waiting/learners", WaitingLearners, about="Work", opened_to=staff_and_auditors)
def waiting_learners(caller: Caller, query: Paged) -> WaitingLearners:
    """Learners whom reports name and nobody knows, who waits longest first."""
    session = db.session()
    rows, key = gathered(
        lambda after: learners_page(session, "", after),
        lambda learner: learner.id,
        row_of(kept_text(query.cursor)),
        query.limit,
    )
    return WaitingLearners(items=[_learner(each) for each in rows], next=following(key))


@operation("/waiting/courses", WaitingCourses, about="Work", opened_to=staff_and_auditors)
def waiting_courses(caller: Caller, query: Paged) -> WaitingCourses:
    """Courses that reports name and the catalogue does not have, which waits longest first."""
    session = db.session()
    rows, key = gathered(
        lambda after: courses_page(session, "", after),
        lambda course: course.id,
        row_of(kept_text(query.cursor)),
        query.limit,
    )
    items = [
        WaitingCourse(
            id=str(each.id),
            titles=list(each.titles),
            course_ids=list(each.course_ids),
            sources=list(each.sources),
            rows=each.rows,
            learners=each.learners,
            oldest=each.oldest,
        )
        for each in rows
    ]
    return WaitingCourses(items=items, next=following(key))


@operation("/assignment-rules", Rules, about="Work", opened_to=staff_and_auditors)
def assignment_rules(caller: Caller, query: Paged) -> Rules:
    """The rules that ask today or later, the oldest first."""
    session, after = db.session(), row_of(kept_text(query.cursor))
    lines = sorted(open_rules(session, today()), key=lambda line: line.rule.id)
    lines = [line for line in lines if after is None or line.rule.id > after]
    shown = lines[: query.limit]
    asked = asked_by(session, [line.rule.id for line in shown], today())
    key = str(shown[-1].rule.id) if len(lines) > len(shown) else None
    items = [_rule(line, asked[line.rule.id].members if line.rule.id in asked else 0) for line in shown]
    return Rules(items=items, next=following(key))


@operation("/reviews", Reviews, about="Work", opened_to=staff_and_auditors)
def reviews(caller: Caller, query: OfReviews) -> Reviews:
    """Claims that wait for somebody to look at them, the oldest first. It leaves a trace that their members can read."""
    session, now = db.session(), datetime.now(UTC)
    path = path_for(session, kept_text(query.path)) if kept_text(query.path) else None
    rows, key = gathered(
        lambda after: claims_page(session, Question(path=path), today(), now, after),
        lambda claim: claim.completion.id,
        row_of(kept_text(query.cursor)),
        query.limit,
    )
    opened_list(caller, [each.member.member_id for each in rows], None)
    items = [
        Review(
            completion_id=str(each.completion.id),
            member=MemberName(
                id=str(each.member.member_id),
                number=each.member.number,
                first_name=each.member.first_name,
                last_name=each.member.last_name,
            ),
            course=CourseName.of(each.course),
            completed_on=each.completion.completed_on,
            recorded_at=each.completion.recorded_at,
            evidence=len(each.evidence),
            held_until=each.held_until,
        )
        for each in rows
    ]
    return Reviews(items=items, next=following(key))


@operation("/audit", Entries, about="Audit", opened_to=audit_readers)
def audit(caller: Caller, query: OfAction) -> Entries:
    """The audit trail, the newest first. An administrator reads of learning only who did what, and when."""
    session, action = db.session(), kept_text(query.action)
    rows, key = gathered(
        lambda before: trail_page(session, Asked(action=action), before, with_learning=caller.reach.sees_all_units),
        lambda line: line.entry.id,
        row_of(kept_text(query.cursor)),
        query.limit,
    )
    return Entries(items=[_entry(line) for line in rows], next=following(key))


def _batch(batch: BatchRow, by: str, rows: int) -> dict[str, Any]:
    return {
        "id": str(batch.id),
        "kind": batch.kind,
        "profile": batch.profile,
        "file_name": batch.file_name,
        "sha256": batch.sha256,
        "recorded_at": batch.recorded_at,
        "recorded_by": by,
        "rows": rows,
    }


def _learner(learner: LearnerLine) -> WaitingLearner:
    return WaitingLearner(
        id=str(learner.id),
        names=learner.all("name"),
        emails=learner.all("email"),
        provider_ids=learner.all("provider_id"),
        member_numbers=learner.all("number"),
        sources=learner.all("source"),
        rows=learner.rows,
        oldest=learner.oldest,
    )


def _rule(line: RuleLine, asked: int) -> Rule:
    rule = line.rule
    return Rule(
        id=str(rule.id),
        path=PathName.of(line.path),
        kind=rule.kind,
        unit=UnitName.of(line.unit) if line.unit else None,
        craft=line.craft,
        from_on=rule.from_on,
        until_on=rule.until_on,
        due_on=rule.due_on,
        within_days=rule.within_days,
        asked=asked,
        sentence=line.sentence,
    )


def _entry(line: AuditLine) -> Entry:
    entry = line.entry
    return Entry(
        id=str(entry.id),
        at=entry.at,
        actor=line.actor_email,
        role=entry.actor_role,
        action=entry.action,
        object_kind=entry.object_kind,
        object_id=str(entry.object_id) if entry.object_id is not None and not line.is_withheld else None,
        unit=UnitName.of(line.unit) if line.unit else None,
        detail=dict(line.detail),
        is_withheld=line.is_withheld,
    )
