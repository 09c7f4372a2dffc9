"""The reports: the figures of the worked example on its pages, and who sees how much of them.

The example of tests/worked_example, and beside it a third district: five locals of one member each, and a sixth of none.
"""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, settings
from python_calamine import CalamineWorkbook

from tracker import create_app
from tracker.cli import main
from tracker.coverage.exports import as_csv
from tracker.coverage.figures import coverage_report
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Assurance, Role
from tracker.models import db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

EXAMPLE = Path(__file__).parents[1] / "worked_example"
DAY = "as_of=2026-02-28"

PEOPLE = {
    "ana": (Role.MEMBER, None),
    "ben": (Role.LOCAL_LEAD, "80"),
    "viv": (Role.LOCAL_VIEWER, "700"),
    "fay": (Role.LOCAL_VIEWER, "301"),
    "ned": (Role.LOCAL_VIEWER, "306"),
    "dora": (Role.DISTRICT_VIEWER, "D2"),
    "sam": (Role.STAFF, None),
    "otto": (Role.AUDITOR, None),
    "ada": (Role.ADMIN, None),
}
UNITS = "number,name,kind,parent,city,region,country,sector,time_zone\n"
ROSTER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"


def load_example(folder: Path) -> None:
    """The worked example, the third district, and people who sign in."""
    (folder / "units.csv").write_text(
        UNITS + "D3,District 3,district,IA,,,,,\n" + "".join(f"30{n},Town {n},local,D3,,,,,\n" for n in range(1, 7))
    )
    names = ["<script>alert(1)</script>,Zed", "=cmd(),Yang", "Xi,Xu", "Wim,Wu", "Val,Vega"]
    (folder / "people.csv").write_text(
        ROSTER
        + "".join(f"90{n},{name},,30{n},grip,active,member,2020-01-01,,yes\n" for n, name in enumerate(names, start=1))
    )
    steps = [
        ["union", "apply", EXAMPLE / "union.csv"],
        ["union", "apply", folder / "units.csv"],
        ["catalogue", "apply", EXAMPLE / "courses.yaml"],
        ["roster", "import", EXAMPLE / "roster.csv"],
        ["roster", "import", folder / "people.csv"],
        ["assign", "ai-fundamentals", "--everyone", "--on", "2026-01-05"],
        ["assign", "set-safety", "--unit", "80", "--on", "2025-01-01", "--due", "2026-03-15"],
        ["assign", "ai-hours", "--craft", "editing", "--on", "2026-01-05"],
        ["assign", "ai-hours", "--member", "0001", "--on", "2026-02-01"],
        ["assign", "ai-hours", "--unit", "15", "--kind", "recommended", "--on", "2026-01-05"],
        ["exempt", "0008", "ai-fundamentals", "--reason", "medical-leave", "--from", "2026-02-01", "--until", "2026-06-01"],
        ["completions", "import", EXAMPLE / "completions.csv"],
    ]
    for step in steps:
        done = CliRunner().invoke(main, [str(each) for each in step], catch_exceptions=False)
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Loaded once: reports only read."""
    folder = tmp_path_factory.mktemp("reports")
    shutil.copy(sqlite_template, folder / "tracker.db")
    environment = {"DATABASE_URL": f"sqlite:///{folder}/tracker.db", "TRACKER_INSTANCE": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**environment, "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}.items():
            patch.setenv(name, value)
        load_example(folder)
    app = create_app(settings(folder, DATABASE_URL=environment["DATABASE_URL"]))
    hashed = password_hash(PASSWORD, "")
    with app.app_context(), writing() as session:
        for name, (role, number) in PEOPLE.items():
            unit = find_unit(session, number) if number else None
            member = find_member(session, "0001") if role is Role.MEMBER else None
            member_id = member.member_id if member else None
            user = add_user(session, f"{name}@example.org", role, unit, member_id, OPERATOR, LONG_AGO)
            user.password_hash = hashed
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def browsers(app: Flask) -> dict[str, Browser]:
    return {}


@pytest.fixture
def as_reader(app: Flask, browsers: dict[str, Browser]) -> Callable[[str], Browser]:
    """A browser in which someone is signed in: once each."""

    def open_browser(name: str) -> Browser:
        if name not in browsers:
            browsers[name] = Browser(app.test_client())
            assert browsers[name].sign_in(name).status_code == 303
        return browsers[name]

    return open_browser


Reader = Callable[[str], Browser]


def text_of(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).replace("\u00a0", " ")


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a report's CSV file: what heads it ends with an empty line."""
    return list(csv.DictReader(io.StringIO(text.split("\n\n", 1)[-1])))


