"""Handles: placeholders for the results of workflows in a flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NoReturn, Self, TypeAlias, TypeVar

__all__ = ["After", "Handle"]

T_co = TypeVar("T_co", covariant=True)


class Handle(Generic[T_co]):
    """The result of a workflow call that has not been made yet.

    A flow passes handles to further calls. It cannot look into them: what depends on a result belongs in a
    workflow.

    Parameters
    ----------
    step
        Name of the step that makes the call.
    result_type
        The type of the result, as the workflow is annotated.
    put_after
        Called with the step and the handles that it is to wait for.
    """

    __slots__ = ("_put_after", "result_type", "step")

    def __init__(
        self, step: str, result_type: Any, put_after: Callable[[str, Sequence[Handle[Any]]], None]
    ) -> None:
        self.step = step
        self.result_type = result_type
        self._put_after = put_after

    def after(self, *others: Handle[Any]) -> Self:
        """Make the call of this handle wait for those of ``others``, and return the handle."""
        self._put_after(self.step, others)
        return self

    def __repr__(self) -> str:
        return f"<Handle of {self.step}>"

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"the result of {self.step} has no value while the flow is read. Branch inside a workflow."
        )

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"the result of {self.step} has no value while the flow is read. Loop inside a workflow."
        )


After: TypeAlias = Handle[Any] | Sequence[Handle[Any]]
"""The calls that a call waits for, although it takes nothing from them."""
