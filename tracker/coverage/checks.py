"""`tracker doctor`: is what is kept what follows from the facts, and are the facts possible?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MEMBERS_AT_ONCE, current_world, derive, facts_of, kept
from tracker.curriculum.coverage import Deltas, contribute, roll_up
from tracker.models.loading import in_chunks, read_rows

_SHOWN = 5  # examples of one kind


@dataclass(frozen=True)
class Finding:
    """Something the doctor found. ``is_wrong``: derived ≠ recomputed, or a fact that cannot be; else a warning."""

    is_wrong: bool
    sentence: str


def examine(session: Session, today: date) -> Iterator[Finding]:
    """Everything there is to find, as it is found. Other writers must be held off (``writing(alone=True)``)."""
    yield from _derived(session)
    yield from _impossible(session, today)
    yield from _doubtful(session, today)


# --- Derived = recomputed ------------------------------------------------------------------------------------------

_NUMBERS = "in_scope, claimed, reviewed, provider"


def _derived(session: Session) -> Iterator[Finding]:
    world = current_world(session)
    leaves: Deltas = {}
    wholes: Deltas = {}
    for chunk in in_chunks(facts_of(session, world), MEMBERS_AT_ONCE):
        people = dict(chunk)
        have = kept(session, people.keys())
        for member, facts in people.items():
            derived = derive(facts, world)
            contribute(leaves, wholes, derived.scope, derived.standings, world.above)
            if sorted(have[member].scope) != sorted(derived.scope):
                yield Finding(True, f"member {member}: the days in scope that are kept are not those of the facts")
            if have[member].standings != derived.standings:
                yield Finding(True, f"member {member}: the standings that are kept are not those of the facts")
    yield from _ledger(session, roll_up(leaves, wholes, world.above))
    yield from _balances(session)
    for table in ("scope", "standing"):
        nobody = f"NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = {table}.member_id)"
        orphans = session.scalar(text(f"SELECT count(*) FROM {table} WHERE {nobody}"))
        if orphans:
            yield Finding(True, f"{table}: {orphans} rows of no member")


def _ledger(session: Session, wanted: Deltas) -> Iterator[Finding]:
    """The ledger and the entries that wait beside it are the members' contributions."""
    have: Deltas = {}
    for table in ("coverage_ledger", "coverage_entry"):
        sql = f"SELECT unit_id, craft_id, path_id, day, {_NUMBERS} FROM {table}"
        for unit, craft, path, day, *numbers in read_rows(session, sql):
            row = have.setdefault((unit, craft, path, _day(day)), [0, 0, 0, 0])
            for column, number in enumerate(numbers):
                row[column] += number
    have = {key: numbers for key, numbers in have.items() if any(numbers)}
    wrong = sorted(key for key in have.keys() | wanted.keys() if have.get(key) != wanted.get(key))
    nothing = [0, 0, 0, 0]
    for key in wrong[:_SHOWN]:
        unit, craft, path, day = key
        said = f"{have.get(key, nothing)} instead of {wanted.get(key, nothing)}"
        yield Finding(True, f"coverage_ledger: unit {unit}, craft {craft}, path {path}, {day} holds {said}")
    if len(wrong) > _SHOWN:
        yield Finding(True, f"coverage_ledger: {len(wrong) - _SHOWN} further rows differ")


def _balances(session: Session) -> Iterator[Finding]:
    """Each balance is the sum of the ledger up to its day."""
    sums = ", ".join(f"sum({number})" for number in _NUMBERS.split(", "))
    kept_sql = f"SELECT unit_id, craft_id, path_id, {_NUMBERS} FROM coverage_balance WHERE day = ?"
    wanted_sql = f"SELECT unit_id, craft_id, path_id, {sums} FROM coverage_ledger WHERE day <= ? GROUP BY 1, 2, 3"
    for (day,) in list(read_rows(session, "SELECT day FROM balance_day ORDER BY day")):
        have = {row[:3]: list(map(int, row[3:])) for row in read_rows(session, kept_sql, (day,)) if any(row[3:])}
        wanted = {row[:3]: list(map(int, row[3:])) for row in read_rows(session, wanted_sql, (day,)) if any(row[3:])}
        differ = sum(have.get(key) != wanted.get(key) for key in have.keys() | wanted.keys())
        if differ:
            yield Finding(True, f"coverage_balance: {differ} rows of {day} are not the sums of the ledger")


