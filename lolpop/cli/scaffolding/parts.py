"""Parts of a project: pipelines, runners, containers and commands."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import say
from lolpop.cli._project import container_class
from lolpop.cli._runner import chosen_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.cli.scaffolding.entry_points import with_entry_point
from lolpop.cli.scaffolding.names import class_prefix, identifier
from lolpop.cli.scaffolding.project import Project
from lolpop.cli.scaffolding.templates import render
from lolpop.cli.scaffolding.writing import write_files
from lolpop.registry import COMMANDS, PIPELINES, RUNNERS

__all__ = ["add_files", "create_command", "create_container", "create_pipeline", "create_runner"]


def create_pipeline(name: str, *, dry_run: bool) -> None:
    """Add a pipeline with its container to the project here."""
    project = Project.here()
    values = _values(project, name, "a pipeline")
    path = f"{project.package}.pipelines.{values['module']}:{values['prefix']}Pipeline"
    add_files(project, "pipeline", values, (PIPELINES, values["module"], path), dry_run=dry_run)
    module, prefix = values["module"], values["prefix"]
    _say_next(
        f"Nest it in a container: {module} = providers.nested({prefix}Container)",
        f"and let the runner take it: def __init__(self, *, {module}: {prefix}Pipeline)",
        dry_run=dry_run,
    )


def create_runner(name: str, *, dry_run: bool) -> None:
    """Add a runner with its container to the project here."""
    project = Project.here()
    values = _values(project, name, "a runner")
    module = f"{project.package}.runners.{values['module']}"
    path = f"{module}:{values['prefix']}Container"
    add_files(project, "runner", values, (RUNNERS, name, path), dry_run=dry_run)
    # The project's own settings are those of another runner.
    _say_next(f"Run it: lolpop run -c {values['module']}.yaml", dry_run=dry_run)


def create_container(name: str, base: str, *, dry_run: bool) -> None:
    """Add a container to the project here, made from the one of ``base``, or of the project's runner."""
    project = Project.here()
    values = _values(project, name, "a container")
    declared = container_class(chosen_runner(base, SettingsOptions()))
    if declared.__name__ == f"{values['prefix']}Container":
        raise UsageError(f"{declared.__name__} is the name of the container that it is made from")
    values |= {"base_module": declared.__module__, "base_class": declared.__name__}
    path = f"{project.package}.{values['module']}_container:{values['prefix']}Container"
    add_files(project, "container", values, (RUNNERS, name, path), dry_run=dry_run)
    place = project.root / f"{values['module']}_container.py"
    _say_next(f"Verify it: lolpop verify {place.as_posix()}", dry_run=dry_run)


def create_command(name: str, *, taken: Container[str], dry_run: bool) -> None:
    """Add a sub-command of ``lolpop`` to the project here.

    Raises UsageError for a name in ``taken``, the commands of lolpop itself, which hide those of projects.
    """
    project = Project.here()
    if name in taken:
        raise UsageError(
            f"lolpop has a command {name!r} of its own, which would hide yours. Choose another name."
        )
    values = _values(project, name, "a command")
    path = f"{project.package}.commands.{values['module']}:{values['module']}"
    add_files(project, "command", values, (COMMANDS, name, path), dry_run=dry_run)
    _say_next("Install the project once more, so that lolpop knows it: pip install -e .", dry_run=dry_run)


def add_files(
    project: Project,
    template: str,
    values: Mapping[str, Any],
    entry_point: tuple[str, str, str] | None,
    *,
    dry_run: bool,
) -> None:
    """Write the files of a template into the project, and register what they define.

    Raises UsageError, having written nothing, if a file exists or the name is registered already.
    """
    rendered = render(template, values)
    files = dict(rendered.files)
    for path in list(files):
        # Every folder of the package is a package.
        for parent in path.parents:
            marker = parent / "__init__.py"
            if parent.is_relative_to(project.root) and not (project.folder / marker).exists():
                files.setdefault(marker, f'"""Parts of {project.name}: {parent.name}."""\n'.encode())
    registration = None if entry_point is None else with_entry_point(project.folder, *entry_point)
    write_files(dict(sorted(files.items())), project.folder, dry_run=dry_run)
    if entry_point is not None and registration is not None:
        group, name, target = entry_point
        say(f"{'would add' if dry_run else 'added'}  {name} = {target!r} to {group} in pyproject.toml")
        if not dry_run:
            (project.folder / "pyproject.toml").write_text(registration, encoding="utf-8")


def _values(project: Project, name: str, what: str) -> dict[str, Any]:
    module = identifier(name, what)
    return {
        "name": name,
        "module": module,
        "prefix": class_prefix(name),
        "package": project.package,
        "root": project.root.as_posix(),
    }


def _say_next(*lines: str, dry_run: bool) -> None:
    if not dry_run:
        say("\n" + "\n".join(lines))
