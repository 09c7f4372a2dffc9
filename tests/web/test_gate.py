"""The gate: every page is closed unless its view says to whom it opens; every answer is guarded."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World, settings, token_on
from sqlalchemy import text

from tracker import create_app
from tracker.api.v1 import views
from tracker.api.v1.door import OPERATIONS
from tracker.cli.keeping.instance import KEPT, LEFT_OUT
from tracker.config import Settings
from tracker.models import db
from tracker.web.gate import safe_path, staff_and_auditors
from tracker.web.health import FOLDERS

__all__ = ["views"]  # which fill the table of operations

PUBLIC = {"account.login", "account.theme", "account.language", "health.alive", "health.ready", "static", "bootstrap.static"}
PUBLIC |= {"account.link_form", "account.ask_link", "account.link"}  # signing in by a link
PUBLIC |= {"account.code", "account.provider", "account.provider_back"}  # the second page of it; by a provider
PUBLIC |= {"reports.chart_script"}  # the same for everyone
PUBLIC |= {"checking.frozen_public", "checking.check_file"}  # where anyone checks a frozen report
PUBLIC |= {"proofs.proof"}  # where anyone checks a member's statement
PUBLIC |= {"help.signing_in", "help.privacy"}  # how to sign in, and what is kept about people
PUBLIC |= {"health.metrics"}  # to this machine alone, or whoever knows the word
PUBLIC |= {"notices.stop_page", "notices.stop_mails"}  # whoever holds the address in a mail
PROGRAMS = {"oauth2.token", "xapi.about", "xapi.statements"}  # which ask for a program's own credentials: tests/api
PROGRAMS |= {f"api_v1.{each.name}" for each in OPERATIONS}
PUBLIC |= {"api_v1.page", "api_v1.openapi"}  # what the API takes and answers: nobody's data


def test_every_page_is_closed_to_a_stranger_unless_it_is_public(app: Flask, stranger: Browser) -> None:
    closed = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in PUBLIC | PROGRAMS]
    assert closed
    for rule in closed:
        path = re.sub(r"<any\((\w+)[^)]*\):\w+>", r"\1", rule.rule)
        path = re.sub(r"<(?:\w+:)?\w+>", "1", path)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            answer = stranger.client.open(path, method=method)
            assert answer.status_code == 303, (method, path)
            assert answer.location.partition("?")[0] == "/login", (method, path)


def test_a_page_whose_view_says_nothing_is_closed_to_everyone(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert signed_in("sam").get("/forgotten").status_code == 404
    assert signed_in("ada").get("/forgotten").status_code == 404


def test_an_auditor_reads_what_staff_read_and_changes_nothing(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    app.add_url_rule("/work", "work", staff_and_auditors(lambda: "work"), methods=["GET", "POST"])
    otto = signed_in("otto")
    assert otto.get("/work").status_code == 200
    assert otto.send("/work", page="/admin/audit").status_code == 404
    assert signed_in("ada").get("/work").status_code == 404


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("ana", "/admin/", 404),
        ("ben", "/admin/", 404),
        ("sam", "/admin/", 404),
        ("otto", "/admin/", 404),
        ("ada", "/admin/", 200),
        ("ada", "/admin/users/new", 200),
        ("sam", "/admin/users/new", 404),
        ("ana", "/admin/audit", 404),
        ("sam", "/admin/audit", 404),
        ("otto", "/admin/audit", 200),
        ("ada", "/admin/audit", 200),
        ("ana", "/account/password", 200),
    ],
)
def test_who_may_open_what(signed_in: Callable[[str], Browser], who: str, path: str, status: int) -> None:
    assert signed_in(who).get(path).status_code == status


def test_not_yours_and_not_there_read_alike(signed_in: Callable[[str], Browser]) -> None:
    ana = signed_in("ana")

    def page(path: str) -> str:
        return re.sub(r'value="[^"]*"', "", ana.get(path).text)

    assert page("/admin/") == page("/no-such-page")


def test_the_gate_remembers_where_a_stranger_was_going(stranger: Browser) -> None:
    assert stranger.get("/admin/?q=ana").location == "/login?next=/admin/?q%3Dana"
    assert stranger.client.post("/admin/users/new").location == "/login"


@pytest.mark.parametrize("path", ["/", "/admin/?q=a", "/reports/locals/80?as_of=2026-01-31"])
def test_a_path_of_this_site_is_safe(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "trick",
    [
        None, "", "admin", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
        "http://evil.example", "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example",
        "\t//evil.example", " //evil.example", "/a\r\nSet-Cookie: a=b", "/\x00", "/é", "/\u2028/evil.example", "//[",
    ],
)  # fmt: skip
def test_a_trick_is_no_path(trick: str | None) -> None:
    assert safe_path(trick) is None


@pytest.mark.parametrize("path", ["/login", "/admin/", "/no-such-page", "/healthz"])
def test_every_answer_is_guarded(stranger: Browser, path: str) -> None:
    headers = stranger.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]


def test_a_static_file_is_kept_for_ever_under_its_content_hash(stranger: Browser) -> None:
    files = re.findall(r'(?:href|src)="(/(?:bootstrap/)?static/[^"]+)"', stranger.get("/login").text)
    assert len(files) == 5
    for file in files:
        with stranger.get(file) as answer:
            assert answer.status_code == 200
            assert "immutable" in answer.headers["Cache-Control"]
            assert "Set-Cookie" not in answer.headers


def test_our_cookies_are_for_this_site_and_for_https_alone(tmp_path: Path) -> None:
    """Abuse 16: a site beside ours, under the same domain, plants a cookie of its own for all of them."""
    app = create_app(settings(tmp_path, TRACKER_HOSTS="tracker.example.org"))

    def cookie(url: str) -> str:
        return app.test_client().get("/login", base_url=url).headers["Set-Cookie"]

    for url in ("https://tracker.example.org", "http://tracker.example.org", "https://127.0.0.1:8000"):
        named, *said = cookie(url).split("; ")
        assert named.startswith("__Host-tracker=")
        assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(said)
        assert "Domain" not in cookie(url)
    here = cookie("http://127.0.0.1:8000")
    assert "Secure" not in here, "on this machine nothing lies between"
    assert here.startswith("tracker=")


@pytest.mark.parametrize(("path", "field", "chosen"), [("/theme", "theme", "dark"), ("/language", "language", "es")])
@pytest.mark.parametrize(("url", "prefix"), [("https://localhost", "__Host-"), ("http://localhost", "")])
def test_what_a_browser_keeps_was_chosen_here(app: Flask, path: str, field: str, chosen: str, url: str, prefix: str) -> None:
    client = app.test_client()
    token = token_on(client.get("/login", base_url=url).text)
    answer = client.post(path, data={field: chosen, "csrf_token": token}, base_url=url, headers={"Referer": f"{url}/login"})
    (kept,) = [each for each in answer.headers.getlist("Set-Cookie") if chosen in each]
    assert kept.startswith(f"{prefix}{field}={chosen}; ")
    assert ("Secure" in kept) is bool(prefix)
    assert f'="{chosen}"' in client.get("/login", base_url=url).text.split("<body", 1)[0]
    other = app.test_client()
    other.set_cookie(field if prefix else f"__Host-{field}", chosen)
    assert f'="{chosen}"' not in other.get("/login", base_url=url).text.split("<body", 1)[0]


PAGES = ["/", "/admin/", "/admin/users/new", "/admin/audit", "/account/password", "/no-such-page"]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_reaches_outside_or_carries_its_own_style_or_script(signed_in: Callable[[str], Browser], path: str) -> None:
    page = signed_in("ada").client.get(path, follow_redirects=True).text
    assert not re.search(r"""(?:href|src|action)=["']?(?:[a-z]+:)?//""", page)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def test_a_form_without_its_token_is_refused_in_words(signed_in: Callable[[str], Browser]) -> None:
    answer = signed_in("ada").client.post("/admin/users/new", data={"email": "eve@example.org", "role": "admin"})
    assert answer.status_code == 400
    assert "That form was no longer valid" in answer.text
    assert 'href="/"' in answer.text


