"""``lolpop flow build``: a flow as files of an orchestrator."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lolpop._names import one_of
from lolpop._urls import mask_urls
from lolpop.cli._built_files import signed, write_files
from lolpop.cli._failures import UsageError
from lolpop.cli._flows import named_flow
from lolpop.cli._output import say
from lolpop.cli._paths import shown_path
from lolpop.cli.run import verified
from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.registry import group_of, registered

if TYPE_CHECKING:
    from lolpop.cli._options import SettingsOptions

__all__ = ["build_flow"]


def build_flow(
    orchestrator: str, words: Sequence[str], options: SettingsOptions, target: Path, *, force: bool
) -> None:
    """Write the flow that ``words`` name as files of an orchestrator.

    ``orchestrator`` is a registered name, or an import path.
    """
    names = registered(group_of(Orchestrator))
    if orchestrator not in names and ":" not in orchestrator:
        hint = one_of(orchestrator, names, what="Registered")
        raise UsageError(f"there is no orchestrator {orchestrator!r}. {hint}")
    named = named_flow(words, options)
    chosen = replace(options, flags=(*options.flags, f"orchestrator.use={orchestrator}"))
    container = chosen.load(named.container_class, lenient=True)
    verified(container, options)  # a flow that cannot run is not worth a file
    graph = named.graph(container)
    folder = Path.cwd()
    # What is set of the orchestrator itself matters to nobody but this command.
    kept = tuple(flag for flag in options.flags if not flag.startswith("orchestrator"))
    words_of_run = _restated(replace(options, flags=kept))
    project = Project(named.runner, named.flow, folder, sys.executable, words_of_run)
    files = container.orchestrator().build(graph, project)
    command = mask_urls(shlex.join(["lolpop", "flow", "build", orchestrator, *words, *_restated(options)]))
    placed = _placed({name: signed(text, command) for name, text in files.items()}, target)
    for path in placed:
        if path.name == f"{orchestrator}.py":
            raise UsageError(
                f"{path} would hide the package {orchestrator!r} from itself. Name another file."
            )
    write_files(placed, force=force)
    for path in placed:
        say(f"Wrote {shown_path(path)}")


def _placed(files: Mapping[str, str], target: Path) -> dict[Path, str]:
    """Where each file belongs: one may be named by ``target``, several are put into it."""
    if len(files) == 1 and not target.is_dir():
        return dict.fromkeys([target], *files.values())
    if target.is_file():
        raise UsageError(f"{target} is a file, and {len(files)} files are built. Name a folder: -o FOLDER.")
    return {target / name: text for name, text in files.items()}


def _restated(options: SettingsOptions) -> list[str]:
    """The options that say which settings count, as words."""
    words = [word for file in options.files for word in ("-c", str(file))]
    words += [word for profile in options.profile for word in ("--profile", profile)]
    return words + [word for flag in options.flags for word in ("--set", flag)]
