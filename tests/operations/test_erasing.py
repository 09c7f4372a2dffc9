"""Erasing a member: nothing says who they were any more, and every figure is what it was."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, Boolean, Date, Integer, LargeBinary, Table, Text, func, insert, select, update
from sqlalchemy.orm import Session

from tests.operations.conftest import BEN, TODAY
from tests.operations.test_merging import Desk
from tracker.coverage.archive import counts_of, whose
from tracker.coverage.chain import verify_chain
from tracker.coverage.checks import examine
from tracker.coverage.desk.decided import decided_page
from tracker.coverage.desk.doubles import merge_told
from tracker.coverage.figures import coverage_report
from tracker.coverage.finding import find_member
from tracker.coverage.reviewing import claims_waiting
from tracker.curriculum.words import Assurance, Role
from tracker.models import (
    AuditEntry,
    Base,
    Batch,
    Completion,
    Erasure,
    Evidence,
    Identifier,
    IdentifierKind,
    Member,
    Membership,
    User,
    new_id,
)
from tracker.models.base import AssuranceType, Moment, Word, writing
from tracker.operations.accounts import add_user, end_role
from tracker.operations.accounts.limits import account_key
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.audit import audit
from tracker.operations.erasing import (
    ERASED,
    KEPT,
    KEPT_COLUMNS,
    Erasing,
    add_lines,
    drop_files,
    erase_member,
    erased_lines,
    erasures_file,
    examine_erasures,
    keep_erasures,
    readable_lines,
    reapply_erasures,
)
from tracker.operations.evidence import file_of
from tracker.operations.lasting_files import alone_with
from tracker.operations.refused import Refused
from tracker.operations.sealing import seal_entries

PAT = "PLANTED-1,Plantedfirst,Plantedlast,planted@example.org,80,grip,active,member,2019-03-01,,yes\n"
ALSO = "PLANTED-2,Plantedfirst,Plantedélast,planted.too@example.org,700,editing,active,member,2021-03-01,,yes\n"
LATER = datetime(2026, 3, 3, tzinfo=UTC)
DAYS = (date(2025, 12, 1), date(2026, 2, 10), TODAY, date(2026, 12, 31))


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Pat, whose every text is planted, with somebody who turned out to be them; and Ben. Both asked for two paths."""
    return with_pat(app)


@pytest.fixture
def one_desk(sqlite_app: Flask) -> Desk:
    """The same on one engine, for what neither can change."""
    return with_pat(sqlite_app)


def with_pat(app: Flask) -> Desk:
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(PAT + BEN + ALSO)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.assign("set-safety", members=["PLANTED-1"], on=date(2026, 1, 5))
    desk.log("PLANTED-1", "firefly", date(2026, 2, 1), Assurance.REVIEWED)
    desk.log("PLANTED-1", "ai-ethics", date(2026, 2, 2), Assurance.CLAIMED, evidence_url="https://planted.example/c")
    desk.log("0002", "firefly", date(2026, 2, 1), Assurance.REVIEWED)
    desk.exempt("PLANTED-1", "set-safety", date(2026, 2, 1), date(2026, 3, 1))
    desk.merge("PLANTED-1", "PLANTED-2")
    return desk


def pat(desk: Desk) -> int:
    return desk.member("PLANTED-1")


def erase(desk: Desk, member_id: int, reason: str = "asked for it on paper", **said: Any) -> Erasing:
    with desk.write() as session:
        return erase_member(session, member_id, reason, OPERATOR, **{"today": desk.today, "now": LATER} | said)


def everything(session: Session) -> list[object]:
    """Every figure there is, as of some days, known on some, at each floor; and what they are made of."""
    session.expire_all()
    tables = ("scope", "standing", "coverage_ledger", "coverage_entry", "coverage_balance")
    return [
        *(coverage_report(session, as_of=day, known=known).rows for day in DAYS for known in (None, TODAY)),
        *(sorted(map(tuple, session.execute(select(Base.metadata.tables[name])))) for name in tables),
    ]


def is_a_text(column: Any) -> bool:
    return isinstance(column.type, Text | JSON) and not isinstance(column.type, Word)


