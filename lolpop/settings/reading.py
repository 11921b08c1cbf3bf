"""Reading nodes as values of declared types."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union

from lolpop._names import Names, did_you_mean, shortened
from lolpop.annotations import is_optional, type_name, value_types
from lolpop.errors import Origin, Severity, WiringError
from lolpop.settings.fields import child_type, fields_of, takes_extra, transforms_input, types_at
from lolpop.settings.links import LinkError, Links, UnsetVariable, escaped, has_link, reads_variable
from lolpop.settings.nodes import Node, SettingPath, leaves, plain
from lolpop.settings.secrets import MASK, holds_secret, mask, mask_urls
from lolpop.settings.tree import child_of, expanded, parsed
from lolpop.signatures import Parameter

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["UNSET", "Problem", "read", "shown"]

UNSET: Any = object()
"""Stands for the value of a setting that links to an unset variable (see ``Links.lenient``)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a node is not valid for its type. ``location`` is relative to the node."""

    location: SettingPath
    message: str
    origin: Origin | None = None
    hint: str | None = None
    severity: Severity = "error"


_UNDECLARED = frozenset({"extra_forbidden", "unexpected_keyword_argument"})

_LONGEST = 400
"""Characters of a validator's message that a finding repeats."""

_QUOTED = re.compile(r"'([^']*)'")

# Types that are written as lists or mappings in settings.
_SHOULD_BE, _WHY = "input should be ", ", unable to "
_LIST, _MAPPING = f"{_SHOULD_BE}a list", f"{_SHOULD_BE}a mapping"
_SHAPES = {
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _LIST),
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "dataclass_type", "model_attributes_type"), _MAPPING
    ),
}

# Kinds of errors whose messages say what a type takes, and nothing of the value.
_WITHOUT_VALUE = frozenset({
    *_SHAPES, "bool_parsing", "bool_type", "int_parsing", "int_type", "int_from_float", "float_parsing",
    "float_type", "finite_number", "greater_than", "greater_than_equal", "less_than", "less_than_equal",
    "multiple_of", "string_type", "literal_error", "enum",
})  # fmt: skip

_EXAMPLES = {_LIST: '["one", "two"]', _MAPPING: '{"key": "value"}'}

_TAGS = frozenset({"union_tag_invalid", "union_tag_not_found"})

_NULL = "null"

_KEY = "[key]"
"""The last step of a location of pydantic that is a key of a mapping."""


def read(node: Node, parameter: Parameter, links: Links) -> tuple[Any, list[Problem]]:
    """The value of ``node`` as the type of ``parameter``, and its problems.

    Text of variables and flags is read as JSON where the type takes that, else as text. Keys
    that a model does not declare are problems, whether or not the model itself would refuse them.
    """
    try:
        return _read(node, parameter, links)
    except Exception as error:  # noqa: BLE001  (a validator is the user's code and may raise anything)
        return UNSET, [_failed(node, parameter, error)]


def _read(node: Node, parameter: Parameter, links: Links) -> tuple[Any, list[Problem]]:
    from pydantic import ValidationError

    as_it_stands: set[SettingPath] = set()
    while True:
        try:
            value = _plain(node, parameter.annotation, links, as_it_stands, ())
            return parameter.adapter.validate_python(value, extra="forbid"), []
        except UnsetVariable:
            return UNSET, []
        except (LinkError, WiringError) as error:
            return UNSET, [Problem((), error.message, node.origin, error.hint)]
        except ValidationError as error:
            locations = [tuple(str(step) for step in details["loc"]) for details in error.errors()]
            texts = {text for location in locations for text in _texts_near(node, location)}
            if not texts <= as_it_stands:
                as_it_stands |= texts
                continue
            if collections := {path for path in as_it_stands if _is_collection(_nearest(node, path)[2])}:
                # They are no valid text either: the errors inside of them say more.
                return _read_once(node, parameter, links, as_it_stands - collections)
            return _refused(node, parameter, value, error)


def _read_once(
    node: Node, parameter: Parameter, links: Links, as_it_stands: Collection[SettingPath]
) -> tuple[Any, list[Problem]]:
    from pydantic import ValidationError

    value = _plain(node, parameter.annotation, links, as_it_stands, ())
    try:
        return parameter.adapter.validate_python(value, extra="forbid"), []
    except ValidationError as error:
        return _refused(node, parameter, value, error)


