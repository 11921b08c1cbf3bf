"""Fakes of interfaces, to stand for components, pipelines and runners in tests."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from lolpop._names import one_of
from lolpop.annotations import REQUIRED, class_of, hints_of, is_optional, type_name, value_types
from lolpop.errors import WiringError
from lolpop.integrations import call_kind, task, workflow

__all__ = ["FakeCall", "calls_of", "fake"]

T = TypeVar("T")

_CALLS = "_lolpop_fake_calls"


@dataclass(frozen=True, slots=True)
class FakeCall:
    """One call of a method of a fake.

    Parameters
    ----------
    method
        Name of the method.
    arguments
        The arguments by name, defaults included.
    """

    method: str
    arguments: Mapping[str, Any]


def fake(interface: Callable[..., T], /, **results: Any) -> T:
    """An object of ``interface`` whose methods return what ``results`` says, by the name of the method.

    A result is returned; a function is called with the arguments of the method, without ``self``; an
    exception is raised. Attributes and properties take results too. Methods that are abstract, and all public
    methods of a class that is not, are faked: one without a result raises an AssertionError that names it,
    unless it returns None. What an abstract interface implements itself stays as it is.

    Parameters
    ----------
    interface : type
        A component type, such as ``ModelTrainer``, or any class.
    **results
        Results by the name of a method, property or attribute.

    Raises
    ------
    WiringError
        If the interface lacks a name of ``results``, or declares another type of result.
    """
    owner = cast("type[Any]", class_of(interface))
    if not isinstance(owner, type):
        raise WiringError(f"{interface!r} is not a class", "Pass an interface, such as ModelTrainer.")
    members = dict(_members(owner))
    attributes = set(inspect.get_annotations(owner)) | set(members)
    for base in owner.__mro__:
        attributes |= set(inspect.get_annotations(base))
    for name in results:
        if name not in attributes:
            hint = one_of(name, sorted(name for name in attributes if not name.startswith("_")))
            raise WiringError(f"{owner.__name__} has no {name!r}", hint)
    abstract: frozenset[str] = getattr(owner, "__abstractmethods__", frozenset())
    calls: list[FakeCall] = []
    namespace: dict[str, Any] = {"__module__": __name__, "__init__": _no_settings, _CALLS: calls}
    for name, member in members.items():
        if name in results or name in abstract or (not abstract and _is_method(member)):
            namespace[name] = _replacement(owner, name, member, results.get(name, REQUIRED), calls)
    namespace |= {name: value for name, value in results.items() if name not in members}
    stand_in: Any = types.new_class(
        f"Fake{owner.__name__}", (owner,), exec_body=lambda body: body.update(namespace)
    )
    return cast("T", stand_in())


def calls_of(stand_in: object, method: str | None = None) -> list[FakeCall]:
    """The calls of a fake in their order; those of one method if it is named.

    Raises WiringError if ``stand_in`` is no fake, or has no such method.
    """
    calls: list[FakeCall] | None = getattr(stand_in, _CALLS, None)
    if calls is None:
        raise WiringError(f"{stand_in!r} is not a fake", "Make it with lolpop.testing.fake.")
    if method is not None and not hasattr(type(stand_in), method):
        names = [name for name, member in _members(type(stand_in)) if _is_method(member)]
        raise WiringError(f"{type(stand_in).__name__} has no method {method!r}", one_of(method, names))
    return [call for call in calls if method in (None, call.method)]


def _no_settings(self: object) -> None:
    """A fake needs no settings, and nothing injected."""


def _members(owner: type) -> Iterator[tuple[str, Any]]:
    """The public methods, properties and attributes of a class, each as its nearest base declares it."""
    names = dict.fromkeys(name for base in owner.__mro__[:-1] for name in vars(base))
    for name in names:
        if not name.startswith("_"):
            yield name, inspect.getattr_static(owner, name)


def _is_method(member: object) -> bool:
    return isinstance(member, classmethod | staticmethod) or inspect.isfunction(member)


def _replacement(owner: type, name: str, member: Any, result: Any, calls: list[FakeCall]) -> Any:
    """What stands for a member of ``owner`` in a fake."""
    if isinstance(member, property):
        return property(_getter(owner, name, member, result))
    if not _is_method(member):
        return result
    is_bound = not isinstance(member, staticmethod)
    function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
    _check_result(owner, name, function, result)
    called = _recorder(owner, name, function, result, calls, is_bound=is_bound)
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        called = _awaitable(called)
    if isinstance(member, classmethod | staticmethod):
        return type(member)(called)
    kind = call_kind(member)
    return called if kind is None else (task if kind == "task" else workflow)(called)


def _recorder(
    owner: type,
    name: str,
    function: Callable[..., Any],
    result: Any,
    calls: list[FakeCall],
    *,
    is_bound: bool,
) -> Callable[..., Any]:
    signature = inspect.signature(inspect.unwrap(function))
    returns_nothing = hints_of(inspect.unwrap(function)).get("return", REQUIRED) in (None, type(None))

    @functools.wraps(inspect.unwrap(function))
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{owner.__name__}.{name}(): {error}") from None
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        if is_bound:
            del arguments[next(iter(arguments))]
        calls.append(FakeCall(name, arguments))
        if result is REQUIRED:
            if returns_nothing:
                return None
            raise _unset(owner, name)
        return _resolved(result, args[1:] if is_bound else args, kwargs)

    vars(called).pop("__isabstractmethod__", None)
    vars(called).pop("__wrapped__", None)
    called.__signature__ = signature  # type: ignore[attr-defined]
    return called


def _awaitable(called: Callable[..., Any]) -> Callable[..., Any]:
    """A coroutine function that returns what ``called`` does, awaited if that is to be awaited."""

    @functools.wraps(called)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        result = called(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    return awaited


def _getter(owner: type, name: str, member: property, result: Any) -> Callable[[Any], Any]:
    if member.fget is not None:
        _check_result(owner, name, member.fget, result)

    def get(self: Any) -> Any:
        del self
        if result is REQUIRED:
            raise _unset(owner, name)
        return _resolved(result, (), {})

    return get


def _resolved(result: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    if isinstance(result, BaseException) or (isinstance(result, type) and issubclass(result, BaseException)):
        raise result
    return result(*args, **kwargs) if inspect.isroutine(result) else result


def _unset(owner: type, name: str) -> AssertionError:
    return AssertionError(
        f"The fake {owner.__name__} was asked for {name!r}, and no result is set for it. "
        f"Set one: fake({owner.__name__}, {name}=…)."
    )


def _check_result(owner: type, name: str, function: Callable[..., Any], result: Any) -> None:
    """Raise WiringError if a result is a value of another type than the method returns."""
    if result is REQUIRED or inspect.isroutine(result) or isinstance(result, BaseException | type):
        return
    annotation = hints_of(inspect.unwrap(function)).get("return", Any)
    expected = [class_of(member) for member in value_types(annotation)]
    if not all(isinstance(member, type) and member is not Any for member in expected):
        return  # what cannot be told by isinstance is left to type checkers
    classes = tuple(cls for cls in expected if not getattr(cls, "_is_protocol", False))
    if len(classes) < len(expected) or isinstance(result, classes):
        return
    if float in classes and type(result) is int:
        return
    if result is None and is_optional(annotation):
        return
    raise WiringError(
        f"{owner.__name__}.{name} returns {type_name(annotation)}, but its result in the fake is "
        f"{result!r}, of type {type(result).__name__}",
        "Set a result of the type that the interface declares.",
    )
