"""Unions made at random, with everything awkward that a union can do, counted by the program and by brute force alike.

``TRACKER_TEST_UNIONS=200 pytest tests/test_random_unions.py`` looks further than the usual run; a union that fails is made
again from its number.
"""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
import yaml
from click.testing import CliRunner
from sqlalchemy import select

from tests import brute_force as slow
from tests.conftest import empty_database
from tracker import create_app
from tracker.cli import main
from tracker.coverage.checks import examine
from tracker.coverage.derivation import current_world, facts_of
from tracker.coverage.figures import By, coverage_report
from tracker.coverage.records.asking import reasons_on
from tracker.models import (
    Assignment,
    Completion,
    Course,
    Craft,
    Identifier,
    LearningPath,
    Membership,
    Unit,
    db,
    writing,
)

UNIONS = {
    "sqlite": int(os.environ.get("TRACKER_TEST_UNIONS", "26")),
    "postgresql": int(os.environ.get("TRACKER_TEST_UNIONS", "26")) // 3,
}

POLICY = """\
statuses: [active, apprentice, permit, withdrawn, retired, suspended, deceased]
counts: [{counts}]
covered_workers: [active, apprentice, permit]
expiring_within_days: 60
due_soon_within_days: 30
small_group: 5
"""
LOCALS = ("80", "0479", "B173", "USA829", "600", "700")
OTHER_SPELLINGS = {"80": "Local 080", "0479": "479", "B173": "b-173", "USA829": "usa829", "600": "Local 600", "700": "0700"}
CRAFTS = ("grip", "Sound", "wardrobe  crew")
FIRST = datetime(2026, 1, 10, 12, tzinfo=UTC)
ODD_DAYS = (date(2024, 2, 29), date(2025, 1, 31), date(2025, 8, 31), date(2025, 3, 1), date(2025, 12, 31))


