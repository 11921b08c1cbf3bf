"""The code that a function or a class reaches in its project, and the libraries that this code uses."""

from __future__ import annotations

import builtins
import functools
import inspect
import operator
import sys
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from lolpop.data.content import Opaque, digest_of_value
from lolpop.running.fingerprints.by_name import (
    READS_DOCUMENTATION,
    imports_by_name,
    module_of,
    runs_code_by_name,
)
from lolpop.running.fingerprints.bytecode import digest_of, names_in, references_of
from lolpop.running.fingerprints.code_parts import CodePart, CodeParts
from lolpop.running.fingerprints.contents import classes_of
from lolpop.running.fingerprints.definitions import (
    bound_to,
    class_digest,
    class_place,
    class_values,
    code_place,
    described_hints,
    documentation_digest,
    hinted_values,
    identity_of,
    is_at_home,
    is_made_by_library,
    is_project_code,
    items_of,
    state_of,
    text_digest,
)
from lolpop.running.fingerprints.distributions import distribution_of
from lolpop.running.fingerprints.loading import effects_of, imported_name, modules_loaded_by
from lolpop.running.fingerprints.modules import (
    FRAMEWORK,
    binding_statements,
    file_of,
    imports_of,
    is_project_module,
    is_submodule,
    mentions_code_by_name,
    module_digest,
    project_files,
    statement_digest,
    statement_references,
)
from lolpop.running.fingerprints.references import Reference

__all__ = ["code_of"]

_FOLLOWED = (FunctionType, BuiltinFunctionType, MethodType, functools.partial, type)
"""Callables whose code, or whose library, is known from the object itself."""

_COLLECTIONS = (Mapping, list, tuple, set, frozenset)

_GETTERS = (operator.attrgetter, operator.itemgetter, operator.methodcaller)


def code_of(roots: Iterable[Any]) -> CodeParts:
    """Everything in the project that ``roots``, functions and classes, reach, however indirectly.

    Functions are followed by their bytecode: into other functions and methods, constants of modules, base
    classes, decorators, defaults and closures. Code that cannot be followed counts as its whole module, and
    code that runs other code by name as all modules of the project that are imported. Libraries count by
    their version. Nothing is imported or executed.
    """
    roots = list(roots)
    walk = _Walk(modules_loaded_by(map(module_of, roots)))
    for root in roots:
        walk.reach(root, "")
    walk.finish()
    return walk.code_parts


