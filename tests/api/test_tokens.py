"""A token: who is given one, what every refusal says, and how long it holds."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select

from tests.api.conftest import FILES, NOW, Provider, statement
from tests.conftest import make_settings
from tests.turns import while_it_waits
from tracker import create_app
from tracker.models import ApiClient, AuditEntry, SignInFailure, writing
from tracker.operations.accounts import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS, FAILURES_WINDOW
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import revoke_client


@pytest.fixture
def revoked(program: Provider) -> Provider:
    with program.desk.app.app_context(), writing() as session:
        revoke_client(session, session.get_one(ApiClient, program.client.client.id), OPERATOR, now=NOW)
    return program


def test_a_token_is_given_as_linkedin_asks_for_it(program: Provider) -> None:
    asked = (FILES / "linkedin_xapi_token_request.http").read_text()
    form = asked.split("\n\n")[1].strip()
    form = form.replace("EXAMPLE-ID", program.client.client.client_id).replace("EXAMPLE-SECRET", program.client.secret)
    answer = program.http.post("/oauth2/token", data=form, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.get_json()
    assert said.pop("access_token")
    assert said == {"expires_in": 3600, "token_type": "Bearer", "scope": "xapi:write"}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("scope", [None, "", "xapi:write"])
def test_the_scope_may_be_left_out(program: Provider, scope: str | None) -> None:
    assert program.ask_token(**({} if scope is None else {"scope": scope})).status_code == 200


def test_credentials_may_come_by_http_basic(program: Provider) -> None:
    pair = f"{program.client.client.client_id}:{program.client.secret}"
    headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    answer = program.http.post("/oauth2/token", data={"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "0" * 32}, 401, "invalid_client"),
        ({"client_id": "nul\0 and \udcff"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ({"scope": "xapi:read"}, 400, "invalid_scope"),
        ({"scope": "xapi:write admin"}, 400, "invalid_scope"),
    ],
)
def test_a_refusal_is_oauths(program: Provider, changes: dict[str, str], status: int, error: str) -> None:
    changes = {name: value.encode("utf-8", "surrogateescape") for name, value in changes.items()}  # type: ignore[misc]
    answer = program.ask_token(**changes)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert answer.get_json()["error_description"]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_what_is_no_form_is_refused(program: Provider) -> None:
    for answer in (
        program.http.post("/oauth2/token"),
        program.http.post("/oauth2/token", json={"grant_type": "client_credentials"}),
        program.http.post("/oauth2/token?grant_type=client_credentials&client_id=a&client_secret=b"),
        program.http.post("/oauth2/token", data="client_id=a&client_id=b", content_type="application/x-www-form-urlencoded"),
    ):
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    assert program.http.get("/oauth2/token").status_code == 405
    assert program.ask_token(client_secret="x" * 20_000).status_code == 413
    assert program.http.post("/oauth2/nothing").get_json()["error"] == "not_found"


def test_the_secret_is_nowhere_but_in_the_answer(program: Provider) -> None:
    program.ask_token(client_secret="wrong-" + program.client.secret)
    with program.desk.session() as session:
        kept = session.scalars(select(ApiClient.secret_hash)).one()
        assert program.client.secret not in kept
        assert not any(program.client.secret in str(each.detail) for each in session.scalars(select(AuditEntry)))
        assert not any(program.client.secret in key for key in session.scalars(select(SignInFailure.key)))


def test_wrong_wrong_and_revoked_read_alike(revoked: Provider) -> None:
    answers = [revoked.ask_token(), revoked.ask_token(client_secret="wrong"), revoked.ask_token(client_id="f" * 32)]
    assert {(each.status_code, each.text) for each in answers} == {(401, answers[0].text)}


def test_a_revoked_clients_token_stops_at_once(program: Provider) -> None:
    assert program.post(statement()).status_code == 200
    with program.desk.app.app_context(), writing() as session:
        revoke_client(session, session.get_one(ApiClient, program.client.client.id), OPERATOR, now=NOW)
    answer = program.post(statement())
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_token")
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_what_is_sent_with_a_token_that_ends_meanwhile_is_not_taken(program: Provider) -> None:
    def meanwhile() -> None:
        with program.desk.app.app_context(), writing() as session:
            revoke_client(session, session.get_one(ApiClient, program.client.client.id), OPERATOR, now=NOW)

    with while_it_waits(meanwhile):
        assert program.post(statement()).status_code == 401
    assert program.states() == {}


def test_a_token_lasts_an_hour(program: Provider) -> None:
    with time_machine.travel(NOW + timedelta(minutes=59)):
        assert program.post([]).status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=61)):
        assert program.post([]).status_code == 401


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Bearer x.y.z", "Basic YTpi", "Token abc", "bearer \u00e9"])
def test_without_a_good_token_nothing_is_taken(program: Provider, shown: str) -> None:
    answer = program.post(statement(), Authorization=shown)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert program.states() == {}


def test_another_signature_of_ours_is_no_token(program: Provider) -> None:
    from itsdangerous import URLSafeTimedSerializer

    key = program.desk.app.config["SECRET_KEY"]
    for salt in ("cookie-session", "xapi access token"):
        forged = URLSafeTimedSerializer(key, salt=salt).dumps(program.client.client.id)
        assert program.post(statement(), Authorization=f"Bearer {forged}").status_code == 401


def failures(program: Provider) -> int:
    with program.desk.session() as session:
        return session.scalar(select(func.count()).select_from(SignInFailure)) or 0


def test_guessing_is_limited_by_client_and_address_and_ends(program: Provider) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert program.ask_token(client_secret="wrong").status_code == 401
    for secret in ("wrong", program.client.secret):
        answer = program.ask_token(client_secret=secret)
        assert (answer.status_code, answer.get_json()["error"]) == (429, "too_many_attempts")
        assert answer.headers["Retry-After"] == "900"
    assert failures(program) == 2 * FAILURES_PER_ACCOUNT
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    form = {"grant_type": "client_credentials", "client_id": program.client.client.client_id}
    answer = program.http.post("/oauth2/token", data=form | {"client_secret": program.client.secret}, environ_base=elsewhere)
    assert answer.status_code == 200, "nobody can lock the provider out from elsewhere"
    with time_machine.travel(NOW + FAILURES_WINDOW + timedelta(seconds=1)):
        assert program.ask_token().status_code == 200


def test_guessing_many_clients_is_limited_by_address(program: Provider) -> None:
    for each in range(FAILURES_PER_ADDRESS):
        assert program.ask_token(client_id=f"{each:032x}").status_code == 401
    assert program.ask_token(client_id="f" * 32).status_code == 429


def test_a_failure_that_cannot_be_counted_is_not_told(program: Provider) -> None:
    with program.importing():
        assert program.token(), "who is right gets in all the same"
        answer = program.ask_token(client_secret="wrong")
    assert (answer.status_code, answer.get_json()["error"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "60"


def test_without_a_database_the_answer_is_json(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, f"sqlite:///{tmp_path}/nowhere/tracker.db"))
    form = {"grant_type": "client_credentials", "client_id": "0" * 32, "client_secret": "x"}
    answer = app.test_client().post("/oauth2/token", data=form)
    assert (answer.status_code, answer.get_json()["error"]) == (503, "service_unavailable")


def test_only_a_failure_writes(program: Provider) -> None:
    before = program.desk.written()
    program.token()
    assert (program.desk.written(), failures(program)) == (before, 0)
    program.ask_token(client_secret="wrong")
    with program.desk.session() as session:
        last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert last
        assert (last.action, last.detail) == ("client_sign_in_failed", {"address": "127.0.0.1"})
