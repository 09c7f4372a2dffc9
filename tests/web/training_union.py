"""What the little union learns: a curriculum, a roster, and one path that Local 80 asks for.

Ana (0012) and Bo (0034) hold cards in Local 80, Cy (0056) in Local 600, and the name of Dee (0078, Local 80) is markup.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tracker.coverage.catalogue import find_path
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.catalogue import read_catalogue
from tracker.intake.imports import import_roster
from tracker.models import writing
from tracker.operations.actor import OPERATOR
from tracker.operations.assignments import Plan, assign_path
from tracker.operations.catalogue import apply_catalogue

POLICY = """
statuses: [active, apprentice, permit, withdrawn, retired]
counts: [active, apprentice]
covered_workers: [active, apprentice, permit]
expiring_within_days: 60
due_soon_within_days: 30
small_group: 5
"""

COURSES = """
principles:
  - {code: education, number: 4, title: Education, text: "Members have a right to training."}
courses:
  - {code: basics, title: AI Basics, provider: LinkedIn Learning, minutes: 60, language: en,
     url: "https://www.linkedin.com/learning/ai-basics", slugs: [ai-basics]}
  - {code: ethics, title: AI Ethics, provider: LinkedIn Learning, minutes: 45, language: en}
  - {code: prompts, title: Prompting, provider: LinkedIn Learning, minutes: 30, language: en}
  - {code: pictures, title: Pictures, provider: LinkedIn Learning, minutes: 200, language: en}
  - code: creatives
    title: AI for Creatives
    provider: Training Trust Fund
    minutes: 240
    language: en
    satisfies: [{course: basics}]
  - {code: safety, title: Safety, provider: Training Trust Fund, minutes: 120, language: en, valid_months: 12}
paths:
  - code: ai
    title: AI Fundamentals
    principle: education
    version: 1
    sections:
      - {title: Foundations, need: all, courses: [basics, ethics]}
      - {title: Pick one, need: {any: 1}, courses: [prompts, pictures]}
  - code: safe
    title: Set Safety
    principle: education
    version: 1
    sections:
      - {title: Safety, need: all, courses: [safety]}
"""

ROSTER = """member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home
0012,Ana,Example,ana@example.org,80,grip,active,member,2020-01-01,,yes
0034,Bo,Example,bo@example.org,80,grip,active,member,2020-01-01,,yes
0056,Cy,Example,cy@example.org,600,sound,active,member,2020-01-01,,yes
0078,Dee,<b>Markup</b>,dee@example.org,80,grip,active,member,2020-01-01,,yes
"""


def today() -> date:
    return datetime.now(UTC).date()


def days_ago(days: int) -> date:
    return today() - timedelta(days=days)


def now() -> datetime:
    return datetime.now(UTC)


def train() -> None:
    """Load it all, inside an application context."""
    with writing(alone=True) as session:
        apply_catalogue(
            session, read_catalogue(COURSES, "courses.yaml"), COURSES, POLICY, OPERATOR, today=today(), now=now()
        )
    with writing(alone=True) as session:
        import_roster(session, ROSTER.encode(), "roster.csv", OPERATOR, today=today(), now=now())
    ask("ai", "80", due_on=today() + timedelta(days=12))


def ask(path: str, unit: str, due_on: date | None = None) -> None:
    with writing(alone=True) as session:
        found, where = find_path(session, path), find_unit(session, unit)
        assert found
        assert where
        plan = Plan(found, on=date(2024, 1, 1), units=[where], due_on=due_on)
        assign_path(session, plan, OPERATOR, today=today(), now=now())


def member_id(number: str) -> int:
    """Inside an application context."""
    from tracker.models import db

    found = find_member(db.session(), number)
    assert found
    return found.member_id
