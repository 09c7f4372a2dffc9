"""Reading xAPI statements: what is taken, what is refused by statement and field, and what each means."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import FILES, PROGRESS, VERBS, statement
from tracker.curriculum.words import Assurance
from tracker.intake.xapi import meaning_of, read_statements
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults
from tracker.operations.statements import Reported, Voiding

RECEIVED = datetime(2026, 3, 2, 18, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
TYPES = "http://adlnet.gov/expapi/activities/"


def body(said: object) -> bytes:
    return json.dumps(said).encode()


def meaning(said: dict[str, Any], zone: ZoneInfo = NEW_YORK) -> Any:
    (read,) = read_statements(body(said))
    return meaning_of(read.raw, RECEIVED, zone)


def row(said: dict[str, Any]) -> CompletionRow:
    found = meaning(said)
    assert isinstance(found, Reported), found
    return found.row


def refusal(content: bytes, put_under: str | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        read_statements(content, put_under)
    return caught.value


# --- What it means -------------------------------------------------------------------------------------------------------


def test_the_samples_read_as_they_are() -> None:
    completed, progressed = (
        read_statements((FILES / f"linkedin_xapi_{name}.json").read_bytes())[0] for name in ("completed", "progressed")
    )
    found = meaning_of(completed.raw, RECEIVED, NEW_YORK)
    assert isinstance(found, Reported)
    assert found.source == "linkedin"
    assert found.row.email == "testy.mcgaffer@example.org"
    assert (found.row.course_id, found.row.completed_on) == ("252", date(2021, 8, 17)), "the day in Los Angeles"
    assert found.row.assurance is Assurance.PROVIDER
    assert completed.statement_id == "6a9fefbb-3517-4b92-9d5e-5710aaba924f"
    assert meaning_of(progressed.raw, RECEIVED, NEW_YORK) == NotACompletion(0, "39 % of the course")


@pytest.mark.parametrize("urn", ["urn:lyndaCourse:252", "urn:li:lyndaCourse:252", "URN:LI:LyndaCourse:0252"])
def test_a_course_is_the_same_in_both_spellings_of_its_urn(urn: str) -> None:
    assert row(statement(object={"id": urn})).course_id == "252"


@pytest.mark.parametrize(
    ("verb", "result", "expected"),
    [
        ("completed", {}, Assurance.PROVIDER),
        ("completed", {"completion": True, "extensions": {PROGRESS: 100}}, Assurance.PROVIDER),
        ("completed", {"completion": True, "extensions": {PROGRESS: 39}}, Assurance.PROVIDER),
        ("completed", {"completion": "TRUE"}, Assurance.PROVIDER),
        ("completed", {"completion": False}, None),
        ("progressed", {}, None),
        ("progressed", {"completion": True}, None),
        ("progressed", {"completion": True, "extensions": {PROGRESS: 39}}, None),
        ("progressed", {"extensions": {PROGRESS: "99.9"}}, None),
        ("progressed", {"extensions": {PROGRESS: 100}}, Assurance.CLAIMED),
        ("progressed", {"extensions": {PROGRESS: " 100% "}}, Assurance.CLAIMED),
        ("progressed", {"completion": True, "extensions": {PROGRESS: 100}}, Assurance.PROVIDER),
        ("progressed", {"completion": True, "extensions": {PROGRESS: "100"}}, Assurance.PROVIDER),
        ("progressed", {"completion": False, "extensions": {PROGRESS: 100}}, None),
        ("progressed", {"extensions": {PROGRESS: "nan"}}, None),
        ("progressed", {"extensions": {PROGRESS: "inf"}}, None),
        ("progressed", {"extensions": {PROGRESS: True}}, None),
        ("progressed", {"extensions": {PROGRESS: [100]}}, None),
        ("passed", {"success": True}, None),
        ("passed", {"success": True, "completion": True}, Assurance.PROVIDER),
        ("launched", {"completion": True, "extensions": {PROGRESS: 100}}, None),
    ],
)
def test_which_statements_report_a_completion(verb: str, result: dict[str, Any], expected: Assurance | None) -> None:
    found = meaning(statement(verb, result=result))
    assert (found.row.assurance if isinstance(found, Reported) else None) is expected


def test_verbs_of_other_vocabularies_mean_nothing_and_adls_are_known_in_every_spelling() -> None:
    assert isinstance(meaning(statement(verb={"id": "https://example.org/verbs/completed"})), NotACompletion)
    assert isinstance(meaning(statement(verb={"id": "https://www.adlnet.gov/expapi/verbs/Completed/"})), Reported)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"id": "urn:li:lyndaLearningPath:5e1234567890abcdef123456"}, "a learning path"),
        ({"id": "urn:lyndaVideo:77"}, "a video"),
        ({"id": "urn:li:lyndaArticle:77"}, "an article"),
        ({"id": "https://example.org/q", "definition": {"type": f"{TYPES}assessment"}}, "an assessment"),
        ({"objectType": "Agent", "mbox": "mailto:b@example.org"}, "about an agent or another statement"),
        ({"objectType": "SubStatement"}, "about an agent or another statement"),
    ],
)  # fmt: skip
def test_what_is_no_course_is_no_completion(target: dict[str, Any], reason: str) -> None:
    assert meaning(statement(object=target)) == NotACompletion(0, reason)


def test_a_group_completes_nothing() -> None:
    assert meaning(statement(actor={"objectType": "Group", "member": []})) == NotACompletion(0, "a group's")


@pytest.mark.parametrize(
    ("actor", "provider_id", "email"),
    [
        ({"mbox": "MAILTO:Ana@Example.org"}, "", "Ana@Example.org"),
        ({"mbox": "mailto:ana%2Bwork@example.org"}, "", "ana+work@example.org"),
        ({"mbox_sha1sum": "A" * 40}, "sha1:" + "a" * 40, ""),
        ({"account": {"homePage": "https://www.linkedin.com", "name": "IA-0000001"}}, "IA-0000001", ""),
        ({"account": {"name": "ana@example.org"}}, "ana@example.org", "ana@example.org"),
        ({"openid": "https://ana.example.org"}, "https://ana.example.org", ""),
        ({"account": {"name": "7"}, "mbox": "mailto:a@example.org"}, "7", "a@example.org"),
    ],
)
def test_whose_it_is(actor: dict[str, Any], provider_id: str, email: str) -> None:
    found = row(statement(actor=actor | {"name": "Ana\u0007" if "openid" in actor else "Ana"}))
    assert (found.provider_id, found.email) == (provider_id, email)
    assert found.learner_name == ("" if "openid" in actor else "Ana"), "a name that cannot be shown is left out"


@pytest.mark.parametrize(
    ("timestamp", "day"),
    [
        ("2026-03-01T07:59:59.999Z", date(2026, 2, 28)),
        ("2026-03-01T08:00:00Z", date(2026, 3, 1)),
        ("2026-03-01T08:00:00", date(2026, 3, 1)),
        ("2026-03-01T16:30:00+09:00", date(2026, 2, 28)),
        ("2025-11-02T07:30:00.1234567Z", date(2025, 11, 2)),  # the hour that comes twice
        (None, date(2026, 3, 2)),
    ],
)
def test_linkedins_day_is_the_one_in_los_angeles(timestamp: str | None, day: date) -> None:
    assert row(statement(timestamp=timestamp)).completed_on == day


@pytest.mark.parametrize(
    ("timestamp", "day"),
    [
        ("2026-03-01T00:30:00+09:00", date(2026, 3, 1)),
        ("2026-02-28T23:30:00-08:00", date(2026, 2, 28)),
        ("2026-03-01T07:59:59Z", date(2026, 3, 1)),
    ],
)
def test_anyone_elses_day_is_the_one_they_write(timestamp: str, day: date) -> None:
    said = statement(object={"id": "https://lms.example.org/courses/9"}, timestamp=timestamp)
    found = meaning(said)
    assert (found.source, found.row.completed_on) == ("xapi", day)
    assert found.row.course_id == found.row.course == "https://lms.example.org/courses/9"


def test_without_a_timestamp_it_is_the_day_of_its_coming() -> None:
    said = statement(object={"id": "https://lms.example.org/courses/9"}, timestamp=None)
    (read,) = read_statements(body(said))
    late = datetime(2026, 3, 2, 3, tzinfo=UTC)
    found = meaning_of(read.raw, late, NEW_YORK)
    assert isinstance(found, Reported)
    assert found.row.completed_on == date(2026, 3, 1)


def test_a_course_is_named_in_english_if_it_has_an_english_name() -> None:
    target = {"id": "urn:lyndaCourse:252", "definition": {"name": {"de": "Einführung", "en-US": "Introduction"}}}
    assert row(statement(object=target)).course == "Introduction"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"timestamp": "2027-01-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "2026-03-02T18:10:01Z"}, "timestamp"),
        ({"timestamp": "0026-03-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": "0001-01-01T00:00:00Z"}, "timestamp"),
        ({"actor": {"account": {"name": "x" * 201}}}, "actor"),
        ({"object": {"id": "https://example.org/" + "x" * 3_000}}, "object.id"),
        ({"object": {"id": "https://example.org/\u2028x"}}, "object.id"),
    ],
)
def test_what_no_record_can_hold_is_faulty(said: dict[str, Any], field: str) -> None:
    found = meaning(statement(**said))
    assert isinstance(found, RowFaults)
    assert found.faults[0].column == field


def test_clocks_may_differ_a_little() -> None:
    assert isinstance(meaning(statement(timestamp="2026-03-02T18:09:59Z")), Reported)


def test_a_voiding_names_its_statement() -> None:
    upper = "6A9FEFBB-3517-4B92-9D5E-5710AABA924F"
    assert meaning(statement("voided", of=upper)) == Voiding(upper.lower())
    assert meaning(statement("voided", of="Any Text")) == Voiding("Any Text")


# --- What is taken -------------------------------------------------------------------------------------------------------


def test_a_statement_without_an_id_is_given_one() -> None:
    one, two = read_statements(body([statement(), statement()]))
    assert one.statement_id != two.statement_id
    assert json.loads(one.raw)["id"] == one.sent_id == one.statement_id


def test_put_gives_the_id_of_its_address() -> None:
    (one,) = read_statements(body(statement()), "mine-1")
    assert one.sent_id == "mine-1"
    (same,) = read_statements(
        body(statement(id="6A9FEFBB-3517-4B92-9D5E-5710AABA924F")), "6a9fefbb-3517-4b92-9d5e-5710aaba924f"
    )
    assert same.statement_id == "6a9fefbb-3517-4b92-9d5e-5710aaba924f"
    assert same.sent_id == "6A9FEFBB-3517-4B92-9D5E-5710AABA924F"
    assert refusal(body(statement(id="other")), "mine-1").faults[0].column == "id"
    assert refusal(body([statement()]), "mine-1").code == "malformed_statement"
    assert refusal(body(statement()), "").faults[0].column == "statementId"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": 7}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"actor": None}, "actor"),
        ({"actor": "ana"}, "actor"),
        ({"actor": {}}, "actor"),
        ({"actor": {"name": "Ana"}}, "actor"),
        ({"actor": {"mbox": "ana@example.org"}}, "actor.mbox"),
        ({"actor": {"mbox": "mailto:"}}, "actor.mbox"),
        ({"actor": {"mbox": ["mailto:a@example.org"]}}, "actor.mbox"),
        ({"actor": {"mbox_sha1sum": "abc"}}, "actor.mbox_sha1sum"),
        ({"actor": {"account": {"homePage": "https://example.org"}}}, "actor.account.name"),
        ({"actor": {"account": "ana"}}, "actor.account.name"),
        ({"actor": {"mbox": "mailto:a@example.org", "objectType": "Person"}}, "actor.objectType"),
        ({"verb": None}, "verb.id"),
        ({"verb": "completed"}, "verb.id"),
        ({"verb": {"id": 7}}, "verb.id"),
        ({"object": None}, "object"),
        ({"object": []}, "object"),
        ({"object": {}}, "object.id"),
        ({"object": {"id": 252}}, "object.id"),
        ({"object": {"id": "urn:lyndaCourse:1", "objectType": "Course"}}, "object.objectType"),
        ({"verb": {"id": VERBS + "voided"}}, "object.objectType"),
        ({"verb": {"id": VERBS + "voided"}, "object": {"objectType": "StatementRef"}}, "object.id"),
        ({"result": "done"}, "result"),
        ({"result": {"completion": "perhaps"}}, "result.completion"),
        ({"result": {"completion": 1}}, "result.completion"),
        ({"result": {"extensions": [100]}}, "result.extensions"),
        ({"timestamp": 1614573863764}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "2026-03-01"}, "timestamp"),
        ({"timestamp": "2026-02-30T00:00:00Z"}, "timestamp"),
        ({"timestamp": "2026-W09-1T00:00:00Z"}, "timestamp"),
    ],
)
def test_a_malformed_statement_refuses_the_call_and_says_where(changes: dict[str, Any], field: str) -> None:
    refused = refusal(body([statement(), statement(**changes), 5]))
    assert refused.code == "malformed_statement"
    assert (refused.faults[0].line, refused.faults[0].column) == (2, field)
    assert refused.faults[-1].line == 3
    assert refused.message.startswith(f"Statement 2, {field}: ")
    assert "Nothing of this call was kept." in refused.message


def test_an_id_twice_in_one_call_is_refused() -> None:
    refused = refusal(body([statement(id="a"), statement(id="b"), statement(id="a")]))
    assert str(refused.faults[0]) == "line 3, id: 'a' is the id of statement 1 as well"


def test_a_thousand_statements_are_enough_for_one_call() -> None:
    assert len(read_statements(body([statement()] * 1_000))) == 1_000
    assert refusal(body([statement()] * 1_001)).code == "too_many_statements"
    assert read_statements(b"[]") == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nothing",
        b"\xff\xfe{\x00}\x00",
        b'{"actor": "\xe9"}',
        b'{"a": NaN}',
        b'{"a": [-Infinity]}',
        b'{"a": 1e999}',
        b'{"a": 1, "b": {"c": 1, "c": 2}}',
        b'{"a": ' + b"1" * 5_000 + b"}",
        b'{"a": 0.' + b"1" * 5_000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": ["\\u0000"]}',
        b"[" * 41 + b"]" * 41,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda content: ascii(content[:24]),
)
def test_json_that_cannot_be_kept_is_refused(content: bytes) -> None:
    assert refusal(content).code == "not_json"


def test_a_mark_of_byte_order_and_long_text_are_no_fault() -> None:
    assert read_statements(b"\xef\xbb\xbf" + body(statement(context={"note": "x" * 100_000, "smile": "\U0001f600"})))


_SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
_FIELDS = ("id", "actor", "verb", "object", "result", "timestamp")
_INNER = (
    "objectType",
    "mbox",
    "account",
    "name",
    "id",
    "definition",
    "type",
    "completion",
    "extensions",
    PROGRESS,
    "openid",
)


@given(
    where=st.sampled_from(_FIELDS),
    inner=st.dictionaries(st.sampled_from(_INNER), _JSON, max_size=4) | _JSON,
    verb=st.sampled_from(["completed", "progressed", "passed", "voided"]),
)
def test_whatever_stands_in_a_field_is_either_refused_in_words_or_has_a_meaning(where: str, inner: Any, verb: str) -> None:
    said = statement(verb, of="a-1") if verb == "voided" else statement(verb)
    whole = said.get(where)
    said[where] = whole | inner if isinstance(whole, dict) and isinstance(inner, dict) else inner
    with suppress(Refused):
        (read,) = read_statements(body(said))
        assert isinstance(meaning_of(read.raw, RECEIVED, NEW_YORK), Reported | Voiding | NotACompletion | RowFaults)
