"""Asking members for a path: by rule, by name; ending it; excusing from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.curriculum.days import FOREVER
from tracker.curriculum.keys import craft_key
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.models import (
    Assignment,
    AssignmentRule,
    Craft,
    Exemption,
    LearningPath,
    Member,
    Membership,
    PathVersion,
    StandingSpan,
    Unit,
    UnitClosure,
    new_id,
    new_ids,
)
from tracker.models.loading import in_chunks, load, many_rows, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings


@dataclass(frozen=True)
class Plan:
    """Who is to be asked for a path, and how: one rule for each unit and craft, or one for everyone; or people by name."""

    path: LearningPath
    kind: AssignmentKind = AssignmentKind.REQUIRED
    on: date = date.min
    everyone: bool = False
    units: Sequence[Unit] = ()
    crafts: Sequence[str] = ()
    members: Sequence[Member] = ()
    due_on: date | None = None
    within_days: int | None = None


class Assigned(NamedTuple):
    """What assigning did: the rules made, and how many assignments and members they reached.

    Before applying it is the preview, for it comes from the same act, rolled back.
    """

    rules: list[AssignmentRule]
    assignments: int
    members: int
    newly_in_scope: int  # members whom this asks on ``on`` or today, whichever is later, and nobody asked before
    already_complete: int  # of the members reached, those complete at the reviewed floor today
    not_counted: (
        int  # of the members reached, those this puts in scope on no day: exempt, or a status that does not count
    )
    due_impossible: int  # assignments whose due day had passed before they began


@many_rows()
def assign_path(session: Session, plan: Plan, actor: Actor, *, today: date, now: datetime) -> Assigned:
    """Ask members for a path. Assigning again adds, never replaces.

    Raises:
        Refused: ``nobody`` (no target), ``two_targets``, ``two_due_dates``, ``due_before_start``, ``no_version``,
            ``path_retired``.

    Needs ``writing(alone=True)``.
    """
    _check(plan)
    version = version_on(session, plan.path.id, plan.on)
    before = _asked_on(session, plan.path.id, max(plan.on, today))
    rules: list[AssignmentRule] = []
    if plan.members:
        made = _assign_people(session, plan, version, actor, now)
    else:
        rules = _make_rules(session, plan, actor, now)
        session.flush()
        made = reach(session, [rule.id for rule in rules], None, actor, now)
    touched = set(made.members)
    refresh_standings(session, touched, today)
    assigned = Assigned(
        rules,
        made.assignments,
        len(touched),
        len(_asked_on(session, plan.path.id, max(plan.on, today)) - before),
        _complete_today(session, plan.path.id, touched, today),
        _never_in_scope(session, plan, touched),
        made.due_impossible,
    )
    audit(
        session,
        actor,
        "assign_path",
        object_kind="learning_path",
        object_id=plan.path.id,
        member_id=plan.members[0].member_id if len(plan.members) == 1 else None,
        detail={
            "path": plan.path.code,
            "kind": plan.kind.value,
            "on": plan.on.isoformat(),
            "rules": [str(rule.id) for rule in rules],
            "assignments": made.assignments,
            "members": len(touched),
        },
        at=now,
    )
    return assigned


def _check(plan: Plan) -> None:
    targets = sum(1 for each in (plan.everyone, plan.units, plan.crafts, plan.members) if each)
    if targets == 0:
        raise Refused("nobody", "Say who is asked: everyone, a unit, a craft or a member.")
    if targets > 1:
        raise Refused("two_targets", "Name one kind of target: everyone, units, crafts or members.")
    if plan.due_on and plan.within_days:
        raise Refused("two_due_dates", "Give a due date or a number of days, not both.", field="due")
    if plan.within_days is not None and plan.within_days < 1:
        raise Refused("due_before_start", "The number of days must be 1 or more.", field="within_days")
    if plan.due_on and plan.due_on < plan.on:
        raise Refused(
            "due_before_start", f"It would be due on {plan.due_on}, before it begins on {plan.on}.", field="due"
        )
    if plan.path.retired_on is not None:
        raise Refused("path_retired", f"{plan.path.title} was retired on {plan.path.retired_on}.", field="path")


def version_on(session: Session, path_id: int, day: date) -> PathVersion:
    """The version in force on a day: the one a new assignment is pinned to.

    Raises:
        Refused: ``no_version``.
    """
    version = session.scalar(
        select(PathVersion)
        .where(PathVersion.path_id == path_id, or_(PathVersion.from_on.is_(None), PathVersion.from_on <= day))
        .order_by(PathVersion.number.desc())
        .limit(1)
    )
    if version is None:
        raise Refused("no_version", "This path has no published version.", field="path")
    return version


def _make_rules(session: Session, plan: Plan, actor: Actor, now: datetime) -> list[AssignmentRule]:
    targets: list[tuple[int | None, int | None]] = [(unit.id, None) for unit in plan.units]
    targets += [(None, craft_named(session, name).id) for name in plan.crafts]
    rules = [
        AssignmentRule(
            id=new_id(),
            path_id=plan.path.id,
            kind=plan.kind,
            unit_id=unit_id,
            craft_id=craft_id,
            from_on=plan.on,
            due_on=plan.due_on,
            within_days=plan.within_days,
            recorded_at=now,
            recorded_by=actor.user_id,
        )
        for unit_id, craft_id in (targets or [(None, None)])
    ]
    session.add_all(rules)
    return rules


def craft_named(session: Session, name: str) -> Craft:
    """The craft of that name, made by its first mention."""
    key = craft_key(name)
    craft = session.scalar(select(Craft).where(Craft.key == key))
    if craft is None:
        craft = Craft(id=new_id(), name=" ".join(name.split()), key=key)
        session.add(craft)
        session.flush()
    return craft


# --- Which cards a rule reaches ------------------------------------------------------------------------------------


class Reached(NamedTuple):
    assignments: int
    members: set[int]
    due_impossible: int


_ASSIGNMENT_COLUMNS = (
    *("member_id", "id", "path_id", "version_id", "kind", "assigned_on", "until_on", "due_on", "rule_id"),
    *("membership_id", "recorded_at", "recorded_by", "batch_id"),
)


def reach(
    session: Session,
    rule_ids: Collection[int] | None,
    member_ids: Collection[int] | None,
    actor: Actor,
    now: datetime,
    *,
    batch_id: int | None = None,
    ended: Mapping[tuple[int, int], date] | None = None,
) -> Reached:
    """Record the assignments that these rules make through these members' cards and that are not recorded yet.

    A rule asks a matching card from the later of its own day and the card's, for as long as both last.

    Args:
        rule_ids: None for every rule.
        member_ids: None for everyone.
        ended: by rule and card, days on which a person ended such an assignment: the new one ends then too.
    """
    pins = _Pins(session)
    recorded_at = stored_moment(session, now)
    rows: list[tuple[object, ...]] = []
    members: set[int] = set()
    count = due_impossible = 0
    chunks: Iterable[Collection[int] | None] = [None] if member_ids is None else in_chunks(sorted(member_ids), 5_000)
    for chunk in chunks:
        matches = _unrecorded_matches(session, rule_ids, chunk)
        ids = iter(new_ids(len(matches)))
        for match in matches:
            assigned_on = max(match.rule_from, match.card_from)
            until_on = min(match.rule_until, match.card_until)
            if ended and (match.rule_id, match.membership_id) in ended:
                until_on = max(assigned_on, min(until_on, ended[match.rule_id, match.membership_id]))
            due_on = match.due_on
            if match.within_days:
                due_on = assigned_on + timedelta(days=match.within_days)
            elif due_on is not None and due_on < assigned_on:
                due_on = None
                due_impossible += 1
            rows.append(
                (
                    *(match.member_id, next(ids), match.path_id, pins.version_id(match.path_id, assigned_on)),
                    *(match.kind, assigned_on, None if until_on == FOREVER else until_on, due_on),
                    *(match.rule_id, match.membership_id, recorded_at, actor.user_id, batch_id),
                )
            )
            members.add(match.member_id)
        load(session, "assignment", _ASSIGNMENT_COLUMNS, rows)
        count += len(rows)
        rows.clear()
    return Reached(count, members, due_impossible)


def match_rules_anew(session: Session, actor: Actor, now: datetime) -> None:
    """After units moved: void what a unit's rule asks through cards no longer under it, and let every rule reach anew."""
    is_under = select(UnitClosure.depth).where(
        UnitClosure.ancestor_id == AssignmentRule.unit_id, UnitClosure.descendant_id == Membership.unit_id
    )
    left = select(AssignmentRule.id).where(
        AssignmentRule.id == Assignment.rule_id,
        AssignmentRule.unit_id.is_not(None),
        Membership.member_id == Assignment.member_id,
        Membership.id == Assignment.membership_id,
        ~is_under.exists(),
    )
    session.execute(
        update(Assignment)
        .where(Assignment.voided_at.is_(None), left.exists())
        .values(voided_at=now, voided_by=actor.user_id, void_reason="its local moved from under the rule's unit")
        .execution_options(synchronize_session=False)
    )
    reach(session, None, None, actor, now)


