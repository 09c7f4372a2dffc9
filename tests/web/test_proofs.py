"""Statements that a member makes, limits and takes back, and the page where anyone checks one."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest
import segno
from flask import Flask
from little_union import Browser, World, settings
from PIL import Image
from sqlalchemy import select, update
from test_my_record import completed, text_of
from training_union import ask, days_ago, member_id, now, today

from tracker import create_app
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, Completion, Member, Membership, Proof, User, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import void_completion
from tracker.operations.merging import merge_members

HERE = "https://training.example.org"
GONE = "There is no statement here"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = create_app(replace(settings(tmp_path), url=HERE))
    with app.app_context():
        db.create_all()
    return app


@pytest.fixture
def ana(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> Browser:
    """Ana holds the whole of AI Fundamentals: two courses by her provider's report, one that staff looked at."""
    completed(app, "12", "basics", days_ago(40), Assurance.PROVIDER)
    completed(app, "12", "ethics", days_ago(30), Assurance.PROVIDER)
    completed(app, "12", "prompts", days_ago(20), Assurance.REVIEWED)
    return signed_in("ana")


@pytest.fixture
def anyone(app: Flask, ana: Browser) -> Browser:
    """Someone who was given an address."""
    return Browser(app.test_client())


def made(browser: Browser, what: str = "transcript", **changes: str) -> str:
    """The path under which anyone reads a new statement."""
    fields = {"what": what, "label": "Local 600", "days": "90", **changes}
    answer = browser.send("/my/proofs", fields, page="/my/proofs/new")
    assert answer.status_code == 303, answer.text
    return re.findall(rf"{HERE}(/proof/\w+)", browser.get(answer.location).text)[0]


def own_page(browser: Browser) -> str:
    return re.findall(r"/my/proofs/\d+", browser.get("/my/proofs").text)[0]


def pages_of(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in pdf)


def test_a_member_sees_what_it_will_show_before_it_is_made(app: Flask, ana: Browser) -> None:
    completed(app, "12", "safety", days_ago(2), Assurance.CLAIMED)
    fields = {"what": "ai", "label": "my new employer", "days": "30"}
    shown = text_of(ana.send("/my/proofs/preview", fields, page="/my/proofs/new").text)
    assert "What it will show" in shown
    assert "Ana Example" in shown
    assert "Made for: my new employer" in shown
    assert "AI Fundamentals is complete, without a break since" in shown
    assert "Local 80" not in shown, "not chosen"
    transcript = text_of(ana.send("/my/proofs/preview", fields | {"what": "transcript"}, page="/my/proofs/new").text)
    assert "1 course you logged is not shown, for it waits for review: Safety" in transcript
    with app.app_context():
        assert db.session.scalar(select(Proof.id)) is None, "a preview makes nothing"


def test_what_was_typed_is_not_lost_by_a_change_of_mind(ana: Browser) -> None:
    fields = {"what": "ai", "label": "my new employer", "days": "30", "with_locals": "y", "change": "y"}
    page = ana.send("/my/proofs/preview", fields, page="/my/proofs/new").text
    assert 'value="my new employer"' in page
    assert re.search(r'checked[^>]*value="ai"|value="ai"[^>]*checked|checked[^>]*value="30"', page)


def test_anyone_with_the_address_checks_it_without_signing_in(ana: Browser, anyone: Browser) -> None:
    answer = anyone.get(made(ana, "ai"))
    told = text_of(answer.text)
    assert answer.status_code == 200
    assert "This statement is genuine." in told
    assert "Ana Example" in told
    assert "AI Basics" in told
    assert "reported by LinkedIn Learning" in told
    assert "checked by the union’s training staff" in told
    assert "A path is a right" in told
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert 'name="robots" content="noindex' in answer.text


def test_it_shows_nothing_but_what_the_member_chose(app: Flask, ana: Browser, anyone: Browser) -> None:
    path = made(ana)
    page = anyone.get(path).text
    for private in ("0012", "ana@example.org", "Local 80", "grip"):
        assert private not in page
    with app.app_context():
        assert str(member_id("12")) not in page
    assert "Local 80" in text_of(anyone.get(made(ana, with_locals="y", label="the hall")).text)


