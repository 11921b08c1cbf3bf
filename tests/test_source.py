"""What holds of the source as a whole: sizes, documentation, and imports without cycles."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lolpop import registry
from lolpop.integrations import Component, Integration
from lolpop.signatures import signature_of

ROOT = Path(__file__).parents[1]
SOURCES = [
    file
    for folder in ("lolpop", "containers")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if "templates" not in file.parts
]
SCRIPTS = [
    file for folder in ("tests", "benchmarks", "examples") for file in sorted((ROOT / folder).rglob("*.py"))
]
LONG_FUNCTIONS = {("v0002_resources.py", "upgrade")}
"""A migration is one list of tables, and is not edited once it was released."""
MODULES = [
    "lolpop.checks",
    "lolpop.errors",
    "lolpop.flows",
    "lolpop.graphs",
    "lolpop.problem",
    "lolpop.providers",
    "lolpop.resources",
    "lolpop.testing",
    "lolpop.data.sources",
    "lolpop.components.data_profiler.drift",
    "lolpop.components.model_checker.metrics",
]
"""Modules whose classes users make or read, beside the interfaces of components."""


def implementations() -> Iterator[Any]:
    """Every registered component and runner, and the pipelines of the runners."""
    for name in registry.component_types():
        for path in registry.registered(f"{registry.COMPONENTS}{name}").values():
            yield pytest.param(path, id=f"{name}-{path.partition(':')[2]}")
    for module in ("process", "train", "forecast_train", "predict", "deploy"):
        name = f"{module.title().replace('_', '')}Pipeline"
        yield pytest.param(f"lolpop.pipelines.{module}:{name}", id=name)
    for module in ("classification", "regression", "forecasting"):
        yield pytest.param(f"lolpop.runners.{module}:{module.title()}Runner", id=f"{module}-runner")


def value_types() -> Iterator[Any]:
    """Every public class of the modules that users import from, unless it is an integration."""
    interfaces = [registry.interface_of(name).__module__ for name in registry.component_types()]
    for module in sorted({*MODULES, *interfaces}):
        imported = importlib.import_module(module)
        for name in getattr(imported, "__all__", ()):
            value = getattr(imported, name)
            if inspect.isclass(value) and not issubclass(value, Integration):
                yield pytest.param(value, id=f"{module}.{name}")


def undocumented(cls: type[Any], names: list[str]) -> list[str]:
    """The names that no section ``Parameters`` of the class or of a base describes, nor a text below the field."""
    texts = [inspect.getdoc(base) or "" for base in cls.__mro__ if base.__module__.startswith("lolpop")]
    sections = "\n".join(text.partition("Parameters\n---")[2] for text in texts)
    described = set(re.findall(r"^(\w+)(?: :.*)?$", sections, re.MULTILINE))
    for base in cls.__mro__:
        if base.__module__.startswith("lolpop"):
            described |= described_below(base)
    return [name for name in names if name not in described]


def described_below(cls: type[Any]) -> set[str]:
    """The fields that a string below them describes."""
    body = ast.parse(inspect.cleandoc("\n" + inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id
        for field, text in zip(body.body, body.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def fields_of(cls: type[Any]) -> list[str]:
    """What a class is made with: the fields of a dataclass or a model, else the constructor's parameters."""
    if dataclasses.is_dataclass(cls):
        return [field.name for field in dataclasses.fields(cls) if not field.name.startswith("_")]
    if issubclass(cls, BaseModel):
        return [name for name, field in cls.model_fields.items() if not field.description]
    if "__init__" not in vars(cls) or getattr(cls, "_is_protocol", False):
        return []
    return [
        name.removeprefix("_")
        for name, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]
    ]


@pytest.mark.parametrize("path", list(implementations()))
def test_every_setting_is_documented(path: str) -> None:
    """The docstring of an implementation describes each of its settings: `lolpop describe` shows it."""
    implementation = registry.import_object(path)
    signature = signature_of(implementation)
    descriptions = signature.descriptions()
    assert [name for name in signature.settings if not descriptions.get(name)] == []


@pytest.mark.parametrize("cls", list(value_types()))
def test_every_parameter_of_a_public_class_is_documented(cls: type[Any]) -> None:
    """Values that users make or read describe each field in a section ``Parameters``, or below the field."""
    assert undocumented(cls, fields_of(cls)) == []


