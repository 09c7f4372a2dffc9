"""A member's archive: every table is in it or is left out for a written reason; nobody else is in it by name."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.operations.conftest import BEN, TODAY, Desk
from tracker.coverage.archive import GIVEN, LEFT_OUT, counts_of, whose, write_archive
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance, Role
from tracker.language import speaking
from tracker.models import AuditEntry, Base, Completion, Evidence, Notice, Proof, ProofKind, Review, RoleGrant, User, new_id
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.archiving import note_archive
from tracker.operations.merging import merge_members
from tracker.operations.opening import note_opening
from tracker.operations.refused import Refused

ABOUT_PEOPLE = ("member_id", "user_id", "email", "email_key", "address", "address_key")


def test_every_table_is_given_or_left_out_for_a_reason() -> None:
    tables = set(Base.metadata.tables)
    assert not set(GIVEN) & set(LEFT_OUT)
    assert set(GIVEN) | set(LEFT_OUT) == tables, "put a new table into one of the two, in coverage/archive/tables.py"
    assert all(reason.strip() for reason in LEFT_OUT.values())


def test_every_table_with_a_member_is_given() -> None:
    for table in Base.metadata.sorted_tables:
        if any(column.name.endswith("member_id") for column in table.columns):
            assert table.name in GIVEN, f"{table.name} holds members, and no archive gives it to them"
    excused = ("review_lock", "export_job")  # whose people and addresses are no members and no mail's
    for table in Base.metadata.sorted_tables:
        if any(column.name in ABOUT_PEOPLE for column in table.columns):
            assert table.name in GIVEN or table.name in excused, table.name


def test_no_column_that_guards_something_is_given() -> None:
    for name, given in GIVEN.items():
        for column in Base.metadata.tables[name].columns:
            is_guarding = any(word in column.name for word in ("password", "token", "secret", "session_epoch"))
            assert not is_guarding or column.name in given.without, f"{name}.{column.name}"
        assert {*given.by_member, *given.by_user, *given.by_address, *given.without} <= {
            each.name for each in Base.metadata.tables[name].columns
        }


@pytest.fixture
def filled(with_ana: Desk) -> Desk:
    """Ana has some of everything, and Ben stands beside her."""
    desk = with_ana
    desk.roster(BEN)
    desk.log("0001", "ai-ethics", TODAY - timedelta(days=9))
    desk.log("0001", "firefly", TODAY - timedelta(days=5), Assurance.REVIEWED, actor=Actor(7, "staff", "sam"))
    desk.log("0002", "firefly", TODAY - timedelta(days=5), Assurance.REVIEWED)
    desk.void("0001", "firefly", "=not theirs")
    desk.exempt("0001", "set-safety", TODAY)
    with desk.write() as session:
        ana = find_member(session, "0001")
        assert ana
        for its_id, email, role, member_id in (
            (6, "ana@example.org", Role.MEMBER, ana.member_id),
            (7, "sam@private.example", Role.STAFF, None),
        ):
            session.add(
                User(
                    id=its_id,
                    email=email,
                    email_key=email,
                    password_hash="argon2-of-a-secret",
                    member_id=member_id,
                    created_at=desk.now,
                    grants=[RoleGrant(id=new_id(), role=role, from_on=TODAY)],
                )
            )
        session.add(
            Notice(
                id=new_id(),
                address="somebody.else@example.net",
                member_id=ana.member_id,
                subject="s",
                body="b",
                recorded_at=desk.now,
                failure="",
                kind="held",
                language="en",
                attempts=0,
            )
        )
        session.add(
            Proof(
                id=new_id(),
                member_id=ana.member_id,
                code="c" * 27,
                kind=ProofKind.TRANSCRIPT,
                label="Local 600",
                language="en",
                made_at=desk.now,
                until_on=TODAY,
            )
        )
        note_opening(session, Actor(7, "staff", ""), ana.member_id, "record", None, desk.now)
    return desk


def archive_of(desk: Desk, number: str = "0001", language: str = "en", folder: Path = Path("nowhere")) -> zipfile.ZipFile:
    out = io.BytesIO()
    with desk.session() as session, speaking(language):
        found = find_member(session, number)
        assert found
        zone = desk.app.config["SETTINGS"].time_zone
        who = whose(session, found)
        write_archive(session, who, out, today=desk.today, now=desk.now, zone=zone, file_of=lambda sha256: folder / sha256)
    archive = zipfile.ZipFile(out)
    assert archive.testzip() is None
    return archive


def rows_of(archive: zipfile.ZipFile, table: str) -> list[dict[str, object]]:
    found = json.loads(archive.read(f"data/{table}.json"))
    assert isinstance(found, list)
    read = list(csv.DictReader(io.StringIO(archive.read(f"data/{table}.csv").decode("utf-8-sig"))))
    assert len(read) == len(found), "both say the same"
    return found


def test_it_holds_what_is_kept_and_its_history(filled: Desk) -> None:
    archive = archive_of(filled)
    completions = rows_of(archive, "completion")
    assert [(each["course"], each["assurance"], each["source"]) for each in completions] == [
        ("Ethics in the Age of Generative AI", "claimed", "self"),
        ("Adobe Firefly Essential Training", "reviewed", "self"),
    ]
    assert completions[1]["void_reason"] == "=not theirs"
    assert rows_of(archive, "membership")[0]["unit"] == "80"
    assert rows_of(archive, "exemption")[0]["path"] == "Set Safety"
    assert rows_of(archive, "proof")[0]["label"] == "Local 600"
    assert rows_of(archive, "opened")[0]["who"] == "the union’s training staff"
    with filled.session() as session:
        ana = find_member(session, "0001")
        assert ana
        counts = counts_of(session, whose(session, ana))
    assert {name for name, count in counts.items() if count} == {
        each.removeprefix("data/").removesuffix(".json")
        for each in archive.namelist()
        if each.endswith(".json") and each != "data/opened.json"
    }


def test_other_people_are_told_by_their_role_alone(filled: Desk) -> None:
    archive = archive_of(filled)
    whole = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if name.startswith("data/"))
    assert "sam@private.example" not in whole
    assert "somebody.else@example.net" not in whole
    assert "argon2-of-a-secret" not in whole
    assert "Ben" not in whole
    assert rows_of(archive, "completion")[1]["recorded_by"] == "staff"
    assert rows_of(archive, "notice")[0]["address"] == "another address"
    assert all("actor_id" not in each for each in rows_of(archive, "audit_entry"))


def test_a_spreadsheet_takes_no_text_for_a_formula(filled: Desk) -> None:
    text = archive_of(filled).read("data/completion.csv").decode("utf-8-sig")
    assert "=not theirs" in text
    assert ",=not theirs" not in text


def test_nothing_of_one_member_is_in_anothers(filled: Desk) -> None:
    archive = archive_of(filled, "0002")
    whole = "".join(
        archive.read(name).decode("utf-8", "replace") for name in archive.namelist() if not name.endswith(".pdf")
    )
    assert "Ana" not in whole
    assert "0001" not in whole
    assert len(rows_of(archive, "completion")) == 1


def test_it_says_in_words_what_is_in_it_and_what_is_not(filled: Desk) -> None:
    archive = archive_of(filled)
    readme = archive.read("README.txt").decode("utf-8-sig")
    assert "Everything that the training tracker keeps about Ana Example" in readme
    assert "The courses you completed, as each source says  (2 rows)" in readme
    assert "What is not in it, and why" in readme
    assert all(name in readme for name in LEFT_OUT)
    assert "transcript/transcript.pdf" in archive.namelist()
    assert archive.read("transcript/transcript.pdf").startswith(b"%PDF")


def test_evidence_is_in_it_and_what_is_gone_is_said(filled: Desk, tmp_path: Path) -> None:
    (tmp_path / ("a" * 64)).write_bytes(b"\x89PNG a picture")
    with filled.write() as session:
        done = session.scalars(select(Completion).order_by(Completion.member_id, Completion.id)).first()
        assert done
        for sha256, name in (("a" * 64, "../../etc/passwd"), ("b" * 64, "gone.pdf")):
            session.add(
                Evidence(
                    member_id=done.member_id,
                    id=new_id(),
                    completion_id=done.id,
                    sha256=sha256,
                    media_type="image/png",
                    size=1,
                    file_name=name,
                    recorded_at=filled.now,
                    review=Review.WAITING,
                )
            )
    archive = archive_of(filled, folder=tmp_path)
    (name,) = [each for each in archive.namelist() if each.startswith("evidence/")]
    assert archive.read(name) == b"\x89PNG a picture"
    assert "/" not in name.removeprefix("evidence/")
    assert ".." not in name.removeprefix("evidence/").partition("-")[2][:2]
    readme = archive.read("README.txt").decode("utf-8-sig")
    assert "1 file of evidence is in the folder" in readme
    assert "1 file of evidence is no longer kept." in readme


def test_what_was_kept_before_two_were_found_to_be_one_is_in_it(filled: Desk) -> None:
    with filled.write() as session:
        ana, ben = find_member(session, "0001"), find_member(session, "0002")
        assert ana
        assert ben
        gone = ana.member_id
        merge_members(session, ben, ana, OPERATOR, today=filled.today, now=filled.now)
    archive = archive_of(filled, "0002")
    assert {each["member_id"] for each in rows_of(archive, "member")} > {str(gone)}
    assert rows_of(archive, "proof")[0]["label"] == "Local 600"


def test_it_is_noted_and_not_made_twice_a_minute(filled: Desk) -> None:
    ana = Actor(6, "member", "ana")

    def take(seconds: int) -> None:
        with filled.write() as session:
            found = find_member(session, "0001")
            assert found
            note_archive(session, found, ana, now=filled.now + timedelta(seconds=seconds))

    take(0)
    with pytest.raises(Refused, match="less than a minute ago") as refusal:
        take(59)
    assert refusal.value.code == "too_soon"
    take(60)
    with filled.session() as session:
        entries = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "take_archive")))
        assert [(each.actor_id, each.actor_role) for each in entries] == [(6, "member")] * 2


def test_who_has_nothing_has_an_archive_all_the_same(desk: Desk) -> None:
    desk.roster(BEN)
    archive = archive_of(desk, "0002")
    assert "data/completion.json" not in archive.namelist()
    assert json.loads(archive.read("data/opened.json")) == []
