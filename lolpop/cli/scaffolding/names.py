"""Names of projects and of their parts, as packages and classes are called."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys

from lolpop.cli._failures import UsageError

__all__ = ["class_prefix", "identifier", "package_name"]

_OWN = frozenset({"lolpop", "lolpop_containers", "test", "tests"})


def identifier(name: str, kind: str) -> str:
    """``name`` as a module: dashes become underscores. Raises UsageError if it cannot be one."""
    module = name.replace("-", "_")
    if not module.isidentifier() or not module.isascii() or keyword.iskeyword(module) or module[0] == "_":
        raise UsageError(
            f"{name!r} is no name for {kind}. "
            "Use letters, digits, dashes and underscores, with a letter first, and no word of Python's own."
        )
    return module.lower()


def package_name(name: str) -> str:
    """The package of a project. Raises UsageError if another one has the name."""
    package = identifier(name, "a project")
    if package in _OWN or package in sys.stdlib_module_names:
        raise UsageError(f"{name!r} is the name of another package: its modules could not be imported.")
    if importlib.util.find_spec(package) is not None:
        raise UsageError(f"a package {package!r} is installed already. Choose another name.")
    return package


def class_prefix(name: str) -> str:
    """What the names of classes begin with: ``MyChurn`` for ``my-churn``."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[-_]+", name) if word)
