"""New components, and new component types."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from typing import Any

from lolpop._names import one_of
from lolpop.cli._failures import UsageError
from lolpop.cli._output import say
from lolpop.cli.scaffolding.entry_points import with_entry_point
from lolpop.cli.scaffolding.names import class_prefix, identifier
from lolpop.cli.scaffolding.parts import add_files
from lolpop.cli.scaffolding.project import Project
from lolpop.cli.scaffolding.stubs import organized, stubs_of
from lolpop.cli.scaffolding.usage import setting_for
from lolpop.errors import WiringError
from lolpop.registry import COMPONENTS, component_types, find, group_of, interface_of
from lolpop.signatures import signature_of

__all__ = ["create_component"]


def create_component(
    component_type: str, name: str, *, base: str | None, new_type: bool, dry_run: bool
) -> None:
    """Add an implementation of a component type to the project here, and the type itself if it is new.

    ``base`` is the implementation that it inherits from, in place of the interface.
    """
    project = Project.here()
    kind = identifier(component_type, "a component type")
    module = identifier(name, "a component")
    if new_type and base is not None:
        raise UsageError("a new type has no implementation yet: leave --base out")
    interface = _interface(project, kind, new_type=new_type)
    if new_type:
        with_entry_point(
            project.folder, f"{COMPONENTS}{kind}", name, ""
        )  # refused before anything is written
        _create_interface(project, kind, dry_run=dry_run)
        if dry_run:
            return  # its implementation inherits from what is not written
        interface = _interface(project, kind, new_type=False)
    assert interface is not None  # noqa: S101  (it was read, or written just now)
    values = _values(project, kind, module, class_prefix(name), interface, base)
    path = f"{values['package_path']}.{module}:{values['class_name']}"
    add_files(project, "component", values, (f"{COMPONENTS}{kind}", name, path), dry_run=dry_run)
    if not dry_run:
        if new_type:
            default = f"providers.Component({interface.__name__}, default={values['class_name']})"
            say(f"\nDeclare it in a container: {kind} = {default}")
        setting = None if new_type else setting_for(interface, path)
        say(f"\nUse it in lolpop.yaml: {setting or f'{kind}: {{use: {path!r}}}'}")
        say(f"Once the project is installed (pip install -e .), {name!r} will do.")


def _create_interface(project: Project, kind: str, *, dry_run: bool) -> None:
    values = {
        "folder": (project.root / "components" / kind).as_posix(),
        "type": kind.replace("_", " "),
        "interface": class_prefix(kind),
        "new_type": True,
    }
    add_files(project, "interface", values, None, dry_run=dry_run)
    importlib.invalidate_caches()


def _interface(project: Project, kind: str, *, new_type: bool) -> type | None:
    """The interface of a type, one of the project's own included; None of a new one.

    Raises UsageError, with a near name, if there is none, or if a new one exists already.
    """
    own = sorted(
        path.parent.name for path in (project.folder / project.root).glob("components/*/__init__.py")
    )
    types = sorted({*component_types(), *own})
    if new_type:
        if kind in types:
            raise UsageError(f"the component type {kind!r} exists already: leave --new-type out")
        return None
    try:
        return interface_of(kind)
    except WiringError as error:
        interface = _own_interface(project, kind) if kind in own else None
        if interface is None:
            near = one_of(kind, types, what="Types")
            raise UsageError(f"{error.message}. {near} --new-type makes one of this name.") from error
        return interface


def _own_interface(project: Project, kind: str) -> type | None:
    source = str(project.folder / "src")
    if source not in sys.path:
        sys.path.insert(0, source)
    module = importlib.import_module(f"{project.package}.components.{kind}")
    classes = (value for value in vars(module).values() if isinstance(value, type))
    return next((value for value in classes if group_of(value) == f"{COMPONENTS}{kind}"), None)


def _values(
    project: Project, kind: str, module: str, prefix: str, interface: type, base: str | None
) -> dict[str, Any]:
    base_class = interface
    if base is not None:
        try:
            base_class = find(interface, base)
        except WiringError as error:
            raise UsageError(str(error)) from error
    stubs = stubs_of(base_class)
    for_typing = [line for line in stubs.typing_imports if line not in stubs.imports]
    own_import = f"from {base_class.__module__} import {base_class.__name__}"
    needed = _needed(base_class) if base is not None else []
    class_name = f"{prefix}{interface.__name__}"
    words = kind.replace("_", " ")
    contract = _contract(kind, interface)
    return {
        "folder": (project.root / "components" / kind).as_posix(),
        "package_path": f"{project.package}.components.{kind}",
        "module": module,
        "test_module": f"{module}_{kind}",
        "class_name": class_name,
        "base_class": base_class.__name__,
        "interface": interface.__name__,
        "interface_module": interface.__module__,
        "sentence": f"{'An' if words[0] in 'aeiou' else 'A'} {words} of this project.",
        "imports": organized(
            [own_import, *stubs.imports, *(["from typing import TYPE_CHECKING"] if for_typing else [])]
        ),
        "typing_imports": organized(for_typing),
        "methods": stubs.methods,
        "contract": contract and contract.__name__,
        "contract_module": contract and contract.__module__,
        "fixtures": _fixtures(contract),
        "make": _make(kind, contract, class_name, needed),
        "make_imports": _MADE_IMPORT if kind == "model_trainer" and "feature_transformer" in needed else "",
        "unfinished": _unfinished(kind, stubs.methods, needed, contract),
    }


_MADE_IMPORT = "from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer"


def _needed(base: type) -> list[str]:
    """The parameters of a constructor without which it cannot be called, and the seed."""
    signature = signature_of(base)
    parameters = {**signature.settings, **signature.injected}
    return [name for name, parameter in parameters.items() if parameter.required or name == "seed"]


def _arguments_of_contract(kind: str, contract: type | None) -> dict[str, str]:
    """What a test can pass to a constructor, by parameter: what the contract passes to ``make``, and more."""
    values = {name: name for name in getattr(contract, "made_with", ())}
    return values | (
        {"feature_transformer": "SklearnFeatureTransformer()"} if kind == "model_trainer" else {}
    )


def _make(kind: str, contract: type | None, class_name: str, needed: list[str]) -> str:
    """What makes the component in a test, called as its contract calls it."""
    taken = getattr(contract, "made_with", ())
    if not taken:
        return class_name
    values = _arguments_of_contract(kind, contract)
    arguments = ", ".join(f"{name}={values[name]}" for name in needed if name in values)
    call = f"{class_name}(\n            {arguments}\n        )" if arguments else f"{class_name}()"
    return f"lambda {', '.join(taken)}: {call}"


def _unfinished(kind: str, methods: list[str], needed: list[str], contract: type | None) -> str:
    """What its author has to write before the test can pass; empty if nothing is left to write."""
    if methods:
        return "its methods are not written yet"
    if _fixtures(contract) or set(needed) - {"seed", *_arguments_of_contract(kind, contract)}:
        return "the fixtures are not written yet"
    return ""


def _contract(kind: str, interface: type) -> type | None:
    """The contract of a type in the conformance kit, if it has one."""
    module = f"lolpop.testing.contracts.{kind}"
    try:
        if importlib.util.find_spec(module) is None:
            return None
    except ModuleNotFoundError:
        return None
    contract = getattr(importlib.import_module(module), f"{interface.__name__}Contract", None)
    return contract if isinstance(contract, type) else None


def _fixtures(contract: type | None) -> list[str]:
    """The fixtures that a contract takes besides ``make``, which the author has to write."""
    if contract is None:
        return []
    checks = (getattr(contract, name) for name in dir(contract) if name.startswith("test_"))
    names = {name for check in checks for name in list(inspect.signature(check).parameters)[1:]}
    return sorted(name for name in names - {"make", "tmp_path", "capsys"} if not hasattr(contract, name))
