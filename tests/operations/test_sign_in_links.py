"""Signing in by a link: asking is the same for everyone, only its owner gets one, and it works once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.curriculum.words import MembershipKind, Role, UnitKind
from tracker.models import (
    AuditEntry,
    Craft,
    Identifier,
    IdentifierKind,
    Member,
    Membership,
    SignInLink,
    Unit,
    User,
    db,
    new_id,
    writing,
)
from tracker.operations.accounts import FAILURES_PER_ADDRESS, SignIn, add_user, change_address, find_user, suspend
from tracker.operations.actor import OPERATOR
from tracker.operations.refused import Refused
from tracker.operations.sign_in_links import (
    LASTS,
    LINKS_PER_ADDRESS,
    LINKS_PER_NETWORK,
    MadeLink,
    address_of_link,
    ask_for_link,
    due_links,
    make_link,
    mark_link_failed,
    mark_link_sent,
    use_link,
)

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = "192.0.2.1"


@dataclass
class Door:
    """Each act in a transaction of its own, as the pages and the mail do them."""

    app: Flask

    def do(self, act: Callable[[Session], object]) -> object:
        with self.app.app_context(), writing() as session:
            return act(session)

    def ask(self, email: str, at: datetime = NOW, from_: str = HERE, next_path: str = "") -> None:
        self.do(lambda session: ask_for_link(session, email, from_, "fr_CA", next_path, at))

    def mail(self, at: datetime = NOW) -> list[MadeLink]:
        """What a run of the mail sends."""
        sent = []
        with self.app.app_context():
            for link in due_links(db.session(), at):
                with writing() as session:
                    made = make_link(session, link, at)
                if made is not None:
                    sent.append(made)
                    with writing() as session:
                        mark_link_sent(session, link.id)
        return sent

    def use(self, token: str, at: datetime = NOW, from_: str = HERE) -> SignIn:
        with self.app.app_context(), writing() as session:
            return use_link(session, token, from_, today=TODAY, now=at)

    def read(self, token: str, at: datetime = NOW) -> str | None:
        with self.app.app_context():
            return address_of_link(db.session(), token, at)

    def links(self) -> list[SignInLink]:
        with self.app.app_context():
            return list(db.session.scalars(select(SignInLink).order_by(SignInLink.id)))

    def member(self, number: str, *emails: str, status: str = "active") -> int:
        def act(session: Session) -> int:
            member_id = new_id()
            session.add(Member(member_id=member_id, number=number, first_name="Ana", last_name=number, created_at=NOW))
            session.flush()
            for email in emails:
                session.add(
                    Identifier(
                        kind=IdentifierKind.EMAIL, value=email_key(email), member_id=member_id, shown=email, recorded_at=NOW
                    )
                )
            session.add(
                Membership(
                    member_id=member_id,
                    id=new_id(),
                    unit_id=1,
                    craft_id=1,
                    status=status,
                    kind=MembershipKind.MEMBER,
                    is_home=True,
                    from_on=date(2020, 1, 1),
                    recorded_at=NOW,
                )
            )
            return member_id

        return int(str(self.do(act)))

    def user(self, email: str, role: Role = Role.STAFF, member_id: int | None = None) -> None:
        self.do(lambda session: add_user(session, email, role, None, member_id, OPERATOR, TODAY))


@pytest.fixture
def door(app: Flask) -> Door:
    """Local 80, and nobody in it yet; on both engines in turn."""
    door = Door(app)

    def act(session: Session) -> None:
        session.add(Unit(id=1, number="80", number_key="80", name="Grips", kind=UnitKind.LOCAL))
        session.add(Craft(id=1, name="grip", key="grip"))

    door.do(act)
    return door


def test_a_user_gets_a_link_that_signs_them_in_once(door: Door) -> None:
    door.user("Sam@example.org")
    door.ask("sam@EXAMPLE.org ", next_path="/staff/reviews")
    (made,) = door.mail()
    assert (made.address, made.language, made.is_new_account) == ("Sam@example.org", "fr_CA", False)
    first = door.use(made.token)
    assert first.user is not None
    assert (first.user.email, first.next_path) == ("Sam@example.org", "/staff/reviews")
    second = door.use(made.token)
    assert second.user is None
    assert second.refusal is not None
    assert second.refusal.code == "link_over"


def test_reading_a_link_never_uses_it(door: Door) -> None:
    """Programs that look at mails follow their links."""
    door.user("sam@example.org")
    door.ask("sam@example.org")
    (made,) = door.mail()
    assert [door.read(made.token) for _ in range(3)] == ["sam@example.org"] * 3
    assert door.use(made.token).user is not None
    assert door.read(made.token) is None


def test_only_the_hash_of_a_link_is_kept(door: Door) -> None:
    door.user("sam@example.org")
    door.ask("sam@example.org")
    (made,) = door.mail()
    assert len(made.token) >= 22, "128 bits"
    (link,) = door.links()
    assert link.token_hash == hashlib.sha256(made.token.encode()).hexdigest()
    assert made.token not in repr(made)
    with door.app.app_context():
        assert not any(made.token in str(each.detail) for each in db.session.scalars(select(AuditEntry)))


def test_a_link_ends_thirty_minutes_after_it_was_made(door: Door) -> None:
    door.user("sam@example.org")
    door.ask("sam@example.org")
    (made,) = door.mail(NOW + timedelta(minutes=3))
    ends = NOW + timedelta(minutes=3) + LASTS
    assert LASTS.total_seconds() <= 30 * 60
    assert door.read(made.token, ends - timedelta(seconds=1)) == "sam@example.org"
    assert door.read(made.token, ends) is None
    assert door.use(made.token, ends).user is None


def test_a_newer_link_ends_the_older_ones_of_the_same_person(door: Door) -> None:
    member = door.member("1", "ana@example.org", "ana@example.net")
    door.user("ana@example.org", Role.MEMBER, member)
    door.ask("ana@example.org")
    (older,) = door.mail()
    door.ask("ana@example.net", NOW + timedelta(minutes=1))
    (newer,) = door.mail(NOW + timedelta(minutes=1))
    assert newer.address == "ana@example.org", "who signs in is written to at that address"
    assert door.use(older.token, NOW + timedelta(minutes=2)).user is None
    assert door.use(newer.token, NOW + timedelta(minutes=2)).user is not None


def test_asking_twice_before_the_mail_goes_sends_one_mail(door: Door) -> None:
    door.user("sam@example.org")
    door.ask("sam@example.org")
    door.ask("Sam@example.org", NOW + timedelta(seconds=5))
    sent = door.mail(NOW + timedelta(seconds=10))
    assert len(sent) == 1
    assert door.use(sent[0].token, NOW + timedelta(seconds=20)).user is not None


def test_a_link_gives_a_member_without_a_sign_in_an_account(door: Door) -> None:
    member = door.member("0012", "Ana.Example@example.org")
    door.ask("ana.example@example.org")
    (made,) = door.mail()
    assert (made.address, made.is_new_account) == ("Ana.Example@example.org", True)
    with door.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 0, "asking and sending make none"
    user = door.use(made.token).user
    assert user is not None
    assert (user.email, user.member_id, user.password_hash, user.language) == (
        *("Ana.Example@example.org", member),
        *(None, "fr_CA"),
    )
    assert [(grant.role, grant.unit_id, grant.from_on) for grant in user.grants] == [(Role.MEMBER, None, TODAY)]
    with door.app.app_context():
        trail = [entry.action for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert trail == ["ask_for_link", "make_link", "add_user", "grant_role", "sign_in"]


def test_two_people_share_one_email(door: Door) -> None:
    """Neither gets a link by it: it would open the other's record."""
    door.member("1", "hall@example.org")
    door.member("2", "Hall@example.org")
    door.ask("hall@example.org")
    assert door.mail() == []


