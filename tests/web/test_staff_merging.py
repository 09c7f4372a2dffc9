"""Merging two members: seen side by side first, done with one press, undone with another."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from training_union import ROSTER, days_ago, member_id, now, today

from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.intake.imports import import_roster
from tracker.models import Batch, Identifier, IdentifierKind, Member, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion


@pytest.fixture
def pair(app: Flask, union: World) -> tuple[int, int]:
    """Ana (0012), and Anna (0099) of Local 600, who has her address: each has completed something, and one thing both."""
    with app.app_context():
        row = f"{ROSTER.splitlines()[0]}\n0099,Anna,Example,,600,sound,active,member,2022-01-01,,yes\n"
        with writing(alone=True) as session:
            import_roster(session, row.encode(), "roster.csv", OPERATOR, today=today(), now=now())
        with writing() as session:
            its = {"kind": IdentifierKind.EMAIL, "value": "ana@example.org", "shown": "ana@example.org"}
            session.add(Identifier(**its, member_id=member_id("0099"), recorded_at=now()))
        for number, course in (("0012", "basics"), ("0099", "basics"), ("0099", "ethics"), ("0099", "prompts")):
            with writing() as session:
                log_completion(
                    session,
                    member=find_member(session, number),
                    course=find_course(session, course),
                    completed_on=days_ago(20),
                    assurance=Assurance.REVIEWED,
                    actor=OPERATOR,
                    today=today(),
                    now=now(),
                )
        return member_id("0012"), member_id("0099")


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def preview_path(pair: tuple[int, int]) -> str:
    return f"/staff/merge?keep={pair[0]}&gone={pair[1]}"


def merge(browser: Browser, pair: tuple[int, int]) -> str:
    fields = {"keep": str(pair[0]), "gone": str(pair[1])}
    answer = browser.send("/staff/merge", fields, page=preview_path(pair))
    assert answer.status_code == 303
    location: str = answer.location
    return location


def merged_into(app: Flask, its_id: int) -> int | None:
    with app.app_context():
        return db.session.scalar(select(Member.merged_into_id).where(Member.member_id == its_id))


def test_who_shares_an_address_is_suggested(sam: Browser, pair: tuple[int, int]) -> None:
    page = sam.get("/staff/merge").text
    assert "both have the address ana@example.org" in page
    assert preview_path(pair).replace("&", "&amp;") in page


def test_the_preview_shows_what_would_move_and_writes_nothing(app: Flask, sam: Browser, pair: tuple[int, int]) -> None:
    page = sam.get(preview_path(pair)).text
    assert "Merge <span" in page
    assert "Local 600 · sound · active" in page
    assert "both have it" in page
    assert re.search(r"Completed courses <span[^>]*>and 1 that both have, counted once</span></th><td[^>]*>2<", page)
    row = page.partition("AI Fundamentals")[2].partition("</tr>")[0]
    assert re.findall(r">(?:<strong>)?([\w ]+)(?:</strong>)?</td>", row) == ["due soon", "not asked", "complete"]
    assert "Merge Anna Example into Ana Example</button>" in page
    assert merged_into(app, pair[1]) is None
    with app.app_context():
        assert db.session.scalars(select(Batch).where(Batch.kind == "merge")).all() == []


def test_two_members_are_named_by_number_or_address(sam: Browser, pair: tuple[int, int]) -> None:
    answer = sam.send("/staff/merge/pair", {"keep": "12", "gone": "0099"}, page="/staff/merge")
    assert answer.location == preview_path(pair)
    wrong = sam.send("/staff/merge/pair", {"keep": "12", "gone": "ana@example.org"}, page="/staff/merge")
    assert wrong.status_code == 422
    assert "No member, or more than one" in wrong.text
    assert 'value="ana@example.org"' in wrong.text


def test_merging_says_what_happened_and_leads_old_addresses_to_the_kept_member(
    app: Flask, sam: Browser, pair: tuple[int, int]
) -> None:
    path = merge(sam, pair)
    page = sam.get(path).text
    assert "Anna Example (0099) is Ana Example (0012) from now on." in page
    assert "Make them two again" in page
    assert merged_into(app, pair[1]) == pair[0]
    assert sam.get(f"/staff/members/{pair[1]}").location == f"/staff/members/{pair[0]}"
    listed = sam.get("/staff/members").text
    assert "0099" not in listed
    record = sam.get(f"/staff/members/{pair[0]}").text
    assert "Local 600" in record
    assert "merged into member 0012" not in record
    assert (
        'Member <strong class="breakable">0099</strong> was merged into' in sam.get("/staff/desk/decided?which=merges").text
    )


def test_undoing_makes_them_two_again(app: Flask, sam: Browser, pair: tuple[int, int]) -> None:
    path = merge(sam, pair)
    answer = sam.send(f"{path}/undo", page=path)
    page = sam.client.get(answer.location).text
    assert "are two again" in page
    assert "Make them two again" not in page
    assert merged_into(app, pair[1]) is None
    assert sam.get(f"/staff/members/{pair[1]}").status_code == 200
    again = sam.send(f"{path}/undo", page="/staff/merge")
    assert "undone already" in sam.client.get(again.location).text


def test_what_cannot_be_merged_says_why_in_place_of_the_button(sam: Browser, pair: tuple[int, int]) -> None:
    same = sam.get(preview_path((pair[0], pair[0])))
    assert same.status_code == 409
    assert "the same member twice" in same.text
    assert "</button>" not in same.text.partition("<main")[2].partition("</main>")[0]
    merge(sam, pair)
    again = sam.get(preview_path(pair))
    assert "was merged into Ana Example (0012) already" in again.text
    fields = {"keep": str(pair[0]), "gone": str(pair[1])}
    answer = sam.send("/staff/merge", fields, page="/staff/merge")
    assert answer.location == preview_path(pair)


@pytest.mark.parametrize("path", ["/staff/merge", "/staff/merge?keep=1&gone=2", "/staff/merges/1"])
def test_nobody_else_sees_that_there_is_such_a_page(
    pair: tuple[int, int], stranger: Browser, signed_in: Callable[[str], Browser], path: str
) -> None:
    assert "/login" in stranger.get(path).location
    for name in ("ana", "ben", "dora", "ada"):
        assert signed_in(name).get(path).status_code == 404


def test_an_auditor_sees_two_side_by_side_and_merges_nothing(
    app: Flask, pair: tuple[int, int], signed_in: Callable[[str], Browser]
) -> None:
    otto = signed_in("otto")
    page = otto.get(preview_path(pair)).text
    assert "Local 600 · sound · active" in page
    assert "into Ana Example</button>" not in page
    fields = {"keep": str(pair[0]), "gone": str(pair[1])}
    for path in ("/staff/merge", "/staff/merge/pair", "/staff/merges/1/undo"):
        assert otto.send(path, fields, page="/staff/merge").status_code == 404
    assert merged_into(app, pair[1]) is None


def test_an_officer_of_the_old_local_finds_the_kept_member(
    app: Flask, pair: tuple[int, int], signed_in: Callable[[str], Browser], sam: Browser
) -> None:
    ben = signed_in("ben")  # of Local 80, where Ana holds a card
    assert ben.get(f"/reports/members/{pair[1]}/ai").status_code == 404
    merge(sam, pair)
    assert "Ana Example" in ben.get(f"/reports/members/{pair[1]}/ai").text
