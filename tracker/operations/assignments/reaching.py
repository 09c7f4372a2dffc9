"""Which cards a rule reaches, and the assignments that this makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.curriculum.days import FOREVER
from tracker.curriculum.scope import open_until
from tracker.curriculum.words import Leaving
from tracker.models import PathVersion, new_ids
from tracker.models.loading import in_chunks, load, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.assignments.leaving import carry_what_was_left, let_go_of_moved_cards


class Reached(NamedTuple):
    assignments: int
    members: set[int]
    late: set[int]  # members of those whose due day had passed before they were asked, and of whom nothing is decided
    due_impossible: int  # how many such assignments


ASSIGNMENT_COLUMNS = (
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

    A rule asks a matching card from the later of its own day and the card's, for as long as both last; what it then leaves
    open is the rule's ``leaving``. Where its due day had passed by then, there is none, unless a person decided another.

    Args:
        rule_ids: None for every rule.
        member_ids: None for everyone.
        ended: by rule and card, days on which a person ended such an assignment: the new one ends then too.
    """
    pins = _Pins(session)
    recorded_at = stored_moment(session, now)
    rows: list[tuple[object, ...]] = []
    members: set[int] = set()
    late: set[int] = set()
    count = due_impossible = 0
    chunks: Iterable[Collection[int] | None] = [None] if member_ids is None else in_chunks(sorted(member_ids), 5_000)
    for chunk in chunks:
        matches = _unrecorded_matches(session, rule_ids, chunk)
        decided = _decided(session, chunk) if any(match.is_late for match in matches) else {}
        ids = iter(new_ids(len(matches)))
        for match in matches:
            due_on = match.due_on
            if match.within_days:
                due_on = match.assigned_on + timedelta(days=match.within_days)
            elif match.is_late:
                key = match.rule_id, match.membership_id
                due_on = decided.get(key)
                if key not in decided:
                    late.add(match.member_id)
                    due_impossible += 1
            until_on = open_until(match.rule_until, match.card_until, due_on, match.leaving)
            if ended and (match.rule_id, match.membership_id) in ended:
                until_on = max(match.assigned_on, min(until_on, ended[match.rule_id, match.membership_id]))
            rows.append(
                (
                    *(match.member_id, next(ids), match.path_id, pins.version_id(match.path_id, match.assigned_on)),
                    *(match.kind, match.assigned_on, None if until_on == FOREVER else until_on, due_on),
                    *(match.rule_id, match.membership_id, recorded_at, actor.user_id, batch_id),
                )
            )
            members.add(match.member_id)
        load(session, "assignment", ASSIGNMENT_COLUMNS, rows)
        count += len(rows)
        rows.clear()
        if chunk is not None:
            carry_what_was_left(session, chunk, actor, now, batch_id=batch_id)
    return Reached(count, members, late, due_impossible)


def match_rules_anew(session: Session, actor: Actor, now: datetime) -> None:
    """After units moved: let go of the cards no longer under a rule's unit, and let every rule reach anew."""
    let_go_of_moved_cards(session, actor, now)
    reach(session, None, None, actor, now)


class _Match(NamedTuple):
    rule_id: int
    path_id: int
    kind: str
    rule_from: date
    rule_until: date
    due_on: date | None
    within_days: int | None
    leaving: Leaving | None
    member_id: int
    membership_id: int
    card_from: date
    card_until: date

    @property
    def assigned_on(self) -> date:
        return max(self.rule_from, self.card_from)

    @property
    def is_late(self) -> bool:
        """Whether the rule's due day had passed before it asked this card."""
        return self.due_on is not None and self.due_on < self.assigned_on


def _unrecorded_matches(
    session: Session, rule_ids: Collection[int] | None, member_ids: Collection[int] | None
) -> list[_Match]:
    which = ""
    if rule_ids is not None:
        which += f" AND r.id IN ({_listed(rule_ids)})"
    if member_ids is not None:
        which += f" AND m.member_id IN ({_listed(member_ids)})"
    sql = (
        "SELECT r.id, r.path_id, r.kind, r.from_on, r.until_on, r.due_on, r.within_days, r.leaving,"
        " m.member_id, m.id, m.from_on, m.until_on"
        " FROM assignment_rule r JOIN membership m ON m.voided_at IS NULL"
        " AND (r.craft_id IS NULL OR r.craft_id = m.craft_id)"
        " AND (r.unit_id IS NULL OR EXISTS (SELECT 1 FROM unit_closure c"
        " WHERE c.ancestor_id = r.unit_id AND c.descendant_id = m.unit_id))"
        " AND (r.until_on IS NULL OR r.until_on > m.from_on)"
        " AND (m.until_on IS NULL OR m.until_on > r.from_on)"
        f" WHERE r.undone_at IS NULL AND (r.until_on IS NULL OR r.until_on > r.from_on){which}"
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
            leaving=None if leaving is None else Leaving(leaving),
            member_id=member,
            membership_id=card,
            card_from=read.day(card_from),
            card_until=read.end(card_until),
        )
        for rule, path, kind, rule_from, rule_until, due, within, leaving, member, card, card_from, card_until in read_rows(
            session, sql
        )
    ]


def _decided(session: Session, member_ids: Collection[int] | None) -> dict[tuple[int, int], date | None]:
    """What persons decided of due days that could not be met, by rule and card.

    A card that was corrected since is the same card still: it is known by member, local, craft and first day.
    """
    which = "" if member_ids is None else f" AND d.member_id IN ({_listed(member_ids)})"
    sql = (
        "SELECT d.rule_id, n.id, d.due_on FROM due_decision d"
        " JOIN membership o ON o.member_id = d.member_id AND o.id = d.membership_id"
        " JOIN membership n ON n.member_id = o.member_id AND n.unit_id = o.unit_id AND n.craft_id = o.craft_id"
        f" AND n.from_on = o.from_on AND n.voided_at IS NULL WHERE d.voided_at IS NULL{which} ORDER BY d.id"
    )
    read = FactReader(session, ())
    return {(rule, card): None if due is None else read.day(due) for rule, card, due in read_rows(session, sql)}


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(str(int(each)) for each in ids) or "NULL"


class _Pins:
    """Which version of each path a new assignment is pinned to, by its first day."""

    def __init__(self, session: Session) -> None:
        self._versions: dict[int, list[tuple[date, int]]] = {}
        rows = session.execute(select(PathVersion.path_id, PathVersion.from_on, PathVersion.id).order_by(PathVersion.number))
        for path_id, from_on, version_id in rows:
            self._versions.setdefault(path_id, []).append((from_on or date.min, version_id))

    def version_id(self, path_id: int, day: date) -> int:
        return next(version for from_on, version in reversed(self._versions[path_id]) if from_on <= day)
