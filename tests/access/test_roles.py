"""What each role sees and does: the table of docs/design.md, section 6."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from tracker import create_app
from tracker.access.finding import grant_for, local_for, member_for, unit_for, unit_or_totals_for, user_for
from tracker.access.roles import NOBODY, Reach, reach_of
from tracker.config import Settings
from tracker.curriculum.words import MembershipKind, Role, UnitKind
from tracker.models import Craft, Member, Membership, RoleGrant, Unit, UnitClosure, User, db, new_id

TODAY = date(2026, 3, 1)
ABOVE = {
    "IATSE": [],
    "D2": ["IATSE"],
    "D3": ["IATSE"],
    "80": ["D2", "IATSE"],
    "600": ["D2", "IATSE"],
    "16": ["D3", "IATSE"],
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A union of two districts: Locals 80 and 600 in the one, Local 16 in the other. Ana has a card in 80, Bo had one."""
    key = "0123456789abcdefghijklmnopqrstuvwxyz"
    app = create_app(Settings.from_environment({"TRACKER_INSTANCE": str(tmp_path), "SECRET_KEY": key}))
    with app.app_context():
        db.create_all()
        session = db.session()
        for row, (number, ancestors) in enumerate(ABOVE.items(), start=1):
            kind = (UnitKind.INTERNATIONAL, UnitKind.DISTRICT, UnitKind.LOCAL)[len(ancestors)]
            session.add(Unit(id=row, number=number, number_key=number.casefold(), name=number, kind=kind))
            session.flush()
            for depth, ancestor in enumerate([number, *ancestors]):
                session.add(UnitClosure(ancestor_id=unit(ancestor), descendant_id=row, depth=depth))
        now = datetime.now(UTC)
        session.add(Craft(id=1, name="grip", key="grip"))
        session.flush()
        for member_id, until in ((1, None), (2, TODAY)):
            session.add(Member(member_id=member_id, number=str(member_id), created_at=now))
            session.flush()
            session.add(
                Membership(
                    member_id=member_id, id=member_id, unit_id=unit("80"), craft_id=1, status="active",
                    kind=MembershipKind.MEMBER, from_on=date(2020, 1, 1), until_on=until, recorded_at=now,
                )
            )  # fmt: skip
        session.flush()
        yield session


def unit(number: str) -> int:
    return list(ABOVE).index(number) + 1


def reach(session: Session, *held: tuple[Role, str | None], member_id: int | None = None) -> Reach:
    user = User(
        id=new_id(),
        email="x",
        email_key=str(new_id()),
        member_id=member_id,
        is_active=True,
        created_at=datetime.now(UTC),
    )
    for role, number in held:
        user.grants.append(
            RoleGrant(id=new_id(), role=role, unit_id=unit(number) if number else None, from_on=date(2026, 1, 1))
        )
    session.add(user)
    session.flush()
    return reach_of(session, user, TODAY)


ALL = frozenset(ABOVE)
NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("role", "where", "figures", "names", "evidence", "totals"),
    [
        (Role.MEMBER, None, NONE, NONE, NONE, NONE),
        (Role.LOCAL_VIEWER, "80", {"80"}, {"80"}, NONE, {"D2", "IATSE"}),
        (Role.LOCAL_LEAD, "80", {"80"}, {"80"}, {"80"}, {"D2", "IATSE"}),
        (Role.DISTRICT_VIEWER, "D2", {"D2", "80", "600"}, NONE, NONE, {"IATSE"}),
        (Role.STAFF, None, ALL, ALL, ALL, NONE),
        (Role.AUDITOR, None, ALL, ALL, ALL, NONE),
        (Role.ADMIN, None, NONE, NONE, NONE, NONE),
    ],
)
def test_what_a_role_sees_of_the_units(
    session: Session,
    role: Role,
    where: str | None,
    figures: set[str],
    names: set[str],
    evidence: set[str],
    totals: set[str],
) -> None:
    held = reach(session, (role, where), member_id=1)
    assert {number for number in ABOVE if held.may_see_figures(unit(number))} == figures
    assert {number for number in ABOVE if held.may_see_names(unit(number))} == names
    assert {number for number in ABOVE if held.may_see_evidence(unit(number))} == evidence
    assert {number for number in ABOVE if held.totals_of(unit(number))} == totals


@pytest.mark.parametrize(
    ("role", "where", "true"),
    [
        (Role.MEMBER, None, set()),
        (Role.LOCAL_VIEWER, "80", {"is_officer", "sees_reports"}),
        (Role.LOCAL_LEAD, "80", {"is_officer", "sees_reports"}),
        (Role.DISTRICT_VIEWER, "D2", {"is_officer", "sees_reports"}),
        (Role.STAFF, None, {"is_staff", "sees_all_units", "sees_reports"}),
        (Role.AUDITOR, None, {"is_auditor", "sees_all_units", "sees_reports", "sees_audit"}),
        (Role.ADMIN, None, {"is_admin", "sees_audit"}),
    ],
)
def test_what_a_role_is(session: Session, role: Role, where: str | None, true: set[str]) -> None:
    held = reach(session, (role, where))
    questions = ("is_staff", "is_auditor", "is_admin", "is_officer", "sees_all_units", "sees_reports", "sees_audit")
    assert {question for question in questions if getattr(held, question)} == true


