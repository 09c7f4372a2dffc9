"""What a simulation finds, in shapes that a page, a table and a file are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from tracker.coverage.derivation import World
from tracker.curriculum.paths import ChangePolicy
from tracker.curriculum.words import Assurance


@dataclass(frozen=True)
class TriedCatalogue:
    """The curriculum as it is, and as a file would make it under each change policy for its new versions."""

    before: World
    after: Mapping[ChangePolicy, World]
    stated: Mapping[int, ChangePolicy | None]  # each path with a new version → what the file says of those already asked
    targets: Mapping[int, float | None]  # each path → its target, as the file has it
    titles: Mapping[int, tuple[str, str]]  # each path → its code and title, as the file has them
    changes: list[str]  # what applying the file says
    adds_courses: bool  # completions that wait for a course may then find it
    force_id: int  # the applied text that it was compared with


class LocalChange(NamedTuple):
    """One local's figure on one path and day, before and after."""

    unit_id: int
    number: str
    title: str
    in_scope: int
    before: int
    after: int

    def is_below(self, target: float | None) -> bool:
        """Whether the local meets the target before and no longer after."""
        return (
            target is not None and bool(self.in_scope) and self.after / self.in_scope < target <= self.before / self.in_scope
        )


@dataclass
class Outcome:
    """What one change policy does to those assigned a path, told on one day.

    Everyone counts once. ``lost`` are complete without the change and not with it, ``gained`` the other way round; ``kept``
    stay complete under this policy and would not if all had to move. ``in_scope``, ``before`` and ``after`` are the union's
    figure.
    """

    policy: ChangePolicy
    day: date
    assigned: int = 0
    lost: int = 0
    lost_in_scope: int = 0
    gained: int = 0
    gained_in_scope: int = 0
    kept: int = 0
    kept_in_scope: int = 0
    in_scope: int = 0
    before: int = 0
    after: int = 0
    locals: list[LocalChange] = field(default_factory=list)  # those whose figure changes, most people lost first

    def below(self, target: float | None) -> list[LocalChange]:
        """The locals that fall below a target."""
        return [each for each in self.locals if each.is_below(target)]


@dataclass
class PathChange:
    """A path with a new version. ``stated`` is what the file says of those already asked; None: nothing yet."""

    path_id: int
    code: str
    title: str
    version_before: int
    version_after: int
    first_day: date
    grace_day: date
    target: float | None
    stated: ChangePolicy | None
    outcomes: list[Outcome]

    @property
    def days(self) -> tuple[date, ...]:
        """The days on which it is told: the version's first, and the day of grace."""
        return (self.first_day,) if self.first_day == self.grace_day else (self.first_day, self.grace_day)

    def outcome(self, policy: ChangePolicy, day: date) -> Outcome:
        return next(each for each in self.outcomes if each.policy is policy and each.day == day)


@dataclass
class Edited:
    """A path of the same version whose standings change because a course's worth does: under every policy alike, today."""

    path_id: int
    code: str
    title: str
    gained: int = 0
    lost: int = 0
    other: int = 0  # begun or not, or complete at another floor


@dataclass
class Simulation:
    """What would happen, whole. ``force_id`` is the applied text it was compared with, ``members`` how many were derived."""

    today: date
    made_at: datetime
    floor: Assurance
    force_id: int
    members: int
    changes: list[str]
    adds_courses: bool
    paths: list[PathChange]
    edited: list[Edited]

    def as_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self) | {
            "today": self.today.isoformat(),
            "made_at": self.made_at.isoformat(),
            "floor": self.floor.word,
            "paths": [_path_json(each) for each in self.paths],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Simulation:
        """What :meth:`as_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is of another make.
        """
        return cls(
            **{
                **data,
                "today": date.fromisoformat(data["today"]),
                "made_at": datetime.fromisoformat(data["made_at"]),
                "floor": Assurance.from_word(data["floor"]),
                "paths": [_path_of(each) for each in data["paths"]],
                "edited": [Edited(**each) for each in data["edited"]],
            }
        )


class Group(NamedTuple):
    """Whom a count is made of: ``who`` is "lost", "gained" or "kept"."""

    path_id: int
    policy: ChangePolicy
    day: date
    who: str

    @property
    def key(self) -> str:
        return f"{self.path_id} {self.policy.value} {self.day.isoformat()} {self.who}"


Members = Mapping[str, Sequence[int]]  # by a group's key


def _path_json(path: PathChange) -> dict[str, Any]:
    return asdict(path) | {
        "first_day": path.first_day.isoformat(),
        "grace_day": path.grace_day.isoformat(),
        "outcomes": [asdict(each) | {"day": each.day.isoformat()} for each in path.outcomes],
    }


def _path_of(data: Mapping[str, Any]) -> PathChange:
    return PathChange(
        **{
            **data,
            "first_day": date.fromisoformat(data["first_day"]),
            "grace_day": date.fromisoformat(data["grace_day"]),
            "stated": ChangePolicy(data["stated"]) if data["stated"] else None,
            "outcomes": [_outcome_of(each) for each in data["outcomes"]],
        }
    )


def _outcome_of(data: Mapping[str, Any]) -> Outcome:
    return Outcome(
        **{
            **data,
            "policy": ChangePolicy(data["policy"]),
            "day": date.fromisoformat(data["day"]),
            "locals": [LocalChange(*each) for each in data["locals"]],
        }
    )
