"""Reading nodes as values of declared types."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from lolpop._names import did_you_mean, shortened
from lolpop.errors import Origin
from lolpop.settings.links import LinkError, Links, UnsetVariable, escaped, has_link, reads_variable
from lolpop.settings.nodes import Node, SettingPath, plain
from lolpop.settings.secrets import holds_secret, mask, mask_urls
from lolpop.settings.tree import child_of, expanded, parsed
from lolpop.signatures import Parameter, alternatives, hints_of

__all__ = ["UNSET", "Problem", "declared_keys", "read", "shown"]

UNSET: Any = object()
"""What is read of a setting that waits for a variable which is not set (see ``Links.lenient``)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a node is not what its type asks for. ``location`` is relative to the node."""

    location: SettingPath
    message: str
    origin: Origin | None = None
    hint: str | None = None


_LONGEST = 400
"""Characters of what a validator says that a message repeats."""

_QUOTED = re.compile(r"'([^']*)'")

# What is a list or a mapping to whoever writes it, whatever Python makes of it.
_SHOULD_BE, _WHY = "input should be ", ", unable to "
_LIST, _MAPPING = f"{_SHOULD_BE}a list", f"{_SHOULD_BE}a mapping"
_SHAPES = {
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "dataclass_type"), _MAPPING),
}


def read(node: Node, parameter: Parameter, links: Links) -> tuple[Any, list[Problem]]:
    """The value of ``node`` as the type of ``parameter``, and what is wrong with it.

    Text of variables and flags is read as JSON where the type takes that, and as it stands otherwise.
    """
    from pydantic import ValidationError

    unknown = list(_unknown(node, parameter.annotation, ()))
    as_it_stands: set[SettingPath] = set()
    while True:
        try:
            value = _plain(node, links, as_it_stands, ())
            validated = parameter.adapter.validate_python(value)
        except UnsetVariable:
            return UNSET, unknown
        except ValidationError as error:
            locations = [tuple(str(step) for step in found["loc"]) for found in error.errors()]
            texts = {text for location in locations for text in _texts_near(node, location)}
            if not texts <= as_it_stands:
                as_it_stands |= texts
                continue
            problems = [
                problem
                for found in error.errors(include_url=False)
                if (problem := _problem(node, parameter, found, unknown))
            ]
            return UNSET, [*unknown, *_of_unions(node, problems)]
        except LinkError as error:
            return UNSET, [*unknown, Problem((), error.message, node.origin, error.hint)]
        return validated, unknown


def shown(node: Node | None, parameter: Parameter, value: Any) -> Any:
    """A setting as people may read it, and might have written it, in JSON's types.

    Links are unresolved, secrets are masked. What is not is read as the same value again.
    """
    try:
        dumped = parameter.adapter.dump_python(
            value, mode="json", by_alias=True, round_trip=True, warnings=False, fallback=repr
        )
    except ValueError:
        dumped = repr(value)
    return _as_written(mask(dumped), node, value)


def declared_keys(annotation: Any, path: SettingPath) -> Iterator[str]:
    """The keys that a type declares at ``path`` inside it; none where it is a free-form mapping."""
    for member in alternatives(annotation):
        fields = _fields(member)
        if fields is None:
            continue
        if not path:
            yield from fields
        elif path[0] in fields:
            yield from declared_keys(fields[path[0]], path[1:])


def _plain(node: Node, links: Links, as_it_stands: Collection[SettingPath], path: SettingPath) -> Any:
    if path not in as_it_stands:
        node = expanded(node)
    if isinstance(node.value, Mapping):
        return {key: _plain(child, links, as_it_stands, (*path, key)) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [
            _plain(child, links, as_it_stands, (*path, str(index))) for index, child in enumerate(node.value)
        ]
    if has_link(node):
        return links.resolve(node)
    if isinstance(node.value, str) and "$${" in node.value:
        return links.resolve(node)
    return node.value if path in as_it_stands else parsed(node)


def _texts_near(node: Node, location: SettingPath) -> Iterator[SettingPath]:
    """Where text stands at or below the deepest node that a location of pydantic's leads to."""
    _, path, found = _nearest(node, location)
    yield from _texts(found, path)


def _texts(node: Node, path: SettingPath) -> Iterator[SettingPath]:
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield from _texts(child, (*path, key))
    elif node.text:
        yield path


def _nearest(node: Node, location: SettingPath) -> tuple[bool, SettingPath, Node]:
    """Whether the location is one of the node's, the part of it that is, and the node there.

    Locations also hold the names of union members and validators, which are stepped over.
    """
    path: SettingPath = ()
    exact = True
    for step in location:
        child = child_of(expanded(node), step)
        exact = child is not None
        if child is not None:
            node, path = child, (*path, step)
    return exact, path, node


def _problem(
    node: Node, parameter: Parameter, found: Mapping[str, Any], unknown: list[Problem]
) -> Problem | None:
    location = tuple(str(step) for step in found["loc"])
    _, path, at = _nearest(node, location)
    if found["type"] == "extra_forbidden":
        if any(problem.location == path for problem in unknown):
            return None
        return Problem(path, "unknown setting", at.key_origin or at.origin)
    if found["type"] == "missing":
        return Problem((*path, location[-1]), "is required and is not set", at.origin)
    if reads_variable(at) or holds_secret(parameter.annotation):
        # What a validator says may quote the value.
        return Problem(path, "is not valid; its value is a secret and is not shown", at.origin)
    said = _SHAPES.get(found["type"]) or str(found["msg"]).removeprefix("Value error, ")
    said = shortened(mask_urls(_lower_first(said)), _LONGEST)
    return Problem(path, f"{said}{_got(at)}", at.origin, _near(found))


