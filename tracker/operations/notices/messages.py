"""A notice as a mail: to exactly one address, as text and as a simple page of the same words."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from typing import NamedTuple

from markupsafe import Markup, escape

from tracker.language import LANGUAGES, _, speaking
from tracker.models import Notice
from tracker.operations.refused import Refused

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")


_PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="{tag}">\n<head>\n<meta charset="utf-8">\n<title>{subject}</title>\n</head>\n'
    '<body>\n<h1 dir="auto">{subject}</h1>\n{parts}\n</body>\n</html>\n'
)


class Letter(NamedTuple):
    """What is sent. In ``body`` a blank line ends a paragraph, "# " begins a heading, and "- " a line of a list."""

    address: str
    subject: str
    body: str
    language: str | None = None
    stop_url: str = ""  # opened by its reader, or told by their program, ends mails of this kind; "" where they cannot be


def letter_of(notice: Notice, stop_url: str = "") -> Letter:
    """A notice as a letter."""
    return Letter(notice.address, notice.subject, notice.body, notice.language, stop_url)


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """A letter as a mail to exactly one address.

    Raises:
        Refused: ``impossible_address``: nothing that a mail could be sent to, or more than one.
    """
    message = EmailMessage()
    try:
        message["From"] = Address(addr_spec=sender) if "<" not in sender else sender
        message["To"] = Address(addr_spec=letter.address)
        message["Subject"] = letter.subject
    except (ValueError, MessageError, IndexError):
        words = _("%(address)s is no address that a mail can be sent to.", address=repr(letter.address))
        raise Refused("impossible_address", words) from None
    message["Auto-Submitted"] = "auto-generated"  # no holiday reply, please
    spoken = next((each for each in LANGUAGES if each.code == letter.language), LANGUAGES[0])
    if letter.stop_url:
        message["List-Unsubscribe"] = f"<{letter.stop_url}>"
        if letter.stop_url.startswith("https:"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    with speaking(letter.language):
        text = letter.body.rstrip("\n") + "\n"
        if letter.stop_url:
            text += f"\n-- \n{_stopping()}\n{letter.stop_url}\n"
        page = _page(letter, spoken.tag)
    message.set_content(_plain(text))
    message.add_alternative(page, subtype="html")
    message["Content-Language"] = spoken.tag  # last: what begins so moves into the parts as they are made
    return message


def _stopping() -> str:
    return _("To get no more mails of this kind, open this page:")


def _plain(text: str) -> str:
    """The text as it is read where nothing is drawn: a heading stands on its own line, underlined."""
    return re.sub(r"^# (.+)$", lambda found: f"{found[1]}\n{'-' * min(len(found[1]), 60)}", text, flags=re.MULTILINE)


def _page(letter: Letter, tag: str) -> str:
    """The same words as a page without any style, image or outside request: read in the reader's own type and colours."""
    parts = [_block(block) for block in re.split(r"\n\s*\n", letter.body.strip("\n"))]
    if letter.stop_url:
        link = Markup('<a href="{}">{}</a>').format(letter.stop_url, _("Get no more mails of this kind"))
        parts.append(Markup("<hr>\n<p>{}</p>").format(link))
    return str(_PAGE.format(tag=tag, subject=letter.subject, parts=Markup("\n").join(parts)))


def _block(block: str) -> Markup:
    """One paragraph, heading or list."""
    drawn: list[Markup] = []
    listed: list[Markup] = []
    words: list[str] = []

    def close() -> None:
        if words:
            drawn.append(Markup('<p dir="auto">{}</p>').format(Markup("<br>\n").join(_linked(each) for each in words)))
            words.clear()
        if listed:
            drawn.append(Markup("<ul>\n{}\n</ul>").format(Markup("\n").join(listed)))
            listed.clear()

    for line in block.splitlines():
        if line.startswith("# "):
            close()
            drawn.append(Markup('<h2 dir="auto">{}</h2>').format(line[2:]))
        elif line.startswith("- "):
            if words:
                close()
            listed.append(Markup('<li dir="auto">{}</li>').format(_linked(line[2:])))
        elif listed and line.startswith("  "):
            listed[-1] = listed[-1][: -len("</li>")] + Markup("<br>\n{}</li>").format(_linked(line.strip()))
        else:
            if listed:
                close()
            words.append(line)
    close()
    return Markup("\n").join(drawn)


def _linked(line: str) -> Markup:
    """A line with its addresses as links."""
    drawn, end = Markup(), 0
    for found in _ADDRESS.finditer(line):
        drawn += escape(line[end : found.start()]) + Markup('<a href="{0}">{0}</a>').format(found[0])
        end = found.end()
    return drawn + escape(line[end:])
