"""`tracker profile`, and the options that say how a file is read."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime

import click
import pytest
from click.testing import CliRunner, Result

from tracker.cli.profiles import profile as profiles
from tracker.cli.reading import with_reading
from tracker.cli.running import with_app
from tracker.curriculum.words import Assurance
from tracker.intake.completions import read_completions
from tracker.intake.reading import Reading
from tracker.models import writing
from tracker.operations.actor import OPERATOR
from tracker.operations.profiles import save_profile
from tracker.operations.refused import Refused

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
READING = Reading(
    columns={"email": "E-mail address", "course": "Title", "completed_on": "When"},
    constants={"local": "Local 9"},
    values={"percent": {"Attended: yes=maybe": "100"}},
    date_order="dmy",
    time_zone="America/Toronto",
    assurance=Assurance.REVIEWED,
)


def read_with(*arguments: str, kind: str = "completions", content: bytes = b"") -> tuple[Reading | None, Result]:
    """The reading that a command gets from its options; with content, it reads that file."""
    got: list[Reading] = []

    @click.command()
    @click.argument("file")
    @with_reading(kind)
    def command(file: str, reading: Reading) -> None:
        got.append(reading)
        if content:
            read_completions(content, file, date(2026, 11, 21), reading)

    result = CliRunner().invoke(command, ["x.csv", *arguments])
    return (got[0] if got else None), result


def test_nothing_said_is_nothing_read() -> None:
    reading, result = read_with()
    assert result.exit_code == 0 and reading == Reading()


def test_every_option_ends_in_the_reading() -> None:
    reading, result = read_with(
        *("--map", "email=E-mail address", "--map", "course = Title", "--map", "completed_on=When = then"),
        *("--set", "local=Local 9", "--value", "percent:Attended: yes=maybe=100", "--value", "percent:No=0"),
        *("--date-order", "dmy", "--time-zone", "America/Toronto", "--assurance", "reviewed", "--profile", "Acme"),
        *("--member", "0123"),
    )
    assert result.exit_code == 0, result.output
    assert reading == Reading(
        profile="Acme",
        columns={"email": "E-mail address", "course": "Title", "completed_on": "When = then"},
        constants={"local": "Local 9"},
        values={"percent": {"Attended: yes=maybe": "100", "No": "0"}},
        date_order="dmy",
        time_zone="America/Toronto",
        assurance=Assurance.REVIEWED,
        member="0123",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--map", "email"), "write FIELD=COLUMN"),
        (("--map", "=Mail"), "write FIELD=COLUMN"),
        (("--set", "local="), "write FIELD=VALUE"),
        (("--map", "email=Mail", "--map", "email=E-mail"), "--map names email twice: 'Mail' and 'E-mail'"),
        (("--value", "percent=100"), "write FIELD:TEXT=VALUE"),
        (("--value", "percent:100"), "write FIELD:TEXT=VALUE"),
        (("--map", "mail=Mail"), "There is no field 'mail'"),
        (("--set", "mail=Mail"), "There are: member_number, email"),
        (("--time-zone", "Los Angeles"), "'Los Angeles' is no time zone"),
        (("--date-order", "ydm"), "'ydm' is not one of"),
        (("--assurance", "sure"), "'sure' is not one of"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage_in_words(arguments: tuple[str, ...], words: str) -> None:
    reading, result = read_with(*arguments)
    assert reading is None and result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_column_that_the_file_does_not_have_is_wrong_usage_too() -> None:
    arguments = ("--map", "email=Mail", "--map", "course=Titel", "--map", "completed_on=When")
    _, result = read_with(*arguments, content=b"Mail;Title;When\na@b.org;T;2026-03-09\n")
    assert result.exit_code == 2
    assert "no column headed 'Titel'. It has: 'Mail', 'Title', 'When'" in " ".join(result.output.split())


def test_a_file_that_is_wrong_in_itself_is_no_wrong_usage() -> None:
    _, result = read_with(content=b"email,course,course,completed_on\na@b.org,T,U,2026-03-09\n")
    assert isinstance(result.exception, Refused) and result.exception.code == "duplicate_header"


def test_a_roster_has_fields_of_its_own_and_no_assurance() -> None:
    reading, result = read_with("--map", "local=Local", kind="roster")
    assert result.exit_code == 0 and reading == Reading(columns={"local": "Local"})
    assert read_with("--assurance", "claimed", kind="roster")[1].exit_code == 2
    assert read_with("--map", "completed_on=When", kind="roster")[1].exit_code == 2


def test_the_help_names_the_fields() -> None:
    _, result = read_with("--help", kind="accounts")
    assert "activated_on" in result.output and "FIELD:TEXT=VALUE" in result.output


@with_app
def save(name: str, reading: Reading = READING) -> None:
    with writing() as session:
        save_profile(session, name, "completions", reading.as_json(), ["E-mail address", "Title", "When"], OPERATOR, NOW)


def test_profiles_are_listed_shown_as_options_and_removed(tracker: Callable[..., Result]) -> None:
    assert profiles.name == "profile"
    assert "No profile is saved yet" in tracker("profile", "list").output
    save("Acme LMS")
    assert tracker("profile", "list").output == "Acme LMS  completions  3 columns\n"
    shown = tracker("profile", "show", "acme lms").output.splitlines()
    assert shown[0] == "Acme LMS, for completions, made for the headings: E-mail address, Title, When"
    reading, _ = read_with(*(word for line in shown[1:] for word in shlex.split(line)))
    assert reading == READING
    tracker("profile", "remove", "Acme LMS")
    assert "No profile is saved yet" in tracker("profile", "list").output


@pytest.mark.parametrize("command", ["show", "remove"])
def test_a_profile_that_is_not_there_is_refused_with_those_that_are(tracker: Callable[..., Result], command: str) -> None:
    save("Acme LMS")
    result = tracker("profile", command, "Acne", exit_code=1)
    assert "There is no saved profile 'Acne'. There are: Acme LMS." in result.output