class NoAliases(yaml.SafeDumper):
    """Writes a day out each time it stands in the file, for a curriculum may not point to another place of itself."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@dataclass
class Story:
    """One union's life: each step is done by a command and told to the brute force, at one moment."""

    seed: int
    folder: Path
    run: Callable[..., str]
    union: slow.Union = field(default_factory=slow.Union)
    moment: datetime = FIRST
    moments: list[datetime] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # what was done, for whoever reads a failure

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.versions: dict[str, slow.Version] = {}
        self.courses: dict[str, slow.Course] = {}
        self.numbers = [self._number(each) for each in range(1, self.random.randint(14, 26))]
        self.external = 0

    def _number(self, each: int) -> str:
        return self.random.choice((f"{each:04}", str(each), f"a{each}", f"00A{each}"))

    # -- small choices --------------------------------------------------------------------------------------------------

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def a_day(self, since: date, until: date) -> date:
        odd = [day for day in ODD_DAYS if since <= day < until]
        if odd and self.chance(0.3):
            return self.random.choice(odd)
        return since + timedelta(days=self.random.randrange(max((until - since).days, 1)))

    @property
    def today(self) -> date:
        return self.moment.date()

    def spelled(self, number: str) -> str:
        """The same member number as another office would write it."""
        return self.random.choice((number, number.upper(), number.lower(), "00" + number.lstrip("0")))

    def a_path(self) -> str:
        return self.random.choice(sorted(self.union.versions))

    def tracker(self, *arguments: object) -> str:
        said = [str(each) for each in arguments]
        self.lines.append(f"{self.moment:%Y-%m-%d %H:%M} tracker {' '.join(said)}")
        with time_machine.travel(self.moment, tick=False):
            return self.run(*said)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / f"{len(self.lines):02}-{name}"
        path.write_text(text)
        return path

    def table(self, name: str, columns: str, rows: list[list[object]]) -> Path:
        path = self.folder / f"{len(self.lines):02}-{name}"
        with path.open("w", newline="") as out:
            csv.writer(out).writerows([columns.split(","), *rows])
        return path

    # -- the union and its curriculum -------------------------------------------------------------------------------------

    def apply_units(self) -> None:
        parents = {"IA": "", "D1": "IA", "D2": "IA", "D9": self.random.choice(("IA", "D1"))}
        parents |= {local: self.random.choice(("D1", "D2", "D9", "IA")) for local in LOCALS}
        kinds = {"IA": "international", "D1": "district", "D2": "district", "D9": "district"}
        rows = [
            [number, number, kinds.get(number, "local"), parent, "", "", "", "", ""] for number, parent in parents.items()
        ]
        self.random.shuffle(rows)
        columns = "number,name,kind,parent,city,region,country,sector,time_zone"
        self.tracker("union", "apply", self.table("union.csv", columns, rows))
        self.union.apply_units(parents, self.moment)

    def apply_first_catalogue(self) -> None:
        names = [f"course-{letter}" for letter in "abcdefgh"]
        for place, name in enumerate(names):
            course = slow.Course(
                minutes=self.random.choice((None, 30, 45, 60, 90)),
                credits=self.random.choice((0, 50, 100, 150, 225)),
            )
            course.credit_kind = self.random.choice(("", "rigging", "safety")) if course.credits else ""
            self.limit(course)
            if self.chance(0.4) and place + 1 < len(names):
                course.satisfies = [self.a_rule_of_equivalence(names[place + 1 :])]
            if self.chance(0.1):
                course.retired_on = self.a_day(date(2025, 6, 1), date(2026, 3, 1))
            self.courses[name] = course
        for number in range(self.random.randint(3, 4)):
            path = f"path-{number}"
            self.versions[path] = slow.Version(FIRST, 1, self.some_sections(), self.random.choice((None, None, 1, 6, 24)))
        self.apply_catalogue()

    def a_rule_of_equivalence(self, others: list[str]) -> tuple[str, date | None, date | None]:
        from_on = self.a_day(date(2024, 1, 1), date(2026, 1, 1)) if self.chance(0.5) else None
        until_on = self.a_day(date(2026, 1, 2), date(2026, 9, 1)) if self.chance(0.5) else None
        return self.random.choice(others), from_on, until_on

    def limit(self, course: slow.Course) -> None:
        """For how long it holds: for ever, some months, or until a day of each year; perhaps with a window and grace."""
        course.valid_months = course.lapses_each = None
        course.renewal_days = course.grace_days = 0
        kind = self.random.choice(("ever", "months", "months", "calendar", "calendar"))
        if kind == "months":
            course.valid_months = self.random.choice((1, 3, 6, 12, 18))
        elif kind == "calendar":
            course.lapses_each = self.random.choice(("12-31", "02-28", "03-31", "08-30"))
        if kind != "ever" and self.chance(0.6):
            course.renewal_days = self.random.choice((1, 14, 28, min(28 * (course.valid_months or 12), 200)))
        if kind != "ever" and self.chance(0.5):
            course.grace_days = self.random.choice((1, 10, 28))

    def some_sections(self) -> list[slow.Section]:
        sections = []
        for _ in range(self.random.randint(1, 2)):
            courses = self.random.sample(sorted(self.courses), self.random.randint(1, 4))
            need = self.random.choice(("all", "any", "minutes", "credits"))
            minutes = sum(self.courses[course].minutes or 0 for course in courses)
            credits = sum(self.courses[course].credits for course in courses)
            if need == "any":
                sections.append(slow.Section(need, self.random.randint(1, len(courses)), courses))
            elif need == "minutes" and minutes:
                sections.append(slow.Section(need, self.random.randint(1, minutes), courses))
            elif need == "credits" and credits:
                sections.append(self.a_section_of_credits(courses))
            else:
                sections.append(slow.Section("all", 0, courses[:2]))
        return sections

    def a_section_of_credits(self, courses: list[str]) -> slow.Section:
        total = sum(self.courses[course].credits for course in courses)
        kinds = {}
        for kind in ("rigging", "safety"):
            listed = sum(self.courses[course].credits for course in courses if self.courses[course].credit_kind == kind)
            if listed and self.chance(0.5):
                kinds[kind] = self.random.randint(1, listed)
        least = max(1, sum(kinds.values()))
        number = least if self.chance(0.6) else self.random.randint(least, total)  # else the kinds would seldom matter
        return slow.Section("credits", number, courses, self.random.choice((1, 6, 24, 60)), kinds)

    def apply_catalogue(self) -> None:
        text = yaml.dump(
            {
                "principles": [{"code": "education", "number": 4, "title": "Education"}],
                "courses": [self._course_entry(code, course) for code, course in self.courses.items()],
                "paths": [self._path_entry(code, version) for code, version in self.versions.items()],
            },
            Dumper=NoAliases,
            sort_keys=False,
        )
        self.tracker("catalogue", "apply", self.file("courses.yaml", text))
        self.union.apply_catalogue(
            {code: replace(course, satisfies=list(course.satisfies)) for code, course in self.courses.items()},
            self.versions,
            self.moment,
        )

    def _course_entry(self, code: str, course: slow.Course) -> dict[str, object]:
        entry: dict[str, object] = {"code": code, "title": f"All about {code}", "provider": "Training Trust Fund"}
        entry |= {"minutes": course.minutes} if course.minutes else {}
        for key in ("valid_months", "lapses_each", "renewal_days", "grace_days", "credit_kind"):
            entry |= {key: getattr(course, key)} if getattr(course, key) else {}
        entry |= {"credits": course.credits / 100} if course.credits else {}
        entry |= {"retired_on": course.retired_on} if course.retired_on else {}
        entry["satisfies"] = [
            {"course": other} | ({"from": from_on} if from_on else {}) | ({"until": until_on} if until_on else {})
            for other, from_on, until_on in course.satisfies
        ]
        return entry

    def _path_entry(self, code: str, version: slow.Version) -> dict[str, object]:
        entry: dict[str, object] = {"code": code, "title": code, "principle": "education", "version": version.number}
        entry |= {"lookback_months": version.lookback_months} if version.lookback_months else {}
        if version.number > 1:
            entry["from"] = version.from_on
            entry["change"] = {"grace": version.grace_on} if version.change == "grace" else version.change
        entry["sections"] = [
            {"title": "Part", "need": self._need_entry(section), "courses": section.courses} for section in version.sections
        ]
        return entry

    def _need_entry(self, section: slow.Section) -> object:
        if section.need == "all":
            return "all"
        if section.need != "credits":
            return {section.need: section.number}
        kinds = {kind: asked / 100 for kind, asked in section.kinds.items()}
        entry = {"credits": section.number / 100, "within_months": section.within_months}
        return entry | ({"of_kind": kinds} if kinds else {})

    def publish_a_version(self) -> None:
        """A version begins after everyone yet asked was asked: on an earlier day the pins would depend on the order."""
        path = self.a_path()
        last = [rule.on for rule in self.union.rules] + [card.from_on for card in self.union.cards]
        from_on = max(self.today, *last) + timedelta(days=self.random.randint(1, 40))
        change = self.random.choice(("keep", "grace", "require"))
        grace_on = from_on + timedelta(days=self.random.randint(0, 90)) if change == "grace" else None
        self.versions[path] = slow.Version(
            self.moment,
            self.versions[path].number + 1,
            self.some_sections(),
            self.random.choice((None, 6, 24)),
            from_on=from_on,
            change=change,
            grace_on=grace_on,
        )
        self.apply_catalogue()

    def edit_courses(self) -> None:
        """A course's own terms are not versioned: they restate all days."""
        for code in self.random.sample(sorted(self.courses), 2):
            course = self.courses[code]
            kind = self.random.choice(("minutes", "validity", "credits", "satisfies"))
            later = [other for other in sorted(self.courses) if code < other < "course-z"]  # no circles
            if kind == "minutes":
                course.minutes = (course.minutes or 0) + 30
            elif kind == "validity":
                self.limit(course)
            elif kind == "credits":
                course.credits += 50
            elif later:
                course.satisfies = [self.a_rule_of_equivalence(later)] if self.chance(0.7) else []
        self.apply_catalogue()

    def add_a_course(self) -> None:
        """One that completions have been waiting for."""
        self.courses["course-z"] = slow.Course(
            minutes=60, satisfies=[(self.random.choice(sorted(self.courses)), None, None)]
        )
        self.apply_catalogue()

    def change_policy(self) -> None:
        counting = self.random.choice((["active"], ["active", "apprentice"], ["active", "apprentice", "permit"]))
        Path(os.environ["TRACKER_POLICY"]).write_text(POLICY.format(counts=", ".join(counting)))
        self.union.counting = set(counting)
        self.apply_catalogue()

    # -- people -----------------------------------------------------------------------------------------------------------

    def import_roster(self, lines: list[slow.RosterLine], *, twice: bool = False) -> None:
        rows = [
            [
                *(line.number, "Ana", "Example", line.email, line.local, line.craft, line.status, ""),
                *("never" if line.is_faulty else line.from_on or "", line.until_on or "", ""),
            ]
            for line in lines
        ]
        columns = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home"
        file = self.table("roster.csv", columns, rows)
        self.check_outcomes(self.tracker("roster", "import", file), self.union.import_roster(lines, self.moment))
        if twice:
            self.check_outcomes(self.tracker("roster", "import", file), self.union.import_roster(lines, self.moment))

    def check_outcomes(self, output: str, expected: dict[str, int]) -> None:
        names = ("recorded", "corroborated", "already known", "not a completion", "unmatched", "unknown course", "faulty")
        assert output.splitlines()[-1] == ", ".join(f"{name} {expected.get(name, 0)}" for name in names), self.lines[-1]

    def some_cards(self, number: str) -> Iterator[slow.RosterLine]:
        """One to four cards: dual ones, two crafts of one local, transfers, statuses that change, gaps and returns."""
        email = f"{number}@Example.org" if self.chance(0.7) else "shared@example.org" if self.chance(0.2) else ""
        day: date | None = self.a_day(date(2019, 1, 1), date(2025, 12, 1))
        local, craft = self.random.choice(LOCALS), self.random.choice(CRAFTS)
        status = self.random.choice(("active", "active", "active", "apprentice", "permit", "withdrawn"))
        for _ in range(self.random.randint(1, 3)):
            assert day is not None
            until = self.a_day(day + timedelta(days=1), date(2026, 10, 1)) if self.chance(0.45) else None
            yield slow.RosterLine(number, local, craft, status, day, until, email)
            what = self.random.choice(("dual", "craft", "transfer", "status", "return"))
            day = until or day + timedelta(days=self.random.randint(1, 200))
            if what == "return":
                day += timedelta(days=self.random.randint(1, 60))
            elif what == "craft":
                craft = self.random.choice([each for each in CRAFTS if each != craft])
            elif what == "status" and until:
                status = self.random.choice(("active", "retired", "suspended"))
            else:
                local = self.random.choice([each for each in LOCALS if each != local])

    def import_first_roster(self) -> None:
        known = self.random.sample(self.numbers, len(self.numbers) - 3)  # the rest come later
        lines = [line for number in known for line in self.some_cards(number)]
        keys = [(slow.plain_number(line.number), line.local, line.craft, line.from_on) for line in lines]
        lines = [line for place, line in enumerate(lines) if keys.index(keys[place]) == place]
        for line in lines:
            line.number = self.spelled(line.number)
            line.local = OTHER_SPELLINGS[line.local] if self.chance(0.2) else line.local
            line.craft = line.craft.upper() if self.chance(0.2) else line.craft
        lines.append(slow.RosterLine("9", "no such local", "grip", "active", date(2020, 1, 1), None))
        lines.append(slow.RosterLine("9", "80", "grip", "active", date(2020, 1, 1), None, is_faulty=True))
        self.random.shuffle(lines)
        self.import_roster(lines, twice=self.chance(0.5))

    def import_later_roster(self) -> None:
        """Newcomers, and corrections and news of some cards: each card at most once, for a file contradicts itself else."""
        lines = []
        cards = [card for card in self.union.cards if card.voided is None]
        ended_by_hand = {key for rule in self.union.rules for key in rule.card_ends}
        met = set()
        for card in self.random.sample(cards, min(6, len(cards))):
            if (card.member, card.local, card.craft) in met:
                continue
            met.add((card.member, card.local, card.craft))
            line = slow.RosterLine(self.spelled(card.member), card.local, card.craft, "", card.from_on, None)
            what = self.random.choice(("status", "until", "news", "end", "known"))
            if what in ("status", "news"):
                line.status = self.random.choice(("active", "retired", "permit", "apprentice"))
            if what in ("news", "end"):
                line.from_on = None
            if what in ("until", "end") and card.key not in ended_by_hand:
                line.until_on = self.a_day(max(card.from_on, self.today) + timedelta(days=1), date(2026, 12, 1))
            open_ones = [
                each
                for each in self.union.valid_cards(card.member)
                if (each.local, each.craft) == (card.local, card.craft) and (each.until_on or slow.LAST) > self.today
            ]
            if (
                line.from_on is None
                and line.until_on
                and not (open_ones and all(c.from_on < line.until_on for c in open_ones))
            ):
                line.until_on = None
            lines.append(line)
        for number in self.numbers:
            if slow.plain_number(number) not in self.union.members and self.chance(0.5):
                line = next(self.some_cards(number))
                line.from_on = line.from_on if self.chance(0.7) else None
                line.until_on = line.until_on if line.from_on else None
                lines.append(line)
        self.random.shuffle(lines)
        self.import_roster(lines)

    # -- what is asked ----------------------------------------------------------------------------------------------------

    def assign(self) -> None:
        path = self.a_path()
        kind = self.random.choice(("required", "required", "required", "recommended", "voluntary"))
        on = self.a_day(date(2025, 1, 1), date(2026, 4, 1))
        people = sorted(self.union.members)
        targets = ["everyone", "unit", "unit", "craft", *(["member"] if people else [])]
        target = self.random.choice(targets)
        rule = slow.Rule(self.moment, path, kind, on)
        said: list[str] = ["--everyone"]
        if target == "unit":
            rule.unit = self.random.choice(sorted(self.union.parents))
            said = ["--unit", OTHER_SPELLINGS.get(rule.unit, rule.unit)]
        elif target == "craft":
            name = self.random.choice(CRAFTS).upper()
            rule.craft = self.union.craft_key(name)
            said = ["--craft", name]
        elif target == "member":
            rule.member = self.random.choice(people)
            said = ["--member", self.spelled(rule.member)]
        within, due_on = self.random.choice(((None, None), (90, None), (None, date(2026, 12, 31)), (None, date(2026, 4, 2))))
        said += ["--within", str(within)] if within else ["--due", str(due_on)] if due_on else []
        rule.within, rule.due_on, rule.leaving = within, due_on, self.random.choice(("end", "keep", "voluntary"))
        said += ["--leaving", rule.leaving] if self.chance(0.5) or rule.leaving != "end" else []
        output = self.tracker("assign", path, *said, "--kind", kind, "--on", on)
        self.union.rules.append(rule)
        rule.number = int(output.split()[1]) if output.startswith("Rule ") else None

    def end_a_rule(self) -> None:
        rules = [rule for rule in self.union.rules if rule.number and not rule.ends]
        if rules:
            rule = self.random.choice(rules)
            on = self.a_day(rule.on - timedelta(days=5), date(2026, 9, 1))
            self.tracker("unassign", rule.number, "--on", on, "--reason", "a mistake")
            rule.ends.append((on, self.moment))

    def exempt(self) -> None:
        member, path = self.random.choice(sorted(self.union.members)), self.a_path()
        from_on = self.a_day(date(2025, 10, 1), date(2026, 6, 1))
        until_on = self.a_day(from_on + timedelta(days=1), date(2026, 10, 1)) if self.chance(0.6) else None
        unit = self.random.choice(sorted(self.union.parents)) if self.chance(0.6) else None
        said = [*(["--until", until_on] if until_on else []), *(["--unit", unit] if unit else [])]
        self.tracker("exempt", self.spelled(member), path, "--reason", "leave", "--from", from_on, *said)
        self.union.exemptions.append(slow.Exemption(self.moment, member, path, unit, from_on, until_on))

    # -- what was done ----------------------------------------------------------------------------------------------------

    def some_completions(self, count: int) -> Iterator[slow.CompletionLine]:
        emails = sorted(self.union.emails) + [f"{number}@example.org" for number in self.numbers]
        for _ in range(count):
            number = self.spelled(self.random.choice(self.numbers))
            email = ""
            if self.chance(0.25):
                number, email = "", self.random.choice(emails).upper()
            course = self.random.choice([*self.courses, *(["course-z"] if self.chance(0.2) else [])])
            floor = self.random.choice(slow.FLOORS)
            self.external += 1
            external_id = f"X{self.external}" if floor == "provider" and self.chance(0.5) else ""
            on = self.a_day(date(2023, 6, 1), self.today + timedelta(days=1))
            line = slow.CompletionLine(number, email, course.upper(), on, floor, external_id)
            yield line
            if self.chance(0.1):
                yield line  # the very same row again
            if self.chance(0.2):
                yield replace(line, on=self.a_day(date(2024, 1, 1), self.today), floor="provider", external_id="")
            if course in self.courses and self.chance(0.5):
                yield from self.some_renewals(replace(line, external_id=""))

    def some_renewals(self, line: slow.CompletionLine) -> Iterator[slow.CompletionLine]:
        """The course again, or one that stands for it, near the days on which renewing begins to count or ends to."""
        for _ in range(self.random.randint(1, 3)):
            code = line.course.lower()
            course = self.courses[code]
            last = max(course.last_days(line.on, set()))
            if last == slow.LAST:
                return
            edge = self.random.choice((0, 1, -course.renewal_days, *2 * (1 - course.renewal_days,), course.grace_days, -7))
            on = last + timedelta(days=edge)
            others = [other for other, each in self.courses.items() if any(code == rule[0] for rule in each.satisfies)]
            if not date(2023, 1, 1) < on <= self.today:
                return
            through = self.random.choice(others) if others and self.chance(0.4) else code
            yield replace(line, on=on, course=through.upper(), floor=self.random.choice(slow.FLOORS))
            line = replace(line, on=on)

    def import_completions(self) -> None:
        lines = list(self.some_completions(self.random.randint(40, 110)))
        lines.append(slow.CompletionLine("1", "", "course-a", date(2025, 1, 1), "claimed", is_faulty=True))
        lines.append(slow.CompletionLine("1", "", "course-a", date(2097, 1, 1), "claimed"))
        self.random.shuffle(lines)
        rows = [
            [
                *(line.number, line.email, line.course, line.on),
                *("a rumour" if line.is_faulty else line.floor, "", line.external_id),
            ]
            for line in lines
        ]
        columns = "member_number,email,course,completed_on,assurance,evidence_url,external_id"
        file = self.table("completions.csv", columns, rows)
        for _ in range(self.random.choice((1, 1, 2))):
            output = self.tracker("completions", "import", file)
            self.check_outcomes(output, self.union.import_completions(lines, self.moment))

    def log(self) -> None:
        """A staff record of a member's course, where nothing as sure is recorded of that day."""
        member, course = self.random.choice(sorted(self.union.members)), self.random.choice(sorted(self.union.courses))
        on, floor = self.a_day(date(2025, 6, 1), self.today), self.random.choice(("reviewed", "provider"))
        if not any(
            (done.member, done.course, done.on) == (member, course, on) and done.voided is None for done in self.union.done
        ):
            self.tracker("log", self.spelled(member), course, "--on", on, "--assurance", floor)
            self.union.done.append(slow.Done(self.moment, member, course, on, floor))

    def void(self, find: Callable[[slow.Done], int]) -> None:
        valid = [done for done in self.union.done if done.voided is None]
        if valid:
            done = self.random.choice(valid)
            self.tracker("void", done.member, find(done), "--reason", "not theirs")
            done.voided = self.moment

    def end_one_assignment(self, find: Callable[[slow.Rule, slow.Card], int | None]) -> None:
        """One card is let off by hand, while the rule goes on for the others."""
        cards = [card for card in self.union.cards if card.voided is None]
        rules = [rule for rule in self.union.rules if rule.member is None and not rule.ends]
        for rule in rules:
            card = self.random.choice(cards)
            assignment = find(rule, card)
            begins = max(rule.on, card.from_on)
            on = begins + timedelta(days=self.random.randint(0, 120))
            if assignment is not None and on < (card.until_on or slow.LAST) and card.key not in rule.card_ends:
                self.tracker("unassign", assignment, "--on", on, "--reason", "let off")
                rule.card_ends[card.key] = [(on, self.moment)]
                return


