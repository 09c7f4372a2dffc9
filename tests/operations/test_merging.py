"""Two members who turn out to be one: everything is found at one of them, nothing counts twice, and it can be undone."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY
from tests.operations.test_recognising import ETHICS, FIREFLY, DeskOverTime
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance, Role
from tracker.models import (
    Assignment,
    AuditEntry,
    Batch,
    Completion,
    Course,
    Eligibility,
    Evidence,
    Exemption,
    HeldChange,
    Identifier,
    Member,
    Membership,
    ProviderAccount,
    ScopeSpan,
    StandingSpan,
    Unit,
    User,
    WaitingCompletion,
    new_id,
)
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import undo_batch
from tracker.operations.eligibility import say_eligible
from tracker.operations.merging import Merged, merge_members
from tracker.operations.refused import Refused

ANNA = "0007,Anna,Example,anna@home.example,700,editing,active,member,2021-03-01,,yes\n"


class Desk(DeskOverTime):
    """A desk at which members are merged."""

    def merge(self, keep: str, gone: str) -> Merged:
        with self.write() as session:
            members = [find_member(session, number) for number in (keep, gone)]
            assert members[0]
            assert members[1]
            return merge_members(session, members[0], members[1], OPERATOR, today=self.today, now=self.now)

    def undo(self, batch_id: int) -> None:
        with self.write() as session:
            undo_batch(session, session.get_one(Batch, batch_id), OPERATOR, today=self.today, now=self.now)

    def member(self, number: str) -> int:
        with self.session() as session:
            return session.scalars(select(Member.member_id).where(Member.number == number)).one()


@pytest.fixture
def desk(app: Flask) -> Desk:
    """Ana (0001) and Anna (0007), who are one person, and Ben (0002); ai-hours asked of everyone."""
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(ANA + BEN + ANNA)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    return desk


def test_everything_of_the_one_is_the_others(desk: Desk) -> None:
    desk.log("0001", "firefly", date(2026, 2, 1), Assurance.REVIEWED)
    desk.log("0007", "firefly", date(2026, 2, 1), Assurance.REVIEWED)  # the same twice
    desk.log("0007", "ai-ethics", date(2026, 2, 2), Assurance.CLAIMED, evidence_url="https://example.org/c")
    desk.assign("set-safety", members=["0007"], on=date(2026, 1, 5))
    desk.exempt("0007", "set-safety", date(2026, 2, 1), date(2026, 3, 1))
    merged = desk.merge("0001", "0007")
    assert desk.done() == ["0001 ai-ethics 2026-02-02", "0001 firefly 2026-02-01"]
    assert desk.cards("0001") == [
        ("80", "active", date(2019, 3, 1), None),
        ("700", "active", date(2021, 3, 1), None),
    ]
    assert (merged.moved["completion"], merged.together["completion"], merged.moved["membership"]) == (1, 1, 1)
    assert (merged.moved["assignment"], merged.moved["exemption"]) == (1, 1)
    assert desk.member("0001") == find(desk, "0007") == find(desk, "anna@home.example")
    with desk.session() as session:
        gone = session.get_one(Member, desk.member("0007"))
        assert gone.merged_into_id == desk.member("0001")
        evidence = session.scalars(select(Evidence).where(Evidence.member_id == desk.member("0001"))).one()
        assert evidence.url == "https://example.org/c"
        homes = session.scalars(
            select(Membership.is_home).where(Membership.member_id == desk.member("0001"), Membership.voided_at.is_(None))
        ).all()
        assert sorted(homes) == [False, True]
    assert desk.acts().count("merge_members") == 1
    assert desk.wrong() == []


def find(desk: Desk, text: str) -> int | None:
    with desk.session() as session:
        found = find_member(session, text)
        return found.member_id if found else None


def test_a_person_counts_once_in_the_parents_and_in_each_local(desk: Desk) -> None:
    assert [desk.figure("ai-hours", unit)[0] for unit in ("80", "700", "D2", "IA")] == [1, 2, 3, 3]
    merged = desk.merge("0001", "0007")
    assert [desk.figure("ai-hours", unit)[0] for unit in ("80", "700", "D2", "IA")] == [1, 2, 2, 2]
    desk.undo(merged.batch_id)
    assert [desk.figure("ai-hours", unit)[0] for unit in ("80", "700", "D2", "IA")] == [1, 2, 3, 3]


def test_as_we_knew_it_before_they_were_two(desk: Desk) -> None:
    desk.today = TODAY + timedelta(days=10)
    desk.merge("0001", "0007")
    on = date(2026, 2, 1)
    assert desk.figure("ai-hours", "IA", on)[0] == 2
    assert desk.figure("ai-hours", "IA", on, known=TODAY)[0] == 3


def test_what_a_person_ended_stays_ended_through_the_moved_card(desk: Desk) -> None:
    with desk.session() as session:
        anna = desk.member("0007")
        its_id = session.scalars(select(Assignment.id).where(Assignment.member_id == anna)).one()
    desk.unassign(its_id, date(2026, 2, 1))
    merged = desk.merge("0001", "0007")
    with desk.session() as session:
        rows = session.execute(
            select(Assignment.assigned_on, Assignment.until_on).where(
                Assignment.member_id == desk.member("0001"), Assignment.voided_at.is_(None)
            )
        )
        ends = sorted((row.assigned_on, row.until_on or date.max) for row in rows)
    assert ends == [(date(2026, 1, 5), date(2026, 2, 1)), (date(2026, 1, 5), date.max)]
    desk.undo(merged.batch_id)
    assert [row[1] for row in desk.assignments("0007")] == [date(2026, 2, 1)]


def test_what_a_person_voided_stays_void_for_the_kept_member(desk: Desk) -> None:
    desk.table("0007", "firefly")
    desk.void("0007", "firefly")
    merged = desk.merge("0001", "0007")
    desk.table("0007", "firefly")
    assert desk.done() == []
    desk.undo(merged.batch_id)
    desk.table("0007", "firefly")
    assert desk.done() == []
    desk.table("0001", "firefly")  # of the other it says nothing
    assert desk.done() == ["0001 firefly 2026-02-20"]


def test_a_locals_word_on_an_account_goes_along_and_comes_back(desk: Desk) -> None:
    anna, ana = desk.member("0007"), desk.member("0001")
    with desk.write() as session:
        local = session.scalars(select(Unit).where(Unit.number == "700")).one()
        told = {"note": "", "actor": OPERATOR, "today": desk.today, "now": desk.now}
        say_eligible(session, local, [anna], is_eligible=True, **told)

    def said() -> list[int]:
        with desk.session() as session:
            return [*session.scalars(select(Eligibility.member_id).where(Eligibility.voided_at.is_(None)))]

    merged = desk.merge("0001", "0007")
    assert said() == [ana]
    desk.undo(merged.batch_id)
    assert said() == [anna]


def test_later_reports_of_either_find_the_kept_member(desk: Desk) -> None:
    desk.merge("0001", "0007")
    desk.table("0007", "firefly")
    desk.linkedin(f"Anna,ANNA@home.example,,{ETHICS}")
    assert desk.done() == ["0001 ai-ethics 2026-02-20", "0001 firefly 2026-02-20"]
    assert desk.wrong() == []


def test_an_address_that_they_shared_finds_them_from_now_on_and_no_more_when_undone(desk: Desk) -> None:
    desk.roster(ANNA.replace("anna@home.example", "ana@example.org"))
    desk.linkedin(f"Ana,ana@example.org,,{FIREFLY}")
    before = (desk.done(), desk.waiting())
    merged = desk.merge("0001", "0007")
    assert merged.settled == 1
    assert (desk.done(), desk.waiting()) == (["0001 firefly 2026-02-20"], [])
    desk.undo(merged.batch_id)
    assert (desk.done(), desk.waiting()) == before
    assert desk.wrong() == []
    assert desk.merge("0001", "0007").settled == 1
    assert desk.done() == ["0001 firefly 2026-02-20"]


def test_merges_of_three_are_undone_from_the_last(desk: Desk) -> None:
    first = desk.merge("0007", "0002")
    second = desk.merge("0001", "0007")
    assert {find(desk, number) for number in ("0001", "0002", "0007")} == {desk.member("0001")}
    with pytest.raises(Refused) as refused:
        desk.undo(first.batch_id)
    assert refused.value.code == "merged_on"
    desk.undo(second.batch_id)
    desk.undo(first.batch_id)
    assert len({find(desk, number) for number in ("0001", "0002", "0007")}) == 3
    assert desk.wrong() == []


def test_what_cannot_be_merged_is_refused_in_words(desk: Desk) -> None:
    before = desk.written()
    for keep, gone, code in (("0001", "0001", "same_member"),):
        with pytest.raises(Refused) as refused:
            desk.merge(keep, gone)
        assert refused.value.code == code
    assert desk.written() == before
    desk.merge("0001", "0007")
    with desk.write() as session:
        members = [session.get_one(Member, desk_id) for desk_id in (desk.member("0002"), desk.member("0007"))]
        for pair in (members, members[::-1]):
            with pytest.raises(Refused, match=r"was merged into Ana Example \(0001\) already"):
                merge_members(session, pair[0], pair[1], OPERATOR, today=desk.today, now=desk.now)


def test_a_change_that_waits_for_a_decision_is_decided_first(desk: Desk) -> None:
    with desk.write() as session:
        batch = session.scalars(select(Batch.id)).first()
        held = HeldChange(
            id=new_id(),
            batch_id=batch,
            member_id=desk.member("0007"),
            line=2,
            what="email",
            before="a@x.example",
            after="b@x.example",
            recorded_at=desk.now,
        )
        session.add(held)
    with pytest.raises(Refused, match="new email for Anna Example waits"):
        desk.merge("0001", "0007")


# --- Sign-ins ------------------------------------------------------------------------------------------------------------


def signs_in(desk: Desk, email: str, number: str, *, with_role: bool = True) -> None:
    with desk.write() as session:
        user = add_user(session, email, Role.MEMBER, None, desk.member(number), OPERATOR, date(2020, 1, 1))
        if not with_role:
            user.grants[0].until_on = date(2021, 1, 1)


def leads_to(desk: Desk, email: str) -> int | None:
    with desk.session() as session:
        return session.scalars(select(User.member_id).where(User.email == email)).one()


def test_the_sign_in_follows_and_comes_back(desk: Desk) -> None:
    signs_in(desk, "anna@home.example", "0007")
    merged = desk.merge("0001", "0007")
    assert leads_to(desk, "anna@home.example") == desk.member("0001")
    assert merged.sign_ins == ["anna@home.example signs in to the record of Ana Example from now on."]
    desk.undo(merged.batch_id)
    assert leads_to(desk, "anna@home.example") == desk.member("0007")


@pytest.mark.parametrize(
    ("idle", "other"), [("ana@example.org", "anna@home.example"), ("anna@home.example", "ana@example.org")]
)
def test_of_two_sign_ins_the_one_without_a_role_leads_nowhere(desk: Desk, idle: str, other: str) -> None:
    numbers = {"ana@example.org": "0001", "anna@home.example": "0007"}
    for email, number in numbers.items():
        signs_in(desk, email, number, with_role=email != idle)
    merged = desk.merge("0001", "0007")
    assert (leads_to(desk, idle), leads_to(desk, other)) == (None, desk.member("0001"))
    desk.undo(merged.batch_id)
    assert {email: leads_to(desk, email) for email in numbers} == {e: desk.member(n) for e, n in numbers.items()}


def test_undoing_takes_no_sign_in_from_whom_it_was_given_to_since(desk: Desk) -> None:
    signs_in(desk, "ana@example.org", "0001")
    signs_in(desk, "anna@home.example", "0007", with_role=False)
    merged = desk.merge("0001", "0007")
    with desk.write() as session:
        add_user(session, "anna@home.example", Role.MEMBER, None, desk.member("0002"), OPERATOR, desk.today)
    desk.undo(merged.batch_id)
    assert leads_to(desk, "anna@home.example") == desk.member("0002")


def test_two_sign_ins_with_roles_are_refused(desk: Desk) -> None:
    signs_in(desk, "ana@example.org", "0001")
    signs_in(desk, "anna@home.example", "0007")
    before = desk.written()
    with pytest.raises(Refused, match=r"as ana@example\.org and anna@home\.example"):
        desk.merge("0001", "0007")
    assert desk.written() == before


# --- Whatever there is ---------------------------------------------------------------------------------------------------

FACTS: dict[Any, str] = {
    Membership: "unit_id craft_id status kind is_home from_on until_on batch_id",
    Assignment: "path_id version_id kind assigned_on until_on due_on rule_id",
    Exemption: "path_id unit_id reason from_on until_on approved_by batch_id",
    Completion: "course_id completed_on assurance source external_id batch_id",
    ProviderAccount: "provider provider_id is_open invited_on activated_on batch_id",
}


def everything(desk: Desk) -> dict[str, list[tuple[str, ...]]]:
    """All that is valid or derived, by what it says."""

    def said(model: Any, columns: str, *where: Any) -> list[tuple[str, ...]]:
        rows = session.scalars(select(model).where(*where))
        return sorted(tuple(str(getattr(row, name)) for name in columns.split()) for row in rows)

    with desk.session() as session:
        found = {
            model.__tablename__: said(model, f"member_id {columns}", model.voided_at.is_(None))
            for model, columns in FACTS.items()
        }
        found["evidence"] = sorted(
            (str(done.member_id), str(done.course_id), str(done.completed_on), str(proof.url), proof.review.value)
            for done, proof in session.execute(
                select(Completion, Evidence)
                .join(Evidence, (Evidence.member_id == Completion.member_id) & (Evidence.completion_id == Completion.id))
                .where(Completion.voided_at.is_(None))
            )
        )
        found["identifier"] = said(Identifier, "kind value member_id shown")
        found["member"] = said(Member, "member_id number name_key merged_into_id")
        found["user"] = said(User, "email member_id")
        found["waiting"] = said(WaitingCompletion, "id reason settled_member_id", WaitingCompletion.settled_at.is_(None))
        found["standing"] = said(StandingSpan, "member_id path_id from_on until_on level")
        found["scope"] = said(ScopeSpan, "member_id path_id from_on until_on unit_id craft_id")
        found["ledger"] = sorted((*map(str, key), *map(str, numbers)) for key, numbers in desk.changes().items())
        return found


CRAFTS, LOCALS = ("grip", "editing"), ("80", "700", "15")


def furnish(desk: Desk, chance: random.Random, numbers: list[str]) -> None:
    """Give some members cards, completions, what is asked of them and what excuses them."""

    def a_day(first: date = date(2025, 6, 1), days: int = 250) -> date:
        return first + timedelta(days=chance.randrange(days))

    cards = ""
    for number in numbers:
        for _ in range(chance.randint(1, 2)):
            begin = chance.choice([date(2024, 1, 1), a_day()])
            end = chance.choice(["", "", str(begin + timedelta(days=chance.randint(5, 300)))])
            email = chance.choice(["", f"{number}@home.example", "both@home.example"])
            status = chance.choice(["active", "active", "apprentice", "withdrawn"])
            where = f"{chance.choice(LOCALS)},{chance.choice(CRAFTS)},{status},member,{begin},{end}"
            cards += f"{number},Nn,P{number},{email},{where},{chance.choice(['yes', 'no'])}\n"
    desk.roster(cards)
    desk.assign("ai-hours", everyone=True, on=date(2025, 7, 1), within_days=chance.choice([None, 90]))
    desk.assign("set-safety", units=[chance.choice(LOCALS)], on=a_day())
    for number in numbers:
        if chance.random() < 0.4:
            desk.assign("ai-fundamentals", members=[number], on=date(2025, 7, chance.randint(1, 2)))
        if chance.random() < 0.4:
            desk.exempt(number, chance.choice(["ai-hours", "set-safety"]), date(2025, 8, 1), a_day(date(2025, 9, 1)))
    for number in numbers:
        for _ in range(chance.randint(0, 5)):
            course = chance.choice(["firefly", "ai-ethics", "copilot", "fall-protection", "osha-10"])
            with suppress(Refused):  # logged already
                desk.log(
                    *(number, course, date(2025, 8, 1) + timedelta(days=chance.randint(0, 3))),
                    chance.choice(list(Assurance)),
                    evidence_url=chance.choice(["", "https://example.org/c"]),
                )
        if chance.random() < 0.3:
            with desk.write() as session:
                session.add(
                    ProviderAccount(
                        member_id=session.scalars(select(Member.member_id).where(Member.number == number)).one(),
                        id=new_id(),
                        provider="linkedin",
                        provider_id="",
                        is_open=True,
                        recorded_at=desk.now,
                    )
                )
    with desk.session() as session:
        ids = session.scalars(select(Assignment.id).where(Assignment.voided_at.is_(None))).all()
    if ids and chance.random() < 0.5:
        with suppress(Refused):  # ended already
            desk.unassign(chance.choice(ids), a_day(date(2025, 10, 1), 60))
    desk.linkedin(f"N,both@home.example,,{FIREFLY}", f"N,both@home.example,,{ETHICS}")


@pytest.mark.parametrize("seed", range(8))
def test_merging_and_undoing_leaves_everything_as_it_was(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    numbers = ["0001", "0002", "0003", "0004"]
    furnish(desk, chance, numbers)
    done: list[tuple[int, dict[str, Any]]] = []
    alive = list(numbers)
    while len(alive) > 1:
        keep, gone = chance.sample(alive, 2)
        alive.remove(gone)
        before = everything(desk)
        held = {line.partition(" ")[2] for line in desk.done() if line[:4] in (keep, gone)}
        merged = desk.merge(keep, gone)
        assert desk.wrong() == []
        after = {line.partition(" ")[2] for line in desk.done() if line[:4] == keep}
        assert held <= after
        assert not [line for line in desk.done() if line[:4] == gone]
        done.append((merged.batch_id, before))
    for batch_id, before in reversed(done):
        desk.undo(batch_id)
        assert desk.wrong() == []
        now = everything(desk)
        for what, rows in before.items():
            assert now[what] == rows, what


def test_a_merge_leaves_one_entry_that_says_who_went_where(desk: Desk) -> None:
    merged = desk.merge("0001", "0007")
    with desk.session() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "merge_members")).one()
        assert (entry.object_id, entry.member_id) == (merged.batch_id, desk.member("0001"))
        assert (entry.detail["kept"], entry.detail["gone"]) == ("0001", "0007")
        assert session.get_one(Batch, merged.batch_id).file_name == "Merge of Anna Example (0007) into Ana Example (0001)"
        assert session.scalars(select(Course)).first() is not None


def test_the_doctor_finds_what_a_merged_member_cannot_have(desk: Desk) -> None:
    desk.log("0007", "firefly", date(2026, 2, 1))
    signs_in(desk, "anna@home.example", "0007")
    with desk.write() as session:
        gone = session.get_one(Member, desk.member("0007"))
        gone.merged_into_id = desk.member("0001")
    said = " ".join(desk.wrong())
    for what in ("a valid fact of", "an identifier of", "a sign-in of"):
        assert f"{what} a member who was merged into another" in said
    with desk.write() as session:
        session.get_one(Member, desk.member("0007")).merged_into_id = 1
    assert "a member who was merged into nobody" in " ".join(desk.wrong())
