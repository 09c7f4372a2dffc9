"""Who cannot get in, who has not done it: on the pages, and who sees how much of it."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from flask import Flask
from little_union import LONG_AGO, Browser, World
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from training_union import ask, days_ago, member_id, now, today

from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Role
from tracker.intake.imports import import_completions, import_roster
from tracker.models import Eligibility, RoleGrant, User, db, new_id, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.provider_accounts import AccountList
from tracker.operations.rows import AccountRow

Sign = Callable[[str], Browser]


def text_of(page: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page))).replace("\u00a0", " ")


def list_accounts(*rows: tuple[str, bool, int | None, int | None]) -> None:
    """A provider's list: number, whether open, and how many days ago they were invited and activated theirs."""
    listed = [
        AccountRow(line, number, f"U{line}", "", "", is_open, *(None if ago is None else days_ago(ago) for ago in days))
        for line, (number, is_open, *days) in enumerate(rows, start=2)
    ]
    with AccountList(db.session(), lambda: listed, "linkedin") as accounts, writing(alone=True) as session:
        accounts.record(session, actor=OPERATOR, batch_id=None, today=today(), now=now())


@pytest.fixture
def people(app: Flask, union: World, signed_in: Sign) -> Sign:
    """Of Local 80: Ana (0012) has begun, Bo (0034) has not activated theirs, Dee (0078) has no account, Eve (0090) is
    complete by a class. Viv reads Local 80, Lou leads Local 600, which is asked as well."""
    with app.app_context():
        ask("ai", "600")
        rows = "0090,Eve,Example,,80,grip,active,member,2020-01-01,,yes\n0056,Cy,Example,,600,sound,active,member,,,yes\n"
        header = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
        done = "".join(f"{number},,{course},{days_ago(9)},reviewed,,\n" for number, course in (
            ("0012", "basics"), ("0090", "basics"), ("0090", "ethics"), ("0090", "prompts")
        ))  # fmt: skip
        with writing(alone=True) as session:
            import_roster(session, (header + rows).encode(), "roster.csv", OPERATOR, today=today(), now=now())
            head = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"
            import_completions(session, (head + done).encode(), "done.csv", OPERATOR, today=today(), now=now())
        list_accounts(("12", True, 90, 60), ("34", True, 30, None), ("56", True, 30, 30))
        with writing() as session:
            hashed = session.scalars(select(User.password_hash).where(User.email_key == "ben@example.org")).one()
            for name, role, unit in (("viv", Role.LOCAL_VIEWER, "80"), ("lou", Role.LOCAL_LEAD, "600")):
                user = add_user(session, f"{name}@example.org", role, find_unit(session, unit), None, OPERATOR, LONG_AGO)
                user.password_hash = hashed
    return signed_in


READERS = ("ana", "ben", "viv", "lou", "dora", "sam", "ada", "otto", "noor")

STATUS = [
    ("/reports/locals/80/access", {"ben", "viv", "dora", "sam", "otto"}),
    ("/reports/locals/80/access.csv", {"ben", "viv", "dora", "sam", "otto"}),
    ("/reports/locals/80/access.xlsx", {"ben", "viv", "dora", "sam", "otto"}),
    ("/reports/locals/80/access/members.csv", {"ben", "viv", "sam", "otto"}),
    ("/reports/locals/80/access/members.xlsx?who=in-scope", {"ben", "viv", "sam", "otto"}),
    ("/reports/locals/600/access", {"lou", "dora", "sam", "otto"}),
    ("/reports/locals/600/access/members.csv", {"lou", "sam", "otto"}),
    ("/reports/districts/2/access", {"dora", "sam", "otto"}),
    ("/reports/districts/2/access.csv", {"dora", "sam", "otto"}),
    ("/reports/access", {"sam", "otto"}),
    ("/reports/access.csv", {"sam", "otto"}),
    ("/reports/access.xlsx", {"sam", "otto"}),
    ("/reports/locals/2/access", set()),
    ("/reports/locals/nowhere/access", set()),
    ("/reports/locals/%00/access", set()),
    ("/reports/districts/80/access", set()),
    ("/reports/districts/IATSE/access", set()),
]


