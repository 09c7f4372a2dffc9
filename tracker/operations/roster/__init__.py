"""The roster: who is a member, what they are known by, and their cards."""

from tracker.operations.roster.recording import RosterRecorded, record_roster

__all__ = ["RosterRecorded", "record_roster"]
