"""What is answered to a provider, and what becomes of what it sends."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tests.api.conftest import CATALOGUE, FILES, PROGRESS, Provider, statement
from tests.operations.conftest import BEN
from tracker.models import AuditEntry, Completion, Identifier, IdentifierKind, XapiStatement

FEBRUARY = ("firefly", "2026-02-28", "linkedin")


# --- What is answered ----------------------------------------------------------------------------------------------------


def test_a_completed_course_is_recorded_and_counts_at_once(provider: Provider) -> None:
    answer = provider.post(statement(id="a-1"))
    assert (answer.status_code, answer.get_json()) == (200, ["a-1"])
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    assert "Set-Cookie" not in answer.headers
    assert provider.states() == {"a-1": "recorded"}
    assert provider.completions() == [FEBRUARY]
    assert provider.desk.figure("ai-hours", "80") == (1, 1, 1, 1)
    assert provider.desk.wrong() == []


def test_the_samples_as_they_are(provider: Provider) -> None:
    for name in ("progressed", "completed"):
        body = (FILES / f"linkedin_xapi_{name}.json").read_bytes()
        assert provider.post(body).get_json() == [json.loads(body)["id"]]
    assert provider.states() == {
        "0c4b8f6e-52c7-4c0b-9c3c-9a5f0a1d2e3f": "not a completion",
        "6a9fefbb-3517-4b92-9d5e-5710aaba924f": "waiting",
    }
    assert provider.waiting() == ["testy.mcgaffer@example.org 252 2021-08-17"]
    provider.desk.roster("0009,Testy,McGaffer,Testy.McGaffer@example.org,80,grip,active,member,2019-03-01,,yes\n")
    assert provider.completions() == [("firefly", "2021-08-17", "linkedin")]
    assert provider.desk.wrong() == []


def test_several_statements_are_answered_with_their_ids_in_order(provider: Provider) -> None:
    ids = provider.send(statement(id="b"), statement("progressed"), statement(id="a", timestamp="2026-02-01T20:00:00Z"))
    assert (ids[0], ids[2]) == ("b", "a")
    assert provider.states() == {"b": "recorded", ids[1]: "not a completion", "a": "recorded"}
    assert provider.send() == []


def test_put_takes_one_statement_under_its_id(provider: Provider) -> None:
    answer = provider.put(statement(), "mine-1")
    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["X-Experience-API-Version"] == "1.0.3"
    assert provider.put(statement(), "mine-1").status_code == 204
    assert provider.put(statement(id="mine-1"), "mine-1").status_code == 204
    assert provider.states() == {"mine-1": "recorded"}
    assert provider.put(statement(id="other"), "mine-1").status_code == 400
    assert provider.put([statement()], "mine-2").status_code == 400
    without = provider.http.put("/xapi/statements", data=json.dumps(statement()), headers=provider.headers)
    assert (without.status_code, without.get_json()["error"]) == (400, "malformed_statement")


def test_every_version_of_1_0_is_spoken(program: Provider) -> None:
    for version in ("1.0", "1.0.0", "1.0.1", "1.0.2", "1.0.3"):
        assert program.post(statement("progressed"), **{"X-Experience-API-Version": version}).status_code == 200


@pytest.mark.parametrize("version", ["", "1.0.4", "0.95", "2.0.0", "1.0.0\u00b2", "1"])
def test_other_versions_are_refused_in_words(program: Provider, version: str) -> None:
    answer = program.post(statement(), **{"X-Experience-API-Version": version})
    assert answer.status_code == 400
    assert "send 1.0.0 to 1.0.3" in answer.get_json()["error_description"]
    assert program.states() == {}


def test_about_is_open_to_all(program: Provider) -> None:
    for path in ("/xapi/about", "/xapi/about/"):
        answer = program.desk.app.test_client().get(path)
        assert answer.get_json() == {"version": ["1.0.3", "1.0.2", "1.0.1", "1.0.0"], "extensions": {}}
        assert "Set-Cookie" not in answer.headers


def test_a_slash_at_the_end_is_no_fault(program: Provider) -> None:
    answer = program.http.post("/xapi/statements/", data=json.dumps(statement(id="a")), headers=program.headers)
    assert (answer.status_code, answer.get_json()) == (200, ["a"])


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/xapi/statements", 405, "method_not_allowed"),
        ("DELETE", "/xapi/statements", 405, "method_not_allowed"),
        ("GET", "/xapi/activities/state", 404, "not_found"),
        ("POST", "/xapi/", 404, "not_found"),
        ("GET", "/xapi", 404, "not_found"),
        ("GET", "/oauth2/token", 405, "method_not_allowed"),
        ("GET", "/oauth2/authorize", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_said_in_json(program: Provider, method: str, path: str, status: int, error: str) -> None:
    answer = program.http.open(path, method=method, headers=program.headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert answer.get_json()["error"] == error
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert ("X-Experience-API-Version" in answer.headers) == path.startswith("/xapi")


def test_a_broken_server_says_so_in_json(program: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    program.desk.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("tracker.api.statements.read_statements", broken)
    answer = program.post(statement())
    assert (answer.status_code, answer.get_json()["error"]) == (500, "internal_server_error")
    assert "ZeroDivision" not in answer.text


# --- All or nothing ------------------------------------------------------------------------------------------------------


def test_one_malformed_statement_refuses_the_call(program: Provider) -> None:
    answer = program.post([statement(id="a"), statement(actor={"mbox": "nobody"}), 7])
    assert answer.status_code == 400
    said = answer.get_json()
    assert said["error"] == "malformed_statement"
    assert said["faults"] == [
        {
            "statement": 2,
            "field": "actor.mbox",
            "value": "nobody",
            "reason": "is no address of the form mailto:name@example.org",
        },
        {"statement": 3, "field": "", "value": "7", "reason": "is no statement, which is a JSON object"},
    ]
    assert (program.states(), program.completions()) == ({}, [])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 200_000, 400),
        (b'{"a":1,"a":1}', 400),
        (b'{"a":"\\u0000"}', 400),
        (b'{"a":NaN}', 400),
        (b"", 400),
        (b"[" + b"0," * 1_000 + b"0]", 413),
        (b'"' + b"x" * 2_000_001 + b'"', 413),
    ],
    ids=lambda body: ascii(body)[:20],
)
def test_a_body_that_is_no_statements_is_refused_in_json(program: Provider, body: bytes, status: int) -> None:
    answer = program.post(body)
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert answer.get_json()["error_description"]
    assert program.states() == {}


def test_a_body_that_is_too_large_is_told_how_large_it_may_be(program: Provider) -> None:
    assert "at most 2 MB" in program.post(b" " * 2_000_001).get_json()["error_description"]


def test_an_id_with_other_content_is_a_conflict_and_nothing_is_kept(provider: Provider) -> None:
    provider.send(statement(id="a"))
    answer = provider.post([statement(id="b"), statement("progressed", id="a")])
    assert (answer.status_code, answer.get_json()["error"]) == (409, "statement_conflict")
    assert provider.put(statement("progressed"), "a").status_code == 409
    assert provider.states() == {"a": "recorded"}


def test_the_same_again_changes_nothing(provider: Provider) -> None:
    whole = [statement(id="a"), statement("progressed", id="b"), statement(actor={"openid": "urn:x"}, id="c")]
    provider.send(*whole)
    before, states = provider.desk.written(), provider.states()
    reordered = [dict(reversed(each.items())) for each in reversed(whole)]
    assert provider.send(*reordered) == ["c", "b", "a"]
    assert provider.send(whole[0] | {"stored": "2026-03-02T00:00:00Z", "version": "1.0.0", "authority": {}}) == ["a"]
    assert (provider.desk.written(), provider.states()) == (before, states)


def test_a_uuid_is_the_same_in_upper_case(provider: Provider) -> None:
    its_id = "6a9fefbb-3517-4b92-9d5e-5710aaba924f"
    provider.send(statement(id=its_id))
    assert provider.send(statement(id=its_id.upper())) == [its_id.upper()]
    assert provider.states() == {its_id: "recorded"}


# --- What becomes of it --------------------------------------------------------------------------------------------------


def test_the_same_said_under_another_id_adds_no_fact(provider: Provider) -> None:
    first = statement(id="a")
    provider.send(first)
    provider.send(first | {"id": "b", "object": {"id": "urn:li:lyndaCourse:252"}, "timestamp": "2026-03-01T07:00:00Z"})
    assert provider.states() == {"a": "recorded", "b": "already known"}
    assert provider.completions() == [FEBRUARY]


def test_a_late_progress_does_not_undo_a_completion(provider: Provider) -> None:
    provider.send(statement("progressed", result={"extensions": {PROGRESS: 39}}))
    provider.send(statement(id="done"))
    provider.send(statement("progressed", result={"completion": False, "extensions": {PROGRESS: "39"}}))
    assert provider.completions() == [FEBRUARY]
    assert sorted(provider.states().values()) == ["not a completion", "not a completion", "recorded"]


def test_all_of_it_seen_is_a_claim_until_the_provider_says_completed(provider: Provider) -> None:
    provider.send(statement("progressed", result={"extensions": {PROGRESS: "100"}}))
    assert provider.desk.figure("ai-hours", "80") == (1, 1, 0, 0)
    provider.send(statement())
    assert provider.desk.figure("ai-hours", "80") == (1, 1, 1, 1)
    assert provider.desk.wrong() == []


def test_linkedins_report_of_the_same_day_is_the_same_fact(provider: Provider) -> None:
    report = (
        "member_number,email,course,completed_on,assurance,evidence_url,external_id\n0001,,firefly,2026-02-28,provider,,\n"
    )
    provider.desk.completions(report.partition("\n")[2])
    provider.send(statement(id="a"))
    assert provider.states() == {"a": "already known"}
    with provider.desk.session() as session:
        row = session.scalars(select(XapiStatement)).one()
        assert row.completion_id == session.scalars(select(Completion.id)).one()
    provider.send(statement("voided", of="a"))
    assert [day for _, day, _ in provider.completions()] == ["2026-02-28"], "the report's own, which no statement takes away"


def test_an_account_is_found_by_the_providers_id(provider: Provider) -> None:
    with provider.desk.write() as session:
        ana = session.scalars(select(Identifier)).first()
        assert ana
        session.add(
            Identifier(
                kind=IdentifierKind.PROVIDER_ID,
                value="ia-1",
                member_id=ana.member_id,
                shown="IA-1",
                recorded_at=provider.desk.now,
            )
        )
    provider.send(statement(id="a", actor={"account": {"homePage": "https://www.linkedin.com", "name": "IA-1"}}))
    assert provider.states() == {"a": "recorded"}


def test_a_learner_or_a_course_that_nobody_knows_waits_and_is_never_an_error(provider: Provider) -> None:
    ben, unknown = {"mbox": "mailto:BEN@example.org"}, {"id": "urn:lyndaCourse:777"}
    provider.send(statement(id="a", actor=ben), statement(id="b", object=unknown))
    provider.send(statement(id="a2", actor=ben), statement(id="h", actor={"mbox_sha1sum": "a" * 40}))
    assert provider.states() == {"a": "waiting", "a2": "waiting", "b": "waiting", "h": "waiting"}
    assert provider.waiting() == [
        "Ana@Example.org 777 2026-02-28",
        "BEN@example.org 252 2026-02-28",
        "sha1:" + "a" * 40 + " 252 2026-02-28",
    ]
    provider.desk.roster(BEN)
    assert provider.completions() == [FEBRUARY]
    provider.desk.catalogue(CATALOGUE.replace("code: ai-ethics,", 'code: ai-ethics, ids: ["777"],'))
    assert provider.completions() == [("ai-ethics", "2026-02-28", "linkedin"), FEBRUARY]
    provider.send(statement(id="a3", actor=ben))
    assert provider.states()["a3"] == "already known"
    assert provider.desk.wrong() == []


def test_a_retired_course_is_still_taken_from_its_provider(provider: Provider) -> None:
    provider.desk.catalogue(CATALOGUE.replace('ids: ["252"]', 'ids: ["252"], retired_on: 2025-01-01'))
    provider.send(statement(id="a"))
    provider.send(
        statement("progressed", id="claim", timestamp="2026-02-01T20:00:00Z", result={"extensions": {PROGRESS: 100}})
    )
    assert provider.states() == {"a": "recorded", "claim": "faulty"}


def test_the_future_is_kept_and_counts_for_nothing(provider: Provider) -> None:
    assert provider.send(statement(id="a", timestamp="2027-01-01T00:00:00Z")) == ["a"]
    assert (provider.states(), provider.reasons()) == ({"a": "faulty"}, {"a": "timestamp is in the future"})
    assert provider.completions() == []


def test_one_entry_in_the_trail_for_a_call_that_changes_facts(provider: Provider) -> None:
    def trail() -> list[tuple[object, ...]]:
        with provider.desk.session() as session:
            rows = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "receive_statements").order_by(AuditEntry.id)
            )
            return [(row.actor_role, row.object_id == provider.client.client.id, row.detail) for row in rows]

    provider.send(statement("progressed"), statement("launched"))
    assert trail() == []
    provider.send(statement(id="a"), statement("progressed"))
    assert trail() == [
        ("client", True, {"client": "LinkedIn Learning", "recorded": 1, "not a completion": 1, "voidings": None})
    ]
    provider.send(statement("voided", of="a"))
    assert len(trail()) == 2


def test_eight_equal_posts_at_once_are_one_completion(provider: Provider) -> None:
    body = json.dumps(statement(id="a")).encode()
    others = [json.dumps(statement(id=f"b{each}")).encode() for each in range(4)]

    def post(each: bytes) -> int:
        client = provider.desk.app.test_client()
        return client.post("/xapi/statements", data=each, headers=provider.headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, [body] * 8 + others)) == {200}
    provider.settle()
    assert provider.completions() == [FEBRUARY]
    assert sorted(provider.states()) == ["a", "b0", "b1", "b2", "b3"]
    assert sorted(provider.states().values()) == ["already known"] * 4 + ["recorded"]
    assert provider.desk.wrong() == []


def test_many_statements_of_one_stranger_at_once_wait_once(provider: Provider) -> None:
    stranger = {"mbox": "mailto:who@example.org"}
    bodies = [json.dumps(statement(id=f"s{each}", actor=stranger)).encode() for each in range(16)]

    def post(body: bytes) -> int:
        client = provider.desk.app.test_client()
        return client.post("/xapi/statements", data=body, headers=provider.headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, bodies)) == {200}
    provider.settle()
    assert set(provider.states().values()) == {"waiting"}
    assert provider.waiting() == ["who@example.org 252 2026-02-28"]


def test_a_thousand_at_once_are_recorded(provider: Provider) -> None:
    some = [statement(id=f"s{each}", actor={"mbox": f"mailto:m{each % 300}@example.org"}) for each in range(1_000)]
    assert len(provider.send(*some)) == 1_000
    assert len(provider.waiting()) == 300
