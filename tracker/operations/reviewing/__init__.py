"""Judging what members say they completed: one looks at a claim at a time, and nobody at their own.

- `locks`      who looks at a claim, for ten minutes
- `deciding`   accept, return, reject
- `confirming` accepting together what a provider's report confirms, and taking that back
- `granting`   a course counted once in place of another, with the reason
- `telling`    what the member reads of it
"""

from tracker.operations.reviewing.confirming import accept_confirmed, take_back_accepted
from tracker.operations.reviewing.deciding import decide_claim
from tracker.operations.reviewing.granting import GRANTED, grant_course
from tracker.operations.reviewing.locks import HELD_FOR, give_back, take_claim

__all__ = [
    "GRANTED",
    "HELD_FOR",
    "accept_confirmed",
    "decide_claim",
    "give_back",
    "grant_course",
    "take_back_accepted",
    "take_claim",
]
