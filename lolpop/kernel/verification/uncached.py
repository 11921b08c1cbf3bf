"""Findings about providers of dependency-injector beside slots."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from dependency_injector import providers as di

from lolpop.annotations import hints_of, type_name, value_type
from lolpop.assignability import fits, value_fits
from lolpop.errors import Finding
from lolpop.kernel.providers.cells import Cell, name_of, providers_behind
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.slots import Slot
from lolpop.kernel.providers.traversal import provided_type
from lolpop.kernel.providers.uncached_cells import uncached_cell
from lolpop.kernel.scopes import Scope

__all__ = ["uncached_findings"]


def uncached_findings(root: Scope, cells: Sequence[Cell]) -> Iterator[Finding]:
    """Findings about providers that are not slots, and about slots that depend on them."""
    taken = {
        behind
        for cell in cells
        for dependency in cell.dependencies
        if dependency.provider is not None and not isinstance(dependency.provider, Slot | Nested)
        for behind in providers_behind(dependency.provider)
    }
    for cell in cells:
        yield from _generator_findings(cell)
    for scope in root.walk():
        for name, provider in scope.providers.items():
            if isinstance(provider, Slot | Nested | di.Self):
                continue
            path = scope.path_of(name)
            if uncached_cell(provider) is None and provider in taken:
                kind = type(provider).__name__
                yield Finding(
                    path,
                    f"is dependency-injector's {kind}: objects built from it do not see its overrides",
                    hint="Use providers.Object, Factory, Callable or Component of lolpop.",
                )
            yield from _keeping(provider, path)
            yield from _call_findings(provider, path, complete=provider in taken)


def _generator_findings(cell: Cell) -> Iterator[Finding]:
    """Findings about generator functions, whose generator would be injected and never finished."""
    for dependency in cell.dependencies:
        provider = dependency.provider
        if dependency.parameter.annotation is not object or not isinstance(
            provider, di.Factory | di.Callable
        ):
            continue
        if inspect.isgeneratorfunction(provider.provides) or inspect.isasyncgenfunction(provider.provides):
            message = f"{dependency.parameter.name!r} is a generator that is never closed"
            yield Finding(
                cell.path, message, hint="Use a component with close(), or a Resource of dependency-injector."
            )


def _keeping(provider: di.Provider[Any], path: str) -> Iterator[Finding]:
    """The finding about a provider that caches an object of a slot."""
    if not isinstance(provider, di.BaseSingleton | di.BaseResource):
        return
    slots = [behind for behind in providers_behind(provider) if isinstance(behind, Slot)]
    if slots:
        kind = type(provider).__name__.lstrip("_")
        yield Finding(
            path,
            f"{kind} caches the object built from {slots[0].name!r}, so it ignores overrides of that",
            hint="Use providers.Component, or providers.Factory.",
        )


def _call_findings(provider: di.Provider[Any], path: str, *, complete: bool) -> Iterator[Finding]:
    """Findings about arguments that the called function does not take; ``complete`` if no others are
    added.
    """
    if not isinstance(provider, di.Factory | di.Callable | di.BaseSingleton) or provider.provides is None:
        return
    called: Any = provider.provides
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):
        return  # functions written in C have no signature
    bind = signature.bind if complete else signature.bind_partial
    name = getattr(called, "__name__", type(called).__name__)
    try:
        bound = bind(*provider.args, **provider.kwargs)
    except TypeError as error:
        message = f"{name} cannot be called with the arguments of the {type(provider).__name__}: {error}"
        yield Finding(path, message, hint=f"It takes {signature}.")
        return
    if hasattr(called, "model_fields") or hasattr(called, "__pydantic_fields__"):
        return  # pydantic converts values
    hints = hints_of(inspect.getattr_static(called, "__init__") if isinstance(called, type) else called)
    for parameter, value in bound.arguments.items():
        kind = signature.parameters[parameter].kind
        if parameter not in hints or kind in (kind.VAR_POSITIONAL, kind.VAR_KEYWORD):
            continue
        annotation = hints[parameter]
        if isinstance(value, di.Provider):
            actual = type_name(provided_type(value))
            is_right = fits(provided_type(value, exact=True), annotation)
            gives = f", but {name_of(value)} provides {actual}"
        else:
            is_right, gives = value_fits(value, annotation), f", not {type_name(value_type(value))}"
        if not is_right:
            message = f"{name} requires {parameter}: {type_name(annotation)}{gives}"
            yield Finding(path, message, hint="Change the argument.")
