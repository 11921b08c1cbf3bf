"""Workflows in processes of their own, for flows that are written by hand in an orchestrator's language."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lolpop.graphs import option_name, option_value


@dataclass(frozen=True, slots=True)
class Processes:
    """Runs workflows of a runner by the interpreter of its project."""

    runner: str
    folder: str | os.PathLike[str] = "."
    options: Sequence[str] = ()
    python: str = field(default=sys.executable)

    def run(self, workflow: str, arguments: Mapping[str, Any], *, group: str, step: str) -> dict[str, Any]:
        """Run a workflow as a step of a group, and return what ``lolpop run --json`` prints of it.

        Raises RuntimeError if it fails.
        """
        words = [self.python, "-m", "lolpop", "run", self.runner, workflow, *self.options]
        for name, value in arguments.items():
            words += [option_name(name), option_value(value)]
        done = subprocess.run(  # noqa: S603  (our own words, and no shell)
            [*words, "--step", step, "--json"],
            check=False,
            cwd=Path(self.folder),
            env={**os.environ, "LOLPOP_GROUP": group},
            stdout=subprocess.PIPE,
            text=True,
        )
        document: dict[str, Any] = json.loads(done.stdout or "{}")
        if done.returncode != 0:
            reason = document.get("error", {}).get("message", "see the log")
            raise RuntimeError(f"{workflow} failed with exit code {done.returncode}: {reason}")
        return document


class WorkflowTasks:
    """Tasks of an orchestrator by the names of workflows: ``tasks.train_model(dataset_version=labelled)``."""

    __slots__ = ("_task_of",)

    def __init__(self, task_of: Callable[[str], Callable[..., Any]]) -> None:
        self._task_of = task_of

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._task_of(name)