def member_id(app: Flask, number: str) -> int:
    with app.app_context():
        found = find_member(db.session(), number)
        assert found is not None
        return found.member_id


# --- Who may see what ----------------------------------------------------------------------------------------------

STATUS = [
    # page, then who sees it; everyone else is told that there is no such page
    ("/reports/", {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}),
    ("/reports/coverage.csv", {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}),
    ("/reports/coverage.xlsx", {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}),
    ("/reports/paths/ai-fundamentals", {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}),
    ("/reports/paths/ai-fundamentals.csv", {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}),
    ("/reports/locals/80", {"ben", "dora", "sam", "otto"}),
    ("/reports/locals/80.csv", {"ben", "dora", "sam", "otto"}),
    ("/reports/locals/80.xlsx", {"ben", "dora", "sam", "otto"}),
    (f"/reports/locals/80/members.csv?{DAY}", {"ben", "sam", "otto"}),
    (f"/reports/locals/80/members.xlsx?{DAY}", {"ben", "sam", "otto"}),
    ("/reports/locals/700", {"viv", "dora", "sam", "otto"}),
    ("/reports/locals/15", {"sam", "otto"}),
    ("/reports/locals/306", {"ned", "sam", "otto"}),
    ("/reports/districts/2", {"ben", "viv", "dora", "sam", "otto"}),
    ("/reports/districts/D2.csv", {"ben", "viv", "dora", "sam", "otto"}),
    ("/reports/districts/1", {"sam", "otto"}),
    ("/reports/districts/3", {"fay", "ned", "sam", "otto"}),
    ("/reports/districts/IA", set()),
    ("/reports/districts/80", set()),
    ("/reports/locals/D2", set()),
    ("/reports/locals/nowhere", set()),
    ("/reports/locals/%00", set()),
    ("/reports/paths/nothing", set()),
    ("/reports/paths/%00", set()),
    ("/reports/members/1/ai-fundamentals", set()),
]


@pytest.mark.parametrize(("path", "readers"), STATUS)
def test_who_may_open_which_report(as_reader: Reader, path: str, readers: set[str]) -> None:
    seen = {name for name in PEOPLE if as_reader(name).get(path).status_code == 200}
    assert seen == readers
    assert all(as_reader(name).get(path).status_code in (200, 404) for name in PEOPLE)


def test_a_member_is_told_only_to_those_who_may_see_names(app: Flask, as_reader: Reader) -> None:
    gus, ben, dov = (member_id(app, number) for number in ("0007", "0002", "0004"))

    def seen(path: str) -> set[str]:
        return {name for name in PEOPLE if as_reader(name).get(path).status_code == 200}

    assert seen(f"/reports/members/{gus}/set-safety?{DAY}") == {"ben", "sam", "otto"}
    assert seen(f"/reports/members/{ben}/ai-fundamentals?{DAY}") == {"ben", "viv", "sam", "otto"}, "two cards, two officers"
    assert seen(f"/reports/members/{dov}/ai-fundamentals?{DAY}") == {"viv", "sam", "otto"}
    assert seen(f"/reports/members/{member_id(app, '0003')}/ai-fundamentals?as_of=2026-05-01") == {"sam", "otto"}, "left 700"
    assert seen(f"/reports/members/{gus}/nothing") == set()


def test_an_officer_reads_no_reason_of_another_local_and_no_medical_one(app: Flask, as_reader: Reader) -> None:
    ben, hal = member_id(app, "0002"), member_id(app, "0008")
    hours = f"/reports/members/{ben}/ai-hours?{DAY}"
    assert "required for the craft editing" in text_of(as_reader("viv").get(hours).text)
    assert "required for the craft editing" not in text_of(as_reader("ben").get(hours).text)
    assert "No one here asks it of Ben" in text_of(as_reader("ben").get(hours).text)
    assert "Local 700" not in as_reader("ben").get(hours).text
    excused = f"/reports/members/{hal}/ai-fundamentals?{DAY}"
    assert "medical-leave" in as_reader("sam").get(excused).text
    page = as_reader("ben").get(excused)
    assert page.status_code == 200
    assert "medical-leave" not in page.text
    assert "Hal is exempt" in text_of(page.text)


def test_a_district_viewer_sees_figures_and_no_names(as_reader: Reader) -> None:
    page = as_reader("dora").get(f"/reports/locals/80?{DAY}&path=ai-fundamentals&q=ana&state=complete")
    said = text_of(page.text)
    assert "2 of 3 · 67 %" in said
    assert not re.search(r"Ana|Ben|Gus|Hal|/reports/members/", page.text)
    assert "Names are for the local’s own officers" in said
    assert "/reports/members/" not in as_reader("sam").get(f"/reports/districts/2?{DAY}").text


