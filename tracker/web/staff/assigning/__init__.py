"""Asking many for a path: say whom, see what it would do, then do it. And what came of it.

- `forms`    what a person says, and whom it means
- `asking`   the sentence, its preview, and doing it
- `made`     the rules there are; ending one, and taking one back
- `by_name`  what one member is asked by name
- `due`      due days that could not be met
"""

from tracker.web.staff.assigning import asking, by_name, due, made

__all__ = ["asking", "by_name", "due", "made"]
