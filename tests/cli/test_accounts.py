"""`tracker accounts`: the provider's list in, by mapping, and a user file out."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import create_engine, text

from tests.test_worked_example import EXAMPLE

ROSTER = """member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home
0001,Ana,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes
0001,Ana,Example,ana@example.org,700,editing,active,member,2020-03-01,,no
0002,Ben,=Formula(),Ben@Example.org,700,editing,active,member,2022-01-01,,yes
0003,Cy,Shared,home@example.org,80,grip,active,member,2022-01-01,,yes
0004,Dee,Shared,home@example.org,15,grip,active,member,2022-01-01,,yes
0005,Eve,Mailless,,80,grip,active,member,2022-01-01,,yes
0006,Fay,Retired,fay@example.org,80,grip,retired,member,2022-01-01,,yes
0007,Zoë,Permit,zoe@example.org,80,grip,permit,permit,2022-01-01,,yes
0008,Gus,Gone,gus@example.org,80,grip,active,member,2020-01-01,2021-01-01,yes
"""
PEOPLE = """E-mail;Account;Invited;Activated
ana@example.org;Enabled;12/01/2026;20/01/2026
ben@example.org;Disabled;12/01/2026;
stranger@example.com;Enabled;;
;Enabled;;
"""
MAP = ("--map", "email=E-mail", "--map", "status=Account", "--map", "invited_on=Invited", "--map", "activated_on=Activated")


@pytest.fixture
def union(tracker: Callable[..., Result], tmp_path: Path) -> Callable[..., Result]:
    tracker("db", "upgrade")
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    (tmp_path / "roster.csv").write_text(ROSTER)
    tracker("roster", "import", tmp_path / "roster.csv")
    (tmp_path / "people.csv").write_text(PEOPLE)
    return tracker


def count(database_url: str, what: str) -> int:
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one()
    engine.dispose()
    return int(found)


def test_a_list_is_read_by_mapping(union: Callable[..., Result], tmp_path: Path, database_url: str) -> None:
    order = ("--date-order", "dmy")
    trial = union("accounts", "import", tmp_path / "people.csv", *MAP, *order, "--dry-run")
    assert "recorded 2, corroborated 0, already known 0" in trial.stdout
    assert count(database_url, "provider_account") == 0
    done = union("accounts", "import", tmp_path / "people.csv", *MAP, *order, "--save-profile", "Our people")
    assert "unmatched 1, unknown course 0, faulty 1" in done.stdout.splitlines()[-1]
    assert "Saved as profile Our people" in done.stdout
    assert "does not say whose account it is" in done.stderr
    assert count(database_url, "provider_account WHERE is_open") == 1
    again = union("accounts", "import", tmp_path / "people.csv")
    assert "Read as Our people." in again.stdout
    assert "recorded 0, corroborated 0, already known 2" in again.stdout
    (tmp_path / "complete.csv").write_text("\n".join(PEOPLE.splitlines()[:1] + PEOPLE.splitlines()[2:4]))
    complete = union("accounts", "import", tmp_path / "complete.csv", "--full")
    assert "1 accounts are not in the list and count as closed." in complete.stdout
    assert count(database_url, "provider_account WHERE is_open AND voided_at IS NULL") == 0
    assert "follows from the facts" in union("doctor").output
    batch = next(line.split()[0] for line in union("batch", "list").stdout.splitlines() if "complete.csv" in line)
    union("batch", "undo", batch)
    assert count(database_url, "provider_account WHERE is_open AND voided_at IS NULL") == 1


def test_the_guide_of_2016_is_a_list_too(union: Callable[..., Result], tmp_path: Path, database_url: str) -> None:
    columns = "preferred_first_name,preferred_last_name,primary_email_address,work_title,license_english_status\n"
    (tmp_path / "users.csv").write_text(
        columns + "Ana,Example,ANA@example.org,Grip,active\nBen,X,ben@example.org,,inactive\n"
    )
    done = union(
        *("accounts", "import", tmp_path / "users.csv", "--map", "email=primary_email_address"),
        *("--map", "first_name=preferred_first_name", "--map", "last_name=preferred_last_name"),
        *("--map", "status=license_english_status"),
    )
    assert "recorded 2" in done.stdout
    assert count(database_url, "provider_account WHERE is_open") == 1


def test_a_list_that_nothing_fits_is_refused_with_the_mapping_to_use(union: Callable[..., Result], tmp_path: Path) -> None:
    refused = union("accounts", "import", tmp_path / "people.csv", exit_code=1)
    assert "--map" in refused.stderr
    union("accounts", "import", tmp_path / "people.csv", "--map", "shoe_size=E-mail", exit_code=2)
    faulty = union("accounts", "import", tmp_path / "people.csv", *MAP, "--date-order", "dmy", "--strict", exit_code=1)
    assert "nothing was recorded" in faulty.stderr


def exported(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_a_user_file_has_our_locals_as_groups(union: Callable[..., Result]) -> None:
    done = union("accounts", "export", "--unit", "80")
    rows = exported(done)
    assert [(row["unique_user_id"], row["primary_email_address"], row["groups"]) for row in rows] == [
        ("0001", "ana@example.org", "Local 80, Local 700"),
        ("0007", "zoe@example.org", "Local 80"),
    ]
    assert {row["license_english_status"] for row in rows} == {"active"}
    assert "2 members." in done.stderr
    assert "is another member’s as well: 0003 Cy Shared." in done.stderr
    assert "have no e-mail address: 0005 Eve Mailless." in done.stderr
    both = exported(union("accounts", "export", "--unit", "D1", "--unit", "700"))
    assert [row["unique_user_id"] for row in both] == ["0002", "0001"], "Dee’s address is shared"


def test_the_headings_are_staffs_to_say(union: Callable[..., Result], tmp_path: Path) -> None:
    columns = ("--columns", "email=Email", "--columns", "last_name=Surname", "--columns", "groups==Groups")
    file = tmp_path / "users.csv"
    assert union("accounts", "export", "--unit", "700", *columns, "--output", file).stdout == ""
    assert file.read_text("utf-8").splitlines() == [
        "Email,Surname,'=Groups",
        "Ben@Example.org,'=Formula(),Local 700",
        'ana@example.org,Example,"Local 80, Local 700"',
    ]
    for wrong in ("email", "shoe_size=X", "email="):
        assert "write FIELD=HEADING" in union("accounts", "export", "--unit", "80", "--columns", wrong, exit_code=2).stderr
    assert "no unit" in union("accounts", "export", "--unit", "nowhere", exit_code=1).stderr
    assert "cannot be written" in union("accounts", "export", "--unit", "80", "--output", tmp_path, exit_code=1).stderr


def test_the_address_that_the_provider_knows_is_the_one_exported(union: Callable[..., Result], tmp_path: Path) -> None:
    header = ROSTER.splitlines()[0]
    (tmp_path / "more.csv").write_text(f"{header}\n0001,Ana,Example,new@example.org,80,grip,active,member,2019-03-01,,yes\n")
    union("roster", "import", tmp_path / "more.csv")
    assert exported(union("accounts", "export", "--unit", "80"))[0]["primary_email_address"] == "new@example.org"
    union("accounts", "import", tmp_path / "people.csv", *MAP, "--date-order", "dmy")
    assert exported(union("accounts", "export", "--unit", "80"))[0]["primary_email_address"] == "ana@example.org"