def test_an_officer_sees_their_local_and_totals_of_five_locals_at_least(as_reader: Reader) -> None:
    fay = text_of(as_reader("fay").get(f"/reports/?{DAY}").text)
    assert "Local 301" in fay
    assert "Local 302" not in fay
    assert "AI Fundamentals 0 of 5 · 0 %" in fay, "of District 3: five locals contribute"
    assert "AI Fundamentals 3 of 11 · 27 %" in fay, "of the union"
    assert "Hidden: Two hours of AI, Set Safety." in fay
    lines = {(row["unit"], row["path"]) for row in rows_of(as_reader("fay").get(f"/reports/coverage.csv?{DAY}").text)}
    assert lines == {("301", "ai-fundamentals"), ("301", "ai-hours"), ("301", "set-safety")} | {
        ("D3", "ai-fundamentals"),
        ("IA", "ai-fundamentals"),
    }
    ben = text_of(as_reader("ben").get(f"/reports/districts/2?{DAY}").text)
    assert "on this day there are fewer" in ben, "two locals only"
    assert "%" not in ben
    assert rows_of(as_reader("ben").get(f"/reports/districts/D2.csv?{DAY}").text) == []
    assert "hidden: fewer than five locals" in as_reader("ben").get(f"/reports/locals/80?{DAY}").text


# --- The figures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["2026-02-04", "2026-02-28", "2026-03-01", "2026-08-31", "0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("floor", ["claimed", "reviewed", "provider"])
def test_the_file_of_all_that_staff_see_is_the_command_lines(app: Flask, as_reader: Reader, day: str, floor: str) -> None:
    answer = as_reader("sam").get(f"/reports/coverage.csv?header=no&as_of={day}&floor={floor}")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    with app.app_context():
        asked = date.fromisoformat(min(day, "9999-12-30"))
        assert answer.text == as_csv(coverage_report(db.session(), as_of=asked, floor=Assurance.from_word(floor)))


def test_the_file_is_the_page(as_reader: Reader) -> None:
    sam = as_reader("sam")
    for query in (DAY, f"{DAY}&kind=local", f"{DAY}&district=D2", f"{DAY}&q=studio", f"{DAY}&path=ai-hours"):
        page = sam.get(f"/reports/?{query}").text
        cell = r'href="(?:local|district)s/([^?"]+)\?path=([^&"]+)[^"]*">\d+ %<small>([^<]+)<'
        shown = set(re.findall(cell, page))
        told = {
            (row["unit"], row["path"], f"{row['covered']} of {row['in_scope']}")
            for row in rows_of(sam.get(f"/reports/coverage.csv?{query}").text)
            if row["unit"] != "IA" and row["in_scope"] != "0"
        }
        assert shown == told
        assert shown


