"""Claims: courses that members logged themselves, what speaks for each, and what became of them.

- `waiting`    which of them wait for a person, the oldest first, by local, age, path and evidence
- `whole`      one claim with everything that is needed to judge it
- `doubles`    the same file or link behind somebody else's course
- `confirmed`  those that a provider's report confirms, though of another day
- `reasons`    why a claim is returned or rejected, in words
"""

from tracker.coverage.reviewing.confirmed import CONFIRMING_DAYS, Confirmed, Taken, confirmed_claims, taken_together
from tracker.coverage.reviewing.doubles import SameProof
from tracker.coverage.reviewing.reasons import REJECTING, RETURNING, reason_in_words
from tracker.coverage.reviewing.waiting import (
    MOST_COUNTED,
    Claim,
    Question,
    claims_page,
    claims_waiting,
    is_held,
    next_claim,
    unconfirmed,
    waiting_of,
)
from tracker.coverage.reviewing.whole import PastReview, WholeClaim, claim_of, reviews_of, whole_claim

__all__ = [
    "CONFIRMING_DAYS",
    "MOST_COUNTED",
    "REJECTING",
    "RETURNING",
    "Claim",
    "Confirmed",
    "PastReview",
    "Question",
    "SameProof",
    "Taken",
    "WholeClaim",
    "claim_of",
    "claims_page",
    "claims_waiting",
    "confirmed_claims",
    "is_held",
    "next_claim",
    "reason_in_words",
    "reviews_of",
    "taken_together",
    "unconfirmed",
    "waiting_of",
    "whole_claim",
]
