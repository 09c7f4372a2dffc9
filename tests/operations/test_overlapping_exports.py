"""The same facts from whatever exports hold them: overlapping, shuffled, repeated, in any order, by any door."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tests.test_worked_example import EXAMPLE
from tracker.intake.imports import import_completions, staged_import
from tracker.models import Completion, Member, WaitingCompletion, db
from tracker.operations.actor import OPERATOR

HEADER = "Name,Email,Unique User ID,Content Name,Content Type,Content ID,Percent Completed,Completed At (PST/PDT)"
LEARNERS = (
    ("Ana Example", "ana@example.org", "1"),
    ("Ana Example", "ANA@example.org", ""),
    ("Ben Example", "ben@example.org", "IA-2"),
    ("Cy Stranger", "cy@example.org", "IA-9"),
)
COURSES = ("Adobe Firefly Essential Training", "Ethics in the Age of Generative AI", "Fall Protection", "A Course of Nobody")


def detail(rows: list[str]) -> bytes:
    return "\n".join((HEADER, *rows)).encode()


def some_rows(chance: random.Random, count: int) -> list[str]:
    rows = []
    for _ in range(count):
        name, email, learner = chance.choice(LEARNERS)
        moment = datetime(2026, 1, 1, 7) + timedelta(minutes=chance.randint(0, 60 * 24 * 40))
        percent = chance.choice(("100%", "100%", "100%", "62%"))
        at = f"{moment:%Y-%m-%d %H:%M:%S}" if percent == "100%" else ""
        rows.append(f"{name},{email},{learner},{chance.choice(COURSES)},Course,,{percent},{at}")
    return rows


def facts(desk: Desk) -> tuple[object, ...]:
    """Every valid completion and every row that waits, by what it says."""
    with desk.session() as session:
        done = session.execute(
            select(Member.number, Completion.course_id, Completion.completed_on, Completion.assurance, Completion.source)
            .join(Member, Member.member_id == Completion.member_id)
            .where(Completion.voided_at.is_(None))
        )
        waits = session.scalars(select(WaitingCompletion).where(WaitingCompletion.settled_at.is_(None)))
        return (
            sorted((number, course, str(day), int(level), source) for number, course, day, level, source in done),
            sorted((row.email.casefold(), row.provider_id, row.course, str(row.completed_on)) for row in waits),
        )


def take_in(desk: Desk, rows: list[str]) -> None:
    with desk.write() as session:
        import_completions(session, detail(rows), "detail.csv", OPERATOR, today=desk.today, now=desk.now)


@pytest.mark.parametrize("seed", range(6))
def test_overlapping_exports_in_any_order_give_the_same_facts(desk: Desk, seed: int) -> None:
    chance = random.Random(seed)
    rows = some_rows(chance, 40)
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    exports = [chance.sample(rows, chance.randint(5, 30)) for _ in range(5)]
    exports.append([row for row in rows if not any(row in export for export in exports)])
    exports += chance.choices(exports, k=3)
    chance.shuffle(exports)
    for export in exports:
        take_in(desk, export)
    assert desk.wrong() == []
    once = facts(desk)
    figures = desk.figures(date(2026, 1, 20), TODAY)
    chance.shuffle(rows)
    take_in(desk, rows)
    assert facts(desk) == once
    assert desk.figures(date(2026, 1, 20), TODAY) == figures


def test_a_whole_export_and_its_pieces_give_the_same_facts(app: object, desk: Desk) -> None:
    """Taken in before and after the roster, at once and piece by piece."""
    chance = random.Random(7)
    rows = some_rows(chance, 30)
    take_in(desk, rows[:15])
    desk.roster(ANA)
    take_in(desk, rows)
    desk.roster(BEN)
    pieces = facts(desk)
    with desk.write() as session:
        for model in (Completion, WaitingCompletion):
            session.execute(model.__table__.delete())
    take_in(desk, rows)
    assert facts(desk) == pieces


def everything(desk: Desk) -> dict[str, list[str]]:
    """Every row of every table."""
    with desk.session() as session:
        tables = db.metadata.sorted_tables
        return {table.name: sorted(map(str, session.execute(table.select()).all())) for table in tables}


def test_a_preview_writes_nothing_and_says_what_recording_does(desk: Desk) -> None:
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    rows = some_rows(random.Random(3), 40)
    take_in(desk, rows[:10])
    before = everything(desk)
    with (
        desk.session() as session,
        staged_import(session, "completions", detail(rows), "detail.csv", today=desk.today) as staged,
    ):
        preview = staged.preview(session)
    assert everything(desk) == before
    with desk.write() as session:
        imported = import_completions(session, detail(rows), "detail.csv", OPERATOR, today=desk.today, now=desk.now)
    assert preview.outcomes == imported.outcomes
    assert list(preview.lines) == list(imported.lines)
    assert preview.rows == len(rows)


def test_a_roster_recorded_between_reading_and_recording_is_seen(desk: Desk) -> None:
    """What was matched before the transaction is matched again where the roster changed meanwhile."""
    rows = ["Cy Stranger,cy@example.org,IA-9,Fall Protection,Course,,100%,2026-01-05 10:00:00"]
    desk.roster(ANA)
    with (
        desk.app.app_context(),
        staged_import(db.session(), "completions", detail(rows), "d.csv", today=desk.today) as staged,
    ):
        desk.roster("0009,Cy,Stranger,cy@example.org,80,grip,active,member,2019-03-01,,yes\n")
        with desk.write() as session:
            imported = staged.record(session, OPERATOR, now=desk.now)
    assert {outcome.value: count for outcome, count in imported.outcomes.items() if count} == {"recorded": 1}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_the_stored_day_is_the_providers_wherever_the_tracker_runs(
    tracker: Callable[..., Result], database_url: str, tmp_path: Path, zone: str
) -> None:
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    (tmp_path / "roster.csv").write_text("member_number,local\n1,80\n")
    (tmp_path / "detail.csv").write_bytes(
        detail(
            [
                "Ana,,1,Adobe Firefly Essential Training,Course,,100%,2025-03-09 23:59:59",
                "Ana,,1,Ethics in the Age of Generative AI,Course,,100%,2025-11-02 01:30:00",
                "Ana,,1,Learning Microsoft Copilot,Course,,100%,2025-03-09 02:30:00",
            ]
        )
    )
    (tmp_path / "Learning.csv").write_text(
        "Content Title,Content Description,Content Type,Content Last Watched Date (if viewed),"
        "Content Completed At (if completed),Content Saved,Notes taken on videos (if taken),\n"
        "What Is Generative AI?,,Course,2025-03-09 20:01 UTC,2025-03-10 04:01 UTC,true,N/A,\n"
    )
    (tmp_path / "moments.csv").write_text("who;course;when\n1;osha-10;2025-06-30T23:30:00-07:00\n")
    mapping = ("--map", "member_number=who", "--map", "course=course", "--map", "completed_on=when")
    environment = {**os.environ, "TZ": zone}
    for arguments in (
        ("roster", "import", "roster.csv"),
        ("completions", "import", "detail.csv"),
        ("completions", "import", "Learning.csv", "--member", "1"),
        ("completions", "import", "moments.csv", *mapping, "--time-zone", "America/Los_Angeles"),
    ):
        done = subprocess.run(
            ["tracker", *arguments], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    days = subprocess.run(
        [sys.executable, "-c", SHOW_DAYS], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(days) == {
        "firefly": "2025-03-09",
        "ai-ethics": "2025-11-02",
        "copilot": "2025-03-09",
        "what-is-generative-ai": "2025-03-09",
        "osha-10": "2025-06-30",
    }


SHOW_DAYS = """
import json
from sqlalchemy import select
from tracker import create_app
from tracker.models import Completion, Course, db
with create_app().app_context():
    rows = db.session.execute(select(Course.code, Completion.completed_on).join(Course, Course.id == Completion.course_id))
    print(json.dumps({code: day.isoformat() for code, day in rows}))
"""
