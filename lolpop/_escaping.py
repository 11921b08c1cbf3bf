"""Escaping characters that a terminal would obey, hide or reorder, in texts of data, settings and
libraries.
"""

from __future__ import annotations

import re

# Controls (C0 and C1, where the sequences of terminals begin), surrogates, separators of lines and
# paragraphs, and characters of format that are not seen: bidirectional marks, spaces without width, tags.
# Joiners and the soft hyphen stay: Persian and emoji are written with them, and they move nothing.
_UNSEEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ud800-\udfff\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0001-\U000e007f"
)
_IN_TEXT = re.compile(f"[{_UNSEEN}]")
_IN_LINE = re.compile(rf"[{_UNSEEN}\t\n]")


def escaped_text(text: str) -> str:
    """``text`` with characters that a terminal would obey or hide as escapes of JSON; lines and tabs stay."""
    return text if text.isascii() and text.isprintable() else _IN_TEXT.sub(_escape, text)


def escaped_line(text: str) -> str:
    """``text`` as one line."""
    return text if text.isascii() and text.isprintable() else _IN_LINE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    # The form of JSON, so that JSON that is written without escapes of its own stays JSON.
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