def test_who_may_open_which_page(people: Sign, stranger: Browser) -> None:
    for name in READERS:
        browser = people(name)
        for path, readers in STATUS:
            assert browser.get(path).status_code == (200 if name in readers else 404), (name, path)
    for path, _ in STATUS:
        answer = stranger.get(path)
        assert answer.status_code == 303 and "/login" in answer.headers["Location"], path


def test_names_are_only_for_those_who_may_see_them(people: Sign) -> None:
    for name in ("ben", "viv", "sam", "otto"):
        page = people(name).get("/reports/locals/80/access").text
        assert "Bo Example" in page
        assert "/reports/members/" in page
    for path in ("", "?who=in-scope&q=ana", "?who=cannot-get-in&after=1"):
        page = people("dora").get(f"/reports/locals/80/access{path}")
        assert page.status_code == 200
        assert not re.search(r"Ana|\bBo\b|Dee|Eve|/reports/members/|#people", page.text)
        assert "in scope 4 100 %" in text_of(page.text)
        assert "Names are for the local’s own officers" in text_of(page.text)
    district = people("sam").get("/reports/districts/2/access").text
    assert "/reports/members/" not in district
    assert "Open a local to see its members by name" in text_of(district)


def test_the_counts_nest_and_each_opens_its_people(people: Sign) -> None:
    sam = people("sam")
    page = sam.get("/reports/locals/80/access").text
    said = text_of(page)
    for words in (
        "in scope 4 100 %",
        "have an account 3 75 % 1 without one",
        "have activated it 2 50 % 1 has not",
        "have begun 2 50 %",
        "complete 1 25 % 1 has begun, and is not complete",
        "1 person completed it without an account",
        "Cannot get in: 2",
        "Has not done it: 1",
        "Who cannot get in",
    ):
        assert words in said, words
    wanted = {
        "in-scope": {"Ana", "Bo", "Dee", "Eve"},
        "with-account": {"Ana", "Bo", "Eve"},
        "activated": {"Ana", "Eve"},
        "started": {"Ana", "Eve"},
        "complete": {"Eve"},
        "cannot-get-in": {"Bo", "Dee"},
        "not-done": {"Ana"},
        "no-account": {"Dee"},
        "not-activated": {"Bo"},
        "not-begun": set(),
        "begun": {"Ana"},
        "two-accounts": set(),
    }
    for who, names in wanted.items():
        listed = sam.get(f"/reports/locals/80/access?path=ai&who={who}").text
        assert set(re.findall(r"/reports/members/\d+/ai\"><bdi>(\w+)", listed)) == names, who
    linked = set(re.findall(r"[?&]who=([a-z-]+)[#&]", html.unescape(page)))
    assert linked == {who for who, names in wanted.items() if names}, "each count, and no way to an empty list"
    assert "No one" in text_of(sam.get("/reports/locals/80/access?who=not-begun").text)
    found = sam.get("/reports/locals/80/access?who=in-scope&q=0034").text
    assert set(re.findall(r"/reports/members/\d+/ai\"><bdi>(\w+)", found)) == {"Bo"}
    assert "No one among them matches" in text_of(sam.get("/reports/locals/80/access?who=in-scope&q=zz").text)


def file_rows(browser: Browser, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(browser.get(f"{path}&header=no").text)))


COUNTS = ("in_scope", "with_account", "activated", "started", "complete", "cannot_get_in", "not_done")


def counts_in(browser: Browser, path: str) -> list[str]:
    """Of the one row of a file: each count, and how many were complete without an account."""
    (row,) = file_rows(browser, path)
    return [row[name] for name in (*COUNTS, "complete_without_account")]


