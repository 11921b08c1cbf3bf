"""The workflows of a runner, and their parameters as options."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, get_args

from lolpop._names import one_of
from lolpop.annotations import REQUIRED, alternatives, class_of, hints_of
from lolpop.cli._failures import UsageError
from lolpop.cli._output import without_markup
from lolpop.containers import scope_of
from lolpop.errors import LolpopError
from lolpop.integrations import call_kind
from lolpop.kernel.providers.cells import cell_of
from lolpop.providers import Runner
from lolpop.resources import DatasetVersion, ModelVersion, Numbered, Resource, as_resource
from lolpop.signatures import Parameter

_TRUTHS = ("true", "false")
_SETTINGS = "A setting is changed by --set PATH=VALUE."
_LISTS = {DatasetVersion: "lolpop datasets ls", ModelVersion: "lolpop models ls"}


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow by name, with its parameters."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]

    def arguments(self, words: Sequence[str]) -> dict[str, Any]:
        """The arguments that the options in ``words`` give.

        Raises UsageError with everything that is wrong with them.
        """
        by_option = {_option(parameter): parameter for parameter in self.parameters}
        values: dict[str, Any] = {}
        problems: list[str] = []
        waiting = list(words)
        while waiting:
            word = waiting.pop(0)
            name, equals, value = word.partition("=")
            option = name.replace("_", "-")
            positive = option.replace("--no-", "--", 1)
            if not word.startswith("--"):
                problems.append(f"unexpected argument {word!r}. {self.name} takes {self._options()}.")
            elif option not in by_option and _is_flag(by_option.get(positive)) and not equals:
                values[by_option[positive].name] = False
            elif option not in by_option:
                near = one_of(option, by_option, what="Options")
                problems.append(f"{self.name} has no option {option}. {near} {_SETTINGS}")
                if not equals and waiting and not waiting[0].startswith("--"):
                    waiting.pop(0)  # its value
            else:
                parameter = by_option[option]
                text = value if equals else _value_after(waiting, parameter)
                try:
                    values[parameter.name] = _read(text, parameter)
                except ValueError as error:
                    problems.append(f"{option}: {_text_of(error)}")
        # A missing argument may be a misspelt one, which is reported already.
        if problems := problems or list(self._missing(values)):
            raise UsageError("\n".join(problems))
        return values

    def usage(self) -> Iterator[tuple[str, str]]:
        """Each option, and what it takes."""
        for parameter in self.parameters:
            default = "required" if parameter.required else f"default: {parameter.default}"
            yield _option(parameter), f"{_form(parameter)} ({default})"

    def _options(self) -> str:
        return ", ".join(map(_option, self.parameters)) or "no options"

    def _missing(self, values: dict[str, Any]) -> Iterator[str]:
        for parameter in self.parameters:
            if parameter.required and parameter.name not in values:
                yield f"{self.name} needs {_option(parameter)}: {_form(parameter)}{_listed(parameter)}"


def runner_slot(container: Any) -> Runner[Any]:
    """The provider of the container's runner. Raises UsageError if it has none."""
    scope = scope_of(container)
    slot = next((slot for slot in scope.providers.values() if isinstance(slot, Runner)), None)
    if slot is None:
        name = scope.declared_as.__name__
        raise UsageError(f"{name} has no runner. Declare one: runner = providers.Runner(YourRunner).")
    return slot


def workflows(container: Any) -> dict[str, Workflow]:
    """The workflows of the container's runner by name, in the order they are written."""
    implementation = cell_of(runner_slot(container)).plan.implementation
    by_name: dict[str, Workflow] = {}
    for owner in reversed(inspect.getmro(implementation)) if implementation else ():
        for name, method in vars(owner).items():
            if call_kind(method) == "workflow":
                by_name[name] = Workflow(name, _summary(method), tuple(_parameters(method)))
    return by_name


def workflow_of(container: Any, name: str) -> Workflow:
    """The workflow ``name``. Raises UsageError, with a near name, if there is none such."""
    by_name = workflows(container)
    if name not in by_name:
        runner = cell_of(runner_slot(container)).plan.use
        raise UsageError(f"{runner} has no workflow {name!r}. {one_of(name, by_name, what='Workflows')}")
    return by_name[name]


def _parameters(method: Any) -> Iterator[Parameter]:
    hints = hints_of(method)
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            yield Parameter(parameter.name, hints.get(parameter.name, Any), parameter.default)


def _summary(method: Any) -> str:
    return without_markup((inspect.getdoc(method) or "").partition("\n\n")[0].replace("\n", " "))


def _listed(parameter: Parameter) -> str:
    """Where to look for what the parameter takes."""
    lists = [_LISTS[member] for member in alternatives(parameter.annotation) if member in _LISTS]
    return f" ({lists[0]} lists them)" if lists else ""


def _option(parameter: Parameter) -> str:
    return f"--{parameter.name.replace('_', '-')}"


def _is_flag(parameter: Parameter | None) -> bool:
    return parameter is not None and bool in alternatives(parameter.annotation)


def _value_after(waiting: list[str], parameter: Parameter) -> str | None:
    """The value that follows an option, taken from ``waiting``; a flag may stand alone."""
    if _is_flag(parameter) and (not waiting or waiting[0].lower() not in _TRUTHS):
        return "true"
    return waiting.pop(0) if waiting else None


def _read(text: str | None, parameter: Parameter) -> Any:
    """A word as the parameter's type; lists and mappings are JSON. Raises ValueError."""
    if text is None:
        raise ValueError(f"a value is missing. Expected {_form(parameter)}")
    kinds = [member for member in alternatives(parameter.annotation) if _is_resource(member)]
    with suppress(LolpopError):
        return as_resource(text, *kinds)  # a reference, with or without its kind
    if text[:1] in ("{", "["):
        with suppress(ValueError):
            return parameter.adapter.validate_json(text)
    return parameter.adapter.validate_python(text)


def _is_resource(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Resource)


def _text_of(error: ValueError) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    messages = (
        str(detail["msg"]).removeprefix("Value error, ") for detail in error.errors(include_url=False)
    )
    return "; ".join(dict.fromkeys(messages))


def _form(parameter: Parameter) -> str:
    """What to write for a parameter, as an example where its type has one."""
    return " or ".join(dict.fromkeys(_form_of(member) for member in alternatives(parameter.annotation)))


def _form_of(annotation: Any) -> str:
    if _is_resource(annotation):
        number = "@NUMBER" if issubclass(annotation, Numbered) else ""
        return f"{annotation.kind}:NAME{number}"
    origin = class_of(annotation)
    if origin is not annotation and not isinstance(origin, type):
        return " or ".join(str(value) for value in get_args(annotation))  # a Literal
    names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    if origin in names:
        return names[origin]
    if annotation is Any or annotation is REQUIRED:
        return "a value"
    return "JSON"
