"""The operations of the API, a file per noun. To load one is to put its operations at the door."""

from tracker.api.v1.views import curriculum, members, own, reports, sending, units, work

__all__ = ["curriculum", "members", "own", "reports", "sending", "units", "work"]
