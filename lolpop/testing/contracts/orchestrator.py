"""The contract of orchestrators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, TypeAlias

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.graphs import FlowGraph, Output, Step
from lolpop.testing.contracts._expected import require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["OrchestratorContract"]

Make: TypeAlias = Callable[[], Orchestrator]

_GRAPH = FlowGraph(
    "train_and_predict",
    (
        Step("labelled", "process_data"),
        Step("new", "process_data", {"dataset": "pre'dict $HOME"}),
        Step("model", "train_model", {"dataset_version": Output("labelled")}),
        Step("prediction", "predict_data", {"dataset_version": Output("new")}, after=("model",)),
    ),
)
_PROJECT = Project(
    "classification",
    "flows.py:train_and_predict",
    Path("/project"),
    "/usr/bin/python3",
    ("--profile", "prod"),
)


class OrchestratorContract(ComponentContract):
    """The checks that every orchestrator must pass.

    Fixtures: ``make()`` makes an orchestrator.
    """

    interface: ClassVar[type[Any]] = Orchestrator

    def test_builds_files(self, make: Make) -> None:
        """It builds at least one file. Each has content, and a path inside the project's folder."""
        files = make().build(_GRAPH, _PROJECT)
        require(len(files) > 0, "a file", files)
        for name, text in files.items():
            path = PurePosixPath(name)
            require(not path.is_absolute() and ".." not in path.parts, "a name in the project's folder", name)
            require(bool(text.strip()), f"content of {name}", text)

    def test_runs_every_workflow(self, make: Make) -> None:
        """The files run each workflow, or the whole flow, with the runner and options of the project."""
        text = "\n".join(make().build(_GRAPH, _PROJECT).values())
        runs_flow = _PROJECT.flow in text
        for word in ("classification", "prod", *(step.workflow for step in _GRAPH.steps if not runs_flow)):
            require(word in text, f"{word!r} in the files", text)

    def test_keeps_the_order(self, make: Make) -> None:
        """If steps are listed in sequence, each step comes after its dependencies."""
        text = "\n".join(make().build(_GRAPH, _PROJECT).values())
        train, predict = text.rfind("train_model"), text.rfind("predict_data")
        if _PROJECT.flow in text:
            return
        require(train < predict, "train_model before predict_data", "another order")

    def test_is_repeatable(self, make: Make) -> None:
        """The same flow gives the same files, so that they can be kept and compared."""
        orchestrator = make()
        first = dict(orchestrator.build(_GRAPH, _PROJECT))
        orchestrator.build(FlowGraph("other", _GRAPH.steps[:1]), _PROJECT)
        for again in (orchestrator, make()):
            files = dict(again.build(_GRAPH, _PROJECT))
            require(files == first, "the same files again", files)