@pytest.mark.parametrize("who", ["unknown", "suspended", "deceased", "paused", "merged", "no address"])
def test_who_gets_no_link(door: Door, who: str) -> None:
    email = "ana@example.org"
    if who == "suspended":
        door.user(email)
        door.do(lambda session: suspend(session, find_user(session, email), OPERATOR))  # type: ignore[arg-type]
    elif who == "deceased":
        door.member("1", email, status="deceased")
    elif who == "paused":
        door.member("1", email, status="suspended")
    elif who == "merged":
        kept, gone = door.member("1"), door.member("2", email)

        def merge(session: Session) -> None:
            session.scalars(select(Member).where(Member.member_id == gone)).one().merged_into_id = kept

        door.do(merge)
    elif who == "no address":
        door.member("1", "ana at example")
        email = "ana at example"
    if who == "no address":
        with pytest.raises(Refused):
            door.ask(email)
    else:
        door.ask(email)
    assert door.mail() == []
    assert all((link.next_try_at, link.token_hash, link.address) == (None, None, "") for link in door.links())


def test_deceased_who_signed_in_before_get_no_link_either(door: Door) -> None:
    member = door.member("1", "ana@example.org", status="deceased")
    door.user("ana@example.org", Role.MEMBER, member)
    door.ask("ana@example.org")
    assert door.mail() == []


def test_the_mail_goes_to_the_address_on_record_and_not_to_one_that_only_looks_alike(door: Door) -> None:
    """Where case is ignored the Kelvin sign is a k, and ß is ss: other mailboxes elsewhere."""
    door.user("mike@strasse.example")
    door.ask("mi\u212ae@straße.example")
    (made,) = door.mail()
    assert made.address == "mike@strasse.example"


def move(session: Session, before: str, after: str) -> None:
    user = find_user(session, before)
    assert user
    change_address(session, user, after, OPERATOR, NOW)


