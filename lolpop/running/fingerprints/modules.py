"""Whole modules of a project, read as text without importing them, for code that cannot be followed."""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from lolpop.registry import is_installed
from lolpop.running.fingerprints.references import Reference

__all__ = [
    "FRAMEWORK",
    "binding_statements",
    "class_line",
    "file_of",
    "imports_of",
    "is_project_module",
    "is_submodule",
    "mentions_code_by_name",
    "module_digest",
    "parsed",
    "project_files",
    "statement_digest",
    "statement_references",
    "top_level_statements",
]


_Node = TypeVar("_Node", bound=ast.AST)

_REACHING_MODULES = frozenset({"importlib", "modules", "pkgutil", "pydoc", "runpy"})
_REACHING_NAMES = frozenset({"__import__", "compile", "eval", "exec", "globals"})

FRAMEWORK = frozenset({"lolpop", "lolpop_containers"})
"""The packages of the framework itself, which counts by its version."""


def file_of(module: str) -> Path | None:
    """The file of a module, whether or not it is imported; None if it has none."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        name = getattr(loaded, "__file__", None)
        return Path(name) if name else None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError, TypeError):
        return None
    return Path(spec.origin) if spec and spec.origin and Path(spec.origin).exists() else None


def is_project_module(module: str) -> bool:
    """Whether a module is the project's own: neither installed, nor Python's, nor lolpop's."""
    if module.partition(".")[0] in FRAMEWORK:
        return False
    file = file_of(module)
    return file is not None and not is_installed(str(file))


def is_submodule(package: str, name: str) -> bool:
    """Whether ``name`` is a module of a package, and nothing else that the package holds."""
    below, loaded = f"{package}.{name}", sys.modules.get(package)
    if loaded is not None and name in vars(loaded):
        return below in sys.modules and isinstance(vars(loaded)[name], ModuleType)
    if loaded is not None and not hasattr(loaded, "__path__"):
        return False
    return below in sys.modules or (is_project_module(package) and file_of(below) is not None)


def module_digest(module: str) -> str:
    """A digest of a module's code without comments, docstrings and formatting; of other files, of bytes."""
    file = file_of(module)
    if file is None:
        return "no file"
    content = file.read_bytes()
    if file.name.endswith(tuple(EXTENSION_SUFFIXES)):
        return hashlib.sha256(content).hexdigest()
    return _described(content)[0]


def project_files() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Every Python file beside the imported modules of the project, and in packages there.

    With a digest, and the libraries and modules that it imports by absolute names.
    """
    folders = {_root_of(Path(file)) for file in _imported_files()}
    for folder in sorted(folders):
        for path in _python_files(folder):
            yield path.relative_to(folder).as_posix(), *_described(path.read_bytes())


def _absolute_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def _imported_files() -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and file and is_project_module(name):
            yield file


def _root_of(file: Path) -> Path:
    """The folder that a module is imported from."""
    folder = file.absolute().parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder


def _python_files(folder: Path) -> Iterator[Path]:
    """The Python files of a folder, and of the folders below that hold some and can be packages."""
    yield from sorted(folder.glob("*.py"))
    for below in sorted(folder.iterdir()):
        if below.is_dir() and below.name.isidentifier() and any(below.glob("*.py")):
            yield from _python_files(below)


def parsed(module: str) -> ast.Module | None:
    """The syntax tree of a module; None if it has no source."""
    file = file_of(module)
    return _parsed(file.read_bytes()) if file is not None and file.suffix == ".py" else None


def top_level_statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that the import of a module executes, those inside of conditions and loops too."""
    for statement in body:
        blocks: list[Iterable[ast.stmt]] = [
            getattr(statement, name, ()) for name in ("body", "orelse", "finalbody")
        ]
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not any(blocks):
            yield statement
            continue
        if isinstance(statement, ast.If) and re.search("TYPE_CHECKING|__main__", ast.unparse(statement.test)):
            blocks = blocks[1:]
        blocks += [handler.body for handler in getattr(statement, "handlers", ())]
        for block in blocks:
            yield from top_level_statements(block)


