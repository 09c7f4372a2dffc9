"""Who is answered what: every operation × every role, with names that no outsider may read."""

from __future__ import annotations

from datetime import UTC, date

import pytest
from sqlalchemy import func, select

from tests.api.programs import CANARY, NOW, PEOPLE, Site, shared, site
from tracker.api.v1 import views
from tracker.api.v1.door import OPERATIONS, Operation
from tracker.coverage.finding import find_unit
from tracker.coverage.openings import openings_page
from tracker.curriculum.words import Role
from tracker.models import AuditEntry, Batch, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import add_client
from tracker.operations.tokens import Scope

__all__ = ["shared", "site", "views"]  # the fixture, and what fills the table of operations

STAFF = {"sam", "otto", "program staff"}
OFFICERS = {"ben", "viv", "dora", "program viewer"}
NAMES = {"ben", "viv", "program viewer"}  # who may see names in Local 80
ALL = {*PEOPLE, "program staff", "program viewer"}
PATH = "path=ai-fundamentals"

# operation → an address of it, and whom it answers
OWN_LOCAL: dict[str, tuple[str, set[str]]] = {
    "me": ("/me", ALL),
    "own_record": ("/me/record", {"ana"}),
    "paths": ("/paths", ALL),
    "path": ("/paths/ai-fundamentals", ALL),
    "courses": ("/courses", ALL),
    "course": ("/courses/firefly", ALL),
    "crafts": ("/crafts", ALL),
    "units": ("/units", STAFF | OFFICERS),
    "unit": ("/units/80", STAFF | OFFICERS),
    "unit_coverage": ("/units/80/coverage", STAFF | OFFICERS),
    "unit_trend": (f"/units/80/trend?{PATH}", STAFF | OFFICERS),
    "coverage": ("/coverage", STAFF | OFFICERS),
    "unit_members": (f"/units/80/members?{PATH}", STAFF | NAMES),
    "push": (f"/units/80/push?{PATH}", STAFF | NAMES),
    "second_card_holders": (f"/second-cards?{PATH}", STAFF),
    "where_to_train_next": ("/priorities", STAFF),
    "members": ("/members", STAFF),
    "member": ("/members/{0001}", STAFF | NAMES | {"ana"}),
    "completions": ("/members/{0001}/completions", STAFF | NAMES | {"ana"}),
    "batches": ("/batches", STAFF),
    "batch": ("/batches/{batch}", STAFF),
    "waiting_learners": ("/waiting/learners", STAFF),
    "waiting_courses": ("/waiting/courses", STAFF),
    "assignment_rules": ("/assignment-rules", STAFF),
    "reviews": ("/reviews", STAFF),
    "audit": ("/audit", {"otto", "ada"}),
}
OTHER_LOCAL: dict[str, tuple[str, set[str]]] = {
    "unit": ("/units/15", STAFF),
    "unit_coverage": ("/units/15/coverage", STAFF),
    "unit_trend": (f"/units/15/trend?{PATH}", STAFF),
    "unit_members": (f"/units/15/members?{PATH}", STAFF),
    "push": (f"/units/15/push?{PATH}", STAFF),
    "member": ("/members/{0004}", STAFF),
    "completions": ("/members/{0004}/completions", STAFF),
}
NOWHERE: dict[str, tuple[str, set[str]]] = {
    "path": ("/paths/none", set()),
    "course": ("/courses/none", set()),
    "unit": ("/units/none", set()),
    "unit_coverage": ("/units/none/coverage", set()),
    "unit_trend": (f"/units/none/trend?{PATH}", set()),
    "unit_members": (f"/units/none/members?{PATH}", set()),
    "push": (f"/units/none/push?{PATH}", set()),
    "member": ("/members/1", set()),
    "completions": ("/members/1/completions", set()),
    "batch": ("/batches/9999999999999999999", set()),
}
TABLES = {"own": OWN_LOCAL, "other": OTHER_LOCAL, "none": NOWHERE}
QUESTIONS = [(kind, *asked) for kind, table in TABLES.items() for asked in table.values()]


