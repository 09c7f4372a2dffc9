"""Statements in any order, any number of times, in any calls, before or after their learner is known: the same facts."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.api.conftest import PROGRESS, Provider, statement
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.models import Completion

SURE, CLAIM = Assurance.PROVIDER, Assurance.CLAIMED
ONE, TWO = "2026-02-10T20:00:00Z", "2026-02-20T20:00:00Z"
SEEN = {"extensions": {PROGRESS: 100}}

# name → the statement; what it reports
POOL: dict[str, tuple[dict[str, Any], tuple[date, Assurance] | None]] = {
    "a": (statement(timestamp=ONE), (date(2026, 2, 10), SURE)),
    "b": (statement(timestamp=ONE, object={"id": "urn:li:lyndaCourse:252"}), (date(2026, 2, 10), SURE)),
    "c": (statement(timestamp=TWO), (date(2026, 2, 20), SURE)),
    "some": (statement("progressed", timestamp=TWO, result={"extensions": {PROGRESS: "39"}}), None),
    "all": (statement("progressed", timestamp=ONE, result=SEEN | {"completion": True}), (date(2026, 2, 10), SURE)),
    "seen": (statement("progressed", timestamp=ONE, result=SEEN), (date(2026, 2, 10), CLAIM)),
    "no-a": (statement("voided", of="a"), None),
    "no-b": (statement("voided", of="b"), None),
    "no-c": (statement("voided", of="c"), None),
    "no-all": (statement("voided", of="all"), None),
    "no-seen": (statement("voided", of="seen"), None),
    "no-a-again": (statement("voided", of="a"), None),
    "no-no-a": (statement("voided", of="no-a"), None),
    "no-some": (statement("voided", of="some"), None),
    "no-itself": (statement("voided", of="no-itself"), None),
    "no-nothing": (statement("voided", of="never-sent"), None),
}
JOINS = "joins"
VOIDS = {"no-seen": "seen", "no-a": "a", "no-a-again": "a", "no-b": "b", "no-c": "c", "no-all": "all"}

_examples = itertools.count(100)


def expected(sent: list[str]) -> set[tuple[date, Assurance]]:
    gone = {VOIDS[each] for each in sent if each in VOIDS}
    return {reported for name in sent if name != JOINS and name not in gone and (reported := POOL[name][1])}


def of_learner(number: int, name: str) -> dict[str, Any]:
    """A statement of the pool as one learner's own, with ids of its own."""
    said = POOL[name][0] | {"id": f"{number}-{name}", "actor": {"mbox": f"mailto:u{number}@example.org"}}
    if name.startswith("no-"):
        said["object"] = {"objectType": "StatementRef", "id": f"{number}-{said['object']['id']}"}
    return said


def valid(provider: Provider, number: int) -> list[tuple[date, Assurance]]:
    """A learner's valid completions, each once."""
    with provider.desk.session() as session:
        member = find_member(session, f"u{number}@example.org")
        assert member
        rows = session.execute(
            select(Completion.completed_on, Completion.assurance).where(
                Completion.member_id == member.member_id, Completion.voided_at.is_(None)
            )
        )
        return sorted(tuple(row) for row in rows)


def joins(provider: Provider, number: int) -> None:
    provider.desk.roster(f"{number},U,Example,u{number}@example.org,80,grip,active,member,2019-03-01,,yes\n")


def play(provider: Provider, calls: list[list[str]]) -> None:
    """Send the calls, each with its statements once; whoever has not joined by then joins at the end."""
    number = next(_examples)
    for call in calls:
        if JOINS in call:
            joins(provider, number)
        names = [name for name in dict.fromkeys(call) if name != JOINS]
        assert provider.send(*(of_learner(number, name) for name in names)) == [f"{number}-{name}" for name in names]
    sent = [name for call in calls for name in call]
    if JOINS not in sent:
        joins(provider, number)
    found, wanted = set(valid(provider, number)), expected(sent)
    assert {each for each in found if each[1] is SURE} == {each for each in wanted if each[1] is SURE}, calls
    if any(sure is SURE for _, sure in wanted):
        assert found <= wanted, calls  # a claim adds nothing to a course that the provider had reported before
    else:
        assert found == wanted, calls


CALLS = st.lists(st.lists(st.sampled_from([*POOL, JOINS]), min_size=1, max_size=4), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=CALLS)
def test_the_same_facts_in_any_order(provider: Provider, calls: list[list[str]]) -> None:
    play(provider, calls)


def test_a_completion_stands_as_long_as_one_statement_does(provider: Provider) -> None:
    for order in itertools.permutations(["a", "b", "no-a", JOINS]):
        play(provider, [[name] for name in order])
    assert provider.desk.wrong() == []


def test_every_order_of_a_little_story(provider: Provider) -> None:
    """Completed, seen again, taken back; with and without the learner being known from the start."""
    for known in (True, False):
        for order in itertools.permutations(["a", "seen", "some", "no-a"]):
            play(provider, [[JOINS]] * known + [[name] for name in order])
            play(provider, [[JOINS]] * known + [[name] for name in order] + [["no-seen"], ["a"], ["some"], ["no-a"]])
    assert provider.desk.wrong() == []
