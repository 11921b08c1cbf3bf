"""What type checkers know of containers. Checked by mypy and pyright; a `type: ignore` that is not needed is an error too."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, assert_type

from dependency_injector.providers import Provider
from dependency_injector.wiring import Provide, inject
from pydantic_settings import BaseSettings

from lolpop import (
    Component,
    Inherited,
    Pipeline,
    PipelineContainer,
    Problem,
    Runner,
    RunnerContainer,
    providers,
    task,
    workflow,
)
from lolpop.components.interceptor import Interceptor
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.notifier import Notifier
from lolpop.components.store import RunRecord, Store
from lolpop.errors import Finding
from lolpop.resources import DatasetVersion, ModelVersion, as_resource
from lolpop_containers.classification import ClassificationContainer


class Clock(Component):
    @abstractmethod
    def now(self) -> str: ...


class Noon(Clock):
    def now(self) -> str:
        return "noon"


class Train(Pipeline):
    def __init__(self, fast: bool = False, *, model_trainer: ModelTrainer, clock: Clock) -> None:
        self.model_trainer = model_trainer
        self.clock = clock

    @task
    def train_model(self, dataset_version: DatasetVersion, *, rounds: int = 3) -> ModelVersion:
        """A task keeps what it takes and gives."""
        return ModelVersion(name=dataset_version.name, number=rounds)


class MoreTrain(Train):
    def __init__(self, *, notifiers: list[Notifier], **inherited: Inherited) -> None:
        super().__init__(**inherited)
        self.notifiers = notifiers


def what_is_inherited_by_constructors(trainer: ModelTrainer) -> None:
    """A subclass takes the parameters of its base class, and its own are checked."""
    assert_type(MoreTrain(notifiers=[], fast=True, model_trainer=trainer, clock=Noon()).clock, Clock)
    MoreTrain(notifiers=3, model_trainer=trainer, clock=Noon())  # type: ignore[arg-type]
    MoreTrain(model_trainer=trainer, clock=Noon())  # type: ignore[call-arg]


class Later(Component):
    def __init__(self, *, clock: providers.Lazy[Clock], trainer: Callable[[], ModelTrainer]) -> None:
        self.clock, self.trainer = clock, trainer

    def what_is_lazy(self) -> None:
        """A call of a lazy parameter gives the object."""
        assert_type(self.clock(), Clock)
        assert_type(self.trainer(), ModelTrainer)
        Later(clock=Noon, trainer=self.trainer)
        Later(clock=lambda: Noon(), trainer=self.trainer)
        Later(clock=Noon(), trainer=self.trainer)  # type: ignore[arg-type]


class Main(Runner):
    def __init__(self, *, train: Train, problem: Problem, notifiers: list[Notifier]) -> None:
        self.train = train

    @workflow
    def run(self, dataset_version: DatasetVersion) -> list[ModelVersion]:
        """A workflow too."""
        return [self.train.train_model(dataset_version, rounds=2)]


class TeamSettings(BaseSettings):
    seed: int = 7


@dataclass
class Url:
    text: str = ""


class TrainContainer(PipelineContainer):
    """Interfaces that are abstract may be declared; what a provider gives is typed as the interface."""

    model_trainer = providers.Component(ModelTrainer, default="sklearn")
    candidates = providers.Components(ModelTrainer, default=["sklearn"])
    by_name = providers.Mapping(ModelTrainer, default={"fast": "sklearn"})
    pipeline = providers.Pipeline(Train)


class MainContainer(RunnerContainer):
    """Providers of every kind."""

    problem = providers.Settings(Problem)
    weight = providers.Settings(float, default=1.0)
    clock = providers.Component(Clock, default=Noon)
    scoped_clock = providers.Component(Clock, default=Noon, scoped=True)
    notifiers = providers.Components(Notifier, default=["console"])
    url = providers.Factory(Url)
    train = providers.nested(TrainContainer)
    runner = providers.Runner(Main)


def what_containers_give(container: MainContainer) -> None:
    """Each provider gives what it was declared with."""
    assert_type(container.clock(), Clock)
    assert_type(container.train, TrainContainer)
    assert_type(container.train.model_trainer(), ModelTrainer)
    assert_type(container.train.candidates(), list[ModelTrainer])
    assert_type(container.train.by_name(), dict[str, ModelTrainer])
    assert_type(container.train.pipeline(), Train)
    assert_type(container.notifiers(), list[Notifier])
    assert_type(container.problem(), Problem)
    assert_type(container.weight(), float)
    assert_type(container.runner(), Main)
    assert_type(container.url(), Url)


def what_is_inherited(container: MainContainer) -> None:
    """The slots of every runner container are typed too."""
    assert_type(container.store(), Store)
    assert_type(container.seed(), int)
    assert_type(container.interceptors(), list[Interceptor])
    assert_type(container.folder(), Path)
    assert_type(container.runs(), list[RunRecord])


def what_loading_gives() -> None:
    """An instance of the very class, from every way in."""
    assert_type(MainContainer.load(), MainContainer)
    assert_type(MainContainer.load("a.yaml", Path("b.yaml"), profile="prod"), MainContainer)
    assert_type(MainContainer.load(overrides={"train.model_trainer": "xgboost"}, environ={}), MainContainer)
    assert_type(MainContainer.load(settings=TeamSettings()), MainContainer)
    MainContainer.load(settings=3)  # type: ignore[arg-type]
    assert_type(TrainContainer.load(), TrainContainer)
    assert_type(MainContainer(), MainContainer)
    with MainContainer.load() as container:
        assert_type(container, MainContainer)
    assert_type(MainContainer().verify(), list[Finding])


def what_is_misspelt(container: MainContainer) -> None:
    """A provider that is not declared is an error, nested or not."""
    container.clok()  # type: ignore[attr-defined]
    container.train.model_trainr()  # type: ignore[attr-defined]
    container.train.store()  # type: ignore[attr-defined]
    container.train.model_trainer().fitt()  # type: ignore[attr-defined]


def what_is_called(container: MainContainer, dataset_version: DatasetVersion) -> None:
    """Tasks and workflows keep their signatures."""
    pipeline, runner = container.train.pipeline(), container.runner()
    assert_type(pipeline.train_model(dataset_version, rounds=1), ModelVersion)
    assert_type(pipeline.train_model(dataset_version=dataset_version), ModelVersion)
    assert_type(runner.run(dataset_version), list[ModelVersion])
    pipeline.train_model(dataset_version, 1)  # type: ignore[call-arg]
    pipeline.train_model(3)  # type: ignore[arg-type]
    pipeline.train_model(dataset_version, round=1)  # type: ignore[call-arg]
    runner.run()  # type: ignore[call-arg]


def what_overrides_are(container: MainContainer) -> None:
    """An override is a context manager, by an object, or by a provider."""
    with container.clock.override(Noon()):
        assert_type(container.clock(), Clock)
    with container.train.model_trainer.override(providers.Component(ModelTrainer, default="xgboost")):
        pass
    with container.override({"clock": Noon(), "train.model_trainer": providers.Wrap(_same_trainer)}):
        pass
    with container.train.model_trainer.wrap(lambda real: assert_type(real, ModelTrainer)):
        pass
    container.clock.wrap(_same_trainer)  # type: ignore[arg-type]
    container.override(Noon())  # type: ignore[arg-type]
    with container.scope() as request:
        assert_type(request, MainContainer)
        assert_type(request.train.pipeline(), Train)
    container.clock.reset_override()
    container.reset_override()
    container.close()

    @container.override({"clock": Noon()})
    def decorated(name: str) -> int:
        return len(name)

    assert_type(decorated("Ada"), int)
    decorated(3)  # type: ignore[arg-type]


def _same_trainer(real: ModelTrainer) -> ModelTrainer:
    return real


def what_wiring_is(container: MainContainer) -> None:
    """Markers may name what is nested, modules are wired and unwired, and providers are known by name."""
    container.wire(modules=["a", __name__], packages=None)
    container.unwire()
    assert_type(container.providers, dict[str, Provider[Any]])
    MainContainer.reset_override()
    MainContainer(clock=Noon())
    MainContainer(clock=providers.Component(Clock, default=Noon))

    @inject
    def ask(trainer: ModelTrainer = Provide[MainContainer.train.model_trainer]) -> ModelTrainer:
        return trainer

    assert_type(ask(), ModelTrainer)


async def what_closes_asynchronously() -> None:
    """A container may be left asynchronously, and so may a scope."""
    async with MainContainer().scope() as request:
        assert_type(request.clock(), Clock)
    async with MainContainer.load() as container:
        assert_type(container, MainContainer)


def what_is_ready_made(container: ClassificationContainer) -> None:
    """The containers that come along are typed like one's own."""
    assert_type(container.train.model_trainer(), ModelTrainer)
    problem: Problem = container.problem()  # pyright knows that it is one of classification
    assert_type(problem.target, str)


def what_references_are(container: ClassificationContainer) -> None:
    """Components that take a resource take its reference, and one that is read is of the kind that is meant."""
    assert_type(as_resource("dataset_version:a@1", DatasetVersion), DatasetVersion)
    either = as_resource("dataset_version:a@1", DatasetVersion, ModelVersion)
    assert_type(either, DatasetVersion | ModelVersion)
    container.resource_version_control().load_model("model_version:m@1")
    container.metadata_tracker().parents("model_version:m@1")
    container.resource_version_control().load_data(ModelVersion(name="m", number=1))  # type: ignore[arg-type]


def what_is_declared_wrongly() -> None:
    """Providers take what they are documented to take."""
    providers.Component(3)  # type: ignore[arg-type]
    providers.Component(Clock, default=3)  # type: ignore[arg-type]
    providers.Component(Clock, settings=[])  # type: ignore[arg-type]
    providers.Component(Clock, engine="sqlite://")  # type: ignore[arg-type]
    providers.nested(Noon)  # type: ignore[type-var]