def planted_row(session: Session, table: Table, keys: dict[str, Any]) -> dict[str, Any]:
    """A row of any table whose texts are all planted, and whose keys are these."""
    row: dict[str, Any] = {}
    for column in table.columns:
        said = f"planted {table.name}.{column.name}"
        kind: Any = column.type
        if column.name in keys:
            row[column.name] = keys[column.name]
        elif isinstance(kind, Word):
            row[column.name] = next(iter(kind.kind))
        elif isinstance(kind, AssuranceType):
            row[column.name] = Assurance.CLAIMED
        elif isinstance(kind, JSON):
            row[column.name] = {"said": [said]}
        elif isinstance(kind, LargeBinary):
            row[column.name] = said.encode()
        elif isinstance(kind, Text):
            row[column.name] = said
        elif isinstance(kind, Moment):
            row[column.name] = LATER
        elif isinstance(kind, Date):
            row[column.name] = None if column.nullable else TODAY
        elif column.foreign_keys:
            parent = next(iter(column.foreign_keys)).column
            row[column.name] = session.scalar(select(parent).order_by(parent).limit(1))
        elif isinstance(kind, Boolean):
            row[column.name] = True
        elif column.name == "id":
            row[column.name] = new_id()
        else:
            assert isinstance(kind, Integer), f"{table.name}.{column.name}: a kind of column that nothing is planted in"
            row[column.name] = None if column.nullable else 1
    return row


def plant(session: Session, desk: Desk) -> None:
    """Something planted in every table where a row can say who Pat is, found by member, by sign-in, by address, by words."""
    member_id = find_member(session, "PLANTED-1").member_id  # type: ignore[union-attr]
    user = session.scalars(select(User).where(User.member_id == member_id)).one()
    session.execute(update(User).values(password_hash="planted hash", language="planted"))
    claim = session.scalars(select(Completion).where(Completion.member_id == member_id)).first()
    card = session.scalars(
        select(Membership).where(Membership.member_id == member_id, Membership.voided_at.is_(None))
    ).first()
    assert claim
    assert card
    alias = session.scalars(select(Identifier).where(Identifier.kind == IdentifierKind.ALIAS)).one()
    special: dict[str, dict[str, Any]] = {
        "evidence": {"completion_id": claim.id, "sha256": "ab" * 32},
        "claim_review": {"completion_id": claim.id},
        "assignment": {"rule_id": None, "membership_id": None},
        "due_decision": {"membership_id": card.id},
        "notice": {"member_id": None, "address": "Planted@example.org"},
        "sign_in_link": {"member_id": None, "user_id": None, "address_key": "planted@example.org"},
        "notice_stop": {"address_key": "planted@example.org"},
        "waiting_completion": {"settled_member_id": None, "settled_at": None, "email": "PLANTED@example.org"},
        "row_fault": {"value": "x", "reason": "planted@example.org belongs to nobody"},
        "stranger": {"value": alias.value},
        "sign_in_failure": {"key": account_key("planted@example.org")},
        "import_job": {"result": {"lost": ["Plantedfirst Plantedlast (PLANTED-1)"]}, "state": "previewed"},
    }
    made = {"member", "identifier", "user_account", "role_grant", "batch", "audit_entry"}
    client = planted_row(
        session, Base.metadata.tables["api_client"], {"name": "a program", "client_id": "c", "unit_id": None}
    )
    session.execute(insert(Base.metadata.tables["api_client"]), [client | {"secret_hash": "h", "scopes": "xapi:write"}])
    for name in ERASED.keys() - made:
        table = Base.metadata.tables[name]
        keys = {"member_id": member_id, "user_id": user.id, "settled_member_id": member_id} | special.get(name, {})
        keys = {column: value for column, value in keys.items() if column in table.columns}
        session.execute(insert(table), [planted_row(session, table, keys)])
    told = {"object_kind": "thing", "detail": {"deep": [{"it": "planted by the member"}]}}
    audit(session, OPERATOR, "a", member_id=member_id, **told)  # type: ignore[arg-type]
    audit(session, OPERATOR, "b", object_id=user.id, detail=told["detail"], object_kind="user")  # type: ignore[arg-type]
    audit(session, OPERATOR, "c", object_kind="thing", detail={"who": "Planted@Example.org", "n": "PLANTED-1"})
    session.flush()


def with_everything(desk: Desk) -> int:
    with desk.write() as session:
        member_id = find_member(session, "PLANTED-1").member_id  # type: ignore[union-attr]
        add_user(session, "planted@example.org", Role.MEMBER, None, member_id, OPERATOR, desk.today)
        alias = {"kind": IdentifierKind.ALIAS, "value": "feed: planted learner", "shown": "planted"}
        session.add(Identifier(**alias, member_id=member_id, recorded_at=LATER))
        session.flush()
        plant(session, desk)
        seal_entries(session, LATER)
    return member_id