class _Match(NamedTuple):
    rule_id: int
    path_id: int
    kind: str
    rule_from: date
    rule_until: date
    due_on: date | None
    within_days: int | None
    member_id: int
    membership_id: int
    card_from: date
    card_until: date


def _unrecorded_matches(
    session: Session, rule_ids: Collection[int] | None, member_ids: Collection[int] | None
) -> list[_Match]:
    which = ""
    if rule_ids is not None:
        which += f" AND r.id IN ({_listed(rule_ids)})"
    if member_ids is not None:
        which += f" AND m.member_id IN ({_listed(member_ids)})"
    sql = (
        "SELECT r.id, r.path_id, r.kind, r.from_on, r.until_on, r.due_on, r.within_days,"
        " m.member_id, m.id, m.from_on, m.until_on"
        " FROM assignment_rule r JOIN membership m ON m.voided_at IS NULL"
        " AND (r.craft_id IS NULL OR r.craft_id = m.craft_id)"
        " AND (r.unit_id IS NULL OR EXISTS (SELECT 1 FROM unit_closure c"
        " WHERE c.ancestor_id = r.unit_id AND c.descendant_id = m.unit_id))"
        " AND (r.until_on IS NULL OR r.until_on > m.from_on)"
        " AND (m.until_on IS NULL OR m.until_on > r.from_on)"
        f" WHERE (r.until_on IS NULL OR r.until_on > r.from_on){which}"
        " AND NOT EXISTS (SELECT 1 FROM assignment a WHERE a.member_id = m.member_id AND a.rule_id = r.id"
        " AND a.membership_id = m.id AND a.voided_at IS NULL)"
    )
    read = FactReader(session, ())
    return [
        _Match(
            rule_id=rule,
            path_id=path,
            kind=kind,
            rule_from=read.day(rule_from),
            rule_until=read.end(rule_until),
            due_on=None if due is None else read.day(due),
            within_days=within,
            member_id=member,
            membership_id=card,
            card_from=read.day(card_from),
            card_until=read.end(card_until),
        )
        for rule, path, kind, rule_from, rule_until, due, within, member, card, card_from, card_until in read_rows(
            session, sql
        )
    ]


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(str(int(each)) for each in ids) or "NULL"


