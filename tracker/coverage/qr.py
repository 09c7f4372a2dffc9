"""An address as a picture that a phone reads."""

from __future__ import annotations

import io

import segno

_BORDER = 4  # modules of white around it, as the standard asks


def qr_code(text: str) -> segno.QRCode:
    """The code itself. It can be read with a seventh of it gone, so a crease does no harm."""
    return segno.make_qr(text, error="m")


def qr_svg(text: str) -> bytes:
    """Black on white, whatever the page's colours are: else some phones do not read it."""
    out = io.BytesIO()
    qr_code(text).save(
        out, kind="svg", scale=4, border=_BORDER, dark="#000", light="#fff", xmldecl=False, svgclass=None, lineclass=None
    )
    return out.getvalue()


def qr_png(text: str) -> bytes:
    """The same, ten pixels a module: to be put on a badge or in a letter."""
    out = io.BytesIO()
    qr_code(text).save(out, kind="png", scale=10, border=_BORDER, dark="#000", light="#fff")
    return out.getvalue()
