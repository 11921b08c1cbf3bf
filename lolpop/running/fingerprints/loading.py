"""What happens when the modules of a project are imported: what they import, and change in libraries."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from lolpop.running.fingerprints.by_name import module_of
from lolpop.running.fingerprints.instructions import Instruction, instructions_of
from lolpop.running.fingerprints.modules import FRAMEWORK, is_project_module, parsed, top_level_statements

__all__ = ["effects_of", "imported_name", "modules_loaded_by"]

_CHANGES = frozenset({"STORE_ATTR", "STORE_SUBSCR", "DELETE_ATTR", "DELETE_SUBSCR"})

_WITHOUT_EFFECT = frozenset({"logging"})
"""Libraries whose options change no result."""


def modules_loaded_by(modules: Iterable[str]) -> set[str]:
    """The project's modules that are loaded whenever ``modules`` are: these, and what they import."""
    loaded: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        module = sys.modules.get(name)
        if name not in loaded and isinstance(module, ModuleType) and is_project_module(name):
            loaded.add(name)
            waiting += _imports(module)
    return loaded


def imported_name(name: str, level: int, module: str) -> str:
    """The absolute name of what ``module`` imports."""
    if not level:
        return name
    loaded = sys.modules.get(module)
    package = getattr(loaded, "__package__", None) or module.rpartition(".")[0]
    base = package.rsplit(".", level - 1)[0]
    return ".".join(part for part in (base, name) if part)


def effects_of(name: str) -> Sequence[ast.stmt]:
    """The statements of a loaded module that may change the state of a library when they are executed.

    Options, attributes and registered accessors are such state; no code that depends on it names it.
    """
    module = sys.modules.get(name)
    return () if module is None else _effects(module)


@lru_cache(maxsize=1024)
def _imports(module: ModuleType) -> Sequence[str]:
    """The project's modules that a module imports when it is loaded, with the packages that they are in."""
    names: set[str] = set()
    for base, attributes in _import_instructions(_code_of(module), module.__name__):
        for name in (base, *(f"{base}.{attribute}" for attribute in attributes)):
            steps = name.split(".")
            names.update(".".join(steps[:end]) for end in range(1, len(steps) + 1))
    return [name for name in sorted(names) if name in sys.modules and is_project_module(name)]


def _import_instructions(code: CodeType | None, module: str) -> Iterator[tuple[str, Sequence[str]]]:
    instructions = () if code is None else instructions_of(code)
    checked_until = 0  # the end of what only type checkers import
    for place, instruction in enumerate(instructions):
        if instruction.argval == "TYPE_CHECKING" and "IF_FALSE" in instructions[place + 1].opname:
            checked_until = instructions[place + 1].argval
        if instruction.opname == "IMPORT_NAME" and instruction.offset >= checked_until:
            level, attributes = (instructions[place - back].argval for back in (2, 1))
            yield imported_name(instruction.argval, level or 0, module), attributes or ()


def _code_of(module: ModuleType) -> CodeType | None:
    """The code that was executed when a module was loaded; compiled code is kept in files."""
    loader: Any = getattr(module.__spec__, "loader", None)
    try:
        if loader is not None:
            code = loader.get_code(module.__name__)
        else:
            file = Path(module.__file__ or "")
            code = compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
    except (AttributeError, ImportError, OSError, SyntaxError, ValueError):
        return None
    return code if isinstance(code, CodeType) else None


@lru_cache(maxsize=1024)
def _effects(module: ModuleType) -> Sequence[ast.stmt]:
    code = _code_of(module)
    # Parsing takes longer than all else, and few modules need it.
    if code is None or not _may_change(instructions_of(code)):
        return ()
    tree = parsed(module.__name__)
    statements = () if tree is None else top_level_statements(tree.body)
    return [statement for statement in statements if _changes_library(statement, vars(module))]


def _may_change(instructions: Sequence[Instruction]) -> bool:
    return any(
        instruction.opname in _CHANGES
        or (instruction.opname == "POP_TOP" and instructions[place - 1].opname.startswith("CALL"))
        or "register" in str(instruction.argval)
        for place, instruction in enumerate(instructions)
    )


def _changes_library(statement: ast.stmt, names: dict[str, Any]) -> bool:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return any(
            "register" in ast.unparse(decorator) and _is_of_library(_root(decorator), names)
            for decorator in statement.decorator_list
        )
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        root = _root(statement.value)
        if root in ("setattr", "delattr") and statement.value.args:
            root = _root(statement.value.args[0])
        return _is_of_library(root, names) or _sets_up(statement.value, names.get(root))
    targets: Sequence[ast.expr] = ()
    if isinstance(statement, ast.Assign | ast.Delete):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        targets = [statement.target]
    return any(
        isinstance(target, ast.Attribute | ast.Subscript) and _is_of_library(_root(target), names)
        for target in targets
    )


def _root(node: ast.expr) -> str:
    """The name that an expression begins with, such as ``pd`` of ``pd.options.display.width``."""
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return ""
    return node.id


def _is_of_library(name: str, names: dict[str, Any]) -> bool:
    value = names.get(name)
    if isinstance(value, ModuleType):
        module = value.__name__
    elif isinstance(value, type) or callable(value):
        module = module_of(value)
    else:
        return False
    return module.partition(".")[0] not in {*FRAMEWORK, *_WITHOUT_EFFECT} and not is_project_module(module)


def _sets_up(call: ast.Call, root: Any) -> bool:
    """Whether a call that passes only constants is one of the project's code, which may set options."""
    calls = [node for node in ast.walk(call) if isinstance(node, ast.Call)]
    values = [value for node in calls for value in (*node.args, *(word.value for word in node.keywords))]
    return isinstance(root, FunctionType | ModuleType | type) and all(
        isinstance(value, ast.Constant) for value in values
    )
