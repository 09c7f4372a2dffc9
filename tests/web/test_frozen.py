"""Frozen reports: freezing one, who sees it, and the page where anyone checks it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, World
from sqlalchemy import select
from training_union import ask, days_ago, member_id, now, today

from tracker.coverage.catalogue import find_course
from tracker.coverage.frozen.checking import frozen_file
from tracker.coverage.frozen.listing import manifest_of
from tracker.curriculum.words import Assurance, Role
from tracker.intake.imports import import_roster
from tracker.models import FrozenReport, Member, Unit, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion, void_completion
from tracker.operations.passwords import password_hash

ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
NAME = "Secretname"


@pytest.fixture
def crowd(app: Flask, union: World) -> World:
    """Local 80 with eight more grips and two editors, Local 600 with Cy alone; the path `safe` asks both. Vic looks on in
    Local 80, Lea leads Local 600."""
    rows = "".join(f"01{n:02},Anna{n},{NAME},,80,grip,active,member,2020-01-01,,\n" for n in range(8))
    rows += "".join(f"02{n:02},Emma{n},{NAME},,80,editing,active,member,2020-01-01,,\n" for n in range(2))
    with app.app_context():
        with writing(alone=True) as session:
            import_roster(session, (ROSTER + rows).encode(), "more.csv", OPERATOR, today=today(), now=now())
        ask("safe", "2")
        with writing() as session:
            for name, role, number in (("vic", Role.LOCAL_VIEWER, "80"), ("lea", Role.LOCAL_LEAD, "600")):
                unit = session.get(Unit, union.units[number])
                user = add_user(session, f"{name}@example.org", role, unit, None, OPERATOR, LONG_AGO)
                user.password_hash = password_hash(PASSWORD, "")
    return union


def freeze(browser: Browser, unit: str = "80", **said: str) -> str:
    """Freeze a report as a person does; its code."""
    page = f"/reports/frozen/new?unit={unit}"
    fields = {"title": "For the table", "path": "", "as_of": today().isoformat(), "floor": "reviewed", **said}
    answer = browser.send(page, fields, page=page)
    assert answer.status_code == 303, answer.text
    return str(answer.location.rsplit("/", 1)[-1])


def complete(app: Flask, number: str, days: int = 5) -> None:
    with app.app_context(), writing(alone=True) as session:
        member = session.scalars(select(Member).where(Member.member_id == member_id(number))).one()
        log_completion(
            session,
            member=member,
            course=find_course(session, "safety"),
            completed_on=days_ago(days),
            assurance=Assurance.REVIEWED,
            today=today(),
            now=now(),
            actor=OPERATOR,
        )


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.fixture
def code(crowd: World, signed_in: Callable[[str], Browser]) -> str:
    return freeze(signed_in("ben"))


def test_an_officer_who_leads_freezes_their_local(crowd: World, signed_in: Callable[[str], Browser]) -> None:
    ben = signed_in("ben")
    before = words(ben.get("/reports/frozen/new").text)
    assert "What would be in it" in before
    assert "0 of 13" in before
    assert "2 crafts" in before
    code = freeze(ben)
    assert re.fullmatch(r"[a-z2-7]{26}", code)
    page = words(ben.get(f"/reports/frozen/{code}").text)
    assert "Not restated" in page
    assert "For the table" in words(ben.get("/reports/frozen").text)


def test_who_may_freeze_what(crowd: World, signed_in: Callable[[str], Browser]) -> None:
    assert signed_in("sam").get("/reports/frozen/new").status_code == 200
    assert signed_in("sam").get("/reports/frozen/new?unit=2").status_code == 200
    assert signed_in("ben").get("/reports/frozen/new?unit=80").status_code == 200
    for name, unit in (
        ("ben", "600"),
        ("ben", "2"),
        ("vic", "80"),
        ("dora", "2"),
        ("otto", "80"),
        ("lea", "80"),
        ("ana", "80"),
    ):
        assert signed_in(name).get(f"/reports/frozen/new?unit={unit}").status_code == 404, (name, unit)
    vic = signed_in("vic")
    answer = vic.send("/reports/frozen/new?unit=80", {"title": "x"}, page="/reports/frozen")
    assert answer.status_code == 404


def test_another_locals_officer_finds_nothing(code: str, signed_in: Callable[[str], Browser]) -> None:
    lea = signed_in("lea")
    for path in (f"/reports/frozen/{code}", f"/reports/frozen/{code}/report.pdf", f"/reports/frozen/{code}/pack.zip"):
        assert lea.get(path).status_code == 404
    assert "For the table" not in lea.get("/reports/frozen").text
    for name in ("vic", "dora", "sam", "otto"):
        assert signed_in(name).get(f"/reports/frozen/{code}").status_code == 200
        assert "For the table" in signed_in(name).get("/reports/frozen").text


def test_a_form_that_cannot_be_taken_says_why_and_keeps_what_was_typed(
    crowd: World, signed_in: Callable[[str], Browser]
) -> None:
    ben = signed_in("ben")
    page = "/reports/frozen/new?unit=80"
    answer = ben.send(page, {"title": "", "path": "", "as_of": "2019-01-01", "floor": "reviewed"}, page=page)
    assert answer.status_code == 422
    assert "Give the report a title" in answer.text
    answer = ben.send(page, {"title": "Kept title", "path": "", "as_of": "soon", "floor": "reviewed"}, page=page)
    assert answer.status_code == 422
    assert "Write the day as 2026-03-31" in answer.text
    assert "Kept title" in answer.text
    answer = ben.send(page, {"title": "x", "path": "", "as_of": "2019-01-01", "floor": "reviewed"}, page=page)
    assert "there is nothing to freeze" in answer.text
    answer = ben.send(page, {"title": "x", "path": "nonsense", "as_of": "2019-01-01", "floor": "reviewed"}, page=page)
    assert answer.status_code == 404
    answer = ben.send(page, {"title": "x", "path": "", "as_of": "2025-01-01", "floor": "wrong"}, page=page)
    assert answer.status_code == 422


def test_a_local_of_one_is_not_frozen(crowd: World, signed_in: Callable[[str], Browser]) -> None:
    lea = signed_in("lea")
    page = "/reports/frozen/new?unit=600"
    shown = words(lea.get(page).text)
    assert "everything about this path" in shown
    fields = {"title": "x", "path": "", "as_of": today().isoformat(), "floor": "reviewed"}
    answer = lea.send(page, fields, page=page)
    assert answer.status_code == 422
    assert "Fewer than 5 people" in answer.text


def test_its_files_are_given_out_as_they_were_frozen(app: Flask, code: str, signed_in: Callable[[str], Browser]) -> None:
    ben = signed_in("ben")
    with app.app_context():
        report = db.session.scalars(select(FrozenReport)).one()
        for line in manifest_of(report).files:
            answer = ben.get(f"/reports/frozen/{code}/{line.name}")
            assert sha256(answer.data).hexdigest() == line.sha256
            assert "attachment" in answer.headers["Content-Disposition"]
    assert sha256(ben.get(f"/reports/frozen/{code}/manifest.json").data).hexdigest() == report.sha256
    assert ben.get(f"/reports/frozen/{code}/pack.zip").data.startswith(b"PK")
    assert ben.get(f"/reports/frozen/{code}/nothing.txt").status_code == 404
    assert ben.get(f"/reports/frozen/{code}/..%2f..%2ftracker.db").status_code == 404


# --- The page that anyone may open -----------------------------------------------------------------------------------------


def test_anyone_sees_the_hash_and_the_figures_and_nobodys_name(app: Flask, code: str, stranger: Browser) -> None:
    answer = stranger.get(f"/frozen/{code}")
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert 'name="robots" content="noindex' in answer.text
    with app.app_context():
        report = db.session.scalars(select(FrozenReport)).one()
        assert report.sha256 in answer.text
        for line in manifest_of(report).files:
            assert line.sha256 in answer.text
        for member in db.session.scalars(select(Member)):
            if member.last_name != "Example":
                assert member.last_name not in answer.text
    shown = words(answer.text)
    assert "0 of 13 · 0" in shown
    assert "no correction since" in shown
    assert "@example.org" not in answer.text, "which body froze it, never which person"
    assert stranger.get(f"/frozen/{code.upper()}").status_code == 200


@pytest.mark.parametrize("wrong", ["a" * 26, "1", "%00", "..", "é", "a" * 5000])
def test_a_code_that_is_none_is_nothing(crowd: World, stranger: Browser, wrong: str) -> None:
    assert stranger.get(f"/frozen/{wrong}").status_code == 404
    assert stranger.client.post(f"/frozen/{wrong}").status_code == 404


def test_a_sha256_is_held_against_it(app: Flask, code: str, stranger: Browser) -> None:
    with app.app_context():
        report = db.session.scalars(select(FrozenReport)).one()
        lines = {line.name: line.sha256 for line in manifest_of(report).files}
        assert "This is the manifest of this report" in stranger.get(f"/frozen/{code}?sha256={report.sha256}").text
    told = stranger.get(f"/frozen/{code}?sha256=%20{lines['report.pdf'].upper()}%20").text
    assert "This is report.pdf of this report" in told
    assert "This is not part of this report" in stranger.get(f"/frozen/{code}?sha256={'0' * 64}").text
    wrong = stranger.get(f"/frozen/{code}?sha256=%3Cscript%3E")
    assert wrong.status_code == 422
    assert "64 digits" in wrong.text
    assert "<script>" not in wrong.text


def test_a_file_is_hashed_and_held_against_it_without_a_script(
    app: Flask, code: str, stranger: Browser, tmp_path: Path
) -> None:
    with app.app_context():
        report = db.session.scalars(select(FrozenReport)).one()
        content = frozen_file(tmp_path / "frozen", report, "coverage.csv")
    files = {path for path in tmp_path.rglob("*") if path.is_file()}

    def check(content: bytes) -> str:
        data = {"file": (io.BytesIO(content), "any-name.csv")}
        return stranger.client.post(f"/frozen/{code}", data=data, content_type="multipart/form-data").text

    assert "This is coverage.csv of this report" in check(content)
    assert "This is not part of this report" in check(content + b" ")
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == files, "nothing is kept"
    nothing = stranger.client.post(f"/frozen/{code}", data={})
    assert nothing.status_code == 422
    assert "Choose a file first" in nothing.text


def test_a_file_that_is_too_large_is_told(code: str, stranger: Browser) -> None:
    head = b'--part\r\nContent-Disposition: form-data; name="file"; filename="large.bin"\r\n\r\n'
    body = head + b"x" * (21 * 1024 * 1024) + b"\r\n--part--\r\n"
    answer = stranger.client.post(f"/frozen/{code}", data=body, content_type="multipart/form-data; boundary=part")
    assert answer.status_code == 413
    assert "larger than 20" in answer.text


# --- Restated since --------------------------------------------------------------------------------------------------------


def test_a_late_completion_restates_it_on_both_pages_and_a_void_takes_it_back(
    app: Flask, code: str, stranger: Browser, signed_in: Callable[[str], Browser]
) -> None:
    complete(app, "0100")
    outside = stranger.get(f"/frozen/{code}").text
    assert "Restated since" in words(outside)
    assert "1 of 13" in words(outside)
    assert NAME not in outside
    inside = words(signed_in("ben").get(f"/reports/frozen/{code}").text)
    assert "Set Safety, 0 of 13 · 0 %, is now 1 of 13 · 8 %" in inside
    assert NAME in inside
    assert "completion of Safety" in inside
    assert "restated" in words(signed_in("ben").get("/reports/frozen").text)
    dora = signed_in("dora").get(f"/reports/frozen/{code}").text
    assert "1 completion recorded" in words(dora)
    assert NAME not in dora, "a district’s officer sees counts"
    with app.app_context(), writing(alone=True) as session:
        from tracker.models import Completion

        void_completion(session, session.scalars(select(Completion)).one(), "not theirs", OPERATOR, now=now())
    assert "no correction since" in words(stranger.get(f"/frozen/{code}").text)


def test_of_who_has_left_since_nothing_is_listed_by_name(
    app: Flask, crowd: World, signed_in: Callable[[str], Browser]
) -> None:
    code = freeze(signed_in("ben"), as_of=days_ago(8).isoformat())
    left = f"0100,Anna0,{NAME},,80,grip,active,member,2020-01-01,{days_ago(2)},\n"
    with app.app_context(), writing(alone=True) as session:
        import_roster(session, (ROSTER + left).encode(), "left.csv", OPERATOR, today=today(), now=now())
    complete(app, "0100", days=9)
    inside = signed_in("ben").get(f"/reports/frozen/{code}").text
    assert "1 completion recorded" in words(inside), "the figure moved, and the counts say by what"
    assert NAME not in inside
    assert "nothing is listed by name" in inside
    assert NAME in signed_in("sam").get(f"/reports/frozen/{code}").text, "the training staff see whose it is"
    complete(app, "0101", days=9)
    inside = signed_in("ben").get(f"/reports/frozen/{code}").text
    assert "Anna1" in inside
    assert "Anna0" not in inside


def test_a_damaged_file_is_told_and_not_given_out(code: str, signed_in: Callable[[str], Browser], tmp_path: Path) -> None:
    (file,) = (tmp_path / "frozen").rglob("coverage.csv")
    file.write_bytes(file.read_bytes() + b"\n")
    ben = signed_in("ben")
    assert "coverage.csv is not the file that was frozen" in ben.get(f"/reports/frozen/{code}").text
    assert ben.get(f"/reports/frozen/{code}/coverage.csv").status_code == 410
    assert ben.get(f"/reports/frozen/{code}/pack.zip").status_code == 410
    assert ben.get(f"/reports/frozen/{code}/crafts.csv").status_code == 200


def test_when_nothing_is_frozen_the_page_says_what_it_is_for(crowd: World, signed_in: Callable[[str], Browser]) -> None:
    assert "Nothing is frozen yet" in signed_in("dora").get("/reports/frozen").text


def test_a_pack_hides_what_the_map_of_the_district_hides(
    crowd: World, app: Flask, signed_in: Callable[[str], Browser]
) -> None:
    """Each by itself gives nothing away: but what one hides beside a small group, the other would show."""
    sizes = {"80": {"sound": 5, "props": 5}, "600": {"grip": 5, "props": 1}}
    rows = [
        f"{number}{craft}{place},Nell{place},{NAME},,{number},{craft},active,member,2020-01-01,,"
        for number, crafts in sizes.items()
        for craft, people in crafts.items()
        for place in range(people)
    ]
    with app.app_context(), writing(alone=True) as session:
        import_roster(session, (ROSTER + "\n".join(rows)).encode(), "crafts.csv", OPERATOR, today=today(), now=now())
    code = freeze(signed_in("ben"))
    dora = signed_in("dora")
    in_pack = {
        row["craft"]
        for row in csv.DictReader(io.StringIO(dora.get(f"/reports/frozen/{code}/crafts.csv").text))
        if row["path"] == "safe" and row["shown"]
    }
    on_map = set()
    for craft in ("grip", "editing", "sound", "props"):
        rows_of_it = csv.DictReader(io.StringIO(dora.get(f"/reports/coverage.csv?craft={craft}&path=safe&header=no").text))
        if not any(row["unit"] == "80" and row["in_scope"] for row in rows_of_it):
            on_map.add(craft)
    assert "editing" in on_map
    assert len(on_map) > 1
    assert on_map <= in_pack


def test_where_people_stop_is_not_told_of_one_person_by_the_district_less_its_other_locals(
    crowd: World, signed_in: Callable[[str], Browser]
) -> None:
    dora = signed_in("dora")
    told = {
        unit: dora.get(f"/reports/paths/safe/sections.csv?unit={unit}").status_code == 200 for unit in ("2", "80", "600")
    }
    assert told == {"2": True, "80": False, "600": False}, "District 2 less Local 80 is the one person of Local 600"
    assert dora.get("/reports/charts/sections.json?unit=80&path=safe").status_code == 404
    assert signed_in("ben").get("/reports/paths/safe/sections.csv?unit=80").status_code == 200
