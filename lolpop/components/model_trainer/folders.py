"""Models as folders: the files of their trainer, and its name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any

from lolpop.components.model_trainer import FittedModel, ModelTrainer
from lolpop.components.model_trainer.promises import require_saved
from lolpop.errors import MissingExtraError, UntrustedTypeError, UnusableArtifactError, WiringError
from lolpop.registry import find, import_object, missing_modules, name_of

__all__ = ["classes_in", "load", "save", "save_by_any", "trainer_in"]

_FILES = "files"
_DESCRIPTION = "model.json"
_INTERFACE: type[ModelTrainer] = ModelTrainer  # type: ignore[type-abstract]  # the interface is meant
_SETTING = "resource_version_control.trusted_types"


def save(model: FittedModel, trainer: ModelTrainer, folder: Path) -> None:
    """Write ``model`` into ``folder``, which does not exist yet."""
    files = folder / _FILES
    files.mkdir(parents=True)
    trainer.save(model, files)
    require_saved(trainer, files)
    description: dict[str, Any] = {"trainer": name_of(_INTERFACE, type(trainer))}
    if (classes := _plain_classes(model)) is not None:
        description["classes"] = classes
    (folder / _DESCRIPTION).write_text(json.dumps(description), encoding="utf-8")


def load(folder: Path, trusted_types: Sequence[str]) -> FittedModel:
    """Read the model that ``save`` wrote into ``folder``.

    A stored file cannot make arbitrary code run: its trainer must be registered, in use in this process, or
    one of ``trusted_types``. Raises UntrustedTypeError otherwise, and for untrusted types inside the model.
    """
    trainer = trainer_in(folder, trusted_types)
    if missing := missing_modules(trainer.requires):
        raise MissingExtraError(", ".join(missing), trainer.install)
    try:
        return trainer.load(folder / _FILES, trusted=trusted_types)
    except UntrustedTypeError as error:
        if _SETTING in str(error):
            raise
        raise UntrustedTypeError(f"{error} If you trust them, name them in {_SETTING}.") from error


def save_by_any(model: FittedModel, trainers: Sequence[ModelTrainer], folder: Path) -> ModelTrainer | None:
    """Write ``model`` into ``folder`` by the first of ``trainers`` that can keep it; None if none can.

    ``folder`` does not exist yet. Nearest are the trainers of the module that declares the model.
    """
    for trainer in sorted(trainers, key=lambda trainer: type(trainer).__module__ != type(model).__module__):
        try:
            save(model, trainer, folder)
            if type(load(folder, ())) is type(model):
                return trainer
        except Exception:  # noqa: BLE001, S110  (a trainer may fail in any way over a model of another)
            pass
        rmtree(folder, ignore_errors=True)
    return None


def trainer_in(folder: Path, trusted_types: Sequence[str]) -> type[ModelTrainer]:
    """The trainer whose model is in ``folder``. Raises the errors that ``load`` raises for unusable ones."""
    return _trainer(_trainer_name(folder), trusted_types)


def classes_in(folder: Path) -> tuple[Any, ...] | None:
    """The classes of the model in ``folder``, which is not loaded; None if they are not stored beside it."""
    classes = _description(folder).get("classes")
    return None if classes is None else tuple(classes)


def _plain_classes(model: FittedModel) -> list[Any] | None:
    """The classes of ``model`` as JSON values; None if they are no such values."""
    classes = [label.item() if hasattr(label, "item") else label for label in model.classes]
    return classes if all(isinstance(label, str | int | float) for label in classes) else None


def _trainer_name(folder: Path) -> str:
    return str(_description(folder)["trainer"])


def _description(folder: Path) -> dict[str, Any]:
    try:
        description = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        return {**description, "trainer": description["trainer"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableArtifactError(
            f"This is no stored model: its {_DESCRIPTION} cannot be read ({error})."
        ) from error


def _trainer(name: str, trusted_types: Sequence[str]) -> type[ModelTrainer]:
    if ":" not in name:
        try:
            return find(_INTERFACE, name)
        except WiringError as error:
            raise UnusableArtifactError(
                f"The model was stored by a trainer that cannot be used here: {error}"
            ) from error
    for trainer in _subclasses(_INTERFACE):
        if f"{trainer.__module__}:{trainer.__qualname__}" == name:
            return trainer
    if name not in trusted_types:
        raise UntrustedTypeError(
            f"The model was stored by {name}, which is not a registered trainer. If you trust it, name it in "
            f"{_SETTING}."
        )
    trainer = import_object(name)
    if not (isinstance(trainer, type) and issubclass(trainer, ModelTrainer)):
        raise UnusableArtifactError(f"The model was stored by {name}, which is not a ModelTrainer.")
    return trainer


def _subclasses(base: type[ModelTrainer]) -> Iterator[type[ModelTrainer]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
