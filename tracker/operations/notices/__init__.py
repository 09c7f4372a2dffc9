"""Mail to be sent: a notice is kept with the act that it tells of and sent later, so that no act waits for a mail server.

- `keeping`     a notice, and what a member is told at once
- `recipients`  whose address, in which language, and to whom nothing is sent
- `sending`     what waits, who has it, and what became of it
- `messages`    a notice as a mail
- `stopping`    who wants no mails of a kind
"""

from tracker.operations.notices.keeping import notify, tell_member
from tracker.operations.notices.recipients import Recipient, recipient_of

__all__ = ["Recipient", "notify", "recipient_of", "tell_member"]
