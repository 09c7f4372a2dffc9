"""Everything that was ever recorded about a member: what, when it became known, by whom, and what was taken back and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.directory import user_names
from tracker.coverage.reviewing import reviews_of
from tracker.language import _, day, mark, word
from tracker.models import (
    Assignment,
    AssignmentRule,
    Batch,
    Completion,
    Course,
    Craft,
    DueDecision,
    Eligibility,
    Evidence,
    Exemption,
    LearningPath,
    Membership,
    ProviderAccount,
    Review,
    Unit,
)

_KINDS = (mark("card"), mark("path"), mark("exemption"), mark("course"), mark("proof"), mark("review"), mark("account"))


class HistoryLine(NamedTuple):
    """One thing that became known, or that was taken back. Its texts are in the language that is spoken now."""

    at: datetime
    kind: str  # one of the marked words above
    words: str
    why: str  # the reason, where one was given
    by: str
    batch: Batch | None  # the import it came with
    is_void: bool  # it takes something back


class _Noted(NamedTuple):
    at: datetime
    by: int | None
    kind: str
    words: str
    why: str = ""
    batch_id: int | None = None
    is_void: bool = False


def whole_history(session: Session, member_id: int) -> list[HistoryLine]:
    """A member's whole history, the newest first. Who looked at the record is told elsewhere."""
    noted = [
        *_cards(session, member_id),
        *_assignments(session, member_id),
        *_exemptions(session, member_id),
        *_due_decisions(session, member_id),
        *_completions(session, member_id),
        *_proofs(session, member_id),
        *_reviews(session, member_id),
        *_accounts(session, member_id),
    ]
    noted.sort(key=lambda each: each.at, reverse=True)
    names = user_names(session, (each.by for each in noted))
    ids = {each.batch_id for each in noted if each.batch_id is not None}
    batches = {each.id: each for each in session.scalars(select(Batch).where(Batch.id.in_(ids)))} if ids else {}
    return [
        HistoryLine(
            *(each.at, each.kind, each.words, each.why, names[each.by]),
            *(batches.get(each.batch_id) if each.batch_id else None, each.is_void),
        )
        for each in noted
    ]


def _known(fact: Any, kind: str, words: str, why: str = "") -> Iterator[_Noted]:
    """What a fact says, and that it was voided where it was."""
    yield _Noted(fact.recorded_at, fact.recorded_by, kind, words, why, fact.batch_id)
    if fact.voided_at is not None:
        said = _("No longer: %(what)s", what=words)
        yield _Noted(fact.voided_at, fact.voided_by, kind, said, fact.void_reason or "", fact.voided_batch_id, True)


def _span(from_on: date, until_on: date | None) -> str:
    if until_on is None:
        return _("from %(day)s", day=day(from_on))
    return _("from %(day)s until %(until)s", day=day(from_on), until=day(until_on))


def _cards(session: Session, member_id: int) -> Iterator[_Noted]:
    rows = session.execute(
        select(Membership, Unit, Craft.name)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(Craft, Craft.id == Membership.craft_id)
        .where(Membership.member_id == member_id)
    )
    for card, unit, craft in rows:
        told = {"unit": unit.title, "craft": craft, "status": word(card.status), "span": _span(card.from_on, card.until_on)}
        yield from _known(card, "card", _("%(unit)s · %(craft)s, %(status)s, %(span)s", **told))


def _assignments(session: Session, member_id: int) -> Iterator[_Noted]:
    rows = session.execute(
        select(Assignment, LearningPath.title, AssignmentRule, Unit, Craft.name)
        .join(LearningPath, LearningPath.id == Assignment.path_id)
        .outerjoin(AssignmentRule, AssignmentRule.id == Assignment.rule_id)
        .outerjoin(Unit, Unit.id == AssignmentRule.unit_id)
        .outerjoin(Craft, Craft.id == AssignmentRule.craft_id)
        .where(Assignment.member_id == member_id)
    )
    for asked, title, rule, unit, craft in rows:
        whose = " · ".join(part for part in (unit.title if unit else "", craft or "") if part)
        if rule is None:
            why = _("asked by name")
        elif whose:
            why = _("by the rule for %(whom)s", whom=whose)
        else:
            why = _("by the rule for everyone")
        if asked.due_on is not None:
            why = _("%(why)s, due %(day)s", why=why, day=day(asked.due_on))
        told = {"path": title, "kind": word(asked.kind.value), "span": _span(asked.assigned_on, asked.until_on)}
        yield from _known(asked, "path", _("%(path)s, %(kind)s, %(span)s", **told), why)