class _Pins:
    """Which version of each path a new assignment is pinned to, by its first day."""

    def __init__(self, session: Session) -> None:
        self._versions: dict[int, list[tuple[date, int]]] = {}
        rows = session.execute(
            select(PathVersion.path_id, PathVersion.from_on, PathVersion.id).order_by(PathVersion.number)
        )
        for path_id, from_on, version_id in rows:
            self._versions.setdefault(path_id, []).append((from_on or date.min, version_id))

    def version_id(self, path_id: int, day: date) -> int:
        return next(version for from_on, version in reversed(self._versions[path_id]) if from_on <= day)


def _assign_people(session: Session, plan: Plan, version: PathVersion, actor: Actor, now: datetime) -> Reached:
    due_on = plan.on + timedelta(days=plan.within_days) if plan.within_days else plan.due_on
    for member in plan.members:
        session.add(
            Assignment(
                member_id=member.member_id,
                id=new_id(),
                path_id=plan.path.id,
                version_id=version.id,
                kind=plan.kind,
                assigned_on=plan.on,
                due_on=due_on,
                recorded_at=now,
                recorded_by=actor.user_id,
            )
        )
    session.flush()
    return Reached(len(plan.members), {member.member_id for member in plan.members}, 0)


# --- What a plan does, in numbers ----------------------------------------------------------------------------------


def _asked_on(session: Session, path_id: int, day: date) -> set[int]:
    sql = "SELECT DISTINCT member_id FROM scope WHERE path_id = ? AND from_on <= ? AND until_on > ?"
    return {row[0] for row in read_rows(session, sql, (path_id, day, day))}


def _complete_today(session: Session, path_id: int, members: set[int], today: date) -> int:
    complete = session.scalars(
        select(StandingSpan.member_id).where(
            StandingSpan.path_id == path_id,
            StandingSpan.from_on <= today,
            StandingSpan.until_on > today,
            StandingSpan.level >= int(Assurance.REVIEWED),
        )
    )
    return len(members & set(complete))


def _never_in_scope(session: Session, plan: Plan, members: set[int]) -> int:
    if plan.kind is not AssignmentKind.REQUIRED:
        return 0
    sql = "SELECT DISTINCT member_id FROM scope WHERE path_id = ?"
    return len(members - {row[0] for row in read_rows(session, sql, (plan.path.id,))})


# --- Ending --------------------------------------------------------------------------------------------------------


