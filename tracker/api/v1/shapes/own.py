"""Whom a token speaks for."""

from __future__ import annotations

from typing import Literal

from tracker.api.v1.shapes.base import Id, Moment, Shape, UnitName, said


class HeldRole(Shape):
    """A role held today."""

    role: str = said("The role.", "local-lead")
    unit: UnitName | None = said("Where it is held; null: in the whole union.", None)


class Me(Shape):
    """Whom the token speaks for, and what it may do."""

    kind: Literal["person", "program"] = said("A person's own token, or a program's.", "person")
    name: str = said("The person's address, or the program's name.", "ben@example.org")
    scopes: list[str] = said("What the token may do.", ["read"])
    roles: list[HeldRole] = said("What its owner is today.", [{"role": "staff", "unit": None}])
    member_id: Id | None = said("Whose own record it reads; null where it is no member's.", None)
    expires_at: Moment | None = said("When the token ends; null for a program, whose tokens last an hour.", None)