def everywhere(session: Session) -> Iterator[tuple[str, str, str]]:
    """Every value of every column of every table, as a text: the table, the column, the value."""
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            for column, value in zip(table.columns, row, strict=True):
                if isinstance(value, bytes):
                    yield table.name, column.name, value.decode("utf-8", "replace")
                elif isinstance(value, dict | list):
                    yield table.name, column.name, json.dumps(value, ensure_ascii=False)
                elif isinstance(value, str):
                    yield table.name, column.name, value


def planted_in(session: Session) -> list[str]:
    return [f"{table}.{column}: {value}" for table, column, value in everywhere(session) if "planted" in value.lower()]


def test_nothing_planted_about_a_member_is_found_anywhere_afterwards(desk: Desk) -> None:
    member_id = with_everything(desk)
    with desk.session() as session:
        places = {each.split(".")[0] for each in planted_in(session)}
        without_words = {"sign_in_failure", "role_grant", "notice_told"}
        assert ERASED.keys() - without_words <= places | {"notice_told"}  # else nothing is proved
        before = everything(session)
    assert desk.wrong() == []
    done = erase(desk, member_id)
    assert all(done.gone.values()), {name for name, count in done.gone.items() if not count}
    with desk.session() as session:
        left = [each for each in planted_in(session) if each.split(":")[0] not in KEPT_COLUMNS]
        assert left == []
        assert everything(session) == before
        erased = session.get_one(Member, member_id)
        assert (erased.name, erased.number) == ("Erased", f"erased-{member_id}")
        assert find_member(session, "PLANTED-1") is None
        assert find_member(session, "PLANTED-2") is None
        assert find_member(session, "planted@example.org") is None
    assert desk.wrong() == []


def test_every_table_is_erased_or_kept_for_a_reason() -> None:
    tables = Base.metadata.tables
    assert ERASED.keys() | KEPT.keys() == tables.keys()
    assert not ERASED.keys() & KEPT.keys()
    by_a_person = {"member_id", "settled_member_id", "user_id", "email", "address"}
    in_question = {name for name in KEPT if by_a_person & set(tables[name].columns.keys())}
    assert in_question == {"scope", "standing", "erasure", "review_lock", "export_job"}
    for name, how in ERASED.items():
        if how.becomes is None or name in ("audit_entry", "role_grant"):
            continue
        texts = {column.name for column in tables[name].columns if is_a_text(column)}
        kept = {each.partition(".")[2] for each in KEPT_COLUMNS if each.startswith(f"{name}.")}
        assert texts == (how.becomes.keys() | kept), name
        assert not how.becomes.keys() & kept


def test_the_chain_of_the_trail_still_holds(desk: Desk) -> None:
    done = erase(desk, with_everything(desk))
    with desk.write() as session:
        while seal_entries(session, LATER):
            pass
        verdict = verify_chain(session)
        assert verdict.faults == []
        assert verdict.erased == done.gone["audit_entry"] > 5
        last = session.scalars(select(AuditEntry).where(AuditEntry.action == "erase_member")).one()
        assert last.detail["reason"] == "asked for it on paper"
        assert last.member_id in done.ids


def test_what_readers_make_of_the_trail_does_without_the_details(desk: Desk) -> None:
    member_id = with_everything(desk)
    with desk.session() as session:
        merge = session.scalars(select(Batch.id).where(Batch.kind == "merge")).one()
    erase(desk, member_id)
    with desk.session() as session:
        told = merge_told(session, merge)
        assert told is not None
        assert told.keep.name == told.gone.name == "Erased"
        for kind in ("learners", "courses", "all"):
            decided_page(session, kind, None)
        assert counts_of(session, whose(session, session.get_one(Member, member_id)))["identifier"] == 0


def test_their_claims_wait_for_nobody_any_more(desk: Desk) -> None:
    with desk.session() as session:
        assert claims_waiting(session)[0] == 1
    erase(desk, pat(desk))
    with desk.session() as session:
        assert claims_waiting(session) == (0, None)


