"""What other programs call our fields: English, French, Spanish and some German, the likeliest first.

Written as ``plain_heading`` writes a heading: without accents, brackets and punctuation, in small letters.
"""

from __future__ import annotations

import re

from tracker.curriculum.keys import plain_text
from tracker.intake.cells import listed

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER_SIGN = re.compile(r"\bn[°º]\s?|№", re.IGNORECASE)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_LONGEST = 200  # characters of a heading that are looked at
_NO_WORD = re.compile(r"[\W_]+")


def plain_heading(header: str) -> str:
    """A heading without what spelling adds to it: "Completion Date (UTC)" and "completion_date" are one."""
    header = header[:_LONGEST]
    bare = _BRACKETED.sub(" ", _NUMBER_SIGN.sub("no ", header.replace("%", " percent "))).strip() or header
    return _NO_WORD.sub(" ", plain_text(_CAMEL.sub(" ", bare))).strip()


_PERSON = {
    "email": """
        email|e mail|email address|e mail address|primary email|primary email address|user email|learner email
        work email|student email|employee email|participant email|mail|mail address|courriel|adresse courriel
        adresse e mail|adresse mail|adresse electronique|correo electronico|correo|direccion de correo
        direccion de correo electronico|e mail adresse
    """,
    "name": """
        name|full name|learner name|user name|student name|employee name|participant name|member name|display name
        learner|user|student|employee|participant|attendee|trainee|nom complet|nom et prenom|prenom et nom
        nom de l apprenant|apprenant|participante|alumno|nombre completo|nombre y apellidos|apellidos y nombre
        estudiante|teilnehmer|teilnehmername|benutzer
    """,
    "first_name": """
        first name|firstname|given name|forename|first|preferred first name|user first name|learner first name|prenom
        nombre|nombres|vorname
    """,
    "last_name": """
        last name|lastname|surname|family name|last|preferred last name|user last name|learner last name
        nom de famille|nom|apellido|apellidos|nachname
    """,
}
_NUMBER = """
    member number|member no|member num|member id|membership number|membership no|membership id|union number|union id
    union member number|card number|card no|union card number|iatse number|numero de membre|no de membre|numero membre
    no membre|numero de carte|no de carte|numero de miembro|numero de afiliado|numero de socio|mitgliedsnummer
"""
_LEARNER_ID = """
    learner id|unique user id|user id|userid|external user id|username|login|login name|employee id|employee number
    employee no|employment number|student id|student number|person id|person number|sso id|external id of learner
    id number|identifiant|id utilisateur|identifiant utilisateur|nom d utilisateur|numero d employe|no d employe
    matricule|usuario|id de usuario|nombre de usuario|id de empleado|numero de empleado|personalnummer|benutzername
"""
_LOCAL = """
    local|local number|local no|local union|local union number|union local|member local|iatse local|section locale
    numero de local|no de local|seccion local|seccion|lodge|chapter
"""

