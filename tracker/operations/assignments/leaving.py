"""What becomes of what a rule asked through a card that it asks no more (:class:`tracker.curriculum.words.Leaving`).

A card that ends: the assignment's own end says it (``curriculum.scope.open_until``), and scope ends with the card whatever
it says. A card whose unit moved away from under the rule: the union's tree has no history, so what was required there never
was. What its member may still finish is recorded as another kind than the rule's, and so counts nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.curriculum.days import FOREVER
from tracker.curriculum.words import AssignmentKind, Leaving
from tracker.models import Assignment, new_ids
from tracker.models.loading import in_chunks, load, read_rows, stored_moment
from tracker.operations.actor import Actor

# Of an assignment a, its rule r and its card m: whether a person ended it before it would have ended by itself. As
# `curriculum.scope.open_until`, said to the database.
ENDED_BY_HAND = (
    "a.until_on IS NOT NULL AND (r.until_on IS NULL OR a.until_on < r.until_on)"
    " AND (m.until_on IS NULL OR a.until_on < m.until_on OR r.leaving = 'voluntary'"
    " OR (r.leaving = 'keep' AND a.due_on IS NOT NULL AND a.until_on <= a.due_on))"
)
_COLUMNS = (
    *("member_id", "id", "path_id", "version_id", "kind", "assigned_on", "until_on", "due_on", "rule_id"),
    *("membership_id", "recorded_at", "recorded_by", "batch_id"),
)
_ROW = "a.member_id, a.id, a.path_id, a.version_id, a.kind, a.assigned_on, a.until_on, a.due_on, a.rule_id"


def kind_left(rule_kind: str) -> str:
    """As which kind that is recorded which a rule left open: never as its own, and never as one that counts."""
    kind = AssignmentKind.RECOMMENDED if rule_kind == AssignmentKind.VOLUNTARY else AssignmentKind.VOLUNTARY
    return kind.value


def let_go_of_moved_cards(session: Session, actor: Actor, now: datetime) -> None:
    """After units moved: void what rules ask through cards no longer under their unit, but for what they leave open; and
    void what they had left open through cards that are under it again."""
    is_under = "EXISTS (SELECT 1 FROM unit_closure c WHERE c.ancestor_id = r.unit_id AND c.descendant_id = m.unit_id)"
    sql = (
        f"SELECT {_ROW}, a.membership_id, r.kind, r.leaving, CASE WHEN {is_under} THEN 1 ELSE 0 END"
        " FROM assignment a JOIN assignment_rule r ON r.id = a.rule_id"
        " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
        " WHERE a.voided_at IS NULL AND r.unit_id IS NOT NULL"
        f" AND ((a.kind = r.kind AND NOT {is_under}) OR (a.kind <> r.kind AND {is_under}))"
    )
    read = FactReader(session, ())
    gone: list[tuple[int, int]] = []
    left: list[tuple[Any, ...]] = []
    for *row, card, kind, leaving, is_back in read_rows(session, sql):
        member, its_id, path, version, _, assigned, until, due, rule = row
        gone.append((member, its_id))
        open_to = None if is_back else _left_until(read, leaving, assigned, until, due)
        if open_to is not None:
            open_on = None if open_to == FOREVER else open_to
            due_on = None if due is None else read.day(due)
            left.append((member, path, version, kind_left(kind), read.day(assigned), open_on, due_on, rule, card))
    void(session, gone, "its local moved from under the rule's unit, or back", actor, now)
    _record(session, left, actor, now, None)


def _left_until(read: FactReader, leaving: str | None, assigned: Any, until: Any, due: Any) -> date | None:
    """Until when it stays open; None where it does not."""
    if leaving == Leaving.VOLUNTARY:
        end = read.end(until)
    elif leaving == Leaving.KEEP and due is not None:
        end = min(read.end(until), read.day(due) + timedelta(days=1))
    else:
        return None
    return end if end > read.day(assigned) else None


def carry_what_was_left(
    session: Session, member_ids: Collection[int], actor: Actor, now: datetime, *, batch_id: int | None
) -> None:
    """What a rule had left open, and this act voided with a card that it corrected, goes on through the corrected card."""
    if not _leaves_anything(session):
        return
    listed = ", ".join(str(int(each)) for each in member_ids) or "NULL"
    sql = (
        f"SELECT {_ROW}, n.id FROM assignment a JOIN assignment_rule r ON r.id = a.rule_id AND r.kind <> a.kind"
        " JOIN membership o ON o.member_id = a.member_id AND o.id = a.membership_id AND o.voided_at IS NOT NULL"
        " JOIN membership n ON n.member_id = o.member_id AND n.unit_id = o.unit_id AND n.craft_id = o.craft_id"
        " AND n.from_on = o.from_on AND n.voided_at IS NULL"
        f" WHERE a.member_id IN ({listed}) AND a.voided_at = ? AND r.undone_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM assignment b WHERE b.member_id = a.member_id AND b.rule_id = a.rule_id"
        " AND b.membership_id = n.id AND b.voided_at IS NULL)"
    )
    read = FactReader(session, ())

    def day(value: Any) -> date | None:
        return None if value is None else read.day(value)

    left = [
        (member, path, version, kind, day(assigned), day(until), day(due), rule, card)
        for member, _, path, version, kind, assigned, until, due, rule, card in read_rows(session, sql, [now])
    ]
    _record(session, left, actor, now, batch_id)


def _leaves_anything(session: Session) -> bool:
    sql = "SELECT 1 FROM assignment_rule WHERE leaving IN ('keep', 'voluntary') AND unit_id IS NOT NULL LIMIT 1"
    return next(iter(read_rows(session, sql)), None) is not None


def void(session: Session, rows: Iterable[tuple[int, int]], reason: str, actor: Actor, now: datetime) -> None:
    """Void assignments, given by member and id."""
    values = {"voided_at": now, "voided_by": actor.user_id, "void_reason": reason}
    for chunk in in_chunks(rows, 5_000):
        session.execute(
            update(Assignment)
            .where(
                Assignment.member_id.in_({member for member, _ in chunk}),
                Assignment.id.in_([its_id for _, its_id in chunk]),
                Assignment.voided_at.is_(None),
            )
            .values(**values)
            .execution_options(synchronize_session=False)
        )


def _record(session: Session, rows: Collection[tuple[Any, ...]], actor: Actor, now: datetime, batch_id: int | None) -> None:
    known = stored_moment(session, now), actor.user_id, batch_id
    ids = iter(new_ids(len(rows)))
    load(session, "assignment", _COLUMNS, ((row[0], next(ids), *row[1:], *known) for row in rows))
