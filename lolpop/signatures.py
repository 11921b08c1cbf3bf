"""What an integration asks of its container, read from its constructor."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import InitVar, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args
from weakref import WeakKeyDictionary

from lolpop.annotations import REQUIRED, alternatives, resolved_hints, type_name
from lolpop.errors import WiringError
from lolpop.integrations import Integration, misplaced_calls

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["Parameter", "Signature", "signature_of"]

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
        """The validator of its type. Each setting has one of its own, so that names never collide.

        Raises WiringError if values of the type cannot be validated.
        """
        from pydantic import ConfigDict, TypeAdapter
        from pydantic.errors import PydanticUserError

        annotation = Any if self.annotation is REQUIRED else self.annotation
        try:
            try:
                return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
            except PydanticUserError as error:
                if error.code != "type-adapter-config-unused":
                    raise
                # Models and dataclasses bring a configuration of their own.
                return TypeAdapter(annotation)
        except (PydanticUserError, NameError, TypeError) as error:
            reason = error.message if isinstance(error, PydanticUserError) else str(error)
            raise WiringError(
                f"values of the type {type_name(annotation)} cannot be validated: {reason.rstrip('.')}",
                "Annotate the setting with another type.",
            ) from error


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


# A class is read once; the map lets go of classes that are gone.
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
    hints, unresolved = resolved_hints(constructor, vars(owner))
    problems: list[tuple[str, str, str | None]] = [
        (
            name,
            f"the annotation of {name!r} in {owner.__name__} cannot be resolved ({error})",
            "Import it outside TYPE_CHECKING, at the top of its module.",
        )
        for name, error in unresolved.items()
    ]
    problems += _class_problems(owner)
    settings: dict[str, Parameter] = {}
    injected: dict[str, Parameter] = {}
    for parameter in list(inspect.signature(constructor).parameters.values())[1:]:
        annotation = hints.get(parameter.name, parameter.annotation)
        if isinstance(annotation, InitVar):
            annotation = annotation.type
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


def _class_problems(owner: type) -> Iterator[tuple[str, str, str | None]]:
    """What keeps instances of a class from being recorded or closed as their container is."""
    if not issubclass(owner, Integration):
        return
    yield from misplaced_calls(owner)
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