def address(site: Site, path: str) -> str:
    with site.desk.session() as session:
        batch = session.scalar(select(func.min(Batch.id)))
    ids = {f"{{{number}}}": str(site.member(number)) for number in ("0001", "0004")}
    for part, its_id in {**ids, "{batch}": str(batch)}.items():
        path = path.replace(part, its_id)
    return f"/api/v1{path}"


def test_every_operation_that_reads_is_in_the_table() -> None:
    assert {its.name for its in OPERATIONS if its.method == "GET"} == set(OWN_LOCAL)
    with_an_object = {its.name for its in OPERATIONS if "<" in its.rule}
    assert with_an_object <= set(NOWHERE)


@pytest.mark.parametrize(("kind", "path", "readers"), QUESTIONS, ids=[f"{each[0]} {each[1]}" for each in QUESTIONS])
def test_each_is_answered_what_is_theirs_and_nothing_else(shared: Site, kind: str, path: str, readers: set[str]) -> None:
    nothing = None
    for who in sorted(ALL):
        answer = shared.ask(who, address(shared, path))
        assert (answer.status_code == 200) == (who in readers), (who, path, answer.status_code, answer.text)
        if answer.status_code != 200:
            assert answer.status_code == 404
            nothing = nothing or answer.get_json()
            assert answer.get_json() == nothing, "not theirs reads like not there"
        if who not in STAFF | {"ada"}:
            assert CANARY not in answer.text, (who, path)


