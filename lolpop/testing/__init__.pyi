from . import contracts as contracts
from .fakes import FakeCall as FakeCall
from .fakes import calls_of as calls_of
from .fakes import fake as fake
from .forecaster import FORECASTER_CHECKS as FORECASTER_CHECKS
from .forecaster import check_forecaster as check_forecaster
from .model_trainer import MODEL_TRAINER_CHECKS as MODEL_TRAINER_CHECKS
from .model_trainer import check_model_trainer as check_model_trainer
