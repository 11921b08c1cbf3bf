"""``lolpop flow build``, and ``lolpop flow run`` by an orchestrator: a flow as files of that one."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
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
from lolpop.errors import LolpopError
from lolpop.registry import RUNNERS, group_of, registered

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.graphs import FlowGraph

__all__ = ["build_flow", "is_orchestrator", "run_by_orchestrator"]


def build_flow(
    orchestrator: str, words: Sequence[str], options: SettingsOptions, target: Path, *, force: bool
) -> None:
    """Write the flow that ``words`` name as files of an orchestrator."""
    built = _built(orchestrator, words, options)
    command = mask_urls(shlex.join(["lolpop", "flow", "build", orchestrator, *words, *_restated(options)]))
    placed = _placed({name: signed(text, command) for name, text in built.files.items()}, target)
    for path in placed:
        if path.name == f"{orchestrator}.py":
            raise UsageError(
                f"{path} would hide the package {orchestrator!r} from itself. Name another file."
            )
    write_files(placed, force=force)
    for path in placed:
        say(f"Wrote {shown_path(path)}")


def is_orchestrator(name: str) -> bool:
    """Whether a word names an orchestrator, and no runner."""
    return name in registered(group_of(Orchestrator)) and name not in registered(RUNNERS)


def run_by_orchestrator(orchestrator: str, words: Sequence[str], options: SettingsOptions) -> None:
    """Let an orchestrator run the flow that ``words`` name once, on this machine.

    Raises WiringError if it cannot, or is not installed, and LolpopError if it fails.
    """
    built = _built(orchestrator, words, options)
    with TemporaryDirectory(prefix="lolpop-flow-") as name:
        folder = Path(name).resolve()
        local = built.orchestrator.local_run(built.graph, built.project, folder)
        write_files({folder / file: text for file, text in built.files.items()}, force=True)
        done = subprocess.run(  # noqa: S603  (words of the orchestrator, and no shell)
            local.command, check=False, env={**os.environ, **local.environ}
        )
    restated = options.restated()
    if done.returncode != 0:
        raise LolpopError(
            f"{orchestrator} ended with exit code {done.returncode}: its output says why. "
            f"Runs so far: lolpop runs ls{restated}"
        )
    say(f"\nAll runs: lolpop runs ls{restated}")


@dataclass(frozen=True, slots=True)
class _Built:
    """A flow as an orchestrator has it."""

    orchestrator: Orchestrator
    graph: FlowGraph
    project: Project
    files: Mapping[str, str]


def _built(orchestrator: str, words: Sequence[str], options: SettingsOptions) -> _Built:
    """The flow that ``words`` name, built; ``orchestrator`` is a registered name, or an import path."""
    names = registered(group_of(Orchestrator))
    if orchestrator not in names and ":" not in orchestrator:
        hint = one_of(orchestrator, names, what="Registered")
        raise UsageError(f"there is no orchestrator {orchestrator!r}. {hint}")
    named = named_flow(words, options)
    chosen = replace(options, flags=(*options.flags, f"orchestrator.use={orchestrator}"))
    container = chosen.load(named.container_class, lenient=True)
    verified(container, options)  # a flow that cannot run is not worth a file
    graph = named.graph(container)
    # Settings of the orchestrator itself are for this command only.
    flags = tuple(flag for flag in options.flags if not flag.startswith("orchestrator"))
    words_of_run = _restated(replace(options, flags=flags))
    project = Project(named.runner, named.flow, Path.cwd(), sys.executable, words_of_run)
    component: Orchestrator = container.orchestrator()
    return _Built(component, graph, project, component.build(graph, project))


def _placed(files: Mapping[str, str], target: Path) -> dict[Path, str]:
    """Where each file belongs: one may be named by ``target``, several are put into it."""
    [first, *others] = files
    # A name without an ending, where the built file has one, is a folder that is not there yet.
    names_folder = target.is_dir() or (Path(first).suffix and not target.suffix and not target.exists())
    if not others and not names_folder:
        return dict.fromkeys([target], *files.values())
    if target.is_file():
        raise UsageError(f"{target} is a file, and {len(files)} files are built. Name a folder: -o FOLDER.")
    return {target / name: text for name, text in files.items()}


def _restated(options: SettingsOptions) -> list[str]:
    """The options that say which settings count, as words."""
    words = [word for file in options.files for word in ("-c", str(file))]
    words += [word for profile in options.profile for word in ("--profile", profile)]
    return words + [word for flag in options.flags for word in ("--set", flag)]
