"""The demonstration union: the same from the same seed, sound, fictional, and made once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from tests.conftest import make_settings
from tracker import create_app
from tracker.coverage.checks import examine
from tracker.coverage.due_exceptions import due_exceptions_waiting
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Role, UnitKind
from tracker.demonstration.building import Built, build_demonstration
from tracker.demonstration.people import MEMBER_EMAIL, people
from tracker.demonstration.union import LOCALS, demonstration_locals, members_of_locals
from tracker.models import (
    Assignment,
    Batch,
    ClaimReview,
    Completion,
    Correction,
    CorrectionState,
    Course,
    Craft,
    Eligibility,
    Evidence,
    Exemption,
    Identifier,
    Member,
    Membership,
    Proof,
    Review,
    Unit,
    User,
    WaitingCompletion,
    db,
    writing,
)
from tracker.operations.accounts import check_password, sign_in
from tracker.operations.refused import Refused

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MEMBERS = 300


def build(app: Flask, tmp_path: Path, *, seed: int = 1893, is_demo: bool = True) -> Built:
    settings = make_settings(tmp_path, "sqlite://", is_demo=is_demo, demo_password="backstage-demo")
    with writing(alone=True) as session:
        return build_demonstration(session, settings, members=MEMBERS, seed=seed, today=TODAY, now=NOW)


def facts() -> list[list[str]]:
    """Every fact, by what it says and not by its id."""
    session = db.session()
    completions = (
        select(Member.number, Course.code, Completion.completed_on, Completion.assurance, Completion.source)
        .join(Completion, Completion.member_id == Member.member_id)
        .join(Course, Course.id == Completion.course_id)
    )
    cards = (
        select(Member.number, Unit.number, Craft.name, Membership.status, Membership.from_on, Membership.until_on)
        .join(Membership, Membership.member_id == Member.member_id)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(Craft, Craft.id == Membership.craft_id)
    )
    names = select(Member.number, Member.first_name, Member.last_name)
    asked = select(Assignment.assigned_on, Assignment.due_on, Assignment.kind)
    excused = select(Exemption.from_on, Exemption.until_on, Exemption.reason)
    return [sorted(map(repr, session.execute(each))) for each in (names, cards, asked, excused, completions)]


@pytest.fixture(scope="module")
def built_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the demonstration in it, to be copied."""
    folder = tmp_path_factory.mktemp("demonstration")
    build_file(sqlite_template, folder, seed=1893)
    return folder / "union.db"


@pytest.fixture
def demo_app(built_file: Path, tmp_path: Path) -> Iterator[Flask]:
    """The application on a demonstration of its own."""
    shutil.copy(built_file, tmp_path / "union.db")
    app = create_app(make_settings(tmp_path, f"sqlite:///{tmp_path / 'union.db'}"))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def build_file(template: Path, folder: Path, *, seed: int) -> list[list[str]]:
    """Build a demonstration as ``union.db`` in that folder; gives its facts."""
    shutil.copy(template, folder / "union.db")
    app = create_app(make_settings(folder, f"sqlite:///{folder / 'union.db'}"))
    with app.app_context():
        build(app, folder, seed=seed)
        found = facts()
        db.session.remove()
        db.engine.dispose()
    return found


def test_the_same_seed_makes_the_same_facts(
    demo_app: Flask, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with demo_app.app_context():
        first = facts()
    assert build_file(sqlite_template, tmp_path_factory.mktemp("again"), seed=1893) == first
    assert build_file(sqlite_template, tmp_path_factory.mktemp("other"), seed=7)[-1] != first[-1]


def test_the_doctor_finds_nothing_wrong(demo_app: Flask) -> None:
    with demo_app.app_context():
        findings = list(examine(db.session(), TODAY))
    assert [each.sentence for each in findings if each.is_wrong] == []


def test_people_are_fictional(demo_app: Flask) -> None:
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Member)) == MEMBERS
        emails = db.session.scalars(select(Identifier.value).where(Identifier.kind == "email")).all()
    assert len(emails) > MEMBERS * 0.9
    assert [each for each in emails if not re.search(r"@example\.(org|net)$", each)] == []


def test_names_come_in_many_scripts() -> None:
    names = "".join(f"{each.first_name}{each.last_name}" for each in people(2_000, 1893, TODAY))
    assert re.search(r"[\u0590-\u05ff]", names), "no Hebrew"
    assert re.search(r"[\u0600-\u06ff]", names), "no Arabic"
    assert re.search(r"[\u4e00-\u9fff]", names), "no Chinese characters"


