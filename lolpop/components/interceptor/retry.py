"""Retrying failed calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, NonNegativeFloat, PositiveInt

from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.logger import Logger
from lolpop.errors import LolpopError, StoreError, UnusableArtifactError

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["RetryInterceptor"]


class RetryInterceptor(Interceptor):
    """Retries a task, after a wait, if its failure may be temporary.

    An interruption is never retried, nor is an error of lolpop that would come again: of data, settings or
    parameters. Errors of the store may be temporary.

    Parameters
    ----------
    on : str
        Pattern over paths of tasks and workflows. By default all tasks and no workflows, since a
        workflow that is called again repeats tasks that were retried already.
    attempts : int
        The most attempts, the first one included.
    wait : float
        Seconds before the second attempt.
    backoff : float
        Factor by which the wait grows with every further attempt; 1 keeps it as it is.
    """

    def __init__(
        self,
        on: str = "*.*",
        attempts: PositiveInt = 3,
        wait: NonNegativeFloat = 1.0,
        backoff: Annotated[float, Field(ge=1)] = 2.0,
        *,
        logger: Logger | None = None,
    ) -> None:
        if attempts < 1:
            raise ValueError(f"attempts must be at least 1, but got {attempts}.")
        if wait < 0:
            raise ValueError(f"wait must be at least 0 seconds, but got {wait}.")
        if backoff < 1:
            raise ValueError(f"backoff must be at least 1, but got {backoff}.")
        self.on = on
        self._attempts, self._wait, self._backoff = attempts, wait, backoff
        self._logger = logger

    def around(self, call: TaskCall) -> Any:
        """Proceed with ``call`` until it succeeds, cannot succeed, or was attempted often enough."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

        def log(state: RetryCallState) -> None:
            error = state.outcome and state.outcome.exception()
            if self._logger is None:
                return  # attempts are seen by those who log, and the last error by everybody
            self._logger.log(
                f"{call.path} failed and is retried",
                "warning",
                attempt=state.attempt_number,
                of=self._attempts,
                wait=state.next_action and state.next_action.sleep,
                error=f"{type(error).__name__}: {error}",
            )

        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=wait_exponential(multiplier=self._wait, exp_base=self._backoff),
            retry=retry_if_exception(_may_pass),
            before_sleep=log,
            reraise=True,
        )
        return retrying(call.proceed)


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, LolpopError):
        return isinstance(error, StoreError) and not isinstance(error, UnusableArtifactError)
    return isinstance(error, Exception)
