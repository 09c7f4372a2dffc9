"""A local's own pages: what is wrong, classes, who may have an account. Each as its readers, and as a stranger."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from little_union import PASSWORD, Browser, World, token_on
from training_union import days_ago, member_id, now, today

from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Assurance, Role
from tracker.intake.imports import import_roster
from tracker.models import Batch, Completion, Membership, User, WaitingCompletion, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

Sign = Callable[[str], Browser]
HEAD = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def people(app: Flask, union: World) -> World:
    """Ana holds a second card in Local 600, which Lea leads; Viv looks at Local 80."""
    with app.app_context():
        with writing(alone=True) as session:
            rows = HEAD + "0012,Ana,Example,ana@example.org,600,sound,active,member,2024-01-01,,no\n"
            import_roster(session, rows.encode(), "second.csv", OPERATOR, today=today(), now=now())
        with writing() as session:
            for name, role, unit in (("lea", Role.LOCAL_LEAD, "600"), ("viv", Role.LOCAL_VIEWER, "80")):
                user = add_user(
                    session, f"{name}@example.org", role, find_unit(session, unit), None, OPERATOR, date(2020, 1, 1)
                )
                user.password_hash = password_hash(PASSWORD, "")
    return union


def said(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def card(app: Flask, local: str) -> int:
    with app.app_context():
        unit = find_unit(db.session(), local)
        return (
            db.session()
            .query(Membership.id)
            .filter_by(member_id=member_id("0012"), unit_id=unit.id, voided_at=None)
            .scalar()
        )


def ask(ana: Browser, query: str, words: str) -> None:
    answer = ana.send(f"/my/wrong?{query}", {"words": words}, page=f"/my/wrong?{query}")
    assert answer.status_code == 303, said(answer.text)


# --- This is wrong -------------------------------------------------------------------------------------------------


def test_a_member_says_what_is_wrong_and_reads_the_answer(app: Flask, people: World, signed_in: Sign) -> None:
    ana, ben = signed_in("ana"), signed_in("ben")
    query = f"about=card&object={card(app, '80')}"
    page = ana.get(f"/my/wrong?{query}").text
    assert "Ask Local 80 to correct this" in page
    assert "Local 80" in said(page)
    assert "grip" in said(page)
    ask(ana, query, "My craft is rigging.")
    assert "Waiting for an answer" in ana.get("/my/wrong").text
    again = ana.get(f"/my/wrong?{query}").text
    assert "You asked this on" in again
    assert "My craft is rigging." in again
    twice = ana.send(f"/my/wrong?{query}", {"words": "Again."}, page="/my/wrong?about=missing")
    assert twice.status_code == 422
    assert "You have asked this already" in twice.text

    listed = ben.get("/locals/80/corrections").text
    assert "My craft is rigging." in listed
    link = re.search(r'href="(/locals/80/corrections/\d+/\d+)"', listed)
    assert link
    empty = ben.send(link[1], {"outcome": "done", "answer": ""}, page=link[1])
    assert empty.status_code == 422
    assert "Say what was done" in empty.text
    assert ben.send(link[1], {"outcome": "done", "answer": "Corrected in the roster."}, page=link[1]).status_code == 303
    mine = said(ana.get("/my/wrong").text)
    assert "Corrected" in mine
    assert "Corrected in the roster." in mine
    assert "Nothing waits" in ben.get("/locals/80/corrections").text
    assert "Corrected in the roster." in ben.get(link[1]).text


def test_member_in_two_locals_each_local_sees_only_its_membership_not_the_others_notes(
    app: Flask, people: World, signed_in: Sign
) -> None:
    ana = signed_in("ana")
    ask(ana, f"about=card&object={card(app, '80')}", "At eighty something is wrong.")
    ask(ana, f"about=card&object={card(app, '600')}", "At six hundred too.")
    ben, lea = signed_in("ben").get("/locals/80/corrections").text, signed_in("lea").get("/locals/600/corrections").text
    assert "At eighty" in ben
    assert "six hundred" not in ben
    assert "At six hundred" in lea
    assert "eighty" not in lea
    link = re.search(r"/locals/600(/corrections/\d+/\d+)", lea)
    assert link
    assert signed_in("ben").get(f"/locals/80{link[1]}").status_code == 404
    assert signed_in("ben").get(f"/locals/600{link[1]}").status_code == 404
    both = signed_in("sam").get("/staff/corrections").text
    assert "At eighty" in both
    assert "At six hundred" in both


def test_what_a_local_passes_on_the_staff_answer(app: Flask, people: World, signed_in: Sign) -> None:
    ask(signed_in("ana"), "about=missing", "Prompting, on 3 May, in the hall.")
    ben = signed_in("ben")
    link = re.search(r"/locals/80(/corrections/\d+/\d+)", ben.get("/locals/80/corrections").text)
    assert link
    at = f"/locals/80{link[1]}"
    assert ben.send(at, {"outcome": "pass-on", "answer": "We have no sheet."}, page=at).status_code == 303
    assert ben.get(at).status_code == 404
    sam = signed_in("sam")
    page = sam.get(f"/staff{link[1]}").text
    assert "We have no sheet." in page
    assert "We have no sheet." not in signed_in("ana").get("/my/wrong").text
    assert "We have no sheet." not in signed_in("ana").get("/my/").text
    assert "1 thing waits for an answer." in signed_in("ana").get("/my/").text
    at = f"/staff{link[1]}"
    assert sam.send(at, {"outcome": "declined", "answer": "Please log it with proof."}, page=at).status_code == 303
    assert "Please log it with proof." in signed_in("ana").get("/my/wrong").text


def test_a_thing_that_is_not_on_ones_own_record_is_not_there(app: Flask, people: World, signed_in: Sign) -> None:
    ana = signed_in("ana")
    with app.app_context():
        bos = db.session().query(Membership.id).filter_by(member_id=member_id("0034")).scalar()
    for query in (f"about=card&object={bos}", "about=nothing", "about=name&object=1", "about=course&object=x"):
        assert ana.get(f"/my/wrong?{query}").status_code == 404, query
        assert ana.send(f"/my/wrong?{query}", {"words": "x"}, page="/my/wrong?about=name").status_code == 404, query


def test_whose_link_names_no_card_is_asked_which_is_meant(app: Flask, people: World, signed_in: Sign) -> None:
    page = signed_in("ana").get("/my/wrong?about=card").text
    for local in ("80", "600"):
        assert f"about=card&amp;object={card(app, local)}" in page
    assert "about=name" in page


def test_viewers_see_how_many_wait_and_not_what(app: Flask, people: World, signed_in: Sign) -> None:
    ask(signed_in("ana"), "about=name", "It is Ána.")
    page = signed_in("viv").get("/locals/80/corrections").text
    assert "1 waits" in page
    assert "Ána" not in page
    assert "It is" not in page


PAGES = ("corrections", "classes", "classes/new", "eligibility")


@pytest.mark.parametrize(
    ("who", "open_to"),
    [
        ("ben", {"corrections", "classes", "classes/new", "eligibility"}),
        ("sam", {"corrections", "classes", "classes/new", "eligibility"}),
        ("otto", {"corrections", "classes", "eligibility"}),
        ("viv", {"corrections"}),
        ("lea", set()),
        ("dora", set()),
        ("ana", set()),
        ("ada", set()),
    ],
)
def test_who_may_open_a_locals_own_pages(people: World, signed_in: Sign, who: str, open_to: set[str]) -> None:
    browser = signed_in(who)
    assert {each for each in PAGES if browser.get(f"/locals/80/{each}").status_code == 200} == open_to


@pytest.mark.parametrize("path", ["/staff/corrections", "/staff/classes", "/staff/eligibility", "/staff/eligibility.csv"])
def test_the_staffs_lists_are_the_staffs_and_the_auditors(people: World, signed_in: Sign, path: str) -> None:
    readers = {who for who in ("sam", "otto", "ben", "dora", "ana", "ada") if signed_in(who).get(path).status_code == 200}
    assert readers == {"sam", "otto"}
    assert signed_in("otto").get("/staff/classes/new").status_code == 404


# --- Record a class ------------------------------------------------------------------------------------------------


def sheet(browser: Browser, step: str, page: str = "/locals/80/classes/new", **said: object) -> object:
    token = token_on(browser.get(page).text)
    fields = {"csrf_token": token, "course": "basics", "held_on": days_ago(1).isoformat(), "note": "Hall B, with Jo"}
    return browser.client.post(page, data={**fields, "step": step, **said}, content_type="multipart/form-data")


def test_an_officer_records_a_hall_class_from_its_sign_in_sheet(app: Flask, people: World, signed_in: Sign) -> None:
    ben = signed_in("ben")
    with app.app_context():
        bo = member_id("0034")
    preview = sheet(ben, "preview", who=str(bo), lines="0012\nIllegible\n0056", sheet=(io.BytesIO(PDF), "sheet.pdf"))
    text = said(preview.text)
    assert preview.status_code == 200, text
    assert "would be recorded 2" in text
    assert "would wait for a person to say who it is 2" in text
    assert "on the sheet 4" in text
    assert "Record for 2 people" in text
    assert "Cy" not in text  # of another local: reads like who is nobody
    with app.app_context():
        assert db.session().query(Completion).count() == 0  # nothing is written by looking
    kept = re.search(r'name="kept" value="([^"]+)"', preview.text)
    assert kept
    done = sheet(ben, "record", who=str(bo), lines="0012\nIllegible\n0056", kept=kept[1])
    assert done.status_code == 303
    page = ben.get(done.location).text
    assert "Recorded for 2 people. 2 lines wait" in said(page)
    assert "Illegible" in page
    link = re.search(r'href="(/evidence/\d+/\d+)"', page)
    assert link
    with ben.get(link[1]) as given:
        assert given.status_code == 200
    with app.app_context():
        rows = db.session().query(Completion).all()
        assert {(each.member_id, each.source, each.assurance) for each in rows} == {
            (bo, "class", Assurance.REVIEWED),
            (member_id("0012"), "class", Assurance.REVIEWED),
        }
    twice = sheet(ben, "record", who=str(bo), lines="0012\nIllegible\n0056", kept=kept[1])
    assert twice.status_code == 422
    assert "already recorded" in twice.text
    assert "AI Basics" in ben.get("/locals/80/classes").text
    undo = f"{done.location}/undo"
    assert ben.send(undo, page=undo).status_code == 303
    assert "was taken back on" in ben.get(done.location).text
    assert "counts no more" in ben.get(done.location).text


def test_a_class_is_nobody_elses_to_see_or_to_take_back(app: Flask, people: World, signed_in: Sign) -> None:
    ben = signed_in("ben")
    done = sheet(ben, "record", lines="0012\n0034")
    assert done.status_code == 303
    batch = done.location.rpartition("/")[2]
    lea, sam = signed_in("lea"), signed_in("sam")
    assert lea.get(f"/locals/600/classes/{batch}").status_code == 404
    assert lea.get(f"/locals/600/classes/{batch}/undo").status_code == 404
    assert lea.get(done.location).status_code == 404
    assert sam.get(f"/staff/imports/{batch}").location == f"/staff/classes/{batch}"
    with app.app_context(), writing() as session:
        session.get_one(Batch, int(batch)).recorded_at = datetime.now(UTC) - timedelta(hours=25)
    late = ben.send(f"{done.location}/undo", page=f"{done.location}/undo")
    assert late.status_code == 422
    assert "more than 24 hours ago" in late.text
    assert sam.send(f"/staff/classes/{batch}/undo", page=f"/staff/classes/{batch}/undo").status_code == 303


def test_whom_the_staff_find_elsewhere_stays_a_line_to_the_local(app: Flask, people: World, signed_in: Sign) -> None:
    """A class page is no way to look up another local's members: by a number, an address or a name that was written."""
    ben, sam = signed_in("ben"), signed_in("sam")
    with app.app_context():
        cy, bo = member_id("0056"), member_id("0034")
    done = sheet(ben, "record", lines="0012\n0056\nBobby", sheet=(io.BytesIO(PDF), "sheet.pdf"))
    for text, found in (("0056", cy), ("Bobby", bo)):
        with app.app_context():
            row = db.session().query(WaitingCompletion.id).filter_by(learner_name=text).scalar()
        at = f"/staff/desk/learners/{row}"
        assert sam.send(f"{at}/confirm", {"member": str(found)}, page=at).status_code == 303
    read = ben.get(done.location).text
    assert "How the lines of the sheet stand recorded 2 settled by the training staff 1 on the sheet 3" in said(read)
    assert "Settled by the training staff" in read
    assert '<bdi class="breakable">0056</bdi>' in read
    assert "Bo Example" in read, "whoever holds a card here is told by name"
    assert "Cy Example" not in read
    assert f"/evidence/{cy}/" not in read
    listed = ben.get("/locals/80/classes").text
    assert 'data-label="Recorded">2<' in listed
    assert "Cy Example" in sam.get(f"/staff/classes/{done.location.rpartition('/')[2]}").text
    assert 'data-label="Recorded">3<' in sam.get("/staff/classes").text
    assert ben.send(f"{done.location}/undo", page=f"{done.location}/undo").status_code == 303
    assert "Cy Example" not in ben.get(done.location).text


