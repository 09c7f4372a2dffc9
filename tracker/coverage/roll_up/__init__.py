"""A week in a unit, in counts, as its officers are told it by mail.

- `reading` the counts
- `wording` in words, in the language that is spoken
"""

from tracker.coverage.roll_up.reading import PathWeek, UnitWeek, week_in
from tracker.coverage.roll_up.wording import roll_up_in_words

__all__ = ["PathWeek", "UnitWeek", "roll_up_in_words", "week_in"]