def live(story: Story, find_completion: Callable[..., int], find_assignment: Callable[..., int | None]) -> None:
    """A union's life, step by step; between two steps time goes by."""
    chance = story.random

    def then(*steps: Callable[[], None]) -> None:
        for step in steps:
            step()
            story.moments.append(story.moment)
            story.moment += timedelta(days=chance.choice((0, 1, 3, 9)), hours=1)

    then(story.apply_units, story.apply_first_catalogue)
    early: list[Callable[[], None]] = [story.import_first_roster, story.import_completions]
    early += [story.assign] * chance.randint(2, 4)
    chance.shuffle(early)
    then(*early)
    late: list[Callable[[], None]] = [
        *[story.assign] * 2,
        *[story.exempt] * 4,
        *[story.log] * 2,
        *[lambda: story.void(find_completion)] * 2,
        *[lambda: story.end_one_assignment(find_assignment)] * 2,
        *[story.import_later_roster] * 2,
        story.import_completions,
        story.publish_a_version,
        story.publish_a_version,
        story.edit_courses,
        story.end_a_rule,
    ]
    late += [step for step in (story.add_a_course, story.change_policy, story.apply_units) if story.chance(0.5)]
    chance.shuffle(late)
    then(*late)


def told(pairs: dict[tuple[str, ...], list[int]]) -> dict[tuple[str, ...], list[int]]:
    return {key: counts for key, counts in pairs.items() if counts[0]}


