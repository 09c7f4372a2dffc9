"""The curriculum as its file says: what a change does, and to whom."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.operations.conftest import ANA, BEN, EXAMPLE, TODAY, Desk
from tracker.config import shipped
from tracker.curriculum.catalogue import read_catalogue
from tracker.models import AppliedText, Course, LearningPath, PathVersion
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import CatalogueApplied, apply_catalogue
from tracker.operations.refused import Refused

TEXT = (EXAMPLE / "courses.yaml").read_text()
NEW_YEAR = date(2026, 1, 5)


def hours(minutes: int, version: int, change: str = "") -> str:
    """The file with another version of ai-hours."""
    head, tail = TEXT.split("  - code: ai-hours\n")
    tail = tail.replace("version: 1", f"version: {version}{change}", 1).replace(
        "{minutes: 120}", f"{{minutes: {minutes}}}", 1
    )
    return f"{head}  - code: ai-hours\n{tail}"


@pytest.fixture
def union(desk: Desk) -> Desk:
    """Ana has 228 minutes of AI and Ben 60, and both are asked for 120; nobody else is there."""
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=NEW_YEAR)
    desk.completions("1,,firefly,2026-02-01,provider,,\n2,,copilot,2026-02-01,provider,,\n")
    return desk


def versions(desk: Desk, path: str) -> list[tuple[int, date | None, str]]:
    with desk.session() as session:
        rows = session.scalars(
            select(PathVersion)
            .join(LearningPath, LearningPath.id == PathVersion.path_id)
            .where(LearningPath.code == path)
            .order_by(PathVersion.number)
        )
        return [(row.number, row.from_on, row.change.value) for row in rows]


def test_the_same_file_again_changes_nothing(union: Desk) -> None:
    before = union.written()
    assert union.catalogue().changes == []
    assert union.written() == before
    with union.session() as session:
        assert session.scalar(select(func.count()).where(AppliedText.kind == "catalogue")) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (hours(60, 1), "version_unchanged"),
        (hours(60, 2), "change_missing"),
        (TEXT.replace("need: {any: 2}", "need: {any: 1}"), "version_unchanged"),
    ],
)
def test_a_path_that_asks_something_else_needs_a_new_number_and_a_word_about_the_assigned(
    union: Desk, text: str, code: str
) -> None:
    before, figures = union.written(), union.figures()
    with pytest.raises(Refused) as refused:
        union.catalogue(text)
    assert refused.value.code == code
    assert len(refused.value.faults) == 1
    assert (union.written(), union.figures()) == (before, figures)


def test_a_published_version_is_not_taken_back(union: Desk) -> None:
    union.catalogue(hours(60, 2, "\n    change: require"))
    with pytest.raises(Refused) as refused:
        union.catalogue(TEXT)
    assert refused.value.code == "version_goes_back"


@pytest.mark.parametrize(
    "change", ["require", "{grace: 2026-05-01}", "keep\n    from: 2026-03-20", "{grace: 2026-04-01}\n    from: 2026-01-01"]
)
def test_what_a_published_version_meant_for_the_assigned_stays_so(union: Desk, change: str) -> None:
    union.catalogue(hours(240, 2, "\n    change: {grace: 2026-04-01}"))
    figures = union.figures()
    with pytest.raises(Refused) as refused:
        union.catalogue(hours(240, 2, f"\n    change: {change}"))
    assert (refused.value.code, union.figures()) == ("change_published", figures)
    assert union.catalogue(hours(240, 2, "\n    change: {grace: 2026-04-01}")).changes == []


def test_grace_does_not_end_before_the_version_begins(union: Desk) -> None:
    with pytest.raises(Refused) as refused:
        union.catalogue(hours(240, 2, "\n    change: {grace: 2020-04-01}"))
    assert refused.value.code == "grace_before_start"


def test_other_words_need_no_new_version(union: Desk) -> None:
    applied = union.catalogue(
        TEXT.replace("Any two hours", "Two hours of your choice").replace("target: 0.5", "target: 0.6")
    )
    assert len(applied.changes) == 2
    assert versions(union, "ai-hours") == [(1, None, "keep")]
    with union.session() as session:
        assert session.scalar(select(LearningPath.target).where(LearningPath.code == "ai-hours")) == 0.6


# how ai-hours changes from 120 minutes to n on 2 March; covered at provider before, on that day, and on the day of grace
CHANGES = [
    (240, "\n    change: require", 1, 0, 0),
    (240, "\n    change: keep", 1, 1, 1),  # Ana has finished, and stays
    (240, "\n    change: {grace: 2026-04-01}", 1, 1, 0),
    (240, "\n    change: require\n    from: 2026-03-20", 1, 1, 0),
    (60, "\n    change: require", 1, 2, 2),
    (60, "\n    change: keep", 1, 1, 1),  # Ben has begun, and stays on his
    (60, "\n    change: {grace: 2026-04-01}", 1, 1, 2),
    (60, "\n    change: require\n    from: 2026-02-15", 2, 2, 2),
]


@pytest.mark.parametrize(("minutes", "change", "before", "then", "later"), CHANGES)
def test_what_a_new_version_does_to_the_assigned(
    union: Desk, minutes: int, change: str, before: int, then: int, later: int
) -> None:
    union.catalogue(hours(minutes, 2, change))
    days = (date(2026, 3, 1), TODAY, date(2026, 4, 1))
    assert [union.figure("ai-hours", "IA", day)[3] for day in days] == [before, then, later]
    assert union.figure("ai-hours", "IA", date(2026, 2, 14))[3] == 1
    assert union.wrong() == []


def test_who_is_asked_later_gets_the_version_of_that_day(union: Desk) -> None:
    union.catalogue(hours(60, 2, "\n    change: keep"))
    union.roster("3,Cleo,,,15,stagehand,active,,2026-03-01,,\n4,Dov,,,15,stagehand,active,,2026-03-02,,\n")
    union.completions("3,,copilot,2026-02-01,provider,,\n4,,copilot,2026-02-01,provider,,\n")
    assert union.figure("ai-hours", "15", TODAY) == (2, 1, 1, 1)


def said(applied: CatalogueApplied) -> tuple[int, int, int]:
    states = applied.states
    return len(states.members), states.gained.total(), states.lost.total()


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        (hours(240, 2, "\n    change: require"), (1, 0, 1)),
        (hours(60, 2, "\n    change: require"), (1, 1, 0)),
        (hours(240, 2, "\n    change: {grace: 2026-04-01}"), (1, 0, 1)),  # on the day it tells
        (hours(240, 2, "\n    change: keep"), (0, 0, 0)),
        (TEXT.replace("minutes: 60, language", "minutes: 130, language"), (1, 1, 0)),
        (TEXT.replace("minutes: 228,", "minutes: 90,"), (1, 0, 1)),
        (TEXT.replace("title: Ethics in", "title: The Ethics in"), (0, 0, 0)),
    ],
)
def test_a_diff_counts_whom_it_would_change_and_writes_nothing(
    union: Desk, text: str, counted: tuple[int, int, int]
) -> None:
    before, figures = union.written(), union.figures(TODAY, date(2026, 4, 1))
    tried = []

    class OnlyTried(Exception):
        pass

    def try_it() -> None:
        with union.write() as session:
            found, policy = read_catalogue(text), shipped("policy.yaml").read_text()
            tried.append(apply_catalogue(session, found, text, policy, OPERATOR, today=TODAY, now=union.now))
            raise OnlyTried

    with pytest.raises(OnlyTried):
        try_it()
    assert (union.written(), union.figures(TODAY, date(2026, 4, 1))) == (before, figures)
    assert said(tried[0]) == counted
    applied = union.catalogue(text)
    assert (applied.changes, said(applied)) == (tried[0].changes, counted)
    assert union.wrong() == []


def test_a_course_that_leaves_the_file_is_retired_and_its_completions_stay(union: Desk) -> None:
    lines = [line.replace(", copilot]", "]") for line in TEXT.splitlines() if "code: copilot" not in line]
    text = "\n".join(lines).replace("version: 1", "version: 2\n    change: keep")
    applied = union.catalogue(text)
    assert f"course copilot: no longer in the file, retired on {TODAY}" in applied.changes
    with union.session() as session:
        assert session.scalar(select(Course.retired_on).where(Course.code == "copilot")) == TODAY
    assert union.written()["completion"] == 2
    union.completions("2,,firefly,2026-02-20,provider,,\n")
    assert union.figure("ai-hours", "IA")[3] == 2


def test_a_course_that_returns_is_no_longer_retired(union: Desk) -> None:
    def safety(text: str, version: int) -> str:
        head, tail = text.split("  - code: set-safety\n")
        return f"{head}  - code: set-safety\n" + tail.replace("version: 1", f"version: {version}\n    change: keep")

    line = next(line for line in TEXT.splitlines() if "code: osha-10" in line)
    without = TEXT.replace(f"{line}\n", "").replace("[osha-10, fall-protection]", "[fall-protection]")
    for text, retired_on in ((safety(without, 2), TODAY), (safety(TEXT, 3), None)):
        union.catalogue(text)
        with union.session() as session:
            assert session.scalar(select(Course.retired_on).where(Course.code == "osha-10")) == retired_on


def test_a_path_that_leaves_the_file_is_retired_and_still_counted(union: Desk) -> None:
    text = TEXT[: TEXT.index("  - code: ai-hours")] + TEXT[TEXT.index("  - code: set-safety") :]
    assert union.catalogue(text).changes == [f"path ai-hours: no longer in the file, retired on {TODAY}"]
    assert union.figure("ai-hours", "IA") == (2, 1, 1, 1)
    assert union.catalogue().changes  # and back again
    with union.session() as session:
        assert session.scalar(select(LearningPath.retired_on).where(LearningPath.code == "ai-hours")) is None
    assert versions(union, "ai-hours") == [(1, None, "keep")]


def test_editing_an_equivalent_restates_all_days(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("set-safety", everyone=True, on=date(2025, 1, 1))
    desk.completions("1,,osha-10,2024-06-01,reviewed,,\n1,,rigging-week,2025-08-31,reviewed,,\n")
    assert desk.figure("set-safety", "80", date(2025, 9, 1)) == (1, 1, 1, 0)
    rule = "      - {course: fall-protection}\n"
    desk.catalogue(TEXT.replace(rule, "      - {course: fall-protection, from: 2025-09-01}\n"))
    assert desk.figure("set-safety", "80", date(2025, 9, 1)) == (1, 0, 0, 0)
    desk.catalogue(TEXT.replace(rule, "      - {course: fall-protection, until: 2025-09-01}\n"))
    assert desk.figure("set-safety", "80", date(2025, 9, 1)) == (1, 1, 1, 0)
    assert desk.wrong() == []


@pytest.mark.parametrize(
    ("edit", "last"),
    [
        (
            ("valid_months: 12", "valid_months: 6"),
            date(2026, 2, 28),
        ),  # 31 August + 6 months: no 31 February, lapsed on 1 March
        (("valid_months: 12", "valid_months: 24"), date(2027, 8, 30)),
    ],
)
def test_editing_a_course_restates_those_who_hold_it_through_another(desk: Desk, edit: tuple[str, str], last: date) -> None:
    """The credit of a course that stands in lapses with the shorter of the two validities."""
    desk.roster(ANA)
    desk.assign("set-safety", everyone=True, on=date(2025, 1, 1))
    desk.completions("1,,osha-10,2024-06-01,reviewed,,\n1,,rigging-week,2025-08-31,reviewed,,\n")
    desk.catalogue(TEXT.replace(*edit))
    assert desk.figure("set-safety", "80", last) == (1, 1, 1, 0)
    assert desk.figure("set-safety", "80", date.fromordinal(last.toordinal() + 1)) == (1, 0, 0, 0)
    assert desk.wrong() == []


def test_editing_minutes_restates_those_who_hold_the_course_through_another(desk: Desk) -> None:
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True, on=NEW_YEAR)
    desk.completions("1,,ai-for-creatives,2026-02-01,reviewed,,\n")
    assert desk.figure("ai-hours", "80") == (1, 0, 0, 0)  # stands for a course of 63 minutes
    desk.catalogue(TEXT.replace("minutes: 63", "minutes: 120"))
    assert desk.figure("ai-hours", "80") == (1, 1, 1, 0)
    assert desk.wrong() == []


def test_a_figure_as_known_before_a_version_was_published_is_counted_by_the_one_before(union: Desk) -> None:
    union.today = date(2026, 3, 10)
    union.catalogue(hours(240, 2, "\n    change: require\n    from: 2026-03-05"))
    assert union.figure("ai-hours", "IA")[3] == 0
    assert union.figure("ai-hours", "IA", known=date(2026, 3, 9))[3] == 1
    assert union.figure("ai-hours", "IA", known=date(2026, 3, 10))[3] == 0
