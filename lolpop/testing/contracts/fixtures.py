"""Checks of the fixtures of contract subclasses."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from typing import Any

from lolpop._names import did_you_mean
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["missing_fixture", "wrong_make"]


def missing_fixture(owner: type[Any], taken: Collection[str], defined: Collection[str]) -> str | None:
    """The error message for the first fixture that is used but not defined; None if all are defined."""
    name = next((name for name in taken if name not in defined), None)
    if name is None:
        return None
    own = [attribute for attribute in vars(owner) if not attribute.startswith(("_", "test_"))]
    near = did_you_mean(name, own) or "Define it in the class, with @pytest.fixture."
    return f"{owner.__name__} has no fixture {name!r}. {near} {_described(owner)}"


def wrong_make(owner: type[Any], values: Mapping[str, Any]) -> str | None:
    """The error message for a fixture ``make`` that is not callable; None if it is, or is not used."""
    if "make" not in values or callable(values["make"]):
        return None
    message = f"The fixture 'make' of {owner.__name__} must be a function that makes the implementation"
    return f"{message}, but is an object of type {type(values['make']).__name__}. {_described(owner)}"


def _contract_of(owner: type[Any]) -> type[Any]:
    """The contract of lolpop that a test class subclasses."""
    package = ComponentContract.__module__.rpartition(".")[0]
    return next(base for base in owner.__mro__ if base.__module__.startswith(package))


def _described(owner: type[Any]) -> str:
    """The fixtures of a contract, from its docstring."""
    contract = _contract_of(owner)
    paragraphs = (inspect.getdoc(contract) or "").split("\n\n")
    text = next((text for text in paragraphs if text.startswith("Fixtures:")), "Fixtures: see its docstring.")
    fixtures = " ".join(text.removeprefix("Fixtures:").replace("``", "").split())
    return f"Fixtures of {contract.__name__}: {fixtures}"