def test_awkward_completion_revoked_shows_on_the_statement(app: Flask, ana: Browser, anyone: Browser) -> None:
    path = made(ana, "ai")
    with app.app_context(), writing() as session:
        wanted = select(Completion).where(Completion.member_id == member_id("12"))
        done = next(each for each in session.scalars(wanted) if each.completed_on == days_ago(30))
        void_completion(session, done, "not theirs", OPERATOR, now=now())
    told = text_of(anyone.get(path).text)
    assert "AI Fundamentals is not complete on" in told
    assert "AI Ethics" not in told


def test_a_lapse_shows_on_the_day_it_comes(app: Flask, ana: Browser, anyone: Browser) -> None:
    with app.app_context():
        ask("safe", "80")
    completed(app, "12", "safety", days_ago(300), Assurance.REVIEWED)
    path = made(ana, "safe")
    assert "It holds through" in text_of(anyone.get(path).text)
    with app.app_context(), writing() as session:
        session.execute(
            update(Completion).where(Completion.completed_on == days_ago(300)).values(completed_on=days_ago(900))
        )
    assert "Set Safety is not complete on" in text_of(anyone.get(path).text)
    assert "lapsed after" in text_of(anyone.get(made(ana, label="all of it")).text)


def test_expired_revoked_and_unknown_read_alike(app: Flask, ana: Browser, anyone: Browser) -> None:
    taken_back, ended = made(ana), made(ana, label="another")
    with app.app_context(), writing() as session:
        session.execute(update(Proof).where(Proof.label == "another").values(until_on=today()))
    assert ana.send(f"{own_page(ana)}", page="/my/proofs/new").status_code == 405
    revoked = own_page_of(ana, "Local 600")
    assert ana.send(f"{revoked}/revoke", page=revoked).status_code == 303
    unknown = taken_back[:-2] + ("00" if taken_back[-2] != "0" else "10")
    answers = [anyone.get(path) for path in (taken_back, ended, unknown, "/proof/x", "/proof/" + "0" * 27, "/proof/é")]
    pages = {re.sub(r'value="[^"]*"', "", each.text) for each in answers}
    assert {each.status_code for each in answers} == {404}
    assert len(pages) == 1, "which of these it is, nobody is told"
    assert GONE in pages.pop()
    assert all(each.headers["X-Robots-Tag"].startswith("noindex") for each in answers)


def own_page_of(browser: Browser, label: str) -> str:
    found = re.findall(r'href="(/my/proofs/\d+)"><bdi>([^<]*)<', browser.get("/my/proofs").text)
    return next(path for path, said in found if said == label)


def test_the_code_is_of_128_bits_and_reads_in_capitals_too(ana: Browser, anyone: Browser) -> None:
    code = made(ana).rpartition("/")[2]
    other = made(ana, label="another").rpartition("/")[2]
    assert len(code) == 27
    assert code[:26] != other[:26]
    assert anyone.get(f"/proof/{code.upper()}").status_code == 200
    assert anyone.get(f"/proof/{code[:-1]}1").status_code == 404, "nobody turns on the locals by the address"


def test_the_member_sees_that_it_was_looked_at_and_not_their_own_look(ana: Browser, anyone: Browser) -> None:
    path = made(ana)
    ana.get(path)
    anyone.client.head(path)
    assert "not yet" in text_of(ana.get("/my/proofs").text)
    anyone.get(path)
    assert "not yet" not in text_of(ana.get("/my/proofs").text)
    assert "Last looked at on" in text_of(ana.get(own_page(ana)).text)


def test_nobody_else_finds_a_members_statement(app: Flask, ana: Browser, signed_in: Callable[[str], Browser]) -> None:
    made(ana)
    page = own_page(ana)
    for who in ("ben", "sam", "ada", "otto"):
        for path in (page, f"{page}/statement.pdf", f"{page}/qr.svg", f"{page}/qr.png"):
            assert signed_in(who).get(path).status_code == 404
        assert signed_in(who).send(f"{page}/revoke", page="/account/password").status_code == 404
    with app.app_context(), writing() as session:
        session.execute(update(User).where(User.email == "ben@example.org").values(member_id=member_id("34")))
    other = signed_in("ben")
    assert other.get(page).status_code == 404


def test_sent_twice_it_is_made_once(app: Flask, ana: Browser) -> None:
    made(ana)
    again = ana.send("/my/proofs", {"what": "transcript", "label": "Local 600", "days": "90"}, page="/my/proofs/new")
    assert again.status_code == 303
    assert "You have made this statement already" in text_of(ana.get("/my/proofs").text)
    with app.app_context():
        assert len(list(db.session.scalars(select(Proof.id)))) == 1


