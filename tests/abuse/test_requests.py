"""Abuse of requests: forged from another site, led to another site, with SQL in them."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.access.asking import SAFE, Asker, Kept, rules_of, where
from tests.web.little_union import token_on

# Programs' doors, which no cookie opens: a token is theirs to show.
PROGRAMS = ("oauth2.", "xapi.", "api")
# What anyone may ask without having opened the page before; it writes nothing.
WITHOUT_TOKEN = frozenset({"checking.check_file"})


# Where a file comes in, or a table as JSON.
WITH_FILES = frozenset(
    {"checking.check_file", "locals.class_new", "members.log", "members.proof", "staff.class_new", "staff.upload_import"}
)
UNREAD = frozenset({"notices.stop_mails"})  # where the address named nothing
READERS = ("stranger", "staff", "lead", "member", "admin")


def test_abuse_10_no_form_is_read_that_is_larger_than_a_form_is(union: Asker, kept: Kept) -> None:
    """Abuse 10: megabytes to an address that takes a few words. Reading them takes time, and anyone may send them."""
    part = b'--x\r\nContent-Disposition: form-data; name="x"; filename="x"\r\n\r\n'
    body = part + b"\r\n--x." * (2 * 2**20 // 6) + b"\r\n--x--\r\n"
    read = []
    for (endpoint, method), rule in rules_of(union.app).items():
        if method == SAFE or endpoint.startswith(PROGRAMS) or endpoint in WITH_FILES or endpoint in UNREAD:
            continue
        address = where(union.app, rule, union.planted.own)
        met = {union.ask(role, method, address, body=body).status for role in READERS}
        if 413 not in met or met - {413, 303, 404}:
            read.append((method, address, met))
    assert read == []
    assert not kept.was_written()


@pytest.mark.parametrize("role", ["staff", "lead", "member", "admin"])
def test_abuse_12_nothing_is_changed_without_the_token_of_its_page(union: Asker, kept: Kept, role: str) -> None:
    """Abuse 12: another site sends a form, or JSON, with the cookies of whoever is signed in."""
    for (endpoint, method), rule in rules_of(union.app).items():
        if method == SAFE or endpoint.startswith(PROGRAMS) or endpoint in WITHOUT_TOKEN:
            continue
        address = where(union.app, rule, union.planted.own)
        for fields in ({"csrf_token": ""}, {"csrf_token": "forged"}):
            answer = union.ask(role, method, address, fields)
            assert answer.status in (400, 404), (method, address, answer.status)
            assert not kept.was_written(), (method, address)


def test_abuse_12_nobody_is_signed_in_by_another_site(union: Asker) -> None:
    """Abuse 12: login CSRF, so that a victim works in the attacker's account."""
    client = union.app.test_client()
    answer = client.post("/login", data={"email": "lead@example.org", "password": "backstage-demo"})
    assert answer.status_code == 400
    assert client.get("/account/").status_code == 303


def test_abuse_12_json_needs_the_token_too(union: Asker, kept: Kept) -> None:
    """Abuse 12: a form of the type `text/plain` that reads as JSON."""
    client = union.app.test_client()
    token_on(client.get("/login").text)
    for kind in ("application/json", "text/plain"):
        assert client.post("/login", data='{"email": "lead@example.org"}', content_type=kind).status_code == 400
    assert not kept.was_written()


SQL = ("' OR '1'='1", "'; DROP TABLE member; --", '" UNION SELECT password_hash FROM user_account --', "%' ESCAPE '\\", "\\")
ASKED = (
    "q",
    "sort",
    "path",
    "unit",
    "district",
    "craft",
    "kind",
    "state",
    "floor",
    "as_of",
    "after",
    "before",
    "local",
    "who",
)


@pytest.mark.parametrize("name", ASKED)
def test_abuse_11_a_filter_is_never_sql(union: Asker, kept: Kept, name: str) -> None:
    """Abuse 11: SQL through a search, an order, a filter."""
    pages = ("/reports/", "/reports/locals/80", "/reports/compare", "/staff/members", "/staff/reviews", "/staff/desk")
    for page in (*pages, "/reports/paths/set-safety", "/staff/assign/rules", "/staff/corrections", "/staff/eligibility"):
        for text in SQL:
            client_answer = union.ask("staff", SAFE, f"{page}?{name}={_quoted(text)}")
            assert client_answer.status in (200, 302, 303, 400, 404), (page, name, text)
            assert b"scrypt" not in client_answer.body
            assert not kept.was_written()


def test_abuse_11_a_search_for_everything_finds_nothing(union: Asker) -> None:
    """Abuse 11: a condition that is always true, and the signs that stand for any text."""
    for text in ("' OR '1'='1", "%", "_", "a%"):
        answer = union.ask("staff", SAFE, f"/staff/members?q={_quoted(text)}")
        assert b"ownlocal" not in answer.body
        assert b"zqcanary" not in answer.body


def _quoted(text: str) -> str:
    return quote(text, safe="")


@pytest.mark.parametrize("way", ["/login?next={}", "/login/link?next={}"])
@pytest.mark.parametrize(
    "trick", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "///evil"]
)
def test_abuse_13_no_page_leads_to_another_site(union: Asker, way: str, trick: str) -> None:
    """Abuse 13: `next=` that a browser reads as another site's address, to a stranger and to who is signed in already."""
    for reader in ("stranger", "lead"):
        answer = union.ask(reader, SAFE, way.format(_quoted(trick)))
        assert "evil" not in answer.head.get("Location", "")
        assert not re.search(rb'(?:href|action)="[^"]*evil', answer.body)
    for form in ("/theme", "/language"):
        answer = union.ask("lead", "POST", form, {"next": trick, "theme": "dark", "language": "es"})
        assert answer.status == 303
        assert "evil" not in answer.head["Location"]
