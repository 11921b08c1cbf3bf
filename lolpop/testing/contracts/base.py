"""The base of the contracts of all component types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from lolpop.errors import WiringError
from lolpop.integrations import Component
from lolpop.registry import import_object
from lolpop.signatures import signature_of
from lolpop.testing.contracts._expected import require

__all__ = ["ComponentContract", "checks_of", "failures"]


class ComponentContract:
    """The contract of every component.

    The contract of a component type is a subclass with the checks of its interface. To test an
    implementation, subclass that contract with a fixture ``make`` that creates the component, and run pytest.
    """

    interface: ClassVar[type[Component]] = Component
    made_with: ClassVar[tuple[str, ...]] = ()
    """The positional arguments of ``make``."""

    def instance(self, make: Callable[..., Any]) -> Any:
        """A component from ``make``, with default arguments."""
        return make()

    def test_implements_the_interface(self, make: Callable[..., Any]) -> None:
        """It is an instance of the interface, so that a container accepts it."""
        component = self.instance(make)
        require(isinstance(component, self.interface), f"a {self.interface.__name__}", type(component))

    def test_can_be_wired(self, make: Callable[..., Any]) -> None:
        """Its constructor separates settings (before the ``*``) from injected components (after it)."""
        problems = [message for _, message, _ in signature_of(type(self.instance(make))).problems]
        require(not problems, "a constructor that a container can call", "; ".join(problems))

    def test_can_be_rebuilt_from_a_spec(self, make: Callable[..., Any]) -> None:
        """Another process can import its class by name, to rebuild it from its settings."""
        implementation = type(self.instance(make))
        path = f"{implementation.__module__}:{implementation.__qualname__}"
        require("<locals>" not in path, "a class at the top of its module", path)
        try:
            imported = import_object(path)
        except WiringError as error:
            raise AssertionError(f"Expected to import {path}, but got: {error}") from error
        require(imported is implementation, f"the class itself at {path}", imported)

    def test_can_be_closed_twice(self, make: Callable[..., Any]) -> None:
        """Closing does no harm if nothing is open, or if it is closed already."""
        component = self.instance(make)
        close = getattr(component, "close", None)
        for _ in range(2):
            if callable(close):
                close()


def checks_of(contract: type[ComponentContract]) -> dict[str, Callable[..., None]]:
    """The checks of a contract by name, in the order of their definition."""
    names = dict.fromkeys(
        name for owner in reversed(contract.__mro__) for name in vars(owner) if name.startswith("test_")
    )
    return {name: getattr(contract, name) for name in names}


def failures(
    contract: type[ComponentContract], fixtures: Callable[[], Mapping[str, Any]]
) -> dict[str, Exception]:
    """Run a contract without pytest and return the errors by check.

    ``fixtures`` is called before each check and returns the values of its fixtures.
    """
    failed: dict[str, Exception] = {}
    for name, check in checks_of(contract).items():
        values = fixtures()
        names = list(inspect.signature(check).parameters)[1:]
        try:
            cast("Any", check)(contract(), **{taken: values[taken] for taken in names})
        except Exception as error:  # noqa: BLE001  (any exception is a failure of the implementation)
            failed[name] = error
    return failed
