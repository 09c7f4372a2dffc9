"""The roster: who is a member, what they are known by, and their cards."""

from tracker.operations.roster.book import name_key
from tracker.operations.roster.recording import RosterRecorded, record_roster

__all__ = ["RosterRecorded", "name_key", "record_roster"]