def sheet_counts(browser: Browser, path: str) -> list[object]:
    """The same of a workbook."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(browser.get(path).data)).get_sheet_by_index(0).to_python()
    head = next(place for place, row in enumerate(rows) if row[0] == "path")
    line: dict[object, object] = dict(zip(rows[head], rows[head + 1], strict=True))
    return [line[name] for name in (*COUNTS, "complete_without_account")]


def grow(app: Flask) -> None:
    """60 more in Local 80 without an account, 8 more with one who have not begun."""
    header = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
    rows = "".join(f"{n},A,Z{n},,80,grip,active,member,2020-01-01,,yes\n" for n in range(1_000, 1_068))
    with app.app_context():
        with writing(alone=True) as session:
            import_roster(session, (header + rows).encode(), "roster.csv", OPERATOR, today=today(), now=now())
        list_accounts(*((str(number), True, 30, 20) for number in range(1_060, 1_068)))


@pytest.mark.parametrize(
    ("number", "in_scope", "complete", "is_large"),
    [("600", "1", "0", False), ("80", "4", "1", False), ("80", "72", "1", True)],
)
def test_of_a_local_outsiders_are_told_what_its_figure_tells(
    people: Sign, app: Flask, number: str, in_scope: str, complete: str, is_large: bool
) -> None:
    if is_large:
        grow(app)
    dora, base = people("dora"), f"/reports/locals/{number}/access"
    told = [in_scope, "", "", "", complete, "", "", ""]
    for query in ("", "&floor=claimed", f"&known={today()}"):
        assert counts_in(dora, f"{base}.csv?path=ai{query}") == told, query
    assert sheet_counts(dora, f"{base}.xlsx?path=ai") == [float(each) if each else "" for each in told]
    assert "Empty: hidden, so that no group of few people can be told." in dora.get(f"{base}.csv?path=ai").text
    assert dora.get(f"{base}.pdf?path=ai").status_code == 200
    for query in ("", "&who=no-account", f"&as_of={days_ago(1)}", "&floor=claimed", f"&known={today()}"):
        said = text_of(dora.get(f"{base}?path=ai{query}").text)
        assert "have an account hidden have activated it hidden have begun hidden complete " + complete in said, query
        assert "hidden from readers outside the local, so that no group of fewer than 5 people can be told" in said
        for words in ("Cannot get in:", "Has not done it:", "without one", "without an account", "not begun", "confirmed"):
            assert words not in said, (query, words)


def test_two_accounts_and_who_is_confirmed_are_not_told_outside(people: Sign, app: Flask, union: World) -> None:
    with app.app_context():
        two = [AccountRow(2, "12", "other", "", "", True, days_ago(5), None)]
        with AccountList(db.session(), lambda: two, "linkedin") as accounts, writing(alone=True) as session:
            accounts.record(session, actor=OPERATOR, batch_id=None, today=today(), now=now())
        with writing() as session:
            session.add(
                Eligibility(
                    id=new_id(),
                    member_id=member_id("78"),
                    unit_id=union.units["80"],
                    provider="linkedin",
                    is_eligible=True,
                    note="",
                    recorded_at=now(),
                )
            )
    for place in ("/reports/locals/80/access", "/reports/districts/2/access"):
        inside, outside = (text_of(people(name).get(f"{place}?path=ai").text) for name in ("sam", "dora"))
        for words in ("has two accounts", "is confirmed by the local"):
            assert words in inside, place
            assert words not in outside, place


@pytest.mark.parametrize("name", ["ben", "viv", "sam", "otto"])
def test_who_may_see_names_sees_every_step(people: Sign, name: str) -> None:
    reader, base = people(name), "/reports/locals/80/access"
    told = ["4", "3", "2", "2", "1", "2", "1", "1"]
    assert counts_in(reader, f"{base}.csv?path=ai") == told
    assert sheet_counts(reader, f"{base}.xlsx?path=ai") == [float(each) for each in told]
    said = text_of(reader.get(f"{base}?path=ai").text)
    assert "Cannot get in: 2 1 without an account , 1 who has not activated theirs" in said
    assert "Has not done it: 1 0 not begun, 1 begun" in said
    assert "hidden" not in said


def test_of_a_district_small_steps_are_hidden_with_what_would_tell_them(people: Sign, app: Flask) -> None:
    dora, sam, base = people("dora"), people("sam"), "/reports/districts/2/access"
    assert counts_in(dora, f"{base}.csv?path=ai") == ["5", "", "", "", "1", "", "", ""], "four are not complete"
    said = text_of(dora.get(f"{base}?path=ai").text)
    assert "Hidden: groups of fewer than 5 people, and those that would give them away." in said
    grow(app)
    assert counts_in(sam, f"{base}.csv?path=ai") == ["73", "12", "11", "2", "1", "62", "10", "1"]
    told = ["73", "12", "", "", "1", "", "", ""]
    assert counts_in(dora, f"{base}.csv?path=ai") == told
    assert sheet_counts(dora, f"{base}.xlsx?path=ai") == [float(each) if each else "" for each in told]
    said = text_of(dora.get(f"{base}?path=ai").text)
    assert "have an account 12 16 % 61 without one have activated it hidden have begun hidden complete 1 1 %" in said
    assert "Cannot get in:" not in said
    assert "completed it without an account" not in said


def test_whose_names_a_reader_sees_do_not_hide_the_others(people: Sign, app: Flask) -> None:
    """Less Local 80, whose people they see by name, the district's counts are about one person."""
    grow(app)
    with app.app_context(), writing() as session:
        viv = session.scalars(select(User).where(User.email_key == "viv@example.org")).one()
        district = find_unit(session, "2")
        assert district is not None
        viv.grants.append(RoleGrant(id=new_id(), role=Role.DISTRICT_VIEWER, unit_id=district.id, from_on=LONG_AGO))
    viv_reads = people("viv")
    assert counts_in(viv_reads, "/reports/locals/80/access.csv?path=ai") == ["72", "11", "10", "2", "1", "62", "9", "1"]
    assert counts_in(viv_reads, "/reports/locals/600/access.csv?path=ai") == ["1", "", "", "", "0", "", "", ""]
    assert counts_in(viv_reads, "/reports/districts/2/access.csv?path=ai") == ["73", "", "", "", "1", "", "", "1"]