def _exemptions(session: Session, member_id: int) -> Iterator[_Noted]:
    rows = session.execute(
        select(Exemption, LearningPath.title, Unit)
        .join(LearningPath, LearningPath.id == Exemption.path_id)
        .outerjoin(Unit, Unit.id == Exemption.unit_id)
        .where(Exemption.member_id == member_id)
    )
    for excuse, title, unit in rows:
        told = {"path": title, "span": _span(excuse.from_on, excuse.until_on)}
        words = (
            _("Exempt from %(path)s on the cards under %(unit)s, %(span)s", unit=unit.title, **told)
            if unit is not None
            else _("Exempt from %(path)s, %(span)s", **told)
        )
        yield from _known(excuse, "exemption", words, excuse.reason)


def _due_decisions(session: Session, member_id: int) -> Iterator[_Noted]:
    rows = session.execute(
        select(DueDecision, LearningPath.title)
        .join(AssignmentRule, AssignmentRule.id == DueDecision.rule_id)
        .join(LearningPath, LearningPath.id == AssignmentRule.path_id)
        .where(DueDecision.member_id == member_id)
    )
    for decided, title in rows:
        words = (
            _("%(path)s: another due day, %(day)s", path=title, day=day(decided.due_on))
            if decided.due_on is not None
            else _("%(path)s: no due day", path=title)
        )
        yield from _known(decided, "path", words, decided.reason)


def _completions(session: Session, member_id: int) -> Iterator[_Noted]:
    rows = session.execute(
        select(Completion, Course.title)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.member_id == member_id)
    )
    for done, title in rows:
        told = {"course": title, "day": day(done.completed_on), "assurance": word(done.assurance.word)}
        yield from _known(done, "course", _("%(course)s, completed %(day)s, %(assurance)s", **told))


def _proofs(session: Session, member_id: int) -> Iterator[_Noted]:
    rows = session.execute(
        select(Evidence, Course.title)
        .join(Completion, (Completion.member_id == Evidence.member_id) & (Completion.id == Evidence.completion_id))
        .join(Course, Course.id == Completion.course_id)
        .where(Evidence.member_id == member_id)
    )
    for proof, title in rows:
        words = _("A file for %(course)s", course=title) if proof.sha256 else _("A link for %(course)s", course=title)
        yield _Noted(proof.recorded_at, proof.recorded_by, "proof", words)


def _reviews(session: Session, member_id: int) -> Iterator[_Noted]:
    reviews = reviews_of(session, member_id)
    ids = {each.claim.course_id for each in reviews}
    titles = (
        {row.id: row.title for row in session.execute(select(Course.id, Course.title).where(Course.id.in_(ids)))}
        if ids
        else {}
    )
    for each in reviews:
        told = {"course": titles[each.claim.course_id], "day": day(each.claim.completed_on)}
        decision = each.review.decision
        if decision is Review.ACCEPTED:
            words = _("Accepted: %(course)s of %(day)s", **told)
        elif decision is Review.RETURNED:
            words = _("Returned to the member: %(course)s of %(day)s", **told)
        else:
            words = _("Rejected: %(course)s of %(day)s", **told)
        yield _Noted(each.review.decided_at, each.review.decided_by, "review", words, each.words)


def _accounts(session: Session, member_id: int) -> Iterator[_Noted]:
    for account in session.scalars(select(ProviderAccount).where(ProviderAccount.member_id == member_id)):
        told = {"provider": account.provider, "id": account.provider_id}
        words = (
            _("An account at %(provider)s: %(id)s", **told)
            if account.is_open
            else _("An account at %(provider)s that cannot be used: %(id)s", **told)
        )
        yield from _known(account, "account", words)
    rows = session.execute(
        select(Eligibility, Unit).join(Unit, Unit.id == Eligibility.unit_id).where(Eligibility.member_id == member_id)
    )
    for said, unit in rows:
        told = {"unit": unit.title, "provider": said.provider}
        words = (
            _("%(unit)s says: may have an account at %(provider)s", **told)
            if said.is_eligible
            else _("%(unit)s says: may not have an account at %(provider)s", **told)
        )
        yield from _known(said, "account", words, said.note)