@pytest.mark.parametrize("its", OPERATIONS, ids=lambda its: its.name)
def test_without_a_token_nothing_is_answered(shared: Site, its: Operation) -> None:
    path = f"/api/v1{its.rule}".replace("<", "").replace(">", "")
    for headers in (
        {},
        {"Authorization": "Bearer trk_" + "x" * 43},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
    ):
        answer = shared.ask("", path, its.method, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="tracker"')
        assert answer.content_type == "application/problem+json"


def test_a_cookie_opens_nothing(shared: Site) -> None:
    from tracker.models import User, db
    from tracker.web.account.door import begin_session

    client = shared.app.test_client()

    def sign_in() -> str:
        begin_session(db.session.get_one(User, shared.users["sam"]))
        return "in"

    view = shared.app.view_functions["health.alive"]
    shared.app.view_functions["health.alive"] = sign_in
    sign_in.is_public = True  # type: ignore[attr-defined]
    try:
        assert client.get("/healthz").text == "in"
    finally:
        shared.app.view_functions["health.alive"] = view
    assert client.get("/staff/").status_code == 200, "the session is a real one"
    assert client.get("/api/v1/units").status_code == 401


def test_an_officer_reads_of_a_member_what_their_page_says(shared: Site) -> None:
    ana = f"/api/v1/members/{shared.member('0001')}"
    seen, whole = shared.get("ben", ana), shared.get("sam", ana)
    assert [card["unit"]["number"] for card in seen["cards"]] == ["80"]
    assert [path["path"]["code"] for path in seen["paths"]] == ["ai-fundamentals"]
    assert seen["paths"] == whole["paths"], "no exemption here, so there is nothing to withhold"
    assert shared.get("ana", "/api/v1/me/record") == shared.get("ana", ana)


def test_an_exemption_is_told_and_its_reason_is_not(shared: Site) -> None:
    shared.desk.exempt("0002", "ai-fundamentals", date(2026, 2, 1))
    bo = f"/api/v1/members/{shared.member('0002')}"
    (seen,), (whole,) = shared.get("ben", bo)["paths"], shared.get("sam", bo)["paths"]
    assert (seen["is_exempt"], seen["exemptions"]) == (True, [])
    assert whole["exemptions"] == ["leave"]


def test_another_locals_ask_due_day_and_exemption_are_not_told(site: Site) -> None:
    desk, bo = site.desk, f"/api/v1/members/{site.member('0002')}"
    desk.roster("0002,Bo,Example,bo@example.org,700,editing,active,member,2022-01-01,,no\n")
    desk.assign("set-safety", units=["80"], on=date(2026, 1, 5))
    desk.assign("set-safety", units=["700"], on=date(2026, 1, 5), due_on=date(2026, 2, 1))
    desk.assign("ai-hours", units=["700"], on=date(2026, 1, 5), due_on=date(2026, 2, 1))
    desk.exempt("0002", "ai-fundamentals", date(2026, 1, 5), unit="700")

    def told(who: str) -> dict[str, tuple[str, str | None, bool, int]]:
        return {
            path["path"]["code"]: (path["state"], path["due_on"], path["is_exempt"], len(path["reasons"]))
            for path in site.get(who, bo)["paths"]
        }

    for who in ("ben", "viv", "program viewer"):
        assert told(who) == {
            "ai-fundamentals": ("not started", None, False, 1),
            "set-safety": ("not started", None, False, 1),
        }
        for path, seen in told(who).items():
            rows = site.get(who, f"/api/v1/units/80/members?path={path}")["items"]
            (row,) = [each for each in rows if each["number"] == "0002"]
            assert (row["state"], row["due_on"]) == seen[:2], "the list of the reader’s local says the same"
    for who in ("sam", "otto", "program staff"):
        whole = told(who)
        assert whole["set-safety"] == ("overdue", "2026-02-01", False, 2)
        assert whole["ai-hours"] == ("overdue", "2026-02-01", False, 1)
        assert whole["ai-fundamentals"] == ("not started", None, True, 1)
    desk.exempt("0002", "set-safety", date(2026, 1, 5), unit="D2")
    assert told("ben")["set-safety"] == ("exempt", None, True, 1), "what a unit above excuses, it excuses here"


def test_why_a_completion_was_voided_is_not_for_officers(site: Site) -> None:
    site.desk.log("0001", "firefly", date(2026, 2, 1))
    site.desk.void("0001", "firefly", "on sick leave")
    path = f"/api/v1/members/{site.member('0001')}/completions"

    def reasons(who: str) -> list[str]:
        return [each["void_reason"] for each in site.get(who, path)["items"] if each["voided_at"]]

    assert [reasons(who) for who in ("ben", "viv", "program viewer")] == [[None]] * 3
    assert [reasons(who) for who in ("sam", "otto", "ana")] == [["on sick leave"]] * 3


def test_a_district_sees_its_own_units_and_totals_above(shared: Site) -> None:
    sees = {unit["number"]: unit["sees"] for unit in shared.get("dora", "/api/v1/units")["items"]}
    assert sees == {"80": "figures", "700": "figures", "D2": "figures", "IA": "totals"}
    (above,) = [
        path
        for path in shared.get("dora", "/api/v1/units/IA/coverage")["paths"]
        if path["path"]["code"] == "ai-fundamentals"
    ]
    assert (above["figure"], above["hidden"]) == (None, "fewer than five locals contribute")


def test_small_groups_of_a_craft_are_hidden_from_readers_without_names(shared: Site) -> None:
    (path,) = shared.get("dora", f"/api/v1/units/80/coverage?{PATH}")["paths"]
    (craft,) = path["by_craft"]
    assert (craft["craft"], craft["figure"], craft["hidden"]) == ("grip", None, "a small group, or it would tell of one")
    (path,) = shared.get("ben", f"/api/v1/units/80/coverage?{PATH}")["paths"]
    assert path["by_craft"][0]["figure"]["in_scope"] == path["figure"]["in_scope"]
    rows = shared.get("dora", f"/api/v1/coverage?{PATH}&craft=grip")["items"]
    assert {row["figure"] and row["hidden"] for row in rows if row["unit"]["number"] == "80"} == {None}


def test_looking_leaves_the_trace_that_a_page_leaves(shared: Site) -> None:
    bo = shared.member("0002")

    def trail() -> list[tuple[str, str, int | None]]:
        with shared.desk.session() as session:
            rows = session.scalars(
                select(AuditEntry).where(AuditEntry.action.in_(("open_record", "download_list"))).order_by(AuditEntry.id)
            )
            return [(each.action, each.actor_role, each.member_id) for each in rows]

    before = len(trail())
    shared.get("ben", f"/api/v1/members/{bo}")
    shared.get("program staff", f"/api/v1/members/{bo}/completions")
    shared.get("viv", f"/api/v1/units/80/members?{PATH}")
    shared.get("ana", "/api/v1/me/record")
    assert trail()[before:] == [
        ("open_record", "local-lead", bo),
        ("open_record", "client Program staff", bo),
        ("download_list", "local-viewer", None),
    ]
    with shared.desk.session() as session:
        read = [line.who for line in openings_page(session, bo, UTC).rows]
    assert "the program “Program staff”, let in by an administrator" in read


def test_asking_for_what_is_not_theirs_is_written_down(shared: Site) -> None:
    shared.ask("viv", "/api/v1/units/700/coverage")
    with shared.desk.session() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "refused").order_by(AuditEntry.id.desc())
        ).first()
        assert entry
        assert entry.detail["page"].startswith("api_v1.")


