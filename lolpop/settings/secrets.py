"""Masking secrets in values that people read."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, is_typeddict

from lolpop._urls import MASK, mask_urls, url_secrets
from lolpop.annotations import hints_of

__all__ = ["MASK", "holds_secret", "map_strings", "mask", "mask_urls", "secrets_of"]


def mask(value: Any) -> Any:
    """A value as people may read it: pydantic's secrets, and the secrets in URLs, are masked."""
    if isinstance(value, str):
        return mask_urls(value)
    if _is_secret_type(type(value)):
        return MASK
    if isinstance(value, Mapping):
        return {key: mask(child) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(child) for child in value]
    return mask_urls(str(value)) if _is_url(value) else value


def map_strings(value: Any, text: Callable[[str], str]) -> Any:
    """A value of JSON's types with ``text`` applied to every text in it."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {key: map_strings(child, text) for key, child in value.items()}
    if isinstance(value, list):
        return [map_strings(child, text) for child in value]
    return value


def secrets_of(value: Any) -> Iterator[str]:
    """The secrets in a value, of pydantic's types and of URLs, at any depth."""
    from pydantic import BaseModel

    if isinstance(value, str):
        yield from url_secrets(value)
    elif _is_secret_type(type(value)):
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
    elif _is_url(value):
        yield from url_secrets(str(value))


def holds_secret(annotation: Any) -> bool:
    """Whether a value of this type is, or holds at any depth, a secret of pydantic's."""
    return _holds_secret(annotation, set())


def _holds_secret(annotation: Any, seen: set[Any]) -> bool:
    if isinstance(annotation, type):
        if annotation in seen:  # a model may hold others of its own kind
            return False
        seen.add(annotation)
        if _is_secret_type(annotation):
            return True
        if any(_holds_secret(field_type, seen) for field_type in _field_types(annotation)):
            return True
    return any(_holds_secret(argument, seen) for argument in get_args(annotation))


def _field_types(annotation: type) -> Iterator[Any]:
    from pydantic import BaseModel

    if issubclass(annotation, BaseModel):
        yield from (field.annotation for field in annotation.model_fields.values())
    elif dataclasses.is_dataclass(annotation) or is_typeddict(annotation):
        yield from hints_of(annotation).values()


def _is_secret_type(annotation: type) -> bool:
    return issubclass(annotation, _secret_types())


@functools.cache
def _secret_types() -> tuple[type, ...]:
    from pydantic.types import Secret, SecretBytes, SecretStr

    return SecretStr, SecretBytes, Secret


def _is_url(value: object) -> bool:
    # Pydantic's types of URLs have no public base.
    return callable(getattr(value, "unicode_string", None))