def test_what_is_ticked_stays_ticked_while_one_looks_for_others(app: Flask, people: World, signed_in: Sign) -> None:
    ben = signed_in("ben")
    with app.app_context():
        ana, bo = member_id("0012"), member_id("0034")
    page = sheet(ben, "find", who=str(ana), q="Bo", lines="kept").text
    assert re.search(rf'value="{ana}" checked', page)
    assert re.search(rf'value="{bo}">', page)
    assert "kept</textarea>" in page
    assert "Hall B, with Jo" in page


def test_faults_of_a_class_are_said_beside_their_field(people: World, signed_in: Sign) -> None:
    ben = signed_in("ben")
    for fields, words in (
        ({"course": "no such course", "lines": "0012"}, "No course has that code or title"),
        ({"held_on": (today() + timedelta(days=2)).isoformat(), "lines": "0012"}, "in the future"),
        ({"note": "", "lines": "0012"}, "Say who taught it"),
        ({"lines": ""}, "Say who was there"),
        ({"lines": "0012", "sheet": (io.BytesIO(b"<svg/>"), "sheet.svg")}, "Error:"),
    ):
        answer = sheet(ben, "preview", **fields)
        assert answer.status_code == 422, words
        assert words in answer.text


def test_a_note_of_anothers_file_is_worth_nothing(app: Flask, people: World, signed_in: Sign) -> None:
    preview = sheet(signed_in("ben"), "preview", lines="0012", sheet=(io.BytesIO(PDF), "sheet.pdf"))
    kept = re.search(r'name="kept" value="([^"]+)"', preview.text)
    assert kept
    stolen = sheet(signed_in("lea"), "preview", page="/locals/600/classes/new", lines="0056", kept=kept[1])
    assert "Without a sign-in sheet" in stolen.text


