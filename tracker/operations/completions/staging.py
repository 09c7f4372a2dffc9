"""Rows whose member and course are known: staged, then recorded member by member."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import text
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MEMBERS_AT_ONCE, FactReader, World, current_world, facts_of
from tracker.curriculum.faults import Fault
from tracker.curriculum.paths import Completed
from tracker.curriculum.words import Outcome
from tracker.models.loading import in_chunks, read_rows
from tracker.operations.completions.writing import Staged, write_completions
from tracker.operations.standings import Refresh
from tracker.operations.watching import Watch, unwatched


@dataclass
class CompletionsRecorded:
    """How a report's rows ended."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    members: int = 0  # who got a new completion


def make_stage(session: Session) -> None:
    session.execute(text("DROP TABLE IF EXISTS staged_completion"))
    session.execute(
        text(
            "CREATE TEMPORARY TABLE staged_completion (member_id BIGINT, line INTEGER, course_id BIGINT,"
            " completed_on DATE, assurance SMALLINT, source TEXT, external_id TEXT, evidence_url TEXT,"
            " batch_id BIGINT, recorded_by BIGINT)"
        )
    )


def record_staged(
    session: Session, recorded: CompletionsRecorded, today: date, now: datetime, watch: Watch = unwatched
) -> None:
    """Walk the staged rows by member: tell the new from the known, write the new, and refresh who got one."""
    world = current_world(session)
    refresh = Refresh(session, world, today)
    members = session.scalar(text("SELECT count(DISTINCT member_id) FROM staged_completion")) or 0
    for people in in_chunks(watch("Recording", _by_member(session), members), MEMBERS_AT_ONCE):
        _record_people(session, dict(people), recorded, refresh, world, now)
    refresh.finish()
    session.execute(text("DROP TABLE staged_completion"))


def _by_member(session: Session) -> Iterator[tuple[int, list[Staged]]]:
    sql = f"SELECT {', '.join(Staged._fields)} FROM staged_completion ORDER BY member_id, line"
    for member_id, group in groupby(read_rows(session, sql, cursor_name="staged"), key=itemgetter(0)):
        yield member_id, [Staged._make(row) for row in group]


def _record_people(
    session: Session,
    people: dict[int, list[Staged]],
    recorded: CompletionsRecorded,
    refresh: Refresh,
    world: World,
    now: datetime,
) -> None:
    facts = dict(facts_of(session, world, people))
    voided, external = _known_besides(session, people)
    day = FactReader(session, ()).day
    new: list[Staged] = []
    changed: set[int] = set()
    for member_id, rows in people.items():
        mine = facts[member_id].completed
        known = set(mine) | voided.get(member_id, set())
        held = {completed.course for completed in mine}
        ids = external.get(member_id, set())
        for row in rows:
            completed = Completed(row.course_id, day(row.completed_on), row.assurance)
            its_id = (row.source, row.external_id)
            if completed in known or (row.external_id is not None and its_id in ids):
                recorded.outcomes[Outcome.ALREADY_KNOWN] += 1
                continue
            recorded.outcomes[Outcome.CORROBORATED if row.course_id in held else Outcome.RECORDED] += 1
            known.add(completed)
            held.add(row.course_id)
            ids.add(its_id)
            mine.append(completed)
            new.append(row)
            changed.add(member_id)
    write_completions(session, new, now)
    recorded.members += len(changed)
    refresh.take({member_id: facts[member_id] for member_id in changed})


def _known_besides(
    session: Session, people: dict[int, list[Staged]]
) -> tuple[dict[int, set[Completed]], dict[int, set[tuple[str, str | None]]]]:
    """What a report may not record again though no valid completion shows it: what was voided, and the sources' ids."""
    read = FactReader(session, people)
    voided: dict[int, set[Completed]] = {}
    external: dict[int, set[tuple[str, str | None]]] = {}
    for member_id, course, on, assurance in read.voided("completion", "course_id, completed_on, assurance"):
        voided.setdefault(member_id, set()).add(Completed(course, read.day(on), assurance))
    if any(row.external_id is not None for rows in people.values() for row in rows):
        for member_id, source, external_id in read.derived("completion", "source, external_id"):
            if external_id is not None:
                external.setdefault(member_id, set()).add((source, external_id))
    return voided, external
