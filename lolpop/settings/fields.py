"""The keys that a type of settings declares inside of it, and their types."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

from lolpop.annotations import class_of, hints_of, is_typed_dict, value_types
from lolpop.settings.nodes import SettingPath

__all__ = ["child_type", "declared_keys", "fields_of", "takes_extra", "transforms_input", "types_at"]


def declared_keys(annotation: Any, path: SettingPath) -> Iterator[str]:
    """The keys that a type declares at ``path`` inside it; none where it is a free-form mapping."""
    for member in types_at(annotation, path):
        yield from fields_of(member) or ()


def types_at(annotation: Any, path: SettingPath) -> list[Any]:
    """The types that are possible at ``path`` inside a type."""
    types = [annotation]
    for step in path:
        types = [child for owner in types for child in _child_types(owner, step)]
    return [member for owner in types for member in _members(owner)]


def child_type(annotation: Any, step: str | int) -> Any:
    """The type of an element, if only one is possible."""
    types = list(_child_types(annotation, step))
    return types[0] if len(types) == 1 else Any


def _child_types(annotation: Any, step: str | int) -> Iterator[Any]:
    for member in _members(annotation):
        fields = fields_of(member)
        arguments = get_args(member)
        if fields is not None:
            if step in fields:
                yield fields[str(step)]
        elif _origin(member, Mapping):
            yield (*arguments, Any, Any)[1]
        elif _origin(member, tuple) and Ellipsis not in arguments:
            if str(step).isdecimal() and int(step) < len(arguments):
                yield arguments[int(step)]
        elif _origin(member, Collection) and arguments:
            yield arguments[0]


def _members(annotation: Any) -> Iterator[Any]:
    """The members of a union, a root model's own type in its place."""
    from pydantic import RootModel

    for member in value_types(annotation):
        if isinstance(member, type) and issubclass(member, RootModel):
            yield from _members(member.model_fields["root"].annotation)
        else:
            yield member


def _origin(annotation: Any, kind: type) -> bool:
    origin = class_of(annotation)
    return isinstance(origin, type) and issubclass(origin, kind) and origin is not str


def fields_of(annotation: Any) -> dict[str, Any] | None:
    """The types of the keys that a model, a dataclass or a typed dict reads; None of anything else."""
    from pydantic import BaseModel

    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, BaseModel):
        return dict(_aliased(annotation.model_fields, annotation.model_config))
    if is_typed_dict(annotation):
        return hints_of(annotation)
    if dataclasses.is_dataclass(annotation):
        fields = getattr(annotation, "__pydantic_fields__", None)
        if fields is not None:
            return dict(_aliased(fields, getattr(annotation, "__pydantic_config__", {})))
        hints = hints_of(annotation)
        return {field.name: hints.get(field.name, field.type) for field in dataclasses.fields(annotation)}
    return None


def _aliased(fields: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The keys that pydantic reads fields from, with the types of their values."""
    from pydantic import AliasChoices, AliasPath

    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    by_alias = config.get("validate_by_alias", True)
    for name, field in fields.items():
        alias = field.validation_alias if field.validation_alias is not None else field.alias
        if alias is None or by_name or not by_alias:
            yield name, field.annotation
        if alias is None or not by_alias:
            continue
        choices: list[str | AliasPath] = alias.choices if isinstance(alias, AliasChoices) else [alias]
        for choice in choices:
            if isinstance(choice, AliasPath):
                yield str(choice.path[0]), Any  # the value there contains more than the field
            else:
                yield choice, field.annotation


def takes_extra(annotation: Any) -> bool:
    """Whether a model or dataclass keeps keys that it does not declare."""
    config = getattr(annotation, "model_config", getattr(annotation, "__pydantic_config__", None)) or {}
    return isinstance(config, Mapping) and config.get("extra") == "allow"


def transforms_input(annotation: Any) -> bool:
    """Whether a model has a validator that runs before its fields are read."""
    decorators = getattr(annotation, "__pydantic_decorators__", None)
    validators = decorators.model_validators.values() if decorators is not None else ()
    return any(validator.info.mode in ("before", "wrap") for validator in validators)
