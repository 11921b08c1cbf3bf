"""Carrying changes of the template into a project that was made from an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lolpop.cli._failures import UsageError
from lolpop.cli._output import say
from lolpop.cli.scaffolding.project import Project, project_values
from lolpop.cli.scaffolding.record import RECORD, Record, digest
from lolpop.cli.scaffolding.templates import Rendered, render

__all__ = ["update_project"]

_NEW = ".new"


def update_project(*, dry_run: bool) -> bool:
    """Bring the project here to today's template; return whether it did without conflicts.

    A file that nobody edited is replaced. Of one that was edited and has changed in the template too, the
    edited one stays, and the template's is written beside it.
    """
    project = Project.here()
    record = Record.read(project.folder)
    name = str(record.answers.get("name", project.name))
    values = {**record.answers, **project_values(name, project.package)}
    rendered = render("project", values)
    actions = list(_actions(project.folder, record, rendered))
    if left := [
        f"{path}{_NEW}" for path, action in actions if action == "conflict" and _beside(path).exists()
    ]:
        raise UsageError(
            f"these conflicts of an earlier update are left: {', '.join(left)}. Remove them first."
        )
    for path, action in actions:
        _carry_out(project.folder, path, action, rendered, dry_run=dry_run)
    gone = [path for path in record.files if Path(path) not in rendered.files]
    for name in gone:
        say(f"no longer in the template  {name}")
    if not actions and not gone:
        say("The project is as today's template has it.")
    if not dry_run:
        (project.folder / RECORD).write_bytes(Record.of(rendered, values).as_bytes())
    return not any(action == "conflict" for _, action in actions)


def _actions(folder: Path, record: Record, rendered: Rendered) -> Iterator[tuple[Path, str]]:
    """What is to be done with each file that is not as the template has it."""
    for path, content in rendered.files.items():
        recorded, new = record.files.get(path.as_posix()), digest(content)
        current = digest((folder / path).read_bytes()) if (folder / path).is_file() else None
        if new in (current, recorded):
            continue  # it is as the template has it, or the template has not changed
        if current is None:
            if recorded is None:
                yield path, "created"
            # else somebody has removed it
        else:
            yield path, "updated" if current == recorded else "conflict"


def _carry_out(folder: Path, path: Path, action: str, rendered: Rendered, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    if action == "conflict":
        say(f"conflict  {path}: you and the template changed it. The template's is in {path}{_NEW}:")
        say(_difference(folder / path, rendered.files[path]))
    else:
        say(f"{would}{action}  {path}")
    if not dry_run:
        target = folder / (_beside(path) if action == "conflict" else path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(rendered.files[path])


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}{_NEW}")


def _difference(path: Path, new: bytes) -> str:
    import difflib

    lines = difflib.unified_diff(
        path.read_bytes().decode(errors="replace").splitlines(),
        new.decode(errors="replace").splitlines(),
        "yours",
        "the template's",
        lineterm="",
        n=1,
    )
    return "\n".join(f"  {line}" for line in lines)