def _failed(node: Node, parameter: Parameter, error: Exception) -> Problem:
    """The problem of a value whose validator raised an error that pydantic does not take for an answer."""
    is_secret = holds_secret(parameter.annotation) or any(reads_variable(leaf) for _, leaf in leaves(node))
    raised = type(error).__name__ if is_secret else mask_urls(f"{type(error).__name__}: {error}".rstrip(": "))
    message = (
        f"a validator of the type {type_name(parameter.annotation)} failed: {shortened(raised, _LONGEST)}"
    )
    return Problem(
        (), message, node.origin, "A validator raises ValueError for a value that it does not accept."
    )


def _refused(
    node: Node, parameter: Parameter, value: Any, error: ValidationError
) -> tuple[Any, list[Problem]]:
    """The problems of a value, and the value if its only problems are undeclared keys."""
    from pydantic import ValidationError

    details = error.errors(include_url=False)
    strays = [detail for detail in details if detail["type"] in _UNDECLARED]
    problems = list(_undeclared(node, parameter.annotation, strays))
    if strays:
        try:
            return parameter.adapter.validate_python(value), problems
        except ValidationError as other:
            details = other.errors(include_url=False)
    others = (_problem(node, parameter, detail) for detail in details if detail["type"] not in _UNDECLARED)
    return UNSET, [*problems, *_of_unions(node, [problem for problem in others if problem])]


def shown(node: Node | None, parameter: Parameter, value: Any) -> Any:
    """A setting in the form in which people write it, in JSON's types.

    Links are unresolved and secrets are masked. Anything else is read as the same value again.
    """
    try:
        dumped = parameter.adapter.dump_python(
            value, mode="json", by_alias=True, round_trip=True, warnings=False, fallback=repr
        )
    except (ValueError, WiringError):
        dumped = repr(value)
    return _as_written(mask(dumped), node, value)


def _plain(
    node: Node, annotation: Any, links: Links, as_it_stands: Collection[SettingPath], path: SettingPath
) -> Any:
    if path not in as_it_stands:
        node = expanded(node)
    elif node.json is not None:
        node = dataclasses.replace(node, value=node.json, text=True)
    if isinstance(node.value, Mapping):
        return {
            key: _plain(child, child_type(annotation, key), links, as_it_stands, (*path, key))
            for key, child in node.value.items()
        }
    if isinstance(node.value, tuple):
        return [
            _plain(child, child_type(annotation, index), links, as_it_stands, (*path, str(index)))
            for index, child in enumerate(node.value)
        ]
    if isinstance(node.value, str) and "${" in node.value:
        return links.resolve(node)
    if path in as_it_stands or not node.text:
        return node.value
    value = parsed(node)
    return node.value if _is_meant_as_text(value, annotation) else value


def _is_collection(node: Node) -> bool:
    """Whether a node is text that is a mapping or a list in JSON."""
    return node.json is not None or expanded(node) is not node


def _is_meant_as_text(value: Any, annotation: Any) -> bool:
    """Whether a type takes text itself, so that it is not read as JSON: ``true`` and ``"true"`` stay text."""
    members = value_types(annotation)
    if isinstance(value, float) and Decimal in members and float not in members:
        return True  # it has digits that a float does not keep
    if isinstance(value, str):
        # Quotes set text apart from what a type takes as well: numbers, or null.
        is_text_only = all(member is str or holds_secret(member) for member in members)
        return is_text_only and not (value == _NULL and is_optional(annotation))
    if str not in members or Any in members:
        return False
    others = tuple(member for member in members if member is not str)
    if value is None:
        return not is_optional(annotation)
    return not others or not _takes_strictly(Union[others], value)  # noqa: UP007  (made at run time)


def _takes_strictly(annotation: Any, value: Any) -> bool:
    return _takes(annotation, value, strict=True)


def _takes(annotation: Any, value: Any, *, strict: bool = False) -> bool:
    try:
        Parameter("", annotation).adapter.validate_python(value, strict=strict)
    except Exception:  # noqa: BLE001  (a validator may raise anything)
        return False
    return True


def _texts_near(node: Node, location: SettingPath) -> Iterator[SettingPath]:
    """The text nodes at or below the deepest node of a location of pydantic."""
    _, path, nearest = _nearest(node, location)
    yield from _texts(nearest, path)


def _texts(node: Node, path: SettingPath) -> Iterator[SettingPath]:
    if node.json is not None:
        yield path
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield from _texts(child, (*path, key))
    elif node.text:
        yield path


