"""The settings and dependencies of an integration, read from its constructor."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import InitVar, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, get_args
from weakref import WeakKeyDictionary

from lolpop._constructors import constructors_of, skipped_constructor
from lolpop._isolated import isolated
from lolpop.annotations import REQUIRED, alternatives, resolved_hints, type_name
from lolpop.errors import WiringError
from lolpop.integrations import Integration, is_inherited, misplaced_calls

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["Parameter", "Signature", "signature_of"]

_PARAMETERS = re.compile(r"^(?P<indent>[ \t]*)Parameters\n[ \t]*-{3,}\n", re.MULTILINE)
_SECTION = re.compile(r"^[^\n]+\n-{3,}$", re.MULTILINE)


_Problem: TypeAlias = tuple[str, str, str]
"""The name of a parameter, a problem, and a hint."""


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
        """The validator of its type. Each setting has one of its own, so that names never collide.

        Raises WiringError if values of the type cannot be validated.
        """
        from pydantic import ConfigDict, TypeAdapter
        from pydantic.errors import PydanticUserError

        annotation = Any if self.annotation is REQUIRED else self.annotation
        try:
            try:
                return isolated(TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True)))
            except PydanticUserError as error:
                if error.code != "type-adapter-config-unused":
                    raise
                # Models and dataclasses bring a configuration of their own.
                return isolated(TypeAdapter(annotation))
        except (PydanticUserError, NameError, TypeError) as error:
            reason = error.message if isinstance(error, PydanticUserError) else str(error)
            raise WiringError(
                f"values of the type {type_name(annotation)} cannot be validated: {reason.rstrip('.')}",
                "Annotate the setting with another type.",
            ) from error


@dataclass(frozen=True)
class Signature:
    """The constructor of an integration: settings before the ``*``, injected parameters after it.

    ``problems`` says why the constructor cannot be wired.
    """

    settings: Mapping[str, Parameter]
    injected: Mapping[str, Parameter]
    docstring: str = ""
    problems: tuple[_Problem, ...] = ()
    inherited: Signature | None = None
    """The base class whose parameters the constructor takes too."""

    def descriptions(self) -> dict[str, str]:
        """The descriptions in the ``Parameters`` section of the docstring, by parameter."""
        inherited = {} if self.inherited is None else self.inherited.descriptions()
        return {**inherited, **dict(_described(self.docstring))}

    def json_schema(self) -> dict[str, Any]:
        """A JSON Schema of the settings."""
        described = self.descriptions()
        properties: dict[str, Any] = {}
        definitions: dict[str, Any] = {}
        for name, parameter in self.settings.items():
            schema = _schema_of(parameter)
            definitions |= schema.pop("$defs", {})
            if name in described:
                schema["description"] = described[name]
            if not parameter.required:
                with suppress(WiringError, ValueError):
                    schema["default"] = parameter.adapter.dump_python(
                        parameter.default, mode="json", warnings=False
                    )
            properties[name] = schema
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name, parameter in self.settings.items() if parameter.required],
            "additionalProperties": False,
            **({"$defs": definitions} if definitions else {}),
        }


# A class is read once; the map does not keep classes alive.
_SIGNATURES: WeakKeyDictionary[type, Signature] = WeakKeyDictionary()


def signature_of(owner: type) -> Signature:
    """The signature of the constructor of ``owner``."""
    signature = _SIGNATURES.get(owner)
    if signature is None:
        signature = _SIGNATURES[owner] = _read(owner)
    return signature


def _read(owner: type) -> Signature:
    constructor: Any = inspect.getattr_static(owner, "__init__")
    if constructor is object.__init__:
        return Signature({}, {}, problems=tuple(_class_problems(owner)))
    own = _read_constructor(owner, constructor_of=owner, further=constructors_of(owner)[1:])
    return replace(own, problems=(*own.problems, *_class_problems(owner)))


def _read_constructor(owner: type, *, constructor_of: type, further: Sequence[type]) -> Signature:
    """The signature of one constructor; ``further`` are the classes whose constructors it may call."""
    constructor: Any = inspect.getattr_static(constructor_of, "__init__")
    hints, unresolved = resolved_hints(constructor, vars(constructor_of))
    problems: list[_Problem] = [
        (
            name,
            f"the annotation of {name!r} in {owner.__name__} cannot be resolved ({error})",
            "Import it outside TYPE_CHECKING, at the top of its module.",
        )
        for name, error in unresolved.items()
    ]
    settings: dict[str, Parameter] = {}
    injected: dict[str, Parameter] = {}
    inherited: Signature | None = None
    for declared in list(inspect.signature(constructor).parameters.values())[1:]:
        annotation = hints.get(declared.name, declared.annotation)
        if isinstance(annotation, InitVar):
            annotation = annotation.type
        parameter = Parameter(declared.name, annotation, declared.default)
        if declared.kind is declared.VAR_KEYWORD and is_inherited(annotation):
            if further:
                inherited = _read_constructor(owner, constructor_of=further[0], further=further[1:])
        elif declared.kind is declared.KEYWORD_ONLY:
            injected[declared.name] = parameter
            problems += _injected_problems(owner, parameter)
        elif declared.kind in (declared.VAR_POSITIONAL, declared.VAR_KEYWORD):
            problems.append(_variadic_problem(owner, declared))
        else:
            settings[declared.name] = parameter
            problems += _setting_problems(owner, parameter, declared)
    if inherited is not None:
        restated = {*settings, *injected}
        problems += (problem for problem in inherited.problems if problem[0] not in restated)
        settings |= {name: one for name, one in inherited.settings.items() if name not in restated}
        injected |= {name: one for name, one in inherited.injected.items() if name not in restated}
    docstring = inspect.getdoc(constructor_of) or ""
    return Signature(settings, injected, docstring, tuple(problems), inherited)


def _injected_problems(owner: type, parameter: Parameter) -> Iterator[_Problem]:
    if parameter.annotation is REQUIRED or parameter.annotation is Any:
        yield (
            parameter.name,
            f"{owner.__name__} does not annotate its parameter {parameter.name!r}",
            "Annotate the parameter with the interface that it needs.",
        )


def _variadic_problem(owner: type, declared: inspect.Parameter) -> _Problem:
    stars = "*" if declared.kind is declared.VAR_POSITIONAL else "**"
    return (
        declared.name,
        f"{owner.__name__} takes {stars}{declared.name}, which hides its settings",
        f"Write **{declared.name}: Inherited (from lolpop) and super().__init__(**{declared.name})."
        if declared.kind is declared.VAR_KEYWORD
        else "Restate the parameters of the base class and pass them to super().__init__.",
    )


def _setting_problems(owner: type, parameter: Parameter, declared: inspect.Parameter) -> Iterator[_Problem]:
    name = parameter.name
    if declared.kind is declared.POSITIONAL_ONLY:
        message = f"{owner.__name__} takes the setting {name!r} by position only"
        yield name, message, "Leave out the / of the constructor: settings are given by name."
    if name == "use":
        message = f"{owner.__name__} takes a setting 'use', which is the key of the implementation"
        yield name, message, "Give the parameter another name."
    if any(_is_integration(member) for member in alternatives(parameter.annotation)):
        message = f"{owner.__name__} takes the integration {name!r} as a setting"
        hint = "Injected parameters stand after the * of the constructor."
        if dataclasses.is_dataclass(owner):
            hint = (
                f"Write the line `_: KW_ONLY` (from dataclasses) above the field {name!r}, which is injected."
            )
        yield name, message, hint


def _class_problems(owner: type) -> Iterator[_Problem]:
    """Problems that keep a container from recording or closing instances of a class."""
    if not issubclass(owner, Integration):
        return
    yield from misplaced_calls(owner)
    if (skipped := skipped_constructor(owner)) is not None:
        base, attributes = skipped.base.__name__, " and ".join(skipped.attributes)
        message = f"{owner.__name__} does not call super().__init__, which sets {attributes} of {base}"
        yield "__init__", message, f"Call super().__init__(…) in {owner.__name__}.__init__."
    is_context = any(hasattr(owner, name) for name in ("__exit__", "__aexit__"))
    if is_context and not any(callable(getattr(owner, name, None)) for name in ("close", "aclose")):
        message = f"{owner.__name__} is a context manager, and its container does not enter it"
        yield "__exit__", message, "Give it a close() method, which the container calls."


def _schema_of(parameter: Parameter) -> dict[str, Any]:
    """The schema of a setting; of any value where its type has none."""
    from pydantic.errors import PydanticInvalidForJsonSchema

    try:
        return parameter.adapter.json_schema(ref_template="#/$defs/{model}")
    except (WiringError, PydanticInvalidForJsonSchema):
        return {}


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
                yield from ((listed.strip(), " ".join(lines).strip()) for listed in name.split(","))
            name, lines = line.partition(":")[0].strip(), []
        else:
            lines.append(line.strip())
