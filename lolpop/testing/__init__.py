"""What an implementation has to keep to, as checks that its author can run."""

from __future__ import annotations

from lolpop.testing.model_trainer import MODEL_TRAINER_CHECKS, check_model_trainer

__all__ = ["MODEL_TRAINER_CHECKS", "check_model_trainer"]
