"""How the API is called: tokens that end, pages of a list, ETags, problems, and completions that are recorded once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from tests.api.programs import NOW, Site, shared, site
from tests.turns import while_it_waits
from tracker import create_app
from tracker.api.v1.problems import KINDS
from tracker.curriculum.words import Role
from tracker.models import ApiClient, ApiToken, AuditEntry, Batch, Completion, User, db, writing
from tracker.operations.accounts import add_user, end_role, sign_out, suspend
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import revoke_client
from tracker.operations.passwords import password_hash
from tracker.operations.tokens import Scope, revoke_token

__all__ = ["shared", "site"]  # the fixtures

BO = {"member_number": "0002", "course": "firefly", "completed_on": "2026-02-10", "assurance": "provider"}


def facts(site: Site) -> int:
    with site.desk.session() as session:
        return session.scalar(select(func.count()).select_from(Completion)) or 0


# --- Tokens ----------------------------------------------------------------------------------------------------------------


def test_a_token_is_kept_as_a_hash_and_known_by_its_prefix(shared: Site) -> None:
    shown = shared.token("otto", Scope.READ, name="hashed")
    assert shown.startswith("trk_")
    assert len(shown) == 47
    with shared.desk.session() as session:
        assert all(shown not in str(vars(each)) for each in session.scalars(select(ApiToken)))
        assert shown not in str([each.detail for each in session.scalars(select(AuditEntry))])


def test_a_revoked_token_and_an_old_one_open_nothing_in_any_process(shared: Site) -> None:
    shared.tokens["gone"] = shared.token("sam", Scope.READ, name="gone", days=1)
    other = Site(type(shared.desk)(create_app(shared.app.config["SETTINGS"])), shared.users, shared.tokens)
    assert other.ask("gone", "/api/v1/me").status_code == 200
    with time_machine.travel(NOW + timedelta(days=1, seconds=1)):
        assert shared.ask("gone", "/api/v1/me").status_code == 401
    with shared.app.app_context(), writing() as session:
        token = session.scalars(select(ApiToken).where(ApiToken.name == "gone")).one()
        revoke_token(session, token, OPERATOR, now=NOW)
    for each in (shared, other):
        answer = each.ask("gone", "/api/v1/me")
        assert (answer.status_code, answer.get_json()["type"]) == (401, "/api/v1/#invalid-token")
    with other.app.app_context():
        db.engine.dispose()


def test_the_day_of_last_use_is_kept_once_a_day(shared: Site) -> None:
    shared.tokens["used"] = shared.token("sam", Scope.READ, name="used")
    shared.get("used", "/api/v1/me")
    with shared.desk.session() as session:
        assert session.scalars(select(ApiToken.last_used_on).where(ApiToken.name == "used")).one() == NOW.date()


@pytest.mark.parametrize("how", ["suspension", "password"])
def test_what_ends_a_sign_in_ends_its_tokens(site: Site, how: str) -> None:
    from tracker.operations.accounts import set_password

    assert site.ask("viv", "/api/v1/me").status_code == 200
    with site.app.app_context(), writing() as session:
        user = session.get_one(User, site.users["viv"])
        user.password_hash = password_hash("backstage-demo", "")
        if how == "suspension":
            suspend(session, user, OPERATOR)
        else:
            set_password(session, user, "another long one 7", OPERATOR, now=NOW)
    assert site.ask("viv", "/api/v1/me").status_code == 401


def test_a_role_that_ends_narrows_its_token_at_once(site: Site) -> None:
    assert site.ask("ben", "/api/v1/units/80").status_code == 200
    with site.app.app_context(), writing() as session:
        session.get_one(User, site.users["ben"]).grants[0].until_on = NOW.date()
    assert site.ask("ben", "/api/v1/units/80").status_code == 404
    assert site.get("ben", "/api/v1/me")["roles"] == []


def test_a_scope_that_is_missing_is_told(shared: Site) -> None:
    shared.tokens["reads"] = shared.token("sam", Scope.READ, name="reads")
    answer = shared.send("reads", BO)
    assert (answer.status_code, answer.get_json()["type"]) == (403, "/api/v1/#insufficient-scope")
    assert 'error="insufficient_scope", scope="completions:write"' in answer.headers["WWW-Authenticate"]


def test_a_program_asks_for_its_scopes_and_no_others(shared: Site) -> None:
    assert shared.access_token(shared.clients["staff"]).get_json()["scope"] == "read completions:write"
    assert shared.access_token(shared.clients["staff"], "read").get_json()["scope"] == "read"
    for scope in ("xapi:write", "read xapi:write", "admin"):
        answer = shared.access_token(shared.clients["staff"], scope)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_scope")
    token = shared.access_token(shared.clients["staff"]).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "X-Experience-API-Version": "1.0.3"}
    answer = shared.app.test_client().post("/xapi/statements", json=[], headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "insufficient_scope")


# --- Lists, ETags, problems ------------------------------------------------------------------------------------------------


def walk(site: Site, path: str) -> list[Any]:
    found, address = [], f"/api/v1{path}"
    while address:
        answer = site.ask("otto", address)
        assert answer.status_code == 200, (address, answer.text)
        page = answer.get_json()
        found += page["items"]
        assert len(page["items"]) <= 2
        assert answer.headers.get("Link", "") == (f'<{page["next"]}>; rel="next"' if page["next"] else "")
        address = page["next"]
    return found


def test_pages_of_every_list_hold_each_row_once(shared: Site) -> None:
    for path in ("/units", "/courses", "/paths", "/crafts", "/members", "/coverage", "/batches", "/waiting/learners"):
        whole = shared.get("otto", f"/api/v1{path}?limit=500")["items"]
        assert len(whole) > 0, path
        assert walk(shared, f"{path}?limit=2") == whole, path


def test_rows_that_come_meanwhile_move_no_other(site: Site) -> None:
    first = site.get("sam", "/api/v1/units/80/members?path=ai-fundamentals&limit=1")
    assert [each["first_name"] for each in first["items"]] == ["Ana"]
    site.desk.roster("0000,Abe,Aaron,abe@example.org,80,grip,active,member,2022-01-01,,yes\n")
    second = site.get("sam", first["next"])
    assert [each["first_name"] for each in second["items"]] == ["Bo"]


def test_a_cursor_belongs_to_its_question(shared: Site) -> None:
    cursor = shared.get("sam", "/api/v1/courses?limit=1")["next"].partition("cursor=")[2]
    assert shared.ask("sam", f"/api/v1/courses?limit=3&cursor={cursor}").status_code == 200
    for path in ("/paths", "/members?q=ana", "/batches"):
        sign = "&" if "?" in path else "?"
        assert shared.ask("sam", f"/api/v1{path}{sign}cursor={cursor}").status_code == 404
    assert shared.ask("sam", f"/api/v1/courses?cursor={cursor[:-2]}xx").status_code == 404


def test_what_has_not_changed_is_told_in_no_bytes(shared: Site) -> None:
    answer = shared.ask("sam", "/api/v1/units")
    tag = answer.headers["ETag"]
    assert tag.startswith('W/"')
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Authorization" in answer.headers["Vary"]
    again = shared.ask("sam", "/api/v1/units", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert shared.ask("viv", "/api/v1/units", headers={"If-None-Match": tag}).status_code == 200
    assert shared.ask("sam", "/api/v1/units", "HEAD").headers["ETag"] == tag


@pytest.mark.parametrize(
    ("method", "path", "more", "status"),
    [
        ("GET", "/api/v1/nothing", {}, 404),
        ("GET", "/api/none", {}, 404),
        ("DELETE", "/api/v1/units", {}, 405),
        ("GET", "/api/v1/units", {"headers": {"Accept": "text/html"}}, 406),
        ("GET", "/api/v1/units?limit=0", {}, 422),
        ("GET", "/api/v1/units?limit=1&limit=2", {}, 422),
        ("GET", "/api/v1/units?other=1", {}, 422),
        ("GET", "/api/v1/me?other=1", {}, 422),
        ("GET", "/api/v1/coverage?as_of=2026-02-30", {}, 422),
        ("GET", "/api/v1/coverage?as_of=1700000000", {}, 422),
        ("GET", "/api/v1/units/%00", {}, 404),
        ("POST", "/api/v1/completions", {"data": b"{", "content_type": "application/json"}, 400),
        ("POST", "/api/v1/completions", {"data": b"x", "content_type": "text/plain"}, 415),
        ("POST", "/api/v1/completions", {"data": b" " * 2_000_001, "content_type": "application/json"}, 413),
        ("POST", "/api/v1/completions", {"json": {"completions": []}}, 422),
        ("POST", "/api/v1/completions", {"json": {"completions": [BO | {"role": "staff"}]}}, 422),
        ("POST", "/api/v1/completions", {"json": '{"completions": []}'}, 422),
    ],
)
def test_every_refusal_is_a_problem(shared: Site, method: str, path: str, more: dict[str, Any], status: int) -> None:
    before = facts(shared)
    answer = shared.ask("sam", path, method, **more)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.text
    said = answer.get_json(force=True)
    assert said["status"] == status
    assert said["detail"]
    assert said["type"] in {
        f"/api/v1/#{kind}" for kind, (usual, title) in KINDS.items() if (usual, title) == (status, said["title"])
    }
    assert status != 422 or all(each["detail"] for each in said["faults"])
    assert status != 405 or "GET" in answer.headers["Allow"]
    assert facts(shared) == before


# --- Recording -------------------------------------------------------------------------------------------------------------


def test_each_completion_ends_as_a_row_of_an_import_does(site: Site) -> None:
    rows = [
        BO,
        BO | {"completed_on": "2026-02-11"},
        BO,
        BO | {"member_number": "9999"},
        BO | {"course": "unheard of"},
        BO | {"completed_on": "2026-12-31"},
    ]
    answer = site.send("program staff", *rows)
    assert answer.status_code == 200, answer.text
    said = answer.get_json()
    ends = ["recorded", "corroborated", "already known", "unmatched", "unknown course", "faulty"]
    assert [each["outcome"] for each in said["outcomes"]] == ends
    assert said["outcomes"][5]["faults"] == [{"pointer": "/completions/5/completed_on", "detail": "is in the future"}]
    with site.desk.session() as session:
        batch = session.scalars(select(Batch).order_by(Batch.id.desc())).first()
        assert batch
        assert (batch.profile, batch.file_name) == ("api", "API: Program staff")
        assert session.scalar(select(func.count()).select_from(Completion).where(Completion.batch_id == batch.id)) == 2
    assert site.get("otto", f"/api/v1/batches/{batch.id}")["outcomes"]["recorded"] == 1
    assert site.desk.wrong() == []


@pytest.mark.parametrize(
    ("who", "how", "status"),
    [("sam", "revoked", 401), ("sam", "suspended", 401), ("sam", "role ended", 404), ("program staff", "revoked", 401)],
)
def test_a_call_that_waited_until_its_token_had_ended_records_nothing(site: Site, who: str, how: str, status: int) -> None:
    def meanwhile() -> None:
        with site.app.app_context(), writing() as session:
            user = session.get_one(User, site.users["sam"])
            if who == "program staff":
                revoke_client(session, session.get_one(ApiClient, site.clients["staff"].client.id), OPERATOR, now=NOW)
            elif how == "revoked":
                token = session.scalars(select(ApiToken).where(ApiToken.user_id == user.id)).one()
                revoke_token(session, token, OPERATOR, now=NOW)
            elif how == "suspended":
                suspend(session, user, OPERATOR)
            else:
                end_role(session, user.grants[0], OPERATOR, NOW.date())

    before = facts(site)
    with while_it_waits(meanwhile):
        answer = site.send(who, BO)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert facts(site) == before


def test_a_call_that_only_waited_is_recorded(site: Site) -> None:
    def meanwhile() -> None:
        with site.app.app_context(), writing() as session:
            suspend(session, session.get_one(User, site.users["otto"]), OPERATOR)
            sign_out(session, session.get_one(User, site.users["sam"]))

    with while_it_waits(meanwhile):
        assert site.send("sam", BO).get_json()["counts"] == {"recorded": 1}


def test_eight_equal_calls_at_once_record_once(site: Site) -> None:
    before = facts(site)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.send("sam", BO, **{"Idempotency-Key": "once"}), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    ended = sorted(answer.get_json()["outcomes"][0]["outcome"] for answer in answers)
    assert ended == ["already known"] * 7 + ["recorded"]
    assert facts(site) == before + 1


@pytest.mark.parametrize(
    "other",
    [{"completed_on": "2026-02-12"}, {"course": "ai-ethics"}, {"assurance": "reviewed"}],
    ids=["day", "course", "assurance"],
)
@pytest.mark.parametrize("how", ["key", "id"])
def test_nothing_else_is_taken_for_what_was_sent_under_the_same_id(site: Site, other: dict[str, str], how: str) -> None:
    """A key or an id that is used anew by mistake would lose what comes under it, were it simply known."""
    own: dict[str, str] = {"external_id": "march"} if how == "id" else {}
    header = {"Idempotency-Key": "march"} if how == "key" else {}
    assert site.send("sam", BO | own, **header).get_json()["outcomes"][0]["outcome"] == "recorded"
    before = facts(site)
    (said,) = site.send("sam", BO | other | own, **header).get_json()["outcomes"]
    assert (said["outcome"], said["completion_id"], facts(site)) == ("faulty", None, before)
    (fault,) = said["faults"]
    assert fault["pointer"] == "/completions/0/external_id"
    assert fault["detail"].startswith("is the id of another record: “firefly”, 2026-02-10, provider.")
    assert site.send("sam", BO | own, **header).get_json()["outcomes"][0]["outcome"] == "already known"
    assert site.send("sam", BO | own | {"member_number": "0001"}, **header).get_json()["outcomes"][0]["completion_id"]


def test_one_id_twice_in_a_call_is_of_one_completion(site: Site) -> None:
    rows = [BO | {"external_id": "x"}, BO | {"external_id": "x"}, BO | {"external_id": "x", "completed_on": "2026-02-12"}]
    said = site.send("sam", *rows).get_json()
    assert [each["outcome"] for each in said["outcomes"]] == ["recorded", "already known", "faulty"]
    assert said["outcomes"][2]["faults"][0]["pointer"] == "/completions/2/external_id"
    assert site.desk.wrong() == []


def test_one_persons_key_says_nothing_of_anothers_call(site: Site) -> None:
    """Two of the staff number their calls alike: what the second sends is not taken for what the first did."""
    with site.app.app_context(), writing() as session:
        add_user(session, "otto@example.org", Role.STAFF, None, None, OPERATOR, date(2020, 1, 1))
    one, other = BO, BO | {"completed_on": "2026-02-12"}
    for who, row in (("sam", one), ("otto", other)):
        said = site.send(who, row, **{"Idempotency-Key": "call-1"}).get_json()
        assert said["outcomes"][0]["completion_id"], (who, said)


def test_a_member_records_their_own_claims_alone(site: Site) -> None:
    own = {"course": "firefly", "completed_on": "2026-02-10"}
    assert site.send("ana", own).get_json()["outcomes"][0]["outcome"] == "recorded"
    assert site.send("ana", own).get_json()["outcomes"][0]["outcome"] == "already known"
    for row in (own | {"assurance": "provider"}, own | {"member_number": "0002"}, own | {"email": "bo@example.org"}):
        assert site.send("ana", row).get_json()["outcomes"][0]["outcome"] == "faulty"
    with site.desk.session() as session:
        done = session.scalars(select(Completion).order_by(Completion.id.desc())).first()
        assert done
        assert (done.source, done.assurance.word) == ("self", "claimed")


def test_a_member_finds_out_nobody_elses_number_or_address(site: Site) -> None:
    """Whoever else a row names reads alike, on the union's rolls or not; the trail says once a call that it was asked."""
    row = {"course": "no-such-course", "completed_on": "2026-02-10"}
    own = {"member_number": "0001", "email": "ANA@example.org"}
    others = [{"member_number": "0002"}, {"member_number": "9999"}, {"email": "bo@example.org"}, {"email": "no@example.org"}]
    said = site.send("ana", row | own, *(row | own | each for each in others)).get_json()
    assert said["outcomes"][0]["outcome"] == "unknown course"
    for place, (end, named) in enumerate(zip(said["outcomes"][1:], others, strict=True), start=1):
        reason = "is not yours: a member records their own courses alone"
        assert end["faults"] == [{"pointer": f"/completions/{place}/{next(iter(named))}", "detail": reason}]
        assert (end["outcome"], end["member_id"]) == ("faulty", None)
    with site.desk.session() as session:
        refused = select(AuditEntry).where(AuditEntry.action == "refused", AuditEntry.actor_id == site.users["ana"])
        assert [each.detail for each in session.scalars(refused)] == [{"page": "api_v1.record_completions"}]


def test_staff_record_nothing_surer_than_a_claim_of_their_own(site: Site) -> None:
    with site.app.app_context(), writing() as session:
        session.get_one(User, site.users["sam"]).member_id = site.member("0002")
    (end,) = site.send("sam", BO).get_json()["outcomes"]
    assert (end["outcome"], end["faults"][0]["pointer"]) == ("faulty", "/completions/0/assurance")


@pytest.mark.parametrize("who", ["ben", "viv", "dora", "otto", "ada"])
def test_nobody_else_records(shared: Site, who: str) -> None:
    before = facts(shared)
    assert shared.send(who, BO).status_code == 404
    assert facts(shared) == before