def test_whoever_else_has_their_address_or_name_keeps_all_of_theirs(desk: Desk) -> None:
    desk.roster("0009,Plantedfirst,Plantedlast,planted@example.org,80,grip,active,member,2019-03-01,,yes\n")
    with desk.write() as session:
        other = session.scalars(select(Member.member_id).where(Member.number == "0009")).one()
        table = Base.metadata.tables["notice"]
        session.execute(insert(table), [planted_row(session, table, {"member_id": other, "address": "planted@example.org"})])
        before = dict(counts_of(session, whose(session, session.get_one(Member, other))))
    erase(desk, pat(desk))
    with desk.session() as session:
        assert counts_of(session, whose(session, session.get_one(Member, other))) == before
        assert session.get_one(Member, other).first_name == "Plantedfirst"
        assert session.scalar(select(func.count()).select_from(table)) == 1
        assert find_member(session, "planted@example.org").member_id == other  # type: ignore[union-attr]


def test_a_roster_that_names_them_again_makes_a_new_member(desk: Desk) -> None:
    old = pat(desk)
    erase(desk, old)
    desk.today = date(2026, 3, 9)
    desk.roster(PAT)
    with desk.session() as session:
        assert find_member(session, "PLANTED-1").member_id != old  # type: ignore[union-attr]
        assert session.get_one(Member, old).name == "Erased"
    assert desk.wrong() == []


def test_their_import_can_still_be_undone(desk: Desk) -> None:
    with desk.session() as session:
        roster = session.scalars(select(Batch.id).where(Batch.kind == "roster")).one()
    old = pat(desk)
    erase(desk, old)
    desk.undo(roster)
    with desk.session() as session:
        assert session.get_one(Member, old).name == "Erased"
        assert planted_in(session) == []
    assert desk.wrong() == []