def statement_digest(*statements: ast.stmt) -> str:
    """A digest of statements without docstrings and formatting."""
    copies = copy.deepcopy(list(statements))
    for statement in copies:
        _without_docstrings(statement)
    return hashlib.sha256(
        repr([ast.dump(statement) for statement in copies]).encode("utf-8", "surrogatepass")
    ).hexdigest()


def imports_of(module: str) -> Iterator[str]:
    """The modules that the source of a module imports anywhere in it, by absolute name."""
    file, tree = file_of(module), parsed(module)
    if file is None or tree is None:
        return
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (parent, node.module or "") if part)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if file_of(f"{base}.{alias.name}"))


def mentions_code_by_name(module: str) -> bool:
    """Whether the source of a module mentions what reaches code by name, such as ``import_module``."""
    tree = parsed(module)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported = [alias.name for alias in node.names]
            names = imported if isinstance(node, ast.Import) else [node.module or "", *imported]
            if any(name.partition(".")[0] in _REACHING_MODULES for name in names):
                return True
        elif (isinstance(node, ast.Name) and node.id in _REACHING_NAMES) or (
            isinstance(node, ast.Attribute) and node.attr == "modules"
        ):
            return True
    return False


def binding_statements(module: str, name: str) -> list[ast.stmt]:
    """The statements at the top level of a module that bind ``name``, or change what it is bound to."""
    tree = parsed(module)
    return (
        []
        if tree is None
        else [
            statement
            for statement in tree.body
            if name in _bound_by(statement) or name in _changed_by(statement)
        ]
    )


def class_line(module: str, name: str) -> int | None:
    """The line where the source of a module begins to declare a class, as far as its text tells."""
    file = file_of(module)
    if file is None or file.suffix != ".py":
        return None
    text = file.read_text("utf-8", errors="replace")
    match = re.search(rf"^[ \t]*class[ \t]+{re.escape(name)}\b", text, re.MULTILINE)
    return None if match is None else text.count("\n", 0, match.start()) + 1


def statement_references(statement: ast.stmt) -> Iterator[Reference]:
    """The names that a statement reads, with the attributes that it reads of them directly."""
    inner: set[ast.AST] = set()
    for node in ast.walk(statement):
        attributes: list[str] = []
        root: ast.AST = node
        while isinstance(root, ast.Attribute):
            attributes.insert(0, root.attr)
            root = root.value
        if isinstance(root, ast.Name) and isinstance(root.ctx, ast.Load) and root not in inner:
            inner.add(root)
            yield Reference(root.id, tuple(attributes))


def _bound_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
    }


def _changed_by(statement: ast.stmt) -> set[str]:
    """The names whose values a statement may change: by a call, an assignment to an item, a decorator."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return set()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        changing: list[ast.AST] = [*statement.decorator_list]
    elif isinstance(statement, ast.Assign | ast.AnnAssign):
        changing = [*statement.targets] if isinstance(statement, ast.Assign) else [statement.target]
    else:
        changing = [statement]
    return {node.id for part in changing for node in ast.walk(part) if isinstance(node, ast.Name)}


@lru_cache(maxsize=1024)
def _described(content: bytes) -> tuple[str, frozenset[str]]:
    """The digest of a source, and the libraries and modules that it imports by absolute names."""
    try:
        tree = _without_docstrings(ast.parse(content))
    except (SyntaxError, ValueError):
        return hashlib.sha256(content).hexdigest(), frozenset()
    text = ast.dump(tree).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest(), frozenset(_absolute_imports(tree))


@lru_cache(maxsize=256)
def _parsed(content: bytes) -> ast.Module | None:
    try:
        return ast.parse(content)
    except (SyntaxError, ValueError):
        return None


def _without_docstrings(tree: _Node) -> _Node:
    """The tree itself, without statements that are texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)]
    return tree


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