def test_taking_it_back_twice_says_so(ana: Browser) -> None:
    made(ana)
    page = own_page(ana)
    ana.send(f"{page}/revoke", page=page)
    ana.send(f"{page}/revoke", page="/my/proofs/new")
    told = text_of(ana.get("/my/proofs").text)
    assert "You have taken this statement back already." in told
    assert "you took it back on" in told
    assert ana.get(f"{page}/statement.pdf").status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"label": ""}, "Say for whom it is"),
        ({"label": "   "}, "Say for whom it is"),
        ({"label": "x" * 101}, "Keep it to 100 characters"),
        ({"days": "7"}, "Choose until when it answers"),
        ({"days": "3650"}, "Choose until when it answers"),
        ({"what": "safe"}, "Set Safety is not complete today"),
        ({"what": "nothing"}, "Choose what it states"),
    ],
)
def test_what_is_typed_wrong_is_said_in_words(app: Flask, ana: Browser, fields: dict[str, str], words: str) -> None:
    asked = {"what": "transcript", "label": "Local 600", "days": "90"} | fields
    for path in ("/my/proofs/preview", "/my/proofs"):
        answer = ana.send(path, asked, page="/my/proofs/new")
        assert answer.status_code == 422, path
        assert words in text_of(answer.text)
    with app.app_context():
        assert db.session.scalar(select(Proof.id)) is None


def test_without_its_own_address_the_tracker_refuses_in_words(tmp_path: Path, app: Flask, ana: Browser) -> None:
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], url="")
    assert "whoever runs it sets TRACKER_URL" in text_of(ana.get("/my/proofs").text)
    asked = {"what": "transcript", "label": "Local 600", "days": "90"}
    for path in ("/my/proofs/preview", "/my/proofs"):
        answer = ana.send(path, asked, page="/my/proofs/new")
        assert answer.status_code == 422
        assert "whoever runs it sets TRACKER_URL" in text_of(answer.text)


def test_both_acts_are_in_the_trail_without_the_code(app: Flask, ana: Browser) -> None:
    code = made(ana).rpartition("/")[2]
    page = own_page(ana)
    ana.send(f"{page}/revoke", page=page)
    with app.app_context():
        entries = list(db.session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "proof")))
        assert [each.action for each in entries] == ["make_proof", "revoke_proof"]
        assert all(code not in str(each.detail) for each in entries)
        assert all(each.actor_role == "member" and each.member_id for each in entries)


def test_the_file_says_the_same_and_where_to_check_it(ana: Browser) -> None:
    path = made(ana, "ai")
    answer = ana.get(f"{own_page(ana)}/statement.pdf")
    assert answer.mimetype == "application/pdf"
    told = pages_of(answer.data)
    assert "Statement of a learning path: AI Fundamentals" in told
    assert "Ana Example" in told
    assert "reported by LinkedIn Learning" in told
    assert f"{HERE}{path}" in told, "to be copied as it stands"
    assert "This is a copy, as of" in told
    assert "A path is a right" in told
    assert "0012" not in told
    assert b"/MarkInfo" in answer.data or b"StructTreeRoot" in answer.data


def test_the_file_is_in_the_language_in_which_it_was_made(app: Flask, ana: Browser) -> None:
    with app.app_context(), writing() as session:
        session.execute(update(User).where(User.email == "ana@example.org").values(language="fr_CA"))
    made(ana)
    page = own_page(ana)
    with app.app_context(), writing() as session:
        assert session.scalar(select(Proof.language)) == "fr_CA"
        session.execute(update(User).where(User.email == "ana@example.org").values(language="en"))
    content = ana.get(f"{page}/statement.pdf").data
    with pypdfium2.PdfDocument(content) as pdf:
        assert pdf.get_metadata_dict() is not None
    french = today().strftime("%Y")
    assert re.search(rb"/Lang\s*\((fr-CA|fr)\)", content)
    assert re.search(
        rf"\d+ (janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc)\w*\.? {french}|{french}", pages_of(content)
    )


def matrix_of(picture: Image.Image, left: float, top: float, step: float, size: int) -> list[list[int]]:
    """The modules of a code as a picture shows them, 1 for dark."""
    grey = picture.convert("L")
    return [
        [int(_shade(grey, left + (x + 0.5) * step, top + (y + 0.5) * step) < 128) for x in range(size)] for y in range(size)
    ]


def _shade(grey: Image.Image, x: float, y: float) -> int:
    found = grey.getpixel((int(x), int(y)))
    assert isinstance(found, int)
    return found


