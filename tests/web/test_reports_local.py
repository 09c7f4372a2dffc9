"""A local's page: the answer, whom it leaves out and who they are, what outsiders do not see, whom to call, and why."""

from __future__ import annotations

import html
import io
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from little_union import LONG_AGO, PASSWORD, Browser, settings
from python_calamine import CalamineWorkbook
from test_reports import rows_of, text_of

from tracker import create_app
from tracker.config import shipped
from tracker.coverage.catalogue import find_course, find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import Assurance, Role
from tracker.intake.imports import import_completions, import_roster
from tracker.intake.units import read_units
from tracker.models import Completion, Review, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.assignments import Plan, assign_path, exempt_member
from tracker.operations.catalogue import apply_catalogue
from tracker.operations.completions import log_completion, void_completion
from tracker.operations.passwords import password_hash
from tracker.operations.reviewing import decide_claim
from tracker.operations.union import apply_units

DAY = "as_of=2026-03-01&path=ai"
TODAY = date(2026, 3, 1)
UNITS = """number,name,kind,parent
IA,The union,international,
D1,District 1,district,IA
D2,District 2,district,IA
80,Grips and a name that goes on for very much longer than anyone would have thought possible,local,D1
81,Two,local,D1
82,Three,local,D1
83,Four,local,D1
84,Five,local,D1
90,Alone,local,D2
D3,District 3,district,IA
91,Seconds,local,D3
"""
COURSES = """
principles:
  - {code: education, number: 4, title: Education, text: "Members have a right to training."}
courses:
  - {code: basics, title: AI Basics, provider: LinkedIn Learning, minutes: 60, language: en}
  - {code: ethics, title: AI Ethics, provider: LinkedIn Learning, minutes: 45, language: en}
  - code: creatives
    title: AI for Creatives
    provider: Training Trust Fund
    minutes: 240
    language: en
    satisfies: [{course: basics}]
paths:
  - code: ai
    title: AI Fundamentals
    principle: education
    version: 1
    target: 0.5
    lookback_months: 24
    sections:
      - {title: Foundations, need: all, courses: [basics, ethics]}
  - code: free
    title: No target
    principle: education
    version: 1
    sections:
      - {title: Foundations, need: all, courses: [ethics]}
"""
PEOPLE = {
    "ben": (Role.LOCAL_LEAD, "80"),
    "viv": (Role.LOCAL_VIEWER, "80"),
    "una": (Role.LOCAL_VIEWER, "90"),
    "sue": (Role.LOCAL_VIEWER, "91"),
    "dora": (Role.DISTRICT_VIEWER, "D1"),
    "sam": (Role.STAFF, None),
    "otto": (Role.AUDITOR, None),
}
CARDS = [
    *((f"1{n:02}", f"Grip{n}", "80", "grip", "active") for n in range(1, 9)),
    *((f"2{n:02}", f"Rig{n}", "80", "rigging", "active") for n in range(1, 7)),
    *((f"3{n:02}", f"Sound{n}", "80", "sound", "active") for n in range(1, 3)),
    ("401", "Will", "80", "grip", "withdrawn"),
    ("402", "Ron", "80", "grip", "retired"),
    *((f"5{local}{n}", f"Other{n}", f"8{local}", "grip", "active") for local in range(1, 5) for n in range(1, 6)),
    ("901", "Lone", "90", "grip", "active"),
]
SECOND_CARDS = ("107", "108")  # grips of Local 80, in Local 91 too


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _load() -> None:
    then = moment("2026-01-02T09:00")
    with writing(alone=True) as session:
        policy = shipped("policy.yaml").read_text()
        apply_units(session, read_units(UNITS.encode(), "union.csv"), UNITS, policy, OPERATOR, today=TODAY, now=then)
        apply_catalogue(session, read_catalogue(COURSES, "c"), COURSES, policy, OPERATOR, today=TODAY, now=then)
    head = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
    rows = "".join(
        f"{number},{name},Example,,{local},{craft},{status},member,2020-01-01,,yes\n"
        for number, name, local, craft, status in CARDS
    ) + "".join(f"{number},Grip{number[-1]},Example,,91,sound,active,member,2020-01-01,,no\n" for number in SECOND_CARDS)
    with writing(alone=True) as session:
        import_roster(session, (head + rows).encode(), "roster.csv", OPERATOR, today=TODAY, now=then)
    with writing(alone=True) as session:
        path = find_path(session, "ai")
        assert path
        plan = Plan(path, on=date(2026, 1, 5), everyone=True, due_on=date(2026, 3, 20))
        assign_path(session, plan, OPERATOR, today=TODAY, now=then)
        for code in ("ai", "free"):
            path = find_path(session, code)
            plan = Plan(path, on=date(2026, 1, 5), units=[find_unit(session, "91")], due_on=date(2026, 2, 1))
            assign_path(session, plan, OPERATOR, today=TODAY, now=then)
    with writing() as session:
        for number, code, local in (("106", "ai", None), ("107", "ai", "91"), ("107", "free", "91")):
            member, path = find_member(session, number), find_path(session, code)
            assert member
            assert path
            exempt_member(
                session,
                member=member,
                path=path,
                reason="leave",
                from_on=date(2026, 1, 5),
                until_on=None,
                unit=find_unit(session, local) if local else None,
                actor=OPERATOR,
                now=then,
            )
    done = [(f"10{n}", course) for n in (1, 2, 3) for course in ("basics", "ethics")] + [("104", "basics")]
    done += [
        (f"5{local}{n}", course) for local in range(1, 5) for n in range(1, local + 1) for course in ("basics", "ethics")
    ]
    csv = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n" + "".join(
        f"{number},,{course},2026-01-20,provider,,\n" for number, course in done
    )
    with writing(alone=True) as session:
        at = moment("2026-02-01T09:00")
        import_completions(session, csv.encode(), "linkedin-january.csv", OPERATOR, today=TODAY, now=at)
    log("201", "creatives", Assurance.CLAIMED, "2026-02-03T09:00", evidence="https://example.org/proof")
    log("201", "ethics", Assurance.CLAIMED, "2026-02-03T09:00")
    log("105", "basics", Assurance.REVIEWED, "2026-02-10T09:00", source="staff")
    log("401", "basics", Assurance.CLAIMED, "2026-02-03T09:00", evidence="https://example.org/seen")
    with writing() as session:
        member, staff = find_member(session, "401"), Actor(None, "staff", "sam@example.org")
        assert member
        (claim,) = session.query(Completion).filter_by(member_id=member.member_id).all()
        decide_claim(
            *(session, claim, Review.ACCEPTED), words="he was on sick leave", actor=staff, now=moment("2026-02-05T09:00")
        )
    with writing() as session:
        member = find_member(session, "105")
        assert member
        (wrong,) = session.query(Completion).filter_by(member_id=member.member_id).all()
        void_completion(session, wrong, "of someone with the same name", OPERATOR, now=moment("2026-02-20T09:00"))