def _nearest(node: Node, location: SettingPath) -> tuple[bool, SettingPath, Node]:
    """Whether a location is inside the node, the part of it that is, and the node there.

    Locations also contain names of union members and validators, which are skipped.
    """
    path: SettingPath = ()
    exact = True
    for step in location:
        child = child_of(expanded(node), step)
        exact = child is not None
        if child is not None:
            node, path = child, (*path, step)
    return exact, path, node


def _problem(node: Node, parameter: Parameter, detail: Mapping[str, Any]) -> Problem | None:
    location = tuple(str(step) for step in detail["loc"])
    _, path, at = _nearest(node, location)
    if detail["type"] == "missing":
        return Problem((*path, location[-1]), "is required and is not set", at.origin)
    if detail["type"] in _TAGS:
        return _tag_problem(path, at, detail)
    types = types_at(parameter.annotation, path) or [parameter.annotation]
    if at.value is None and location[-1:] != (_KEY,) and any(map(holds_secret, types)):
        return Problem(path, "should not be null", at.origin)
    if reads_variable(at) or any(map(holds_secret, types)):
        # The message of a validator may quote the value, and a scalar in place of a section may be its
        # secret.
        message = _message(detail) if detail["type"] in _WITHOUT_VALUE else "is not valid"
        message = f"{message}; its value is a secret and is not shown"
        return Problem(path, message, at.origin, _of_link(detail, at) or _quotes(detail, types, at))
    message = _message(detail)
    if location[-1:] == (_KEY,):
        message = f"the key {message.removeprefix('input ')}" if message.startswith("input ") else message
        return Problem(path, message, at.key_origin or at.origin)
    return Problem(path, f"{message}{_actual(at)}", at.origin, _near(detail, types, at))


def _message(detail: Mapping[str, Any]) -> str:
    message = _SHAPES.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ")
    return shortened(mask_urls(_lower_first(message)), _LONGEST)


def _of_link(detail: Mapping[str, Any], node: Node) -> str | None:
    """The advice for a link to a variable in place of a list or mapping."""
    if detail["type"] not in _SHAPES or not reads_variable(node):
        return None
    return (
        "A link gives text. Write the list or mapping here, with links in it, or set all of it by its "
        "LOLPOP_… variable."
    )


def _tag_problem(path: SettingPath, at: Node, detail: Mapping[str, Any]) -> Problem:
    """The problem of a mapping whose key names none of the members of a union, or is missing."""
    name = str(detail["ctx"]["discriminator"]).strip("'")
    chosen = child_of(at, name)
    if detail["type"] == "union_tag_invalid" and chosen is not None:
        tags = _QUOTED.findall(detail["ctx"]["expected_tags"])
        hint = did_you_mean(str(detail["ctx"]["tag"]), tags)
        message = f"{_SHOULD_BE}{' or '.join(map(repr, tags))}{_actual(chosen)}"
        return Problem((*path, name), message, chosen.origin, hint)
    if detail["type"] == "union_tag_not_found" and name.isidentifier():
        return Problem((*path, name), "is required and is not set", at.origin)
    return Problem(path, _lower_first(str(detail["msg"])), at.origin)


def _actual(node: Node) -> str:
    value = node.value
    if node.text or not (value is None or isinstance(value, str | int | float | dt.date)):
        return ""
    if node.origin.line is not None and (value is None or isinstance(value, bool)):
        return f" (got {json.dumps(value)})"  # as files write it
    return f" (got {value if isinstance(value, dt.date) else shortened(repr(mask(value)))})"


def _of_unions(node: Node, problems: Collection[Problem]) -> Iterator[Problem]:
    """Each mistake once, although every member of a union reports why a value does not fit it."""
    by_location: dict[SettingPath, list[Problem]] = {}
    for problem in problems:
        by_location.setdefault(problem.location, []).append(problem)
    for location, problems_there in by_location.items():
        # The member that fits, except for something inside the value, is the one that was meant.
        if any(len(other) > len(location) and other[: len(location)] == location for other in by_location):
            continue
        actual = _actual(_nearest(node, location)[2])
        messages = dict.fromkeys(problem.message.removesuffix(actual) for problem in problems_there)
        if len(messages) == 1:
            yield problems_there[0]
        else:
            alternatives = [message.partition(_WHY)[0].removeprefix(_SHOULD_BE) for message in messages]
            yield dataclasses.replace(
                problems_there[0], message=f"{_SHOULD_BE}{' or '.join(alternatives)}{actual}"
            )