def test_staff_record_a_class_for_people_of_several_locals(app: Flask, people: World, signed_in: Sign) -> None:
    sam = signed_in("sam")
    done = sheet(sam, "record", page="/staff/classes/new", lines="0012\n0056")
    assert done.status_code == 303
    assert "Recorded for 2 people." in said(sam.get(done.location).text)
    unknown = sheet(sam, "find", page="/staff/classes/new", local="nowhere")
    assert "No local is known as nowhere" in unknown.text
    chosen = sheet(sam, "find", page="/staff/classes/new", local="80")
    assert "Bo" in said(chosen.text)


# --- Who may have an account ---------------------------------------------------------------------------------------


def test_a_local_confirms_and_the_staff_take_the_file(app: Flask, people: World, signed_in: Sign) -> None:
    ben = signed_in("ben")
    page = ben.get("/locals/80/eligibility").text
    assert "Bo" in said(page)
    with app.app_context():
        bo, ana = member_id("0034"), member_id("0012")
    at = "/locals/80/eligibility"
    none = ben.send(at, {"act": "eligible"}, page=at)
    assert none.status_code == 422
    assert "Tick at least one member" in none.text
    assert ben.send(at, {"act": "eligible", "who": str(bo)}, page=at).status_code == 303
    why = ben.send(at, {"act": "not-eligible", "who": str(ana)}, page=at)
    assert why.status_code == 422
    assert "Say why not" in why.text
    assert ben.send(at, {"act": "not-eligible", "who": str(ana), "note": "left the craft"}, page=at).status_code == 303
    assert "left the craft" in ben.get(f"{at}?show=not-eligible").text
    sam = signed_in("sam")
    assert "Bo Example" in sam.get("/staff/eligibility").text
    file = sam.get("/staff/eligibility.csv")
    assert "bo@example.org" in file.text
    assert "ana@example.org" not in file.text
    with app.app_context():
        cy = member_id("0056")
    outside = ben.send(at, {"act": "eligible", "who": str(cy)}, page=at)
    assert outside.status_code == 422
    assert "holds no card in" in outside.text
    funnel = said(sam.get("/reports/locals/80/access?path=ai").text)
    assert "No list of accounts" in funnel or "confirmed by the local" in funnel