def test_the_locals_are_the_real_ones_and_their_sizes_add_up() -> None:
    every = demonstration_locals()
    assert len(every) == len({each.number for each in every}) == LOCALS
    assert {each.district for each in every} == {*range(1, 15)} - {13}
    sizes = [count for _, count in members_of_locals(168_000)]
    assert sum(sizes) == 168_000
    assert sum(size >= 5_000 for size in sizes) >= 3
    assert sum(size < 200 for size in sizes) > 100


def test_the_four_sign_ins_are_made_in_demonstration_mode(demo_app: Flask) -> None:
    with demo_app.app_context(), writing() as session:
        grants = {
            user.email: {(grant.role, grant.unit_id) for grant in user.grants} for user in session.scalars(select(User))
        }
        local = session.scalars(select(Unit).where(Unit.number == "80")).one()
        assert local.kind is UnitKind.LOCAL
        assert grants == {
            "member@example.org": {(Role.MEMBER, None)},
            "officer@example.org": {(Role.LOCAL_LEAD, local.id)},
            "staff@example.org": {(Role.STAFF, None)},
            "admin@example.org": {(Role.ADMIN, None)},
        }
        attempt = check_password(session, "staff@example.org", "backstage-demo", "127.0.0.1", NOW)
        assert sign_in(session, attempt, NOW).user is not None


def test_without_demonstration_mode_there_is_no_sign_in(sqlite_app: Flask, tmp_path: Path) -> None:
    with sqlite_app.app_context():
        assert build(sqlite_app, tmp_path, is_demo=False).sign_ins == ()
        assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_the_member_has_a_little_of_everything(demo_app: Flask) -> None:
    with demo_app.app_context():
        member = find_member(db.session(), MEMBER_EMAIL)
        assert member is not None
        mine = member.member_id
        assert db.session.scalar(select(func.count()).where(Membership.member_id == mine)) == 2
        courses = set(
            db.session.scalars(select(Course.code).join(Completion, Course.id == Completion.course_id).where(
                Completion.member_id == mine
            ))
        )  # fmt: skip
        assert {"rigging-week", "aerial-lift", "what-is-generative-ai"} <= courses
        waiting = select(func.count()).where(Evidence.member_id == mine, Evidence.review == Review.WAITING)
        assert db.session.scalar(waiting) == 1


def test_staff_find_work(demo_app: Flask) -> None:
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(WaitingCompletion)) == 13


def test_something_of_everything_is_under_way(demo_app: Flask) -> None:
    with demo_app.app_context():
        session = db.session()
        decided = session.scalars(select(ClaimReview.decision)).all()
        corrections = session.scalars(select(Correction.state).order_by(Correction.id)).all()
        batches = session.scalars(select(Batch.kind).order_by(Batch.id)).all()
        assert decided == [Review.RETURNED]
        assert corrections == [CorrectionState.DONE, CorrectionState.OPEN]
        assert batches == ["completions", "class"]
        assert session.scalars(select(Eligibility.is_eligible)).all() == [True]
        assert session.scalar(select(func.count()).select_from(Proof)) == 1
        assert due_exceptions_waiting(session, TODAY)[0] == 1
        links = select(func.count()).where(Evidence.url.is_not(None), Evidence.review == Review.WAITING)
        assert (session.scalar(links) or 0) > 10


def test_the_smallest_union_can_be_made(sqlite_app: Flask, tmp_path: Path) -> None:
    with sqlite_app.app_context():
        settings = make_settings(tmp_path, "sqlite://", is_demo=True, demo_password="backstage-demo")
        with writing(alone=True) as session:
            built = build_demonstration(session, settings, members=1, seed=1893, today=TODAY, now=NOW)
        assert built.members == 1


def test_a_second_run_is_refused_and_writes_nothing(demo_app: Flask, tmp_path: Path) -> None:
    with demo_app.app_context():
        before = facts()
        with pytest.raises(Refused) as refused:
            build(demo_app, tmp_path)
        assert refused.value.code == "already_populated"
        assert facts() == before


def test_the_command_makes_it_once(tracker: Callable[..., Result]) -> None:
    assert "60 members" in tracker("demo", "--members", "60").output
    assert "there already, with 60 members" in tracker("demo", "--members", "60", "--once").output
    tracker("demo", "--members", "60", exit_code=1)
    assert "follows from the facts" in tracker("doctor").output
