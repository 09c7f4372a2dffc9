"""Sealing the audit trail: in order and without gaps, whoever writes and however many seal; and the guards of its tables.

Abuse 21: staff edit or delete evidence of wrongdoing, or forge a line of the trail with line ends.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from tests.conftest import empty_database, make_settings
from tracker import create_app
from tracker.coverage.chain import Head, chain_head, verify_chain, waiting_count
from tracker.coverage.vitals import vitals
from tracker.models import AuditEntry, AuditSeal, db, new_id, writing
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.audit import audit
from tracker.operations.audit_heads import heads_file, kept_heads, note_head
from tracker.operations.sealing import seal_entries

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)


def write(count: int = 1, *, at: datetime = NOW, entry_id: int | None = None) -> None:
    with writing() as session:
        for number in range(count):
            detail = {"before": number, "after": f"Zoë {number}"}
            audit(session, OPERATOR, "act", object_kind="thing", object_id=number, detail=detail, at=at, entry_id=entry_id)


def seal(**more: bool) -> int:
    with writing() as session:
        return seal_entries(session, NOW, **more)


def positions() -> list[int]:
    return list(db.session.scalars(select(AuditSeal.position).order_by(AuditSeal.position)))


def test_entries_are_sealed_in_the_order_of_their_ids_and_once(app: Flask) -> None:
    with app.app_context():
        write(5)
        assert waiting_count(db.session()) == 5
        assert seal() == 5
        assert seal() == 0
        assert waiting_count(db.session()) == 0
        sealed = list(db.session.scalars(select(AuditSeal.entry_id).order_by(AuditSeal.position)))
        assert sealed == sorted(sealed)
        assert positions() == [1, 2, 3, 4, 5]
        assert verify_chain(db.session(), now=NOW).holds


def test_at_most_so_many_are_sealed_at_once(app: Flask) -> None:
    with app.app_context():
        write(5)
        with writing() as session:
            assert seal_entries(session, NOW, most=2) == 2
        with writing() as session:
            assert seal_entries(session, NOW, most=2, onward=True) == 2
        assert seal(onward=True) == 1
        assert positions() == [1, 2, 3, 4, 5]


def test_an_entry_that_was_committed_late_takes_its_place_behind(app: Flask) -> None:
    """An import's entry has an id of its beginning, and is written at its end."""
    with app.app_context():
        early = new_id()
        write(3)
        assert seal() == 3
        write(entry_id=early)
        assert seal(onward=True) == 0, "it lies before the last that was sealed"
        assert seal() == 1
        last = db.session.scalar(select(AuditSeal).where(AuditSeal.position == 4))
        assert last is not None
        assert last.entry_id == early
        assert verify_chain(db.session(), now=NOW).holds


def test_an_entry_that_came_more_than_a_day_late_is_found_by_looking_at_all(app: Flask) -> None:
    with app.app_context():
        write(1)
        assert seal() == 1
        two_days_ago = new_id() - (2 * 86_400_000 << 22)
        write(entry_id=two_days_ago)
        assert seal() == 0
        assert seal(all_of=True) == 1
        assert verify_chain(db.session(), now=NOW).holds


def test_an_entry_of_a_clock_that_was_ahead_holds_up_none_that_comes_after(app: Flask) -> None:
    """Neither its seal, nor that whoever watches sees it wait."""
    with app.app_context():
        write(2)
        write(entry_id=new_id() + (30 * 86_400_000 << 22), at=NOW + timedelta(days=30))
        assert seal() == 3
        write(3, at=NOW + timedelta(minutes=1))
        found = vitals(db.session(), most_tries=5)
        assert (found.audit_unsealed, found.audit_unsealed_at) == (3, NOW + timedelta(minutes=1))
        assert waiting_count(db.session()) == 3
        assert seal() == 3
        found = vitals(db.session(), most_tries=5)
        assert (found.audit_unsealed, found.audit_unsealed_at) == (0, None)
        assert verify_chain(db.session(), now=NOW).holds


