"""The audit trail's chain: whatever is changed, removed, swapped, slipped in or cut off is found.

Abuse 21: who owns the database takes its guards away and edits or removes evidence of wrongdoing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from tracker.coverage.chain import Head, Verdict, chain_head, hash_of, hash_of_detail, verify_chain
from tracker.coverage.erasures import ERASE
from tracker.models import AuditEntry, AuditSeal, Erasure, db, new_id, writing
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.sealing import seal_entries

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
COUNT = 6
MEMBER = 42


@pytest.fixture
def ids(app: Flask) -> list[int]:
    """Entries in a sealed chain, and its database without guards: their ids by position, from 1 on."""
    with app.app_context():
        with writing() as session:
            for number in range(COUNT):
                audit(
                    session,
                    Actor(7, "staff", "Sam"),
                    "void_completion",
                    object_kind="completion",
                    object_id=number,
                    member_id=MEMBER,
                    unit_id=3,
                    detail={"reason": f"Zoë {number}"},
                    at=NOW - timedelta(minutes=1),
                )
        with writing() as session:
            seal_entries(session, NOW)
        assert verdict().holds
        take_guards_away()
        return [0, *db.session.scalars(select(AuditSeal.entry_id).order_by(AuditSeal.position))]


def take_guards_away() -> None:
    with writing() as session:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        for table in ("audit_entry", "audit_seal"):
            for name in (f"{table}_stays", f"{table}_lasts"):
                session.execute(text(f"DROP TRIGGER {name}" + ("" if is_sqlite else f" ON {table}")))


def verdict(*heads: Head, now: datetime = NOW) -> Verdict:
    db.session().rollback()
    return verify_chain(db.session(), heads=heads, now=now)


def run(sql: str, **values: Any) -> None:
    with writing() as session:
        session.execute(text(sql), values)


def words_of(found: Verdict) -> str:
    return "\n".join(each.words for each in found.faults)


CHANGES = {
    "at": NOW - timedelta(minutes=1, microseconds=1),
    "actor_id": 8,
    "actor_role": "Staff",
    "action": "void_completioN",
    "object_kind": "Completion",
    "object_id": 99,
    "member_id": 43,
    "unit_id": None,
    "detail": {"reason": "Zoé 2"},
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_value_of_an_entry_is_found(app: Flask, ids: list[int], column: str) -> None:
    with app.app_context():
        with writing() as session:
            entry = session.get(AuditEntry, ids[3])
            assert entry is not None
            setattr(entry, column, CHANGES[column])
        (fault,) = verdict().faults
        assert (fault.position, fault.entry_id) == (3, ids[3])
        assert str(ids[3]) in fault.words
        assert "2026-03-31 09:2" in fault.words


def test_every_flipped_bit_of_the_details_is_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        plain = json.dumps({"reason": "Zoë 2"}, ensure_ascii=False).encode()
        kept = hash_of_detail(plain)
        for place in range(len(plain)):
            for bit in range(8):
                flipped = bytearray(plain)
                flipped[place] ^= 1 << bit
                assert hash_of_detail(bytes(flipped)) != kept, bytes(flipped)


def test_a_byte_that_is_no_text_any_more_is_told_and_breaks_nothing(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        with writing() as session:
            audit(session, Actor(7, "staff", "Sam"), "act", object_kind="thing", detail={"name": "Zoë"}, at=NOW)
        with writing() as session:
            seal_entries(session, NOW)
        take_guards_away()
        run("UPDATE audit_entry SET detail = CAST(X'7B226E616D65223A20225A6FC3227D' AS TEXT)")
        assert "details" in words_of(verdict())
        run("UPDATE audit_entry SET action = CAST(X'61C374' AS TEXT), at = 'never'")
        assert "is not what was sealed" in words_of(verdict())


def test_details_that_say_a_thing_twice_are_not_those_that_said_it_once() -> None:
    assert hash_of_detail('{"a": 1, "a": 2}') != hash_of_detail('{"a": 2}')
    assert hash_of_detail('{"a":2 ,"b": "\\u00eb"}') == hash_of_detail('{"b": "ë", "a": 2}'), "in another spelling"


def test_no_two_entries_are_hashed_alike_by_shifting_what_stands_between_their_fields() -> None:
    one = (1, "2026-03-31 09:30:00.000000", 1, "staff", "act", "thing", 12, 3, None)
    other = (1, "2026-03-31 09:30:00.000000", 1, "staff", 'act","thing', "", 12, 3, None)
    assert hash_of("0", 1, one, "d") != hash_of("0", 1, other, "d")
    assert hash_of("0", 1, one, "d") != hash_of("0", 1, (*one[:6], 1, 23, None), "d")
    assert hash_of("0", 1, one, "d") != hash_of("0", 1, (*one[:6], "12", 3, None), "d"), "a number is no text"


def test_a_removed_entry_is_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        run("DELETE FROM audit_entry WHERE id = :id", id=ids[3])
        (fault,) = verdict().faults
        assert fault.words == f"place 3 seals entry {ids[3]}, and there is no such entry"


def test_a_removed_seal_is_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        run("DELETE FROM audit_seal WHERE position = 3")
        assert "place 3 is gone" in words_of(verdict())
        assert f"entry {ids[3]}" in words_of(verdict(now=NOW + timedelta(hours=2))), "which waits for too long"


def test_an_entry_removed_with_its_seal_is_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        run("DELETE FROM audit_seal WHERE position IN (3, 4)")
        run("DELETE FROM audit_entry WHERE id IN (:one, :two)", one=ids[3], two=ids[4])
        assert words_of(verdict()) == "places 3 to 4 are gone"


def test_the_seals_after_one_that_was_removed_cannot_move_up(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        run("DELETE FROM audit_seal WHERE position = 3")
        run("DELETE FROM audit_entry WHERE id = :id", id=ids[3])
        for position in range(4, COUNT + 1):
            run("UPDATE audit_seal SET position = position - 1 WHERE position = :position", position=position)
        assert [each.position for each in verdict().faults] == [3, 4, 5]


def test_the_beginning_cannot_be_cut_off(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        run("DELETE FROM audit_seal WHERE position = 1")
        run("DELETE FROM audit_entry WHERE id = :id", id=ids[1])
        assert "place 1 is gone" in words_of(verdict())


def test_two_swapped_entries_are_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        run("UPDATE audit_entry SET object_id = 100 WHERE id = :id", id=ids[2])
        run("UPDATE audit_entry SET object_id = 1 WHERE id = :id", id=ids[4])
        run("UPDATE audit_entry SET object_id = 3 WHERE id = :id", id=ids[2])
        assert {each.position for each in verdict().faults} == {2, 4}


def test_two_swapped_seals_are_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        for of, to in ((2, -1), (4, 2), (-1, 4)):
            run("UPDATE audit_seal SET position = :to WHERE position = :of", of=of, to=to)
        assert {2, 4} <= {each.position for each in verdict().faults}


def test_two_entries_whose_seals_were_exchanged_are_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        for entry, position in ((-1, 2), (ids[2], 4), (ids[4], 2)):
            run("UPDATE audit_seal SET entry_id = :entry WHERE position = :position", entry=entry, position=position)
        assert {2, 4} <= {each.position for each in verdict().faults}


def test_a_seal_for_an_entry_that_never_was_is_found(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        with writing() as session:
            values = {"position": COUNT + 1, "entry_id": 5, "detail_hash": "d", "hash": "h", "sealed_at": NOW}
            session.add(AuditSeal(**values))
        (fault,) = verdict().faults
        assert fault.words == f"place {COUNT + 1} seals entry 5, and there is no such entry"


def test_an_entry_that_was_slipped_in_unsealed_is_found_after_an_hour(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        its_id = new_id()
        with writing() as session:
            audit(session, Actor(7, "staff", "Sam"), "act", object_kind="thing", at=NOW, entry_id=its_id)
        just_now = verdict(now=NOW + timedelta(minutes=59))
        assert (just_now.holds, just_now.waiting) == (True, 1)
        (fault,) = verdict(now=NOW + timedelta(minutes=61)).faults
        assert fault.entry_id == its_id
        assert "never sealed" in fault.words


def test_a_tail_that_was_cut_off_is_told_by_a_head_that_was_noted_elsewhere(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        head = chain_head(db.session())
        assert head is not None
        run("DELETE FROM audit_seal WHERE position > 4")
        run("DELETE FROM audit_entry WHERE id IN (:one, :two)", one=ids[5], two=ids[6])
        assert verdict().holds, "the chain alone cannot tell"
        (fault,) = verdict(head).faults
        assert fault.words.startswith("the chain ends at place 4, and on 2026-03-31")


def test_a_chain_that_was_made_anew_is_told_by_a_head_that_was_noted_elsewhere(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        head = chain_head(db.session())
        assert head is not None
        run("UPDATE audit_entry SET actor_id = 8 WHERE id = :id", id=ids[2])
        run("DELETE FROM audit_seal")
        with writing() as session:
            assert seal_entries(session, NOW, all_of=True) == COUNT
        assert verdict().holds, "the chain alone cannot tell"
        (fault,) = verdict(head).faults
        assert "made anew" in fault.words
        early = Head(1, head.hash, NOW)
        assert "place 1 has the hash" in words_of(verdict(early)), "each head that was noted is compared"


@pytest.mark.parametrize(
    ("erasure", "member", "fault"),
    [(5, MEMBER, ""), (6, MEMBER, "there is no erasure 6"), (5, 41, "another member than its own")],
)
def test_erased_details_are_fine_where_their_member_was_erased(
    app: Flask, ids: list[int], erasure: int, member: int, fault: str
) -> None:
    with app.app_context():
        erasing(5, member, said={"rows": {"audit_entry": 1}, "entries": {"5": 1}})
        lose(ids[3], erasure)
        found = verdict()
        assert fault in words_of(found)
        assert (found.holds, found.erased) == ((True, 1) if not fault else (False, 0))


def erasing(
    erasure: int, member: int, *, said: dict[str, Any] | None = None, at: datetime = NOW, is_sealed: bool = True
) -> None:
    """An erasure, and the entry of the trail that tells of it: none where ``said`` is none."""
    with writing() as session:
        session.add(Erasure(id=erasure, member_id=member, erased_at=at, erased_by=None, reason="asked"))
        if said is not None:
            its_own = {"object_kind": "erasure", "object_id": erasure, "member_id": member}
            audit(session, Actor(7, "staff", "Sam"), ERASE, **its_own, detail={"reason": "asked"} | said, at=at)  # type: ignore[arg-type]
        if is_sealed:
            seal_entries(session, NOW)


def lose(entry_id: int, erasure: int) -> None:
    run("UPDATE audit_entry SET detail = :said WHERE id = :id", said=f'{{"erased": {erasure}}}', id=entry_id)


def test_erased_details_need_an_entry_that_tells_of_the_erasure(app: Flask, ids: list[int]) -> None:
    """An erasure is a row that whoever owns the database can make up."""
    with app.app_context():
        erasing(5, MEMBER)
        for position in (2, 3, 6):
            lose(ids[position], 5)
        found = verdict()
        assert [(each.position, each.entry_id) for each in found.faults] == [(each, ids[each]) for each in (2, 3, 6)]
        assert "and no entry of the trail tells that erasure 5 was done" in found.faults[0].words
        assert found.erased == 0


@pytest.mark.parametrize("said", [{"rows": {"audit_entry": 2}, "entries": {"5": 2}}, {"rows": {"audit_entry": 2}}])
def test_more_erased_details_than_the_erasure_took_are_found(app: Flask, ids: list[int], said: dict[str, Any]) -> None:
    """An older entry tells the sum alone."""
    with app.app_context():
        erasing(5, MEMBER, said=said)
        for position in (2, 3):
            lose(ids[position], 5)
        assert (verdict().holds, verdict().erased) == (True, 2)
        lose(ids[6], 5)
        (fault,) = verdict().faults
        assert fault.position == COUNT + 1, "of the entry that says so"
        assert "took the details of 2, and those of 3 entries are gone: places 2 to 3, 6" in fault.words


def test_each_erasure_has_its_own_number(app: Flask, ids: list[int]) -> None:
    """Whoever was merged into who is erased has an erasure of the same moment; who was erased before, one of their own."""
    with app.app_context():
        other = {"object_kind": "thing", "member_id": 43, "at": NOW}
        with writing() as session:
            audit(session, Actor(7, "staff", "Sam"), "act", **other, detail={"a": 1})  # type: ignore[arg-type]
            audit(session, Actor(7, "staff", "Sam"), "act", **other, detail={"a": 2})  # type: ignore[arg-type]
            seal_entries(session, NOW)
        first, second = db.session.scalars(select(AuditEntry.id).where(AuditEntry.member_id == 43).order_by(AuditEntry.id))
        erasing(6, 43, said={"rows": {}, "entries": {"6": 1}}, at=NOW - timedelta(days=1))
        erasing(5, MEMBER, said={"rows": {}, "entries": {"5": 1, "6": 1}})
        for entry, erasure in ((ids[1], 5), (first, 6), (second, 6)):
            lose(entry, erasure)
        assert (verdict().holds, verdict().erased) == (True, 3)
        lose(ids[2], 5)
        assert "places 1 to 2" in words_of(verdict())


def test_what_an_erasure_says_of_itself_cannot_be_erased_with_it(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        erasing(5, MEMBER, said={"rows": {}, "entries": {"5": 1}})
        erasing(6, 43, said={"rows": {}, "entries": {"6": 1}})
        lose(ids[1], 5)
        assert verdict().holds
        act = db.session.scalar(select(AuditEntry.id).where(AuditEntry.object_id == 5, AuditEntry.action == ERASE))
        assert act is not None
        lose(act, 5)
        assert "took the details of 1, and those of 2 entries are gone" in words_of(verdict())


def test_an_older_erasure_done_anew_may_have_lost_what_the_one_before_it_said(app: Flask, ids: list[int]) -> None:
    """After a restore whoever was merged was erased first, and once more with who they were merged into."""
    with app.app_context():
        erasing(6, 43, said={"rows": {"audit_entry": 1}, "ids": 1})
        erasing(5, MEMBER, said={"rows": {"audit_entry": 2}, "ids": 2})
        act = db.session.scalar(select(AuditEntry.id).where(AuditEntry.object_id == 6, AuditEntry.action == ERASE))
        assert act is not None
        lose(act, 6)
        for position in (1, 2):
            lose(ids[position], 5)
        assert (verdict().holds, verdict().erased) == (True, 3)


def test_an_erasure_that_waits_for_its_seal_is_told_of_all_the_same(app: Flask, ids: list[int]) -> None:
    with app.app_context():
        erasing(5, MEMBER, said={"rows": {}, "entries": {"5": 1}}, is_sealed=False)
        lose(ids[3], 5)
        found = verdict()
        assert (found.holds, found.erased, found.waiting) == (True, 1, 1)


@pytest.mark.parametrize(
    "said", [{"rows": 3, "entries": [1]}, {"rows": {"audit_entry": "9"}}, {}, {"rows": 0, "entries": {"²": "9"}}]
)
def test_a_made_up_entry_of_an_erasure_that_says_nothing_excuses_nothing(
    app: Flask, ids: list[int], said: dict[str, Any]
) -> None:
    with app.app_context():
        erasing(5, MEMBER, said=said)
        lose(ids[3], 5)
        assert not verdict().holds


def test_an_erasure_whose_moment_is_none_any_more_breaks_nothing(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        with writing() as session:
            audit(session, Actor(7, "staff", "Sam"), "act", object_kind="thing", detail={"n": 1}, at=NOW)
            seal_entries(session, NOW)
        run("INSERT INTO erasure VALUES (5, 42, CAST(X'C374' AS TEXT), NULL, 'x')")
        run("UPDATE audit_entry SET detail = :said", said='{"erased": 5}')
        assert "no entry of the trail tells" in words_of(verdict())


def test_of_very_many_that_lost_their_details_the_rest_is_counted(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        with writing() as session:
            for number in range(250):
                audit(session, Actor(7, "staff", "Sam"), "act", object_kind="thing", detail={"n": number}, at=NOW)
            seal_entries(session, NOW)
        run("UPDATE audit_entry SET detail = :said", said='{"erased": 5}')
        found = verdict()
        assert len(found.faults) + found.more == 250


def test_more_faults_than_anybody_reads_are_counted() -> None:
    found = Verdict()
    for number in range(1_005):
        found.find(f"fault {number}")
    assert (len(found.faults), found.more, found.holds) == (1_000, 5, False)


def test_progress_is_told_row_for_row(app: Flask, ids: list[int]) -> None:
    told: list[int] = []
    note: Callable[[int], object] = told.append
    with app.app_context():
        verify_chain(db.session(), progress=note)
    assert sum(told) == COUNT


def test_an_empty_trail_holds(app: Flask) -> None:
    with app.app_context():
        found = verdict()
        assert (found.holds, found.sealed, found.head) == (True, 0, None)