def test_modules_are_short() -> None:
    """No module has 450 lines or more."""
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in SOURCES}
    assert {name: length for name, length in lengths.items() if length >= 450} == {}


def test_functions_are_short() -> None:
    """No function has more than 60 lines, unless it is on the list."""
    long = {
        (file.name, node.name)
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > 60
    }
    assert long == LONG_FUNCTIONS


def test_only_public_modules_say_what_is_public() -> None:
    """A module whose name starts with an underscore has no ``__all__``."""
    private = [file for file in SOURCES if file.name.startswith("_") and not file.name.startswith("__")]
    assert [file.name for file in private if re.search(r"^__all__\b", file.read_text(), re.MULTILINE)] == []


def test_private_modules_are_imported_inside_their_package_only() -> None:
    """A module whose name starts with an underscore is imported by modules of its own package and those below."""
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in SOURCES}
    outside = set()
    for module, file in modules.items():
        for name in imported(file):
            package, _, last = name.rpartition(".")
            if name in modules and last.startswith("_") and not f"{module}.".startswith(f"{package}."):
                outside.add((module, name))
    assert outside == set()


def imported(file: Path) -> Iterator[str]:
    """The names of modules that a file may import: ``from a import b`` may be of ``a.b``."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_variables_are_named_after_their_values() -> None:
    """No variable, function, parameter or attribute has a name that says only how its value came about."""
    vague = {
        "each",
        "found",
        "given",
        "gone",
        "got",
        "had",
        "held",
        "kept",
        "known",
        "said",
        "told",
        "wanted",
    }
    places = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in [*SOURCES, *SCRIPTS]
        for name, line in bound_names(ast.parse(file.read_text()))
        if name.lstrip("_") in vague
    ]
    assert places == []


def bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names of variables, functions, parameters and attributes that are set, with their lines."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                yield name.lower(), node.lineno


def test_messages_below_the_command_line_name_no_commands() -> None:
    """Only the command line, and components that write or call commands, have texts such as ``lolpop run``."""
    command = re.compile(r"lolpop (run|runs|models|datasets|deployments|flow|config|verify|plan|test)\b")
    callers = {("components", "orchestrator")}
    texts = [
        f"{file.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for file in SOURCES
        if (place := file.relative_to(ROOT).parts[1:3]) not in callers and place[0] not in {"cli", "testing"}
        for node in strings(ast.parse(file.read_text()))
        if command.search(node.value)
    ]
    assert texts == []


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """The text of messages: every string that is no docstring."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def test_a_cycle_of_imports_is_an_error(tmp_path: Path) -> None:
    """The contracts hold for the source, and fail if two packages import each other."""
    pytest.importorskip("importlinter", reason="import-linter is not installed: pip install --group lint")
    settings = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(settings[settings.index("[tool.importlinter]") :])
    for folder in ("lolpop", "containers/lolpop_containers"):
        shutil.copytree(
            ROOT / folder, tmp_path / Path(folder).name, ignore=shutil.ignore_patterns("__pycache__")
        )
    assert "0 broken" in lint_imports(tmp_path)
    # Both stand on one level of the layers, so that only the contract about cycles can see them.
    (tmp_path / "lolpop" / "settings" / "_to.py").write_text("import lolpop.data._fro\n")
    (tmp_path / "lolpop" / "data" / "_fro.py").write_text("import lolpop.settings._to\n")
    broken = lint_imports(tmp_path)
    assert "no cycles anywhere BROKEN" in broken
    assert "_fro" in broken


def lint_imports(folder: Path) -> str:
    """What import-linter says of the packages of a folder."""
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "from importlinter.cli import lint_imports\n"
        "sys.exit(lint_imports(cache_dir=None))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_interfaces_are_documented() -> None:
    """Every public method of an interface of components has a docstring."""
    missing = [
        f"{interface.__name__}.{name}"
        for interface in map(registry.interface_of, registry.component_types())
        for name, member in vars(interface).items()
        if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
        if not inspect.getdoc(member) and not hasattr(Component, name)
    ]
    assert missing == []
