"""What an integration asks of its container, read from its constructor."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from lolpop.integrations import Integration

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = [
    "REQUIRED",
    "Parameter",
    "Signature",
    "alternatives",
    "fits",
    "hints_of",
    "is_optional",
    "signature_of",
]

REQUIRED: Any = inspect.Parameter.empty
"""The default of a parameter that has none."""

_PARAMETERS = re.compile(r"^(?P<indent>[ \t]*)Parameters\n[ \t]*-{3,}\n", re.MULTILINE)
_SECTION = re.compile(r"^[^\n]+\n-{3,}$", re.MULTILINE)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a constructor."""

    name: str
    annotation: Any
    default: Any = REQUIRED

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is REQUIRED

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """The validator of its type. Each setting has one of its own, so that names never collide."""
        from pydantic import ConfigDict, TypeAdapter
        from pydantic.errors import PydanticUserError

        annotation = Any if self.annotation is REQUIRED else self.annotation
        try:
            return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
        except PydanticUserError:
            # Models and dataclasses bring a configuration of their own.
            return TypeAdapter(annotation)


@dataclass(frozen=True)
class Signature:
    """The constructor of an integration: settings stand before the ``*``, what is injected after it.

    ``problems`` says, by parameter name, what keeps the constructor from being wired.
    """

    settings: Mapping[str, Parameter]
    injected: Mapping[str, Parameter]
    docstring: str = ""
    problems: tuple[tuple[str, str, str | None], ...] = ()
    """Triples of parameter name, message, hint."""

    def descriptions(self) -> dict[str, str]:
        """What the ``Parameters`` section of the class's docstring says of each parameter."""
        return dict(_described(self.docstring))

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema of the settings."""
        described = self.descriptions()
        properties: dict[str, Any] = {}
        definitions: dict[str, Any] = {}
        for name, parameter in self.settings.items():
            schema = parameter.adapter.json_schema(ref_template="#/$defs/{model}")
            definitions |= schema.pop("$defs", {})
            if name in described:
                schema["description"] = described[name]
            if not parameter.required:
                schema["default"] = parameter.adapter.dump_python(parameter.default, mode="json")
            properties[name] = schema
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name, parameter in self.settings.items() if parameter.required],
            "additionalProperties": False,
            **({"$defs": definitions} if definitions else {}),
        }


# A class is read once; the map lets go of classes that are gone.
_SIGNATURES: WeakKeyDictionary[type, Signature] = WeakKeyDictionary()


def signature_of(owner: type) -> Signature:
    """The signature of the constructor of ``owner``."""
    found = _SIGNATURES.get(owner)
    if found is None:
        found = _SIGNATURES[owner] = _read(owner)
    return found


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union other than None, without ``Annotated``; a single type is its only member."""
    if get_origin(annotation) is Annotated:
        return alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(
            member for part in get_args(annotation) if part is not type(None) for member in alternatives(part)
        )
    return (annotation,)


def is_optional(annotation: Any) -> bool:
    """Whether None is a member of a union."""
    if get_origin(annotation) is Annotated:
        return is_optional(get_args(annotation)[0])
    return get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation)


def fits(provided: Any, wanted: Any) -> bool:
    """Whether something annotated as ``provided`` may be injected where ``wanted`` is annotated.

    Types that cannot be judged without a value (callables, unresolved generics) fit, and so does anything
    where nothing is annotated.
    """
    return all(
        any(_fits_one(given, member) for member in alternatives(wanted)) for given in alternatives(provided)
    )


def _fits_one(provided: Any, wanted: Any) -> bool:
    if wanted in (Any, object, REQUIRED) or provided is Any:
        return True
    provided_origin, wanted_origin = get_origin(provided) or provided, get_origin(wanted) or wanted
    if not isinstance(provided_origin, type) or not isinstance(wanted_origin, type):
        return True
    if getattr(wanted_origin, "_is_protocol", False):
        return _has_members(provided_origin, wanted_origin)
    if provided_origin is list and wanted_origin is tuple:
        wanted_origin = list  # lists are injected as tuples where those are asked for
    if not issubclass(provided_origin, wanted_origin) and (provided_origin, wanted_origin) != (int, float):
        return False
    provided_args, wanted_args = get_args(provided), get_args(wanted)
    if not provided_args or not wanted_args:
        return True
    return fits(provided_args[0], wanted_args[0])


