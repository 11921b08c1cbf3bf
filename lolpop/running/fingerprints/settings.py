"""Settings by their content, and the code that they name."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

from lolpop.data.content import Opaque, digest_of_value
from lolpop.errors import LolpopError
from lolpop.settings.secrets import secrets_of

__all__ = ["named_code", "setting_digest"]


def setting_digest(value: Any, path: str, *, is_secret: bool) -> str | None:
    """The digest of the setting at ``path``; None if its content cannot be determined.

    That of a secret takes long to compute, so that nobody finds the secret by trying.
    """
    if isinstance(value, FunctionType | type):
        return f"{value.__module__}:{value.__qualname__}"
    secrets = tuple(secrets_of(value))
    try:
        digest = digest_of_value(value)
    except Opaque:
        if not secrets:
            return None
        digest = ""  # a secret of pydantic's is what it keeps
    return _slow_digest(repr((digest, secrets)), path) if is_secret or secrets else digest


def named_code(value: Any, folder: Path) -> list[Any]:
    """The code that the texts in the value of a setting name."""
    return [code for text in _texts(value) if (code := _named_code(text, folder)) is not None]


def _named_code(text: str, folder: Path) -> Any:
    """What a setting such as ``package.module:function`` or ``file.py:function`` names; None if nothing."""
    from lolpop.components.user_code import load_object, names_object

    if not names_object(text) or "://" in text or any(letter.isspace() for letter in text):
        return None
    try:
        return load_object(text, folder)
    except LolpopError:
        return None  # it is the name of something else


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _texts(child)
    elif isinstance(value, list | tuple | set | frozenset):
        for child in value:
            yield from _texts(child)


@functools.cache
def _slow_digest(text: str, path: str) -> str:
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(content, salt=path.encode(), n=2**14, r=8, p=1, dklen=32).hex()
