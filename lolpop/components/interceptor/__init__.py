"""Interceptors of tasks and workflows."""

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
    """What a cache needs to know of a call whose result may be reused.

    Parameters
    ----------
    key
        Digest of everything that the call depends on.
    task_id
        Id of the call.
    is_settled
        Whether, after the call, its arguments and files are still what they were before it.
    reuse
        Records that the result is that of the task with this id.
    trainers
        The trainers of the container, which can save and load their models.
    names_resources
        Whether arguments are resources: in another store, other resources have the same names.
    is_of_store
        Whether the task with this id is in the store of the run.
    """

    key: str
    task_id: str
    is_settled: Callable[[], bool]
    reuse: Callable[[str], None]
    trainers: Callable[[], Sequence[ModelTrainer]]
    names_resources: bool = False
    is_of_store: Callable[[str], bool] = lambda task_id: True  # noqa: ARG005


@dataclass(frozen=True, slots=True)
class TaskCall:
    """A call of a task or workflow on its way through the chain of interceptors.

    Parameters
    ----------
    kind
        ``task`` or ``workflow``.
    path
        Dotted path from the root of the container: ``train.train_model`` for a task of the pipeline in
        ``train``, ``train_model`` for a workflow.
    run_id
        Id of the run that the call belongs to.
    arguments
        The arguments by parameter name, defaults included.
    proceed
        Calls the next interceptor, or the task itself. An interceptor may call it several times (retry) or
        not at all (cache).
    caching
        What a cache needs; None if the result cannot be reused.
    """

    kind: CallKind
    path: str
    run_id: str
    arguments: Mapping[str, Any]
    proceed: Callable[[], Any]
    caching: CallCaching | None = None


class Interceptor(Component):
    """Wraps calls of tasks and workflows whose path matches ``on``. It takes global components only."""

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    is_cache: ClassVar[bool] = False
    """Whether it reuses results: then the arguments of the calls that it is set on are hashed."""

    on: str
    """A pattern over paths, as fnmatch reads it: ``*``, ``train.*``, ``*.check_data``."""

    @abstractmethod
    def around(self, call: TaskCall) -> Any:
        """Return ``call.proceed()``, or a result in its place."""
