"""docs/privacy.md says what is kept about people: it is held equal to the tables and to what lets things go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker.config import Settings
from tracker.coverage.archive import GIVEN
from tracker.models import Base, Fact
from tracker.operations.erasing import ERASED
from tracker.operations.purging import KINDS_OF_ROWS, RETENTION

PAGE = (Path(__file__).parent.parent / "docs" / "privacy.md").read_text()
PEOPLE = {"member_id", "settled_member_id", "user_id", "email", "address", "learner_name"}


def told_of(table: str) -> str:
    """What the page says under a table's name."""
    found = re.search(rf"^\*\*`{table}`\*\*:(.*?)(?=^\*\*`|^#)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/privacy.md says nothing of the table {table}"
    return found[1]


def about_people() -> set[str]:
    """The tables that say something about a person: by their columns, or because an archive or an erasure holds them."""
    by_column = {name for name, table in Base.metadata.tables.items() if PEOPLE & set(table.columns.keys())}
    return by_column | GIVEN.keys() | ERASED.keys()


@pytest.mark.parametrize("table", sorted(about_people()))
def test_every_field_about_a_person_is_named_with_why_who_and_how_long(table: str) -> None:
    told = told_of(table)
    assert re.search(r"Seen\s+by:\s", told)
    assert re.search(r"Kept:\s", told)
    columns = set(Base.metadata.tables[table].columns.keys())
    said_once = set(Fact.__annotations__) if "voided_at" in columns else set()
    named = set(re.findall(r"`(\w+)`\s", told.partition("\n- ")[2]))
    assert columns - said_once <= named, f"docs/privacy.md leaves out of {table}: {sorted(columns - said_once - named)}"
    assert named <= columns, f"docs/privacy.md names of {table} what is not there: {sorted(named - columns)}"


def test_what_every_fact_says_is_named_once() -> None:
    said = PAGE.partition("## What is kept")[2].partition("###")[0]
    assert set(Fact.__annotations__) <= set(re.findall(r"`(\w+)`", said))


def test_the_page_names_no_table_that_is_not_there() -> None:
    assert set(re.findall(r"^\*\*`(\w+)`\*\*:", PAGE, re.MULTILINE)) <= Base.metadata.tables.keys()


def test_the_table_of_times_is_what_the_program_does() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    said = []
    for each in RETENTION:
        days = f"{each.days} days"
        if each.setting:
            days = f"`TRACKER_{each.setting.upper()}`: {getattr(Settings, each.setting)} days (at least {each.days})"
        said.append((each.kind, each.what, days, each.why))
    assert rows == said
    assert len({each.kind for each in RETENTION}) == len(RETENTION)
    assert set(KINDS_OF_ROWS) <= {each.kind for each in RETENTION}
