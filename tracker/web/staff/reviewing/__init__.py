"""Claims: the queue, one at a time with all that is needed to judge it, and those that a provider's report confirms.

- `asking`    what an address asks of the queue, and the forms of a decision
- `queue`     the claims that wait, and the next of them
- `claim`     one claim: looked at, decided, or given back
- `together`  those that a provider's report confirms, accepted together
"""

from tracker.web.staff.reviewing import claim, queue, together

__all__ = ["claim", "queue", "together"]
