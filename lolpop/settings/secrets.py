"""Keeping secrets out of whatever people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

__all__ = ["MASK", "holds_secret", "mask", "mask_urls"]

MASK = "**********"

_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s/]*@")


def mask_urls(text: str) -> str:
    """The text with the user part (name and password) of every URL in it masked."""
    return _USER.sub(rf"\g<scheme>{MASK}@", text) if "://" in text else text


def mask(value: Any) -> Any:
    """A value as people may read it: pydantic's secrets and the user part of URLs are masked."""
    from pydantic import SecretBytes, SecretStr

    if isinstance(value, str):
        return mask_urls(value)
    if isinstance(value, SecretStr | SecretBytes):
        return MASK
    if isinstance(value, Mapping):
        return {key: mask(child) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(child) for child in value]
    return value


def holds_secret(annotation: Any) -> bool:
    """Whether a value of this type is, or directly holds, a secret of pydantic's."""
    from pydantic import SecretBytes, SecretStr
    from pydantic.types import Secret

    if isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes | Secret):
        return True
    return any(holds_secret(argument) for argument in get_args(annotation))
