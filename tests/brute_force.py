"""The figures counted the slow way: day by day and card by card, straight from docs/design.md section 4.

Nothing here comes from the program. A :class:`Union` is told what was done, in the words of the command line and in the
same order, and keeps it as plain lists; a figure is then a walk over all of it. Where the program keeps spans, pins and
sums, this asks of one day at a time whether it is so.
"""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

FLOORS = ("claimed", "reviewed", "provider")
LAST = date.max


def months_later(day: date, months: int) -> date:
    """The same day of a later (or, with a minus, earlier) month; the 1st of the month after where it is too short."""
    month, year = day.month + months, day.year
    while month > 12:
        month, year = month - 12, year + 1
    while month < 1:
        month, year = month + 12, year - 1
    if day.day <= calendar.monthrange(year, month)[1]:
        return date(year, month, day.day)
    return date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)


def plain_number(number: str) -> str:
    text = number.strip().lower()
    while len(text) > 1 and text[0] == "0":
        text = text[1:]
    return text


def plain_local(number: str) -> str:
    return plain_number(number.lower().replace("local", "").replace("-", "").replace(" ", "").replace("#", ""))


@dataclass
class Recorded:
    """Anything recorded at a moment, and perhaps taken back at another."""

    recorded: datetime
    voided: datetime | None = field(default=None, kw_only=True)

    def is_known(self, at: datetime) -> bool:
        return self.recorded <= at and (self.voided is None or self.voided > at)


@dataclass
class Card(Recorded):
    member: str
    local: str
    craft: str
    status: str
    from_on: date
    until_on: date | None

    @property
    def key(self) -> tuple[str, str, str, date]:
        return self.member, self.local, self.craft, self.from_on

    def holds(self, day: date) -> bool:
        return self.from_on <= day < (self.until_on or LAST)


@dataclass
class Rule(Recorded):
    """Who is asked for a path: everyone, or a unit's cards, a craft's cards, or one person."""

    path: str
    kind: str
    on: date
    unit: str | None = None
    craft: str | None = None
    member: str | None = None
    number: int | None = None  # what the program calls it; an assignment to a person has none
    due_on: date | None = None
    within: int | None = None
    leaving: str = "end"
    ends: list[tuple[date, datetime]] = field(default_factory=list)
    # ends of what it asks through one card alone
    card_ends: dict[tuple[str, str, str, date], list[tuple[date, datetime]]] = field(default_factory=dict)


@dataclass
class Exemption(Recorded):
    member: str
    path: str
    unit: str | None
    from_on: date
    until_on: date | None


@dataclass
class Done(Recorded):
    member: str
    course: str
    on: date
    floor: str
    external_id: str = ""


@dataclass
class Course:
    minutes: int | None = None
    valid_months: int | None = None
    lapses_each: str | None = None  # the last day of every cycle, as the file writes it
    renewal_days: int = 0
    grace_days: int = 0
    credits: int = 0  # hundredths
    credit_kind: str = ""
    satisfies: list[tuple[str, date | None, date | None]] = field(default_factory=list)
    retired_on: date | None = None

    def last_days(self, on: date, earlier: set[date]) -> set[date]:
        """Every day through which a completion holds, grace left out, after others of the course that held through some."""
        if self.lapses_each:
            month, day = map(int, self.lapses_each.split("-"))
            last = on
            while (last.month, last.day) != (month, day):
                last += timedelta(days=1)
            if (last - on).days < self.renewal_days:
                last += timedelta(days=1)
                while (last.month, last.day) != (month, day):
                    last += timedelta(days=1)
            return {last}
        if self.valid_months is None:
            return {LAST}
        begins = [on]
        for last in earlier:
            days_left = [on + timedelta(days=count) for count in range(self.renewal_days)]
            if last in days_left:
                begins.append(last + timedelta(days=1))
        return {months_later(begin, self.valid_months) - timedelta(days=1) for begin in begins}


class Section(NamedTuple):
    """``need`` is all, any, minutes or credits (in hundredths); the last two belong to credits."""

    need: str
    number: int
    courses: list[str]
    within_months: int = 0
    kinds: dict[str, int] = {}


@dataclass
class Version(Recorded):
    number: int
    sections: list[Section]
    lookback_months: int | None = None
    from_on: date = date.min
    change: str = "keep"
    grace_on: date | None = None

    @property
    def courses(self) -> set[str]:
        return {course for section in self.sections for course in section.courses}