def compare(story: Story, day: date, known: date | None) -> None:
    """Every figure of one day: unit by unit, by craft, and by craft within some unit."""
    moment = datetime.max.replace(tzinfo=UTC)
    if known is not None:
        moment = datetime.combine(known + timedelta(days=1), datetime.min.time(), UTC) - timedelta(microseconds=1)
    units, crafts = story.union.figures(day, moment)
    report = coverage_report(db.session(), as_of=day, known=known)
    got = {(row.path, row.unit): list(row.figure) for row in report.rows}
    assert got == units, f"union {story.seed} on {day} as known on {known}"
    for unit in ("IA", story.random.choice(sorted(story.union.parents))):
        found = db.session.scalars(select(Unit).where(Unit.number == unit)).one()
        report = coverage_report(db.session(), as_of=day, known=known, unit=None if unit == "IA" else found, by=By.CRAFT)
        got = {(row.path, row.unit): list(row.figure) for row in report.rows}
        wanted = {
            (path, story.union.crafts[craft]): counts for (path, where, craft), counts in crafts.items() if where == unit
        }
        assert got == told(wanted), f"union {story.seed}: crafts of {unit} on {day} as known on {known}"


def compare_what_is_told(story: Story, day: date) -> None:
    """Of each member and path, which rules My record tells of: those they left included, as what they still are."""
    session = db.session()
    world = current_world(session)
    holders = select(Identifier.value, Identifier.member_id).where(Identifier.kind == "number")
    numbers = {member_id: value for value, member_id in session.execute(holders)}
    paths = {path.id: path.code for path in session.scalars(select(LearningPath))}
    got, wanted = {}, {}
    for member_id, facts in facts_of(session, world, numbers):
        member = numbers[member_id]
        reasons = reasons_on(session, member_id, day, facts, world)
        for path_id, path in paths.items():
            ruled = [reason for reason in reasons.get(path_id, ()) if reason.rule_id]
            got[member, path] = {(reason.rule_id, reason.kind.value, reason.has_left) for reason in ruled}
            wanted[member, path] = story.union.told(member, path, day)
    assert got == wanted, f"union {story.seed}: what is told on {day}"


