"""Values of options that are refused, told in words of the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from lolpop._names import did_you_mean, shortened

_EXPECTED: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "int_parsing": lambda _: "a whole number",
        "int_type": lambda _: "a whole number",
        "float_parsing": lambda _: "a number",
        "float_type": lambda _: "a number",
        "greater_than_equal": lambda context: f"at least {context['ge']}",
        "greater_than": lambda context: f"greater than {context['gt']}",
        "less_than_equal": lambda context: f"at most {context['le']}",
        "less_than": lambda context: f"less than {context['lt']}",
    }
)


def refusal(error: Any) -> str:
    """What is wrong with a command line: of a value, what is expected in its place, and a near one."""
    errors = getattr(error.__cause__, "errors", None)
    parameter = getattr(error, "param", None)
    if errors is None or parameter is None:
        return str(error.format_message())
    reason = errors()[0]
    value, kind = reason["input"], reason["type"]
    name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.make_metavar(error.ctx)
    if kind in _EXPECTED:
        expected = _EXPECTED[kind](reason.get("ctx", {}))
        return f"{name} must be {expected}, but got {shortened(repr(value))}."
    if kind != "value_error":
        return str(error.format_message())
    message = str(reason["ctx"]["error"]).rstrip(".")
    near = did_you_mean(value, _choices(message)) if isinstance(value, str) else None
    return f"{name}: {message}." + (f" {near}" if near else "")


def _choices(message: str) -> list[str]:
    """The values that a message about a choice lists."""
    _, listed, values = message.partition(" is not one of ")
    return [value.strip("' ") for value in values.split(",")] if listed else []
