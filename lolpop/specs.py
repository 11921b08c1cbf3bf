"""Specs: how a container is built again in another process, for workers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lolpop.errors import WiringError
from lolpop.scopes import Configuration, Scope

if TYPE_CHECKING:
    from lolpop.providers import Slot

__all__ = ["Call", "Spec", "spec_of"]


@dataclass(frozen=True, slots=True)
class Call:
    """A method of what a provider gives, by the provider's path: ``Call("train.model_trainer", "fit")``."""

    provider: str
    method: str


@dataclass(frozen=True, slots=True)
class Spec:
    """What another process needs to build a container again: values only, all of which can be pickled.

    ``overrides`` are providers that stand in for others, by path: the interface, the implementation by import
    path, and its settings.
    """

    container: str
    configuration: Configuration
    overrides: tuple[tuple[str, type, str, dict[str, Any]], ...] = ()
    run_id: str | None = None

    def build(self) -> Any:
        """The container, built again; the caller closes it."""
        from lolpop import providers
        from lolpop.containers import scope_of

        module, _, name = self.container.partition(":")
        declared: Any = importlib.import_module(module)
        for part in name.split("."):
            declared = getattr(declared, part)
        container = declared()
        scope_of(container).configuration = self.configuration
        for path, interface, use, settings in self.overrides:
            provider = providers.Component(interface, default=use, settings=settings)
            find(scope_of(container), path).override(provider)
        return container

    def resolve(self, container: Any, call: Call) -> Callable[..., Any]:
        """The method that ``call`` names, of a container that was built from this spec."""
        from lolpop.containers import scope_of

        method: Callable[..., Any] = getattr(find(scope_of(container), call.provider)(), call.method)
        return method


def spec_of(root: Scope, run_id: str | None = None) -> Spec:
    """The spec of a container. Raises WiringError if it is overridden by a live object, which stays here."""
    from lolpop.providers import Component, Slot

    declared = root.declared_as
    overrides = []
    for scope in root.walk():
        for slot in scope.providers.values():
            if not isinstance(slot, Slot) or not slot.overridden_by:
                continue
            stand_in = slot.active
            if not isinstance(stand_in, Component) or not isinstance(stand_in.default, str | type):
                raise WiringError(
                    f"{slot.path} is overridden by a live object, which other processes cannot have",
                    "Override it by providers.Component(interface, default=…, settings={…}).",
                )
            use = stand_in.default
            path = use if isinstance(use, str) else f"{use.__module__}:{use.__qualname__}"
            interface: Any = stand_in.interface
            overrides.append((slot.path, interface, path, dict(stand_in.settings or {})))
    name = f"{declared.__module__}:{declared.__qualname__}"
    if "<locals>" in name:
        raise WiringError(
            f"{declared.__qualname__} cannot be imported by other processes", "Define it in a module."
        )
    return Spec(name, root.configuration, tuple(overrides), run_id)


def find(root: Scope, path: str) -> Slot[Any]:
    """The slot at a dotted path. Raises WiringError, with a near name, if there is none."""
    from lolpop._names import one_of
    from lolpop.providers import Slot

    *outer, name = path.split(".")
    scope = root
    for step in outer:
        inner = {nested.name: nested for nested in scope.inner()}
        if step not in inner:
            raise WiringError(f"there is no provider {path!r}", one_of(step, inner, what="Containers"))
        scope = inner[step]
    provider = scope.providers.get(name)
    if not isinstance(provider, Slot):
        raise WiringError(f"there is no provider {path!r}", one_of(name, scope.providers, what="Providers"))
    return provider


def worker_calls(spec: Spec, call: Call, items: Sequence[Any]) -> list[Any]:
    """The results of ``call`` for ``items``, on a container that is built for them and closed after them."""
    with spec.build() as container:
        method = spec.resolve(container, call)
        return [method(item) for item in items]
