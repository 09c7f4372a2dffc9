"""Answers travel packed: a page arrives on a phone in a wing with a fifth of its bytes.

A page that holds a secret and repeats what its address says could tell the secret by its packed length (the attack called
BREACH). So every packed page carries a name of random length in gzip's own header, as Django's pages do.
"""

from __future__ import annotations

import functools
import gzip
import io
import secrets

from flask import Flask, request
from werkzeug.wrappers import Response

from tracker.web.gate import FILES

_WORTH_IT = 1_000  # bytes: a shorter answer fits one packet as it is
_MOST = 8_000_000  # a longer one is a file on its way, and streams
_TEXTS = ("text/", "application/json", "application/javascript", "image/svg+xml")
_LONGEST_NAME = 100


def pack_on(app: Flask) -> None:
    """Pack every answer that gains by it, for browsers that can unpack."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if not (response.mimetype or "").startswith(_TEXTS):
        return response
    response.vary.add("Accept-Encoding")
    is_whole = response.status_code not in (204, 206, 304) and "Content-Range" not in response.headers
    if not is_whole or "Content-Encoding" in response.headers or not request.accept_encodings["gzip"] > 0:
        return response
    if response.is_streamed and request.endpoint not in FILES:
        return response
    if request.method == "HEAD" or not _WORTH_IT <= (response.content_length or 0) <= _MOST:
        return response
    response.direct_passthrough = False
    plain = response.get_data()
    is_file = request.endpoint in FILES
    response.set_data(_packed_file(plain) if is_file else _packed(plain, 5))
    response.headers["Content-Encoding"] = "gzip"
    etag, _is_weak = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)  # the same text in other bytes
    return response


@functools.lru_cache(maxsize=64)
def _packed_file(plain: bytes) -> bytes:
    return _packed(plain, 9)


def _packed(plain: bytes, level: int) -> bytes:
    written = io.BytesIO()
    name = "a" * secrets.randbelow(_LONGEST_NAME)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=level, fileobj=written, mtime=0) as packer:
        packer.write(plain)
    return written.getvalue()
