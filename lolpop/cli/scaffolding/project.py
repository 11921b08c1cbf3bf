"""New projects, and what the templates of their parts need to know about one."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import say
from lolpop.cli._paths import shown_path
from lolpop.cli.scaffolding.installation import LOCAL_REQUIREMENTS, local_requirements
from lolpop.cli.scaffolding.names import class_prefix, package_name
from lolpop.cli.scaffolding.record import RECORD, Record
from lolpop.cli.scaffolding.templates import render
from lolpop.cli.scaffolding.writing import write_files

__all__ = ["Project", "create_project", "project_values"]


def create_project(name: str, *, ask: bool, dry_run: bool) -> None:
    """Write a project into the folder ``name``. Raises UsageError if that holds anything."""
    folder = Path(name)
    own_name = folder.name or folder.absolute().name  # "." is the current folder
    package = package_name(own_name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{name} exists and is not an empty folder. Choose another name.")
    values = project_values(own_name, package)
    rendered = render("project", values, ask=ask)
    files = {**rendered.files, RECORD: Record.of(rendered, values).as_bytes()}
    if (requirements := local_requirements()) is not None:
        files[Path(LOCAL_REQUIREMENTS)] = requirements
    write_files(files, folder, dry_run=dry_run)
    if not dry_run:
        enter = "" if folder.absolute() == Path.cwd() else f"  cd {shown_path(folder)}\n"
        say(f"\nNext:\n{enter}  make test\n  make run")


def project_values(name: str, package: str) -> dict[str, Any]:
    """What the project's template needs besides the answers."""
    prefix = class_prefix(name)
    return {
        "name": name,
        "package": package,
        # A class of the project that has the name of the ready-made one would hide it.
        "prefix": f"My{prefix}" if prefix in ("Classification", "Regression", "Forecasting") else prefix,
        "lolpop_version": metadata.version("lolpop"),
    }


@dataclass(frozen=True, slots=True)
class Project:
    """The project in a folder: its name, and its package below ``src``."""

    folder: Path
    name: str
    package: str

    @classmethod
    def here(cls) -> Project:
        """The project of the current directory. Raises UsageError if there is none."""
        folder = Path.cwd()
        try:
            document = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
            name = str(document["project"]["name"])
        except FileNotFoundError:
            raise UsageError(
                "there is no pyproject.toml here. Go to a project, or make one: lolpop new project NAME"
            ) from None
        except (KeyError, TypeError):
            raise UsageError("pyproject.toml has no [project] with a name") from None
        except ValueError as error:
            raise UsageError(f"pyproject.toml cannot be read: {error}") from error
        packages = sorted(path.parent.name for path in folder.glob("src/*/__init__.py"))
        package = name.replace("-", "_").lower()
        if package in packages:
            return cls(folder, name, package)
        if len(packages) != 1:
            listed = ", ".join(packages) or "none"
            raise UsageError(f"src should contain the package {package!r}. Packages there: {listed}.")
        return cls(folder, name, packages[0])

    @property
    def root(self) -> Path:
        """The folder of the package, relative to the project."""
        return Path("src") / self.package
