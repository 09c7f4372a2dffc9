"""xAPI statements: JSON in, what each means out.

- `shape`    what a body must hold to be taken at all, with every fault by statement and field
- `meaning`  whether a statement reports a completion: whose, of what, on which day
"""

from tracker.intake.xapi.meaning import meaning_of
from tracker.intake.xapi.shape import MOST_STATEMENTS, read_statements

__all__ = ["MOST_STATEMENTS", "meaning_of", "read_statements"]