def test_an_entry_that_was_committed_late_is_seen_to_wait(app: Flask) -> None:
    with app.app_context():
        early = new_id()
        write(3)
        assert seal() == 3
        write(entry_id=early)
        assert vitals(db.session(), most_tries=5).audit_unsealed == 1


def test_what_an_entry_is_hashed_from_is_the_same_on_every_engine(app: Flask) -> None:
    """The very bytes are held here: an installation may move from one engine to the other."""
    with app.app_context():
        at = datetime(2026, 3, 31, 9, 30, 0, 1_000, tzinfo=UTC)
        detail = {"b": [1, 2.5, None, True], "a": {"é": "\u2028\n", "y": -0.0}}
        with writing() as session:
            its_id = 123_456_789_012_345_678
            audit(
                session,
                Actor(7, "staff", "Sam"),
                "act",
                object_kind="thing",
                object_id=8,
                member_id=9,
                detail=detail,
                at=at,
                entry_id=its_id,
            )
        assert seal() == 1
        kept = db.session.scalar(select(AuditSeal))
        assert kept is not None
        plain = r'{"a":{"y":-0.0,"\u00e9":"\u2028\n"},"b":[1,2.5,null,true]}'
        assert kept.detail_hash == sha256(plain.encode()).hexdigest()
        said = (
            f'["{"0" * 64}",1,{its_id},"2026-03-31T09:30:00.001000Z",7,"staff","act","thing",8,9,null,"{kept.detail_hash}"]'
        )
        assert kept.hash == sha256(said.encode()).hexdigest()
        assert kept.hash == "d3450edd86afa4daca9b0bb6d0d325bd5df534f9be141ef396d9bc893e44fe3d"


@pytest.mark.parametrize(("first", "second"), [("sqlite", "postgresql"), ("postgresql", "sqlite")])
def test_a_chain_of_one_engine_verifies_on_the_other(
    request: pytest.FixtureRequest, tmp_path: Path, first: str, second: str
) -> None:
    with empty_database(first, request, tmp_path) as url, opened_app(tmp_path / "first", url):
        write(20)
        assert seal() == 20
        entries, seals = (
            [dict(each) for each in db.session.execute(select(table)).mappings()]
            for table in (AuditEntry.__table__, AuditSeal.__table__)
        )
        head = chain_head(db.session())
    assert head is not None
    with empty_database(second, request, tmp_path) as url, opened_app(tmp_path / "second", url):
        with writing() as session:  # as another program would move them: the details in another spelling
            session.execute(insert(AuditEntry), entries)
            session.execute(insert(AuditSeal), seals)
        found = verify_chain(db.session(), heads=[head], now=NOW)
        assert found.faults == []
        assert (found.sealed, found.head) == (20, head)


@contextmanager
def opened_app(instance: Path, url: str) -> Iterator[None]:
    app = create_app(make_settings(instance, url))
    with app.app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'other'",
        "UPDATE audit_entry SET actor_id = 1, detail = '{\"erased\": 1}'",
        'UPDATE audit_entry SET detail = \'{"erased": 1, "more": 2}\'',
        "UPDATE audit_entry SET detail = '{}'",
        "DELETE FROM audit_entry",
        "UPDATE audit_seal SET hash = 'other'",
        "DELETE FROM audit_seal",
    ],
)
def test_the_database_itself_refuses_to_change_the_trail(app: Flask, statement: str) -> None:
    with app.app_context():
        write(2)
        assert seal() == 2
        with pytest.raises(DBAPIError, match="only ever added to"), writing() as session:
            session.connection().exec_driver_sql(statement)
        assert verify_chain(db.session(), now=NOW).holds


def test_the_trail_cannot_be_emptied_at_a_stroke(app: Flask) -> None:
    with app.app_context():
        write(1)
        if db.session.get_bind().dialect.name == "sqlite":
            return  # which knows no TRUNCATE
        for table in ("audit_entry", "audit_seal"):
            with pytest.raises(DBAPIError, match="only ever added to"), writing() as session:
                session.execute(text(f"TRUNCATE {table}"))


