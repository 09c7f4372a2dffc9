"""How much of a course a cell says was done: a percentage, a fraction, or a word."""

from __future__ import annotations

import re

from tracker.curriculum.keys import plain_text
from tracker.intake.cells import listed, shown

COMPLETE = ""  # what ``progress`` answers for a whole course

_NUMBER = re.compile(r"\+?([0-9]{1,9}(?:[.,][0-9]{1,12})?)\s*(%|percent|pour cent|por ciento|prozent)?", re.IGNORECASE)
_SIGN_FIRST = re.compile(r"%\s*([0-9]{1,9}(?:[.,][0-9]{1,12})?)")
_OUT_OF = re.compile(
    r"([0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*(?:/|of|sur|de|von)\s*([0-9]{1,9}(?:[.,][0-9]{1,9})?)", re.IGNORECASE
)
_NOT_A_WORD = re.compile(r"[\W_]+")
_MOST_KEPT = 10_000
_LONGEST = 60  # characters that a percentage, or a word for progress, may have

# English, French, Spanish and German, as ``plain_text`` writes them. A word that can mean either is left to a person.
_DONE = """
complete|completed|completion|completed successfully|successfully completed|completed achieved pass grade|finished|done
pass|passed|success|successful|yes|y|true|complet|complete|completee|termine|terminee|reussi|reussie|acheve|achevee|fini
finie|succes|oui|vrai|completo|completa|completado|completada|terminado|terminada|finalizado|finalizada|aprobado|aprobada
si|verdadero|abgeschlossen|bestanden|erfolgreich|beendet|ja|wahr
"""
_NOT_DONE = """
in progress|incomplete|not complete|not completed|uncompleted|unfinished|partially complete|started|not started|notstarted
inprogress|not attempted|not attempted yet|not yet started|never|no|n|false|fail|failed|not passed|failure|enrolled
registered|assigned|pending|overdue|past due|withdrawn|cancelled|canceled|dropped|no show
completed did not achieve pass grade|en cours|commence|commencee|non commence|non commencee|pas commence|incomplet
incomplete|non complete|non completee|echec|echoue|echouee|non termine|non terminee|non reussi|non reussie|inscrit
inscrite|en attente|en retard|annule|annulee|non|faux|en progreso|en curso|no iniciado|no iniciada|sin iniciar
no comenzado|no comenzada|iniciado|incompleto|incompleta|no completado|no completada|no terminado|pendiente|reprobado
reprobada|no aprobado|no aprobada|suspenso|inscrito|inscrita|cancelado|falso|in bearbeitung|begonnen|nicht begonnen
nicht abgeschlossen|nicht bestanden|offen|angemeldet|storniert|nein|falsch
"""


DONE = frozenset(listed(_DONE))
NOT_DONE = frozenset(listed(_NOT_DONE)) - DONE


class PercentColumn:
    """One column of progress. ``look`` at every cell before the first ``progress``: 1 may be a hundredth or the whole."""

    def __init__(self) -> None:
        self._has_sign = False
        self._highest = 0.0
        self._known: dict[str, str | None] = {}

    def look(self, text: str) -> None:
        """Take note of what a cell shows."""
        if text in self._known or len(text) > _LONGEST:
            return
        if len(self._known) < _MOST_KEPT:
            self._known[text] = None
        found = _parse(text)
        if found is not None:
            number, has_sign = found
            self._has_sign = self._has_sign or has_sign
            self._highest = max(self._highest, number)

    def begin(self) -> None:
        """Everything was looked at."""
        self._known.clear()

    @property
    def holds_fractions(self) -> bool:
        """Whether 1 is the whole: no cell says more, and none says per cent."""
        return self._highest <= 1 and not self._has_sign

    def progress(self, text: str) -> str | None:
        """``COMPLETE``, why the row is no completion, or None where the cell says nothing that can be read."""
        try:
            return self._known[text]
        except KeyError:
            found = self._progress(text)
            if len(self._known) < _MOST_KEPT and len(text) <= _LONGEST:
                self._known[text] = found
            return found

    def _progress(self, text: str) -> str | None:
        found = _parse(text)
        if found is None:
            return said_progress(text)
        number, has_sign = found
        if self.holds_fractions and not has_sign:
            number *= 100
        if number > 100:
            return None
        return COMPLETE if number == 100 else f"{min(number, 99.99):g} % of the course"


def said_progress(text: str) -> str | None:
    """What a word says: ``COMPLETE``, the word itself where it means less, None for one not known."""
    if len(text) > _LONGEST:
        return None
    word = _NOT_A_WORD.sub(" ", plain_text(text)).strip()
    if word in DONE:
        return COMPLETE
    return shown(text).lower() if word in NOT_DONE else None


def is_progress(text: str) -> bool:
    """Whether a cell could stand in a column of progress."""
    return _parse(text) is not None or said_progress(text) is not None


def _parse(text: str) -> tuple[float, bool] | None:
    """The number a cell holds, and whether it says that it is a percentage."""
    if len(text) > _LONGEST:
        return None
    if found := _NUMBER.fullmatch(text):
        return _float(found[1]), found[2] is not None
    if found := _SIGN_FIRST.fullmatch(text):
        return _float(found[1]), True
    if found := _OUT_OF.fullmatch(text):
        whole = _float(found[2])
        return (_float(found[1]) / whole * 100, True) if whole else None
    return None


def _float(text: str) -> float:
    return float(text.replace(",", "."))
