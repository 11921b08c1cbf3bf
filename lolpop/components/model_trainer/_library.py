"""The base of trainers of libraries other than scikit-learn."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from lolpop._names import one_of
from lolpop.components.model_trainer import ModelTrainer, Params
from lolpop.errors import Finding, MissingExtraError, TrainingError
from lolpop.registry import missing_modules
from lolpop.signatures import Parameter, signature_of


class LibraryModelTrainer(ModelTrainer):
    """A trainer of one library, with settings of its own and the library's in ``params``."""

    requires: ClassVar[tuple[str, ...]]
    install: ClassVar[str]
    library: ClassVar[str]
    """The name of the library, for messages."""

    def __init__(self, params: Params) -> None:
        self._params = dict(params)

    @classmethod
    @abstractmethod
    def parameter_names(cls) -> Sequence[str]:
        """Names of the parameters that the library takes; it is installed."""

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the library takes all names in ``params``."""
        params = settings.get("params") or {}
        if not params or missing_modules(cls.requires):
            return
        names = cls.parameter_names()
        for name in params:
            if name not in names:
                yield Finding(
                    f"params.{name}", f"unknown parameter of {cls.library}", hint=one_of(name, names)
                )

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:  # noqa: ARG003  (the keys are always the same)
        """Keys of the mapping ``setting``: the parameters of the library."""
        return cls.parameter_names() if setting == "params" and not missing_modules(cls.requires) else ()

    @property
    def title(self) -> str:
        """The library."""
        return self.library

    def params(self) -> Params:
        """The parameters that ``fit`` uses by default."""
        return dict(self._params)

    @classmethod
    def _require_library(cls) -> None:
        if missing := missing_modules(cls.requires):
            raise MissingExtraError(missing[0], cls.install)

    def _with(self, params: Params | None) -> dict[str, Any]:
        """The parameters of the constructor, overridden by ``params``.

        Raises TrainingError for an unknown name, and for an invalid value of one of the trainer's settings.
        """
        self._require_library()
        merged = {**self._params, **(params or {})}
        names = {*self.parameter_names(), *self._own_settings()}
        for name in merged:
            if name not in names:
                raise TrainingError(
                    f"params.{name}: {self.library} has no such parameter. {one_of(name, names)}"
                )
        return self._validated(merged)

    @classmethod
    def _validated(cls, params: Params) -> dict[str, Any]:
        """``params``, with the trainer's own settings validated.

        Libraries accept some invalid values, such as a negative number of trees.
        """
        validated, settings = dict(params), cls._own_settings()
        for name in validated.keys() & settings.keys():
            try:
                validated[name] = settings[name].adapter.validate_python(validated[name])
            except ValidationError as error:
                reason = error.errors()[0]["msg"]
                raise TrainingError(
                    f"{name} of {cls.library} cannot be {validated[name]!r}: {reason}."
                ) from error
        return validated

    @classmethod
    def _own_settings(cls) -> dict[str, Parameter]:
        settings = signature_of(cls).settings
        return {name: parameter for name, parameter in settings.items() if name != "params"}
