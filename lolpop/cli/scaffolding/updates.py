"""Carrying changes of the template into a project that was made from an earlier one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lolpop.cli._failures import UsageError
from lolpop.cli._output import say
from lolpop.cli.scaffolding.merging import merge
from lolpop.cli.scaffolding.project import Project, project_values
from lolpop.cli.scaffolding.record import RECORD, Record, digest
from lolpop.cli.scaffolding.templates import Rendered, render

__all__ = ["update_project"]

_NEW = ".new"


@dataclass(frozen=True, slots=True)
class _Change:
    """What is done with a file: its new content, and where that is written."""

    path: Path
    action: Literal["created", "updated", "merged", "conflict"]
    content: bytes
    shown: str = ""
    """The conflict, for people."""
    merges: bool = False
    """Whether the content has what both have written."""

    @property
    def target(self) -> Path:
        """The file itself, or the one beside it if there is a conflict."""
        return self.path.with_name(f"{self.path.name}{_NEW}") if self.action == "conflict" else self.path


def update_project(*, dry_run: bool) -> bool:
    """Bring the project here to today's template; return whether it did without conflicts.

    A file that nobody edited is replaced. One that was edited and has changed in the template too is merged;
    where that contradicts itself, the edited one stays, and both stand in a file beside it.
    """
    project = Project.here()
    record = Record.read(project.folder)
    name = str(record.answers.get("name", project.name))
    values = {**record.answers, **project_values(name, project.package)}
    rendered = render("project", values)
    changes = list(_changes(project.folder, record, rendered))
    conflicts = [change for change in changes if change.action == "conflict"]
    if left := [str(change.target) for change in conflicts if (project.folder / change.target).exists()]:
        raise UsageError(
            f"these conflicts of an earlier update are not resolved: {', '.join(left)}. Resolve them first."
        )
    for change in changes:
        _carry_out(project.folder, change, dry_run=dry_run)
    removed = [path for path in record.files if Path(path) not in rendered.files]
    for name in removed:
        say(f"no longer in the template  {name}")
    if not changes and not removed:
        say("The project matches the current template.")
    if not dry_run:
        (project.folder / RECORD).write_bytes(Record.of(rendered, values).as_bytes())
    return not conflicts


def _changes(folder: Path, record: Record, rendered: Rendered) -> Iterator[_Change]:
    """What is to be done with each file that is not as the template has it."""
    for path, content in rendered.files.items():
        recorded, new = record.files.get(path.as_posix()), digest(content)
        current = (folder / path).read_bytes() if (folder / path).is_file() else None
        if new == recorded or (current is not None and digest(current) == new):
            continue  # the template has not changed, or the file is as the template has it
        if current is None:
            if recorded is None:
                yield _Change(path, "created", content)
            # else somebody has removed it
        elif digest(current) == recorded:
            yield _Change(path, "updated", content)
        else:
            yield _merged(path, record.texts.get(path.as_posix()), current, content)


def _merged(path: Path, base: str | None, current: bytes, new: bytes) -> _Change:
    """The change of a file that both have changed; ``base`` is what it was, if that is recorded."""
    yours, theirs = current.decode(errors="replace"), new.decode()
    if base is None:
        return _Change(path, "conflict", new, _difference(yours, theirs))
    merging = merge(base, yours, theirs)
    content = merging.text.encode()
    if merging.conflicts:
        return _Change(path, "conflict", content, _indented("\n".join(merging.conflicts)), merges=True)
    return _Change(path, "merged", content)


def _carry_out(folder: Path, change: _Change, *, dry_run: bool) -> None:
    if change.action == "conflict":
        place = "Both are" if change.merges else "The template's is"
        say(f"conflict  {change.path}: you and the template changed it. {place} in {change.target}:")
        say(change.shown)
    else:
        say(f"{'would be ' if dry_run else ''}{change.action}  {change.path}")
    if not dry_run:
        target = folder / change.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(change.content)


def _difference(yours: str, theirs: str) -> str:
    import difflib

    lines = difflib.unified_diff(
        yours.splitlines(), theirs.splitlines(), "yours", "the template's", lineterm="", n=1
    )
    return _indented("\n".join(lines))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
