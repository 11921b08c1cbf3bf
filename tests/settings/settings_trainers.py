"""Two trainers as different as real ones are, a pipeline and containers to set."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, PositiveFloat, PositiveInt, SecretStr

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers


class Trainer(Component):
    pass


class Linear(Trainer):
    """Has free-form parameters whose keys are known by another setting."""

    def __init__(self, estimator: str = "logistic", params: dict[str, Any] | None = None):
        self.estimator, self.params = estimator, params or {}

    @classmethod
    def known_keys(cls, setting: str, settings: Mapping[str, Any]) -> Iterable[str]:
        if setting != "params":
            return ()
        return {"logistic": ("C", "max_iter"), "forest": ("n_estimators", "maxDepth")}[
            settings.get("estimator", "logistic")
        ]


class Boosted(Trainer):
    """Has settings of its own."""

    def __init__(self, n_estimators: PositiveInt = 100, learning_rate: PositiveFloat = 0.3):
        self.n_estimators, self.learning_rate = n_estimators, learning_rate


class Login(BaseModel):
    user: str = "me"
    password: SecretStr = SecretStr("nothing")
    hosts: list[str] = []


class Connection(Component):
    """Takes every kind of secret, and refuses urls that start with bad, quoting them."""

    def __init__(
        self,
        url: str = "sqlite://",
        token: SecretStr | None = None,
        login: Login | None = None,
        names: list[str] | None = None,
        options: dict[str, Any] | None = None,
    ):
        if url.startswith("bad"):
            raise ValueError(f"cannot open {url}")
        self.url, self.token, self.login = url, token, login
        self.names, self.options = names or [], options or {}


class Note(Component):
    def __init__(self, level: str = "info", size: int = 0):
        self.level, self.size = level, size


class Brief(Note):
    def __init__(self):
        super().__init__("brief")


LINEAR, BOOSTED = "settings_trainers:Linear", "settings_trainers:Boosted"


class Train(Pipeline):
    def __init__(self, retrain: bool = False, *, trainer: Trainer):
        self.retrain, self.trainer = retrain, trainer


class OtherTrain(Train):
    def __init__(self, *, trainer: Linear):
        super().__init__(trainer=trainer)


class Topic(BaseModel):
    name: str = "titanic"
    target: str = "Survived"
    drop: list[str] = []


class Main(Runner):
    def __init__(
        self, loud: bool = False, *, topic: Topic, train: Train, connection: Connection, notes: list[Note]
    ):
        self.loud, self.train, self.connection, self.notes = loud, train, connection, notes


class TrainContainer(PipelineContainer):
    trainer = providers.Component(Trainer, default=Linear)
    pipeline = providers.Pipeline(Train)


class MainContainer(RunnerContainer):
    topic = providers.Settings(Topic, default={})
    connection = providers.Component(Connection, default=Connection)
    notes = providers.Components(Note, default=[Note])
    train = providers.nested(TrainContainer)
    runner = providers.Runner(Main)
