"""What happens around every task and workflow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lolpop.integrations import CallKind, Component

__all__ = ["Interceptor", "TaskCall"]


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A call of a task or workflow on its way through the chain of interceptors.

    ``path`` is dotted, from the root of the container: ``train.train_model`` for a task of the pipeline
    in ``train``, ``train_model`` for a workflow. ``proceed`` calls what comes next; it may be called again
    (retry), or not at all (cache).
    """

    kind: CallKind
    path: str
    run_id: str
    arguments: Mapping[str, Any]
    """By parameter name, defaults included."""
    proceed: Callable[[], Any]


class Interceptor(Component):
    """Stands around calls of tasks and workflows whose path matches ``on``. Takes global components only."""

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    on: str
    """A pattern over paths, as fnmatch reads it: ``*``, ``train.*``, ``*.check_data``."""

    @abstractmethod
    def around(self, call: TaskCall) -> Any:
        """Return ``call.proceed()``, or what is to stand for it."""