def test_a_file_goes_from_disk_unless_another_record_has_it_or_it_is_of_today(one_desk: Desk, tmp_path: Path) -> None:
    mine, shared, fresh = ("1" * 64, "2" * 64, "3" * 64)
    old = (LATER - timedelta(days=9)).timestamp()
    for each in (mine, shared, fresh):
        file_of(tmp_path, each).parent.mkdir()
        file_of(tmp_path, each).write_bytes(b"proof")
        os.utime(file_of(tmp_path, each), (old, old) if each != fresh else (LATER.timestamp(),) * 2)
    with one_desk.write() as session:
        table = Base.metadata.tables["evidence"]
        for member_id, hashes in ((pat(one_desk), (mine, shared, fresh)), (one_desk.member("0002"), (shared,))):
            done = session.scalars(select(Completion).where(Completion.member_id == member_id)).first()
            assert done
            keys = {"member_id": member_id, "completion_id": done.id}
            session.execute(insert(table), [planted_row(session, table, keys | {"sha256": each}) for each in hashes])
    erased = erase(one_desk, pat(one_desk))
    assert erased.files == [mine, fresh]
    with one_desk.session() as session:
        assert drop_files(session, tmp_path, erased.files, LATER) == 1
        assert [file_of(tmp_path, each).exists() for each in (mine, shared, fresh)] == [False, True, True]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("  ", "no_reason"),
        ("x" * 201, "reason_too_long"),
        ("Plantedfirst asked", "reason_names"),
        ("PLANTED-1.", "reason_names"),
    ],
)
def test_a_reason_that_says_nothing_or_names_them_is_refused(one_desk: Desk, reason: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        erase(one_desk, pat(one_desk), reason)
    assert refused.value.code == code
    with one_desk.session() as session:
        assert session.scalar(select(func.count()).select_from(Erasure)) == 0


def test_who_holds_a_role_or_decides_about_themselves_is_not_erased(one_desk: Desk) -> None:
    member_id = pat(one_desk)
    with one_desk.write() as session:
        user = add_user(session, "planted@example.org", Role.STAFF, None, member_id, OPERATOR, one_desk.today)
    with pytest.raises(Refused, match="They still hold a role: training staff") as refused:
        erase(one_desk, member_id)
    assert refused.value.code == "open_role"
    with one_desk.write() as session:
        grant = session.get_one(User, user.id).grants[0]
        end_role(session, grant, OPERATOR, one_desk.today, now=LATER)
        actor = Actor(user.id, "staff", "")
        with pytest.raises(Refused) as refused:
            erase_member(session, member_id, "because", actor, today=one_desk.today, now=LATER)
        assert refused.value.code == "own_record"
    erase(one_desk, member_id)
    with one_desk.session() as session:
        left = session.get_one(User, user.id)
        assert (left.email, left.is_active, left.password_hash) == (f"erased-{user.id}@erased.invalid", False, None)


def test_who_was_merged_or_erased_already_is_refused(one_desk: Desk) -> None:
    with one_desk.session() as session:
        gone = session.scalars(select(Member.member_id).where(Member.merged_into_id.is_not(None))).one()
    with pytest.raises(Refused) as refused:
        erase(one_desk, gone)
    assert refused.value.code == "merged"
    member_id = pat(one_desk)
    assert erase(one_desk, member_id).ids.keys() == {member_id, gone}
    with pytest.raises(Refused) as refused:
        erase(one_desk, member_id)
    assert refused.value.code == "already_erased"


def test_the_lines_erase_again_whoever_a_backup_brought_back(desk: Desk, tmp_path: Path) -> None:
    """The backup's database is the one before: what the erasing did is rolled back, the lines are kept."""
    member_id, file = with_everything(desk), erasures_file(tmp_path)

    class Restored(Exception):
        pass

    with pytest.raises(Restored), desk.app.app_context(), writing(alone=True) as session:  # noqa: PT012
        done = erase_member(session, member_id, "asked for it", OPERATOR, today=TODAY, now=LATER)
        assert keep_erasures(session, file) == 2
        raise Restored
    assert file.stat().st_mode & 0o777 == 0o600
    lines = file.read_text().splitlines()
    assert {each.member_id: each.erasure_id for each in erased_lines(lines)} == done.ids
    assert "planted" not in file.read_text().lower()
    with desk.write() as session:
        before = everything(session)
        assert reapply_erasures(session, lines, LATER) == 2
        assert {each.id for each in session.scalars(select(Erasure))} == set(done.ids.values())
    with desk.write() as session:
        assert everything(session) == before
        assert [each for each in planted_in(session) if each.split(":")[0] not in KEPT_COLUMNS] == []
        assert reapply_erasures(session, lines, LATER) == 0
        assert keep_erasures(session, file) == 0
        assert [each.sentence for each in examine(session, TODAY) if each.is_wrong] == []
        while seal_entries(session, LATER):
            pass
        assert verify_chain(session).faults == []


def test_a_line_that_was_cut_off_is_written_again_and_a_broken_one_is_told(one_desk: Desk, tmp_path: Path) -> None:
    erase(one_desk, pat(one_desk))
    file = erasures_file(tmp_path)
    with one_desk.session() as session:
        keep_erasures(session, file)
        whole = file.read_text()
        file.write_text(whole[:-20])
        assert len(erased_lines(file.read_text().splitlines())) == 1
        assert keep_erasures(session, file) == 1
        assert file.read_text() == whole
    with pytest.raises(ValueError, match="line 1 of the erasures"):
        erased_lines(["{", *whole.splitlines()])


def test_two_who_write_the_lines_at_once_lose_none(one_desk: Desk, tmp_path: Path) -> None:
    """Each reads the file and replaces it: whoever comes second waits until the first has."""
    erase(one_desk, pat(one_desk))
    file, said = erasures_file(tmp_path), list[int]()

    def write() -> None:
        with one_desk.session() as session:
            said.append(keep_erasures(session, file))

    other = '{"erasure": 71, "member": 72, "at": "2026-05-01T12:00:00+00:00"}'
    with alone_with(file):
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(0.5)
        assert writer.is_alive(), "it waits for its turn"
        add_lines(file, [other])
    writer.join()
    assert said == [2]
    assert other in file.read_text()
    assert len(erased_lines(file.read_text().splitlines())) == 3


def test_a_line_that_cannot_be_read_keeps_no_other_from_being_written(one_desk: Desk, tmp_path: Path) -> None:
    erase(one_desk, pat(one_desk))
    file = erasures_file(tmp_path)
    file.write_text("nonsense\n" + '{"erasure": 71, "member": 72, "at": "2026-05-01T12:00:00+00:00"}\n')
    with one_desk.session() as session:
        with pytest.raises(ValueError, match="line 1 of the erasures"):
            keep_erasures(session, file)
        assert file.read_text().startswith("nonsense\n")
        assert len(readable_lines(file)) == 3
        assert [each.sentence for each in examine_erasures(session, file)] == [
            "erasures: line 1 of the erasures cannot be read"
        ]


def test_a_file_that_held_their_row_is_told_with_its_day(one_desk: Desk) -> None:
    done = erase(one_desk, pat(one_desk))
    assert [each.file_name for each in done.originals] == ["roster.csv"]
    assert done.stays["membership"] >= 2
    assert done.open_cards == 2
    with one_desk.session() as session:
        assert session.scalar(select(func.count()).select_from(Evidence)) == 0
