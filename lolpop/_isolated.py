"""Validation of settings classes without the sources that they read themselves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def isolated(adapter: TypeAdapter[Any]) -> TypeAdapter[Any]:
    """The adapter, which validates ``BaseSettings`` classes by the given values alone.

    Such a class reads the environment when it is made; inside of lolpop its sources are lolpop's.
    """
    settings = sys.modules.get("pydantic_settings")
    if settings is None:
        return adapter  # without pydantic-settings there is no such class
    schema = _without_constructors(adapter.core_schema, settings.BaseSettings)
    if schema is not adapter.core_schema:
        from pydantic_core import SchemaValidator

        # A prebuilt validator of the class would call its constructor.
        adapter.validator = SchemaValidator(schema, _use_prebuilt=False)
    return adapter


def _without_constructors(schema: Any, base: type) -> Any:
    """The schema in which models of ``base`` are made without their constructors, if there are any."""
    if isinstance(schema, dict):
        changed = {
            key: other
            for key, value in schema.items()
            if isinstance(value, dict | list) and (other := _without_constructors(value, base)) is not value
        }
        if schema.get("type") == "model" and schema.get("custom_init") and issubclass(schema["cls"], base):
            changed["custom_init"] = False
        return {**schema, **changed} if changed else schema
    if isinstance(schema, list):
        children = [_without_constructors(child, base) for child in schema]
        return schema if all(map(_is_same, children, schema)) else children
    return schema


def _is_same(one: Any, other: Any) -> bool:
    return one is other
