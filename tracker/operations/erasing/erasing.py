"""The act of erasing, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, Text, and_, cast, delete, false, func, or_, select, update
from sqlalchemy.orm import Session

from tracker.coverage.erasures import ERASE
from tracker.curriculum.words import Role
from tracker.language import _, in_list, word
from tracker.models import (
    AuditEntry,
    Base,
    Batch,
    BatchChange,
    Erasure,
    Evidence,
    HeldChange,
    ImportJob,
    JobState,
    Member,
    Membership,
    RoleGrant,
    StatementState,
    User,
    WaitingCompletion,
    XapiStatement,
    new_ids,
)
from tracker.models.base import lock_member
from tracker.operations.accounts.limits import account_key
from tracker.operations.accounts.roles import ROLE_NAMES
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.erasing.tables import ERASED
from tracker.operations.erasing.whom import (
    Whom,
    about,
    entries_of_none,
    faults_about,
    says,
    told_in,
    waiting_about,
    whom,
)
from tracker.operations.own_record import refuse_own
from tracker.operations.refused import Refused
from tracker.operations.sealing import seal_entries

LONGEST_REASON = 200
_FACTS = ("membership", "assignment", "exemption", "completion", "provider_account", "eligibility")
_UNSETTLED = (StatementState.NEW, StatementState.WAITING)


class Original(NamedTuple):
    """A file of an import that held a row of theirs: it is removed with its time, and cannot be rewritten."""

    file_name: str
    sha256: str
    recorded_at: datetime


@dataclass
class Erasing:
    """What erasing a member did: rows by table that went or lost what they said, and what stays."""

    erasure_id: int
    ids: dict[int, int]  # the erasure of each of their ids, whoever was merged into them too
    at: datetime
    gone: dict[str, int] = field(default_factory=dict)
    entries: dict[int, int] = field(default_factory=dict)  # of the trail, by the erasure with which their details went
    stays: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)  # hashes that no other row names
    originals: list[Original] = field(default_factory=list)
    open_cards: int = 0


def refuse_erasing(session: Session, who: Whom, actor: Actor, *, today: date) -> None:
    """Say no where this member cannot be erased now.

    Raises:
        Refused: ``already_erased``, ``merged``, ``own_record``, ``open_role``.
    """
    member = who.member
    if session.scalar(select(Erasure.id).where(Erasure.member_id == member.member_id)) is not None:
        raise Refused("already_erased", _("This member was erased already."))
    if member.merged_into_id is not None:
        into = session.get_one(Member, member.merged_into_id)
        said = _("They were merged into %(name)s (%(number)s): erase that one.", name=into.name, number=into.number)
        raise Refused("merged", said)
    refuse_own(session, member.member_id, actor)
    wanted = select(RoleGrant).where(RoleGrant.user_id.in_(who.user_ids), RoleGrant.role != Role.MEMBER)
    still = [each for each in session.scalars(wanted) if each.until_on is None or each.until_on > today]
    if still:
        roles = in_list(sorted({word(ROLE_NAMES[each.role]) for each in still}))
        said = _("They still hold a role: %(roles)s. An administrator must end it first, under Users.", roles=roles)
        raise Refused("open_role", said)


def erase_member(
    session: Session,
    member_id: int,
    reason: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    erasure_ids: dict[int, int] | None = None,
) -> Erasing:
    """Take from the database whatever says who a member is; the facts stay, and every figure is what it was.

    Whoever was merged into them is erased with them. It cannot be undone. The files of evidence are the door's to remove,
    once this is committed (:func:`tracker.operations.erasing.drop_files`), and the erasure's lines to be kept.

    Args:
        reason: why, in words that name nobody: it is kept for good.
        erasure_ids: by member the erasure's id, where it was erased before and a backup brought them back.

    Raises:
        Refused: ``unknown_member``, ``no_reason``, ``reason_too_long``, ``reason_names``, and what
            :func:`refuse_erasing` raises.

    Needs ``writing(alone=True)``: no import may be under way that has found the member already.
    """
    member = session.get(Member, member_id)
    if member is None:
        raise Refused("unknown_member", _("There is no such member."))
    who = whom(session, member)
    if erasure_ids is None:
        _check_reason(reason, who)
        refuse_erasing(session, who, actor, today=today)
    for each in sorted(who.member_ids):
        lock_member(session, each)
    while seal_entries(session, now, all_of=True):
        pass  # only a sealed entry may lose its details: the chain goes on to hold
    before = select(Erasure.member_id, Erasure.id).where(Erasure.member_id.in_(who.member_ids))
    erased = {each.member_id: each.id for each in session.execute(before)}
    known = (erasure_ids or {}) | erased
    fresh = dict(zip(who.member_ids, new_ids(len(who.member_ids)), strict=True))
    done = Erasing(0, {each: known.get(each, fresh[each]) for each in who.member_ids}, now)
    done.erasure_id = done.ids[member_id]
    done.stays = {name: _count(session, _table(name), _table(name).c.member_id.in_(who.member_ids)) for name in _FACTS}
    done.open_cards = _open_cards(session, who, today)
    done.originals = _originals(session, who)
    done.files = _files(session, who)
    _erase_rows(session, who, done, today)
    session.add_all(
        Erasure(id=its_id, member_id=each, erased_at=now, erased_by=actor.user_id, reason=reason.strip())
        for each, its_id in done.ids.items()
        if each not in erased
    )
    session.flush()
    _erase_entries(session, who, done)
    session.expire_all()
    counts = {"rows": {name: count for name, count in done.gone.items() if count}, "files": len(done.files)}
    counts["entries"] = {str(its_id): count for its_id, count in done.entries.items() if count}
    audit(
        session,
        actor,
        ERASE,
        object_kind="erasure",
        object_id=done.erasure_id,
        member_id=member_id,
        detail={"reason": reason.strip(), "ids": len(who.member_ids), **counts},
        at=now,
    )
    return done


def _check_reason(reason: str, who: Whom) -> None:
    said = reason.strip()
    if not said:
        raise Refused("no_reason", _("Say why, in a few words that name nobody: it is kept for good."), field="reason")
    if len(said) > LONGEST_REASON:
        raise Refused("reason_too_long", _("Say it in %(most)s characters.", most=LONGEST_REASON), field="reason")
    names = {text for each in (who.member.first_name, who.member.last_name) if (text := each.strip().casefold())}
    words = {each.strip(".,;:()").casefold() for each in said.split()}
    if words & (names | {each.casefold() for each in who.whole}) or any(each in said.casefold() for each in who.addresses):
        raise Refused(
            "reason_names",
            _("The reason names them, and it is kept for good: say it without name or number."),
            field="reason",
        )


def _table(name: str) -> Table:
    return Base.metadata.tables[name]


def _count(session: Session, table: Table, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def _open_cards(session: Session, who: Whom, today: date) -> int:
    is_open = or_(Membership.until_on.is_(None), Membership.until_on > today)
    return _count(
        session, _table("membership"), Membership.member_id.in_(who.member_ids), Membership.voided_at.is_(None), is_open
    )


def _originals(session: Session, who: Whom) -> list[Original]:
    """The files that brought something of theirs, the newest first."""
    ids: set[int] = set()
    for name in (*_FACTS, "batch_change", "held_change"):
        columns = _table(name).c
        ids.update(session.scalars(select(columns.batch_id).where(columns.member_id.in_(who.member_ids)).distinct()))
    ids.update(session.scalars(select(WaitingCompletion.batch_id).where(_waiting(who)).distinct()))
    found = select(Batch).where(Batch.id.in_({each for each in ids if each is not None}), Batch.sha256 != "")
    return [
        Original(each.file_name, each.sha256, each.recorded_at) for each in session.scalars(found.order_by(Batch.id.desc()))
    ]


def _files(session: Session, who: Whom) -> list[str]:
    mine = select(Evidence.sha256).where(Evidence.member_id.in_(who.member_ids), Evidence.sha256.is_not(None)).distinct()
    hashes = [each for each in session.scalars(mine) if each is not None]
    others = select(Evidence.sha256).where(Evidence.sha256.in_(hashes), Evidence.member_id.not_in(who.member_ids))
    return sorted(set(hashes) - set(session.scalars(others)))


def _waiting(who: Whom) -> Any:
    return or_(about(_table("waiting_completion"), ERASED["waiting_completion"], who), waiting_about(who))


def _conditions(session: Session, who: Whom) -> dict[str, Any]:
    """By table, which rows are theirs: where a key does not say so, by what they say."""
    waiting = list(session.scalars(select(WaitingCompletion.id).where(_waiting(who))))
    keys = list(session.scalars(select(WaitingCompletion.learner_key).where(WaitingCompletion.id.in_(waiting)).distinct()))
    columns = {name: _table(name).c for name in ERASED}
    failures = [account_key(each) for each in who.addresses]
    merges = select(BatchChange.batch_id).where(BatchChange.member_id.in_(who.member_ids), BatchChange.what == "merged")
    merges_into = select(BatchChange.batch_id).where(
        BatchChange.after.in_([str(each) for each in who.member_ids]), BatchChange.what == "merged"
    )
    held = columns["held_change"]
    found = {name: about(_table(name), how, who) for name, how in ERASED.items()}
    said_of_others = or_(says(held.before, who), says(held.after, who))
    return found | {
        "notice": found["notice"] & or_(_of_nobody("notice"), _table("notice").c.member_id.in_(who.member_ids)),
        "held_change": or_(found["held_change"], HeldChange.decided_at.is_(None) & said_of_others),
        "waiting_completion": columns["waiting_completion"].id.in_(waiting),
        "xapi_statement": or_(found["xapi_statement"], XapiStatement.waiting_id.in_(waiting), _mails(who)),
        "row_fault": faults_about(who),
        "stranger": columns["stranger"].value.in_({*keys, *who.ids} - {""}),
        "sign_in_failure": columns["sign_in_failure"].key.in_(failures),
        "batch": columns["batch"].id.in_(merges) | columns["batch"].id.in_(merges_into),
        "import_job": told_in(columns["import_job"].result, who) & (ImportJob.state != JobState.RECORDING),
    }


def _of_nobody(name: str) -> Any:
    return _table(name).c.member_id.is_(None)


def _mails(who: Whom) -> Any:
    """That a statement, of no member yet, has one of their addresses in it."""
    raw = func.lower(XapiStatement.raw)
    found = [raw.contains(each, autoescape=True) for each in sorted(who.addresses)]
    return XapiStatement.member_id.is_(None) & or_(false(), *found)


def _erase_rows(session: Session, who: Whom, done: Erasing, today: date) -> None:
    where = _conditions(session, who)
    for name, how in ERASED.items():
        if name == "audit_entry":
            continue
        table = _table(name)
        loses = [table.c[column] != "" for column in how.becomes or ()]  # a row that says nothing loses nothing
        done.gone[name] = _count(session, table, where[name], *([or_(*loses)] if loses else []))
        if name == "role_grant":
            _end_roles(session, who, today)
        elif how.becomes is None:
            session.execute(delete(table).where(where[name]))
        else:
            if name == "xapi_statement":
                unsettled = where[name] & XapiStatement.state.in_(_UNSETTLED)
                session.execute(update(table).where(unsettled).values(state=StatementState.VOIDED))
            said = {column: value(table) if callable(value) else value for column, value in how.becomes.items()}
            session.execute(update(table).where(where[name]).values(**said, **how.sets))
    mine = update(User).where(User.id.in_(who.user_ids)).values(session_epoch=User.session_epoch + 1)
    session.execute(mine.execution_options(synchronize_session=False))


def _end_roles(session: Session, who: Whom, today: date) -> None:
    still = or_(RoleGrant.until_on.is_(None), RoleGrant.until_on > today)
    mine = (RoleGrant.user_id.in_(who.user_ids), still)
    quiet = {"synchronize_session": False}
    session.execute(delete(RoleGrant).where(*mine, RoleGrant.from_on >= today).execution_options(**quiet))
    session.execute(update(RoleGrant).where(*mine).values(until_on=today).execution_options(**quiet))


def _erase_entries(session: Session, who: Whom, done: Erasing) -> None:
    """Each entry's details go with the erasure of its own member; those of none with the one of who is erased.

    They go once, and never those of an erasing itself, which name nobody: the trail's chain is judged by what these say.
    """
    of_each: Iterable[tuple[Any, int]] = (
        *((AuditEntry.member_id == each, its_id) for each, its_id in done.ids.items()),
        (entries_of_none(who), done.erasure_id),
    )
    has_them = ~cast(AuditEntry.detail, Text).startswith('{"erased": ', autoescape=True)
    for which, its_id in of_each:
        where = and_(which, has_them, AuditEntry.action != ERASE)
        done.entries[its_id] = done.entries.get(its_id, 0) + _count(session, _table("audit_entry"), where)
        said = update(AuditEntry).where(where).values(detail={"erased": its_id})
        session.execute(said.execution_options(synchronize_session=False))
    done.gone["audit_entry"] = sum(done.entries.values())
