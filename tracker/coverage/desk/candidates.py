"""Which members a reported learner may be, ranked, with the reason for each in words. Suggestions: a person decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.desk.learners import WaitingLearner
from tracker.coverage.desk.looking import Beginning, addresses_beginning, members_called, members_named
from tracker.coverage.directory import MemberLine, member_lines
from tracker.curriculum.keys import email_key, member_key, plain_text, unit_key
from tracker.curriculum.likeness import (
    EmailLikeness,
    NameLikeness,
    ReportedName,
    box_beginnings,
    box_of,
    email_likeness,
    number_forms,
    other_forms,
    slips_of,
)
from tracker.curriculum.words import UnitKind
from tracker.language import _, ngettext
from tracker.models import Identifier, IdentifierKind, Member, Membership, Unit
from tracker.models.loading import in_chunks

_MOST = 5  # candidates of one learner
_MOST_LOOKED_AT = 40
_HEAD = 3  # letters of a last name within which a slip is looked for letter by letter


class Rank(IntEnum):
    """How much speaks for a candidate, the most first."""

    NUMBER = 1  # their number, written otherwise
    RECOGNISED = 2  # the same was said of another report
    EMAIL = 3  # an address that means the same mailbox
    SHARED = 4  # the very address, which others hold as well
    LOCAL = 5  # a like name, and a card where the report says they belong
    NAME = 6
    LIKE = 7  # a like name, or the same name before the @
    UNLIKE = 8  # a number or an address, and a name that speaks against it


class Candidate(NamedTuple):
    """A member whom a learner may be."""

    line: MemberLine
    rank: Rank
    reasons: tuple[str, ...]
    is_sure: bool  # what speaks for it is exact, speaks for nobody else, and the name does not speak against it

    @property
    def member(self) -> Member:
        return self.line.member


@dataclass
class _Found:
    """What speaks for one member, while it is gathered."""

    reasons: dict[Rank, str] = field(default_factory=dict)
    name: NameLikeness | None = None
    is_named: bool = False  # both have a name: where they are not alike, that speaks against it

    def add(self, rank: Rank, reason: str) -> None:
        self.reasons.setdefault(rank, reason)

    def like(self, name: NameLikeness) -> None:
        self.name = min(self.name or name, name)

    def rank(self, is_local: bool = False) -> Rank:
        """The strongest that speaks for them."""
        rank = min(self.reasons, default=Rank.LIKE)
        if self.name is None:
            return Rank.UNLIKE if self.is_named and rank in (Rank.NUMBER, Rank.EMAIL) else rank
        return min(rank, Rank.LOCAL if is_local else Rank.NAME if self.name <= NameLikeness.SWAPPED else Rank.LIKE)

    def order(self, is_local: bool = False) -> tuple[int, int, int]:
        return self.rank(is_local), self.name or len(NameLikeness) + 1, -len(self.reasons)


def candidates_of(session: Session, learners: Sequence[WaitingLearner], today: date) -> dict[str, list[Candidate]]:
    """The members whom each of these learners may be, by the learner's key, the likeliest first.

    However many members there are, each kind of reason is looked up for all the learners at once, by index.
    """
    found: list[dict[int, _Found]] = [{} for _ in learners]
    names = [[ReportedName(name) for name in learner.all("name") if not _is_no_name(name)] for learner in learners]
    _by_identifiers(session, learners, found)
    _by_mailbox(session, learners, found)
    _by_name(session, names, found)
    return _ranked(session, learners, names, found, today)


def _is_no_name(text: str) -> bool:
    """A line of a sign-in sheet waits as a name even where a number or an address stood there: nothing finds by it alone."""
    return "@" in text or any(each.isdecimal() for each in text)


# --- Gathering -------------------------------------------------------------------------------------------------------


def _by_identifiers(session: Session, learners: Sequence[WaitingLearner], found: list[dict[int, _Found]]) -> None:
    """Numbers written otherwise, addresses with several holders, and what a person said of a like report."""
    asked: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for place, learner in enumerate(learners):
        for text in (*learner.all("provider_id"), *learner.all("number")):
            for form in number_forms(text) - {member_key(text)}:
                asked.setdefault((IdentifierKind.NUMBER, form), []).append((place, text))
            asked.setdefault((IdentifierKind.ALIAS, f"number:{member_key(text)}"), []).append((place, text))
        for text in filter(_is_no_name, learner.all("name")):
            for form in number_forms(text):
                asked.setdefault((IdentifierKind.NUMBER, form), []).append((place, text))
        others = [each for each in (*learner.all("provider_id"), *learner.all("name")) if "@" in each]
        for email in (*learner.all("email"), *others):
            asked.setdefault((IdentifierKind.EMAIL, email_key(email)), []).append((place, email))
            for name in ("", *learner.all("name")):
                alias = f"email:{email_key(email)}|{plain_text(name)}"  # as operations.matching.learner_key writes it
                asked.setdefault((IdentifierKind.ALIAS, alias), []).append((place, email))
    held: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for chunk in in_chunks(sorted({value for _kind, value in asked}), 5_000):
        for kind, value, member_id, shown in session.execute(
            select(Identifier.kind, Identifier.value, Identifier.member_id, Identifier.shown).where(
                Identifier.kind.in_(IdentifierKind), Identifier.value.in_(chunk)
            )
        ):
            held.setdefault((kind, value), []).append((member_id, shown))
    for key, holders in held.items():
        for place, text in asked.get(key, ()):
            for member_id, shown in holders:
                mine = found[place].setdefault(member_id, _Found())
                if key[0] == IdentifierKind.NUMBER:
                    otherwise = _("%(text)s is their member number %(shown)s, written otherwise", text=text, shown=shown)
                    same = _("%(text)s is their member number", text=text)
                    mine.add(Rank.NUMBER, same if text.strip() == shown else otherwise)
                elif key[0] == IdentifierKind.ALIAS:
                    mine.add(Rank.RECOGNISED, _("someone recognised them by %(text)s before", text=text))
                elif len(holders) == 1:
                    mine.add(Rank.EMAIL, _("%(text)s is their address", text=text))
                else:
                    said = ngettext(
                        "%(text)s is their address and another member’s, so it decides nothing by itself",
                        "%(text)s is their address and %(n)s other members’, so it decides nothing by itself",
                        len(holders) - 1,
                        text=text,
                    )
                    mine.add(Rank.SHARED, said)


def _by_mailbox(session: Session, learners: Sequence[WaitingLearner], found: list[dict[int, _Found]]) -> None:
    """Addresses that may mean the same mailbox."""
    emails = [[(email, box_of(email)[0]) for email in learner.all("email")] for learner in learners]
    asked = [
        Beginning(place, beginning)
        for place, mine in enumerate(emails)
        for email, _box in mine
        for beginning in box_beginnings(email)
    ]
    for place, member_id, shown in addresses_beginning(session, asked):
        plain = shown.replace(".", "").casefold()
        for email, box in emails[place]:
            likeness = email_likeness(email, shown) if plain.startswith(box) else None
            if likeness is EmailLikeness.SAME_BOX:
                reason = (
                    Rank.EMAIL,
                    _("%(email)s is the same mailbox as their address %(shown)s", email=email, shown=shown),
                )
            elif likeness is EmailLikeness.DOMAIN_SLIP:
                reason = (
                    Rank.EMAIL,
                    _("%(email)s is their address %(shown)s, but for one letter after the @", email=email, shown=shown),
                )
            elif likeness is EmailLikeness.OTHER_DOMAIN:
                reason = (Rank.LIKE, _("%(email)s begins as their address %(shown)s does", email=email, shown=shown))
            else:
                continue
            found[place].setdefault(member_id, _Found()).add(*reason)


def _by_name(session: Session, names: list[list[ReportedName]], found: list[dict[int, _Found]]) -> None:
    """Like names: those that begin alike, and for whoever has none then, those with one letter wrong."""

    def take(hits: Iterable[tuple[int, int, str]]) -> None:
        for place, member_id, name_key in hits:
            for name in names[place]:
                if kind := name.like(name_key):
                    found[place].setdefault(member_id, _Found()).like(kind)

    readings = [(place, reading) for place, mine in enumerate(names) for name in mine for reading in name.readings]
    asked = [Beginning(place, f"{each.last} {each.first[0]}") for place, each in readings]
    for place, each in readings:
        asked += [Beginning(place, f"{each.last} {form}") for form in other_forms(each.first.partition(" ")[0])]
    take(members_named(session, asked))

    told = {place for place, mine in enumerate(found) if any(each.name for each in mine.values())}
    readings = [(place, each) for place, each in readings if each.is_straight and place not in told]
    take(members_named(session, [Beginning(place, each.last[:_HEAD], f" {each.first}") for place, each in readings]))
    slips: dict[str, list[int]] = {}
    for place, each in readings:
        heads = (f"{head}{each.last[_HEAD:]} {each.first}" for head in slips_of(each.last[:_HEAD]))
        initials = (f"{each.last} {initial}{each.first[2:]}" for initial in slips_of(each.first[:2]))
        for name_key in (*heads, *initials):
            slips.setdefault(name_key, []).append(place)
    take(members_called(session, slips))


# --- Ranking ---------------------------------------------------------------------------------------------------------


def _ranked(
    session: Session,
    learners: Sequence[WaitingLearner],
    names: list[list[ReportedName]],
    found: list[dict[int, _Found]],
    today: date,
) -> dict[str, list[Candidate]]:
    nearest = [dict(sorted(mine.items(), key=lambda each: each[1].order())[:_MOST_LOOKED_AT]) for mine in found]
    ids = sorted({member_id for mine in nearest for member_id in mine})
    members: dict[int, Member] = {}
    cards: dict[int, set[int]] = {}
    for chunk in in_chunks(ids, 5_000):
        rows = select(Member).where(Member.member_id.in_(chunk), Member.merged_into_id.is_(None))
        members |= {member.member_id: member for member in session.scalars(rows)}
        for member_id, unit_id in session.execute(
            select(Membership.member_id, Membership.unit_id).where(
                Membership.member_id.in_(chunk), Membership.voided_at.is_(None)
            )
        ):
            cards.setdefault(member_id, set()).add(unit_id)
    locals_said = _locals_said(session, learners)
    chosen: list[list[tuple[int, Rank, tuple[str, ...], bool]]] = []
    for place, learner in enumerate(learners):
        told = []
        for member_id, mine in nearest[place].items():
            if (member := members.get(member_id)) is not None:
                kinds = (kind for name in names[place] if (kind := name.like(member.name_key)))
                mine.name = min(kinds, default=None)
                mine.is_named = bool(names[place] and member.name_key)
                local = next((number for unit, number in locals_said[place] if unit in cards.get(member_id, ())), "")
                told.append((mine.order(bool(local)), member.name_key, member_id, mine, local))
        told.sort(key=lambda each: each[:3])
        exact = sum(order[0] <= Rank.EMAIL for order, *_ in told)
        chosen.append([])
        for order, _name, member_id, mine, local in told[:_MOST]:
            is_sure = order[0] <= Rank.EMAIL and exact == 1 and mine.name is not None
            chosen[-1].append((member_id, Rank(order[0]), _reasons(learner, members[member_id], mine, local), is_sure))
    shown = sorted({member_id for mine in chosen for member_id, *_ in mine})
    lines = {line.member.member_id: line for line in member_lines(session, [members[each] for each in shown], today)}
    return {
        learner.key: [Candidate(lines[member_id], rank, reasons, is_sure) for member_id, rank, reasons, is_sure in mine]
        for learner, mine in zip(learners, chosen, strict=True)
    }


def _reasons(learner: WaitingLearner, member: Member, found: _Found, local: str) -> tuple[str, ...]:
    reasons = [found.reasons[rank] for rank in sorted(found.reasons)]
    if found.name is not None:
        reasons.append(found.name.words)
    elif found.is_named:
        reasons.append(_("but another name: reported as %(name)s", name=learner.name))
    if local:
        reasons.append(_("a card in Local %(number)s, where the report puts them", number=local))
    return tuple(reasons)


def _locals_said(session: Session, learners: Sequence[WaitingLearner]) -> list[list[tuple[int, str]]]:
    """For each learner, the locals that reports put them in: unit and number."""
    said = [[unit_key(part) for text in each.all("local") for part in re.split(r"[,;|/]", text)] for each in learners]
    keys = {key for mine in said for key in mine if key}
    if not keys:
        return [[] for _ in learners]
    units: dict[str, list[tuple[int, str]]] = {}
    for key, unit_id, number in session.execute(
        select(Unit.number_key, Unit.id, Unit.number).where(Unit.kind == UnitKind.LOCAL, Unit.number_key.in_(keys))
    ):
        units.setdefault(key, []).append((unit_id, number))
    return [[unit for key in mine for unit in units.get(key, ())] for mine in said]
