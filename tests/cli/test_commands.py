"""The operator's door: exit codes, what is said, and what is left unwritten."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import func, insert, select, text, update

from tests.conftest import ENGINES, empty_database
from tests.test_worked_example import COMPLETIONS, EXAMPLE, ROSTER, RULES
from tracker.cli import main
from tracker.models import Completion, LedgerDelta, LedgerEntry, ScopeSpan, StandingSpan, db, writing

KEY = "a-key-for-tests-0123456789-abcdefghijklmnop"
HEADER = "path,unit,unit_kind,in_scope,covered,share,claimed,reviewed,provider"


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


STEPS = (("union", "apply", "union.csv"), ("catalogue", "apply", "courses.yaml"), *ROSTER, *RULES, *COMPLETIONS)


def build(run: Callable[..., Result]) -> None:
    """The worked example, all of it that needs no name."""
    for step in STEPS:
        run(*(str(EXAMPLE / each) if each.endswith((".csv", ".yaml")) else each for each in step))


@pytest.fixture
def union(tracker: Callable[..., Result]) -> Callable[..., Result]:
    """The command, on a union to change."""
    build(tracker)
    return tracker


@pytest.fixture(scope="module", params=ENGINES)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Result]]:
    """The command, on one union of each engine for all the tests that only read it."""
    folder = tmp_path_factory.mktemp("reader")
    with empty_database(request.param, request, folder) as url:
        environment = {"DATABASE_URL": url, "TRACKER_INSTANCE": str(folder), "SECRET_KEY": KEY}

        def run(*arguments: object) -> Result:
            result = CliRunner().invoke(main, [str(each) for each in arguments], env=environment, catch_exceptions=False)
            assert result.exit_code == 0, result.output
            return result

        build(run)
        yield run


def everything(app: Flask) -> dict[str, list[str]]:
    """All that the database holds."""
    with app.app_context():
        return {
            table.name: sorted(str(tuple(row)) for row in db.session.execute(select(table)))
            for table in db.metadata.sorted_tables
        }


# --- Help and wrong usage -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        result = CliRunner().invoke(main, [*path, flag])
        assert result.exit_code == 0
        assert result.output.startswith("Usage:")
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    assert command.help, f"tracker {' '.join(path)} has no sentence of help"


WRONG_USAGE = [
    ("no-such-command",),
    ("assign",),
    ("roster", "import"),
    ("coverage", "--floor", "rumour"),
    ("coverage", "--as-of", "tomorrow"),
    ("coverage", "--as-of", "2026-02-30"),
    ("coverage", "--by", "unit"),
    ("coverage", "--format", "doc"),
    ("coverage", "--format", "xlsx"),  # needs --output
    ("exempt", "1", "ai-hours"),
    ("exempt", "1", "ai-hours", "--reason", "leave", "--from", "soon"),
    ("unassign", "not-a-number", "--on", "2026-01-01", "--reason", "x"),
    ("log", "1", "firefly"),
    ("log", "1", "firefly", "--on", "2026-01-01", "--assurance", "sure"),
    ("user", "add", "a@example.org"),
    ("user", "add", "a@example.org", "--role", "employer"),
    ("completions", "import", "a.csv", "--no-such-option"),
]


@pytest.mark.parametrize("arguments", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_is_2(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'not-looked-at.db'}")
    monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", KEY)
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert result.stdout == ""


REFUSED = [
    (("assign", "no-such-path", "--everyone"), "no path 'no-such-path'. There are: ai-fundamentals, ai-hours, set-safety"),
    (("assign", "ai-hours"), "Say who is asked"),
    (("assign", "ai-hours", "--everyone", "--unit", "80"), "one kind of target"),
    (("assign", "ai-hours", "--unit", "999"), "no unit '999'"),
    (("assign", "ai-hours", "--member", "999"), "'999'"),
    (("assign", "ai-hours", "--everyone", "--due", "2026-12-31", "--within", "9"), "not both"),
    (("exempt", "999", "ai-hours", "--reason", "x", "--from", "2026-01-01"), "'999'"),
    (("exempt", "1", "ai-hours", "--reason", " ", "--from", "2026-01-01"), "Say why"),
    (("exempt", "1", "ai-hours", "--reason", "x", "--from", "2026-02-01", "--until", "2026-01-01"), "not after it begins"),
    (("unassign", "7", "--on", "2026-01-01", "--reason", "x"), "no assignment or rule 7"),
    (("log", "999", "firefly", "--on", "2026-01-01"), "No member"),
    (("log", "1", "no-such-course", "--on", "2026-01-01"), "No course"),
    (("log", "1", "firefly", "--on", "2097-01-01"), "has not come yet"),
    (("void", "1", "7", "--reason", "x"), "no completion 7"),
    (("coverage", "--unit", "999"), "no unit '999'"),
    (("coverage", "--path", "nothing"), "no path 'nothing'"),
    (("coverage", "--format", "csv", "--output", "/no/such/folder/x.csv"), "cannot be written"),
    (("batch", "show", "7"), "no batch 7"),
    (("roster", "import", "no-such-file.csv"), "cannot be read"),
    (("completions", "import", "no-such-file.csv"), "cannot be read"),
    (("union", "apply", "no-such-file.csv"), "cannot be read"),
    (("catalogue", "check", "no-such-file.yaml"), "cannot be read"),
]  # fmt: skip


def test_a_refusal_is_1_with_one_clear_line_and_changes_nothing(union: Callable[..., Result], app: Flask) -> None:
    before = everything(app)
    for arguments, says in REFUSED:
        result = union(*arguments, exit_code=1)
        assert result.stdout == "", arguments
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert result.stderr.startswith("Refused: "), result.stderr
        assert says in result.stderr
    assert everything(app) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("roster", "import", str(EXAMPLE / "roster.csv")),
        ("completions", "import", str(EXAMPLE / "completions.csv")),
        ("doctor",),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_before_anything_is_applied_a_command_says_what_to_do_first(
    arguments: tuple[str, ...], tracker: Callable[..., Result]
) -> None:
    result = tracker(*arguments, exit_code=1)
    assert "No policy is applied yet" in result.stderr


def test_an_empty_union_has_no_figures(tracker: Callable[..., Result]) -> None:
    assert tracker("coverage", "--format", "csv").stdout == f"{HEADER}\n"


def test_a_wrong_setting_stops_the_start_by_name(monkeypatch: pytest.MonkeyPatch, tracker: Callable[..., Result]) -> None:
    monkeypatch.setenv("TRACKER_TIME_ZONE", "Mars/Olympus")
    assert "TRACKER_TIME_ZONE is 'Mars/Olympus'" in tracker("doctor", exit_code=1).stderr


# --- Files that are not what they should be -------------------------------------------------------------------------------

WRONG_FILES = {
    "empty.csv": b"",
    "picture.csv": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(200),
    "nothing-we-know.csv": b"colour,size\nred,9\n",
    "not-a-workbook.xlsx": b"PK\x03\x04 but then nothing",
    "twice.csv": b"member_number,member_number,local\n1,2,80\n",
}


@pytest.mark.parametrize("kind", ["roster", "completions"])
def test_a_file_that_is_no_table_of_ours_is_refused_whole(
    kind: str, union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    before = everything(app)
    for name, content in WRONG_FILES.items():
        (tmp_path / name).write_bytes(content)
        result = union(kind, "import", tmp_path / name, exit_code=1)
        assert result.stderr.startswith("Refused: "), name
    for other in {"roster.csv": "completions", "completions.csv": "roster"}.items():
        if other[1] == kind:
            union(kind, "import", EXAMPLE / other[0], exit_code=1)
    assert everything(app) == before


BROKEN_YAML = """\
principles:
  - {code: education, number: 4, title: Education}