def test_what_each_line_says_of_the_account(people: Sign, app: Flask) -> None:
    with app.app_context():
        list_accounts(("78", False, 40, None))
        two = [AccountRow(2, "12", "other", "", "", True, days_ago(5), None)]
        with AccountList(db.session(), lambda: two, "linkedin") as accounts, writing(alone=True) as session:
            accounts.record(session, actor=OPERATOR, batch_id=None, today=today(), now=now())
    said = text_of(people("ben").get("/reports/locals/80/access?who=in-scope").text)
    assert "account closed" in said
    invited = days_ago(30)
    assert f"not activated invited {invited.day} {invited:%B} {invited.year}" in said
    assert "1 person has two accounts at one provider" in said
    assert "The training staff merge them at the provider" in said
    assert "For the training staff: they invite people" in said
    assert "Yours: invite them" in text_of(people("sam").get("/reports/locals/80/access").text)


def test_another_day_floor_and_knowledge(people: Sign) -> None:
    sam = people("sam")
    then = sam.get(f"/reports/locals/80/access?as_of={days_ago(20)}").text
    assert "have begun 1 25 %" not in text_of(then)
    assert "complete 0 0 %" in text_of(then)
    assert "complete 0 0 %" in text_of(sam.get("/reports/locals/80/access?floor=provider").text)
    before = text_of(sam.get(f"/reports/locals/80/access?known={days_ago(1)}").text)
    assert "No list of accounts was known on" in before
    assert "in scope" not in before
    for query in ("who=everyone", "path=nothing", "as_of=yesterday", "floor=sure"):
        answer = sam.get(f"/reports/locals/80/access?{query}")
        assert answer.status_code == 400, query
        assert "makes no sense" in answer.text
    assert sam.get("/reports/locals/80/access?after=banana").status_code == 200
    assert sam.get("/reports/locals/80/access?path=safe").status_code == 200
    assert "No one here is asked for Set Safety" in text_of(sam.get("/reports/locals/80/access?path=safe").text)


def test_without_a_list_the_page_says_how_to_load_one(union: World, signed_in: Sign) -> None:
    staff = text_of(signed_in("sam").get("/reports/locals/80/access").text)
    assert "No list of accounts is loaded yet" in staff
    assert "tracker accounts import FILE" in staff
    assert "Cannot get in" not in staff
    officer = text_of(signed_in("ben").get("/reports/locals/80/access").text)
    assert "The training staff load the provider’s list of people" in officer
    assert "tracker accounts" not in officer
    assert "No list of accounts is loaded yet" in text_of(signed_in("sam").get("/reports/access").text)