@pytest.mark.parametrize(("engine", "seed"), [(engine, seed) for engine, count in UNIONS.items() for seed in range(count)])
def test_a_random_union_is_counted_as_by_hand(
    engine: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY.format(counts="active, apprentice"))
    with empty_database(engine, request, tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
        monkeypatch.setenv("TRACKER_POLICY", str(policy))
        monkeypatch.setenv("SECRET_KEY", "a-key-for-tests-0123456789-abcdefghijklmnop")
        app = create_app()
        monkeypatch.setattr("tracker.create_app", lambda: app)  # one application for all the commands: half the time

        def run(*arguments: str) -> str:
            result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
            assert result.exit_code == 0, "\n".join([*story.lines, result.output])
            return result.stdout

        def find_completion(done: slow.Done) -> int:
            with app.app_context():
                return db.session.scalars(
                    select(Completion.id)
                    .join(Identifier, Identifier.member_id == Completion.member_id)
                    .join(Course, Course.id == Completion.course_id)
                    .where(Identifier.kind == "number", Identifier.value == done.member, Course.code == done.course)
                    .where(Completion.completed_on == done.on, Completion.assurance == slow.FLOORS.index(done.floor) + 1)
                    .where(Completion.voided_at.is_(None))
                ).one()

        def find_assignment(rule: slow.Rule, card: slow.Card) -> int | None:
            with app.app_context():
                return db.session.scalar(
                    select(Assignment.id)
                    .join(
                        Membership,
                        (Membership.member_id == Assignment.member_id) & (Membership.id == Assignment.membership_id),
                    )
                    .join(Identifier, Identifier.member_id == Membership.member_id)
                    .join(Unit, Unit.id == Membership.unit_id)
                    .join(Craft, Craft.id == Membership.craft_id)
                    .join(LearningPath, LearningPath.id == Assignment.path_id)
                    .where(Assignment.rule_id == rule.number, Assignment.voided_at.is_(None))
                    .where(Identifier.kind == "number", Identifier.value == card.member)
                    .where(Unit.number == card.local, Craft.key == card.craft, Membership.from_on == card.from_on)
                )

        story = Story(seed, tmp_path, run)
        live(story, find_completion, find_assignment)
        edges = sorted(day + timedelta(days=step) for day in story.union.edges() for step in (-1, 0, 1))
        later = [day for day in edges if day >= date(2025, 6, 1)]
        days = {story.today, date(2026, 3, 1), *story.random.sample(edges, 3), *story.random.sample(later, 6)}
        knowns = {
            moment.date() + timedelta(days=step) for moment in story.random.sample(story.moments, 3) for step in (-1, 0)
        }
        try:
            with app.app_context():
                for day in sorted(days):
                    compare(story, day, None)
                    compare_what_is_told(story, day)
                for known in sorted(knowns):
                    for day in story.random.sample(later, 2):
                        compare(story, day, known)
                with time_machine.travel(story.moment, tick=False), writing(alone=True) as session:
                    wrong = [finding.sentence for finding in examine(session, story.today) if finding.is_wrong]
                assert wrong == []
        except AssertionError as failure:
            failure.add_note("\n".join(story.lines))
            raise
        finally:
            with app.app_context():
                db.engine.dispose()
