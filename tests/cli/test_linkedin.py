"""`tracker linkedin sync` against a stand-in for LinkedIn: what is recorded, how it goes on, and how it is interrupted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, select, text

from tests.intake.linkedin_stand_in import SECRET, Asked, StandIn, engagement, milliseconds
from tests.test_worked_example import EXAMPLE
from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, Batch, db
from tracker.operations.sync import only_one

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
COURSES = {1: "what-is-generative-ai", 2: "ai-ethics", 3: "firefly"}
MEMBERS = 30

Run = Callable[..., Result]
FactRow = tuple[str, str, str, int]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with StandIn() as stand_in:
        for name, value in stand_in.environment.items():
            monkeypatch.setenv(name, value)
        yield stand_in


@pytest.fixture
def union(tracker: Run, tmp_path: Path) -> Run:
    """The worked example's units, its curriculum with LinkedIn's ids, and thirty members asked for ai-hours."""
    catalogue = (EXAMPLE / "courses.yaml").read_text()
    spellings = {1: '"1"', 2: '"urn:li:lyndaCourse:2"', 3: '"3", "urn:lyndaCourse:3"'}
    for number, code in COURSES.items():
        catalogue = catalogue.replace(f"{{code: {code}, ", f"{{code: {code}, ids: [{spellings[number]}], ")
    (tmp_path / "courses.yaml").write_text(catalogue)
    roster = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on\n" + "".join(
        f"{number},Testy,McGaffer,m{number}@example.org,80,grip,active,,2020-01-01,\n" for number in range(1, MEMBERS + 1)
    )
    (tmp_path / "roster.csv").write_text(roster)
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", tmp_path / "courses.yaml")
    tracker("roster", "import", tmp_path / "roster.csv")
    tracker("assign", "ai-hours", "--everyone", "--on", "2020-01-05")
    return tracker


def since(days: int) -> str:
    return (NOW - days * DAY).date().isoformat()


def history(days: int) -> list[dict[str, Any]]:
    """Every member completed every course on some day of these days."""
    chance = random.Random(days)
    return [
        engagement(learner, course, NOW - DAY - timedelta(seconds=chance.randrange(int((days - 2) * 86_400))))
        for learner in range(1, MEMBERS + 1)
        for course in COURSES
    ]


def expected(elements: list[dict[str, Any]]) -> list[FactRow]:
    """The facts that these completions are, each on its day in Los Angeles."""
    facts = []
    for each in elements:
        moment = datetime.fromtimestamp(each["activities"][0]["lastEngagedAt"] / 1_000, LOS_ANGELES)
        course = int(each["contentDetails"]["contentUrn"].rpartition(":")[2])
        number = str(int(each["learnerDetails"]["uniqueUserId"]))
        facts.append((number, COURSES[course], moment.date().isoformat(), int(Assurance.PROVIDER)))
    return sorted(facts)


def read(database_url: str, sql: str) -> list[Any]:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = list(connection.execute(text(sql)))
    engine.dispose()
    return found


def facts(database_url: str) -> list[FactRow]:
    sql = (
        "SELECT identifier.value, course.code, completion.completed_on, completion.assurance FROM completion"
        " JOIN course ON course.id = completion.course_id JOIN identifier ON identifier.member_id = completion.member_id"
        " WHERE identifier.kind = 'number' AND completion.voided_at IS NULL"
    )
    return sorted((number, code, str(on), level) for number, code, on, level in read(database_url, sql))


def recorded_windows(database_url: str) -> list[tuple[datetime, datetime]]:
    """The windows noted as recorded, in that order, each with a batch of its own."""
    rows = read(
        database_url,
        "SELECT sync_window.from_at, sync_window.until_at, batch.id FROM sync_window"
        " LEFT JOIN batch ON batch.id = sync_window.batch_id AND profile = 'linkedin-reporting-api' ORDER BY batch.id",
    )
    batches = [batch for _, _, batch in rows]
    assert None not in batches
    assert len(set(batches)) == len(batches)
    return [(moment(begin), moment(end)) for begin, end, _ in rows]


def moment(stored: Any) -> datetime:
    """What the engine keeps of a moment."""
    found = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


# --- What is recorded -----------------------------------------------------------------------------------------------------


def test_a_history_is_recorded_window_by_window_each_a_batch_with_its_file(
    union: Run, stand_in: StandIn, app: Flask, database_url: str, tmp_path: Path
) -> None:
    stand_in.elements = history(40)
    said = union("linkedin", "sync", "--since", since(40)).output
    assert facts(database_url) == expected(stand_in.elements)
    windows = recorded_windows(database_url)
    begun = datetime.fromisoformat(since(40)).replace(tzinfo=UTC)
    last = (datetime.now(UTC) - begun).days + 1 - 28  # 13, or 14 where midnight has passed since the tests began
    assert [days for _, days in stand_in.windows] == [14, 14, last]
    assert all(end <= datetime.now(UTC) for _, end in windows)
    rows, summary = said.splitlines()[-2:]
    assert rows.startswith("3 windows, ")
    assert summary.startswith(f"recorded {len(stand_in.elements)}, corroborated 0, already known ")
    with app.app_context():
        batches = db.session.scalars(select(Batch).where(Batch.profile == "linkedin-reporting-api").order_by(Batch.id)).all()
        assert len(batches) == 3
        for batch, (begin, end) in zip(batches, windows, strict=True):
            assert f"{begin:%Y-%m-%d} to {end:%Y-%m-%d}  batch {batch.id}  recorded" in said
            assert batch.file_name == f"linkedin {begin:%Y-%m-%d} to {end:%Y-%m-%d}.jsonl"
            kept = tmp_path / "imports" / batch.sha256
            assert kept.stat().st_mode & 0o777 == 0o600
            assert kept.read_bytes().count(b"\n") == batch_rows(batch.id)
            audited = select(AuditEntry).where(AuditEntry.object_id == batch.id)
            assert [entry.action for entry in db.session.scalars(audited)] == ["import_completions"]
    assert list((tmp_path / "imports").glob("*.part")) == []
    assert "follows from the facts" in union("doctor").output


def batch_rows(batch_id: int) -> int:
    return db.session.scalar(text("SELECT sum(row_count) FROM batch_outcome WHERE batch_id = :id"), {"id": batch_id}) or 0


def test_every_row_is_accounted_for_and_what_waits_is_matched_later(
    union: Run, stand_in: StandIn, database_url: str, tmp_path: Path
) -> None:
    at = NOW - 5 * DAY
    stranger = engagement(900, 1, at)
    nameless = engagement(4, 1, at, name=None, email=None)
    by_address = engagement(5, 1, at, uniqueUserId=None)
    faulty = engagement(6, 1, at)
    faulty["activities"][2]["lastEngagedAt"] = "yesterday"
    stand_in.elements = [
        *(engagement(1, 1, at), engagement(2, 1, at, percent=16), stranger, engagement(3, 77, at)),
        *(nameless, by_address, faulty, engagement(1, 2, at)),
    ]
    result = union("linkedin", "sync", "--since", since(10))
    assert result.output.splitlines()[-1] == (
        "recorded 4, corroborated 0, already known 0, not a completion 1, unmatched 1, unknown course 1, faulty 1"
    )
    assert "activities[2].lastEngagedAt: '\"yesterday\"' is no moment" in result.output
    assert [number for number, *_ in facts(database_url)] == ["1", "1", "4", "5"]
    (tmp_path / "more.csv").write_text("member_number,email,local,craft,status,from_on\n900,,80,grip,active,2020-01-01\n")
    assert "1 waiting completions found their member" in union("roster", "import", tmp_path / "more.csv").output
    assert ("900", COURSES[1]) in [(number, course) for number, course, *_ in facts(database_url)]


def test_a_second_sync_reads_the_last_days_again_and_changes_nothing(
    union: Run, stand_in: StandIn, database_url: str
) -> None:
    stand_in.elements = history(20)
    union("linkedin", "sync", "--since", since(20))
    before, windows = facts(database_url), recorded_windows(database_url)
    late = engagement(1, 2, NOW - 2 * DAY)  # LinkedIn's figures come late: it was not told the first time
    stand_in.elements = [*(each for each in stand_in.elements if not same_course(each, late)), late]
    stand_in.asked.clear()
    said = union("linkedin", "sync").output
    [(begin, days)] = stand_in.windows
    assert days == 4
    assert begin <= milliseconds(windows[-1][1] - 3 * DAY)
    assert "already known" in said
    again = set(facts(database_url))
    assert set(before) <= again
    assert again - set(before) <= set(expected([late]))


def same_course(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[part] == other[part] for part in ("learnerDetails", "contentDetails"))


def test_a_course_that_is_opened_again_is_not_completed_again(union: Run, stand_in: StandIn, database_url: str) -> None:
    stand_in.elements = [engagement(1, 1, NOW - 2 * DAY)]
    union("linkedin", "sync", "--since", since(10))
    stand_in.elements = [engagement(1, 1, NOW - timedelta(hours=1))]
    assert "already known 1" in union("linkedin", "sync").output
    assert facts(database_url) == expected([engagement(1, 1, NOW - 2 * DAY)])


def test_repeated_and_reordered_pages_change_nothing(union: Run, stand_in: StandIn, database_url: str) -> None:
    stand_in.elements = history(40)
    stand_in.repeats, stand_in.most_on_a_page = True, 10
    union("linkedin", "sync", "--since", since(40))
    assert facts(database_url) == expected(stand_in.elements)
    random.Random(1).shuffle(stand_in.elements)
    stand_in.repeats = False
    said = union("linkedin", "sync", "--since", since(41)).output
    # the newest window begins up to a day early, so some may be read twice
    assert "recorded 0, corroborated 0, already known " in said.splitlines()[-1]
    assert said.rstrip().endswith("not a completion 0, unmatched 0, unknown course 0, faulty 0")


def test_the_report_as_a_file_and_over_the_api_are_the_same_facts(
    union: Run, stand_in: StandIn, database_url: str, tmp_path: Path
) -> None:
    stand_in.elements = history(20)[:9]
    union("linkedin", "sync", "--since", since(20))
    file = tmp_path / "learner-detail.csv"
    lines = ["Name,Email,Unique User ID,Content Name,Content Type,Content ID,Percent Completed,Completed At (PST/PDT)"]
    for each in stand_in.elements:
        moment = datetime.fromtimestamp(each["activities"][0]["lastEngagedAt"] / 1_000, LOS_ANGELES)
        course = each["contentDetails"]["contentUrn"].rpartition(":")[2]
        number = each["learnerDetails"]["uniqueUserId"]
        lines.append(f"Testy McGaffer,,{number},,Course,{course:0>7},100%,{moment:%Y-%m-%d %H:%M:%S}")
    file.write_text("\n".join(lines))
    assert "recorded 0, corroborated 0, already known 9," in union("completions", "import", file).output
    assert facts(database_url) == expected(stand_in.elements)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_the_stored_day_is_the_one_in_los_angeles_wherever_the_server_stands(
    union: Run, stand_in: StandIn, database_url: str, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        midnight = datetime.combine((NOW - 5 * DAY).date(), datetime.min.time(), LOS_ANGELES)
        moments = [midnight + timedelta(seconds=seconds) for seconds in (-1, 0, 86_399)]
        stand_in.elements = [engagement(learner, 1, moment) for learner, moment in enumerate(moments, start=1)]
        union("linkedin", "sync", "--since", since(10))
        day = midnight.date()
        assert [on for _, _, on, _ in facts(database_url)] == [str(day - DAY), str(day), str(day)]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_window_that_was_undone_can_be_read_again(union: Run, stand_in: StandIn, database_url: str) -> None:
    stand_in.elements = history(10)
    said = union("linkedin", "sync", "--since", since(10)).output
    union("batch", "undo", said.partition("batch ")[2].split()[0])
    assert facts(database_url) == []
    union("linkedin", "sync", "--since", since(10))
    assert facts(database_url) == expected(stand_in.elements)


# --- How it is refused ----------------------------------------------------------------------------------------------------


def test_without_a_beginning_it_asks_for_one(union: Run, stand_in: StandIn) -> None:
    assert "say from which day on with --since" in union("linkedin", "sync", exit_code=1).output
    later = (NOW + 2 * DAY).date().isoformat()
    assert f"--since {later} cannot be read" in union("linkedin", "sync", "--since", later, exit_code=1).output
    assert stand_in.asked == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (["TRACKER_LINKEDIN_CLIENT_ID"], "TRACKER_LINKEDIN_CLIENT_ID is not set."),
        (["TRACKER_LINKEDIN_CLIENT_SECRET"], "TRACKER_LINKEDIN_CLIENT_SECRET is not set."),
        (
            ["TRACKER_LINKEDIN_CLIENT_ID", "TRACKER_LINKEDIN_CLIENT_SECRET"],
            "TRACKER_LINKEDIN_CLIENT_ID and TRACKER_LINKEDIN_CLIENT_SECRET are not set.",
        ),
    ],
)
def test_a_missing_setting_is_named(
    tracker: Run, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, missing: list[str], said: str
) -> None:
    for name in missing:
        monkeypatch.setenv(name, " ")
    assert said in tracker("linkedin", "sync", "--since", since(10), exit_code=1).output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_LINKEDIN_API", "http://api.linkedin.com"),
        ("TRACKER_LINKEDIN_API", "https://api.linkedin.com/v2"),
        ("TRACKER_LINKEDIN_API", "https://someone:password@api.linkedin.com"),
        ("TRACKER_LINKEDIN_API", "https://api.linkedin.com?x=1"),
        ("TRACKER_LINKEDIN_API", "https://api.linkedin.com\\@evil.example"),
        ("TRACKER_LINKEDIN_API", "https://api.linkedin.com:port"),
        ("TRACKER_LINKEDIN_API", "https://["),
        ("TRACKER_LINKEDIN_API", "https://"),
        ("TRACKER_LINKEDIN_API", "api.linkedin.com"),
        ("TRACKER_LINKEDIN_API", "file:///etc/passwd"),
        ("TRACKER_LINKEDIN_API", "http://127.0.0.1.evil.example"),
        ("TRACKER_LINKEDIN_TOKEN_URL", "http://www.linkedin.com/oauth/v2/accessToken"),
        ("TRACKER_LINKEDIN_TOKEN_URL", "https://www.linkedin.com/oauth\n" + "x"),
    ],
)
def test_an_address_that_would_give_the_secret_away_stops_the_start(
    tracker: Run, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    said = tracker("linkedin", "sync", "--since", since(10), exit_code=1).output
    assert f"Wrong setting: {name} " in said
    assert "password" not in said
    assert len(said.splitlines()) == 1


def test_a_wrong_secret_is_one_clear_line_and_told_to_no_one(
    union: Run, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("TRACKER_LINKEDIN_CLIENT_SECRET", "not-the-secret-at-all")
    said = union("linkedin", "sync", "--since", since(10), exit_code=1).output
    assert said.startswith("Refused: LinkedIn does not know TRACKER_LINKEDIN_CLIENT_ID")
    assert len(said.splitlines()) == 1
    assert "not-the-secret-at-all" not in said
    assert recorded_windows(database_url) == []


def test_a_refusal_midway_keeps_what_came_before_and_the_next_sync_goes_on_there(
    union: Run, stand_in: StandIn, database_url: str
) -> None:
    stand_in.elements = history(60)
    allowed = 2

    def refuse(handler: Any, asked: Asked) -> bool:
        if len(stand_in.windows) <= allowed:
            return False
        return handler.answer(403, {"status": 403, "message": "No longer\r\nallowed", "code": "FORBIDDEN"})

    stand_in.fault = refuse
    said = union("linkedin", "sync", "--since", since(60), exit_code=1).output
    assert said.splitlines()[-1] == (
        "Refused: LinkedIn does not let this application read learning reports (403: No longer allowed)."
    )
    first = recorded_windows(database_url)
    assert len(first) == 2
    assert "follows from the facts" in union("doctor").output
    stand_in.fault = None
    stand_in.asked.clear()
    union("linkedin", "sync")
    assert stand_in.windows[0] == (milliseconds(first[-1][1]), 14)
    assert facts(database_url) == expected(stand_in.elements)


def test_windows_that_always_fail_are_halved_and_a_long_wait_is_said(
    union: Run, stand_in: StandIn, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("tracker.cli.linkedin.time.sleep", waits.append)
    stand_in.elements = history(20)
    stand_in.longest_days = 4
    said = union("linkedin", "sync", "--since", since(20)).output
    assert facts(database_url) == expected(stand_in.elements)
    assert max(waits) > 5
    assert "LinkedIn has trouble of its own (500: Internal Server Error). Asking again in" in said


# --- How it is interrupted ------------------------------------------------------------------------------------------------


def start(database_url: str, instance: Path, *arguments: str) -> subprocess.Popen[str]:
    """A sync in a process of its own; LinkedIn's settings are in the environment."""
    environment = {**os.environ, "DATABASE_URL": database_url, "TRACKER_INSTANCE": str(instance)}
    return subprocess.Popen(
        ["tracker", "linkedin", "sync", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def let_the_dead_go(database_url: str) -> None:
    """Until the server has ended the sessions of processes that are no more."""
    if database_url.startswith("sqlite"):
        return
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with engine.connect() as connection:
        deadline = time.monotonic() + 30
        while connection.scalar(text(others)) and time.monotonic() < deadline:
            time.sleep(0.05)
    engine.dispose()


def test_killed_at_any_moment_a_window_is_whole_or_not_there_and_the_next_sync_goes_on(
    union: Run, stand_in: StandIn, database_url: str, tmp_path: Path
) -> None:
    """Killed while pages come, and from the last page of a window on somewhere in its recording."""
    kills = int(os.environ.get("TRACKER_TEST_KILLS", "6"))
    chance = random.Random(4)
    stand_in.elements = history(84)
    stand_in.most_on_a_page = 5
    begin: tuple[str, ...] = ("--since", since(84))
    progress, killed = [0], 0
    for kill in range(kills):
        stand_in.asked.clear()
        at, later = chance.randint(1, 8), chance.choice((0.0, chance.uniform(0, 0.3)))
        process = start(database_url, tmp_path, *begin)

        def strike(asked: Asked, at: int = at, later: float = later, kill: Callable[[], None] = process.kill) -> None:
            if asked.number == at:
                threading.Timer(later, kill).start()

        stand_in.on_page = strike
        said = process.communicate(timeout=120)[0]
        assert process.returncode in (0, -signal.SIGKILL), said
        killed += process.returncode != 0
        let_the_dead_go(database_url)
        windows = recorded_windows(database_url)
        progress.append(len(windows))
        assert progress[-1] >= progress[-2]
        if process.returncode and progress[-1]:
            begin = ()
        else:  # nothing to go on from; or all was read, and is read again
            begin = ("--since", since(84))
        whole = [each for each in stand_in.elements if is_in(each, windows)]
        assert facts(database_url) == expected(whole), f"after kill {kill}"
    stand_in.on_page = None
    union("linkedin", "sync", *begin)
    assert facts(database_url) == expected(stand_in.elements)
    assert killed >= kills / 2
    assert progress[-1] > 1, "the kills came too early to show that a sync goes on"
    assert "follows from the facts" in union("doctor").output


def is_in(element: dict[str, Any], windows: list[tuple[datetime, datetime]]) -> bool:
    at = element["activities"][0]["lastEngagedAt"]
    return any(milliseconds(begin) <= at < milliseconds(end) for begin, end in windows)


def test_a_second_sync_at_the_same_time_is_refused_and_the_first_is_not_disturbed(
    union: Run, stand_in: StandIn, database_url: str, tmp_path: Path
) -> None:
    stand_in.elements = history(20)
    asked, go_on = threading.Event(), threading.Event()

    def hold(_: Asked) -> None:
        asked.set()
        go_on.wait(60)

    stand_in.on_page = hold
    process = start(database_url, tmp_path, "--since", since(20))
    assert asked.wait(60)
    said = union("linkedin", "sync", "--since", since(20), exit_code=1).output
    assert said == "Refused: Another sync of linkedin is running. Nothing was done: wait for its end.\n"
    go_on.set()
    assert process.wait(60) == 0
    process.communicate()
    assert facts(database_url) == expected(stand_in.elements)
    stand_in.on_page = None
    union("linkedin", "sync")


def test_the_lock_ends_with_a_sync_that_fails(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        for _ in range(3):
            with pytest.raises(RuntimeError), only_one(db.engine, "linkedin", tmp_path):
                raise RuntimeError


def test_the_secret_is_nowhere_in_what_is_kept(union: Run, stand_in: StandIn, app: Flask, tmp_path: Path) -> None:
    stand_in.elements = history(20)
    union("linkedin", "sync", "--since", since(20))
    secrets = {SECRET, *stand_in._tokens}
    with app.app_context():
        for table in db.metadata.sorted_tables:
            held = str(db.session.execute(select(table)).all())
            assert not any(secret in held for secret in secrets), table.name
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), file.name


def test_a_day_of_today_can_be_read_from(union: Run, stand_in: StandIn, database_url: str) -> None:
    union("linkedin", "sync", "--since", date.today().isoformat())
    assert [days for _, days in stand_in.windows] == [1]
    assert len(recorded_windows(database_url)) == 1
