"""Voiding: taking completions out of every figure, with the reason; the record of them stays.

- `one`     one completion of a member
- `asking`  which of many, as a form asks it
- `many`    many at once, which one person proposes and another confirms
"""

from tracker.web.staff.voiding import many, one

__all__ = ["many", "one"]