def log(number: str, course: str, assurance: Assurance, at: str, evidence: str = "", source: str = "self") -> None:
    with writing() as session:
        log_completion(
            session,
            member=find_member(session, number),
            course=find_course(session, course),
            completed_on=date(2026, 1, 25),
            assurance=assurance,
            actor=Actor(None, "member", "someone"),
            today=TODAY,
            now=moment(at),
            evidence_url=evidence,
            source=source,
        )


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Loaded once: reports only read."""
    folder = tmp_path_factory.mktemp("local")
    shutil.copy(sqlite_template, folder / "tracker.db")
    app = create_app(settings(folder, DATABASE_URL=f"sqlite:///{folder}/tracker.db"))
    with app.app_context():
        _load()
        with writing() as session:
            for name, (role, number) in PEOPLE.items():
                unit = find_unit(session, number) if number else None
                user = add_user(session, f"{name}@example.org", role, unit, None, OPERATOR, LONG_AGO)
                user.password_hash = password_hash(PASSWORD, "")
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def browsers() -> dict[str, Browser]:
    return {}


@pytest.fixture
def as_reader(app: Flask, browsers: dict[str, Browser]) -> Callable[[str], Browser]:
    def open_browser(name: str) -> Browser:
        if name not in browsers:
            browsers[name] = Browser(app.test_client())
            assert browsers[name].sign_in(name).status_code == 303
        return browsers[name]

    return open_browser


Reader = Callable[[str], Browser]


def member_id(app: Flask, number: str) -> int:
    with app.app_context():
        found = find_member(db.session(), number)
        assert found
        return found.member_id


# --- The answer ----------------------------------------------------------------------------------------------------


def test_the_answer_comes_first_with_its_target_and_the_districts_median(as_reader: Reader) -> None:
    said = text_of(as_reader("ben").get(f"/reports/locals/80?{DAY}").text)
    assert "20 % · 3 of 15 in scope Target 50 %: 5 people to go" in said
    assert "5 people to go by provider 3 reviewed 0 claimed 1 | target 50 %" in said
    # the shares are 3/15, 1/5, 2/5, 3/5, 4/5
    assert "District 1: median of its 5 locals 40 %" in said
    assert "District 1: 13 of 35 · 37 %" in said
    assert "hold a card here on 1 March 2026 18" in said
    assert "with the status withdrawn −1 with the status retired −1 exempt from this path −1 in scope 15" in said
    assert "due soon 11 11 have until 20 March 2026" in said


def test_a_local_of_a_district_with_fewer_than_five_sees_no_median(as_reader: Reader) -> None:
    assert "median" not in text_of(as_reader("una").get(f"/reports/locals/90?{DAY}").text).casefold()
    assert "median of its 1 local 0 %" in text_of(as_reader("sam").get(f"/reports/locals/90?{DAY}").text)


def test_overdue_is_counted_with_its_day(as_reader: Reader) -> None:
    said = text_of(as_reader("ben").get("/reports/locals/80?as_of=2026-03-21&path=ai").text)
    assert "overdue 11 11 had until 20 March 2026" in said


def test_the_page_fetches_how_many_are_within_one_hour(as_reader: Reader) -> None:
    page = as_reader("ben").get(f"/reports/locals/80?{DAY}").text
    later = re.search(r'data-later="([^"]+)"', page)
    assert later
    assert as_reader("ben").get(html.unescape(later[1])).text == (
        ", 2 of them within one hour (1 of these only waits for review)"
    )
    assert as_reader("ben").get("/reports/locals/80/nearest?path=free").text == ""


# --- Who they are --------------------------------------------------------------------------------------------------


def test_every_group_left_out_opens_to_its_names(as_reader: Reader) -> None:
    ben = as_reader("ben")
    page = ben.get(f"/reports/locals/80?{DAY}").text
    links = [html.unescape(link) for link in re.findall(r'href="([^"]*left_out=[^"]*)"', page)]
    assert len(links) == 3
    named = [re.findall(r"([A-Z][a-z]+\d?) Example (\w+) (\w+)", text_of(ben.get(link).text)) for link in links]
    assert named == [[("Will", "grip", "withdrawn")], [("Ron", "grip", "retired")], [("Grip6", "grip", "active")]]
    assert "No member matches" in ben.get(f"/reports/locals/80?{DAY}&left_out=not+asked").text
    assert ben.get(f"/reports/locals/80?{DAY}&left_out=nonsense").status_code == 400
    listed = rows_of(ben.get(f"/reports/locals/80/members.csv?{DAY}&left_out=exempt").text)
    assert [(row["first_name"], row["state"]) for row in listed] == [("Grip6", "exempt")]
    outside = as_reader("dora").get(f"/reports/locals/80?{DAY}&left_out=withdrawn").text
    assert "Will" not in outside


def test_the_members_of_a_craft_are_those_its_figure_counts(as_reader: Reader) -> None:
    ben = as_reader("ben")
    said = text_of(ben.get(f"/reports/locals/80?{DAY}&craft=grip").text)
    assert "Members: grip Show every craft all 7 complete 3" in said
    assert not re.search(r"Rig\d", said)
    assert "Grip8 Example" in said
    assert "all 1 in progress 1" not in said
    listed = rows_of(ben.get(f"/reports/locals/80/members.csv?{DAY}&craft=grip&state=complete").text)
    assert [row["first_name"] for row in listed] == ["Grip1", "Grip2", "Grip3"]
    assert ben.get(f"/reports/locals/80?{DAY}&craft=nothing").status_code == 400
    assert rows_of(ben.get(f"/reports/locals/80/members.csv?{DAY}&craft=grip&known=2020-01-01").text) == []


def test_the_craft_as_it_was_known_is_counted_from_the_facts(as_reader: Reader) -> None:
    ben = as_reader("ben")
    for craft, number in (("grip", 7), ("rigging", 6), ("sound", 2)):
        for known in ("2026-02-15", "2026-03-01"):
            rows = rows_of(ben.get(f"/reports/locals/80/members.csv?{DAY}&craft={craft}&known={known}").text)
            assert len(rows) == number


# --- From outside ----------------------------------------------------------------------------------------------------


def test_a_reader_from_outside_sees_no_small_group_and_cannot_work_one_out(as_reader: Reader) -> None:
    said = text_of(as_reader("dora").get(f"/reports/locals/80?{DAY}").text)
    assert "20 % · 3 of 15 in scope" in said
    crafts = dict(re.findall(r"(grip|rigging|sound) (hidden|\d+ of \d+)", said))
    assert crafts["sound"] == "hidden"
    assert list(crafts.values()).count("hidden") >= 2, "another hides it"
    assert "Fewer than 5 who hold a card here on 1 March 2026 are left out" in said
    assert "complete 3" in said, "the figure tells it above"
    assert re.search(r"(in progress|not started|overdue|due soon) \(hidden\)", said)
    assert not re.search(r"(in progress|not started|overdue|due soon) \d", said), (
        "taken from the district's it would tell another local's"
    )
    assert "so that no group of fewer than 5 people can be told" in said
    assert "data-later" not in as_reader("dora").get(f"/reports/locals/80?{DAY}").text
    own = text_of(as_reader("ben").get(f"/reports/locals/80?{DAY}").text)
    assert "sound 0 of 2 · 0 %" in own
    assert "can be told" not in own


def test_the_file_hides_what_the_page_hides(as_reader: Reader) -> None:
    def crafts(reader: str) -> dict[object, object]:
        answer = as_reader(reader).get(f"/reports/locals/80.xlsx?{DAY}")
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
        rows = book.get_sheet_by_name(next(name for name in book.sheet_names if name.startswith("By craft"))).to_python()
        return {row[0]: row[1] for row in rows if row[0] in ("grip", "rigging", "sound")}

    assert crafts("ben") == {"grip": 7, "rigging": 6, "sound": 2}
    assert crafts("dora")["sound"] == ""
    assert list(crafts("dora").values()).count("") >= 2


@pytest.mark.parametrize(
    ("page", "readers"),
    [
        (f"/reports/locals/80/push?{DAY}", {"ben", "viv", "sam", "otto"}),
        (f"/reports/locals/80/push.csv?{DAY}", {"ben", "viv", "sam", "otto"}),
        (f"/reports/locals/80/push.xlsx?{DAY}", {"ben", "viv", "sam", "otto"}),
        (f"/reports/locals/80/nearest?{DAY}", {"ben", "viv", "sam", "otto"}),
        (f"/reports/locals/80/members.csv?{DAY}", {"ben", "viv", "sam", "otto"}),
        (f"/reports/districts/1/push?{DAY}", {"sam", "otto"}),
        (f"/reports/districts/1/push.csv?{DAY}", {"sam", "otto"}),
        ("/reports/locals/D1/push", set()),
        ("/reports/districts/80/push", set()),
        ("/reports/locals/nowhere/push", set()),
    ],
)
def test_who_may_see_whom_to_call(as_reader: Reader, page: str, readers: set[str]) -> None:
    assert {name for name in PEOPLE if as_reader(name).get(page).status_code == 200} == readers


# --- Whom to call ----------------------------------------------------------------------------------------------------


def test_whom_to_call_in_words_and_names(as_reader: Reader) -> None:
    ben = as_reader("ben")
    said = text_of(ben.get(f"/reports/locals/80/push?{DAY}").text)
    assert "5 people take Local 80 to 50 %; 1 of them is one 45-minute course away; 1 of them only waits for review." in said
    assert "AI Fundamentals: 3 of 15 · 20 % now, 8 of 15 · 53 % once they have finished." in said
    assert "AI Basics · AI Ethics 105 min 3 AI Ethics 45 min 1" in said
    assert "to call 4 no call needed 1" in said
    assert "Grip4 Example 104 · grip AI Ethics 45 min has until 20 March 2026" in said
    assert "7 more people could finish too" in said
    waits = text_of(ben.get(f"/reports/locals/80/push?{DAY}&who=waiting").text)
    assert "Rig1 Example 201 · rigging waits for review: " in waits
    assert "the training staff have yet to review what they logged" in waits
    assert "/staff/reviews" in as_reader("sam").get(f"/reports/locals/80/push?{DAY}&who=waiting").text
    listed = rows_of(ben.get(f"/reports/locals/80/push.csv?{DAY}").text)
    assert [(row["member_number"], row["call"], row["minutes"]) for row in listed] == [
        ("104", "yes", "45"),
        ("105", "yes", "105"),
        ("107", "yes", "105"),
        ("108", "yes", "105"),
        ("201", "no", "0"),
    ]


def test_another_target_and_one_that_makes_no_sense(as_reader: Reader) -> None:
    ben = as_reader("ben")
    assert "11 more people" not in ben.get(f"/reports/locals/80/push?{DAY}&target=100").text
    assert "12 people take Local 80 to 100 %" in text_of(ben.get(f"/reports/locals/80/push?{DAY}&target=100").text)
    assert "1 person takes Local 80 to 25 %" in text_of(ben.get(f"/reports/locals/80/push?{DAY}&target=25%25").text)
    assert "Local 80 has reached 20 %" in text_of(ben.get(f"/reports/locals/80/push?{DAY}&target=20").text)
    for wrong in ("0", "101", "-5", "half", "1e2", "٥"):
        answer = ben.get(f"/reports/locals/80/push?{urlencode({'path': 'ai', 'target': wrong})}")
        assert answer.status_code == 400
        assert "Write a whole percent from 1 to 100." in text_of(answer.text)
    assert "No target has no target of its own" in text_of(ben.get("/reports/locals/80/push?path=free").text)
    assert ben.get("/reports/locals/80/push.csv?path=free").status_code == 404
    assert "is in scope of No target" in text_of(ben.get("/reports/locals/80/push?path=free&target=50").text)


def test_how_many_calls_in_each_local_without_a_name(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/districts/1/push?{DAY}").text
    said = text_of(page)
    assert "8 people take the locals of District 1 to 50 % each" in said
    assert "81 · Two" in said.replace("Local ", "")
    assert not re.search(r"Grip\d|Rig\d|Other\d|/reports/members/", page)
    rows = rows_of(as_reader("otto").get(f"/reports/districts/1/push.csv?{DAY}").text)
    assert [(row["local"], row["to_go"]) for row in rows] == [
        ("80", "5"),
        ("81", "2"),
        ("82", "1"),
        ("83", "0"),
        ("84", "0"),
    ]


# --- Why -------------------------------------------------------------------------------------------------------------


def test_why_goes_down_to_the_record(app: Flask, as_reader: Reader) -> None:
    address = f"/reports/members/{member_id(app, '101')}/ai?as_of=2026-03-01"
    staff = as_reader("sam").get(address).text
    said = text_of(staff)
    assert "Grip1 holds this path complete" in said
    assert "Version 1 of AI Fundamentals binds Grip1 on this day. What was completed before 5 January 2024" in said
    assert (
        "reported by LinkedIn Learning 20 January 2026 provider · from LinkedIn Learning’s report, linkedin-january.csv"
        in said
    )
    assert "recorded 1 Feb 2026, 09:00 by the operator" in said
    assert re.search(r'href="/staff/imports/\d+"', staff)
    assert re.search(r'href="/staff/assign/\d+">required for everyone', staff)
    officer = as_reader("ben").get(address).text
    assert "from LinkedIn Learning’s report · recorded 1 Feb 2026" in text_of(officer)
    assert "/staff/" not in officer
    assert "linkedin-january" not in officer


def test_evidence_is_for_those_who_lead_and_an_equivalent_says_its_rule(app: Flask, as_reader: Reader) -> None:
    address = f"/reports/members/{member_id(app, '201')}/ai?as_of=2026-03-01"
    lead, viewer = as_reader("ben").get(address).text, as_reader("viv").get(address).text
    assert "https://example.org/proof" in lead
    assert "https://example.org/proof" not in viewer
    for page in (lead, viewer):
        said = text_of(page)
        assert "AI for Creatives counts as AI Basics." in said
        assert "logged by the member" in said
        assert "evidence waits for review" in said


def test_a_voided_record_is_told_and_known_before_that_counts(app: Flask, as_reader: Reader) -> None:
    address = f"/reports/members/{member_id(app, '105')}/ai?as_of=2026-03-01"
    ben = as_reader("ben")
    for reader in (ben, as_reader("viv")):
        now = text_of(reader.get(address).text)
        assert "Grip5 has until 20 March 2026: 0 of 2 courses count" in now
        assert "AI Basics, 25 January 2026 voided 20 Feb 2026, 09:00" in now
        assert "of someone with the same name" not in now, "the words are the staff’s, the auditor’s and the member’s"
    for name in ("sam", "otto"):
        assert (
            "AI Basics, 25 January 2026 voided on 20 Feb 2026, 09:00 by the operator: of someone with the same name"
            in text_of(as_reader(name).get(address).text)
        )
    known = text_of(ben.get(f"{address}&known=2026-02-15").text)
    assert "1 of 2 courses counts" in known
    assert "recorded by the training staff" in known
    assert "voided on" not in known
    assert "as we knew it on 15 February 2026" in known
    before = text_of(ben.get(f"{address}&known=2026-02-09").text)
    assert "0 of 2 courses count" in before
    assert "No one here asks it" in text_of(ben.get(f"{address}&known=2026-01-01").text)


def test_what_a_reviewer_wrote_is_not_for_the_lead_who_may_open_the_evidence(app: Flask, as_reader: Reader) -> None:
    address = f"/reports/members/{member_id(app, '401')}/ai?as_of=2026-03-01"
    lead, staff = as_reader("ben").get(address).text, as_reader("sam").get(address).text
    for page in (lead, staff):
        assert "https://example.org/seen" in page
        assert "evidence: accepted 5 Feb 2026, 09:00" in text_of(page)
    assert "evidence: accepted 5 Feb 2026, 09:00: he was on sick leave" in text_of(staff)
    assert "sick leave" not in lead


def test_another_locals_ask_due_day_and_exemption_are_not_told(app: Flask, as_reader: Reader) -> None:
    def said(name: str, number: str, path: str) -> str:
        return text_of(as_reader(name).get(f"/reports/members/{member_id(app, number)}/{path}?as_of=2026-03-01").text)

    for name in ("ben", "viv"):
        theirs = said(name, "108", "ai")
        assert "Grip8 has not begun, due 20 March 2026." in theirs or "Grip8 has until 20 March 2026" in theirs
        unasked = said(name, "108", "free")
        assert "Grip8 has not begun. No one asks it of them here on this day." in unasked
        assert "No one here asks it of Grip8" in unasked
        excused, elsewhere = said(name, "107", "ai"), said(name, "107", "free")
        assert "No one asks it of them here" in elsewhere
        for page in (theirs, unasked, excused, elsewhere):
            assert not re.search("1 February 2026|overdue|exempt|Local 91", page, re.IGNORECASE)
    for name in ("sam", "otto", "sue"):
        assert "Grip8 had until 1 February 2026" in said(name, "108", "ai")
        assert "Grip8 had until 1 February 2026" in said(name, "108", "free")
        assert "Grip7 is exempt" in said(name, "107", "free")


def test_the_state_on_the_members_page_is_the_one_in_the_list_it_explains(app: Flask, as_reader: Reader) -> None:
    ben = as_reader("ben")
    for known in ("2026-01-10", "2026-02-02", "2026-02-15", "2026-02-25"):
        for row in rows_of(ben.get(f"/reports/locals/80/members.csv?{DAY}&known={known}").text):
            address = f"/reports/members/{member_id(app, row['member_number'])}/ai?as_of=2026-03-01&known={known}"
            shown = re.search(r'<p class="state-line">(.*?)</p>', ben.get(address).text, re.DOTALL)
            assert shown
            assert text_of(shown[1]).strip() == row["state"]
