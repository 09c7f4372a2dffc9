"""The matching desk: people say what reports name and nobody here knows. Once said, it is remembered.

- `learners`  who a reported learner is
- `courses`   which course a reported one is
- `decided`   what was said, and taking it back
- `sharing`   what these pages share
"""

from tracker.web.staff.desk import courses, decided, learners

__all__ = ["courses", "decided", "learners"]
