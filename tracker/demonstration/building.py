"""The demonstration's facts, each recorded by the operation that records it in earnest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.config import Settings, shipped
from tracker.coverage.catalogue import find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.catalogue import Catalogue, read_catalogue
from tracker.curriculum.words import Outcome, Role
from tracker.demonstration.accounts import account_rows
from tracker.demonstration.asking import ASKINGS, excusings
from tracker.demonstration.learning import Learning
from tracker.demonstration.people import MEMBER_EMAIL, people, roster_rows
from tracker.demonstration.under_way import Cast, leave_under_way
from tracker.demonstration.union import DEMONSTRATION_LOCAL, union_file
from tracker.intake.linkedin_detail import SOURCE as PROVIDERS_REPORT
from tracker.intake.units import read_units
from tracker.models import Member, Unit, User
from tracker.operations.accounts import add_user
from tracker.operations.actor import Actor
from tracker.operations.assignments import Plan, assign_path, exempt_member
from tracker.operations.catalogue import apply_catalogue
from tracker.operations.completions import SELF_LOGGED, STAFF_RECORDED, record_completions
from tracker.operations.provider_accounts import AccountList
from tracker.operations.refused import Refused
from tracker.operations.roster import record_roster
from tracker.operations.standings import refresh_standings
from tracker.operations.union import apply_units
from tracker.operations.watching import Watch, unwatched

T = TypeVar("T")

_DEMONSTRATOR = Actor(None, "operator", "the demonstration")

SIGN_INS = (
    (MEMBER_EMAIL, Role.MEMBER),
    ("officer@example.org", Role.LOCAL_LEAD),
    ("staff@example.org", Role.STAFF),
    ("admin@example.org", Role.ADMIN),
)


@dataclass(frozen=True)
class Built:
    """What was made."""

    members: int
    cards: int
    completions: int
    sign_ins: tuple[str, ...]


def members_there(session: Session) -> int:
    """How many members the database holds already."""
    return session.scalar(select(func.count()).select_from(Member)) or 0


def build_demonstration(
    session: Session,
    settings: Settings,
    *,
    members: int,
    seed: int,
    today: date,
    now: datetime,
    watch: Watch = unwatched,
) -> Built:
    """Fill an empty database with a union of so many members.

    The same seed, number and day give the same facts. Sign-ins are made in demonstration mode only. Rules come before the
    roster, and both before the completions: so each member's days are worked out a few times, not once a rule.

    Raises:
        Refused: ``already_populated``. Nothing is written then.

    Needs ``writing(alone=True)``.
    """
    if there := members_there(session):
        message = f"There are {there:,} members here already: the demonstration wants an empty database."
        raise Refused("already_populated", message)
    policy = settings.policy_file.read_text("utf-8")
    found_union(session, policy, today, now)
    catalogue = publish_catalogue(session, policy, today, now)
    ask_for_paths(session, today, now)

    everyone = watch("Roster", people(members, seed, today), members)
    roster = record_roster(session, roster_rows(everyone), _DEMONSTRATOR, batch_id=None, today=today, now=now)
    cards = roster.outcomes.total()
    refresh_standings(session, roster.members, today)
    del roster  # it names everyone
    _excuse(session, members, seed, today, now)

    learning = Learning(catalogue, seed, today)
    completions = 0
    for label, source, rows_of in (
        ("Provider's report", PROVIDERS_REPORT, learning.reported),
        ("Attendance sheets", STAFF_RECORDED, learning.attended),
        ("Logged by members", SELF_LOGGED, learning.logged),
    ):
        rows = rows_of(watch(label, people(members, seed, today), members))
        recorded = record_completions(session, rows, source=source, actor=_DEMONSTRATOR, batch_id=None, today=today, now=now)
        completions += recorded.outcomes[Outcome.RECORDED] + recorded.outcomes[Outcome.CORROBORATED]
    everyone = watch("Accounts", people(members, seed, today), members)
    with AccountList(session, lambda: account_rows(everyone, learning, seed, today), PROVIDERS_REPORT) as accounts:
        accounts.record(session, actor=_DEMONSTRATOR, batch_id=None, today=today, now=now)
    users = _open_sign_ins(session, settings, today) if settings.is_demo else {}
    through = {role: Actor(user.id, role.value, user.email) for role, user in users.items()}
    cast = Cast(*(through.get(role, _DEMONSTRATOR) for role in (Role.MEMBER, Role.LOCAL_LEAD, Role.STAFF)))
    leave_under_way(session, cast, today, now)
    return Built(members, cards, completions, tuple(user.email for user in users.values()))


def found_union(session: Session, policy: str, today: date, now: datetime) -> None:
    """The international, its districts and its locals."""
    text = union_file()
    rows = read_units(text.encode(), "union.csv", session.scalars(select(Unit.number)).all())
    apply_units(session, rows, text, policy, _DEMONSTRATOR, today=today, now=now)


def catalogue_text() -> str:
    """The shipped curriculum with the demonstration's own courses and path in their places."""
    courses, paths = shipped("courses.yaml").read_text("utf-8").split("\npaths:\n")
    more_courses, more_paths = files(__package__).joinpath("safety.yaml").read_text("utf-8").split("\npaths:\n")
    more_courses = more_courses.partition("\ncourses:\n")[2]
    return f"{courses}\n{more_courses}\npaths:\n{paths}\n{more_paths}"


def publish_catalogue(session: Session, policy: str, today: date, now: datetime) -> Catalogue:
    """The curriculum, in force."""
    text = catalogue_text()
    catalogue = read_catalogue(text, "the demonstration's courses.yaml")
    apply_catalogue(session, catalogue, text, policy, _DEMONSTRATOR, today=today, now=now)
    return catalogue


def ask_for_paths(session: Session, today: date, now: datetime) -> None:
    """Every act of assigning, as :data:`ASKINGS` lists them."""
    for asking in ASKINGS:
        path = find_path(session, asking.path)
        units = [find_unit(session, f"D{district}") for district in asking.districts]
        assert path is not None
        plan = Plan(
            path,
            asking.kind,
            asking.begun_on(today),
            everyone=not (asking.districts or asking.crafts),
            units=[unit for unit in units if unit is not None],
            crafts=asking.crafts,
            due_on=asking.due_on(today),
            within_days=asking.within_days,
        )
        assign_path(session, plan, _DEMONSTRATOR, today=today, now=now)


def _excuse(session: Session, members: int, seed: int, today: date, now: datetime) -> None:
    for each in excusings(people(members, seed, today), today):
        member, path = find_member(session, each.number), find_path(session, each.path)
        assert member is not None
        assert path is not None
        exempt_member(
            session,
            member,
            path,
            reason=each.reason,
            from_on=each.from_on,
            until_on=each.until_on,
            unit=None,
            actor=_DEMONSTRATOR,
            now=now,
        )


def _open_sign_ins(session: Session, settings: Settings, today: date) -> dict[Role, User]:
    member, local = find_member(session, MEMBER_EMAIL), find_unit(session, DEMONSTRATION_LOCAL)
    assert member is not None
    return {
        role: add_user(
            session,
            email,
            role,
            local if role is Role.LOCAL_LEAD else None,
            member.member_id if role is Role.MEMBER else None,
            _DEMONSTRATOR,
            today,
            settings.demo_password,
        )
        for email, role in SIGN_INS
    }
