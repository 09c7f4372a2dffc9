"""The people of the demonstration, every one of them invented: their names, addresses and cards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from tracker.curriculum.words import MembershipKind
from tracker.demonstration.union import (
    DEMONSTRATION_LOCAL,
    DemonstrationLocal,
    local_numbered,
    members_of_locals,
    neighbours,
)
from tracker.operations.rows import RosterRow

JUST_JOINED_DAYS = 24  # so long nobody has an account at the provider
MEMBER_EMAIL = "member@example.org"  # the one whose record has a little of everything

_FIRST = (
    *("Testy", "Fresnel", "Dolly", "Boom", "Gaffa", "Scrim", "Cue", "Foley", "Iris", "Prompta", "Batten", "Gobo", "Clappy"),
    *("Cyc", "Dimmer", "Ellie", "Flyla", "Greena", "Hazel", "Juicer", "Klieg", "Lumen", "Marquee", "Northa", "Ozzy"),
    *("Patchy", "Quince", "Reelo", "Spotty", "Tabs", "Upstagia", "Velour", "Wingsy", "Xenon", "Zetta", "Arcadia", "Bobbin"),
    *("Cleatus", "Downstage", "Edison", "Floodwin", "Gelina", "Honeywagonia", "Intermissa", "Jibby", "Keylight", "Leko"),
    *("Moviola", "Nook", "Opheelia", "Proscenia", "Quartz", "Rigoletta", "Strikeforth", "Truss", "Understudia", "Vamp"),
    *("Wigbert", "Yorick", "Zoomer"),
)
_BEFORE = ("", "", "", "Mc", "O'", "Van ", "de la ", "Saint-")
_STEMS = (
    *("Gaffer", "Grip", "Flood", "Scrim", "Batten", "Gobo", "Cable", "Dolly", "Boom", "Truss", "Wick", "Spot", "Dimmer"),
    *("Winch", "Curtain", "Backdrop", "Footlight", "Fly", "Pulley", "Prop", "Ladder", "Wardrobe", "Splice", "Sprocket"),
    *("Slate", "Ticket", "Limelight", "Sandbag", "Turntable", "Trapdoor", "Catwalk", "Greenroom", "Callboard", "Matinee"),
    *("Encore", "Greasepaint", "Thimble", "Applebox", "Stinger", "Cucoloris"),
)
_AFTER = ("", "", "", "son", "ford", "well", "worth", "by", "stein", "ova", "wright")

# Scripts beyond plain Latin, two of them written from right to left. Each name says something of the stage.
_ELSEWHERE = (
    ("Ténèbre", "Projecteur"),
    ("Światło", "Scenowski"),
    ("Ljós", "Sviðsdóttir"),
    ("Işık", "Sahneoğlu"),
    ("Ánh Sáng", "Sân Khấu"),
    ("نور", "المسرحي"),
    ("ستارة", "الكواليسي"),
    ("אור", "במתי"),
    ("זרקור", "בן־מסך"),
    ("Свет", "Софитов"),
    ("Φως", "Σκηνίδης"),
    ("光", "舞台"),
    ("幕", "照明"),
    ("조명", "무대"),
    ("प्रकाश", "मंचवाला"),
)


class PersonsCard(NamedTuple):
    """One card of a person. ``until_on`` is the first day on which it no longer holds."""

    local: DemonstrationLocal
    craft: str
    status: str
    from_on: date
    until_on: date | None = None
    is_home: bool = True


class Person(NamedTuple):
    """Someone on the roster. ``keenness`` is how much of what is asked they do, 0 to 1."""

    ordinal: int
    first_name: str
    last_name: str
    email: str
    keenness: float
    cards: tuple[PersonsCard, ...]

    @property
    def number(self) -> str:
        return f"{self.ordinal:07}"


def people(members: int, seed: int, today: date) -> Iterator[Person]:
    """Everyone, in order. Each depends on the seed, their place, their local and the day only."""
    yield _the_member(today)
    ordinal = 1
    for local, count in members_of_locals(max(members - 2, 0)):
        for _ in range(count):
            ordinal += 1
            yield _person(ordinal, local, Random(seed * 10_000_019 + ordinal), today)
    if members > 1:
        yield _the_newcomer(members, today)


def roster_rows(everyone: Iterable[Person]) -> Iterator[RosterRow]:
    """The rows that a roster of these people has: one for each card."""
    line = 1
    for person in everyone:
        for card in person.cards:
            line += 1
            kind = MembershipKind.PERMIT if card.status == "permit" else MembershipKind.MEMBER
            yield RosterRow(
                *(line, person.number, person.first_name, person.last_name, person.email, card.local.number, card.craft),
                *(card.status, kind.value, card.from_on, card.until_on, card.is_home),
            )


def _the_member(today: date) -> Person:
    """Who signs in as the demonstration's member: two cards, and a record with a little of everything."""
    home = local_numbered(DEMONSTRATION_LOCAL)
    return Person(
        *(1, "Testy", "McGaffer", MEMBER_EMAIL, 0.6),
        (
            PersonsCard(home, "grips", "active", _days_before(today, 3_100)),
            PersonsCard(local_numbered("33"), "stagehands", "active", _days_before(today, 700), is_home=False),
        ),
    )


