"""Who does a write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """Who acts, and as what: every write takes one, and the audit trail keeps it.

    ``role`` is the one the act was done through, as it was held at that time; ``name`` is for people to read.
    """

    user_id: int | None  # None: the operator, or someone not signed in
    role: str
    name: str


OPERATOR = Actor(None, "operator", "the operator")
ANYONE = Actor(None, "anonymous", "someone not signed in")