def test_an_administrator_reads_of_learning_only_who_did_what(shared: Site) -> None:
    entries = shared.get("ada", "/api/v1/audit?action=log_completion&limit=10")["items"]
    assert entries
    assert all(each["is_withheld"] and each["detail"] == {} and each["object_id"] is None for each in entries)
    assert shared.get("otto", "/api/v1/audit?action=log_completion&limit=10")["items"][0]["detail"]["course"] == "ai-ethics"


def test_who_the_token_speaks_for(shared: Site) -> None:
    ben = shared.get("ben", "/api/v1/me")
    assert (ben["kind"], ben["name"], ben["scopes"]) == ("person", "ben@example.org", ["read", "completions:write"])
    assert [(each["role"], each["unit"]["number"]) for each in ben["roles"]] == [("local-lead", "80")]
    program = shared.get("program viewer", "/api/v1/me")
    assert (program["kind"], program["name"], program["member_id"]) == ("program", "Program viewer", None)


def test_an_officer_reads_who_reported_without_the_person_or_program_that_did(site: Site) -> None:
    row = {"member_number": "0002", "course": "firefly", "completed_on": "2026-02-20", "assurance": "provider"}
    assert site.send("sam", row).get_json()["counts"] == {"recorded": 1}
    path = f"/api/v1/members/{site.member('0002')}/completions"
    assert [each["source"] for each in site.get("ben", path)["items"]] == ["api"]
    assert [each["source"] for each in site.get("otto", path)["items"]] == [f"api {site.users['sam']}"]


def test_the_trail_says_what_a_program_asked_and_about_whom_it_was_refused(site: Site) -> None:
    cy = site.member("0003")
    address = f"/api/v1/units/80/members?{PATH}&limit=1"
    site.get("program viewer", address)
    for who in ("program viewer", "ben"):
        assert site.ask(who, f"/api/v1/members/{cy}").status_code == 404
    with site.desk.session() as session:
        (took,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "download_list"))
        assert took.detail["asked"] == address
        refused = session.scalars(select(AuditEntry).where(AuditEntry.action == "refused")).all()
        assert sorted((each.actor_role, each.member_id) for each in refused) == [
            ("client Program viewer", cy),
            ("local-lead", cy),
        ]


def test_one_programs_refusals_do_not_hide_anothers(site: Site) -> None:
    cy = site.member("0003")
    with site.app.app_context(), writing() as session:
        made = add_client(
            *(session, "Program two", OPERATOR),
            now=NOW,
            scopes=(Scope.READ,),
            role=Role.LOCAL_VIEWER,
            unit=find_unit(session, "80"),
        )
    site.tokens["program two"] = site.access_token(made).get_json()["access_token"]
    for who in ("program viewer", "program two"):
        assert site.ask(who, f"/api/v1/members/{cy}").status_code == 404
    with site.desk.session() as session:
        roles = session.scalars(select(AuditEntry.actor_role).where(AuditEntry.action == "refused"))
        assert sorted(roles) == ["client Program two", "client Program viewer"]
