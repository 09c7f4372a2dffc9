"""What a local's officers read of someone who has left it, their past, as it was known then; and of who is yet to come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from test_reports import text_of
from training_union import ask, days_ago, member_id, now, today, train

from tracker.intake.imports import import_completions, import_roster
from tracker.models import Completion, Course, Review, db, writing
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.completions import void_completion
from tracker.operations.reviewing import decide_claim

CARDS = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
DONE = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"
THEN = days_ago(150)


def roster(rows: str) -> None:
    with writing(alone=True) as session:
        import_roster(session, (CARDS + rows).encode(), "roster.csv", OPERATOR, today=today(), now=now())


def done(rows: str) -> None:
    with writing(alone=True) as session:
        import_completions(session, (DONE + rows).encode(), "done.csv", OPERATOR, today=today(), now=now())


def completion(course: str, ago: int) -> Completion:
    found = db.session.scalar(
        select(Completion)
        .join(Course, Course.id == Completion.course_id)
        .where(
            Completion.member_id == member_id("0034"),
            Course.code == course,
            Completion.completed_on == days_ago(ago),
            Completion.voided_at.is_(None),
        )
    )
    assert found
    return found


@pytest.fixture
def bo(app: Flask, world: World) -> int:
    """Bo, who left Local 80 for Local 600 a hundred days ago."""
    with app.app_context():
        with time_machine.travel(datetime.now(UTC) - timedelta(days=300)):
            train()
            ask("safe", "80")
            done(
                f"0034,,safety,{days_ago(10)},reviewed,https://proof.example/safety,\n"
                f"0034,,ethics,{days_ago(5)},claimed,https://proof.example/ethics,\n"
                f"0034,,prompts,{days_ago(5)},reviewed,https://proof.example/prompts,\n"
            )
        with time_machine.travel(datetime.now(UTC) - timedelta(days=100)):
            gone = f"0034,Bo,Example,bo@example.org,80,grip,active,member,2020-01-01,{today()},yes\n"
            roster(gone + f"0034,Bo,Example,bo@example.org,600,grip,active,member,{today()},,yes\n")
        db.session.remove()
        return member_id("0034")


def do_later(app: Flask, staff: int) -> None:
    """What Bo does in the new local, and what is put right there."""
    with app.app_context():
        done(
            f"0034,,basics,{days_ago(5)},reviewed,https://proof.example/basics,\n"
            f"0034,,basics,{days_ago(290)},reviewed,https://proof.example/late,\n"
            f"0034,,safety,{days_ago(20)},reviewed,,\n"
        )
        with writing(alone=True) as session:
            for course, ago in (("basics", 5), ("prompts", 305)):
                void_completion(session, completion(course, ago), "the certificate was forged", OPERATOR, now=now())
            claim = session.get_one(Completion, (member_id("0034"), completion("ethics", 305).id))
            decide_claim(
                session, claim, Review.ACCEPTED, words="", actor=Actor(staff, "staff", "sam@example.org"), now=now()
            )


@pytest.mark.parametrize("path", ["ai", "safe"])
def test_a_former_local_reads_the_past_as_it_was_known_then(
    app: Flask, world: World, bo: int, signed_in: Callable[[str], Browser], path: str
) -> None:
    ben = signed_in("ben")
    address = f"/reports/members/{bo}/{path}"
    assert ben.get(address).status_code == 404
    before = ben.get(f"{address}?as_of={THEN}").text
    do_later(app, world.users["sam"])
    after = ben.get(f"{address}?as_of={THEN}").text
    assert text_of(after) == text_of(before)
    assert "forged" not in after
    written = f"{THEN.day} {THEN:%B %Y}"
    assert f"As of {written}, counting what is reviewed or surer, as we knew it on {written}." in text_of(after)
    assert "1 of 3 courses counts" in text_of(after) if path == "ai" else "holds this path complete until" in text_of(after)
    assert text_of(ben.get(f"{address}?as_of={THEN}&known={today()}").text) == text_of(before)
    earlier = days_ago(250)
    assert f"as we knew it on {earlier.day} {earlier:%B %Y}" in text_of(
        ben.get(f"{address}?as_of={THEN}&known={earlier}").text
    )
    staff = signed_in("sam").get(f"{address}?as_of={THEN}").text
    assert "as we knew it" not in text_of(staff)
    if path == "ai":
        assert "prompts" not in text_of(staff)
        assert text_of(staff).count("the certificate was forged") == 1, "what was completed later is of no past day"


def test_evidence_of_someone_who_left_is_not_for_the_lead_of_then(
    app: Flask, bo: int, signed_in: Callable[[str], Browser]
) -> None:
    asked = f"/reports/members/{bo}/ai?as_of={THEN}"
    assert "proof.example" not in signed_in("ben").get(asked).text
    assert "proof.example" in signed_in("sam").get(asked).text
    with app.app_context():
        roster(f"0034,Bo,Example,bo@example.org,80,grip,active,member,{today()},,yes\n")  # and came back
    back = signed_in("ben").get(asked).text
    assert back.count("https://proof.example/") == 2
    assert "as we knew it" not in text_of(back)


APART = "The list does not add up to the figures:"


def finish_later(app: Flask) -> None:
    """What makes Bo complete on that day, as the new local learns it."""
    with app.app_context():
        for course, ago in (("basics", 290), ("ethics", 290)):
            done(f"0034,,{course},{days_ago(ago)},reviewed,https://proof.example/{course},\n")


def test_lists_of_a_past_day_name_who_left_as_they_were_known_then(
    app: Flask, bo: int, signed_in: Callable[[str], Browser]
) -> None:
    ben, asked = signed_in("ben"), f"path=ai&as_of={THEN}"
    lists = (
        f"/reports/locals/80/members.csv?{asked}",
        f"/reports/locals/80/members.csv?{asked}&craft=grip",
        f"/reports/locals/80/access/members.csv?{asked}&who=in-scope",
        f"/reports/locals/80/push.csv?{asked}&target=100",
    )

    def told(reader: Browser, address: str) -> list[str]:
        return [line for line in reader.get(address).text.splitlines() if "0034" in line]

    pages = [f"/reports/locals/80{page}?{asked}&target=100" for page in ("", "/push")]
    before = [told(ben, each) for each in lists]
    assert all(len(lines) == 1 for lines in before)
    assert all(APART not in text_of(ben.get(page).text) for page in pages)
    finish_later(app)
    assert [told(ben, each) for each in lists] == before
    assert told(ben, f"{lists[0]}&state=complete") == []
    assert all(APART in text_of(ben.get(page).text) for page in pages)
    assert APART not in text_of(ben.get("/reports/locals/80?path=ai").text)
    staff = signed_in("sam")
    assert [told(staff, each) for each in lists] != before
    assert len(told(staff, f"{lists[0]}&state=complete")) == 1
    assert told(staff, lists[3]) == []
    assert all(APART not in text_of(staff.get(page).text) for page in pages)
    with app.app_context():
        roster(f"0034,Bo,Example,bo@example.org,80,grip,active,member,{today()},,yes\n")  # and came back
    assert len(told(ben, f"{lists[0]}&state=complete")) == 1


def test_a_card_that_is_yet_to_begin_opens_nothing_of_a_day_to_come(
    app: Flask, bo: int, signed_in: Callable[[str], Browser]
) -> None:
    ben, staff, then = signed_in("ben"), signed_in("sam"), days_ago(-90)
    with app.app_context():
        roster(f"0034,Bo,Example,bo@example.org,80,grip,active,member,{days_ago(-60)},,no\n")
    record, listed = f"/reports/members/{bo}/ai?as_of={then}", f"/reports/locals/80/members.csv?path=ai&as_of={then}"
    assert staff.get(record).status_code == 200
    assert ben.get(record).status_code == 404
    assert "0034" in staff.get(listed).text
    here = ben.get(listed).text
    assert "0034" not in here
    assert "0012" in here, "who is a member today is listed"
    assert APART in text_of(ben.get(f"/reports/locals/80?path=ai&as_of={then}").text)