def test_a_workbook_holds_the_same_numbers(as_reader: Reader) -> None:
    answer = as_reader("ben").get(f"/reports/locals/80.xlsx?{DAY}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    head = next(place for place, row in enumerate(rows) if row[0] == "path")
    assert [row[:5] for row in rows[head + 1 :]] == [
        ["ai-fundamentals", "80", "local", 3, 2],
        ["ai-hours", "80", "local", 1, 1],
        ["set-safety", "80", "local", 4, 3],
    ]


def test_a_local_says_its_figures_and_why(as_reader: Reader) -> None:
    said = text_of(as_reader("ben").get(f"/reports/locals/80?{DAY}&path=ai-fundamentals").text)
    assert said.count("Local 80 · Studio Grips") == 2  # heading and title
    assert "As of 28 February 2026, counting what is reviewed or surer." in said
    assert "2 of 3 · 67 %" in said
    assert "80 %: 1 to go" in said
    assert "Target 80 %: 1 person to go" in said
    assert "hold a card here on 28 February 2026 4 exempt from this path −1 in scope 3" in said
    assert "all 3 complete 1 complete by" not in said
    assert "all 3 complete 2 not started 1" in said
    hidden = "hidden: fewer than five locals"
    assert f"Set Safety 3 of 4 · 75 % 100 %: 1 to go {hidden} {hidden}" in said


def test_the_members_of_a_local_with_their_states(as_reader: Reader) -> None:
    ben = as_reader("ben")
    said = text_of(ben.get(f"/reports/locals/80?{DAY}&path=set-safety").text)
    assert "all 4 complete 1 expiring 2 due soon 1" in said
    for line in ("Ana Example grip active expiring", "Hal Example grip active due soon 2 courses · 840 min 15 March 2026"):
        assert line in said
    only = text_of(ben.get(f"/reports/locals/80?{DAY}&path=set-safety&state=due+soon").text)
    assert "Hal Example" in only
    assert "Ana Example" not in only
    found = text_of(ben.get(f"/reports/locals/80?{DAY}&path=set-safety&q=0007").text)
    assert "Gus Example" in found
    assert "Hal Example" not in found
    assert "No member matches" in ben.get(f"/reports/locals/80?{DAY}&path=set-safety&q=%25").text
    equivalent = text_of(ben.get(f"/reports/locals/80?{DAY}&path=ai-fundamentals").text)
    assert "Ben Example grip active complete by equivalent" in equivalent
    later = text_of(ben.get("/reports/locals/80?as_of=2026-03-01&path=set-safety").text)
    assert "Gus Example grip active expired 1 course · 240 min 15 March 2026" in later
    overdue = text_of(ben.get("/reports/locals/80?as_of=2026-03-16&path=set-safety&state=overdue").text)
    assert "Hal Example grip active overdue" in overdue


def test_the_call_list_is_the_members_of_the_page(as_reader: Reader) -> None:
    listed = rows_of(as_reader("ben").get(f"/reports/locals/80/members.csv?{DAY}&path=set-safety&state=due+soon").text)
    assert [(row["member_number"], row["state"], row["courses_to_go"], row["due_on"]) for row in listed] == [
        ("0008", "due soon", "2", "2026-03-15")
    ]


def test_why_a_member_is_in_a_state(app: Flask, as_reader: Reader) -> None:
    def said(number: str, path: str, query: str = DAY) -> str:
        return text_of(as_reader("ben").get(f"/reports/members/{member_id(app, number)}/{path}?{query}").text)

    assert "Ana holds this path complete" in said("0001", "ai-fundamentals")
    assert "by equivalent: AI for Creative Professionals" in said("0002", "ai-fundamentals")
    assert "Gus held this path, and it has lapsed: 1 of 2 courses counts, due 15 March 2026." in said(
        "0007", "set-safety", "as_of=2026-03-01"
    )
    assert "required by Local 80, since 1 January 2025" not in said("0007", "ai-fundamentals")
    assert "required by Local 80, since 1 January 2025, due 15 March 2026" in said("0007", "set-safety")
    assert "Ana has logged all it takes" in said("0001", "ai-fundamentals", "as_of=2026-02-04")
    assert "Ana holds this path complete" in said("0001", "ai-fundamentals", "as_of=2026-02-04&floor=claimed")


def test_a_path_ranks_its_locals(as_reader: Reader) -> None:
    def locals_of(name: str, query: str) -> list[str]:
        page = as_reader(name).get(f"/reports/paths/ai-fundamentals?{query}").text
        return re.findall(r'<th scope="row"[^>]*><a href="/reports/locals/([^?"]+)', page)

    zero = ["15", "301", "302", "303", "304", "305"]
    assert locals_of("sam", DAY) == [*zero, "80", "700"]
    assert locals_of("sam", f"{DAY}&sort=highest") == ["80", "700", *zero]
    assert locals_of("sam", f"{DAY}&sort=unit") == ["15", "80", "301", "302", "303", "304", "305", "700"]
    assert locals_of("dora", DAY) == ["80", "700"]


def test_the_map_sorts_as_asked(as_reader: Reader) -> None:
    def units(query: str) -> list[str]:
        page = as_reader("sam").get(f"/reports/?{DAY}&kind=local&{query}").text
        return re.findall(r'<th scope="row"><a href="locals/([^?"]+)', page)

    towns = [f"30{n}" for n in range(1, 7)]
    assert units("") == ["15", "80", *towns, "700"]
    assert units("sort=district") == ["15", "80", "700", *towns]
    assert units("sort=-ai-fundamentals")[:2] == ["80", "700"]
    assert units("sort=ai-fundamentals")[-3:] == ["80", "700", "306"], "no one in scope is no share"
    assert units("q=studio") == ["80"]
    assert units("sort=district&after=700") == towns


def test_locals_add_up_to_more_than_the_union_by_second_cards(as_reader: Reader) -> None:
    said = text_of(as_reader("sam").get(f"/reports/?{DAY}").text)
    assert "AI Fundamentals 3 of 11 · 27 % 80 %: 6 to go 0 of 8 12 ( 1 more )" in said, "Ben holds cards in 80 and in 700"
    assert "the locals add up to 1 more than the union’s 11 people: so many second cards" in said


# --- What may be asked ---------------------------------------------------------------------------------------------

PAGES = ("/reports/", "/reports/coverage.csv", "/reports/locals/80", "/reports/locals/80.csv", "/reports/districts/2")


@pytest.mark.parametrize("path", [*PAGES, "/reports/paths/ai-hours", "/reports/locals/80/members.csv"])
@pytest.mark.parametrize(
    "query",
    ["as_of=x", "as_of=2026-02-30", "as_of=20260101", "as_of=2026-1-1", "as_of=%00", "known=now", "floor=sure", "floor=2"],
)
def test_what_makes_no_sense_is_refused_in_words(as_reader: Reader, path: str, query: str) -> None:
    answer = as_reader("sam").get(f"{path}?{query}")
    assert answer.status_code == 400
    assert "makes no sense as" in answer.text


@pytest.mark.parametrize("query", ["sort=colour", "kind=union", "district=D9", "path=nothing"])
def test_an_unknown_choice_is_refused_in_words(as_reader: Reader, query: str) -> None:
    assert "makes no sense as" in as_reader("sam").get(f"/reports/?{query}").text


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "query",
    [
        "", "as_of=", "as_of=0001-01-01", "as_of=9999-12-31", "known=0001-01-01", "known=9999-12-31", "q=%00%F0%9F%8E%AD",
        "after=x", "after=99999999999999999999", "floor=REVIEWED", "as_of=2026-02-28&as_of=x", "q=%ED%A0%80",
        "q=" + "a" * 5000,
    ],
)  # fmt: skip
def test_every_day_can_be_asked(as_reader: Reader, path: str, query: str) -> None:
    assert as_reader("sam").get(f"{path}?{query}").status_code == 200