def test_a_theme_is_kept_and_drawn_by_the_server(stranger: Browser) -> None:
    answer = stranger.send("/theme", {"theme": "dark", "next": "/login"})
    assert answer.location == "/login"
    assert 'data-bs-theme="dark"' in stranger.get("/login").text
    stranger.send("/theme", {"theme": '"><script>', "next": "//evil.example"})
    assert 'data-bs-theme="dark"' in stranger.get("/login").text


def test_a_broken_page_answers_in_words_and_asks_the_database_nothing(app: Flask, world: World) -> None:
    def broken() -> str:
        raise ZeroDivisionError

    broken.is_public = True  # type: ignore[attr-defined]
    app.add_url_rule("/broken", "broken", broken)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_alive_and_ready_are_different_questions(app: Flask, stranger: Browser, tmp_path: object) -> None:
    assert stranger.get("/healthz").text == "alive\n"
    unready = stranger.get("/readyz")
    assert unready.status_code == 503
    assert "tracker db upgrade" in unready.text


def test_ready_once_migrated(tmp_path_factory: pytest.TempPathFactory) -> None:
    import flask_migrate

    app = create_app(settings(tmp_path_factory.mktemp("migrated")))
    with app.app_context():
        flask_migrate.upgrade()
    assert app.test_client().get("/readyz").text == "ready\n"
    instance = app.config["SETTINGS"].instance
    (instance / "evidence").symlink_to("/nowhere/on-a-larger-disk")  # that disk is not there; or may only be read
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready, but files cannot be kept in: evidence\n")
    assert set(FOLDERS) < {*KEPT, *LEFT_OUT}


@pytest.mark.parametrize(
    ("revision", "status", "said"),
    [
        ("9999_of_a_program_to_come", 200, "ready: the schema is newer\n"),
        ("0001", 503, "not ready: the database's schema is not the newest: run `tracker db upgrade`\n"),
        (None, 503, "not ready: the database's schema is not the newest: run `tracker db upgrade`\n"),
    ],
)
def test_a_newer_schema_is_served_and_an_older_one_is_not(
    database_url: str, tmp_path: Path, revision: str | None, status: int, said: str
) -> None:
    """While the servers change over to a newer program, and after they went back from it."""
    app = create_app(settings(tmp_path, DATABASE_URL=database_url))
    with app.app_context():
        with db.engine.connect().execution_options(writes=True) as connection:
            connection.execute(text("DELETE FROM alembic_version"))
            if revision is not None:
                connection.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
            connection.commit()
        answer = app.test_client().get("/readyz")
        db.session.remove()
        db.engine.dispose()
    assert (answer.status_code, answer.text) == (status, said)


def test_a_database_that_is_gone_is_said_in_words(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gone")
    told: Settings = settings(folder, DATABASE_URL=f"sqlite:///{folder}/nowhere/tracker.db")
    browser = Browser(create_app(told).test_client())
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/readyz").status_code == 503
    answer = browser.sign_in("ana")
    assert answer.status_code == 503
    assert "The tracker cannot reach its records" in answer.text
