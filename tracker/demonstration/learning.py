"""What the people of the demonstration completed, source by source.

LinkedIn's courses are mostly known from the provider's report; some members log theirs first, and then the report often
follows. The safety courses stand on staff's attendance sheets, or their members logged them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from tracker.curriculum.catalogue import Catalogue
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.demonstration.asking import ASKINGS, SAFETY_PATH
from tracker.demonstration.people import Person
from tracker.operations.rows import CompletionRow

_LOGGERS_PERCENT = 22  # of the members, who log courses themselves
_YEARS_BEFORE_ASKED = timedelta(days=120)  # some had done a course before they were asked for it


class _Done(NamedTuple):
    course: str
    on: date
    assurance: Assurance
    evidence_url: str = ""


class Learning:
    """Everyone's learning. It is drawn anew for each source, so no list of it is ever in memory."""

    def __init__(self, catalogue: Catalogue, seed: int, today: date) -> None:
        self._courses = {
            path.code: tuple(dict.fromkeys(course for section in path.sections for course in section.courses))
            for path in catalogue.paths
        }
        online = (course for path, courses in self._courses.items() if path != SAFETY_PATH for course in courses)
        self._online_courses = tuple(dict.fromkeys(online))
        self._seed = seed
        self._today = today

    def reported(self, everyone: Iterable[Person]) -> Iterator[CompletionRow]:
        """What the provider's report says of them."""
        line = 1
        for person in everyone:
            for done in self._online(person):
                if done.assurance is Assurance.PROVIDER:
                    line += 1
                    yield _row(line, person, done)

    def attended(self, everyone: Iterable[Person]) -> Iterator[CompletionRow]:
        """What staff recorded for them from attendance sheets."""
        line = 1
        for person in everyone:
            for done in self._safety(person):
                if done.assurance is Assurance.REVIEWED:
                    line += 1
                    yield _row(line, person, done)

    def logged(self, everyone: Iterable[Person]) -> Iterator[CompletionRow]:
        """What they say themselves, for staff to review."""
        line = 1
        for person in everyone:
            if not self._logs(person):
                continue
            for done in (*self._online(person), *self._safety(person)):
                if done.assurance is Assurance.CLAIMED:
                    line += 1
                    yield _row(line, person, done)

    def _logs(self, person: Person) -> bool:
        return person.ordinal == 1 or (person.ordinal * 2_654_435_761 + self._seed) % 100 < _LOGGERS_PERCENT

    def _rng(self, person: Person, topic: int) -> Random:
        return Random((self._seed * 10_000_019 + person.ordinal) * 4 + topic)

    # -- On the provider's site -------------------------------------------------------------------------------------

    def _online(self, person: Person) -> Iterator[_Done]:
        if person.ordinal == 1:
            yield from self._the_members_online()
            return
        rng = self._rng(person, 1)
        logs = self._logs(person)
        done: set[str] = set()
        for asking in ASKINGS:
            if asking.path == SAFETY_PATH or not any(map(asking.asks, person.cards)):
                continue
            begun = max(asking.begun_on(self._today), min(card.from_on for card in person.cards)) - _YEARS_BEFORE_ASKED
            share = person.keenness if asking.kind is AssignmentKind.REQUIRED else person.keenness * 0.4
            yield from self._some_of(self._courses[asking.path], share * 1.25, begun, done, logs, rng)
        elsewhere = self._today - timedelta(days=1_000)
        yield from self._some_of(rng.sample(self._online_courses, 7), person.keenness * 0.25, elsewhere, done, logs, rng)

    def _some_of(
        self, courses: Iterable[str], share: float, begun: date, done: set[str], logs: bool, rng: Random
    ) -> Iterator[_Done]:
        """The first of these courses, about that share of them, on days in the same order."""
        courses = [course for course in courses if course not in done]
        number = min(len(courses), int(share * len(courses) + rng.random()))
        span = max((self._today - begun).days, 1)
        days = sorted(int(rng.random() * span) for _ in range(number))
        for course, after in zip(courses, days, strict=False):
            done.add(course)
            on = begun + timedelta(days=after)
            luck = rng.random()
            if not logs or luck > 0.6:
                yield _Done(course, on, Assurance.PROVIDER)
                continue
            proof = f"https://www.linkedin.com/learning/certificates/{rng.getrandbits(256):064x}" if luck < 0.3 else ""
            yield _Done(course, on, Assurance.CLAIMED, proof)
            confirmed = on + timedelta(days=3 + int(luck * 60))
            if luck > 0.2 and confirmed <= self._today:
                yield _Done(course, confirmed, Assurance.PROVIDER)

    # -- In the hall ------------------------------------------------------------------------------------------------

    def _safety(self, person: Person) -> Iterator[_Done]:
        if person.ordinal == 1:
            yield from self._the_members_safety()
            return
        asking = next(each for each in ASKINGS if each.path == SAFETY_PATH)
        if not any(map(asking.asks, person.cards)):
            return
        rng = self._rng(person, 2)
        begun = max(asking.begun_on(self._today), min(card.from_on for card in person.cards))
        keenness = person.keenness**0.5  # safety is taken more seriously than anything else
        span = max((self._today - begun).days, 1)

        def sure() -> Assurance:
            return Assurance.CLAIMED if self._logs(person) and rng.random() < 0.35 else Assurance.REVIEWED

        if rng.random() < keenness:
            yield _Done("osha-10", begun + timedelta(days=int(rng.random() * min(span, 200))), sure())
        if rng.random() < keenness:
            yield _Done("aerial-lift", begun + timedelta(days=int(rng.random() * span)), sure())
        on = begun + timedelta(days=int(rng.random() * min(span, 300)))
        while on <= self._today and rng.random() < keenness:  # renewed year after year, for as long as they keep it up
            course = "rigging-week" if rng.random() < 0.07 else "fall-protection"
            yield _Done(course, on, sure())
            on += timedelta(days=330 + int(rng.random() * 60))

    # -- The demonstration's own member -----------------------------------------------------------------------------

    def _the_members_online(self) -> Iterator[_Done]:
        """A path in progress, two reported courses, one logged and then confirmed, and a claim under review."""
        first, second, third, fourth, *_ = self._courses[ASKINGS[0].path]
        yield _Done(first, self._ago(400), Assurance.PROVIDER)
        yield _Done(second, self._ago(310), Assurance.PROVIDER)
        yield _Done(third, self._ago(140), Assurance.CLAIMED)
        yield _Done(third, self._ago(121), Assurance.PROVIDER)
        yield _Done(fourth, self._ago(6), Assurance.CLAIMED, f"https://www.linkedin.com/learning/certificates/{'4c2e' * 16}")

    def _the_members_safety(self) -> Iterator[_Done]:
        """A course that has lapsed, and one held because another stands for it."""
        yield _Done("osha-10", self._ago(980), Assurance.REVIEWED)
        yield _Done("aerial-lift", self._ago(1_160), Assurance.REVIEWED)
        yield _Done("fall-protection", self._ago(640), Assurance.REVIEWED)
        yield _Done("rigging-week", self._ago(150), Assurance.REVIEWED)

    def _ago(self, days: int) -> date:
        return self._today - timedelta(days=days)


def _row(line: int, person: Person, done: _Done) -> CompletionRow:
    return CompletionRow(
        *(line, person.number, "", "", "", "", done.course),
        *(done.on, done.assurance, done.evidence_url, ""),
    )