def test_nobody_was_known_before_anything_was_recorded(as_reader: Reader) -> None:
    said = text_of(as_reader("ben").get(f"/reports/locals/80?{DAY}&known=2020-01-01&path=set-safety").text)
    assert "No one here is asked for a path" in said
    assert "No one holds a card here" in said


def test_links_keep_what_was_asked(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/?{DAY}&floor=claimed").text
    assert 'href="locals/80?path=ai-fundamentals&amp;as_of=2026-02-28&amp;floor=claimed#path"' in page


# --- What must never happen ----------------------------------------------------------------------------------------


def test_markup_in_a_name_stays_text_and_a_formula_stays_text(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/locals/301?{DAY}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Zed" in page
    echoed = as_reader("sam").get(f"/reports/?{DAY}&q=%22%3E%3Cscript%3E").text
    assert "<script>" not in echoed
    listed = as_reader("sam").get(f"/reports/locals/302/members.csv?{DAY}").text
    assert "'=cmd()" in listed


def test_a_local_with_nobody_says_so(as_reader: Reader) -> None:
    said = text_of(as_reader("ned").get(f"/reports/locals/306?{DAY}").text)
    assert "No one here is asked for a path on 28 February 2026" in said
    chosen = text_of(as_reader("ned").get(f"/reports/locals/306?{DAY}&path=ai-fundamentals").text)
    assert "No one in scope" in chosen
    assert "No one holds a card here on 28 February 2026" in chosen
    assert "0 %" not in chosen


@pytest.mark.parametrize("path", ["", "locals/80", "districts/2", "paths/ai-hours"])
def test_no_report_carries_its_own_style_or_script(as_reader: Reader, path: str) -> None:
    page = as_reader("sam").get(f"/reports/{path}?{DAY}").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"""(?:href|src|action)=["']?(?:[a-z]+:)?//""", page)


def test_an_empty_union_is_told_the_next_step(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path))
    with app.app_context():
        db.create_all()
        with writing() as session:
            user = add_user(session, "sam@example.org", Role.STAFF, None, None, OPERATOR, LONG_AGO)
            user.password_hash = password_hash(PASSWORD, "")
    sam = Browser(app.test_client())
    sam.sign_in("sam")
    assert "tracker catalogue apply" in sam.get("/reports/").text
    assert sam.get("/reports/coverage.csv?header=no").text.count("\n") == 1


def test_a_search_that_finds_no_local_says_so(as_reader: Reader) -> None:
    answer = as_reader("sam").get(f"/reports/paths/ai-fundamentals?{DAY}&q=zzz")
    assert answer.status_code == 200
    assert "No local with anyone in scope matches" in answer.text


@pytest.mark.parametrize("path", ["/reports/", "/reports/locals/80", "/reports/paths/ai-fundamentals"])
def test_choosing_the_colours_leads_back_to_the_page(as_reader: Callable[[str], Browser], path: str) -> None:
    assert f'name="next" value="{path}"' in as_reader("sam").get(path).text