def test_the_code_holds_the_address_on_the_picture_and_on_paper(ana: Browser) -> None:
    address = HERE + made(ana)
    page = own_page(ana)
    meant = segno.make_qr(address, error="m")
    wanted = [list(map(int, row)) for row in meant.matrix]
    size = len(wanted)
    png = Image.open(io.BytesIO(ana.get(f"{page}/qr.png").data))
    assert png.size == (10 * (size + 8), 10 * (size + 8))
    assert matrix_of(png, 40, 40, 10, size) == wanted
    svg = ana.get(f"{page}/qr.svg")
    assert svg.mimetype == "image/svg+xml"
    assert b"<script" not in svg.data
    with pypdfium2.PdfDocument(ana.get(f"{page}/statement.pdf").data) as pdf:
        scale = 4.0
        paper = pdf[0].render(scale=scale).to_pil().convert("L")
    points = 72 / 25.4
    whole = 32 * points * scale  # 32 mm wide, from 20 mm on
    step = whole / (size + 8)
    left = 20 * points * scale + 4 * step
    corner = [1, 1, 1, 1, 1, 1, 1, 0]
    tops = [
        top
        for top in range(paper.height - int(whole))
        if [int(_shade(paper, left + (x + 0.5) * step, top + 0.5 * step) < 128) for x in range(8)] == corner
    ]
    assert any(matrix_of(paper, left, top, step, size) == wanted for top in tops), "no code on the paper says the address"


def test_a_name_in_any_script_and_a_very_long_one_are_told(app: Flask, ana: Browser, anyone: Browser) -> None:
    path, page = made(ana), own_page(ana)
    for first, last in (("علي", "الفنان"), ("Χριστίνα", "Δ"), ("A" * 300, "B" * 300), ("<b>Dee</b>", "#strong[x] $")):
        with app.app_context(), writing() as session:
            session.execute(
                update(Member).where(Member.member_id == member_id("12")).values(first_name=first, last_name=last)
            )
        answer = anyone.get(path)
        assert answer.status_code == 200
        assert re.search(r"<bdi>[^<]+</bdi>", answer.text)
        assert "<b>Dee" not in answer.text
        told = ana.get(f"{page}/statement.pdf")
        assert told.status_code == 200
        assert told.data.startswith(b"%PDF")


def test_awkward_deceased_a_statement_answers_no_more(app: Flask, ana: Browser, anyone: Browser) -> None:
    path = made(ana)
    with app.app_context(), writing() as session:
        session.execute(update(Membership).where(Membership.member_id == member_id("12")).values(status="deceased"))
    answer = anyone.get(path)
    assert answer.status_code == 404
    assert GONE in answer.text


def test_two_members_made_one_keep_their_statements(app: Flask, ana: Browser, anyone: Browser) -> None:
    path = made(ana)
    with app.app_context(), writing(alone=True) as session:
        bo, me = find_member(session, "0034"), find_member(session, "0012")
        assert bo and me
        merge_members(session, bo, me, OPERATOR, today=today(), now=now())
    told = text_of(anyone.get(path).text)
    assert "Bo Example" in told
    assert "AI Basics" in told
    ana.sign_in("ana")
    assert "Local 600" in text_of(ana.get("/my/proofs").text), "it is still theirs to take back"


def test_a_path_that_only_equivalents_complete_says_through_what(
    app: Flask, union: World, signed_in: Callable[[str], Browser]
) -> None:
    completed(app, "12", "creatives", days_ago(40), Assurance.REVIEWED)
    completed(app, "12", "ethics", days_ago(30), Assurance.PROVIDER)
    completed(app, "12", "pictures", days_ago(20), Assurance.PROVIDER)
    told = text_of(
        signed_in("ana").send("/my/proofs/preview", {"what": "ai", "label": "x", "days": "30"}, page="/my/proofs/new").text
    )
    assert "through AI for Creatives, which counts as it" in told
    assert "is complete, without a break since" in told


def test_the_day_since_is_the_day_the_last_course_was_done(app: Flask, ana: Browser, anyone: Browser) -> None:
    def said(on: date) -> str:
        return f"{on.day} {on:%B} {on.year}"

    assert f"without a break since {said(days_ago(20))}." in text_of(anyone.get(made(ana, "ai")).text)
    assert f"until {said(today() + timedelta(days=89))}" in text_of(ana.get("/my/proofs").text)
