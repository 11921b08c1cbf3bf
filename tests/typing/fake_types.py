"""What type checkers see of fakes and checks."""

from typing import assert_type

from lolpop.components.model_trainer import FittedModel, ModelTrainer
from lolpop.testing import after, before, fake


@after("train.train_model")
def good(pipeline: object, model: FittedModel) -> bool:
    return bool(model.columns)


@before("train.*", on_failure="warn")
def ready(pipeline: object) -> tuple[bool, str]:
    return pipeline is not None, "why"


trainer = fake(ModelTrainer, title="A trainer")
assert_type(trainer, ModelTrainer)
assert_type(trainer.title, str)
trainer.fitt  # type: ignore[attr-defined]  # noqa: B018
before("train.*", on_failure="explode")  # type: ignore[arg-type]
