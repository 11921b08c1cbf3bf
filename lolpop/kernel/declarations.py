"""Declarations: what a container class may hold, checked when the class is defined."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from dependency_injector import providers as di

from lolpop._names import shortened
from lolpop.annotations import class_of, unwrapped
from lolpop.errors import WiringError
from lolpop.integrations import Integration
from lolpop.integrations import Pipeline as PipelineLayer
from lolpop.integrations import Runner as RunnerLayer
from lolpop.kernel.lazy_wiring import containers as di_containers
from lolpop.kernel.providers import Pipeline, Runner
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.integration_slots import IntegrationSlot
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.uncached import Uncached

__all__ = ["check_attribute", "check_declared", "check_no_provider", "is_declared"]

_CONFIGURES_DI = frozenset({"instance_type", "wiring_config", "provider_type"})


def is_declared(value: object) -> bool:
    """Whether a value of a container class is one of its providers."""
    return isinstance(value, di.Provider) and not isinstance(value, di.Self)


def check_attribute(container: str, key: str, value: Any, reserved: Collection[str]) -> None:
    """Raise WiringError if ``value`` cannot stand in a container class under the name ``key``."""
    if is_declared(value):
        if key.startswith("_"):
            raise WiringError(f"{container}.{key}: a provider's name cannot start with an underscore")
        if isinstance(value, Slot) and value.wraps:
            raise WiringError(
                f"{container}.{key}: providers.{type(value).__name__} only overrides another provider",
                "Pass it to override(…) of an instance.",
            )
        if key in reserved:
            raise WiringError(
                f"{container}.{key}: the name is reserved by the container", "Give the provider another name."
            )
        if isinstance(value, IntegrationSlot | ComponentGroup):
            _check_classes(f"{container}.{key}", value)
    elif not (key.startswith("_") or key in _CONFIGURES_DI or _is_own_method(key, value)):
        description, hint = _instead(key, value)
        raise WiringError(f"{container}.{key} is {description}, but a container holds providers only", hint)


def check_no_provider(providers: Mapping[str, Any], name: str, value: object) -> None:
    """Raise WiringError if an attribute is set that has the name of a provider."""
    if is_declared(providers.get(name)):
        raise WiringError(
            f"{name!r} is a provider, and cannot be set to {shortened(repr(value))}",
            f"Override it in an instance of the container: container.{name}.override(…).",
        )


def _check_classes(name: str, slot: IntegrationSlot[Any] | ComponentGroup[Any]) -> None:
    """Raise WiringError if the interface or a default is no class; text may name a default."""
    interface = unwrapped(slot.interface)
    if not isinstance(class_of(interface), type):
        raise WiringError(
            f"{name}: the interface is {interface!r}, not a class", "Pass a base class or a protocol."
        )
    declared: Any = [slot.default] if isinstance(slot, IntegrationSlot) else slot.default
    for default in declared.values() if isinstance(declared, Mapping) else declared:
        if default is not None and not isinstance(class_of(default), str | type):
            raise WiringError(
                f"{name}: the default is an object of {type(default).__name__}, not a class",
                "Pass the class, which the container builds, or declare a providers.Object.",
            )


def _instead(key: str, value: object) -> tuple[str, str]:
    """What kind of value stands where a provider should, and what to write instead."""
    is_class = isinstance(value, type)
    owner: Any = (
        value if isinstance(value, type) else getattr(value, "declarative_parent", None) or type(value)
    )
    name = owner.__name__
    description = f"the class {name}" if is_class else f"an instance of {name}"
    if di_containers.is_container(owner):
        return description, f"Write {key} = providers.nested({name})."
    for layer, provider in ((PipelineLayer, "Pipeline"), (RunnerLayer, "Runner")):
        if issubclass(owner, layer):
            return description, f"Write {key} = providers.{provider}({name})."
    if issubclass(owner, Integration):
        return description, f"Write {key} = providers.Component({name}, default={name})."
    if is_class:
        return description, f"Write {key} = providers.Settings({name}), or providers.Factory({name})."
    if inspect.isroutine(value):
        return "a function", f"Write {key} = providers.Callable(…), which calls it, or providers.Object(…)."
    return f"a {name}", f"Write {key} = providers.Object(…), or providers.Settings({name}, default=…)."


def _is_own_method(key: str, value: object) -> bool:
    return key in {"load", "override"} and isinstance(value, classmethod)


def check_declared(container: Any, attributes: Mapping[str, Any]) -> None:
    """Check a container class as a whole, and let it inherit its providers in Python's order.

    Raises WiringError for a provider under two names, for two pipelines or runners, and for providers of a
    base class that is no container.
    """
    _inherit_in_order(container)
    names: dict[int, str] = {}
    for name, provider in container.providers.items():
        if isinstance(provider, Slot | Nested | Uncached) and id(provider) in names:
            raise WiringError(
                f"{container.__name__}.{name} is the same provider as {names[id(provider)]}",
                "Declare a second provider: each name has its own settings and instance.",
            )
        names[id(provider)] = name
    main = [name for name, provider in container.providers.items() if isinstance(provider, Pipeline | Runner)]
    if len(main) > 1:
        raise WiringError(f"{container.__name__} declares {' and '.join(main)}, but a container has only one")
    for value in attributes.values():
        if isinstance(value, Slot) and value.injections:
            value.injection_names = _injection_names(container.__name__, value, container.providers)


def _inherit_in_order(container: Any) -> None:
    # dependency-injector lets the last base class win, and leaves out what is no container.
    for base in reversed(container.__mro__):
        is_container = di_containers.is_container(base)
        for name, value in vars(base).items():
            if not is_declared(value):
                continue
            if not is_container:
                raise WiringError(
                    f"{container.__name__} inherits {name} from {base.__name__}, which is not a container",
                    f"Let {base.__name__} be a PipelineContainer or RunnerContainer.",
                )
            container.providers[name] = value
            if base is not container:
                container.inherited_providers[name] = value


def _injection_names(container: str, slot: Slot[Any], declared: Mapping[str, Any]) -> dict[str, str]:
    """The names of the providers that a slot's keywords refer to."""
    names = {}
    for parameter, injection in slot.injections.items():
        # A provider that was declared earlier has its name, unless a subclass has reused that.
        name = getattr(injection, "name", "")
        if declared.get(name) is not injection:
            name = next((key for key, provider in declared.items() if provider is injection), "")
        if name:
            names[parameter] = name
        elif isinstance(injection, Slot | Nested):
            raise WiringError(
                f"{container}.{slot.name}: {parameter}= is a provider that the container does not hold",
                "Declare it under a name of its own, before this one.",
            )
    return names