def test_everyone_on_a_page_is_confirmed_at_once(app: Flask, people: World, signed_in: Sign) -> None:
    ben, at = signed_in("ben"), "/locals/80/eligibility"
    with app.app_context():
        everyone = [str(member_id(each)) for each in ("0012", "0034", "0078")]
    token = token_on(ben.get(at).text)
    answer = ben.client.post(at, data={"csrf_token": token, "act": "all-eligible", "all": everyone})
    assert answer.status_code == 303
    assert "Nobody waits for your word" in ben.get(at).text


def test_a_leads_own_row_is_left_to_others(app: Flask, people: World, signed_in: Sign) -> None:
    with app.app_context(), writing() as session:
        session.get_one(User, people.users["ben"]).member_id = member_id("0034")
    with app.app_context():
        bo, ana, dee = (str(member_id(each)) for each in ("0034", "0012", "0078"))
    ben, at = signed_in("ben"), "/locals/80/eligibility"
    page = ben.get(at).text
    assert re.findall(r'name="all" value="(\d+)"', page) == re.findall(r'name="who" value="(\d+)"', page)
    assert {*re.findall(r'name="who" value="(\d+)"', page)} == {ana, dee}
    assert "This is your own record" in page
    assert "All 2 on this page may" in page
    alone = ben.send(at, {"act": "eligible", "who": bo}, page=at)
    assert alone.status_code == 422
    assert "This is your own record" in alone.text


