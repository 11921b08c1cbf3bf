"""Signatures: what is read of a constructor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field, PositiveInt, SecretStr

from lolpop import Component
from lolpop.annotations import alternatives
from lolpop.assignability import fits
from lolpop.signatures import signature_of


class Clock(Component):
    pass


class Quartz(Clock):
    pass


class Inner(BaseModel):
    """A model inside the settings."""

    depth: PositiveInt = 1


class Documented(Component):
    """Has a docstring to take descriptions from.

    Parameters
    ----------
    size : int
        How large it is,
        in metres.
    low, high : float
        Bounds of the range.
    clock
        What tells the time.

    Notes
    -----
    size : nothing of the parameters.
    """

    def __init__(
        self,
        size: Annotated[int, Field(gt=0)],
        low: float = 0.0,
        high: float = 1.0,
        inner: Inner | None = None,
        schema: SecretStr | None = None,
        *,
        clock: Clock,
        maybe: Clock | None = None,
    ):
        self.size = size


def test_what_stands_before_the_star_is_a_setting_and_what_stands_after_is_injected():
    """Parameters before the * are settings, those after it are injected."""
    signature = signature_of(Documented)
    assert list(signature.settings) == ["size", "low", "high", "inner", "schema"]
    assert {name: parameter.required for name, parameter in signature.injected.items()} == {
        "clock": True,
        "maybe": False,
    }
    assert signature.injected["clock"].annotation is Clock
    assert signature.problems == ()


def test_descriptions_come_from_the_docstring():
    """Each parameter has its description, also if several share one."""
    assert signature_of(Documented).descriptions() == {
        "size": "How large it is, in metres.",
        "low": "Bounds of the range.",
        "high": "Bounds of the range.",
        "clock": "What tells the time.",
    }


def test_the_schema_has_types_defaults_and_descriptions():
    """The JSON Schema has the settings only, and refuses other keys."""
    schema = signature_of(Documented).json_schema()
    assert schema["required"] == ["size"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["size"] == {
        "type": "integer",
        "exclusiveMinimum": 0,
        "description": "How large it is, in metres.",
    }
    assert schema["properties"]["low"]["default"] == 0.0
    assert schema["properties"]["inner"]["anyOf"][0] == {"$ref": "#/$defs/Inner"}
    assert schema["$defs"]["Inner"]["properties"]["depth"]["exclusiveMinimum"] == 0
    assert "clock" not in schema["properties"]


def test_a_class_without_constructor_takes_nothing():
    """It has no settings."""
    signature = signature_of(Clock)
    assert (dict(signature.settings), dict(signature.injected)) == ({}, {})


def test_an_inherited_constructor_is_read():
    """A subclass without a constructor has that of its base."""

    class Heir(Documented):
        pass

    assert list(signature_of(Heir).settings) == list(signature_of(Documented).settings)


@dataclass
class Data(Component):
    size: int = 3
    _: KW_ONLY
    clock: Clock


def test_a_dataclass_is_read_like_any_class():
    """Fields before KW_ONLY are settings, those after it are injected."""
    signature = signature_of(Data)
    assert list(signature.settings) == ["size"]
    assert signature.settings["size"].annotation is int
    assert signature.injected["clock"].annotation is Clock


def test_one_annotation_that_cannot_be_resolved_hides_no_other():
    """If one fails, the other annotations are still resolved."""

    class Halfway(Component):
        def __init__(self, size: int = 3, *, clock: Clock, shy: Unknown):  # noqa: F821  (that is the point)
            pass

    signature = signature_of(Halfway)
    assert signature.settings["size"].annotation is int
    assert signature.injected["clock"].annotation is Clock
    ((name, message, hint),) = signature.problems
    assert name == "shy"
    assert "cannot be resolved" in message
    assert "TYPE_CHECKING" in hint


def test_alternatives_of_an_annotation():
    """The members of a union, without None and metadata."""
    assert alternatives(int) == (int,)
    assert alternatives(int | None) == (int,)
    assert alternatives(Optional[Annotated[int | str, "x"]]) == (int, str)  # noqa: UP045  (the old form too)


@pytest.mark.parametrize(
    ("provided", "annotation", "expected"),
    [
        (Quartz, Clock, True),
        (Clock, Quartz, False),
        (Quartz, Clock | None, True),
        (Quartz, int | Clock, True),
        (int, float, True),
        (float, int, False),
        (bool, int, True),
        (int | str, int, False),
        (int | str, int | str | None, True),
        (int, Any, True),
        (Any, Clock, True),
        (Clock, object, True),
        (list[Quartz], list[Clock], True),
        (list[Clock], list[Quartz], False),
        (list[Quartz], Sequence[Clock], True),
        (list[Quartz], Iterable[Clock], True),
        (list[Quartz], tuple[Clock, ...], True),
        (list[Quartz], list, True),
        (list[Quartz], Clock, False),
        (Clock, list[Clock], False),
        (Literal["a"], str, True),
        (int, Callable[[], int], False),
        (Clock, Callable[[], str] | Clock, True),
    ],
)
def test_what_fits_where(provided, annotation, expected):
    """A provided type fits if every value of it does."""
    assert fits(provided, annotation) is expected
