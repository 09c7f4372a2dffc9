"""Signing in and out, and one's own sign-in.

- `door`       the blueprint, and how a session begins
- `signing_in` by a password; out; where each person starts
- `links`      by a link that is sent to one's own address
- `codes`      the second page of it: a code of one's authenticator
- `provider`   by the provider that the settings name
- `second_factor`  one's own: set up, new recovery codes, taken away
- `own`        the account page, and one's own password
- `tokens`     for programs of one's own
- `choices`    light or dark, the language, which mails come
"""

from tracker.web.account import choices, codes, links, own, provider, second_factor, signing_in, tokens
from tracker.web.account.door import account

__all__ = ["account", "choices", "codes", "links", "own", "provider", "second_factor", "signing_in", "tokens"]
