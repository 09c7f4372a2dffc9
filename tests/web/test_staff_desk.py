"""The matching desk: staff say once who a reported learner is and which course a reported one is; auditors read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import func, select
from training_union import days_ago, now, today

from tracker.curriculum.words import Assurance
from tracker.models import Completion, Stranger, WaitingCompletion, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions.few import record_few
from tracker.operations.rows import CompletionRow

Report = Callable[..., None]


@pytest.fixture
def report(app: Flask, union: World) -> Report:
    """Let a program report a completion; the day, ten days ago, may be another."""

    def send(name: str, email: str = "", its_id: str = "", course: str = "AI Ethics", on: date | None = None) -> None:
        row = CompletionRow(
            *(1, "", its_id, email, name, "", course, on or days_ago(10), Assurance.PROVIDER, "", ""),
        )
        with app.app_context(), writing() as session:
            record_few(session, [row], source="linkedin", actor=OPERATOR, today=today(), now=now())

    return send


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def completions(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(Completion.voided_at.is_(None))) or 0


def actions(page: str, words: str) -> list[str]:
    """Where the forms lead whose button begins with these words."""
    forms = re.findall(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    return [action for action, body in forms if re.search(rf"<button[^>]*>{re.escape(words)}", body)]


def chosen(page: str, words: str) -> tuple[str, dict[str, str]]:
    """The action of the first form whose button begins so, and its hidden fields."""
    for action, body in re.findall(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL):
        if re.search(rf"<button[^>]*>{re.escape(words)}", body):
            hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', body)
            return action, {name: value for name, value in hidden if name != "csrf_token"}
    raise AssertionError(f"no button says {words}")


def press(browser: Browser, page: str, words: str) -> str:
    """Press a button of a page, and follow to the page after it."""
    shown = browser.get(page).text
    action, fields = chosen(shown, words)
    answer = browser.send(action, fields, page=page)
    assert answer.status_code == 303, answer.text
    after: str = browser.client.get(answer.location).text
    return after


def test_the_home_page_counts_learners_and_courses_not_rows(sam: Browser, report: Report) -> None:
    for day in (3, 4):
        report("Annie Example", "", "U-1", on=days_ago(day))
        report("Ana Example", "ana@example.org", course="Yoga", on=days_ago(day))
    page = sam.get("/staff/").text
    assert "Settle 1 unmatched name<" in page
    assert "Decide 1 unknown course<" in page
    assert 'href="/staff/desk"' in page
    assert 'href="/staff/desk/courses"' in page


def test_the_old_address_leads_to_the_desk(sam: Browser, union: World) -> None:
    assert sam.get("/staff/waiting").location == "/staff/desk"
    assert sam.get("/staff/waiting?reason=unknown-course").location == "/staff/desk/courses"


def test_one_press_settles_a_learner_and_says_what_happened(app: Flask, sam: Browser, report: Report) -> None:
    report("Ana Example", "ana@home.example", "U-1")
    report("Ana Example", "ana@home.example", "U-1", course="Yoga")
    page = sam.get("/staff/desk").text
    assert "Ana Example" in page
    assert "the same name" in page
    assert "2 completed courses from LinkedIn Learning" in page
    after = press(sam, "/staff/desk", "This is Ana Example")
    assert "1 completion recorded for Ana Example. 1 still waits for its course." in after
    assert "Later reports find Ana Example by U-1 and ana@home.example." in after
    assert "Every reported learner is found" in after
    assert completions(app) == 1
    report("Someone", "", "u-1", on=days_ago(2))
    assert completions(app) == 2


def test_anyone_can_be_chosen_by_a_search(app: Flask, sam: Browser, report: Report) -> None:
    report("Quite Otherwise", "", "U-1")
    page = sam.get("/staff/desk").text
    assert "No member has a like number, address or name" in page
    link = re.search(r'href="(/staff/desk/learners/\d+)"', page)
    assert link
    shown = press(sam, f"{link[1]}?q=bo", "This is Bo Example")
    assert "1 completion recorded for Bo Example." in shown
    assert "Nobody fits that" not in shown


def test_a_search_that_finds_nobody_says_what_to_do(sam: Browser, report: Report) -> None:
    report("Quite Otherwise", "", "U-1")
    link = re.search(r'href="(/staff/desk/learners/\d+)"', sam.get("/staff/desk").text)
    assert link
    assert "Nobody fits that" in sam.get(f"{link[1]}?q=nobody-at-all").text


def test_not_one_of_ours_is_remembered_and_can_be_taken_back(app: Flask, sam: Browser, report: Report) -> None:
    report("Stan Ger", "stan@home.example", "U-1")
    after = press(sam, "/staff/desk", "Not one of ours")
    assert "Stan Ger is not one of ours: 1 row set aside" in after
    report("Stan Ger", "stan@home.example", "U-1", on=days_ago(1))
    assert "Every reported learner is found" in sam.get("/staff/desk").text
    assert "Nothing waits" in sam.get("/staff/").text
    after = press(sam, "/staff/desk/decided?which=not-ours", "Take back")
    assert "is asked about again: 2 rows." in after
    assert "Stan Ger" in sam.get("/staff/desk").text
    with app.app_context():
        assert db.session.scalars(select(Stranger)).all() == []


def test_a_confirmation_is_taken_back_from_the_list_of_decisions(app: Flask, sam: Browser, report: Report) -> None:
    report("Ana Example", "", "U-1")
    press(sam, "/staff/desk", "This is Ana Example")
    page = sam.get("/staff/desk/decided").text
    assert "Ana Example (U-1)" in page
    assert "sam@example.org" in page
    after = press(sam, "/staff/desk/decided", "Take back")
    assert "is no longer Ana Example: 1 completion voided. 1 row waits again." in after
    assert completions(app) == 0
    assert actions(sam.get("/staff/desk/decided").text, "Take back") == []


def test_several_sure_ones_are_confirmed_together_and_a_mere_name_never(app: Flask, sam: Browser, report: Report) -> None:
    report("Ana Example", "", "IA-0012")
    report("Bo Example", "b.o+li@example.org", "U-2")
    report("Cy Example", "", "U-3")
    page = sam.get("/staff/desk").text
    picks = re.findall(r'name="pick" id="[^"]+" value="(\d+-\d+)"', page)
    assert len(picks) == 2
    cy, its_member = chosen(page, "This is Cy Example")
    mere_name = f"{cy.split('/')[-2]}-{its_member['member']}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    data = {"csrf_token": token[1], "pick": [*picks, mere_name, "nonsense", "1-2"]}
    answer = sam.client.post("/staff/desk/confirm", data=data)
    shown = sam.client.get(answer.location).text
    assert "2 learners confirmed. 2 completions recorded." in shown
    assert "Cy Example" in shown
    assert completions(app) == 2
    answer = sam.client.post("/staff/desk/confirm", data={"csrf_token": token[1], "pick": [mere_name]})
    assert "Nobody was ticked" in sam.client.get(answer.location).text


def test_what_someone_else_settled_meanwhile_is_said(
    sam: Browser, report: Report, signed_in: Callable[[str], Browser]
) -> None:
    report("Ana Example", "", "U-1")
    page = sam.get("/staff/desk").text
    action, fields = chosen(page, "This is Ana Example")
    assert sam.send(action, fields, page="/staff/desk").status_code == 303
    again = sam.send(action, fields, page="/staff/")
    assert again.status_code == 409
    assert "someone has settled it in the meantime" in again.text
    assert sam.send(action, {}, page="/staff/").status_code in (400, 409)


def test_a_course_is_mapped_ignored_and_taken_back(app: Flask, sam: Browser, report: Report) -> None:
    report("Ana Example", "ana@example.org", course="The Ethics of AI")
    page = sam.get("/staff/desk/courses").text
    assert "The Ethics of AI" in page
    assert "AI Ethics" in page
    link = re.search(r'href="(/staff/desk/courses/\d+)"', page)
    assert link
    shown = sam.get(link[1]).text
    assert "code: the-ethics-of-ai" in shown
    wrong = sam.send(f"{link[1]}/map", {"course": "no such course"}, page=link[1])
    assert wrong.status_code == 422
    assert "No course has that code or title" in wrong.text
    assert 'value="no such course"' in wrong.text
    after = press(sam, link[1], "This is AI Ethics")
    assert "The Ethics of AI is AI Ethics: 1 completion recorded." in after
    assert completions(app) == 1
    assert "1 completion voided" in press(sam, "/staff/desk/decided?which=courses", "Take back")
    assert completions(app) == 0
    assert "is none of ours: 1 row set aside" in press(sam, link[1], "Set 1 row aside")
    assert "Every reported course is found" in sam.get("/staff/desk/courses").text
    assert sam.get(link[1]).status_code == 409


def test_names_out_of_a_report_are_text_and_nothing_else(sam: Browser, report: Report) -> None:
    report("<script>alert(1)</script>", "a@x.example", "<b>U</b>", course="<i>Yoga</i>")
    report("Ana Example", "ana@example.org", course="</code><img src=x>")
    for path in ("/staff/desk", "/staff/desk/courses"):
        page = sam.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        for link in re.findall(r'href="(/staff/desk/(?:learners|courses)/\d+)"', page):
            inner = sam.get(link).text
            assert "<script>alert" not in inner
            assert "<img src=x>" not in inner


PAGES = ["/staff/desk", "/staff/desk/courses", "/staff/desk/decided"]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_the_staffs_and_the_auditors(
    union: World, stranger: Browser, signed_in: Callable[[str], Browser], path: str
) -> None:
    assert stranger.get(path).location == f"/login?next={path}"
    for name in ("ana", "ben", "dora", "ada", "noor"):
        assert signed_in(name).get(path).status_code == 404
    assert signed_in("otto").get(path).status_code == 200
    assert signed_in("sam").get(path).status_code == 200


def test_an_auditor_reads_and_decides_nothing(
    app: Flask, report: Report, sam: Browser, signed_in: Callable[[str], Browser]
) -> None:
    report("Ana Example", "", "U-1")
    report("Ana Example", "ana@example.org", course="Yoga")
    otto = signed_in("otto")
    page = otto.get("/staff/desk").text
    assert "Ana Example" in page
    assert actions(page, "This is") == actions(page, "Not one of ours") == []
    with app.app_context():
        rows = {row.reason.value: row.id for row in db.session.scalars(select(WaitingCompletion))}
    token_page = "/staff/desk"
    for path in (
        f"/staff/desk/learners/{rows['unmatched']}/confirm",
        f"/staff/desk/learners/{rows['unmatched']}/not-ours",
        "/staff/desk/confirm",
        f"/staff/desk/courses/{rows['unknown course']}/map",
        f"/staff/desk/courses/{rows['unknown course']}/ignore",
        "/staff/desk/decided/1/take-back",
    ):
        assert otto.send(path, {"member": "1", "course": "ethics"}, page=token_page).status_code == 404
    assert otto.get(f"/staff/desk/learners/{rows['unmatched']}").status_code == 200
    assert otto.get(f"/staff/desk/courses/{rows['unknown course']}").status_code == 200
    assert completions(app) == 0