def _got(node: Node) -> str:
    is_scalar = isinstance(node.value, str | int | float | bool)
    return f" (got {shortened(repr(mask(node.value)))})" if is_scalar and not node.text else ""


def _of_unions(node: Node, problems: Collection[Problem]) -> Iterator[Problem]:
    """Each mistake once, though every member of a union tells why a value is none of its own."""
    by_location: dict[SettingPath, list[Problem]] = {}
    for problem in problems:
        by_location.setdefault(problem.location, []).append(problem)
    for location, found in by_location.items():
        # A member that takes the value, but for something inside it, is the one that was meant.
        if any(len(other) > len(location) and other[: len(location)] == location for other in by_location):
            continue
        got = _got(_nearest(node, location)[2])
        messages = dict.fromkeys(problem.message.removesuffix(got) for problem in found)
        if len(messages) == 1:
            yield found[0]
        else:
            wanted = [each.partition(_WHY)[0].removeprefix(_SHOULD_BE) for each in messages]
            yield dataclasses.replace(found[0], message=f"{_SHOULD_BE}{' or '.join(wanted)}{got}")


def _near(found: Mapping[str, Any]) -> str | None:
    """The value that may have been meant, where only some are possible."""
    if found["type"] != "literal_error" or not isinstance(found["input"], str):
        return None
    return did_you_mean(found["input"], _QUOTED.findall(found["ctx"]["expected"]))


def _unknown(node: Node, annotation: Any, path: SettingPath) -> Iterator[Problem]:
    """Keys that the models and dataclasses of a type do not have, whether or not they would refuse them."""
    node = expanded(node)
    members = alternatives(annotation)
    if isinstance(node.value, tuple):
        for index, child in enumerate(node.value):
            yield from _unknown(child, _element_type(members, index), (*path, str(index)))
    if not isinstance(node.value, Mapping) or any(member in (Any, object) for member in members):
        return
    models = [(member, fields) for member in members if (fields := _fields(member)) is not None]
    free_form = [member for member in members if _origin(member, Mapping)]
    for key, child in node.value.items():
        declared = [fields[key] for _, fields in models if key in fields]
        if free_form:
            # Beside a mapping of any keys, only what all members agree on could be told.
            if not models and len(free_form) == 1:
                yield from _unknown(child, (*get_args(free_form[0]), Any, Any)[1], (*path, key))
        elif len(declared) == 1:
            yield from _unknown(child, declared[0], (*path, key))
        elif models and not declared and not any(_takes_extra(model) for model, _ in models):
            known = [name for _, fields in models for name in fields]
            origin = child.key_origin or child.origin
            yield Problem((*path, key), "unknown setting", origin, did_you_mean(key, known))


def _element_type(members: Collection[Any], index: int) -> Any:
    """The type of an element of a list or tuple, if there is but one that it could be."""
    sequences = [member for member in members if _origin(member, Collection) and not _origin(member, Mapping)]
    arguments = get_args(sequences[0]) if len(sequences) == 1 else ()
    if len(arguments) > 1 and arguments[1] is not Ellipsis:
        return arguments[index] if index < len(arguments) else Any
    return arguments[0] if arguments else Any


def _origin(annotation: Any, kind: type) -> bool:
    origin = get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, kind) and origin is not str


def _fields(annotation: Any) -> dict[str, Any] | None:
    from pydantic import BaseModel

    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, BaseModel):
        fields: dict[str, Any] = {}
        for name, field in annotation.model_fields.items():
            fields[field.alias or name] = field.annotation
            if field.alias and annotation.model_config.get("populate_by_name"):
                fields[name] = field.annotation
        return fields
    if dataclasses.is_dataclass(annotation):
        hints = hints_of(annotation)
        return {field.name: hints.get(field.name, field.type) for field in dataclasses.fields(annotation)}
    return None


def _takes_extra(annotation: Any) -> bool:
    config: Mapping[str, Any] = getattr(annotation, "model_config", {})
    return config.get("extra") == "allow"


def _as_written(dumped: Any, node: Node | None, value: Any) -> Any:
    """What was dumped of ``value``, with the links of ``node`` in place of what they stand for."""
    if node is not None and has_link(node):
        return node.value
    if isinstance(value, float) and not math.isfinite(value):
        return value  # pydantic has no word for it in JSON
    given = node.value if node is not None else None
    if isinstance(dumped, dict):
        below = given if isinstance(given, Mapping) else {}
        return {
            key: _as_written(child, below.get(key), _part_of(value, key)) for key, child in dumped.items()
        }
    if isinstance(dumped, list):
        return _elements_as_written(dumped, given if isinstance(given, tuple) else (), value)
    return escaped(dumped) if isinstance(dumped, str) else dumped


def _elements_as_written(dumped: list[Any], given: tuple[Node, ...], value: Any) -> list[Any]:
    if isinstance(value, set | frozenset):
        # In no order that would tell which of them came by a link, and in another one each time.
        if any(map(has_link, given)):
            return sorted((_as_written(mask(plain(node)), node, None) for node in given), key=repr)
        return sorted((_as_written(child, None, None) for child in dumped), key=repr)
    nodes = given if len(given) == len(dumped) else (None,) * len(dumped)
    values = value if isinstance(value, list | tuple) and len(value) == len(dumped) else (None,) * len(dumped)
    return [_as_written(*each) for each in zip(dumped, nodes, values, strict=True)]


def _part_of(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else getattr(value, key, None)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