# --- The local's page ----------------------------------------------------------------------------------------------


def test_a_lead_sees_at_the_top_what_waits_in_their_local(app: Flask, people: World, signed_in: Sign) -> None:
    ask(signed_in("ana"), "about=name", "It is Ána.")
    ben = said(signed_in("ben").get("/reports/locals/80").text)
    assert "Waits for you Answer 1 message that something is wrong" in ben
    assert "Say of 3 members whether they may have an account" in ben
    for words in ("Whom to call", "Record a class", "One page for the meeting (PDF)", "Freeze these figures"):
        assert words in ben
    viv = said(signed_in("viv").get("/reports/locals/80").text)
    assert "Waits for you" not in viv
    assert "Record a class" not in viv
    assert "Whom to call" in viv
    dora = said(signed_in("dora").get("/reports/locals/80").text)
    assert "Whom to call" not in dora
    assert "What members say is wrong" not in dora


def test_markup_in_a_name_and_in_words_stays_text(app: Flask, people: World, signed_in: Sign) -> None:
    ask(signed_in("ana"), "about=other", "<b>Bold</b> & more")
    page = signed_in("ben").get("/locals/80/corrections").text
    assert "<b>Bold</b>" not in page
    assert "&lt;b&gt;Bold" in page
    for path in ("/locals/80/classes/new", "/locals/80/eligibility"):
        page = signed_in("ben").get(path).text
        assert "<b>Markup</b>" not in page
        assert "&lt;b&gt;Markup" in page