def test_an_entrys_details_may_be_erased_and_nothing_else_of_it(app: Flask) -> None:
    with app.app_context():
        write(1)
        with writing() as session:
            session.connection().exec_driver_sql("UPDATE audit_entry SET detail = '{\"erased\": 5}'")
        entry = db.session.scalar(select(AuditEntry))
        assert entry is not None
        assert (entry.action, entry.detail) == ("act", {"erased": 5})


def test_eight_who_write_and_two_who_seal_make_one_chain_without_gaps(app: Flask) -> None:
    each, faults = 25, []
    writers_done = threading.Event()

    def keep_writing() -> None:
        try:
            with app.app_context():
                for _number in range(each):
                    with writing(patience=30) as session:
                        audit(session, OPERATOR, "act", object_kind="thing")
        except Exception as error:
            faults.append(error)

    def keep_sealing() -> None:
        try:
            with app.app_context():
                done = False
                while not done:
                    done = writers_done.is_set()
                    with writing(patience=30) as session:
                        seal_entries(session, datetime.now(UTC), most=7)
        except Exception as error:
            faults.append(error)

    writers = [threading.Thread(target=keep_writing) for _ in range(8)]
    sealers = [threading.Thread(target=keep_sealing) for _ in range(2)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join()
    writers_done.set()
    for thread in sealers:
        thread.join()
    assert faults == []
    with app.app_context():
        while seal():
            pass
        assert positions() == list(range(1, 8 * each + 1))
        assert verify_chain(db.session(), now=datetime.now(UTC)).holds


def test_one_who_seals_holds_no_writer_off(app: Flask) -> None:
    """On PostgreSQL the sealer shares its turn, and another sealer goes away at once; SQLite has one writer."""
    with app.app_context():
        write(1)
        if db.session.get_bind().dialect.name == "sqlite":
            return
        with writing() as session:
            assert seal_entries(session, NOW) == 1
            found: list[int] = []

            def beside() -> None:
                with app.app_context():
                    write(1)
                    found.append(seal())

            thread = threading.Thread(target=beside)
            thread.start()
            thread.join()
            assert found == [0], "another is at it"
        assert seal() == 1


def test_a_head_is_noted_once_a_day_and_goes_on_only(tmp_path: Path) -> None:
    file = heads_file(tmp_path / "instance")
    first, second, third = (Head(number, str(number) * 64, NOW) for number in (1, 2, 3))
    assert kept_heads(file) == ([], [])
    assert note_head(file, first, NOW)
    assert note_head(file, second, NOW + timedelta(hours=1))
    assert note_head(file, third, NOW + timedelta(days=1))
    heads, unreadable = kept_heads(file)
    assert [each.position for each in heads] == [2, 3], "of a past day its last"
    assert unreadable == []
    assert not note_head(file, second, NOW + timedelta(days=2)), "the chain was cut: what was noted stays"
    assert not note_head(file, Head(3, "f" * 64, NOW), NOW + timedelta(days=2)), "it was made anew"
    assert [each.position for each in kept_heads(file)[0]] == [2, 3]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_line_that_is_no_head_is_told_and_kept(tmp_path: Path) -> None:
    file = heads_file(tmp_path)
    file.write_text("1:tampered 2026-03-31T09:30:00+00:00\n")
    assert kept_heads(file) == ([], [1])
    assert not note_head(file, Head(1, "1" * 64, NOW), NOW)
    assert "tampered" in file.read_text()


@pytest.mark.parametrize("forged", ["\r\n2026-03-31 sign_in ada", "\u2028next", "\u202egpj.exe", "\x85", "\x00", "\ud800"])
def test_what_is_not_seen_is_written_out(sqlite_app: Flask, forged: str) -> None:
    """Abuse 21: an address with line ends in it forges a line of the trail."""
    with sqlite_app.app_context():
        with writing() as session:
            audit(session, OPERATOR, "act", object_kind="thing", detail={"address": f"ana{forged}@example.org"})
        kept = db.session.scalar(text("SELECT detail FROM audit_entry"))
        assert kept.isprintable()
        assert kept.isascii()
        assert json.loads(kept)["address"] == f"ana{forged}@example.org"