class _Walk:
    """One walk over the code of a project."""

    def __init__(self, loaded: set[str]) -> None:
        self.code_parts = CodeParts({}, {})
        self._seen: set[int] = set()
        self._entered: set[int] = set()
        self._visited: list[Any] = []  # kept alive, so that ids stay unique during the walk
        self._modules: set[str] = set()
        self._members: set[str] = set()
        self._has_everything = False
        self._reads_documentation = False
        self._loaded = loaded
        self._pending: deque[Callable[[], None]] = deque()

    def finish(self) -> None:
        """Follow references until none is left, and what happened when the modules were loaded."""
        for module in sorted(self._loaded):
            self._reach_effects(module)
        while self._pending:
            self._pending.popleft()()
        for value in self._visited if self._reads_documentation else ():
            if isinstance(value, FunctionType | type) and is_project_module(value.__module__):
                name = f"{value.__module__}.{value.__qualname__}(documentation)"
                self._add(name, documentation_digest(value), "", "")

    def reach(self, value: Any, caller: str, name: str = "") -> None:
        """Count ``value``, which ``caller`` uses under ``name``."""
        if (owner := bound_to(value)) is not None:
            self._reach_owner(owner, caller, f"{name or value.__qualname__}.__self__")
        if isinstance(value, staticmethod | classmethod | MethodType):
            value = value.__func__
        if id(value) in self._seen:
            return
        if isinstance(value, ModuleType):
            self._reach_module(value.__name__, caller)
            return
        self._seen.add(id(value))
        self._visited.append(value)
        if runs_code_by_name(value):
            self._reach_everything(caller)
        self._reach_new(value, caller, name)

    def _reach_owner(self, owner: Any, caller: str, name: str) -> None:
        """Count the object that a method is bound to; of libraries' objects, what their content tells."""
        if isinstance(owner, type):
            self.reach(owner, caller)
        elif is_project_module(type(owner).__module__):
            self._reach_part(owner, caller, name)
        else:
            with suppress(Opaque):
                self._add(name, digest_of_value(owner), "", caller)

    def _reach_new(self, value: Any, caller: str, name: str) -> None:
        if isinstance(value, FunctionType):
            self._pending.append(functools.partial(self._follow_function, value, caller))
        elif isinstance(value, type):
            self._pending.append(functools.partial(self._follow_class, value, caller))
        elif isinstance(value, functools.partial):
            self.reach(value.func, caller)
            self._reach_value((value.args, value.keywords), caller, name or "arguments")
        elif (wrapped := inspect.getattr_static(value, "__wrapped__", None)) is not None:
            self.reach(wrapped, caller)
            self.reach(type(value), caller)
            if is_project_module(type(value).__module__):
                self._reach_state(value, caller, name)
        elif isinstance(value, property):
            for function in (value.fget, value.fset, value.fdel):
                if function is not None:
                    self.reach(function, caller)
        elif isinstance(value, BuiltinFunctionType):
            self._use_library(module_of(value))
        elif isinstance(value, _GETTERS):
            self._reach_value(value.__reduce__()[1], caller, name or "arguments")
        elif module_of(value) and callable(value):
            self._use_library(module_of(value))
            self._reach_state(value, caller, name)
            self.reach(type(value), caller)
        else:
            self._reach_value(value, caller, name)

    def _follow_function(self, function: FunctionType, caller: str) -> None:
        module = function.__module__ or ""
        if not is_project_code(function.__code__, module):
            self._use_library(module)
            return
        code, names = function.__code__, function.__globals__
        name = f"{module}.{function.__qualname__}"
        references = references_of(code)
        bound = [identity_of(names[reference.name]) for reference in references if reference.name in names]
        self._add(name, text_digest(digest_of(code), *bound), code_place(code), caller)
        used = names_in(code)
        if "__subclasses__" in used:
            self._reach_everything(name)
        self._reads_documentation = self._reads_documentation or not READS_DOCUMENTATION.isdisjoint(used)
        for reference in references:
            self._follow(reference, names, module, name)
        defaults = (*enumerate(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items())
        for key, default in defaults:
            self._reach_part(default, name, f"{name}(default {key})")
        for variable, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            try:
                value = cell.cell_contents
            except ValueError:  # a variable that is not set yet
                continue
            self._reach_part(value, name, f"{name}(variable {variable})")
            self._count_annotations(value, name)
        for value in hinted_values(function):
            self._reach_part(value, name, f"{name}(annotation)")
        for attribute, value in vars(function).items():
            if attribute != "__isabstractmethod__":
                self._reach_part(value, name, f"{name}.{attribute}")
                self._count_annotations(value, name)

    def _count_annotations(self, function: Any, caller: str) -> None:
        """Count the annotations of a function that a decorator has, and may read."""
        if isinstance(function, FunctionType) and function.__annotations__:
            name = f"{function.__module__}.{function.__qualname__}(annotations)"
            self._add(name, text_digest(described_hints(function.__annotations__)), "", caller)

    def _follow_class(self, owner: type, caller: str) -> None:
        module = owner.__module__
        if not is_project_module(module):
            self._use_library(module)
            return
        name = f"{module}.{owner.__qualname__}"
        self._add(name, class_digest(owner), class_place(owner), caller)
        for base in (*owner.__bases__, type(owner)):
            self.reach(base, name)
        if is_made_by_library(owner):
            # It is made from the body of the class, of which the class may keep no trace.
            self._reach_binding(module, owner.__qualname__.partition(".")[0], vars(sys.modules[module]), name)
        for attribute, value in class_values(owner):
            self._reach_part(value, name, f"{name}.{attribute}")

    def _follow(self, reference: Reference, names: Mapping[str, Any], module: str, caller: str) -> None:
        if reference.module or reference.level:
            self._follow_import(reference, module, caller)
            return
        name = reference.name
        if name not in names:
            if hasattr(builtins, name):
                self.reach(getattr(builtins, name), caller)
            return
        value = names[name]
        if isinstance(value, ModuleType):
            self._follow_attributes(value, reference.attributes, caller)
        else:
            self._reach_global(value, names, name, module, caller)

    def _follow_attributes(self, module: ModuleType, attributes: tuple[str, ...], caller: str) -> None:
        """Follow ``module.a.b``; a module that is used as a value counts as a whole."""
        for attribute in attributes:
            value = vars(module).get(attribute)
            if isinstance(value, ModuleType):
                module = value
                continue
            if attribute not in vars(module):
                break
            if is_project_module(module.__name__):
                self._reach_global(value, vars(module), attribute, module.__name__, caller)
            else:
                self._use_library(module.__name__)
                if runs_code_by_name(value):
                    self._reach_everything(caller)
            return
        self._reach_module(module.__name__, caller)

    def _follow_import(self, reference: Reference, module: str, caller: str) -> None:
        name = imported_name(reference.module, reference.level, module)
        attributes = reference.attributes
        while attributes and is_submodule(name, attributes[0]):
            name, attributes = f"{name}.{attributes[0]}", attributes[1:]
        if imports_by_name(name) and not attributes:
            self._reach_everything(caller)
        loaded = sys.modules.get(name)
        # Whether a call before this one has imported the module must make no difference.
        if attributes and loaded is not None and (name in self._loaded or not is_project_module(name)):
            self._follow_attributes(loaded, attributes, caller)
        else:
            self._reach_module(name, caller)

    def _reach_global(
        self, value: Any, names: Mapping[str, Any], name: str, module: str, caller: str
    ) -> None:
        if runs_code_by_name(value):
            self._reach_everything(caller)
        if callable(value):
            self.reach(value, caller, f"{module}.{name}")
            is_followed = isinstance(value, _FOLLOWED) or hasattr(value, "__wrapped__")
            is_made = isinstance(value, FunctionType | type) and not (
                is_project_module(module_of(value)) or is_at_home(value)
            )
            if not is_followed or is_made or bound_to(value) is not None:
                self._reach_binding(module, name, names, caller)
                self._reach_contents(value, caller, f"{module}.{name}")
            return
        try:
            self._add_content(f"{module}.{name}", value, caller)
        except Opaque:
            self._reach_binding(module, name, names, caller)
            self._reach_contents(value, caller, f"{module}.{name}")
        self.reach(type(value), caller)

    def _reach_contents(self, value: Any, caller: str, name: str) -> None:
        """Count what was put into a collection, or an object of the project, after it was bound."""
        if not self._enter(value):
            return
        if isinstance(value, _COLLECTIONS):
            parts = {str(index): item for index, item in enumerate(items_of(value))}
        else:
            parts = state_of(value) if is_project_module(type(value).__module__) else {}
        for key, part in parts.items():
            self._reach_content(part, caller, f"{name}.{key}")

    def _reach_content(self, part: Any, caller: str, name: str) -> None:
        if isinstance(part, _FOLLOWED) or hasattr(part, "__wrapped__"):
            self._reach_part(part, caller, name)
            return
        try:
            self._add_content(name, part, caller)
        except Opaque:
            # Of a library's object, such as a connection, nothing is known that lasts.
            self._reach_contents(part, caller, name)
        self.reach(type(part), caller)

    def _enter(self, value: Any) -> bool:
        """Note that what is in ``value`` is counted; False if it is already."""
        if id(value) in self._entered:
            return False
        self._entered.add(id(value))
        self._visited.append(value)
        return True

    def _reach_part(self, value: Any, caller: str, name: str) -> None:
        if isinstance(value, ModuleType) or callable(value) or hasattr(value, "__wrapped__"):
            self._add(name, identity_of(value), "", caller)
            self.reach(value, caller, name)
        elif isinstance(value, property | staticmethod | classmethod | functools.cached_property):
            inner = getattr(value, "func", None) or value
            self.reach(inner, caller, name)
        else:
            self._reach_value(value, caller, name)

    def _reach_value(self, value: Any, caller: str, name: str) -> None:
        if type(value).__module__ == "weakref":
            return  # such as the cache of a singledispatch, which fills with its calls
        try:
            self._add_content(name, value, caller)
        except Opaque:
            if isinstance(value, _COLLECTIONS):
                self._reach_items(value, caller, name)
            else:
                self._reach_state(value, caller, name)
        self.reach(type(value), caller)

    def _reach_items(self, value: Any, caller: str, name: str) -> None:
        if self._enter(value):
            for index, item in enumerate(items_of(value)):
                self._reach_part(item, caller, f"{name}[{index}]")

    def _reach_state(self, value: Any, caller: str, name: str) -> None:
        """Count an object by its class and its attributes."""
        self._use_library(type(value).__module__)
        self._add(f"{name}(type)", f"{type(value).__module__}.{type(value).__qualname__}", "", caller)
        if self._enter(value):
            for attribute, part in state_of(value).items():
                self._reach_part(part, caller, f"{name}.{attribute}")

    def _reach_binding(self, module: str, name: str, names: Mapping[str, Any], caller: str) -> None:
        """Count the statements that bind a global name, and what they refer to."""
        part = f"{module}.{name}(statement)"
        if part in self.code_parts.parts:
            return
        statements = binding_statements(module, name)
        if not statements:
            self._reach_module(module, caller)
            return
        digest = statement_digest(*statements)
        file = file_of(module)
        self._add(part, digest, f"{file.name if file else module}:{statements[0].lineno}", caller)
        for statement in statements:
            for reference in statement_references(statement):
                if reference.name != name:
                    self._follow(reference, names, module, part)

    def _reach_module(self, module: str, caller: str) -> None:
        """Count a whole module, the modules of the project that it imports, and what it holds now."""
        self._reach_text(module, caller)
        if module in self._loaded and module not in self._members:
            self._members.add(module)
            names = vars(sys.modules[module])
            for name, value in list(names.items()):
                if not name.startswith("__") and not isinstance(value, ModuleType):
                    self._reach_global(value, names, name, module, module)

    def _reach_text(self, module: str, caller: str) -> None:
        """Count the text of a module, and of the modules of the project that it imports."""
        if not module or module in self._modules:
            return
        self._modules.add(module)
        if not is_project_module(module):
            self._use_library(module)
            return
        file = file_of(module)
        self._add(module, module_digest(module), file.name if file else "", caller)
        for imported in (module.rpartition(".")[0], *imports_of(module)):
            self._reach_text(imported, module)
        if mentions_code_by_name(module):
            self._reach_everything(caller)

    def _reach_effects(self, module: str) -> None:
        """Count what a module changes in libraries when it is loaded."""
        names, file = vars(sys.modules[module]), file_of(module)
        for statement in effects_of(module):
            part = f"{module}(on import)"
            self._add(
                part, statement_digest(statement), f"{file.name if file else module}:{statement.lineno}", ""
            )
            for reference in statement_references(statement):
                self._follow(reference, names, module, part)

    def _reach_everything(self, caller: str) -> None:
        if self._has_everything:
            return
        self._has_everything = True
        for module in sorted(self._loaded):
            self._reach_text(module, caller)
        # What is not imported yet may be, by then.
        for name, digest, imported in project_files():
            self._add(name, digest, name, caller)
            for module in imported:
                self._use_library(module)

    def _use_library(self, module: str) -> None:
        top = module.partition(".")[0]
        if top and top not in FRAMEWORK and not is_project_module(module):
            distribution = distribution_of(top)
            if distribution is not None:
                name, version = distribution
                self.code_parts.versions[name] = version

    def _add_content(self, name: str, value: Any, caller: str) -> None:
        """Count a value with the classes of what it holds. Raises Opaque if it has no accessible content."""
        self._add(name, digest_of_value(value), "", caller)
        for owner in classes_of([value]):
            self.reach(owner, caller)

    def _add(self, name: str, digest: str, place: str, caller: str) -> None:
        """Count a part. Several may have one name, such as lambdas: each counts."""
        parts, unique, number = self.code_parts.parts, name, 1
        while unique in parts and parts[unique].digest != digest:
            number += 1
            unique = f"{name}#{number}"
        parts.setdefault(unique, CodePart(unique, digest, place, caller))
