"""An OpenID Connect provider: where it sends people to sign in, and what it says of who they are.

- `asking`    its documents and its token endpoint over HTTP, within limits
- `provider`  the way there, the way back, and whether what it signed is for us

Nothing here writes to the database.
"""

from tracker.intake.openid.asking import Limits, NoProvider
from tracker.intake.openid.provider import Claims, Discovery, Journey, NotSignedIn, Provider

__all__ = ["Claims", "Discovery", "Journey", "Limits", "NoProvider", "NotSignedIn", "Provider"]
