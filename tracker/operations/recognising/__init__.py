"""What a person says of a learner or a course that reports name and nobody here knows: said once, remembered, taken back."""

from tracker.operations.recognising.courses import (
    CourseMapped,
    forget_course,
    ignore_course,
    map_course,
)
from tracker.operations.recognising.forgetting import Forgotten, forget_learner
from tracker.operations.recognising.learners import Recognised, recognise_learner
from tracker.operations.recognising.strangers import set_learner_aside, take_learner_back

__all__ = [
    "CourseMapped",
    "Forgotten",
    "Recognised",
    "forget_course",
    "forget_learner",
    "ignore_course",
    "map_course",
    "recognise_learner",
    "set_learner_aside",
    "take_learner_back",
]
