"""Voiding many completions at once: which they are, whose, and which figures would fall; and what was proposed so far.

- `question`   which completions, as a person asks for them, and as a proposal keeps it
- `preview`    what voiding them would do to today's figures
- `proposed`   the proposals that wait for a second person, and those that were decided
"""

from tracker.coverage.voiding.preview import Fall, VoidPreview, void_preview
from tracker.coverage.voiding.proposed import ProposalLine, proposal_line, proposals, proposals_waiting
from tracker.coverage.voiding.question import (
    MOST_VOIDED,
    VoidQuestion,
    count_of,
    matching,
    question_in_words,
    said_alike,
    voided_by,
)

__all__ = [
    "MOST_VOIDED",
    "Fall",
    "ProposalLine",
    "VoidPreview",
    "VoidQuestion",
    "count_of",
    "matching",
    "proposal_line",
    "proposals",
    "proposals_waiting",
    "question_in_words",
    "said_alike",
    "void_preview",
    "voided_by",
]
