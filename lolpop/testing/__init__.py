"""What an implementation has to keep to, as checks that its author can run."""

from __future__ import annotations

from lolpop.testing.forecaster import FORECASTER_CHECKS, check_forecaster
from lolpop.testing.model_trainer import MODEL_TRAINER_CHECKS, check_model_trainer

__all__ = ["FORECASTER_CHECKS", "MODEL_TRAINER_CHECKS", "check_forecaster", "check_model_trainer"]