def test_several_roles_add_up(session: Session) -> None:
    held = reach(session, (Role.LOCAL_VIEWER, "80"), (Role.DISTRICT_VIEWER, "D3"), (Role.MEMBER, None), member_id=1)
    assert held.units_with_figures == {unit("80"), unit("D3"), unit("16")}
    assert held.locals_with_names == {unit("80")}
    assert held.totals_of(unit("D2"))
    assert held.is_own_record(1)
    assert not held.is_own_record(2)


def test_only_the_role_member_opens_ones_own_record(session: Session) -> None:
    assert reach(session, (Role.STAFF, None), member_id=1).member_id is None
    assert reach(session, (Role.MEMBER, None), member_id=1).member_id == 1


@pytest.mark.parametrize(
    ("from_on", "until_on", "holds"),
    [
        (date(2026, 3, 1), None, True),
        (date(2026, 3, 2), None, False),
        (date(2026, 1, 1), date(2026, 3, 2), True),
        (date(2026, 1, 1), date(2026, 3, 1), False),
    ],
)
def test_a_role_holds_from_its_first_day_and_no_more_on_its_last(
    session: Session, from_on: date, until_on: date | None, holds: bool
) -> None:
    user = User(id=1, email="x", email_key="x", is_active=True, created_at=datetime.now(UTC))
    user.grants.append(RoleGrant(id=1, role=Role.STAFF, from_on=from_on, until_on=until_on))
    assert reach_of(session, user, TODAY).is_staff is holds


def test_a_suspended_user_reaches_nothing(session: Session) -> None:
    user = User(id=1, email="x", email_key="x", is_active=False, created_at=datetime.now(UTC))
    user.grants.append(RoleGrant(id=1, role=Role.STAFF, from_on=TODAY))
    assert reach_of(session, user, TODAY) == NOBODY


@pytest.mark.parametrize("number", ["600", "16", "D2", "IATSE", "no such local", ""])
def test_another_local_answers_like_one_that_does_not_exist(session: Session, number: str) -> None:
    with pytest.raises(NotFound):
        local_for(session, reach(session, (Role.LOCAL_LEAD, "80")), number)


def test_a_unit_is_found_by_whom_it_is_open_to(session: Session) -> None:
    officer = reach(session, (Role.LOCAL_LEAD, "80"))
    assert local_for(session, officer, "Local 080").number == "80"
    assert unit_or_totals_for(session, officer, "D2").number == "D2"
    with pytest.raises(NotFound):
        unit_for(session, officer, "D2")
    with pytest.raises(NotFound):
        unit_or_totals_for(session, officer, "D3")
    assert unit_for(session, reach(session, (Role.DISTRICT_VIEWER, "D2")), "600").number == "600"
    assert local_for(session, reach(session, (Role.STAFF, None)), "16").number == "16"


@pytest.mark.parametrize(
    ("role", "where", "own", "found"),
    [
        (Role.LOCAL_VIEWER, "80", None, {1}),  # 2 has left on this very day
        (Role.LOCAL_LEAD, "600", None, set()),
        (Role.DISTRICT_VIEWER, "D2", None, set()),
        (Role.STAFF, None, None, {1, 2}),
        (Role.AUDITOR, None, None, {1, 2}),
        (Role.ADMIN, None, None, set()),
        (Role.MEMBER, None, 2, {2}),
    ],
)
def test_who_finds_which_member(session: Session, role: Role, where: str | None, own: int | None, found: set[int]) -> None:
    held = reach(session, (role, where), member_id=own)

    def is_found(member_id: int) -> bool:
        try:
            return member_for(session, held, member_id, TODAY).member_id == member_id
        except NotFound:
            return False

    assert {member_id for member_id in (1, 2, 3) if is_found(member_id)} == found


def test_a_voided_card_opens_nothing(session: Session) -> None:
    officer = reach(session, (Role.LOCAL_LEAD, "80"))
    session.get_one(Membership, (1, 1)).voided_at = datetime.now(UTC)
    session.flush()
    with pytest.raises(NotFound):
        member_for(session, officer, 1, TODAY)


def test_only_an_administrator_finds_users(session: Session) -> None:
    admin = reach(session, (Role.ADMIN, None))
    assert admin.user_id is not None
    grant = session.get_one(User, admin.user_id).grants[0]
    assert grant_for(session, admin, admin.user_id, grant.id) is grant
    with pytest.raises(NotFound):
        user_for(session, reach(session, (Role.STAFF, None)), admin.user_id)
    with pytest.raises(NotFound):
        grant_for(session, admin, admin.user_id, 12345)