def _day(value: Any) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


# --- Facts ---------------------------------------------------------------------------------------------------------

_OLDER_FACTS = ("completion", "membership", "assignment", "exemption", "provider_account")
_PSEUDONYM = "erased"  # by which everyone who was erased is ordered: operations.erasing


def _of_erased(table: str, its_id: str, also: str = "") -> str:
    return f"SELECT t.member_id, {its_id} FROM {table} t WHERE t.member_id IN (SELECT e.member_id FROM erasure e) {also}"


# Each query gives (owner, id) of what it finds.
_IMPOSSIBLE = {
    "a completion dated in the future": (
        "SELECT member_id, id FROM completion WHERE voided_at IS NULL AND completed_on > :today"
    ),
    "a membership that ends before it begins": (
        "SELECT member_id, id FROM membership WHERE voided_at IS NULL AND until_on <= from_on"
    ),
    "a card in a unit that is no local": (
        "SELECT m.member_id, m.id FROM membership m JOIN unit u ON u.id = m.unit_id"
        " WHERE m.voided_at IS NULL AND u.kind <> 'local'"
    ),
    "an assignment pinned to another path's version": (
        "SELECT a.member_id, a.id FROM assignment a JOIN path_version v ON v.id = a.version_id"
        " WHERE a.voided_at IS NULL AND v.path_id <> a.path_id"
    ),
    "a fact voided before it was recorded": (
        "SELECT member_id, id FROM completion WHERE voided_at < recorded_at"
        " UNION ALL SELECT member_id, id FROM membership WHERE voided_at < recorded_at"
        " UNION ALL SELECT member_id, id FROM assignment WHERE voided_at < recorded_at"
        " UNION ALL SELECT member_id, id FROM exemption WHERE voided_at < recorded_at"
        " UNION ALL SELECT member_id, id FROM provider_account WHERE voided_at < recorded_at"
        " UNION ALL SELECT member_id, id FROM eligibility WHERE voided_at < recorded_at"
        " UNION ALL SELECT member_id, id FROM due_decision WHERE voided_at < recorded_at"
    ),
    "a due day decided for no card of that member": (
        "SELECT d.member_id, d.id FROM due_decision d WHERE d.voided_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM membership m WHERE m.member_id = d.member_id AND m.id = d.membership_id)"
    ),
    "an identifier of no member": (
        "SELECT i.value, i.member_id FROM identifier i"
        " WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = i.member_id)"
    ),
    "a member number or provider id with two holders": (
        "SELECT value, max(member_id) FROM identifier WHERE kind <> 'email' GROUP BY kind, value HAVING count(*) > 1"
    ),
    "a valid fact of a member who was merged into another": (
        " UNION ALL ".join(
            f"SELECT f.member_id, f.id FROM {table} f WHERE f.voided_at IS NULL"
            " AND f.member_id IN (SELECT m.member_id FROM member m WHERE m.merged_into_id IS NOT NULL)"
            for table in (*_OLDER_FACTS, "eligibility", "due_decision")
        )
    ),
    "an identifier of a member who was merged into another": (
        "SELECT i.value, i.member_id FROM identifier i JOIN member m ON m.member_id = i.member_id"
        " WHERE m.merged_into_id IS NOT NULL"
    ),
    "a sign-in of a member who was merged into another": (
        "SELECT u.member_id, u.id FROM user_account u JOIN member m ON m.member_id = u.member_id"
        " WHERE m.merged_into_id IS NOT NULL"
    ),
    "a member who was merged into nobody": (
        "SELECT m.merged_into_id, m.member_id FROM member m WHERE m.merged_into_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM member k WHERE k.member_id = m.merged_into_id)"
    ),
    "a sign-in of no member": (
        "SELECT u.member_id, u.id FROM user_account u WHERE u.member_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = u.member_id)"
    ),
    **{
        f"{words} of no member": (
            f"SELECT t.{column}, t.id FROM {table} t WHERE t.{column} IS NOT NULL"
            f" AND NOT EXISTS (SELECT 1 FROM member m WHERE m.member_id = t.{column})"
        )
        for words, table, column in (
            ("a statement for others", "proof", "member_id"),
            ("a mail", "notice", "member_id"),
            ("a held change", "held_change", "member_id"),
            ("a change by an import", "batch_change", "member_id"),
            ("a row that waited", "waiting_completion", "settled_member_id"),
            ("a statement of a learning system", "xapi_statement", "member_id"),
            ("an erasure", "erasure", "member_id"),
        )
    },
    "a file or a link of a member who was erased": _of_erased("evidence", "t.id"),
    "an identifier of a member who was erased": _of_erased("identifier", "t.kind"),
    "a statement for others of a member who was erased": _of_erased("proof", "t.id"),
    "a name of a member who was erased": _of_erased("member", "t.member_id", f"AND t.name_key <> '{_PSEUDONYM}'"),
    "a sign-in that is open, of a member who was erased": _of_erased("user_account", "t.id", "AND t.is_active"),
}