@many_rows()
def end_assignment(
    session: Session, chosen_id: int, on: date, reason: str, actor: Actor, *, today: date, now: datetime
) -> int:
    """End an assignment, or a rule and every assignment it made, on a day: from then on it asks no one.

    An end before the beginning leaves no day at all. The facts before stay as they were known: each ended assignment is
    voided and recorded again with its end.

    Returns:
        How many members are asked otherwise.

    Raises:
        Refused: ``no_reason``, ``unknown_assignment``, ``already_ended``.

    Needs ``writing(alone=True)``.
    """
    if not reason.strip():
        raise Refused("no_reason", "Say why, in a few words.", field="reason")
    rule = session.get(AssignmentRule, chosen_id)
    if rule is not None:
        if rule.until_on is not None and rule.until_on <= on:
            raise Refused("already_ended", f"This rule ended on {rule.until_on} already.")
        rule.until_on = on
        which = Assignment.rule_id == rule.id
        session.flush()
    else:
        which = Assignment.id == chosen_id
    # a rule's assignments are found by rule, one by its id: both valid facts still open on the day
    open_ones = session.scalars(
        select(Assignment).where(
            which, Assignment.voided_at.is_(None), or_(Assignment.until_on.is_(None), Assignment.until_on > on)
        )
    ).all()
    if rule is None and not open_ones:
        known = session.scalar(select(Assignment.id).where(Assignment.id == chosen_id))
        if known is None:
            raise Refused("unknown_assignment", f"There is no assignment or rule {chosen_id}.")
        raise Refused("already_ended", f"Assignment {chosen_id} had ended by {on} already.")
    _record_ends(session, open_ones, on, reason, actor, now)
    members = {each.member_id for each in open_ones}
    refresh_standings(session, members, today)
    audit(
        session,
        actor,
        "end_assignment",
        object_kind="assignment_rule" if rule is not None else "assignment",
        object_id=chosen_id,
        member_id=None if rule is not None else open_ones[0].member_id,
        detail={"on": on.isoformat(), "reason": reason, "members": len(members)},
        at=now,
    )
    return len(members)


def _record_ends(
    session: Session, open_ones: Sequence[Assignment], on: date, reason: str, actor: Actor, now: datetime
) -> None:
    void = {"voided_at": now, "voided_by": actor.user_id, "void_reason": reason}
    for chunk in in_chunks(open_ones, 5_000):
        session.execute(
            update(Assignment)
            .where(
                Assignment.member_id.in_([each.member_id for each in chunk]), Assignment.id.in_([e.id for e in chunk])
            )
            .values(**void)
            .execution_options(synchronize_session=False)
        )
    ids = iter(new_ids(len(open_ones)))
    load(
        session,
        "assignment",
        _ASSIGNMENT_COLUMNS,
        (
            (
                *(each.member_id, next(ids), each.path_id, each.version_id, each.kind.value, each.assigned_on),
                *(max(on, each.assigned_on), each.due_on, each.rule_id, each.membership_id, now, actor.user_id, None),
            )
            for each in open_ones
        ),
    )


# --- Exemptions ----------------------------------------------------------------------------------------------------


def exempt_member(
    session: Session,
    member: Member,
    path: LearningPath,
    *,
    reason: str,
    from_on: date,
    until_on: date | None,
    unit: Unit | None,
    actor: Actor,
    now: datetime,
) -> Exemption:
    """Excuse a member from a path for a time, everywhere or on the cards under one unit.

    Raises:
        Refused: ``no_reason``, ``backward_span``.
    """
    if not reason.strip():
        raise Refused("no_reason", "Say why, in a few words.", field="reason")
    if until_on is not None and until_on <= from_on:
        raise Refused("backward_span", f"It would end on {until_on}, not after it begins on {from_on}.", field="until")
    lock_member(session, member.member_id)
    exemption = Exemption(
        member_id=member.member_id,
        id=new_id(),
        path_id=path.id,
        unit_id=unit.id if unit else None,
        reason=reason.strip(),
        approved_by=actor.user_id,
        from_on=from_on,
        until_on=until_on,
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(exemption)
    session.flush()
    refresh_standings(session, [member.member_id])
    audit(
        session,
        actor,
        "exempt_member",
        object_kind="exemption",
        object_id=exemption.id,
        member_id=member.member_id,
        unit_id=unit.id if unit else None,
        detail={
            "path": path.code,
            "reason": reason.strip(),
            "from": from_on.isoformat(),
            "until": until_on.isoformat() if until_on else None,
        },
        at=now,
    )
    return exemption


def lock_member(session: Session, member_id: int) -> None:
    """Let no other writer change this member's facts until the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT 1 FROM member WHERE member_id = :member FOR UPDATE"), {"member": member_id})