SYNONYMS: dict[str, dict[str, str]] = {
    "completions": {
        "member_number": _NUMBER,
        **_PERSON,
        "learner_id": _LEARNER_ID,
        "local": _LOCAL,
        "course": """
            course|course title|course name|course full name|content name|content title|content|learning title
            training title|training name|training|activity name|activity title|activity|learning item|item title
            item name|item|module name|module title|module|class name|class title|class|lesson|program name|program
            object title|title|cours|titre du cours|nom du cours|formation|titre de la formation|nom de la formation
            intitule|intitule du cours|intitule de la formation|activite|module de formation|titre|curso
            nombre del curso|titulo del curso|actividad|nombre de la actividad|formacion|capacitacion|titulo|kurs
            kursname|kurstitel|schulung|schulungstitel
        """,
        "course_id": """
            course id|course code|course number|course no|course key|content id|activity id|training id|training code
            learning object id|object id|item id|module id|class code|code du cours|id du cours|no du cours|sigle
            code de formation|codigo del curso|id del curso|kurs id|kursnummer|kurscode
        """,
        "completed_on": """
            completed on|completed at|completion date|date completed|completed date|date of completion
            course completion date|completion time|completed time|completion timestamp|completed timestamp
            date time completed|finished on|finished at|finish date|date finished|completed|transcript completed date
            completion|date passed|passed on|training date|class date|end date|date de fin|date d achevement
            date de completion|date de reussite|termine le|complete le|reussi le|acheve le|date d obtention
            fecha de finalizacion|fecha de terminacion|fecha de termino|fecha de completado|completado el
            finalizado el|terminado el|fecha fin|abschlussdatum|abgeschlossen am|beendet am|date|fecha|datum
        """,
        "percent": """
            percent|percent complete|percent completed|complete percent|completion percent|completion percentage
            progress|progress percent|course progress|completion status|course status|training status
            transcript status|learning status|progress status|status|completion state|state|result|outcome|pass fail
            passed|complete|completed|completion|registration completion|avancement|pourcentage|progression|statut
            etat|resultat|progreso|porcentaje|avance|estado|resultado|fortschritt|status des kurses|ergebnis
        """,
        "assurance": "assurance",
        "evidence_url": """
            evidence url|evidence link|evidence|certificate url|certificate link|credential url|lien du certificat
            url del certificado
        """,
        "external_id": """
            external id|completion id|record id|transcript id|certificate id|certificate number|certificate no
            credential id|numero de certificat|numero de certificado
        """,
    },
    "roster": {
        "member_number": f"{_NUMBER}|number|no|card",
        **_PERSON,
        "local": _LOCAL,
        "craft": """
            craft|craft classification|trade|occupation|classification|job classification|department|metier
            corps de metier|oficio|gremio|beruf
        """,
        "status": """
            status|member status|membership status|card status|standing|member standing|statut|statut du membre|etat
            estado|estatus
        """,
        "kind": "kind|member type|membership type|type of member|type|type de membre|tipo de miembro|tipo",
        "from_on": """
            from on|from|date initiated|initiation date|initiated|initiated on|join date|date joined|joined|joined on
            joined date|member since|membership start date|admission date|date admitted|start date|date d adhesion
            date d admission|membre depuis|date d initiation|fecha de ingreso|fecha de alta|fecha de afiliacion
            miembro desde|eintrittsdatum
        """,
        "until_on": """
            until on|until|end date|membership end date|termination date|date terminated|terminated|date left|left on
            date de fin|date de depart|fecha de baja|fecha fin|austrittsdatum
        """,
        "home": "home|is home|home member",
        "home_local": """
            home local|home local number|home local no|parent local|home union|local d attache
            section locale d origine|local de origen
        """,
    },
    "accounts": {
        "member_number": _NUMBER,
        **_PERSON,
        "learner_id": _LEARNER_ID,
        "status": """
            status|license status|licence status|license english status|license|licence|account status|user status
            state|active|is active|enabled|statut|statut du compte|statut de la licence|licence active|etat|actif
            estado|activo|licencia
        """,
        "invited_on": """
            invited on|invited at|invited|date invited|invitation date|invitation sent|invitation sent on|invite date
            invite sent|invite sent on|date d invitation|invite le|fecha de invitacion|invitado el
        """,
        "activated_on": """
            activated on|activated at|activated|date activated|activation date|license activated|license activated on
            activation timestamp|first login|first login date|first sign in|first signed in|date d activation
            active le|premiere connexion|fecha de activacion|activado el|primer acceso
        """,
    },
}

# Words that turn a heading into another thing's: the manager's e-mail, the day it was begun or is due.
_FOREIGN_WORDS = """
manager managers supervisor instructor trainer teacher assessor approver assigned assignor sponsor parent company
employer organization organisation provider vendor secondary alternate alternative other start started begin began
begun enrolled enrollment enrolment registered due deadline expiry expiration expires expired valid until birth born
created updated modified last viewed accessed launch launched first job position work hire hired hours duration
minutes time spent score grade points gestionnaire superviseur formateur debut inscription echeance expiration
naissance heures duree note jefe instructor inicio inscripcion vencimiento nacimiento horas duracion nota
"""
FOREIGN_WORDS = frozenset(_FOREIGN_WORDS.split())
_SCORES = """
score|grade|final score|final grade|score percent|score percentage|grade percent|score in percent|note|note finale
nota|calificacion|punktzahl
"""
SCORES = frozenset(listed(_SCORES))