courses:
  - {code: Ethics!, title: Ethics, provider: P}
  - {code: firefly, title: "", provider: P, minutes: -3}
  - {code: copilot, title: Copilot, provider: P, satisfies: [{course: no-such}]}
paths:
  - {code: hours, title: Hours, principle: learning, version: 1, sections: [{title: S, need: {any: 3}, courses: [firefly]}]}
"""


@pytest.mark.parametrize("verb", ["check", "diff", "apply"])
def test_a_malformed_curriculum_lists_every_fault_with_its_line(
    verb: str, union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    before = everything(app)
    file = tmp_path / "broken.yaml"
    file.write_text(BROKEN_YAML)
    result = union("catalogue", verb, file, exit_code=1)
    first, *faults = result.stderr.splitlines()
    assert first == "Refused: broken.yaml has faults; nothing was written."
    assert sorted({int(fault.strip().split(":")[1]) for fault in faults}) == [4, 5, 6, 8]
    assert len(faults) >= 6
    file.write_text("courses: [\n")
    assert "broken.yaml:" in union("catalogue", verb, file, exit_code=1).stderr
    file.write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in union("catalogue", verb, file, exit_code=1).stderr
    assert everything(app) == before


def test_a_broken_policy_is_refused_with_its_line(
    union: Callable[..., Result], app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(app)
    (tmp_path / "policy.yaml").write_text("statuses: [active]\ncounts: [activ]\n")
    monkeypatch.setenv("TRACKER_POLICY", str(tmp_path / "policy.yaml"))
    result = union("catalogue", "apply", EXAMPLE / "courses.yaml", exit_code=1)
    assert "policy.yaml:2:" in result.stderr
    assert everything(app) == before


# --- Trying, and being strict ---------------------------------------------------------------------------------------------

NEWS = "member_number,local,craft,from_on\n0042,80,grip,2026-02-01\n0043,nowhere,grip,2026-02-01\n"
DONE = "member_number,course,completed_on\n0001,copilot,2026-02-03\n0001,copilot,someday\n"


def test_a_dry_run_says_what_would_be_and_writes_nothing(union: Callable[..., Result], app: Flask, tmp_path: Path) -> None:
    before = everything(app)
    (tmp_path / "news.csv").write_text(NEWS)
    (tmp_path / "done.csv").write_text(DONE)
    (tmp_path / "other.yaml").write_text((EXAMPLE / "courses.yaml").read_text().replace("minutes: 228", "minutes: 20"))
    for arguments, says in (
        (("roster", "import", tmp_path / "news.csv", "--dry-run"), "recorded 1, corroborated 0,"),
        (("completions", "import", tmp_path / "done.csv", "--dry-run"), "recorded 1, corroborated 0,"),
        (("assign", "set-safety", "--everyone", "--dry-run"), "Nothing was written"),
        (("catalogue", "diff", tmp_path / "other.yaml"), "members would change state"),
        (("catalogue", "check", tmp_path / "other.yaml"), "No faults: 9 courses, 3 paths, 1 principles."),
    ):
        assert says in union(*arguments).stdout
    assert everything(app) == before


def test_a_trial_says_what_the_act_then_says(union: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "news.csv").write_text(NEWS)
    tried = union("roster", "import", tmp_path / "news.csv", "--dry-run").stdout.splitlines()
    done = union("roster", "import", tmp_path / "news.csv").stdout.splitlines()
    assert (tried[0], tried[-1]) == (done[0], done[-1])


@pytest.mark.parametrize(("kind", "content"), [("roster", NEWS), ("completions", DONE)])
def test_a_strict_import_takes_all_or_refuses_all(
    kind: str, content: str, union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    before = everything(app)
    file = tmp_path / "file.csv"
    file.write_text(content)
    result = union(kind, "import", file, "--strict", exit_code=1)
    assert "1 of 2 rows are faulty; nothing was recorded." in result.stderr
    assert "line 3" in result.stderr
    assert everything(app) == before
    file.write_text("".join(content.splitlines(keepends=True)[:2]))
    assert "recorded 1," in union(kind, "import", file, "--strict").stdout


def test_a_faulty_row_is_told_by_line_column_and_value_and_the_rest_is_recorded(
    union: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "news.csv").write_text(NEWS)
    result = union("roster", "import", tmp_path / "news.csv")
    assert result.stderr.startswith("line 3, local: 'nowhere' ")
    assert result.stdout.splitlines()[-1].startswith("recorded 1, ")
    assert result.stdout.splitlines()[-1].endswith(", faulty 1")
    batch = result.stdout.split("Batch ")[1].split(",")[0]
    shown = union("batch", "show", batch).stdout
    assert "roster from news.csv, read as canonical" in shown
    assert "line 3, local: 'nowhere'" in shown
    assert union("batch", "list").stdout.splitlines()[0].startswith(f"{batch}  ")


# --- Coverage ------------------------------------------------------------------------------------------------------------

ASKED = ("coverage", "--as-of", "2026-02-28", "--floor", "reviewed")


def test_the_csv_is_the_one_of_the_worked_example(reader: Callable[..., Result], tmp_path: Path) -> None:
    out = reader(*ASKED, "--format", "csv").stdout
    assert out.splitlines()[0] == HEADER
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 3 * 6
    assert [(row["path"], row["unit"]) for row in rows] == sorted((row["path"], row["unit"]) for row in rows)
    reader(*ASKED, "--format", "csv", "--output", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == out
    crafts = list(csv.DictReader(io.StringIO(reader(*ASKED, "--by", "craft", "--format", "csv").stdout)))
    assert {row["unit_kind"] for row in crafts} == {"craft"}
    assert all(int(row["in_scope"]) > 0 for row in crafts)


@pytest.mark.parametrize(
    ("said", "units"),
    [
        (("--by", "local"), ["15", "700", "80"]),
        (("--by", "district"), ["D1", "D2"]),
        (("--unit", "D2"), ["700", "80", "D2"]),
        (("--unit", "local 080"), ["80"]),
        (("--unit", "D2", "--by", "local"), ["700", "80"]),
        ((), ["15", "700", "80", "D1", "D2", "IA"]),
    ],
)
def test_a_report_has_the_units_asked_for_sorted_by_code_point(
    said: tuple[str, ...], units: list[str], reader: Callable[..., Result]
) -> None:
    out = reader(*ASKED, "--path", "AI-Hours", "--format", "csv", *said).stdout
    assert [row["unit"] for row in csv.DictReader(io.StringIO(out))] == units


def test_the_json_has_the_same_names_and_what_was_asked(reader: Callable[..., Result]) -> None:
    told = json.loads(reader(*ASKED, "--known", "2026-12-31", "--format", "json").stdout)
    assert (told["as_of"], told["known"], told["floor"]) == ("2026-02-28", "2026-12-31", "reviewed")
    assert list(told["rows"][0]) == HEADER.split(",")
    assert json.loads(reader(*ASKED, "--format", "json").stdout)["known"] is None
    rows = list(csv.DictReader(io.StringIO(reader(*ASKED, "--format", "csv").stdout)))
    for row, same in zip(told["rows"], rows, strict=True):
        assert [str(row[name]) for name in row if name != "share"] == [same[name] for name in same if name != "share"]
        assert row["share"] == (float(same["share"]) if same["share"] else None)


def test_the_workbook_holds_numbers_as_numbers(reader: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "coverage.xlsx"
    reader(*ASKED, "--format", "xlsx", "--output", file)
    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()
    top = next(place for place, row in enumerate(rows) if row[: len(HEADER.split(","))] == HEADER.split(","))
    told = list(csv.DictReader(io.StringIO(reader(*ASKED, "--format", "csv").stdout)))
    for row, same in zip(rows[top + 1 :], told, strict=True):
        cells = dict(zip(HEADER.split(","), row, strict=False))
        assert (cells["path"], cells["unit"], cells["unit_kind"]) == (same["path"], same["unit"], same["unit_kind"])
        for name in ("in_scope", "covered", "claimed", "reviewed", "provider"):
            assert isinstance(cells[name], int | float)
            assert cells[name] == int(same[name])
        assert cells["share"] == (float(same["share"]) if same["share"] else "")
    assert ["As of", "2026-02-28"] in [row[:2] for row in rows[:top]]


def test_the_table_says_when_nobody_is_in_scope(reader: Callable[..., Result]) -> None:
    out = reader(*ASKED, "--path", "set-safety", "--by", "local").stdout
    assert "no one in scope" in out
    assert "Coverage as of 2026-02-28, floor: reviewed" in out


def test_the_floor_is_reviewed_and_the_day_is_today_where_not_said(reader: Callable[..., Result]) -> None:
    told = json.loads(reader("coverage", "--format", "json").stdout)
    assert told["floor"] == "reviewed"
    assert abs((date.fromisoformat(told["as_of"]) - date.today()).days) <= 1  # today is UTC's


# --- The doctor ----------------------------------------------------------------------------------------------------------


TAMPERING = {
    "a standing": lambda: update(StandingSpan).values(level=3),
    "a standing's day": lambda: update(StandingSpan).values(until_on=date(2026, 2, 2)).where(StandingSpan.level > 0),
    "a day in scope": lambda: update(ScopeSpan).values(until_on=date(2026, 2, 2)),
    "the ledger": lambda: update(LedgerDelta).values(in_scope=LedgerDelta.in_scope + 1),
    "an entry": lambda: insert(LedgerEntry).values(
        unit_id=1, id=1, day=date(2026, 2, 2), craft_id=0, path_id=1, in_scope=1, claimed=0, reviewed=0, provider=0
    ),
    "a balance": lambda: text("UPDATE coverage_balance SET claimed = claimed + 1"),
    "a balance that is gone": lambda: text("DELETE FROM coverage_balance WHERE craft_id = 0"),
    "someone who is not there": lambda: text("UPDATE standing SET member_id = member_id + 1"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_the_doctor_finds_what_was_tampered_with_and_mends_it(what: str, union: Callable[..., Result], app: Flask) -> None:
    sound = union(*ASKED, "--format", "csv").stdout
    assert "follows from the facts" in union("doctor").stdout
    with app.app_context(), writing(alone=True) as session:
        session.execute(TAMPERING[what]())
    result = union("doctor", exit_code=1)
    assert "WRONG: " in result.stdout
    assert "`tracker doctor --fix`" in result.stderr
    assert "follows from the facts" in union("doctor", "--fix").stdout
    assert union(*ASKED, "--format", "csv").stdout == sound
    union("doctor")


def test_the_doctor_finds_a_fact_that_cannot_be_and_does_not_mend_it(union: Callable[..., Result], app: Flask) -> None:
    with app.app_context(), writing(alone=True) as session:
        session.execute(update(Completion).values(completed_on=date(2097, 1, 1)).where(Completion.external_id == "S3"))
    for arguments in (("doctor",), ("doctor", "--fix")):
        assert "a completion dated in the future" in union(*arguments, exit_code=1).stdout


def test_what_is_merely_odd_is_a_note(union: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("member_number,email,local,craft,from_on\n77,ana@example.org,80,grip,2026-01-01\n")
    union("roster", "import", tmp_path / "more.csv")
    (tmp_path / "done.csv").write_text("member_number,course,completed_on\n999,copilot,2026-02-03\n")
    union("completions", "import", tmp_path / "done.csv")
    out = union("doctor").stdout
    assert "note: e-mails have two holders" in out
    assert "note: completions wait for their member or course" in out


# --- One act after another ------------------------------------------------------------------------------------------------


def test_what_a_command_says_it_made_another_can_undo(union: Callable[..., Result], app: Flask) -> None:
    before = union(*ASKED, "--format", "csv").stdout
    logged = union("log", "0008", "firefly", "--on", "2026-02-03").stdout
    assert union(*ASKED, "--format", "csv").stdout == before  # one course of four
    completion = logged.split()[1]
    assert f"Completion {completion} is void." in union("void", "8", completion, "--reason", "not theirs").stdout
    assert "already" in union("void", "8", completion, "--reason", "not theirs", exit_code=1).stderr
    rule = union("assign", "set-safety", "--craft", "Editing", "--on", "2026-01-05").stdout.split()[1]
    assert union(*ASKED, "--format", "csv").stdout != before
    assert "Ended on 2026-01-05" in union("unassign", rule, "--on", "2026-01-05", "--reason", "a mistake").stdout
    assert union(*ASKED, "--format", "csv").stdout == before
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Completion.voided_at.is_not(None))) == 1
    union("doctor")


@pytest.mark.parametrize(
    "arguments", [("doctor",), ("coverage",), ("log", "1", "firefly", "--on", "2026-01-01"), ("batch", "list")]
)
def test_a_database_without_a_schema_is_told_in_words(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "a-key-for-tests-0123456789-abcdefghijklmnop")
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "tracker db upgrade" in done.output) == (1, True)
    assert (tmp_path / "empty.db").stat().st_mode & 0o077 == 0, "nobody else on the machine may read it"
