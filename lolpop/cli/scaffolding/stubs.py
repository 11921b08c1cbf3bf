"""The methods of an interface as source text, for somebody to fill in."""

from __future__ import annotations

import ast
import builtins
import inspect
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Stubs", "organized", "stubs_of"]


@dataclass(slots=True)
class Stubs:
    """The abstract methods of an interface, and what their annotations need."""

    methods: list[str] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    typing_imports: list[str] = field(default_factory=list)
    """Imports that only type checkers need."""


def stubs_of(interface: type) -> Stubs:
    """A stub of every abstract method of ``interface``, with its signature and docstring.

    Each raises NotImplementedError.
    """
    stubs = Stubs()
    for name in sorted(
        getattr(interface, "__abstractmethods__", ()), key=lambda name: _line_of(interface, name)
    ):
        owner = next(owner for owner in interface.__mro__ if name in vars(owner))
        source = _Source.of(sys.modules[owner.__module__])
        node = source.method(owner.__name__, name)
        if node is None:
            continue
        stubs.methods.append(source.stub(node))
        for statement, for_typing in source.imports_for(node):
            (stubs.typing_imports if for_typing else stubs.imports).append(statement)
    return stubs


def organized(statements: Iterable[str]) -> list[str]:
    """Import statements as formatters order them: Python's own first, one for each module."""
    names: dict[str, set[str]] = {}
    for statement in statements:
        module, _, imported = statement.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).update([imported] if imported else [])
    lines = {
        module: f"from {module} import {', '.join(sorted(imported))}" if imported else module
        for module, imported in names.items()
    }
    own = [lines[module] for module in sorted(lines) if _is_standard(module)]
    others = [lines[module] for module in sorted(lines) if not _is_standard(module)]
    return [*own, *([""] if own and others else []), *others]


def _is_standard(module: str) -> bool:
    return module.removeprefix("import ").partition(".")[0] in sys.stdlib_module_names


def _line_of(interface: type, name: str) -> int:
    method = inspect.unwrap(_plain(getattr(interface, name, None)))
    return method.__code__.co_firstlineno if inspect.isfunction(method) else 0


def _plain(method: Any) -> Any:
    method = method.fget if isinstance(method, property) else method
    return getattr(method, "__func__", method)


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of a module, and what its names stand for."""

    module: str
    lines: list[str]
    tree: ast.Module

    @classmethod
    def of(cls, module: Any) -> _Source:
        text = inspect.getsource(module)
        return cls(module.__name__, text.splitlines(), ast.parse(text))

    def method(self, owner: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and node.name == owner:
                for child in node.body:
                    if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and child.name == name:
                        return child
        return None

    def stub(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        """The method as it is written, without its body."""
        decorators = [
            f"@{ast.unparse(decorator)}"
            for decorator in node.decorator_list
            if not ast.unparse(decorator).endswith("abstractmethod")
        ]
        first = node.body[0]
        documented = ast.get_docstring(node) is not None
        end = (first.end_lineno or first.lineno) if documented else first.lineno - 1
        written = textwrap.dedent("\n".join(self.lines[node.lineno - 1 : end]))
        return "\n".join([*decorators, written, "    raise NotImplementedError"])

    def imports_for(self, node: ast.AST) -> Iterable[tuple[str, bool]]:
        """Imports of the names in a method's signature, and whether only type checkers need them."""
        defined = {
            target.id
            for statement in self.tree.body
            for target in _targets(statement)
            if isinstance(target, ast.Name)
        } | {statement.name for statement in self.tree.body if isinstance(statement, ast.ClassDef)}
        for name in sorted(_names_in_signature(node)):
            if name in defined:
                yield f"from {self.module} import {name}", False
            elif (imported := self._import_of(name)) is not None:
                yield imported
            elif not hasattr(builtins, name):
                yield f"from typing import {name}", False

    def _import_of(self, name: str) -> tuple[str, bool] | None:
        for statement in self.tree.body:
            for_typing = isinstance(statement, ast.If)
            body = statement.body if isinstance(statement, ast.If) else [statement]
            for item in body:
                if not isinstance(item, ast.Import | ast.ImportFrom):
                    continue
                for alias in item.names:
                    if (alias.asname or alias.name) == name:
                        written = alias.name if alias.asname is None else f"{alias.name} as {alias.asname}"
                        origin = f"from {item.module} " if isinstance(item, ast.ImportFrom) else ""
                        return f"{origin}import {written}", for_typing
        return None


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def _names_in_signature(node: ast.AST) -> set[str]:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101  (of a class body)
    parts: list[ast.AST] = [node.args, *([node.returns] if node.returns else [])]
    return {child.id for part in parts for child in ast.walk(part) if isinstance(child, ast.Name)}