@dataclass
class RosterLine:
    number: str
    local: str
    craft: str
    status: str
    from_on: date | None
    until_on: date | None
    email: str = ""
    is_faulty: bool = False


@dataclass
class CompletionLine:
    number: str
    email: str
    course: str
    on: date
    floor: str
    external_id: str = ""
    is_faulty: bool = False


@dataclass
class Union:
    parents: dict[str, str] = field(default_factory=dict)  # "" above the root
    moves: list[tuple[datetime, dict[str, str]]] = field(default_factory=list)  # where units stood, from each moment on
    counting: set[str] = field(default_factory=lambda: {"active", "apprentice"})
    courses: dict[str, Course] = field(default_factory=dict)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    crafts: dict[str, str] = field(default_factory=dict)  # as matched → as first written
    members: set[str] = field(default_factory=set)
    emails: dict[str, set[str]] = field(default_factory=dict)
    cards: list[Card] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    exemptions: list[Exemption] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    waiting: list[CompletionLine] = field(default_factory=list)
    # the credits of one counting of figures: asked for at every path
    worked_out: dict[tuple[str, datetime, str], list[tuple[str, date, date]]] = field(default_factory=dict)

    # --- What is done to it --------------------------------------------------------------------------------------------

    def apply_units(self, parents: dict[str, str], now: datetime) -> None:
        self.parents = parents
        self.moves.append((now, parents))

    def find_local(self, said: str) -> str | None:
        if said in self.parents:
            return said
        found = [unit for unit in self.parents if plain_local(unit) == plain_local(said)]
        return found[0] if len(found) == 1 else None

    def craft_key(self, name: str, written: str = "") -> str:
        """A craft by whatever spelling; it keeps the first one, or as ``written``."""
        key = " ".join(name.split()).lower()
        self.crafts.setdefault(key, written or " ".join(name.split()))
        return key

    def valid_cards(self, member: str) -> list[Card]:
        return [card for card in self.cards if card.voided is None and card.member == member]

    def import_roster(self, lines: list[RosterLine], now: datetime) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        written: dict[str, str] = {}  # a craft is called as the file first writes it, whatever becomes of that row
        for line in lines:
            if not line.is_faulty:
                written.setdefault(" ".join(line.craft.split()).lower(), " ".join(line.craft.split()))
        for line in lines:
            outcomes[self._roster_line(line, now, written)] += 1
        self._settle(now)
        return outcomes

    def _roster_line(self, line: RosterLine, now: datetime, written: dict[str, str]) -> str:
        local, today = self.find_local(line.local), now.date()
        if line.is_faulty or local is None:
            return "faulty"
        member, craft = plain_number(line.number), self.craft_key(line.craft, written[" ".join(line.craft.split()).lower()])
        is_news = member not in self.members
        self.members.add(member)
        if line.email:
            holders = self.emails.setdefault(line.email.strip().lower(), set())
            is_news |= member not in holders
            holders.add(member)
        mine = [card for card in self.valid_cards(member) if (card.local, card.craft) == (local, craft)]
        if line.from_on is not None:
            mine = [card for card in mine if card.from_on == line.from_on]
        else:  # the open card: the one that holds today, else the one that will
            mine = [card for card in mine if card.until_on is None or card.until_on > today]
            mine = sorted([card for card in mine if card.holds(today)] or mine, key=lambda card: card.from_on)
        if not mine:
            self.cards.append(Card(now, member, local, craft, line.status or "active", line.from_on or today, line.until_on))
            return "recorded"
        card = mine[-1]
        status, until_on = line.status or card.status, line.until_on or card.until_on
        if (status, until_on) == (card.status, card.until_on):
            return "recorded" if is_news else "already known"
        card.voided = now
        if line.from_on is None and status != card.status and card.from_on < today:
            self.cards.append(replace(card, recorded=now, voided=None, until_on=min(today, until_on or LAST)))
            if until_on is None or until_on > today:
                self.cards.append(replace(card, recorded=now, voided=None, from_on=today, status=status, until_on=until_on))
        else:
            self.cards.append(replace(card, recorded=now, voided=None, status=status, until_on=until_on))
        return "recorded"

    def find_learner(self, line: CompletionLine) -> str | None:
        if line.number and plain_number(line.number) in self.members:
            return plain_number(line.number)
        holders = self.emails.get(line.email.strip().lower(), set()) if line.email else set()
        return next(iter(holders)) if len(holders) == 1 else None

    def import_completions(self, lines: list[CompletionLine], now: datetime) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        for line in lines:
            outcomes[self._completion_line(line, now)] += 1
        return outcomes

    def _completion_line(self, line: CompletionLine, now: datetime) -> str:
        course = self.courses.get(line.course.strip().lower())
        if line.is_faulty or line.on > now.date():
            return "faulty"
        if course is not None and course.retired_on and line.floor == "claimed" and line.on > course.retired_on:
            return "faulty"
        if self.find_learner(line) is None or course is None:
            self.waiting.append(line)
            return "unmatched" if self.find_learner(line) is None else "unknown course"
        return self._take(line, now)

    def _take(self, line: CompletionLine, now: datetime) -> str:
        member, course = self.find_learner(line), line.course.strip().lower()
        assert member is not None
        mine = [done for done in self.done if done.member == member]
        if any((done.course, done.on, done.floor) == (course, line.on, line.floor) for done in mine):
            return "already known"  # voided ones too: a report does not bring back what a person took out
        if line.external_id and any(done.external_id == line.external_id for done in mine):
            return "already known"
        another = any(done.course == course and done.voided is None for done in mine)
        self.done.append(Done(now, member, course, line.on, line.floor, line.external_id))
        return "corroborated" if another else "recorded"

    def _settle(self, now: datetime) -> None:
        ready = [line for line in self.waiting if self.find_learner(line) and line.course.strip().lower() in self.courses]
        self.waiting = [line for line in self.waiting if line not in ready]
        for line in ready:
            self._take(line, now)

    def apply_catalogue(self, courses: dict[str, Course], versions: dict[str, Version], now: datetime) -> None:
        """Courses as they now stand; of the versions those that are new are published."""
        is_longer = bool(courses.keys() - self.courses.keys())
        self.courses = courses
        for path, version in versions.items():
            published = self.versions.setdefault(path, [])
            if not published:
                published.append(replace(version, recorded=now, from_on=date.min))
            elif version.number > published[-1].number:
                published.append(replace(version, recorded=now))
        if is_longer:
            self._settle(now)

    # --- What is asked of it -------------------------------------------------------------------------------------------

    def above(self, unit: str, known: datetime | None = None) -> list[str]:
        """The unit and every unit above it: as the union stands, or as it stood when nothing later was known."""
        parents = self.parents
        if known is not None:
            parents = next((then for since, then in reversed(self.moves) if since <= known), parents)
        units = []
        while unit:
            units.append(unit)
            unit = parents[unit]
        return units

    def asks(self, member: str, path: str, known: datetime) -> Iterator[tuple[Card | None, date, date]]:
        """Through which card (None: all), from which day and until which day the member is required to do the path."""

        def first_end(ends: list[tuple[date, datetime]]) -> date:
            return min((on for on, recorded in ends if recorded <= known), default=LAST)

        for rule in self.rules:
            if rule.path != path or rule.kind != "required" or rule.recorded > known:
                continue
            if rule.member is not None:
                if rule.member == member and rule.on < first_end(rule.ends):
                    yield None, rule.on, first_end(rule.ends)
                continue
            for card in self.cards:
                if card.member != member or not card.is_known(known):
                    continue
                if rule.unit is not None and rule.unit not in self.above(card.local, known):
                    continue
                if rule.craft is not None and rule.craft != card.craft:
                    continue
                begins = max(rule.on, card.from_on)
                ends = min(first_end(rule.ends), card.until_on or LAST, first_end(rule.card_ends.get(card.key, [])))
                if begins < ends:
                    yield card, begins, ends

    def reaches(self, rule: Rule, card: Card, known: datetime | None = None) -> bool:
        """Whether the card is one that the rule looks for, where its local stands now or stood when that was known."""
        is_under = rule.unit is None or rule.unit in self.above(card.local, known)
        return rule.member is None and is_under and rule.craft in (None, card.craft)

    def stays_open(self, rule: Rule, begins: date, day: date) -> bool:
        """Whether who left the rule may still finish on the day."""
        due = begins + timedelta(days=rule.within) if rule.within else rule.due_on
        return rule.leaving == "voluntary" or (rule.leaving == "keep" and due is not None and begins <= due >= day)

    def told(self, member: str, path: str, day: date) -> set[tuple[int, str, bool]]:
        """Which rules My record tells of on a day: as what, and whether their member has left them."""
        found = set()
        for rule in self.rules:
            if rule.path != path or rule.number is None:
                continue
            rule_end = min((on for on, _ in rule.ends), default=LAST)
            held, left = [], False
            for card in self.valid_cards(member):
                begins = max(rule.on, card.from_on)
                hand = min((on for on, _ in rule.card_ends.get(card.key, [])), default=LAST)
                counts = rule.kind != "required" or card.status in self.counting
                if not begins <= day < min(rule_end, hand):
                    continue
                if self.reaches(rule, card):
                    if card.holds(day):
                        held.append(counts)
                    elif begins < (card.until_on or LAST):
                        left |= counts and self.stays_open(rule, begins, day)
                elif self.has_reached(rule, card):
                    left |= counts and self.stays_open(rule, begins, day)
            if any(held) or (held and not left):
                found.add((rule.number, rule.kind, False))
            elif left:
                found.add((rule.number, "voluntary" if rule.leaving == "voluntary" else rule.kind, True))
        return found

    def has_reached(self, rule: Rule, card: Card) -> bool:
        """Whether the rule reached the card, as it was then known, just before some move of the units."""
        for moment, _ in self.moves[1:]:
            before = moment - timedelta(microseconds=1)
            for then in self.cards:
                is_same = then.key == card.key and then.is_known(before) and rule.recorded <= before
                if is_same and self.reaches(rule, then, before) and max(rule.on, then.from_on) < (then.until_on or LAST):
                    return True
        return False

    def cards_in_scope(self, member: str, path: str, day: date, known: datetime) -> list[Card]:
        asks = list(self.asks(member, path, known))
        found = []
        for card in self.cards:
            if card.member != member or not card.is_known(known):
                continue
            if not card.holds(day) or card.status not in self.counting:
                continue
            if not any(through in (None, card) and begins <= day < ends for through, begins, ends in asks):
                continue
            units = self.above(card.local)
            if any(
                exemption.member == member
                and exemption.path == path
                and exemption.is_known(known)
                and exemption.from_on <= day < (exemption.until_on or LAST)
                and (exemption.unit is None or exemption.unit in units)
                for exemption in self.exemptions
            ):
                continue
            found.append(card)
        return found

    def credits(self, member: str, known: datetime, floor: str) -> list[tuple[str, date, date]]:
        """Course, first day and last day: of each completion a floor looks at, its own course and those it stands for.

        A course renews what is held of the same course, however it came to be held; by the terms of both courses where one
        stands for the other, and then the shorter counts.
        """
        seen = [done for done in self.done if done.member == member and done.is_known(known)]
        seen = [done for done in seen if FLOORS.index(done.floor) >= FLOORS.index(floor)]
        found = []
        for course in self.courses:
            held: list[tuple[date, set[date]]] = []  # the days of completions so far, and through which days they hold
            for done in sorted(seen, key=lambda each: each.on):
                own = self.courses[done.course]
                rules = [(from_on, until_on) for other, from_on, until_on in own.satisfies if other == course]
                if done.course == course:
                    asked = [own]
                elif any((from_on or date.min) <= done.on < (until_on or LAST) for from_on, until_on in rules):
                    asked = [own, self.courses[course]]
                else:
                    continue
                earlier = {last for on, lasts in held if on < done.on for last in lasts}
                told = [terms.last_days(done.on, earlier) for terms in asked]
                shorter = min(max(lasts) for lasts in told)
                held.append((done.on, {last for lasts in told for last in lasts if last <= shorter}))
                ends = [max(lasts) for lasts in told]
                graces = [
                    last if last == LAST else last + timedelta(days=terms.grace_days)
                    for last, terms in zip(ends, asked, strict=True)
                ]
                found.append((course, done.on, min(graces)))
        return found

    def credits_once(self, member: str, known: datetime, floor: str) -> list[tuple[str, date, date]]:
        key = member, known, floor
        if key not in self.worked_out:
            self.worked_out[key] = self.credits(member, known, floor)
        return self.worked_out[key]

    def is_covered(self, member: str, path: str, day: date, floor: str, known: datetime) -> bool:
        """Whether the member, who is asked for the path, holds it complete on the day."""
        begun = self.credits_once(member, known, FLOORS[0])
        versions = [version for version in self.versions[path] if version.recorded <= known]
        first = min(begins for _, begins, _ in self.asks(member, path, known))
        pinned = max((v for v in versions if v.from_on <= first), key=lambda version: version.number)

        def counted(version: Version, credits: list[tuple[str, date, date]]) -> list[tuple[str, date, date]]:
            oldest = months_later(first, -version.lookback_months) if version.lookback_months else date.min
            return [credit for credit in credits if credit[0] in version.courses and credit[1] >= oldest]

        moves: list[tuple[date, Version]] = [(date.min, pinned)]  # from which day each version may bind

        def binding(on: date) -> Version:
            return max((version for since, version in moves if since <= on), key=lambda version: version.number)

        for version in sorted(versions, key=lambda each: each.number):
            if version.number <= pinned.number:
                continue
            if version.change == "keep":
                if any(credit[1] < version.from_on for credit in counted(binding(version.from_on), begun)):
                    continue  # has begun, and stays
                moves.append((version.from_on, version))
            elif version.change == "grace":
                assert version.grace_on is not None
                moves.append((max(version.grace_on, version.from_on), version))
            else:
                moves.append((version.from_on, version))
        version = binding(day)
        credits = counted(version, self.credits_once(member, known, floor))
        return all(self.is_met(section, day, credits) for section in version.sections)

    def is_met(self, section: Section, day: date, credits: list[tuple[str, date, date]]) -> bool:
        """Whether what is held on the day is what a section asks."""
        courses = [self.courses[course] for course in section.courses]
        held = {course for course, begins, last in credits if begins <= day <= last}
        listed = [self.courses[course] for course in section.courses if course in held]
        if section.need == "all":
            return len(listed) == len(courses)
        if section.need == "any":
            return len(listed) >= section.number
        if section.need == "minutes":
            return sum(course.minutes or 0 for course in listed) >= section.number
        lately = {
            course for course, on, _ in credits if on <= day < months_later(on, section.within_months)
        }  # whether they still hold or not
        earned = [self.courses[course] for course in section.courses if course in lately]
        return sum(course.credits for course in earned) >= section.number and all(
            sum(course.credits for course in earned if course.credit_kind == kind) >= asked
            for kind, asked in section.kinds.items()
        )

    def figures(
        self, day: date, known: datetime
    ) -> tuple[dict[tuple[str, str], list[int]], dict[tuple[str, str, str], list[int]]]:
        """In scope, and covered at each floor: by path and unit, and by path, unit and craft."""
        units: dict[tuple[str, str], list[int]] = {
            (path, unit): [0, 0, 0, 0] for path in self.versions for unit in self.parents
        }
        crafts: dict[tuple[str, str, str], list[int]] = {}
        self.worked_out.clear()
        for path in self.versions:
            for member in self.members:
                cards = self.cards_in_scope(member, path, day, known)
                if not cards:
                    continue
                counts = [1, *(int(self.is_covered(member, path, day, floor, known)) for floor in FLOORS)]
                for unit in {unit for card in cards for unit in self.above(card.local)}:
                    units[path, unit] = [a + b for a, b in zip(units[path, unit], counts, strict=True)]
                for unit, craft in {(unit, card.craft) for card in cards for unit in self.above(card.local)}:
                    so_far = crafts.get((path, unit, craft), [0, 0, 0, 0])
                    crafts[path, unit, craft] = [a + b for a, b in zip(so_far, counts, strict=True)]
        return units, crafts

    def edges(self) -> set[date]:
        """Every day on which something may change."""
        days: set[date | None] = set()
        for card in self.cards:
            days |= {card.from_on, card.until_on}
        for rule in self.rules:
            days |= {rule.on, *(on for on, _ in rule.ends), *(on for ends in rule.card_ends.values() for on, _ in ends)}
        for exemption in self.exemptions:
            days |= {exemption.from_on, exemption.until_on}
        months_of_credits = {
            section.within_months
            for versions in self.versions.values()
            for version in versions
            for section in version.sections
            if section.need == "credits"
        }
        for member in self.members:
            for floor in FLOORS:
                for _, begins, last in self.credits(
                    member, datetime.max.replace(tzinfo=self.rules[0].recorded.tzinfo), floor
                ):
                    days |= {begins, min(last, date(2100, 1, 1)) + timedelta(days=1)}
                    days |= {months_later(begins, months) for months in months_of_credits}
        for versions in self.versions.values():
            for version in versions:
                days |= {version.from_on, version.grace_on}
        return {day for day in days if day is not None and date(1990, 1, 1) < day < date(2100, 1, 1)}
