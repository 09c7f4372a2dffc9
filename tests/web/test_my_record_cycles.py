"""My record where courses lapse, are renewed and bring credits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from little_union import Browser, World
from test_my_record import completed, text_of
from training_union import ask, now, today

from tracker.config import shipped
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import Assurance
from tracker.models import writing
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import apply_catalogue

TEXT = """\
principles: [{code: education, number: 4, title: Education}]
courses:
  - {code: safety, title: Safety, provider: TTF, minutes: 60, %s}
  - {code: newer, title: Safety Anew, provider: TTF, minutes: 60, %s, satisfies: [{course: safety}]}
  - {code: knots, title: Knots, provider: TTF, minutes: 30, credits: 1.5, credit_kind: rigging}
  - {code: lamps, title: Lamps, provider: TTF, minutes: 90, credits: 20}
paths:
  - code: safe
    title: Set Safety
    principle: education
    version: 2
    change: require
    sections: [{title: Safety, need: all, courses: [safety]}]
  - code: etcp
    title: Credits
    principle: education
    version: 1
    sections:
      - {title: Learning, need: {credits: 20, within_months: 60, of_kind: {rigging: 1}}, courses: [knots, lamps]}
"""
WINDOW = "valid_months: 12, renewal_days: 30"


def teach(app: Flask, terms: str) -> None:
    """The courses, with these terms of the safety course and the newer one, and both paths asked of Local 80."""
    text = TEXT % (terms, terms)
    with app.app_context():
        with writing(alone=True) as session:
            policy = shipped("policy.yaml").read_text()
            apply_catalogue(session, read_catalogue(text), text, policy, OPERATOR, today=today(), now=now())
        ask("safe", "80")
        ask("etcp", "80")


def years_ago(on: date, years: int) -> date:
    return on.replace(year=on.year - years)


def said(on: date) -> str:
    return f"{on.day} {on:%B} {on.year}"


@pytest.fixture
def first() -> date:
    """The first of this month: no leap day, and not after today."""
    return today().replace(day=1)


def test_every_cycle_is_told_with_what_renewed_it(
    app: Flask, union: World, signed_in: Callable[[str], Browser], first: date
) -> None:
    teach(app, WINDOW)
    start, end = years_ago(first, 2), years_ago(first, 1)
    renewed = date.fromordinal(end.toordinal() - 10)
    completed(app, "12", "safety", start, Assurance.REVIEWED)
    completed(app, "12", "newer", renewed, Assurance.REVIEWED)
    ana = signed_in("ana")
    for page in ("/my/", "/paths/safe"):
        told = text_of(ana.get(page).text)
        before = date.fromordinal(end.toordinal() - 1)
        assert "When it was held" in told
        assert f"{said(start)} – {said(before)} · completed {said(start)}" in told
        assert f"{said(end)} – {said(date.fromordinal(first.toordinal() - 1))} · renewed on {said(renewed)}" in told
        assert "through Safety Anew" in told


def test_it_says_from_which_day_doing_it_again_counts_for_the_next_cycle_and_what_does(
    app: Flask, union: World, signed_in: Callable[[str], Browser], first: date
) -> None:
    teach(app, WINDOW)
    completed(app, "12", "safety", first, Assurance.REVIEWED)
    told = text_of(signed_in("ana").get("/my/").text)
    opens = date.fromordinal(first.replace(year=first.year + 1).toordinal() - 30)
    assert f"Completed again on or after {said(opens)}, it counts from the end of these days." in told
    assert "Safety Anew, which counts as it" in told


def test_days_of_grace_are_told_as_such(app: Flask, union: World, signed_in: Callable[[str], Browser], first: date) -> None:
    teach(app, "valid_months: 12, grace_days: 180")
    completed(app, "12", "safety", years_ago(first, 1), Assurance.REVIEWED)
    told = text_of(signed_in("ana").get("/my/").text)
    lapsed, last = date.fromordinal(first.toordinal() - 1), date.fromordinal(first.toordinal() + 179)
    assert f"lapsed {said(lapsed)}, in grace until {said(last)}" in told
    assert "Set Safety expiring" in told, "however far off the end of the grace is"


def test_a_course_that_never_lapses_has_no_history(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    completed(app, "12", "ethics", today(), Assurance.REVIEWED)
    assert "When it was held" not in signed_in("ana").get("/my/").text


def test_credits_are_told_in_words(app: Flask, union: World, signed_in: Callable[[str], Browser], first: date) -> None:
    teach(app, WINDOW)
    ana = signed_in("ana")
    asked = text_of(ana.get("/paths/etcp").text)
    assert "20 credits in 60 months, 1 of them rigging · 0 of 20 credits count, rigging 0 of 1" in asked
    assert "30 minutes · 1.5 credits of rigging" in asked
    assert "0 of 2 courses count · 120 minutes to go" in asked
    completed(app, "12", "knots", years_ago(first, 1), Assurance.REVIEWED)
    told = text_of(ana.get("/paths/etcp").text)
    last = date.fromordinal(first.replace(year=first.year + 4).toordinal() - 1)
    assert "1.5 of 20 credits count, rigging 1.5 of 1" in told
    assert f"1.5 credits of rigging, counting until {said(last)}" in told
    assert "1 of 2 courses counts · 90 minutes to go" in told
    completed(app, "12", "lamps", first, Assurance.REVIEWED)
    assert "met" in text_of(ana.get("/paths/etcp").text)


def test_what_courses_are_worth_is_told_to_whoever_looks(
    app: Flask, union: World, signed_in: Callable[[str], Browser]
) -> None:
    teach(app, 'lapses_each: "12-31", grace_days: 30')
    assert "holds until 31 December, each year anew, with 30 days of grace" in text_of(
        signed_in("ben").get("/paths/safe").text
    )
