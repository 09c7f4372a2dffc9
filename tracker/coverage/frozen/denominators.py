"""Why so many, for every path of a unit at once: three reads, whatever the number of paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from tracker.coverage.local.denominator import EXEMPT, NOT_ASKED, Denominator, LeftOut, why_left_out
from tracker.coverage.people import PersonHere
from tracker.curriculum.policy import Policy
from tracker.curriculum.words import AssignmentKind
from tracker.models.loading import read_rows

_UNDER = "(SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?)"
_HOLDS = "c.voided_at IS NULL AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)"


def denominators(
    session: Session, unit_id: int, path_ids: Collection[int], day: date, policy: Policy
) -> dict[int, Denominator]:
    """Each path's denominator in a unit on a day, as `coverage.local.denominator` counts one."""
    statuses: dict[int, list[str]] = {}
    cards = f"SELECT c.member_id, c.status FROM membership c WHERE c.unit_id IN {_UNDER} AND {_HOLDS}"
    for member, status in read_rows(session, cards, (unit_id, day, day)):
        statuses.setdefault(member, []).append(status)
    alike: dict[tuple[str, ...], str] = {}
    otherwise: dict[int, str] = {}  # why each would be left out if nothing asked them
    for member, held in statuses.items():
        key = tuple(sorted(held))
        if key not in alike:
            alike[key] = why_left_out(PersonHere(0, "", "", held), policy)
        otherwise[member] = alike[key]
    in_scope: dict[int, set[int]] = {path: set() for path in path_ids}
    scope = f"SELECT s.path_id, s.member_id FROM scope s WHERE s.unit_id IN {_UNDER} AND s.from_on <= ? AND s.until_on > ?"
    for path, member in read_rows(session, scope, (unit_id, day, day)):
        if path in in_scope:
            in_scope[path].add(member)
    asked: dict[int, set[int]] = {path: set() for path in path_ids}
    asks = (
        "SELECT a.path_id, c.member_id, c.status FROM membership c JOIN assignment a ON a.member_id = c.member_id"
        " AND (a.membership_id IS NULL OR a.membership_id = c.id)"
        f" WHERE c.unit_id IN {_UNDER} AND {_HOLDS} AND a.kind = ? AND a.voided_at IS NULL AND a.assigned_on <= ?"
        " AND (a.until_on IS NULL OR a.until_on > ?)"
    )
    for path, member, status in read_rows(session, asks, (unit_id, day, day, AssignmentKind.REQUIRED.value, day, day)):
        if path in asked and status in policy.counts and member not in in_scope[path]:
            asked[path].add(member)
    everyone = Counter(otherwise.values())
    return {path: _denominator(everyone, in_scope[path], asked[path], otherwise, policy) for path in path_ids}


def _denominator(
    everyone: Counter[str], in_scope: set[int], exempt: set[int], otherwise: dict[int, str], policy: Policy
) -> Denominator:
    counts = Counter(everyone)
    counts.subtract(otherwise[member] for member in in_scope)
    counts.subtract(otherwise[member] for member in exempt)
    counts[EXEMPT] += len(exempt)
    order = [status for status in policy.statuses if status not in (EXEMPT, NOT_ASKED)]
    order += sorted(set(counts) - set(order) - {EXEMPT, NOT_ASKED})
    left_out = [LeftOut(counts[why], why) for why in (*order, EXEMPT, NOT_ASKED) if counts[why]]
    return Denominator(len(otherwise), left_out, len(in_scope))