def _the_newcomer(ordinal: int, today: date) -> Person:
    """Who joined after a day by which their craft was to finish a path: staff find them among the due days to decide, and
    the demonstration's local among those who have no account yet."""
    joined = _days_before(today, JUST_JOINED_DAYS // 2)
    cards = (
        PersonsCard(local_numbered("800"), "art direction", "active", joined),
        PersonsCard(local_numbered(DEMONSTRATION_LOCAL), "grips", "active", joined, is_home=False),
    )
    return Person(ordinal, "Scrim", "Callboard", f"scrim.{ordinal}@example.org", 0.2, cards)


def _person(ordinal: int, local: DemonstrationLocal, rng: Random, today: date) -> Person:
    if rng.random() < 0.04:
        first, last = rng.choice(_ELSEWHERE)
        called = "member"
    else:
        first = called = rng.choice(_FIRST)
        last = rng.choice(_BEFORE) + rng.choice(_STEMS) + rng.choice(_AFTER)
    email = f"{called.lower()}.{ordinal}@example.{'org' if ordinal % 3 else 'net'}" if rng.random() < 0.97 else ""
    keenness = min(1.0, rng.betavariate(2.2, 1.5) * local.zeal)
    return Person(ordinal, first, last, email, keenness, tuple(_cards(local, rng, today)))


def _cards(local: DemonstrationLocal, rng: Random, today: date) -> Iterator[PersonsCard]:
    """The cards of a working life: most people hold one; some came from another local, hold a second card, or have left."""
    joined_days = 30 + int(min(rng.expovariate(1 / 4_000), 16_000))
    joined = _days_before(today, joined_days)
    craft = rng.choice(local.crafts)
    luck = rng.random()
    if luck < 0.03 and joined_days > 400:
        before = _neighbour(local, rng)
        moved = _days_before(today, rng.randrange(30, min(joined_days - 30, 1_500)))
        yield PersonsCard(before, rng.choice(before.crafts), "active", joined, moved, is_home=False)
        joined = moved
    elif luck < 0.075 and joined_days > 2_500:
        left = _days_before(today, rng.randrange(20, 1_100))
        yield PersonsCard(local, craft, "active", joined, left)
        yield PersonsCard(local, craft, "retired" if luck < 0.06 else "withdrawn", left)
        return
    status = "active"
    if joined_days < 1_000 and luck > 0.7:
        status = "apprentice"
    elif luck > 0.96:
        status = "permit"
    elif luck > 0.957:
        status = "suspended"
    yield PersonsCard(local, craft, status, joined)
    if rng.random() < 0.1:
        other = _neighbour(local, rng)
        since = joined + (today - joined) * rng.random()
        if other is not local:
            yield PersonsCard(other, rng.choice(other.crafts), "active", since, is_home=False)


def _neighbour(local: DemonstrationLocal, rng: Random) -> DemonstrationLocal:
    """A local of the same district, a larger one more often than a small one."""
    within, weights = neighbours(local.district)
    return rng.choices(within, cum_weights=weights)[0]


def _days_before(today: date, days: int) -> date:
    return today - timedelta(days=days)