_DOUBTFUL = {
    "cards overlap another of the same member, local and craft": (
        "SELECT a.member_id, a.id FROM membership a JOIN membership b ON b.member_id = a.member_id AND b.id <> a.id"
        " AND b.unit_id = a.unit_id AND b.craft_id = a.craft_id AND b.voided_at IS NULL"
        " AND a.from_on < b.from_on AND (a.until_on IS NULL OR a.until_on > b.from_on) WHERE a.voided_at IS NULL"
    ),
    "home cards overlap one in another local": (
        "SELECT a.member_id, a.id FROM membership a JOIN membership b ON b.member_id = a.member_id AND b.id <> a.id"
        " AND b.unit_id <> a.unit_id AND b.is_home AND b.voided_at IS NULL"
        " AND a.from_on <= b.from_on AND (a.until_on IS NULL OR a.until_on > b.from_on)"
        " WHERE a.is_home AND a.voided_at IS NULL"
    ),
    "e-mails have two holders, so nobody is matched by them": (
        "SELECT value, max(member_id) FROM identifier WHERE kind = 'email' GROUP BY value HAVING count(*) > 1"
    ),
    "completions wait for their member or course": (
        "SELECT batch_id, id FROM waiting_completion WHERE settled_at IS NULL AND NOT is_set_aside"
    ),
    "members have two open accounts at one provider": (
        "SELECT member_id, max(id) FROM provider_account WHERE is_open AND voided_at IS NULL"
        " GROUP BY member_id, provider HAVING count(*) > 1"
    ),
    "accounts at a provider are recorded for two members": (
        "SELECT max(member_id), max(id) FROM provider_account WHERE provider_id <> '' AND voided_at IS NULL"
        " GROUP BY provider, lower(provider_id) HAVING count(DISTINCT member_id) > 1"
    ),
    "courses asked by a path's newest version are retired": (
        "SELECT DISTINCT v.path_id, c.id FROM path_version v JOIN section s ON s.version_id = v.id"
        " JOIN section_course sc ON sc.section_id = s.id JOIN course c ON c.id = sc.course_id WHERE c.retired_on <= :today"
        " AND v.number = (SELECT max(w.number) FROM path_version w WHERE w.path_id = v.path_id)"
    ),
    "open rules ask for a path that is retired": (
        "SELECT r.path_id, r.id FROM assignment_rule r JOIN learning_path p ON p.id = r.path_id"
        " WHERE p.retired_on <= :today AND (r.until_on IS NULL OR r.until_on > :today)"
    ),
}


def _impossible(session: Session, today: date) -> Iterator[Finding]:
    for name, sql in _IMPOSSIBLE.items():
        found = _ask(session, sql, today)
        for owner, its_id in found[:_SHOWN]:
            yield Finding(True, f"{name}: {its_id} of {owner}")
        if len(found) > _SHOWN:
            yield Finding(True, f"{name}: {len(found) - _SHOWN} more")


def _doubtful(session: Session, today: date) -> Iterator[Finding]:
    for name, sql in _DOUBTFUL.items():
        if found := _ask(session, sql, today):
            yield Finding(False, f"{name}: {len(found)}")


def _ask(session: Session, sql: str, today: date) -> list[tuple[Any, Any]]:
    values = {"today": today.isoformat() if session.get_bind().dialect.name == "sqlite" else today}
    return [(row[0], row[1]) for row in session.execute(text(sql), values if ":today" in sql else {})]
