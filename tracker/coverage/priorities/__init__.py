"""Where to train next.

- `order`     locals, crafts, or both, by AI exposure × people not covered
- `words`     how the order moves, and what an exposure stands on, in sentences
- `document`  the report as every form is made from it
"""

from __future__ import annotations

from tracker.coverage.priorities.document import chart_points, priorities_document
from tracker.coverage.priorities.order import By, CraftPart, Priorities, PriorityRow, crafts_on_no_card, priorities
from tracker.coverage.priorities.words import counted, exposure_words, findings, move_words

__all__ = [
    "By",
    "CraftPart",
    "Priorities",
    "PriorityRow",
    "chart_points",
    "counted",
    "crafts_on_no_card",
    "exposure_words",
    "findings",
    "move_words",
    "priorities",
    "priorities_document",
]
