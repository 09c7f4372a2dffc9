"""What has had its time goes, and what has not stays; counted before, noted once."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from tests.operations.conftest import ANA, Desk
from tests.operations.test_erasing import planted_row
from tracker.cli.purging import purge_all
from tracker.config import Settings
from tracker.coverage.statements import find_client, statements_page
from tracker.intake.progress import hold
from tracker.intake.queueing import Waiting, note
from tracker.models import (
    AuditEntry,
    Base,
    Batch,
    Completion,
    ExportJob,
    ImportJob,
    JobState,
    Member,
    User,
    XapiStatement,
    db,
)
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.erasing import erase_member, erasures_file
from tracker.operations.evidence import file_of
from tracker.operations.exporting import ask_for_export
from tracker.operations.jobs import confirm, open_job, show
from tracker.operations.purging import RETENTION, Purged
from tracker.operations.statements.keeping import NO_LONGER, is_other

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAYS = {each.kind: each.days_kept({s: getattr(Settings, s) for s in (each.setting,) if s}) for each in RETENTION}

# By kind the table, and what makes a row of it one that goes: of which moment, and whatever else.
ROWS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "held-changes": ("held_change", "decided_at", {}),
    "strangers": (
        *("waiting_completion", "recorded_at"),
        {"settled_at": None, "settled_member_id": None, "learner_key": "somebody else"},
    ),
    "notices": ("notice", "recorded_at", {}),
    "told": ("notice_told", "told_at", {}),
    "sign-in-failures": ("sign_in_failure", "at", {}),
    "sign-in-links": ("sign_in_link", "asked_at", {}),
    "review-locks": ("review_lock", "until_at", {"completion_id": None}),
    "tokens": ("api_token", "expires_at", {"revoked_at": None}),
    "proofs": ("proof", "revoked_at", {"until_on": date(2030, 1, 1)}),
    "exports": ("export_job", "changed_at", {"state": "recorded"}),
    "previews": ("import_job", "changed_at", {"state": "previewed"}),
}


def settings(desk: Desk) -> Settings:
    found: Settings = desk.app.config["SETTINGS"]
    return found


def purge(desk: Desk, *, dry_run: bool = False) -> dict[str, Purged]:
    with desk.app.app_context():
        return {each.kind: each for each in purge_all(settings(desk), NOW, dry_run)}


def aged(file: Path, days: float) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x")
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(file, (moment, moment))
    return file


@pytest.fixture
def full(desk: Desk) -> Desk:
    """Of every kind of rows one that has had its time by an hour, and one that has an hour left."""
    desk.roster(ANA)
    tables = Base.metadata.tables
    with desk.write() as session:
        session.execute(insert(tables["user_account"]), [planted_row(session, tables["user_account"], {"member_id": None})])
        session.execute(insert(tables["stranger"]), [planted_row(session, tables["stranger"], {"value": "somebody else"})])
        member_id = session.scalars(select(Member.member_id)).one()
        user_id = session.scalars(select(User.id)).one()
        for kind, (name, moment, also) in ROWS.items():
            for number, hours in enumerate((1, -1), start=1):
                own = {"member_id": member_id, "user_id": user_id, "completion_id": number, "batch_id": _batch(session)}
                own |= {key: value for key, value in also.items() if value is not None or key not in own}
                own |= {moment: NOW - timedelta(days=DAYS[kind], hours=hours)}
                row = planted_row(session, tables[name], {key: own[key] for key in own if key in tables[name].columns})
                unique = [each.name for each in tables[name].columns if each.name in ("code", "token_hash", "fingerprint")]
                row |= {each: f"{row[each]} {number}" for each in unique}
                row |= {each: f"{row[each]} {number}" for each in ("what",) if name in ("notice_told", "held_change")}
                session.execute(insert(tables[name]), [row])
    return desk


def _batch(session: Any) -> int:
    found: int = session.scalar(select(Batch.id).limit(1))
    return found


def counted(desk: Desk) -> dict[str, int]:
    with desk.session() as session:
        return {
            kind: session.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0
            for kind, (name, _moment, _also) in ROWS.items()
        }


def test_what_has_had_its_time_goes_and_the_rest_stays(full: Desk) -> None:
    assert set(counted(full).values()) == {2}
    would = purge(full, dry_run=True)
    assert {kind: would[kind].count for kind in ROWS} == dict.fromkeys(ROWS, 1)
    assert set(counted(full).values()) == {2}, "a dry run changes nothing"
    did = purge(full)
    assert did == would
    assert set(counted(full).values()) == {1}
    for kind in ROWS.keys() - {"proofs"}:
        assert did[kind].oldest == NOW - timedelta(days=DAYS[kind], hours=1), kind
    assert purge(full) != did
    with full.session() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "purge")).one()
        assert entry.detail == dict.fromkeys(entry.detail, 1)
        assert entry.detail.keys() == ROWS.keys()


def test_more_than_a_round_goes_whole(desk: Desk) -> None:
    table = Base.metadata.tables["sign_in_failure"]
    with desk.write() as session:
        long_ago = {"key": "account:x", "at": NOW - timedelta(days=99)}
        session.execute(insert(table), [planted_row(session, table, long_ago) for _ in range(2_500)])
    assert purge(desk)["sign-in-failures"].count == 2_500
    assert purge(desk, dry_run=True)["sign-in-failures"].count == 0


def test_the_words_of_settled_statements_go_and_the_same_one_is_known_again(desk: Desk) -> None:
    tables = Base.metadata.tables
    old = NOW - timedelta(days=366)
    with desk.write() as session:
        client = planted_row(session, tables["api_client"], {"client_id": "c", "unit_id": None, "created_by": None})
        session.execute(insert(tables["api_client"]), [client])
        for state, at in (("recorded", old), ("waiting", old), ("recorded", NOW)):
            keys = {"state": state, "received_at": at, "client_id": client["id"], "raw": '{"actor": {}}'}
            keys |= {"statement_id": f"{state} {at}", "member_id": None, "completion_id": None, "waiting_id": None}
            session.execute(insert(tables["xapi_statement"]), [planted_row(session, tables["xapi_statement"], keys)])
    assert purge(desk)["statements"].count == 1
    with desk.session() as session:
        kept = {each.statement_id: each.raw for each in session.scalars(select(XapiStatement))}
        assert kept == {f"recorded {old}": NO_LONGER} | dict.fromkeys((f"waiting {old}", f"recorded {NOW}"), '{"actor": {}}')
        found = find_client(session, "c")
        assert found
        assert len(statements_page(session, found).rows) == 3
    assert not is_other(NO_LONGER, '{"actor": {"mbox": "mailto:ana@example.org"}}')


def test_files_whose_time_is_over_go(desk: Desk) -> None:
    desk.roster(ANA)
    instance = settings(desk).instance
    with desk.session() as session:
        kept = session.scalars(select(Batch.sha256)).one()
    stay = [
        aged(instance / "imports" / kept, 300),
        aged(instance / "imports" / ("a" * 64), 0.5),  # sent just now: its batch is on its way
        aged(instance / "exports" / "1.csv", 6),
        aged(instance / "xapi" / "1.json", 99),  # waits for the database: it never goes by itself
        aged(instance / "xapi" / "2.unreadable", 29),
        aged(file_of(instance / "evidence", "b" * 64), 0.5),
        aged(instance / "simulations" / "7.yaml", 0.5),
    ]
    go = {
        "import-files": aged(instance / "imports" / ("c" * 64), 2),
        "exports": aged(instance / "exports" / "2.csv", 8),
        "leftovers": aged(instance / "openings" / "3.unreadable", 31),
        "evidence": aged(file_of(instance / "evidence", "d" * 64), 2),
        "trials": aged(instance / "simulations" / "8.yaml", 2),
    }
    would = purge(desk, dry_run=True)
    assert {kind: would[kind].count for kind in go} == dict.fromkeys(go, 1)
    assert all(each.exists() for each in go.values())
    assert purge(desk) == would
    assert [each for each in go.values() if each.exists()] == []
    assert all(each.exists() for each in stay)


@pytest.fixture
def dead(desk: Desk) -> dict[str, int]:
    """Jobs of long ago whose processes died, by how far each had come."""
    ago, sam = NOW - timedelta(days=900), Actor(5, "staff", "sam@example.org")
    sha256 = aged(settings(desk).instance / "imports" / ("e" * 64), 900).name
    with desk.write() as session:
        read, confirmed = (open_job(session, "roster", "roster.csv", sha256, {}, sam, now=ago) for _ in range(2))
        show(session, confirmed.id, {}, now=ago)
        confirm(session, confirmed, {}, sam, now=ago)
        made = ask_for_export(session, sam, "/reports/members.csv?q=Ana", "csv", now=ago)
        found = {"reading": read.id, "recording": confirmed.id, "making": made.id}
    for job_id in found.values():
        aged(settings(desk).instance / "jobs" / f"{job_id}.lock", 900)
        aged(settings(desk).instance / "jobs" / f"{job_id}.json", 900)
    return found


def jobs_left(desk: Desk) -> set[int]:
    with desk.session() as session:
        return {*session.scalars(select(ImportJob.id)), *session.scalars(select(ExportJob.id))}


def test_a_job_whose_process_died_goes_though_nobody_ever_looked(desk: Desk, dead: dict[str, int]) -> None:
    would = purge(desk, dry_run=True)
    assert (would["previews"].count, would["exports"].count, would["leftovers"].count) == (2, 1, 0)
    assert would["exports"].oldest == NOW - timedelta(days=900)
    assert jobs_left(desk) == set(dead.values())
    assert purge(desk) == would
    assert jobs_left(desk) == set()
    assert list((settings(desk).instance / "jobs").iterdir()) == []
    assert purge(desk)["import-files"].count == 1, "the file that it was read from follows"


@pytest.mark.parametrize("how", ["at work", "waiting"])
def test_a_job_that_is_under_way_stays_however_old(desk: Desk, dead: dict[str, int], how: str) -> None:
    folder = settings(desk).instance / "jobs"
    locks = [hold(folder, each) for each in dead.values()] if how == "at work" else []
    for each in dead.values() if how == "waiting" else ():
        note(folder, each, Waiting("job", "en", "", NOW.timestamp()))
    try:
        done = purge(desk)
        assert (done["previews"].count, done["exports"].count, done["leftovers"].count) == (0, 0, 0)
        assert jobs_left(desk) == set(dead.values())
        assert len(list(folder.glob("*.lock"))) == 3
    finally:
        for lock in locks:
            assert lock is not None
            os.close(lock)


def test_what_lies_beside_jobs_that_are_done_goes_but_no_lock_that_is_held(desk: Desk, dead: dict[str, int]) -> None:
    folder = settings(desk).instance / "jobs"
    with desk.write() as session:
        for job_id in (dead["reading"], dead["recording"]):
            session.get_one(ImportJob, job_id).state = JobState.RECORDED
    stay = [aged(folder / f"{each}.lock", 31) for each in (7, dead["recording"])]
    stay += [aged(folder / "8.lock", 29), aged(folder / "notes.json", 900)]
    go = [aged(folder / name, 31) for name in ("9.lock", "9.json")]
    go += [folder / f"{dead['reading']}{kind}" for kind in (".lock", ".json")]
    locks = [hold(folder, 7), hold(folder, dead["recording"])]
    would = purge(desk, dry_run=True)
    assert would["leftovers"].count == len(go)
    assert all(each.exists() for each in go)
    assert purge(desk)["leftovers"] == would["leftovers"]
    for lock in locks:
        assert lock is not None
        os.close(lock)
    assert [each for each in go if each.exists()] == []
    assert [each for each in stay if not each.exists()] == []


def test_what_was_left_of_writing_in_the_instance_folder_itself_goes(desk: Desk) -> None:
    instance = settings(desk).instance
    go = aged(instance / "0123456789abcdef.part", 31)  # of `erasures`, or of `audit-heads`
    stay = [aged(instance / name, 900) for name in ("erasures", "audit-heads")] + [aged(instance / "abc.part", 29)]
    stay[0].write_text("")
    assert purge(desk)["leftovers"].count == 1
    assert not go.exists()
    assert all(each.exists() for each in stay)


def test_it_writes_the_lines_of_erasures_that_no_door_could_write(desk: Desk) -> None:
    desk.roster(ANA)
    with desk.write() as session:
        member_id = session.scalars(select(Member.member_id)).one()
        erase_member(session, member_id, "asked for it", OPERATOR, today=desk.today, now=NOW)
    purge(desk, dry_run=True)
    assert not erasures_file(settings(desk).instance).exists()
    purge(desk)
    assert str(member_id) in erasures_file(settings(desk).instance).read_text()


def test_nothing_that_counts_goes(full: Desk) -> None:
    full.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    full.log("0001", "firefly", date(2026, 2, 1))
    figures = full.figures()
    purge(full)
    with full.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Completion)) == 1
    assert full.figures() == figures
    assert full.wrong() == []
