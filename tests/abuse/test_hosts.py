"""Abuse 22: names and addresses that a request claims for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import empty_database, make_settings
from tests.web.little_union import token_on
from tracker import create_app
from tracker.models import SignInFailure, db

HOSTS = ("training.example.org", "localhost", "127.0.0.1", "::1")
DOORS = ("/", "/login", "/static/tracker.css", "/healthz", "/readyz", "/xapi/about", "/no-such-page", "/proof/x", "/help/")
Make = Callable[[int], Flask]


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """The application behind so many proxies of our own."""
    with empty_database("sqlite", request, tmp_path) as address:
        yield lambda hops: create_app(make_settings(tmp_path, address, hosts=HOSTS, proxy_hops=hops))


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "localhost.evil.example", "evil.example#localhost", "training.example.org.",
        "127.0.0.1.evil.example", "localhost@evil.example", "[::2]", "[::1]evil", "10.0.0.5", "localhost:0x50", "local host",
        "", "-", "127.0.0.2",
    ],
)  # fmt: skip
def test_abuse_22_a_name_that_is_not_ours_is_refused_at_every_door(make: Make, host: str) -> None:
    """Abuse 22: a poisoned Host header, for files, health and programs' doors too."""
    client = make(0).test_client()
    for door in DOORS:
        answer = client.get(door, headers={"Host": host})
        assert answer.status_code == 400, door
        assert answer.mimetype == "text/plain"
        assert "TRACKER_HOSTS" in answer.text
        assert "evil" not in answer.text + str(answer.headers)
        assert "Set-Cookie" not in answer.headers
    assert client.post("/oauth2/token", headers={"Host": host}).status_code == 400
    assert client.post("/login", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "host", ["training.example.org", "TRAINING.example.org:8443", "localhost:9", "127.0.0.1", "[::1]:8000", "[::1]"]
)
def test_abuse_22_our_names_are_answered_on_any_port(make: Make, host: str) -> None:
    client = make(0).test_client()
    for door in ("/login", "/healthz"):
        assert client.get(door, headers={"Host": host}).status_code == 200


FORGED = {
    "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
    "X-Forwarded-Proto": "http, https",
    "X-Forwarded-Host": "evil.example, evil.example",
    "X-Forwarded-Port": "666, 666",
    "X-Forwarded-Prefix": "/evil, /evil",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
}


@pytest.mark.parametrize(
    ("hops", "address", "is_https"), [(0, "127.0.0.1", False), (1, "198.51.100.7", True), (2, "203.0.113.9", False)]
)
def test_abuse_22_only_our_own_proxies_say_who_calls(make: Make, hops: int, address: str, is_https: bool) -> None:
    """Abuse 22: headers that a caller forged, around the limit of one address and to poison the site's own."""
    app = make(hops)
    client = app.test_client()
    page = client.get("/login", headers=FORGED)
    assert ("Strict-Transport-Security" in page.headers) is is_https
    assert ("Secure" in page.headers["Set-Cookie"]) is is_https
    assert "evil" not in page.text + str(page.headers)
    sent = {"email": "nobody@example.org", "password": "guessed", "csrf_token": token_on(page.text)}
    referrer = {"Referer": "https://localhost/login"}
    kept = {"base_url": "https://localhost"} if is_https else {}
    answer = client.post("/login", data=sent, headers={**FORGED, **referrer}, **kept)
    assert answer.status_code == 401
    closed = client.get("/reports/", headers=FORGED)
    assert closed.location == "/login?next=/reports/"
    with app.app_context():
        keys = set(db.session.scalars(select(SignInFailure.key)))
    assert {each.removeprefix("address:") for each in keys if each.startswith("address:")} == {address}
