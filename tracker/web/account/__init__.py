"""Signing in and out, and one's own sign-in.

- `door`       the blueprint, and how a session begins
- `signing_in` by a password; out; where each person starts
- `links`      by a link that is sent to one's own address
- `own`        the account page, and one's own password
- `choices`    light or dark, the language, which mails come
"""

from tracker.web.account import choices, links, own, signing_in
from tracker.web.account.door import account

__all__ = ["account", "choices", "links", "own", "signing_in"]
