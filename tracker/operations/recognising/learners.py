"""A person says who a reported learner is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.curriculum.likeness import names_alike
from tracker.curriculum.words import Outcome
from tracker.language import _
from tracker.models import Identifier, IdentifierKind, Member, Stranger, WaitingCompletion
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions.waiting import settle_rows
from tracker.operations.matching import LearnerFinder
from tracker.operations.notices import tell_member
from tracker.operations.notices.keeping import HELD, letter, sign_in_stays
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused


class Recognised(NamedTuple):
    """What recognising a learner did."""

    recorded: int
    known: int  # rows that said what was recorded before
    waiting: int  # rows of the learner that still wait, for their course
    further: int  # rows of other learners that what was taught has matched
    taught: tuple[str, ...]  # what the member is found by from now on
    untaught: tuple[str, ...]  # what could not be taught, and why


class _Lesson(NamedTuple):
    """What a learner's rows would teach of a member."""

    identifiers: list[Identifier]
    untaught: list[str]

    def teach(self, kind: IdentifierKind, value: str, member: Member, shown: str, now: datetime) -> None:
        known = (kind, value) in {(each.kind, each.value) for each in self.identifiers}
        if not known:
            row = Identifier(kind=kind, value=value, member_id=member.member_id, shown=shown, recorded_at=now)
            self.identifiers.append(row)


def recognise_learner(
    session: Session, key: str, member: Member | None, actor: Actor, *, today: date, now: datetime
) -> Recognised:
    """Settle who a reported learner is, once: their waiting rows are recorded, and later reports find the member.

    A provider's id is taught as it is; an e-mail address where nobody else has it; a shared address together with the name,
    and a wrong number, as an alias. A mere name teaches nothing: it never matches.

    Args:
        key: ``operations.matching.learner_key`` of the learner.
        member: None where the door found no one.

    Raises:
        Refused: ``unknown_member``, ``merged``, ``set_aside``, ``nothing_waits``, ``found_otherwise``, ``id_taken``,
            ``own_record``: nobody says that somebody's courses are their own.
    """
    if member is None:
        raise Refused("unknown_member", _("No member with that number or e-mail is on the roster."), field="member")
    if member.merged_into_id is not None:
        raise Refused(
            "merged", _("%(name)s was merged into another member: choose that one.", name=member.name), field="member"
        )
    if session.get(Stranger, key) is not None:
        raise Refused("set_aside", _("Someone said that this learner is not one of ours: take that back first."))
    rows = open_rows(session, key)
    if not rows:
        raise Refused("nothing_waits", _("Nothing of this learner waits any more: someone has settled it in the meantime."))
    refuse_own(session, member.member_id, actor)
    lock_member(session, member.member_id)
    _check_found(session, rows, member)
    lesson = _lesson(session, key, rows, member, now)
    emails = [each.value for each in lesson.identifiers if each.kind is IdentifierKind.EMAIL]
    if emails:  # to the address they were written to until now, for mails may go to the new one
        tell_member(session, member.member_id, HELD, lambda: _about_addresses(emails), now)
    session.add_all(lesson.identifiers)
    session.flush()
    others = [row for row in rows_with(session, emails) if row.learner_key != key]
    recorded = settle_rows(
        session, [*rows, *others], by=actor, today=today, now=now, members={row.id: member.member_id for row in rows}
    )
    waiting = [row for row in rows if row.settled_at is None]
    if key.startswith("name:"):
        for row in waiting:
            row.settled_member_id = member.member_id  # nothing else would know it once the course has come
    done = Recognised(
        recorded.outcomes[Outcome.RECORDED] + recorded.outcomes[Outcome.CORROBORATED],
        recorded.outcomes[Outcome.ALREADY_KNOWN],
        len(waiting),
        sum(row.settled_at is not None for row in others),
        tuple(each.shown for each in lesson.identifiers),
        tuple(lesson.untaught),
    )
    audit(
        session,
        actor,
        "recognise_learner",
        object_kind="member",
        object_id=member.member_id,
        member_id=member.member_id,
        detail={
            "learner": key,
            "shown": shown_of(rows[0]),
            "member": member.number,
            "taught": [[each.kind.value, each.value] for each in lesson.identifiers],
            "found_by": list(done.taught),
            "recorded": done.recorded,
            "waiting": done.waiting,
        },
        at=now,
    )
    return done


def _about_addresses(emails: Sequence[str]) -> tuple[str, str]:
    """Subject and body of the mail to a member who is known by more addresses from now on."""
    said = _(
        "A report of courses gives the e-mail address %(emails)s, and the training department said that this is you: "
        "courses reported with it now count for you.",
        emails=", ".join(emails),
    )
    return _("Another e-mail address was added for you"), letter(said, sign_in_stays())


