"""``lolpop describe``: an implementation with its settings and needs, or a component type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from lolpop import registry
from lolpop._names import one_of
from lolpop.annotations import type_name, value_types
from lolpop.cli._failures import UsageError
from lolpop.cli._output import json_value, print_json, show, table, without_markup
from lolpop.cli._project import imported, make_folder_importable
from lolpop.errors import WiringError
from lolpop.signatures import Parameter, Signature, signature_of

__all__ = ["describe"]

_PARAMETERS = re.compile(r"\n\s*Parameters\n\s*-{3,}\n.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Setting:
    """A setting of an implementation, as people read it."""

    name: str
    type: str
    default: Any
    """In JSON's types; None where it is required."""
    required: bool
    choices: list[Any]
    description: str


def describe(name: str, *, as_json: bool) -> None:
    """Print what ``name`` stands for: a component type, one of its implementations, or a class."""
    if ":" in name:
        make_folder_importable()
        described = imported(name)
        if not isinstance(described, type):
            raise UsageError(f"{name} is not a class, it is of type {type(described).__name__}")
        _describe_class(described, name, as_json=as_json)
        return
    kind, dot, short = name.partition(".")
    try:
        interface = registry.interface_of(kind)
        if dot:
            _describe_class(registry.find(interface, short), name, interface=interface, as_json=as_json)
        else:
            _describe_type(interface, kind, as_json=as_json)
    except WiringError as error:
        raise UsageError(_with_path(error, kind, short)) from error


def _with_path(error: WiringError, kind: str, short: str) -> str:
    """The error, with the types that have an implementation of the name, where no type was named."""
    if short or kind in registry.component_types():
        return str(error)
    owners = [
        f"{component_type}.{kind}"
        for component_type in registry.component_types()
        if kind in registry.registered(f"{registry.COMPONENTS}{component_type}")
    ]
    return f"{error.message}. {one_of('', owners, what='Of this name')}" if owners else str(error)


def _describe_type(interface: type, kind: str, *, as_json: bool) -> None:
    methods = list(_methods(interface))
    names = sorted(registry.registered(registry.group_of(interface)))
    if as_json:
        print_json(
            {
                "type": kind,
                "interface": _path(interface),
                "summary": _summary(interface),
                "methods": [{"signature": signature, "summary": summary} for signature, summary in methods],
                "implementations": names,
            }
        )
        return
    show(
        f"{kind}: {_summary(interface)}",
        f"Interface: {_path(interface)}",
        table(methods, titles=("method", "what it does")),
        table([(f"{kind}.{name}",) for name in names], titles=("implementations",)),
    )


def _methods(interface: type) -> Iterator[tuple[str, str]]:
    """The public methods of an interface, with their signatures and first lines."""
    for name, member in vars(interface).items():
        function = getattr(member, "__func__", member)
        if name.startswith("_") or not inspect.isfunction(function):
            continue
        parameters = [str(item) for item in list(inspect.signature(function).parameters.values())[1:]]
        yield f"{name}({', '.join(parameters)})", _summary(function)


def _describe_class(implementation: type, name: str, *, interface: type | None = None, as_json: bool) -> None:
    signature = signature_of(implementation)
    settings = list(_settings(signature))
    needs = [
        (parameter.name, _type_of(parameter), "required" if parameter.required else "optional")
        for parameter in signature.injected.values()
    ]
    missing = registry.missing_modules(getattr(implementation, "requires", ()))
    install = getattr(implementation, "install", "") or " ".join(missing)
    if as_json:
        print_json(
            {
                "name": name,
                "class": _path(implementation),
                "interface": None if interface is None else _path(interface),
                "description": _description(implementation),
                "install": install if missing else "",
                "settings": [asdict(setting) for setting in settings],
                "needs": [dict(zip(("name", "type", "need"), need, strict=True)) for need in needs],
            }
        )
        return
    rows = [
        (item.name, item.type, "required" if item.required else _shown(item.default), _about(item))
        for item in settings
    ]
    show(
        f"{name}: {_description(implementation)}",
        f"Class: {_path(implementation)}" + (f"\nNot installed: pip install '{install}'" if missing else ""),
        table(rows, titles=("setting", "type", "default", "description")) if rows else "It has no settings.",
        *([table(needs, titles=("injected", "type", ""))] if needs else []),
    )


def _settings(signature: Signature) -> Iterator[_Setting]:
    descriptions = signature.descriptions()
    for name, parameter in signature.settings.items():
        yield _Setting(
            name,
            _type_of(parameter),
            None if parameter.required else json_value(_plain(parameter.default)),
            parameter.required,
            _choices(parameter),
            without_markup(descriptions.get(name, "")),
        )


def _type_of(parameter: Parameter) -> str:
    """The type of a setting without the conditions of pydantic, which its description tells."""
    members = [_name_of_type(member) for member in value_types(parameter.annotation)]
    optional = ["none"] if type(None) in get_args(parameter.annotation) else []
    return " or ".join(dict.fromkeys([*members, *optional]))


def _name_of_type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "choice"
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", type_name(annotation))


def _choices(parameter: Parameter) -> list[Any]:
    choices: list[Any] = []
    for member in value_types(parameter.annotation):
        if get_origin(member) is Literal:
            choices += get_args(member)
        elif isinstance(member, type) and issubclass(member, Enum):
            choices += [item.value for item in member]
    return choices


def _about(setting: _Setting) -> str:
    choices = f"One of {', '.join(map(str, setting.choices))}." if setting.choices else ""
    return " ".join(part for part in (setting.description, choices) if part)


def _plain(default: Any) -> Any:
    return (
        str(default) if not isinstance(default, str | int | float | bool | list | dict | tuple) else default
    )


def _shown(default: Any) -> str:
    return "none" if default in (None, "None") else str(default) if default != "" else '""'


def _description(implementation: type) -> str:
    """The docstring without its section of parameters, which are listed."""
    return without_markup(_PARAMETERS.sub("", f"{inspect.getdoc(implementation) or ''}\n").strip())


def _summary(owner: Any) -> str:
    return without_markup((inspect.getdoc(owner) or "").partition("\n\n")[0].replace("\n", " "))


def _path(owner: type) -> str:
    return f"{owner.__module__}:{owner.__qualname__}"