def test_the_files_tell_the_same(people: Sign) -> None:
    sam = people("sam")
    rows = list(csv.DictReader(io.StringIO(sam.get("/reports/locals/80/access.csv?header=no").text)))
    assert [(row["unit"], row["in_scope"], row["with_account"], row["cannot_get_in"], row["not_done"]) for row in rows] == [
        ("80", "4", "3", "2", "1")
    ]
    every = list(csv.DictReader(io.StringIO(sam.get("/reports/access.csv?header=no").text)))
    assert [(row["unit"], row["cannot_get_in"]) for row in every] == [("80", "2"), ("600", "0")]
    answer = sam.get("/reports/locals/80/access/members.csv?who=in-scope&header=no")
    assert "access-80-ai-in-scope-" in answer.headers["Content-Disposition"]
    listed = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["member_number"], row["access"], row["accounts"]) for row in listed] == [
        ("0078", "no account", "0"),
        ("0012", "begun", "1"),
        ("0034", "not activated", "1"),
        ("0090", "complete", "0"),
    ]
    book = CalamineWorkbook.from_filelike(io.BytesIO(sam.get("/reports/locals/80/access/members.xlsx?who=begun").data))
    assert [row[0] for row in book.get_sheet_by_index(0).to_python()][-2:] == ["member_number", "0012"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(sam.get("/reports/access.xlsx").data))
    told = book.get_sheet_by_index(0).to_python()
    head = next(place for place, row in enumerate(told) if row[0] == "path")
    assert told[head + 1][:4] == ["ai", "80", "local", 4.0]


def test_a_name_is_no_formula_and_no_markup(people: Sign, app: Flask) -> None:
    with app.app_context(), writing(alone=True) as session:
        header = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
        row = "0099,=cmd(),Zed,,80,grip,active,member,2020-01-01,,yes\n"
        import_roster(session, (header + row).encode(), "roster.csv", OPERATOR, today=today(), now=now())
    sam = people("sam")
    assert ",'=cmd()," in sam.get("/reports/locals/80/access/members.csv").text
    assert "<b>Markup</b>" not in sam.get("/reports/locals/80/access").text


def test_a_long_list_comes_in_pages(people: Sign, app: Flask) -> None:
    with app.app_context(), writing(alone=True) as session:
        header = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
        rows = "".join(f"{n},A,Z{n},,80,grip,active,member,2020-01-01,,yes\n" for n in range(1_000, 1_070))
        import_roster(session, (header + rows).encode(), "roster.csv", OPERATOR, today=today(), now=now())
    sam = people("sam")
    found: set[str] = set()
    url = "/reports/locals/80/access?who=no-account"
    sizes = []
    while url:
        page = sam.get(url).text
        here = re.findall(r"/reports/members/(\d+)/", page)
        sizes.append(len(here))
        found |= set(here)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        url = html.unescape(following[1]).split("#")[0] if following else ""
    assert sizes == [50, 21]
    assert len(found) == 71


def test_the_local_page_and_the_overview_lead_here(people: Sign, app: Flask) -> None:
    page = people("ben").get("/reports/locals/80?path=ai").text
    assert '/reports/locals/80/access?path=ai"' in page
    overview = people("sam").get("/reports/").text
    assert "Who cannot get in, local by local" in overview
    assert "local by local" not in people("ben").get("/reports/").text
    every = people("sam").get("/reports/access").text
    assert html.unescape(every).count("/reports/locals/80/access?path=ai&who=cannot-get-in#people") == 1
    with app.app_context():
        bo = member_id("0034")
    assert people("ben").get(f"/reports/members/{bo}/ai").status_code == 200


@pytest.mark.parametrize("path", ["/reports/locals/80/access", "/reports/access", "/reports/districts/2/access"])
def test_headings_and_tables_can_be_read_aloud(people: Sign, path: str) -> None:
    page = people("sam").get(path).text
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", page)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    tables = re.findall(r"<table\b.*?</table>", page, re.DOTALL)
    assert tables
    for table in tables:
        heads = re.findall(r"<th\b([^>]*)>", table)
        assert heads and all("scope=" in attributes for attributes in heads)
    named = len(re.findall(r'role="region" aria-label="[^"]+"', page))
    assert named == len(tables)
    assert f'name="next" value="{path}"' in page, "another colour leads back here"
    labels = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    fields = re.findall(r'<(?:select|input)[^>]* id="([^"]+)"', page)
    assert set(fields) <= labels