def _has_members(provided: type, protocol: type) -> bool:
    names = {name for base in protocol.__mro__ for name in getattr(base, "__annotations__", {})}
    names |= {name for name, value in vars(protocol).items() if callable(value) and not name.startswith("_")}
    return all(hasattr(provided, name) for name in names)


def _read(owner: type) -> Signature:
    constructor: Any = inspect.getattr_static(owner, "__init__")
    if constructor is object.__init__:
        return Signature({}, {})
    hints, unresolved = _hints(constructor, vars(owner))
    problems: list[tuple[str, str, str | None]] = [
        (
            name,
            f"the annotation of {name!r} in {owner.__name__} cannot be resolved ({error})",
            "Import it outside TYPE_CHECKING, at the top of its module.",
        )
        for name, error in unresolved.items()
    ]
    settings: dict[str, Parameter] = {}
    injected: dict[str, Parameter] = {}
    for parameter in list(inspect.signature(constructor).parameters.values())[1:]:
        annotation = hints.get(parameter.name, parameter.annotation)
        read = Parameter(parameter.name, annotation, parameter.default)
        match parameter.kind:
            case inspect.Parameter.VAR_POSITIONAL | inspect.Parameter.VAR_KEYWORD:
                stars = "*" if parameter.kind is inspect.Parameter.VAR_POSITIONAL else "**"
                problems.append(
                    (
                        parameter.name,
                        f"{owner.__name__} takes {stars}{parameter.name}, so nobody can tell its settings",
                        "Restate the parameters of the base class and pass them to super().__init__.",
                    )
                )
            case inspect.Parameter.KEYWORD_ONLY:
                injected[parameter.name] = read
                if annotation is REQUIRED or annotation is Any:
                    problems.append(
                        (
                            parameter.name,
                            f"{owner.__name__} does not say what {parameter.name!r} should be",
                            "Annotate the parameter with the interface that it needs.",
                        )
                    )
            case _:
                settings[parameter.name] = read
                if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                    problems.append(
                        (
                            parameter.name,
                            f"{owner.__name__} takes the setting {parameter.name!r} by position only",
                            "Leave out the / of the constructor: settings are given by name.",
                        )
                    )
                if parameter.name == "use":
                    problems.append(
                        (
                            parameter.name,
                            f"{owner.__name__} takes a setting 'use', which is the key of the implementation",
                            "Give the parameter another name.",
                        )
                    )
                if any(_is_integration(member) for member in alternatives(annotation)):
                    problems.append(
                        (
                            parameter.name,
                            f"{owner.__name__} takes the integration {parameter.name!r} as a setting",
                            "What is injected stands after the * of the constructor.",
                        )
                    )
    return Signature(settings, injected, inspect.getdoc(owner) or "", tuple(problems))


def hints_of(function: Any) -> dict[str, Any]:
    """The annotations of a function, as far as they can be resolved."""
    resolved, unresolved = _hints(function, {})
    return {name: hint for name, hint in resolved.items() if name not in unresolved}


def _hints(function: Any, namespace: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Exception]]:
    """The annotations of a function, and the error of each that cannot be resolved."""
    annotations = getattr(function, "__annotations__", {})
    if not any(isinstance(annotation, str) for annotation in annotations.values()):
        return dict(annotations), {}
    try:
        return typing.get_type_hints(function, include_extras=True), {}
    except (NameError, AttributeError, TypeError, SyntaxError):
        pass
    # One bad name must not hide the others: resolve each annotation by itself.
    resolved: dict[str, Any] = {}
    unresolved: dict[str, Exception] = {}
    known = getattr(inspect.unwrap(function), "__globals__", {})
    for name, annotation in annotations.items():
        probe = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            resolved |= typing.get_type_hints(probe, known, dict(namespace), include_extras=True)
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            unresolved[name] = error
            resolved[name] = object
    return resolved, unresolved


def _is_integration(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, Integration):
        return True
    return any(_is_integration(argument) for argument in get_args(annotation))


def _described(docstring: str) -> Iterator[tuple[str, str]]:
    heading = _PARAMETERS.search(docstring)
    if heading is None:
        return
    body = docstring[heading.end() :]
    if (following := _SECTION.search(body)) is not None:
        body = body[: following.start()]
    name, lines = "", list[str]()
    for line in [*body.splitlines(), "end"]:
        if line and not line[0].isspace():
            if name:
                yield from ((each.strip(), " ".join(lines).strip()) for each in name.split(","))
            name, lines = line.partition(":")[0].strip(), []
        else:
            lines.append(line.strip())
