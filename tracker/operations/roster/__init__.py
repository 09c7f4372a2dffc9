"""The roster: who is a member, what they are known by, and their cards.

- `stage`      the rows of a file, laid out by member in a private store
- `cards`      one member, and what rows make of their name and cards
- `known`      what the database knows of the members
- `holding`    changes that could give an account away
- `brake`      too many people would leave
- `book`       rows taken, by the thousand members, and changes counted
- `writing`    the changes into the tables
- `settling`   which waiting completions it would settle
- `recording`  a whole roster: preview it, record it
"""

from tracker.operations.roster.brake import Brake
from tracker.operations.roster.recorded import Full, RosterRecorded
from tracker.operations.roster.recording import StagedRoster, record_roster, staged_roster

__all__ = [
    "Brake",
    "Full",
    "RosterRecorded",
    "StagedRoster",
    "record_roster",
    "staged_roster",
]