def open_rows(session: Session, key: str) -> list[WaitingCompletion]:
    """The learner's rows that a person is asked about, locked: two people may decide at once."""
    return list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.learner_key == key,
                WaitingCompletion.settled_at.is_(None),
                WaitingCompletion.is_set_aside.is_(False),
                WaitingCompletion.reason == Outcome.UNMATCHED,
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
    )


def shown_of(row: WaitingCompletion) -> str:
    """A learner as people know them: the name, and the surest of the rest."""
    known_by = row.email or row.provider_id or row.member_number
    return (
        f"{row.learner_name} ({known_by})" if row.learner_name and known_by else row.learner_name or known_by or _("no name")
    )


def _check_found(session: Session, rows: Sequence[WaitingCompletion], member: Member) -> None:
    learners = LearnerFinder(session, rows)
    for row in rows:
        found = learners.find(row)
        if found is not None and found != member.member_id:
            other = session.get_one(Member, found)
            raise Refused(
                "found_otherwise",
                _(
                    "What reports say of this learner is %(name)s’s (%(number)s) by now. If they are one "
                    "person, merge the two members.",
                    name=other.name,
                    number=other.number,
                ),
                field="member",
            )


def _lesson(session: Session, key: str, rows: Sequence[WaitingCompletion], member: Member, now: datetime) -> _Lesson:
    lesson = _Lesson([], [])
    if key.startswith("id:"):
        _check_free(session, IdentifierKind.PROVIDER_ID, key.removeprefix("id:"), member)
        if session.get(Identifier, (IdentifierKind.PROVIDER_ID, key.removeprefix("id:"), member.member_id)) is None:
            lesson.teach(IdentifierKind.PROVIDER_ID, key.removeprefix("id:"), member, rows[0].provider_id.strip(), now)
    needs_alias = key.startswith("number:")
    for email, shown in {email_key(row.email): row.email.strip() for row in rows if row.email}.items():
        holders = set(session.scalars(select(Identifier.member_id).where(*_is(IdentifierKind.EMAIL, email))))
        if holders == {member.member_id}:
            continue
        why_not = _why_not_taught(session, email, holders, member)
        if not why_not:
            lesson.teach(IdentifierKind.EMAIL, email, member, shown, now)
            continue
        lesson.untaught.append(f"{shown} {why_not}")
        needs_alias = needs_alias or key.startswith("email:")
    if needs_alias:
        _check_free(session, IdentifierKind.ALIAS, key, member)
        if session.get(Identifier, (IdentifierKind.ALIAS, key, member.member_id)) is None:
            lesson.teach(IdentifierKind.ALIAS, key, member, shown_of(rows[0]), now)
    return lesson


def _is(kind: IdentifierKind, value: str) -> tuple[ColumnElement[bool], ...]:
    return Identifier.kind == kind, Identifier.value == value


def _check_free(session: Session, kind: IdentifierKind, value: str, member: Member) -> None:
    holder = session.scalar(
        select(Member)
        .join(Identifier, Identifier.member_id == Member.member_id)
        .where(*_is(kind, value), Identifier.member_id != member.member_id)
    )
    if holder is not None:
        raise Refused(
            "id_taken",
            _(
                "Reports with this id are %(name)s’s (%(number)s). If they are one person, merge the two members.",
                name=holder.name,
                number=holder.number,
            ),
            field="member",
        )


def _why_not_taught(session: Session, email: str, holders: set[int], member: Member) -> str:
    """Why an address cannot stand for one member; "" where it can."""
    if member.member_id in holders:
        return _("is another member’s address as well, so it matches nobody by itself")
    if holders:
        return _("is another member’s address")
    names = sorted({row.learner_name for row in _ever_reported_with(session, email) if row.learner_name.strip()})
    if all(names_alike(one, other) for place, one in enumerate(names) for other in names[place + 1 :]):
        return ""
    return _("is reported for several people, so it matches nobody by itself")


def _ever_reported_with(session: Session, email: str) -> Sequence[WaitingCompletion]:
    return session.scalars(select(WaitingCompletion).where(func.lower(WaitingCompletion.email) == email)).all()


def rows_with(session: Session, emails: Sequence[str]) -> list[WaitingCompletion]:
    """Rows of any learner that wait for someone with one of these addresses."""
    return list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.settled_at.is_(None),
                WaitingCompletion.is_set_aside.is_(False),
                WaitingCompletion.reason == Outcome.UNMATCHED,
                func.lower(WaitingCompletion.email).in_(emails),
            )
            .order_by(WaitingCompletion.id)
            .with_for_update()
        )
    )
