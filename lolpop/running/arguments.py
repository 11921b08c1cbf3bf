"""The arguments of tasks and workflows, by name, with references in place of resources read as those."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from lolpop.annotations import alternatives, hints_of, is_optional
from lolpop.errors import LolpopError

if TYPE_CHECKING:
    from lolpop.resources import Resource

__all__ = ["bind"]


def bind(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments:
    """The arguments of a method, without its ``self``, and its defaults.

    Raises TypeError if they do not fit its signature, and LolpopError for one that is neither the resource
    that it should be nor its reference.
    """
    signature, resources = _parameters(function)
    bound = signature.bind(*args, **kwargs)
    for name, resource_type in resources.items():
        if name in bound.arguments:
            try:
                bound.arguments[name] = resource_type.of(bound.arguments[name])
            except LolpopError as error:
                raise LolpopError(f"{name} of {function.__name__}: {error}") from None
    bound.apply_defaults()
    return bound


@dataclass(frozen=True, slots=True)
class _ResourceType:
    """The types that a parameter takes: resources of some kinds, perhaps None, or other values."""

    kinds: tuple[type[Resource], ...]
    optional: bool
    mixed: bool

    def of(self, value: Any) -> Any:
        """``value``, or the resource that it refers to. Raises LolpopError if it is neither."""
        from lolpop.resources import as_resource

        if (value is None and self.optional) or (self.mixed and not isinstance(value, str)):
            return value
        return as_resource(value, *self.kinds)


# A method is read once; the map does not keep methods alive.
_PARAMETERS: WeakKeyDictionary[Callable[..., Any], tuple[inspect.Signature, Mapping[str, _ResourceType]]] = (
    WeakKeyDictionary()
)


def _parameters(function: Callable[..., Any]) -> tuple[inspect.Signature, Mapping[str, _ResourceType]]:
    """The signature without ``self``, and the types of parameters that take resources."""
    parameters = _PARAMETERS.get(function)
    if parameters is None:
        signature = inspect.signature(function)
        own = signature.replace(parameters=list(signature.parameters.values())[1:])
        hints = hints_of(function)
        types = {
            name: _resource_type(hints[name], parameter.default)
            for name, parameter in own.parameters.items()
            if name in hints
        }
        resources = {name: taken for name, taken in types.items() if taken is not None}
        parameters = _PARAMETERS[function] = own, resources
    return parameters


def _resource_type(annotation: Any, default: Any) -> _ResourceType | None:
    from lolpop.resources import Resource

    members = alternatives(annotation)
    kinds = tuple(member for member in members if isinstance(member, type) and issubclass(member, Resource))
    if not kinds or str in members:  # if text is accepted as text, the method itself interprets it
        return None
    return _ResourceType(kinds, default is None or is_optional(annotation), len(kinds) < len(members))
