"""Supervised learning from source rows to predictions in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, TypeAlias

from lolpop.checks import CheckReport
from lolpop.components.data_connector import DataConnector
from lolpop.components.data_splitter import Splits
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_checker import Comparison, Metrics
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.model_trainer import FittedModel
from lolpop.components.notifier import Level, Notifier, notify_all
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data.frames import Frame
from lolpop.data.reading import ReadingSchema, Schemas
from lolpop.data.sources import Data, Source
from lolpop.errors import (
    DataError,
    NoUnseenRowsError,
    ReferenceNotFoundError,
    UntrustedTypeError,
    UnusableArtifactError,
)
from lolpop.integrations import Runner, workflow
from lolpop.pipelines.deploy import DeployPipeline
from lolpop.pipelines.drift import trained_on
from lolpop.pipelines.predict import PredictPipeline
from lolpop.pipelines.process import ProcessPipeline
from lolpop.pipelines.train import TrainPipeline
from lolpop.problem import Problem, ProblemType
from lolpop.resources import DatasetVersion, Deployment, Model, ModelVersion, PredictionJob
from lolpop.runners._about import about
from lolpop.runners._inspection import Inspection, refusal
from lolpop.runners._reading import SourceReader
from lolpop.runners._reads import versions_of_truth, versions_to_predict, versions_to_process
from lolpop.runners._verdicts import Outcome, verdict
from lolpop.runners.origins import Origin, Purpose, origin_of, require_apart
from lolpop.settings.secrets import mask

__all__ = ["OptionalTask", "SupervisedRunner"]

OptionalTask: TypeAlias = Literal[
    "check_data", "profile_data", "compare_data", "analyze_model", "check_model", "check_model_bias",
    "check_predictions", "analyze_prediction_drift",
]  # fmt: skip
"""A task that a workflow can skip."""


class SupervisedRunner(Runner):
    """Runs supervised learning from end to end, or one workflow of it at a time.

    A subclass declares its type of problem; the components fit and evaluate accordingly.

    Parameters
    ----------
    skip
        Tasks to skip, to save their time.
    """

    problem_type: ClassVar[ProblemType]
    """The type of problem that the runner is for."""

    def __init__(
        self,
        skip: frozenset[OptionalTask] = frozenset(),
        *,
        problem: Problem,
        data: Data,
        process: ProcessPipeline,
        train: TrainPipeline,
        predict: PredictPipeline,
        deploy: DeployPipeline,
        data_connector: DataConnector,
        resource_version_control: ResourceVersionControl,
        metadata_tracker: MetadataTracker,
        model_deployer: ModelDeployer,
        notifiers: Sequence[Notifier],
    ) -> None:
        if problem.type != self.problem_type:
            raise ValueError(
                f"problem.type must be {self.problem_type} for this runner, but got {problem.type!r}."
            )
        self.skip = skip
        self.problem = problem
        self.data = data
        self.process = process
        self.train = train
        self.predict = predict
        self.deploy = deploy
        self.data_connector = data_connector
        self.resource_version_control = resource_version_control
        self.metadata_tracker = metadata_tracker
        self.model_deployer = model_deployer
        self.notifiers = notifiers
        self._inspection = Inspection(process, predict, skip)

    @workflow(reads=versions_to_process, accounts_for=["data"])
    def process_data(self, source: Source | None = None, dataset: Purpose = "train") -> DatasetVersion:
        """Read, transform, check and store the rows of ``source``.

        ``dataset`` is the purpose of the rows. Training rows are checked first, profiled, and compared with
        those of the deployed model; rows to predict are checked when they are predicted. Without a source,
        the one that the settings name for ``dataset`` is read. If they name several sources, ``source`` is a
        mapping of the replaced ones by name.

        Raises DataError if the rows cannot be read or used for training; then nothing is stored.
        """
        origin = origin_of(source, dataset, self.data, self.problem.name)
        reader = self._reader(dataset)
        if dataset == "predict" and self.data.batch_rows is not None:
            return self._process_batches(origin, reader)
        tables, _ = reader.read_tables({name: table.source for name, table in origin.tables.items()})
        if tables:
            frame = self.process.join_data(tables)
        else:
            frame = self.process.transform_data(reader.read(origin.source))
        if dataset == "train" and "check_data" not in self.skip:
            with about(str(mask(origin.source))):
                self.process.check_data(frame, self._deployed())
        parents = self._track(tables, origin)
        dataset_version = self.process.track_data(frame, origin.dataset, origin.source, parents)
        self.process.keep_schemas(dataset_version, reader.schemas)
        if dataset == "train":
            self._describe(frame, dataset_version)
        return dataset_version

    @workflow
    def train_model(self, dataset_version: DatasetVersion) -> ModelVersion:
        """Train a model version on ``dataset_version``, and evaluate it on unseen rows."""
        frame = self.resource_version_control.load_data(dataset_version)
        splits = self.train.split_data(frame)
        model_version = self.train.train_model(splits, dataset_version)
        self._evaluate(model_version, splits, frame, dataset_version)
        if self.train.retrain_on_all_data:
            self.train.retrain_model_on_all_data(model_version, frame, dataset_version)
        return model_version

    @workflow(effects=True)
    def deploy_model(self, model_version: ModelVersion) -> Deployment | None:
        """Deploy ``model_version`` if it is sound, better than the deployed version, and approved.

        Otherwise there is a notice with the reason, and the result is None. If another run deploys a version
        meanwhile, ``model_version`` is compared with that, too.
        """
        if not self._is_sound(model_version):
            return None
        while self._is_better(model_version, deployed := self._deployed()):
            self.deploy.promote_model(model_version)
            if not self.deploy.check_approval(model_version):
                self._notify(
                    f"{model_version} is promoted but not deployed: it waits for approval", "warning"
                )
                return None
            deployment = self.deploy.deploy_model(model_version, instead_of=deployed)
            if deployment is not None:
                self._notify(f"{model_version} is deployed as {deployment}")
                return deployment
            self._notify(f"{deployed or 'Nothing'} is no longer the deployed version: comparing again")
        return None

    @workflow(reads=versions_to_predict, effects=True)
    def predict_data(
        self, model_version: ModelVersion | None = None, dataset_version: DatasetVersion | None = None
    ) -> PredictionJob:
        """Predict the rows of ``dataset_version``, store the predictions, and write them to data.predictions.

        Without ``model_version`` the deployed one predicts, and without ``dataset_version`` the rows to
        predict are processed first. Raises DataError if there are none, or if ``model_version`` cannot
        predict these rows; then nothing is stored or written.
        """
        model_version = model_version or self._require_deployed()
        dataset_version = dataset_version or self._require_rows_to_predict(model_version)
        model = self.resource_version_control.open_model(model_version)
        self._require_apart(model_version, dataset_version)
        if self.data.batch_rows is not None:
            prediction_job = self._predict_batches(model, model_version, dataset_version)
            self._explain(model, model_version, dataset_version, prediction_job)
            return prediction_job
        frame = self.resource_version_control.load_data(dataset_version)
        source = self.process.source_of(dataset_version)
        reported = self._inspection.look(frame, frame, source, dataset_version, model_version)
        with about(refusal(model_version, source)):
            predictions = self.predict.get_predictions(model, frame, reported)
        if "check_predictions" not in self.skip:
            self.predict.check_predictions(predictions)
        prediction_job = self.predict.track_predictions(predictions, model, model_version, dataset_version)
        if "analyze_prediction_drift" not in self.skip:
            self.predict.analyze_prediction_drift(frame, predictions, prediction_job)
        if self.data.predictions is not None:
            self.predict.save_predictions(predictions, self.data.predictions)
        self._explain(model, model_version, dataset_version, prediction_job)
        return prediction_job

    @workflow(reads=versions_of_truth)
    def evaluate_ground_truth(self, prediction_job: PredictionJob, truth: Source | None = None) -> Metrics:
        """Measure the predictions of a job on the rows whose true label is known.

        Without ``truth``, the source that the settings name is read. Raises DataError if there is none, or if
        it has none of the rows.
        """
        source = self.data.truth if truth is None else truth
        if source is None:
            raise DataError("There is no source of true labels: set data.truth, or name a source.")
        schema = ReadingSchema.of(self.problem, self.predict.schema_of_truth(prediction_job))
        return self.predict.evaluate_predictions(prediction_job, self._sources(schema).read(source))

    @workflow
    def run(self) -> PredictionJob | None:
        """Process, train, deploy, predict with the deployed model, and evaluate if true labels are known.

        All rows are read before training, so that missing rows are reported early. The result is None if
        there are no rows to predict, or no deployed model.
        """
        labelled = self.process_data()
        new = self._rows_to_predict(labelled)
        self.deploy_model(self.train_model(labelled))
        if new is None:
            self._notify("No predictions: data.predict is not set")
            return None
        deployed = self._deployed()
        if deployed is None:
            self._notify("No predictions: no model version is deployed", "warning")
            return None
        prediction_job = self.predict_data(deployed, new)
        if self.data.truth is not None:
            self._evaluate_what_is_known(prediction_job)
        return prediction_job

    def _track(self, tables: Mapping[str, Frame], origin: Origin) -> list[DatasetVersion]:
        return [
            self.process.track_data(frame, origin.tables[name].dataset, origin.tables[name].source)
            for name, frame in tables.items()
        ]

    def _process_batches(self, origin: Origin, reader: SourceReader) -> DatasetVersion:
        """Store rows to predict that come in batches."""
        if self.data.in_place:
            manifest = reader.manifest(origin.source)
            return self.process.track_manifest(manifest, origin.dataset, origin.source)
        if not origin.tables:
            rows = reader.scan(origin.source)
            dataset_version = self.process.transform_batches(rows, origin.dataset, origin.source)
            self.process.keep_schemas(dataset_version, reader.schemas)
            return dataset_version
        name = origin.batched()
        table = origin.tables[name]
        sources = {other: origin.tables[other].source for other in origin.tables}
        tables, rows = reader.read_tables(sources, batched=name)
        batched = self.process.track_batches(rows, table.dataset, table.source)
        parents = [*self._track(tables, origin), batched]
        dataset_version = self.process.join_batches(
            tables, name, batched, origin.dataset, origin.source, parents
        )
        self.process.keep_schemas(dataset_version, reader.schemas)
        return dataset_version

    def _reader(self, purpose: Purpose) -> SourceReader:
        """The reader of rows for ``purpose``, which reads them like the training rows of the deployed model.

        Without a deployed model, rows to predict are read like the latest training rows.
        """
        deployed = self._deployed()
        schemas = Schemas()
        if deployed is not None or purpose == "predict":
            schemas = self.process.schemas_of(f"{self.problem.name}_train", deployed)
        roles = ReadingSchema.of(self.problem).with_identity(self.train.data_splitter.identity)
        roles = roles.model_copy(update={"strict": purpose == "predict"})
        return self._sources(roles, schemas)

    def _sources(self, roles: ReadingSchema, schemas: Schemas | None = None) -> SourceReader:
        return SourceReader(self.data_connector, self.notifiers, roles, schemas or Schemas())

    def _predict_batches(
        self, model: FittedModel, model_version: ModelVersion, dataset_version: DatasetVersion
    ) -> PredictionJob:
        """Predict rows that come in batches, and look at them and their predictions batch by batch."""
        rows = self._inspection.examined(dataset_version, model_version)
        source = self.process.source_of(dataset_version)
        reported = self._inspection.look(
            rows.examination, rows.sketch, source, dataset_version, model_version
        )
        predictions = self._inspection.sketch(rows)
        with about(refusal(model_version, source)):
            prediction_job = self.predict.predict_batches(
                model,
                model_version,
                dataset_version,
                self.data.predictions,
                check="check_predictions" not in self.skip,
                reported=reported,
                sketch=predictions,
            )
        if rows.sketch is not None and predictions is not None:
            self.predict.analyze_prediction_drift(rows.sketch, predictions, prediction_job)
        return prediction_job

    def _require_apart(self, model_version: ModelVersion, dataset_version: DatasetVersion) -> None:
        """Raise DataError if predictions would replace a source of these two."""
        parents = self.metadata_tracker.parents(model_version)
        datasets = [dataset_version, *(parent for parent in parents if isinstance(parent, DatasetVersion))]
        sources = [self.process.source_of(dataset) for dataset in datasets]
        require_apart(self.data, sources, self.data_connector)

    def _evaluate(
        self, model_version: ModelVersion, splits: Splits, frame: Frame, dataset_version: DatasetVersion
    ) -> None:
        """Evaluate ``model_version``, trained on ``splits`` of ``frame``, the rows of ``dataset_version``."""
        del frame, dataset_version  # the splits are enough, except for forecasts
        if "analyze_model" not in self.skip:
            self.train.analyze_model(model_version, splits)
        if "check_model" not in self.skip:
            self.train.check_model(model_version, splits)
        if self.problem.sensitive_features and "check_model_bias" not in self.skip:
            self.train.check_model_bias(model_version, splits)

    def _rows_to_predict(self, labelled: DatasetVersion) -> DatasetVersion | None:
        """The rows to predict that the settings name; None, which is reported later, if they name none."""
        del labelled  # training rows are only needed for forecasts
        if self.data.predict is None:
            return None
        new = self.process_data(dataset="predict")
        stored = self.resource_version_control
        whole = self.data.batch_rows is None
        rows = stored.load_data(new) if whole else next(iter(stored.load_batches(new)))
        with about(f"The rows of {mask(self.data.predict)} cannot be predicted"):
            self.predict.require_identity(rows)
        return new

    def _describe(self, frame: Frame, dataset_version: DatasetVersion) -> None:
        if "profile_data" not in self.skip:
            self.process.profile_data(frame, dataset_version)
        if "compare_data" not in self.skip and (deployed := self._deployed()) is not None:
            self.process.compare_data(frame, dataset_version, deployed)

    def _deployed(self) -> ModelVersion | None:
        return self.model_deployer.deployed(Model(name=self.problem.name))

    def _require_deployed(self) -> ModelVersion:
        deployed = self._deployed()
        if deployed is None:
            raise DataError(
                f"No model version of {self.problem.name!r} is deployed. Deploy one, or name a model version."
            )
        return deployed

    def _require_rows_to_predict(self, model_version: ModelVersion) -> DatasetVersion:
        """The rows to predict, processed now. Raises DataError if there are none."""
        labelled = trained_on(model_version, self.metadata_tracker)
        new = None if labelled is None else self._rows_to_predict(labelled)
        if new is None:
            raise DataError("There are no rows to predict: set data.predict, or name a dataset version.")
        return new

    def _is_sound(self, model_version: ModelVersion) -> bool:
        checks = self.metadata_tracker.get(model_version).fields.get("checks", {})
        errors = list(CheckReport.model_validate(checks).of("error"))
        if errors:
            problems = "; ".join(check.message for check in errors)
            self._notify(f"{model_version} is not deployed: {problems}", "warning")
        return not errors

    def _is_better(self, model_version: ModelVersion, deployed: ModelVersion | None) -> bool:
        if deployed is None:
            return True
        if deployed == model_version:
            self._notify(f"{model_version} is deployed already")
            return False
        try:
            self.resource_version_control.open_model(deployed)
            comparison = self.train.compare_models(model_version, deployed)
        except (UnusableArtifactError, UntrustedTypeError, ReferenceNotFoundError) as error:
            self.train.require_usable(model_version)  # which of the two it is
            self._notify(
                f"{model_version} replaces {deployed}, which is no longer usable: {error}", "warning"
            )
            return True
        except NoUnseenRowsError as error:
            advice = f"Train on more rows, or undeploy {deployed} first"
            self._notify(f"{model_version} is not deployed: {error}. {advice}", "warning")
            return False
        except DataError as error:
            # A model that cannot predict today's rows is useless, and is not compared.
            self._notify(
                f"The deployed version {deployed} cannot predict the current rows: {error}", "warning"
            )
            return True
        outcome = self._outcome(comparison, model_version, deployed)
        self._notify(verdict(model_version, deployed, comparison, outcome))
        return outcome.replaces

    def _outcome(
        self, comparison: Comparison, model_version: ModelVersion, deployed: ModelVersion
    ) -> Outcome:
        """The outcome of the comparison of ``model_version`` with ``deployed``."""
        del model_version, deployed  # the comparison alone decides, except for forecasts
        if comparison.better:
            return Outcome(True, "replaces")
        return Outcome(False, "is not deployed, since it is no better than")

    def _explain(
        self,
        model: FittedModel,
        model_version: ModelVersion,
        dataset_version: DatasetVersion,
        prediction_job: PredictionJob,
    ) -> None:
        if not self.predict.explain:
            return
        explanations = self.predict.explain_predictions(model, model_version, dataset_version, prediction_job)
        if self.data.explanations is not None:
            self.predict.save_explanations(explanations, self.data.explanations)

    def _evaluate_what_is_known(self, prediction_job: PredictionJob) -> None:
        try:
            self.evaluate_ground_truth(prediction_job)
        except DataError as error:
            # True labels arrive later: a run that has predicted does not fail without them.
            self._notify(f"{prediction_job} is not evaluated yet: {error}", "warning")

    def _notify(self, message: str, level: Level = "info") -> None:
        notify_all(self.notifiers, message, level)
