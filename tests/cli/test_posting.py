"""Sending mail, to a real mail server on this machine: once, whoever sends, and again where it was not taken."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, select

from tests.certificates import certificate
from tests.mail_server import Post, mail_server
from tracker.cli.notices import list_notices
from tracker.cli.posting.sending import send_links, send_notices
from tracker.cli.working.worker import Worker
from tracker.config import MailServer, Settings
from tracker.coverage.notices import MOST_TRIES, is_given_up, waiting
from tracker.curriculum.words import Role
from tracker.models import Member, Notice, NoticeTold, SignInLink, User, db, new_id, writing
from tracker.operations.accounts import add_user, change_address
from tracker.operations.actor import OPERATOR
from tracker.operations.notices import notify
from tracker.operations.notices.sending import CLAIM, claim_notices, mark_failed
from tracker.operations.notices.stopping import read_stop_token, stop_notices
from tracker.operations.refused import Refused
from tracker.operations.sign_in_links import address_of_link, ask_for_link

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "https://training.example.org"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    with mail_server() as found:
        yield found


def with_post(app: Flask, port: int) -> Settings:
    """The app's settings, with that mail server; the app has them from then on."""
    server = MailServer("127.0.0.1", port, "", "", is_encrypted=False)
    found = replace(app.config["SETTINGS"], mail_server=server, mail_from="training@example.org", url=URL)
    app.config["SETTINGS"] = found
    return found


def leave(app: Flask, *addresses: str, kind: str = "held", body: str = "Hello.\n") -> None:
    with app.app_context(), writing() as session:
        for address in addresses:
            notify(session, address, None, "Subject", body, NOW, kind=kind, language="fr_CA")


def kept(app: Flask) -> list[Notice]:
    with app.app_context():
        return list(db.session.scalars(select(Notice).order_by(Notice.id)))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_each_mail_is_delivered_once_though_several_send(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    addresses = [f"m{each}@example.org" for each in range(450)]
    leave(app, *addresses)
    sent: list[int] = []

    def send() -> None:
        with app.app_context():
            sent.append(send_notices(settings).sent)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to[0] for _, to, _ in server.taken) == sorted(addresses)
    assert sum(sent) == 450
    assert all(each.sent_at is not None and each.attempts == 1 for each in kept(app))


def test_what_one_process_has_claimed_no_other_touches_until_it_is_surely_gone(app: Flask) -> None:
    leave(app, "ana@example.org")
    with app.app_context():
        with writing() as session:
            assert [each.address for each in claim_notices(session, NOW)] == ["ana@example.org"]
        with writing() as session:
            assert claim_notices(session, NOW + CLAIM - timedelta(seconds=1)) == []
        with writing() as session:
            assert len(claim_notices(session, NOW + CLAIM)) == 1


def test_a_mail_that_is_never_taken_is_given_up_after_a_day_of_tries_and_shown(app: Flask) -> None:
    leave(app, "gone@example.org")
    moment, waits = NOW, []
    with app.app_context():
        while True:
            with writing() as session:
                (claimed,) = claim_notices(session, moment)
                mark_failed(session, claimed.id, "550 no such mailbox", moment)
            db.session.expire_all()
            (notice,) = db.session.scalars(select(Notice))
            if notice.next_try_at is None:
                break
            waits.append(notice.next_try_at - moment)
            moment = notice.next_try_at
        assert waits[:4] == [timedelta(minutes=each) for each in (1, 2, 4, 8)]
        assert waits == sorted(waits), "longer each time"
        assert timedelta(hours=20) < moment - NOW < timedelta(hours=30)
        assert is_given_up(notice)
        assert len(waits) + 1 == MOST_TRIES
        with writing() as session:
            assert claim_notices(session, moment + timedelta(days=9)) == []
            counts = waiting(session)
            assert (counts.due, counts.given_up) == (0, 1)