def _near(detail: Mapping[str, Any], types: Iterable[Any], node: Node) -> str | None:
    """How to mend a value: the allowed one that is near, quotes around text, or JSON in a variable."""
    if (shape := _SHAPES.get(detail["type"])) is not None:
        elements = node.value.items() if isinstance(node.value, Mapping) else ()
        is_text = node.text or any(child.text and key.isdecimal() for key, child in elements)
        return f"Write it as JSON: {_EXAMPLES[shape]}." if is_text else None
    if (quotes := _quotes(detail, types, node)) is not None:
        return quotes
    if detail["type"] not in ("literal_error", "enum") or not isinstance(detail["input"], str):
        return None
    return did_you_mean(detail["input"], _QUOTED.findall(detail["ctx"]["expected"]))


def _quotes(detail: Mapping[str, Any], types: Iterable[Any], node: Node) -> str | None:
    """The advice to write a date, a number or a boolean as text, if that is what the type takes."""
    value = detail["input"]
    if node.text or not isinstance(value, int | float | dt.date):
        return None
    written = str(value).lower() if isinstance(value, bool) else str(value)
    if not any(_takes(kind, written) and not _takes(kind, value) for kind in types):
        return None
    return (
        "Put the linked value in quotes, where it is set." if has_link(node) else "Put the value in quotes."
    )


def _undeclared(node: Node, annotation: Any, details: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    """Keys that the models, dataclasses and typed dicts of a type do not declare, each once."""
    seen: set[SettingPath] = set()
    near: dict[SettingPath, Names] = {}
    for detail in details:
        exact, path, at = _nearest(node, tuple(str(step) for step in detail["loc"]))
        owners = types_at(annotation, path[:-1])
        if not exact or path in seen or any(map(takes_extra, owners)):
            continue
        seen.add(path)
        if path[:-1] not in near:
            near[path[:-1]] = Names(name for owner in owners for name in fields_of(owner) or ())
        # Another member of a union may declare the key.
        hint = None if path[-1] in near[path[:-1]] else did_you_mean(path[-1], near[path[:-1]])
        problem = Problem(path, "unknown setting", at.key_origin or at.origin, hint)
        if any(map(transforms_input, owners)):
            # A validator may read undeclared keys, which cannot be known.
            message = "is not declared, and has no effect unless a validator reads it"
            problem = dataclasses.replace(problem, message=message, severity="warning")
        yield problem


def _as_written(dumped: Any, node: Node | None, value: Any) -> Any:
    """The dump of ``value``, with the links of ``node`` in place of their values."""
    if node is not None and has_link(node):
        return node.value
    if isinstance(value, float) and not math.isfinite(value):
        return value  # pydantic cannot write it as JSON
    written = node.value if node is not None else None
    if isinstance(dumped, dict):
        below = written if isinstance(written, Mapping) else {}
        # A field that is read from a key of another name may contain the value of a link.
        unmatched = _has_link_below(*(child for key, child in below.items() if key not in dumped))
        return {
            key: MASK if unmatched and key not in below else _as_written(child, below.get(key), part)
            for key, child in dumped.items()
            for part in (_part_of(value, key),)
        }
    if isinstance(dumped, list):
        return _elements_as_written(dumped, written if isinstance(written, tuple) else (), value)
    if node is not None and _has_link_below(node):
        return MASK
    return escaped(dumped) if isinstance(dumped, str) else dumped


def _has_link_below(*nodes: Node) -> bool:
    return any(has_link(leaf) for node in nodes for _, leaf in leaves(node))


def _elements_as_written(dumped: list[Any], written: tuple[Node, ...], value: Any) -> list[Any]:
    if isinstance(value, set | frozenset):
        # A set has no order that would show which of its elements came by a link.
        if any(map(has_link, written)):
            return sorted((_as_written(mask(plain(node)), node, None) for node in written), key=repr)
        return sorted((_as_written(child, None, None) for child in dumped), key=repr)
    if len(written) != len(dumped) and _has_link_below(*written):
        return [MASK for _ in dumped]
    nodes = written if len(written) == len(dumped) else (None,) * len(dumped)
    values = value if isinstance(value, list | tuple) and len(value) == len(dumped) else (None,) * len(dumped)
    return [_as_written(*parts) for parts in zip(dumped, nodes, values, strict=True)]


def _part_of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
