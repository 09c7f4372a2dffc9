"""What an administrator does with clients, and who sees what they sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World, settings
from sqlalchemy import select

from tracker import create_app
from tracker.models import ApiClient, AuditEntry, db
from tracker.web.admin_clients import _addresses


@pytest.fixture
def ada(signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("ada")


def make(ada: Browser, name: str = "LinkedIn Learning") -> tuple[str, str]:
    """A client, as its administrator is shown it: its id and its secret."""
    page = ada.send("/admin/clients/new", {"name": name, "scopes": "xapi:write", "role": ""}, page="/admin/clients/new").text
    its_id = re.search(r"<dt[^>]*>Client id</dt><dd><code[^>]*>([0-9a-f]{32})</code>", page)
    secret = re.search(r'<dd class="secret breakable">([^<]+)</dd>', page)
    assert its_id
    assert secret
    return its_id[1], secret[1]


def row_of(app: Flask, client_id: str) -> int:
    with app.app_context():
        return db.session.scalars(select(ApiClient.id).where(ApiClient.client_id == client_id)).one()


def send(app: Flask, client_id: str, secret: str, *statements: object) -> int:
    """What the program is answered, with a token of its own."""
    program = app.test_client()
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = (program.post("/oauth2/token", data=form).get_json() or {}).get("access_token", "")
    headers = {"Authorization": f"Bearer {token}", "X-Experience-API-Version": "1.0.3"}
    return program.post("/xapi/statements", data=json.dumps(statements), headers=headers).status_code


def completed(email: str, name: str = "", **said: object) -> dict[str, object]:
    return {
        "actor": {"mbox": f"mailto:{email}", "name": name},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "https://www.linkedin.com/learning/ai-basics"},
        "timestamp": "2026-02-18T12:00:00Z",
    } | said


def test_an_empty_list_teaches_the_next_step(ada: Browser, signed_in: Callable[[str], Browser]) -> None:
    assert 'href="/admin/clients/new"' in ada.get("/admin/clients").text
    staff = signed_in("sam").get("/admin/clients").text
    assert "An administrator can make a client" in staff
    assert "/admin/clients/new" not in staff


def test_a_client_is_shown_its_secret_once_with_what_to_enter(app: Flask, union: World, ada: Browser) -> None:
    client_id, secret = make(ada)
    page = ada.get(f"/admin/clients/{row_of(app, client_id)}").text
    assert secret not in page
    assert "http://localhost/oauth2/token" in page
    assert "http://localhost/xapi/statements" in page
    assert client_id in page
    assert send(app, client_id, secret, completed("ana@example.org")) == 200
    with app.app_context():
        trail = db.session.scalars(select(AuditEntry)).all()
        assert not any(secret in str(entry.detail) for entry in trail)
        assert [entry.action for entry in trail if entry.object_kind == "client"] == ["add_client", "receive_statements"]
    assert "added a client" in ada.get("/admin/audit?action=add_client").text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Give the client a name"),
        ("   ", "Give the client a name"),
        ("x" * 81, "at most 80"),
        ("linkedin  learning", "already"),
    ],
)
def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(
    app: Flask, ada: Browser, name: str, message: str
) -> None:
    make(ada)
    answer = ada.send("/admin/clients/new", {"name": name, "scopes": "xapi:write", "role": ""}, page="/admin/clients/new")
    assert answer.status_code == 422
    fault = re.search(r'id="name-error">([^<]+)<', answer.text)
    assert fault
    assert message in fault[1]
    if name.strip():
        assert f'value="{name}"' in answer.text
    with app.app_context():
        assert len(db.session.scalars(select(ApiClient)).all()) == 1


def test_revoking_asks_first_and_stops_it_at_once(app: Flask, union: World, ada: Browser) -> None:
    client_id, secret = make(ada)
    path = f"/admin/clients/{row_of(app, client_id)}/revoke"
    assert "Revoke" in ada.get(path).text
    assert send(app, client_id, secret) == 200, "asking changed nothing"
    assert ada.send(path, page=path).status_code == 303
    assert send(app, client_id, secret) == 401
    assert "it can send nothing more" in ada.get(path.removesuffix("/revoke")).text
    assert ">revoked<" in ada.get("/admin/clients").text
    assert ada.send(path, page=path).status_code == 409, "a second time there is nothing to revoke"
    assert make(ada)[0] != client_id, "its name is free again"


def test_staff_and_auditors_see_what_it_sent_and_administrators_how_much(
    app: Flask, union: World, ada: Browser, signed_in: Callable[[str], Browser]
) -> None:
    client_id, secret = make(ada)
    statements = [
        completed("ana@example.org", id="s-1"),
        completed("stranger@example.org", "<b>Stranger</b>", id="s-2"),
        completed("bo@example.org", id="s-3", verb={"id": "http://adlnet.gov/expapi/verbs/launched"}),
        {"id": "s-4", "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}, "actor": {"openid": "urn:us"}}
        | {"object": {"objectType": "StatementRef", "id": "s-9"}},
    ]
    assert send(app, client_id, secret, *statements) == 200
    path = f"/admin/clients/{row_of(app, client_id)}"
    for who in ("sam", "otto"):
        page = signed_in(who).get(path).text
        assert f'href="/staff/members/{union.ana}"><bdi>Ana Example</bdi></a>' in page
        assert "stranger@example.org" in page
        assert "&lt;b&gt;Stranger" in page
        assert "<b>Stranger" not in page
        for words in ("unmatched", "launched", "voids s-9", "voided before it came", "by s-4"):
            assert words in page, words
        assert "/revoke" not in page
    page = ada.get(path).text
    assert "stranger@example.org" not in page
    assert re.search(r"recorded 1</span>.*waiting 1</span>.*not a completion 2</span>.*voided 1</span>", page, re.DOTALL)


def test_a_long_list_comes_a_page_at_a_time(
    app: Flask, union: World, ada: Browser, signed_in: Callable[[str], Browser]
) -> None:
    client_id, secret = make(ada)
    some = [completed(f"m{each:02d}@example.org", id=f"s-{each}") for each in range(60)]
    assert send(app, client_id, secret, *some) == 200
    sam = signed_in("sam")
    first = sam.get(f"/admin/clients/{row_of(app, client_id)}").text
    assert "m59@example.org" in first
    assert "m09@example.org" not in first
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following
    second = sam.get(following[1].replace("&amp;", "&")).text
    assert "m09@example.org" in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "noor"])
def test_nobody_else_sees_any_of_it(
    app: Flask, union: World, ada: Browser, signed_in: Callable[[str], Browser], who: str
) -> None:
    path = f"/admin/clients/{row_of(app, make(ada)[0])}"
    browser = signed_in(who)
    for each in ("/admin/clients", "/admin/clients/new", path, f"{path}/revoke"):
        assert browser.get(each).status_code == 404
    assert 'href="/admin/clients"' not in browser.client.get("/", follow_redirects=True).text


def test_only_an_administrator_makes_and_revokes(
    app: Flask, union: World, ada: Browser, signed_in: Callable[[str], Browser]
) -> None:
    path = f"/admin/clients/{row_of(app, make(ada)[0])}/revoke"
    for who in ("sam", "otto"):
        browser = signed_in(who)
        assert browser.get("/admin/clients/new").status_code == 404
        assert browser.send(path, page="/account/password").status_code == 404
        assert browser.send("/admin/clients/new", {"name": "Mine"}, page="/account/password").status_code == 404
        assert browser.get("/admin/clients").status_code == 200
    assert ada.get("/admin/clients/1").status_code == 404
    assert ada.client.post("/admin/clients/new", data={"name": "Forged"}).status_code == 400


def test_the_addresses_come_from_the_settings_and_not_from_a_request(tmp_path: Path) -> None:
    """A forged Host would send the provider's statements elsewhere."""
    app = create_app(settings(tmp_path, TRACKER_URL="https://training.example.org"))
    with app.test_request_context(base_url="https://evil.example"):
        assert _addresses()["statements_url"] == "https://training.example.org/xapi/statements"