@pytest.mark.parametrize("end", ["suspended", "second holder", "moved", "another address", "changed address"])
def test_a_link_is_worth_nothing_once_its_owner_is_no_more_its_owner(door: Door, end: str) -> None:
    member = door.member("1", "ana@example.org")
    if end == "suspended":
        door.user("ana@example.org", Role.MEMBER, member)
    door.ask("ana@example.org")
    (made,) = door.mail()
    if end == "suspended":
        door.do(lambda session: suspend(session, find_user(session, "ana@example.org"), OPERATOR))  # type: ignore[arg-type]
    elif end == "second holder":
        door.member("2", "ana@example.org")
    elif end == "another address":
        door.user("ana@elsewhere.example", Role.MEMBER, member)  # a link of today would go there
    elif end == "changed address":
        door.user("ana@example.org", Role.MEMBER, member)
        assert door.read(made.token) == "ana@example.org"
        door.do(lambda session: move(session, "ana@example.org", "ana@elsewhere.example"))
        door.do(lambda session: move(session, "ana@elsewhere.example", "ana@example.org"))
    else:
        door.user("ana@example.org", Role.STAFF)  # somebody else signs in with it now
    assert door.read(made.token) is None
    assert door.use(made.token).user is None


def test_known_unknown_and_suspended_leave_the_same_row(door: Door) -> None:
    door.user("sam@example.org")
    door.user("gone@example.org")
    door.do(lambda session: suspend(session, find_user(session, "gone@example.org"), OPERATOR))  # type: ignore[arg-type]
    for email in ("sam@example.org", "nobody@example.org", "gone@example.org", "x@y"):
        door.ask(email)
    rows = [
        (link.attempts, link.failure, link.token_hash, link.user_id, link.member_id, link.next_try_at == link.asked_at)
        for link in door.links()
    ]
    assert rows == [(0, "", None, None, None, True)] * 4
    assert not any("sam@" in link.address_key or HERE in link.asked_from for link in door.links()), "counted by hashes"


@pytest.mark.parametrize("email", ["sam@example.org", "nobody@example.org"])
def test_too_many_links_for_one_address_are_refused_alike(door: Door, email: str) -> None:
    door.user("sam@example.org")
    for each in range(LINKS_PER_ADDRESS):
        door.ask(email, from_=f"198.51.100.{each}")
    with pytest.raises(Refused) as refusal:
        door.ask(email, from_="198.51.100.99")
    assert refusal.value.message == "Too many links were asked for. Wait 15 minutes, then try again."
    door.ask("other@example.org")
    door.ask(email, NOW + timedelta(minutes=15))


def test_too_many_links_from_one_network_are_refused(door: Door) -> None:
    for each in range(LINKS_PER_NETWORK):
        door.ask(f"guess-{each}@example.org", from_=f"2001:db8::{each}")
    with pytest.raises(Refused) as refusal:
        door.ask("sam@example.org", from_="2001:db8::ffff")
    assert refusal.value.code == "too_many_links"
    door.ask("sam@example.org", from_="2001:db8:1::1")


@pytest.mark.parametrize(
    "email", ["", "sam", "@example.org", "sam@", "s am@example.org", "sam@example.org\r\nBcc: x@y", "a" * 250 + "@b.org"]
)
def test_what_can_be_no_address_is_said_beside_the_field(door: Door, email: str) -> None:
    with pytest.raises(Refused) as refusal:
        door.ask(email)
    assert (refusal.value.code, refusal.value.field) == ("bad_email", "address")
    assert door.links() == []


def test_guessing_links_is_limited(door: Door) -> None:
    door.user("sam@example.org")
    door.ask("sam@example.org")
    (made,) = door.mail()
    for each in range(FAILURES_PER_ADDRESS):
        assert door.use(f"guess-{each}").user is None
    shut = door.use(made.token)
    assert shut.refusal is not None
    assert shut.refusal.code == "too_many_attempts"
    assert door.use(made.token, from_="198.51.100.7").user is not None, "elsewhere it still works"


def test_a_mail_that_failed_is_made_anew_and_given_up_in_the_end(door: Door) -> None:
    door.user("sam@example.org")
    door.ask("sam@example.org")
    at, tokens = NOW, []
    with door.app.app_context():
        while due := due_links(db.session(), at):
            with writing() as session:
                made = make_link(session, due[0], at)
            assert made is not None
            tokens.append(made.token)
            assert due_links(db.session(), at) == [], "claimed: no other process sends it too"
            with writing() as session:
                mark_link_failed(session, due[0].id, "550 no", at)
            at += timedelta(minutes=5)
    assert 1 < len(tokens) < 10
    assert len(set(tokens)) == len(tokens)
    assert door.links()[0].failure == "550 no"


def test_nobody_waits_an_hour_for_a_mail(door: Door) -> None:
    door.user("sam@example.org")
    door.ask("sam@example.org")
    assert door.mail(NOW + timedelta(hours=1)) == []
    door.ask("other@example.org", NOW + timedelta(days=2))
    assert len(door.links()) == 1, "what is old goes"


def test_of_two_who_use_one_link_at_once_one_gets_in(door: Door) -> None:
    door.member("1", "ana@example.org")
    door.ask("ana@example.org")
    (made,) = door.mail()
    start, outcomes = threading.Barrier(4), []

    def use() -> None:
        start.wait()
        outcomes.append(door.use(made.token).user is not None)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, False, False, True]
    with door.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(User)) == 1
