"""Keeping secrets out of whatever people read."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

__all__ = ["MASK", "holds_secret", "mapped", "mask", "mask_urls", "secrets_of"]

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


def mapped(value: Any, text: Callable[[str], str]) -> Any:
    """A value of JSON's types with ``text`` applied to every text in it."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {key: mapped(child, text) for key, child in value.items()}
    if isinstance(value, list):
        return [mapped(child, text) for child in value]
    return value


def secrets_of(value: Any) -> Iterator[str]:
    """The texts that pydantic's secrets keep, anywhere in a value."""
    from pydantic import BaseModel
    from pydantic.types import Secret, SecretBytes, SecretStr

    if isinstance(value, SecretStr | SecretBytes | Secret):
        secret = value.get_secret_value()
        yield secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)
    elif isinstance(value, BaseModel):
        yield from secrets_of(dict(value))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from secrets_of([getattr(value, field.name, None) for field in dataclasses.fields(value)])
    elif isinstance(value, Mapping):
        for child in value.values():
            yield from secrets_of(child)
    elif isinstance(value, list | tuple | set | frozenset):
        for child in value:
            yield from secrets_of(child)


def holds_secret(annotation: Any) -> bool:
    """Whether a value of this type is, or directly holds, a secret of pydantic's."""
    from pydantic import SecretBytes, SecretStr
    from pydantic.types import Secret

    if isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes | Secret):
        return True
    return any(holds_secret(argument) for argument in get_args(annotation))
