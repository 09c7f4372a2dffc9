"""What is under way when the demonstration opens: work for each of its people to find, and some that is done.

Members say what is wrong and show a statement, a claim came back, a class was held, a local said who may have an account,
and a report holds rows that nobody can match yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from tracker.coverage.catalogue import find_course
from tracker.coverage.corrections import subject_of
from tracker.coverage.eligibility import local_eligibility
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.people_of_local import people_of_local
from tracker.curriculum.words import Assurance
from tracker.demonstration.people import MEMBER_EMAIL
from tracker.demonstration.union import DEMONSTRATION_LOCAL
from tracker.intake.imports import import_completions
from tracker.models import About, Completion, CorrectionState, Member, Review, Unit
from tracker.operations.actor import Actor
from tracker.operations.classes import HeldClass, record_class
from tracker.operations.completions import log_completion
from tracker.operations.corrections import answer_correction, ask_correction
from tracker.operations.eligibility import say_eligible
from tracker.operations.proofs import make_proof
from tracker.operations.reviewing import decide_claim

_RETURNED_COURSE = "your-top-ai-questions-answered"
_CLASS_COURSE = "osha-10"
_CLASS_SIZE = 4


@dataclass(frozen=True)
class Cast:
    """Through whom it is done: the demonstration's sign-ins, or whoever builds it where there are none."""

    member: Actor
    officer: Actor
    staff: Actor


def leave_under_way(session: Session, cast: Cast, today: date, now: datetime) -> None:
    """Everything of this file. The days and people follow from the union; the code of the statement is a secret."""
    member, local = find_member(session, MEMBER_EMAIL), find_unit(session, DEMONSTRATION_LOCAL)
    assert member is not None
    assert local is not None
    _leave_rows(session, cast.staff, today, now)
    _return_a_claim(session, member, cast, today, now)
    _ask_for_corrections(session, member, cast, today, now)
    _hold_a_class(session, member, local, cast.officer, today, now)
    waiting = [line.person.member_id for line in local_eligibility(session, local, today).waiting]
    if waiting:
        say_eligible(session, local, waiting[:1], is_eligible=True, note="", actor=cast.officer, today=today, now=now)
    make_proof(
        session,
        member,
        path=None,
        label="For my mentor",
        days=90,
        with_locals=True,
        language="en",
        actor=cast.member,
        today=today,
        now=now - timedelta(days=2),
    )


def _leave_rows(session: Session, actor: Actor, today: date, now: datetime) -> None:
    """A report with rows that nobody can match yet, so that staff's desk is not empty."""
    day = today - timedelta(days=9)
    lines = ["member_number,email,course,completed_on,assurance,evidence_url,external_id"]
    lines += [f",newcomer.{each}@example.net,what-is-generative-ai,{day},provider,,demo-{each}" for each in range(1, 8)]
    lines += [f"X{each:05},,Ethics in the Age of Generative AI,{day},reviewed,," for each in range(1, 4)]
    lines += [f"1,,{title},{day},provider,," for title in ("Gobo Design with AI", "Robots on the Fly Floor", "Prompt Side")]
    lines += [f"1,,what-is-generative-ai,{today + timedelta(days=400)},provider,,", "1,,what-is-generative-ai,03/09/26,,,"]
    content = "\n".join([*lines, ""]).encode()
    import_completions(session, content, "autumn-workshop.csv", actor, today=today, now=now)


def _return_a_claim(session: Session, member: Member, cast: Cast, today: date, now: datetime) -> None:
    claim_id = log_completion(
        session,
        member=member,
        course=find_course(session, _RETURNED_COURSE),
        completed_on=today - timedelta(days=20),
        assurance=Assurance.CLAIMED,
        actor=cast.member,
        today=today,
        now=now - timedelta(days=5),
        evidence_url="https://www.linkedin.com/learning/certificates/" + "7a31" * 16,
    )
    claim = session.get_one(Completion, (member.member_id, claim_id))
    words = "The certificate is for another course: please send the one for this."
    decide_claim(session, claim, Review.RETURNED, words=words, actor=cast.staff, now=now - timedelta(days=1))


def _ask_for_corrections(session: Session, member: Member, cast: Cast, today: date, now: datetime) -> None:
    for about, words, answer in (
        (About.NAME, "My last name is spelled with a capital G: McGaffer.", "It stands so on your card now."),
        (About.MISSING, "I took the forklift course in the hall in March, and do not find it here.", ""),
    ):
        subject = subject_of(session, member, about, None, today)
        assert subject is not None
        asked = ask_correction(session, member, subject, words, cast.member, now=now - timedelta(days=6))
        if answer:
            answer_correction(session, asked, CorrectionState.DONE, answer, cast.officer, now=now - timedelta(days=3))


def _hold_a_class(session: Session, member: Member, local: Unit, actor: Actor, today: date, now: datetime) -> None:
    here = [each.member_id for each in people_of_local(session, local, today) if each.member_id != member.member_id]
    if here:
        held = HeldClass(
            unit=local,
            course=find_course(session, _CLASS_COURSE),
            held_on=today - timedelta(days=3),
            note="Hall B, with Cue Limelight",
            ticked=here[:_CLASS_SIZE],
            lines=(),
        )
        record_class(session, held, actor, today=today, now=now)
