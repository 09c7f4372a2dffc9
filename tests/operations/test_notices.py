"""Notices: kept with the act, sent later, each to one address and never to more."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select

from tests.mail_server import Post, mail_server
from tests.operations.conftest import Desk
from tracker import create_app
from tracker.config import Settings, WrongSetting
from tracker.coverage.notices import unsent_notices
from tracker.models import AuditEntry, Notice, db, writing
from tracker.operations.notices import notify
from tracker.operations.notices.messages import letter_of, message_of
from tracker.operations.refused import Refused

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    with mail_server() as found:
        yield found


def an_app() -> Any:
    return create_app(Settings.from_environment())


def leave(*notices: tuple[str, str, str]) -> None:
    app = an_app()
    with app.app_context():
        with writing() as session:
            for address, subject, body in notices:
                notify(session, address, None, subject, body, NOW)
        db.session.remove()
        db.engine.dispose()


def kept() -> list[tuple[str, bool, str]]:
    """Every notice: its address, whether it was sent, why it failed."""
    app = an_app()
    with app.app_context():
        found = [
            (each.address, each.sent_at is not None, each.failure)
            for each in db.session.scalars(select(Notice).order_by(Notice.id))
        ]
        db.session.remove()
        db.engine.dispose()
    return found


@pytest.fixture
def sending(
    tracker: Callable[..., Result], post: tuple[Post, int], monkeypatch: pytest.MonkeyPatch
) -> tuple[Callable[..., Result], Post]:
    """The command with a mail server."""
    server, port = post
    monkeypatch.setenv("TRACKER_SMTP_URL", f"smtp://us%40x:p%2Fw@127.0.0.1:{port}")
    monkeypatch.setenv("TRACKER_MAIL_FROM", "training@example.org")
    return tracker, server


def test_notices_are_sent_once_over_one_connection(sending: tuple[Callable[..., Result], Post]) -> None:
    tracker, server = sending
    leave(("ana@example.org", "One", "Hello Ana,\n\nZoë says …\n"), ("ben@example.org", "Two", "Hello.\n"))
    listed = tracker("notices", "send", "--dry-run").output
    assert "ana@example.org" in listed
    assert "2 would be sent." in listed
    assert server.taken == []
    assert tracker("notices", "send").output.splitlines()[-1] == "2 sent, 0 failed."
    assert [(sender, to) for sender, to, _ in server.taken] == [
        ("training@example.org", ["ana@example.org"]),
        ("training@example.org", ["ben@example.org"]),
    ]
    text = server.taken[0][2]
    assert re.search(r"^Subject: One\r?$", text, re.MULTILINE)
    assert "Auto-Submitted: auto-generated" in text
    assert server.connections == 1
    assert tracker("notices", "send").output.splitlines()[-1] == "0 sent, 0 failed."
    assert len(server.taken) == 2
    assert kept() == [("ana@example.org", True, ""), ("ben@example.org", True, "")]
    app = an_app()
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "send_notices")).all()
        assert [entry.detail for entry in entries] == [{"sent": 2, "failed": 0}]
        db.session.remove()
        db.engine.dispose()


def test_what_fails_is_kept_with_its_reason_and_tried_again(sending: tuple[Callable[..., Result], Post]) -> None:
    tracker, server = sending
    leave(("gone@example.org", "One", "x"), ("ben@example.org", "Two", "x"), ("zoë@example.org", "Three", "x"))
    server.refuses.add("gone@example.org")
    said = tracker("notices", "send", exit_code=1)
    assert "1 sent, 2 failed." in said.output
    found = kept()
    assert found[0] == ("gone@example.org", False, "550 no such mailbox")
    assert found[1] == ("ben@example.org", True, "")
    assert found[2][1] is False, "the server takes no such address"
    assert found[2][2]
    assert "failed before: 550" in tracker("notices", "send", "--dry-run").output
    assert "2 wait, 2 of them failed before; 0 were given up." in tracker("notices", "list").output
    server.refuses.clear()
    assert "0 sent, 0 failed." in tracker("notices", "send").output, "it waits a minute after the first try"
    said = tracker("notices", "send", "--again", exit_code=1).output
    assert "2 that failed are tried again." in said
    assert "1 sent, 1 failed." in said
    assert kept()[0] == ("gone@example.org", True, "")
    assert [to for _, to, _ in server.taken] == [["ben@example.org"], ["gone@example.org"]]


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.org\nBcc: all@example.org",
        "ana@example.org\r\nRCPT TO:<x@y>",
        "a@x.org, b@x.org",
        "a@x.org>, <b@x.org",
        "nobody",
        "",
        "@",
        "x" * 2_000,
    ],
)
def test_one_address_is_one_address(address: str) -> None:
    notice = Notice(id=1, address=address, subject="s", body="b", recorded_at=NOW, failure="")
    with pytest.raises(Refused) as refused:
        message_of(letter_of(notice), "training@example.org")
    assert refused.value.code == "impossible_address"


@pytest.mark.parametrize("text", ["One\r\nBcc: all@example.org", "One\nX: y", "One\u2028Bcc: x@y"])
def test_no_subject_adds_a_header(desk: Desk, text: str) -> None:
    with desk.write() as session:
        notify(session, "ana@example.org", None, text, "b", NOW)
        session.flush()
        (notice,) = unsent_notices(session)
        message: EmailMessage = message_of(letter_of(notice), "Training <training@example.org>")
        assert set(message.keys()) <= {
            *("From", "To", "Subject", "Auto-Submitted", "Content-Language", "Content-Type", "MIME-Version")
        }
        assert b"\nBcc:" not in message.as_bytes()
        assert b"\nX:" not in message.as_bytes()


def test_without_a_mail_server_it_is_refused_in_words(
    tracker: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(("ana@example.org", "One", "x"))
    assert "TRACKER_SMTP_URL" in tracker("notices", "send", exit_code=1).output
    assert "1 would be sent." in tracker("notices", "send", "--dry-run").output
    monkeypatch.setenv("TRACKER_SMTP_URL", "smtp://127.0.0.1:9")
    assert "TRACKER_MAIL_FROM" in tracker("notices", "send", exit_code=1).output
    monkeypatch.setenv("TRACKER_MAIL_FROM", "training@example.org")
    said = tracker("notices", "send", exit_code=1).output
    assert "127.0.0.1:9 says no" in said
    ((address, is_sent, failure),) = kept()
    assert (address, is_sent) == ("ana@example.org", False)
    assert "127.0.0.1:9 says no" in failure, "the one that waits longest tells why"


def test_a_wrong_password_is_not_told(sending: tuple[Callable[..., Result], Post], monkeypatch: pytest.MonkeyPatch) -> None:
    tracker, server = sending
    leave(("ana@example.org", "One", "x"))
    monkeypatch.setenv("TRACKER_SMTP_URL", os.environ["TRACKER_SMTP_URL"].replace("p%2Fw", "secret"))
    said = tracker("notices", "send", exit_code=1).output
    assert "says no: 535" in said
    assert "secret" not in said
    assert server.taken == []


KEY = {"SECRET_KEY": "a-key-for-tests-0123456789-abcdefghijklmnop"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, "", "", False)),
        ("smtps://u%40x:p%3A@mail.example.org", ("mail.example.org", 465, "u@x", "p:", True)),
        ("smtp://mail.example.org:587/", ("mail.example.org", 587, "", "", False)),
    ],
)
def test_the_mail_server_s_setting(url: str, expected: tuple[object, ...], tmp_path: Any) -> None:
    found = Settings.from_environment({**KEY, "TRACKER_INSTANCE": str(tmp_path), "TRACKER_SMTP_URL": url}).mail_server
    assert found is not None
    assert (found.host, found.port, found.user, found.password, found.is_encrypted) == expected
    assert "p:" not in repr(found) or not found.password


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_SMTP_URL", "mail.example.org"),
        ("TRACKER_SMTP_URL", "http://u:hush@mail.example.org"),
        ("TRACKER_SMTP_URL", "smtp://u:hush@"),
        ("TRACKER_SMTP_URL", "smtp://u:hush@x:port"),
        ("TRACKER_MAIL_FROM", "training"),
        ("TRACKER_MAIL_FROM", "a@b.org\nBcc: c@d.org"),
    ],
)
def test_a_wrong_setting_is_named_and_tells_no_password(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as wrong:
        Settings.from_environment({**KEY, name: value})
    assert name in str(wrong.value)
    assert "hush" not in str(wrong.value)
