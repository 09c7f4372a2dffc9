"""What people said of reported learners and courses, and which members they merged: by whom, when, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.directory import user_names
from tracker.coverage.paging import Page
from tracker.models import AuditEntry, BatchUndone, CourseAlias, Member, Stranger

_PAGE = 50


class Decision(StrEnum):
    """What a person may decide here, by the name of the act."""

    RECOGNISED = "recognise_learner"
    FORGOTTEN = "forget_learner"
    SET_ASIDE = "set_learner_aside"
    TAKEN_BACK = "take_learner_back"
    MAPPED = "map_course"
    IGNORED = "ignore_course"
    COURSE_FORGOTTEN = "forget_course"
    MERGED = "merge_members"


FILTERS: dict[str, tuple[Decision, ...]] = {
    "learners": (Decision.RECOGNISED, Decision.FORGOTTEN),
    "not-ours": (Decision.SET_ASIDE, Decision.TAKEN_BACK),
    "courses": (Decision.MAPPED, Decision.IGNORED, Decision.COURSE_FORGOTTEN),
    "merges": (Decision.MERGED,),
}


class Decided(NamedTuple):
    """One decision, as the audit trail keeps it."""

    entry: AuditEntry
    decision: Decision
    by: str
    member: Member | None
    holds: bool  # in force still: it can be taken back


def decided_page(session: Session, which: str = "", before: int | None = None) -> Page[Decided]:
    """Decisions, the newest first: of one kind of :data:`FILTERS`, or all."""
    actions = FILTERS.get(which, tuple(Decision))
    wanted = select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id.desc()).limit(_PAGE + 1)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    entries = list(session.scalars(wanted))
    shown = entries[:_PAGE]
    names = user_names(session, (entry.actor_id for entry in shown))
    ids = {entry.member_id for entry in shown if entry.member_id is not None}
    members = {each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(ids)))}
    in_force = _in_force(session, shown)
    lines = [
        Decided(
            *(entry, Decision(entry.action), names[entry.actor_id], members.get(entry.member_id or 0), entry.id in in_force),
        )
        for entry in shown
    ]
    return Page(lines, str(shown[-1].id) if len(entries) > _PAGE else None)


def decision_of(session: Session, entry_id: int) -> AuditEntry | None:
    """The audit entry of a decision; None also where its member was erased since: nothing is left to take back."""
    entry = session.get(AuditEntry, entry_id)
    return entry if entry is not None and entry.action in tuple(Decision) and not _is_erased(entry) else None


def _is_erased(entry: AuditEntry) -> bool:
    return "erased" in entry.detail


def _in_force(session: Session, entries: Sequence[AuditEntry]) -> set[int]:
    """Those of the entries whose decision nobody has taken back, or made anew, since."""
    entries = [entry for entry in entries if not _is_erased(entry)]
    said = {each: [entry for entry in entries if entry.action == each] for each in Decision}
    values = [entry.detail["learner"] for entry in said[Decision.SET_ASIDE]]
    strangers = {(row.value, row.recorded_at) for row in session.scalars(select(Stranger).where(Stranger.value.in_(values)))}
    names = [entry.detail["name"] for each in (Decision.MAPPED, Decision.IGNORED) for entry in said[each]]
    aliases = {
        (row.value, row.recorded_at) for row in session.scalars(select(CourseAlias).where(CourseAlias.value.in_(names)))
    }
    merges = [entry.object_id for entry in said[Decision.MERGED]]
    undone = set(session.scalars(select(BatchUndone.batch_id).where(BatchUndone.batch_id.in_(merges))))
    holding = {entry.id for entry in said[Decision.SET_ASIDE] if (entry.detail["learner"], entry.at) in strangers}
    holding |= {
        entry.id
        for each in (Decision.MAPPED, Decision.IGNORED)
        for entry in said[each]
        if (entry.detail["name"], entry.at) in aliases
    }
    holding |= {entry.id for entry in said[Decision.MERGED] if entry.object_id not in undone}
    return holding | _recognised_still(session, said[Decision.RECOGNISED])


def _recognised_still(session: Session, entries: Sequence[AuditEntry]) -> set[int]:
    """The last word on a learner and a member is the one that holds."""
    last: dict[tuple[int | None, str], AuditEntry] = {}
    for entry in session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.member_id.in_({entry.member_id for entry in entries if entry.member_id is not None}),
            AuditEntry.action.in_(FILTERS["learners"]),
        )
        .order_by(AuditEntry.id)
    ):
        if not _is_erased(entry):
            last[entry.member_id, entry.detail["learner"]] = entry
    return {entry.id for entry in entries if last.get((entry.member_id, entry.detail["learner"])) is entry}
