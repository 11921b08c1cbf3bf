"""What happens around every task and workflow."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from lolpop.integrations import CallKind, Component

if TYPE_CHECKING:
    from lolpop.components.model_trainer import ModelTrainer

__all__ = ["CallCaching", "Interceptor", "TaskCall"]


@dataclass(frozen=True, slots=True)
class CallCaching:
    """What a cache needs to know of a call whose result may be reused."""

    key: str
    """Digest of everything that the call depends on."""
    task_id: str
    is_settled: Callable[[], bool]
    """Whether the arguments and files of the call, which is done, are still what they were before it."""
    reuse: Callable[[str], None]
    """Record that the result is that of the task with this id."""
    trainers: Callable[[], Sequence[ModelTrainer]]
    """The trainers of the container, which know how to keep their models."""


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
    caching: CallCaching | None = None
    """None if the call has to be made."""


class Interceptor(Component):
    """Stands around calls of tasks and workflows whose path matches ``on``. Takes global components only."""

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    is_cache: ClassVar[bool] = False
    """Whether it reuses results: then the arguments of the calls that it is set on are hashed."""

    on: str
    """A pattern over paths, as fnmatch reads it: ``*``, ``train.*``, ``*.check_data``."""

    @abstractmethod
    def around(self, call: TaskCall) -> Any:
        """Return ``call.proceed()``, or what is to stand for it."""
