"""The words that stand in dates: months, weekdays, what joins them, and the zones of North America and Europe.

English, French, Spanish and German, without accents, as ``curriculum.keys.plain_text`` writes them. They do not clash:
*mar* is a month unless another month follows, and then it is the French Tuesday.
"""

from __future__ import annotations

from tracker.intake.cells import listed

_MONTHS = """
january jan janvier janv enero ene januar
february feb fevrier fevr fev febrero februar
march mar mars marzo marz maerz mrz
april apr avril avr abril abr
may mai mayo
june jun juin junio juni
july jul juillet juill juil julio juli
august aug aout aou agosto ago
september sep sept septembre septiembre setiembre set
october oct octobre octubre oktober okt
november nov novembre noviembre
december dec decembre diciembre dic dezember dez
"""
MONTHS = {name: number for number, names in enumerate(_MONTHS.split("\n")[1:-1], start=1) for name in names.split()}

_WEEKDAYS = """
monday mon tuesday tue tues wednesday wed weds thursday thu thur thurs friday fri saturday sat sunday sun
lundi lun mardi mar mercredi mer jeudi jeu vendredi ven samedi sam dimanche dim
lunes martes miercoles mie jueves jue viernes vie sabado sab domingo dom
montag mo dienstag di mittwoch mi donnerstag do freitag fr samstag sa sonntag so
"""
WEEKDAYS = frozenset(_WEEKDAYS.split())

_IN_BETWEEN = "th st nd rd er re o a at on of the le la el las de del den der um am uhr"
IN_BETWEEN = frozenset(_IN_BETWEEN.split())

# Hours ahead of UTC; or the place whose clocks the letters follow, where they name no half of the year.
_AHEAD = """
0 Z UTC GMT UT WET|1 WEST BST CET MEZ|2 CEST MESZ EET|3 EEST
-2.5 NDT HAT|-3 ADT HAA|-3.5 NST HNT|-4 AST HNA EDT HAE|-5 EST HNE CDT HAC|-6 CST HNC MDT HAR
-7 MST HNR PDT HAP|-8 PST HNP AKDT|-9 AKST|-10 HST
"""
ZONES: dict[str, float | str] = {
    name: float(hours) for hours, *names in map(str.split, listed(_AHEAD)) for name in names
} | {
    **dict.fromkeys(("ET", "EST/EDT"), "America/New_York"),
    **dict.fromkeys(("CT", "CST/CDT"), "America/Chicago"),
    **dict.fromkeys(("MT", "MST/MDT"), "America/Denver"),
    **dict.fromkeys(("PT", "PST/PDT"), "America/Los_Angeles"),
}
