"""Voiding many completions takes two people, and can be recorded anew; on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, Desk
from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.voiding import VoidQuestion, proposals, proposals_waiting, question_in_words, void_preview
from tracker.curriculum.words import Assurance, Role
from tracker.models import AuditEntry, Batch, Completion, Course, Evidence, Member, Proposal, User
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.refused import Refused
from tracker.operations.voiding import confirm_void, decline_void, propose_void, record_anew, void_together

CLEO = "0003,Cleo,Example,cleo@example.org,700,editing,active,member,2018-01-01,,yes\n"
ROWS = (
    "0001,,firefly,2026-02-01,reviewed,https://e.org/a,\n"
    "0002,,firefly,2026-02-02,provider,,F2\n"
    "0003,,firefly,2026-02-03,claimed,,\n"
    "0001,,copilot,2026-02-04,provider,,C1\n"
)


@dataclass
class Two:
    """Three members with some completions; Sam and Kim are staff."""

    desk: Desk
    staff: dict[str, Actor]

    def propose(self, reason: str = "the wrong class", who: str = "sam", **asked: object) -> int:
        with self.desk.write() as session:
            question = VoidQuestion(**asked)  # type: ignore[arg-type]
            return propose_void(session, question, reason, self.staff[who], self.desk.now).id

    def confirm(self, proposal_id: int, shown: int, who: str = "kim") -> int:
        with self.desk.write() as session:
            proposal = session.get_one(Proposal, proposal_id)
            now = self.desk.now + timedelta(minutes=5)
            return confirm_void(session, proposal, shown, self.staff[who], today=self.desk.today, now=now)

    def decline(self, proposal_id: int, who: str = "kim") -> None:
        with self.desk.write() as session:
            decline_void(session, session.get_one(Proposal, proposal_id), self.staff[who], self.desk.now)

    def anew(self, proposal_id: int) -> int:
        with self.desk.write() as session:
            proposal, now = session.get_one(Proposal, proposal_id), self.desk.now + timedelta(minutes=9)
            return record_anew(session, proposal, self.staff["sam"], today=self.desk.today, now=now)

    def valid(self) -> list[tuple[str, str]]:
        """Member number and course of what counts."""
        with self.desk.session() as session:
            rows = session.execute(
                select(Member.number, Course.code)
                .join(Completion, Completion.member_id == Member.member_id)
                .join(Course, Course.id == Completion.course_id)
                .where(Completion.voided_at.is_(None))
                .order_by(Member.number, Course.code)
            )
            return [(number, code) for number, code in rows]


ALL = [("0001", "copilot"), ("0001", "firefly"), ("0002", "firefly"), ("0003", "firefly")]


@pytest.fixture
def two(desk: Desk) -> Two:
    desk.roster(ANA + BEN + CLEO)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.completions(ROWS)
    staff = {}
    with desk.write() as session:
        for name in ("sam", "kim"):
            user = add_user(session, f"{name}@union.example", Role.STAFF, None, None, OPERATOR, date(2020, 1, 1))
            staff[name] = Actor(user.id, "staff", user.email)
    return Two(desk, staff)


def refused(code: str, do: Callable[[], object]) -> None:
    with pytest.raises(Refused) as caught:
        do()
    assert caught.value.code == code


def course_id(two: Two, code: str) -> int:
    with two.desk.session() as session:
        course = find_course(session, code)
        assert course
        return course.id


def test_one_proposes_another_confirms_and_the_figures_fall(two: Two) -> None:
    firefly = course_id(two, "firefly")
    assert two.desk.figure("ai-hours", "IA") == (3, 3, 2, 1)
    proposal = two.propose(course_id=firefly)
    assert two.valid() == ALL, "nothing is voided yet"
    with two.desk.session() as session:
        assert proposals_waiting(session)[0] == 1
    assert two.confirm(proposal, 3) == 3
    assert two.valid() == [("0001", "copilot")]
    assert two.desk.figure("ai-hours", "IA") == (3, 0, 0, 0)
    with two.desk.session() as session:
        voided = session.scalars(select(Completion).where(Completion.voided_at.is_not(None))).all()
        assert {each.void_reason for each in voided} == {"the wrong class"}
        assert {each.voided_by for each in voided} == {two.staff["kim"].user_id}
        assert proposals_waiting(session) == (0, None)
        assert [line.proposal.done for line in proposals(session, is_open=False)] == [3]
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(2)).all()
        assert list(actions) == ["confirm_void", "propose_void"]
    assert two.desk.wrong() == []


def test_nobody_confirms_what_they_proposed(two: Two) -> None:
    proposal = two.propose(course_id=course_id(two, "firefly"))
    refused("same_person", lambda: two.confirm(proposal, 3, "sam"))
    with two.desk.write() as session:  # nor through a second sign-in of the same member
        ana = find_member(session, "0001")
        assert ana
        for name in ("sam", "kim"):
            session.get_one(User, two.staff[name].user_id).member_id = ana.member_id
    refused("same_person", lambda: two.confirm(proposal, 3, "kim"))
    assert two.valid() == ALL


def test_what_is_others_by_now_must_be_looked_at_again(two: Two) -> None:
    proposal = two.propose(course_id=course_id(two, "firefly"))
    two.desk.void("0003", "firefly")
    refused("changed", lambda: two.confirm(proposal, 3))
    assert two.confirm(proposal, 2) == 2


def test_what_was_recorded_after_the_proposal_is_left_alone(two: Two) -> None:
    proposal = two.propose(course_id=course_id(two, "firefly"))
    two.desk.today += timedelta(days=1)
    two.desk.completions("0003,,firefly,2026-03-01,provider,,F9\n")
    assert two.confirm(proposal, 3) == 3
    assert ("0003", "firefly") in two.valid()


def test_a_proposal_is_decided_once(two: Two) -> None:
    proposal = two.propose(course_id=course_id(two, "firefly"))
    refused("already_proposed", lambda: two.propose(course_id=course_id(two, "firefly")))
    two.decline(proposal)
    refused("already_decided", lambda: two.confirm(proposal, 3))
    refused("already_decided", lambda: two.decline(proposal))
    refused("not_done", lambda: two.anew(proposal))
    assert two.valid() == ALL


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "unbounded"),
        ({"from_on": date(2026, 1, 1)}, "unbounded"),
        ({"batch_id": 1}, "nothing_found"),
        ({"recorded_by": 1}, "nothing_found"),
        ({"recorded_by": 1, "from_on": date(2026, 2, 2), "until_on": date(2026, 2, 1)}, "backward_span"),
    ],
)
def test_a_question_that_names_nothing_is_refused(two: Two, asked: dict[str, object], code: str) -> None:
    refused(code, lambda: two.propose(**asked))
    refused("no_reason", lambda: two.propose(reason=" ", **asked))


def test_completions_are_named_by_days_unit_import_person_and_assurance(two: Two) -> None:
    two.desk.log("0001", "osha-10", date(2026, 2, 9), actor=two.staff["kim"])
    firefly = course_id(two, "firefly")
    with two.desk.session() as session:
        batch = session.scalars(select(Batch).where(Batch.kind == "completions")).one()
        local = find_unit(session, "700")
        assert local

        def found(**asked: object) -> list[str]:
            preview = void_preview(session, VoidQuestion(**asked), two.desk.today)  # type: ignore[arg-type]
            assert preview.completions == len(preview.lines)
            return [line.member.number for line in preview.lines]

        assert found(course_id=firefly) == ["0001", "0002", "0003"], "by name"
        assert sorted(found(course_id=firefly, from_on=date(2026, 2, 2))) == ["0002", "0003"]
        assert sorted(found(course_id=firefly, until_on=date(2026, 2, 2))) == ["0001", "0002"]
        assert sorted(found(course_id=firefly, unit_id=local.id)) == ["0002", "0003"]
        assert sorted(found(batch_id=batch.id)) == ["0001", "0001", "0002", "0003"]
        assert found(recorded_by=two.staff["kim"].user_id) == ["0001"]
        assert found(course_id=firefly, assurance=Assurance.CLAIMED) == ["0003"]
        words = question_in_words(session, VoidQuestion(course_id=firefly, unit_id=local.id, assurance=Assurance.CLAIMED))
        assert words.startswith("Adobe Firefly Essential Training · of Local 700")
        asked = VoidQuestion(firefly, date(2026, 2, 1), date(2026, 2, 9), local.id, batch.id, 7, Assurance.PROVIDER)
        assert VoidQuestion.from_json(asked.as_json()) == asked


def test_the_preview_tells_which_figures_fall(two: Two) -> None:
    with two.desk.session() as session:
        preview = void_preview(session, VoidQuestion(course_id=course_id(two, "firefly")), two.desk.today)
        falls = {(fall.path.code, fall.unit.number): (fall.before, fall.after, fall.in_scope) for fall in preview.falls}
    assert falls[("ai-hours", "IA")] == (2, 0, 3)
    assert falls[("ai-hours", "80")] == (1, 0, 1)
    assert falls[("ai-hours", "700")] == (1, 0, 2)
    proposal = two.propose(course_id=course_id(two, "firefly"))
    two.confirm(proposal, 3)
    for (path, unit), (_, after, in_scope) in falls.items():
        figure = two.desk.figure(path, unit)
        assert (figure[0], figure[2]) == (in_scope, after), "what was foretold is what came"


def test_what_was_voided_is_recorded_anew_with_what_shows_it(two: Two) -> None:
    before = two.desk.figures(date(2026, 2, 15), two.desk.today)
    proposal = two.propose(course_id=course_id(two, "firefly"))
    two.confirm(proposal, 3)
    two.desk.log("0003", "firefly", date(2026, 2, 3))  # logged again meanwhile
    assert two.anew(proposal) == 2
    assert two.valid() == ALL
    assert two.desk.figures(date(2026, 2, 15), two.desk.today) == before
    refused("already_undone", lambda: two.anew(proposal))
    with two.desk.session() as session:
        proofs = session.scalars(select(Evidence).where(Evidence.url.is_not(None))).all()
        assert len({each.completion_id for each in proofs}) == 2, "the old record keeps its own"
    assert two.desk.wrong() == []


def test_voiding_an_accepted_claim_takes_the_claim_along(two: Two) -> None:
    with two.desk.write() as session:
        claim = session.scalars(select(Completion).where(Completion.assurance == Assurance.CLAIMED)).one()
    two.desk.log("0003", "firefly", date(2026, 2, 3), Assurance.REVIEWED, actor=two.staff["sam"])
    assert two.desk.figure("ai-hours", "700")[1:] == (2, 2, 1)
    with two.desk.write() as session:
        reviewed = session.scalars(
            select(Completion).where(Completion.member_id == claim.member_id, Completion.assurance == Assurance.REVIEWED)
        ).one()
        assert void_together(session, reviewed, "mistaken", two.staff["kim"], also_same_day=True, now=two.desk.now) == 2
    assert two.desk.figure("ai-hours", "700")[1:] == (1, 1, 1)
    assert two.desk.wrong() == []
