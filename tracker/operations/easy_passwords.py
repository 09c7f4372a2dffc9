"""Which passwords are among the first that anyone would try.

A library's lists of the commonest leaked passwords, words and names are one half of it; but what is shipped grows old, and
knows nothing of a union. So a password is also taken apart: well-known words (spelt with digits for letters too), years,
runs of the keyboard and repetitions each count as one character, for that is all they cost whoever guesses. Too little must
not be left.
"""

from __future__ import annotations

import re

_LEAST = 5  # what must be left, in characters: about a word and something else that nobody would expect

# What people choose everywhere.
_WORDS = (
    "password passwort passwd pass motdepasse contrasena clave secret letmein welcome bienvenue bienvenido hello bonjour "
    "hola signin access admin administrator root user guest test testing default changeme change master temp demo sample "
    "qwerty azerty iloveyou jetaime teamo love lovely sunshine princess princesa dragon monkey shadow superman batman "
    "football baseball hockey soccer basketball summer winter spring autumn ete hiver verano invierno monday friday january "
    "december freedom liberty canada america quebec mexico michael jennifer jessica daniel thomas robert charlie jordan "
    "hunter tiger killer pepper ginger buster maggie bailey cookie flower chocolate computer internet google apple samsung "
    "starwars pokemon trustno whatever nothing money lucky angel jesus family mother father blessed"
)
# What people choose here.
_OURS = (
    "iatse union local solidarity solidarite solidaridad stagehand stage theatre theater film grip gaffer wardrobe lighting "
    "training trainer tracker upskill upskilling learning course linkedin member officer steward president education"
)
_RUNS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "azertyuiop", "qsdfghjklm"),
    *("qwertz", "1qaz2wsx3edc4rfv5tgb", "1q2w3e4r5t6y", "q1w2e3r4t5y6", "zaq1xsw2cde3"),
)
_SHORTEST_RUN = 3
_SPELT = str.maketrans("013457@$!€", "oleastasie")
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_REPEATED = re.compile(r"(.{1,12}?)\1+")
_PIECE = "\0"


def is_easy(password: str, email: str) -> bool:
    """Whether a password is a common one, or little is left of it once what anyone would try is taken out of it, their own
    address too."""
    text = password.casefold()
    return len(set(text)) < 4 or len(_left_of(text, _known_of(email))) < _LEAST or _is_common(text)


def _is_common(text: str) -> bool:
    """Whether it is one of the commonest passwords, or a common word or name: the library lists what is both only once."""
    # 15 MB that only a process needs in which somebody sets a password
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return any(text in each for each in FREQUENCY_LISTS.values())


def _known_of(email: str) -> list[str]:
    """The words to look for, the longest first: everybody's, ours, and the parts of the address that signs in."""
    own = [each for each in re.split(r"[\W_]+", email.casefold()) if len(each) >= _SHORTEST_RUN]
    whole = [email.casefold(), email.casefold().partition("@")[0]]
    words = {*_WORDS.split(), *_OURS.split(), *own, *(each for each in whole if len(each) >= _SHORTEST_RUN)}
    return sorted(words, key=len, reverse=True)


def _left_of(text: str, words: list[str]) -> str:
    """The text with each known piece as one sign, repetitions once, and what only separates left out."""
    spelt = text.translate(_SPELT)  # as long as the text
    for word in words:
        while (place := max(text.find(word), spelt.find(word))) >= 0:
            text, spelt = (each[:place] + _PIECE + each[place + len(word) :] for each in (text, spelt))
    for run in (*_RUNS, *(each[::-1] for each in _RUNS)):
        text = _without_runs(text, run)
    text = _YEAR.sub(_PIECE, text)
    text = "".join(each for each in text if each.isalnum() or each == _PIECE)
    return _REPEATED.sub(r"\1", text)


def _without_runs(text: str, run: str) -> str:
    """The text with every stretch of ``run`` of three signs or more as one sign."""
    kept, place = "", 0
    while place < len(text):
        length = _SHORTEST_RUN
        while length <= len(run) and text[place : place + length] in run and place + length <= len(text):
            length += 1
        length -= 1
        kept += text[place] if length < _SHORTEST_RUN else _PIECE
        place += 1 if length < _SHORTEST_RUN else length
    return kept