def test_a_refused_recipient_is_kept_and_the_others_are_sent(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    server.refuses.add("gone@example.org")
    leave(app, "gone@example.org", "ben@example.org")
    with app.app_context():
        assert send_notices(settings) == (1, 1)
    gone, ben = kept(app)
    assert (gone.failure, gone.attempts, gone.sent_at) == ("550 no such mailbox", 1, None)
    assert gone.next_try_at is not None
    assert ben.sent_at is not None


def test_while_the_server_is_down_nothing_is_lost_and_no_try_is_counted(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    leave(app, "ana@example.org")
    with app.app_context():
        with pytest.raises(Refused) as refused:
            send_notices(with_post(app, free_port()))
        assert refused.value.code == "no_mail_server"
    (notice,) = kept(app)
    assert (notice.attempts, notice.next_try_at) == (0, None)
    assert "says no" in notice.failure
    with app.app_context():
        assert send_notices(with_post(app, port)) == (1, 0)
    assert len(server.taken) == 1


def test_told_to_end_it_finishes_the_mail_in_hand_and_gives_back_the_rest(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    leave(app, "ana@example.org", "ben@example.org", "cy@example.org")
    with app.app_context():
        assert send_notices(settings, lambda: len(server.taken) < 1) == (1, 0)
        assert [each.attempts for each in db.session.scalars(select(Notice).order_by(Notice.id))] == [1, 0, 0]
        assert send_notices(settings) == (2, 0)
    assert len(server.taken) == 3


def test_a_mail_is_text_and_a_plain_page_in_the_language_of_its_reader(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    body = "Bonjour,\n\n# <b>Neu</b>\n- Zoë: https://t.example.org/a?b=1.\n- two\n\nEnd.\n"
    leave(app, "ana@example.org", kind="digest", body=body)
    with app.app_context():
        send_notices(settings)
    (mail,) = server.mails
    assert mail["Content-Language"] == "fr-CA"
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    assert "<b>Neu</b>\n----------\n- Zoë: https://t.example.org/a?b=1.\n- two" in text
    assert '<html lang="fr-CA">' in page
    assert '<h2 dir="auto">&lt;b&gt;Neu&lt;/b&gt;</h2>' in page
    assert '<li dir="auto">Zoë: <a href="https://t.example.org/a?b=1">https://t.example.org/a?b=1</a>.</li>' in page
    assert not re.search(r"style|<img|<script|<link", page)


def test_a_mail_says_how_to_stop_it_to_its_reader_and_to_their_program(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    leave(app, "Ana@example.org", kind="digest")
    leave(app, "ana@example.org", kind="security")
    with app.app_context():
        send_notices(settings)
    digest, security = server.to("Ana@example.org")[0], server.to("ana@example.org")[0]
    url = digest["List-Unsubscribe"].strip("<>")
    assert url.startswith(f"{URL}/notices/stop/")
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in digest.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert url in digest.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert read_stop_token(settings.secret_key, url.rpartition("/")[2]) == ("ana@example.org", "digest")
    assert read_stop_token("another key, of 32 signs or more!", url.rpartition("/")[2]) is None
    assert security["List-Unsubscribe"] is None, "what an account's safety hangs on cannot be stopped"


def with_member(app: Flask, email: str) -> tuple[int, int]:
    """A member who signs in by that address: their id, and their sign-in's."""
    with app.app_context(), writing() as session:
        member = Member(member_id=new_id(), number=email, name_key="", created_at=NOW)
        session.add(member)
        session.flush()
        user = add_user(session, email, Role.MEMBER, None, member.member_id, OPERATOR, NOW.date())
        return member.member_id, user.id


def leave_of_each_kind(app: Flask, address: str, member_id: int) -> None:
    """Mails that wait, one of each kind that is about a member; the digest told them one thing."""
    with app.app_context(), writing() as session:
        for kind in ("held", "security", "returned", "digest"):
            its_id = notify(session, address, member_id, kind, "Bonjour.\n", NOW, kind=kind, language="fr_CA")
        told = NoticeTold(id=new_id(), member_id=member_id, what="due-30:1", notice_id=its_id, told_at=NOW)
        other = NoticeTold(id=new_id(), member_id=member_id, what="due-60:1", notice_id=1, told_at=NOW)
        session.add_all([told, other])


def sent_to(server: Post) -> set[tuple[str, str]]:
    return {(to[0], mail["Subject"]) for mail, (_, to, _) in zip(server.mails, server.taken, strict=True)}


def test_what_waits_about_learning_follows_its_member_to_another_address(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    member_id, user_id = with_member(app, "ana@example.org")
    leave_of_each_kind(app, "ana@example.org", member_id)
    with app.app_context():
        with writing() as session:
            change_address(session, session.get_one(User, user_id), "ana@new.example", OPERATOR, NOW)
            session.execute(delete(Notice).where(Notice.subject == "Your sign-in address was changed"))
        assert send_notices(settings).failed == 0
    assert sent_to(server) == {
        ("ana@example.org", "held"),
        ("ana@example.org", "security"),
        ("ana@new.example", "returned"),
        ("ana@new.example", "digest"),
    }
    digest = next(mail for mail in server.to("ana@new.example") if mail["Subject"] == "digest")
    assert digest["Content-Language"] == "fr-CA", "as it is written"
    token = digest["List-Unsubscribe"].strip("<>").rpartition("/")[2]
    assert read_stop_token(settings.secret_key, token) == ("ana@new.example", "digest")


@pytest.mark.parametrize("how", ["suspended", "stopped"])
def test_what_waits_about_learning_is_dropped_where_its_member_cannot_be_told(
    app: Flask, post: tuple[Post, int], how: str
) -> None:
    server, port = post
    settings = with_post(app, port)
    member_id, user_id = with_member(app, "ana@example.org")
    leave_of_each_kind(app, "ana@example.org", member_id)
    with app.app_context():
        with writing() as session:
            user = session.get_one(User, user_id)
            user.email = user.email_key = "ana@new.example"
            user.is_active = how != "suspended"
            if how == "stopped":
                stop_notices(session, "ana@new.example", "digest", OPERATOR, NOW)
        send_notices(settings)
        told = db.session.scalars(select(NoticeTold.what)).all()
    returned = {("ana@new.example", "returned")} if how == "stopped" else set()
    assert sent_to(server) == {("ana@example.org", "held"), ("ana@example.org", "security")} | returned
    assert "digest" not in {each.kind for each in kept(app)}
    assert told == ["due-60:1"], "what nobody was told may be told later"


def test_what_waits_for_someone_made_one_with_another_goes_to_that_one(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    gone, _ = with_member(app, "twice@example.org")
    stays, _ = with_member(app, "ana@example.org")
    leave(app, "twice@example.org", kind="digest")
    with app.app_context():
        with writing() as session:
            session.get_one(Member, gone).merged_into_id = stays
            session.scalars(select(Notice)).one().member_id = gone
        send_notices(settings)
    assert sent_to(server) == {("ana@example.org", "Subject")}


def ask(app: Flask, email: str) -> None:
    with app.app_context(), writing() as session:
        ask_for_link(session, email, "192.0.2.1", "en", "", datetime.now(UTC))


def with_user(app: Flask, email: str) -> None:
    with app.app_context(), writing() as session:
        add_user(session, email, Role.STAFF, None, None, OPERATOR, NOW.date())


def token_in(server: Post, address: str, which: int = -1) -> str:
    text = server.to(address)[which].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = re.search(rf"^{URL}/login/link/(\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def test_a_sign_in_link_is_in_its_mail_alone(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    with_user(app, "Sam@example.org")
    ask(app, "sam@example.org")
    ask(app, "nobody@example.org")
    with app.app_context():
        assert send_links(settings) == (1, 0)
        assert send_links(settings) == (0, 0)
        token = token_in(server, "Sam@example.org")
        assert address_of_link(db.session(), token, datetime.now(UTC)) == "Sam@example.org"
        rows = [str(vars(each)) for each in db.session.scalars(select(SignInLink))]
        assert not any(token in row for row in rows)
        assert db.session.scalars(select(Notice)).all() == []
    assert len(server.taken) == 1


def test_a_link_that_was_not_taken_is_made_anew_for_the_next_try(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    with_user(app, "sam@example.org")
    ask(app, "sam@example.org")
    server.refuses.add("sam@example.org")
    with app.app_context():
        assert send_links(settings) == (0, 1)
        (link,) = db.session.scalars(select(SignInLink))
        first = link.token_hash
        assert link.failure == "550 no such mailbox"
        assert link.next_try_at is not None
        with writing() as session:
            session.get_one(SignInLink, link.id).next_try_at = datetime.now(UTC)
        server.refuses.clear()
        assert send_links(settings) == (1, 0)
        db.session.expire_all()
        (link,) = db.session.scalars(select(SignInLink))
        assert link.token_hash != first
        assert (link.next_try_at, link.failure) == (None, "")


def test_a_link_is_mailed_once_though_several_send(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    settings = with_post(app, port)
    for each in range(8):
        with_user(app, f"u{each}@example.org")
        ask(app, f"u{each}@example.org")

    def send() -> None:
        with app.app_context():
            send_links(settings)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to[0] for _, to, _ in server.taken) == [f"u{each}@example.org" for each in range(8)]


def listed(app: Flask) -> str:
    """What `tracker notices list` says."""
    environment = {**app.config["SETTINGS"].as_environment(), "TRACKER_URL": URL}
    return CliRunner(env=environment).invoke(list_notices, catch_exceptions=False).output


@pytest.fixture
def unknown_tls(tmp_path: Path) -> ssl.SSLContext:
    """What a system makes for its mail server: encryption with a certificate that nobody else knows."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*certificate(tmp_path, "debian"))
    return made


def test_a_mail_server_on_this_machine_needs_no_known_certificate(app: Flask, unknown_tls: ssl.SSLContext) -> None:
    with_user(app, "sam@example.org")
    ask(app, "sam@example.org")
    with mail_server(tls=unknown_tls) as (server, port), app.app_context():
        assert send_links(with_post(app, port)) == (1, 0)
    assert sent_to(server) == {("sam@example.org", "Your link to sign in")}
    told = listed(app)
    assert re.search(r"^A sign-in link went out last at 20\d\d-", told, re.MULTILINE)
    assert "not taken" not in told


def test_another_machine_s_mail_server_is_refused_by_its_certificate_and_the_trouble_listed(
    app: Flask, unknown_tls: ssl.SSLContext
) -> None:
    with_user(app, "sam@example.org")
    ask(app, "sam@example.org")
    leave(app, "ana@example.org")
    with mail_server("127.0.0.2", unknown_tls) as (server, port), app.app_context():
        settings = with_post(app, port)
        there = MailServer("127.0.0.2", port, "", "", is_encrypted=False)
        with pytest.raises(Refused, match="CERTIFICATE_VERIFY_FAILED"):
            send_links(replace(settings, mail_server=there))
    assert server.taken == []
    told = listed(app)
    assert "No sign-in link went out lately." in told
    assert re.search(
        r"^Sign-in links .*: 1; the newest: The mail server 127\.0\.0\.2:.*CERTIFICATE_VERIFY_FAILED", told, re.MULTILINE
    )
    assert "Sign-in links that wait: 1" in told, "no try is lost by it"
    ask(app, "sam@example.org")
    with mail_server(tls=unknown_tls) as (_server, port), app.app_context():
        assert send_links(with_post(app, port)) == (1, 0)
    assert "not taken" not in listed(app), "a newer one has answered it"
    assert re.search(r"ana@example\.org .*failed before: .*CERTIFICATE_VERIFY_FAILED", told), "notices share the way"


def test_a_worker_sends_and_ends_when_told(app: Flask, post: tuple[Post, int]) -> None:
    server, port = post
    with_post(app, port)
    leave(app, "ana@example.org")
    worker = Worker(app)
    worker.begin()
    assert server.wait_for(1)
    worker.end()
    worker.wait(60)
    (notice,) = kept(app)
    assert notice.sent_at is not None


@pytest.mark.parametrize("command", [("worker",), ("serve", "--port")], ids=lambda command: command[0])
def test_a_process_of_its_own_sends_until_sigterm(
    sqlite_app: Flask, tmp_path: Path, post: tuple[Post, int], command: tuple[str, ...]
) -> None:
    server, port = post
    with_user(sqlite_app, "sam@example.org")
    ask(sqlite_app, "sam@example.org")
    leave(sqlite_app, "ana@example.org")
    found: Settings = sqlite_app.config["SETTINGS"]
    environment = {
        **os.environ,
        **found.as_environment(),
        "TRACKER_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "TRACKER_MAIL_FROM": "training@example.org",
        "TRACKER_URL": URL,
    }
    arguments = [*command, str(free_port())] if command[-1] == "--port" else [*command]
    with subprocess.Popen(["tracker", *arguments], env=environment, stdout=subprocess.PIPE, text=True) as process:
        arrived = server.wait_for(2)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[0]
    assert arrived, said
    assert process.returncode == 0
    assert sorted(to[0] for _, to, _ in server.taken) == ["ana@example.org", "sam@example.org"]
