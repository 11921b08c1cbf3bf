"""An implementation that breaks a promise on purpose fails the check of its contract that is about it."""

from __future__ import annotations

import inspect
import itertools
import random
import sys
from dataclasses import replace

import numpy as np
import pytest

from lolpop.checks import Check, CheckReport
from lolpop.components.cache_manager.local import LocalCacheManager
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_checker.examination import CheckedBatches
from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.components.data_splitter import Splits
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.data_synthesizer.builtin import BuiltinDataSynthesizer
from lolpop.components.data_transformer.identity import IdentityDataTransformer
from lolpop.components.executor import Executor
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.hyperparameter_tuner.grid import GridHyperparameterTuner
from lolpop.components.interceptor import Interceptor
from lolpop.components.logger.console import ConsoleLogger
from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.metrics_tracker.sql import SQLMetricsTracker
from lolpop.components.model_bias_checker import BiasReport
from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_deployer.local import LocalModelDeployer
from lolpop.components.model_explainer.sklearn import SklearnModelExplainer
from lolpop.components.model_repository.sql import SQLModelRepository
from lolpop.components.model_trainer import Choice
from lolpop.components.model_trainer.naive import NaiveModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_visualizer.matplotlib import MatplotlibModelVisualizer
from lolpop.components.notifier import Notifier
from lolpop.components.notifier.console import ConsoleNotifier
from lolpop.components.orchestrator.cron import CronOrchestrator
from lolpop.components.resource_version_control.local import LocalResourceVersionControl
from lolpop.components.store.sql import SQLStore
from lolpop.components.test_recorder.console import ConsoleTestRecorder
from lolpop.errors import DataError, LolpopError
from lolpop.testing import contracts


def mutant(base, **methods):
    """A subclass of an implementation that does some things otherwise."""
    return type(f"Broken{base.__name__}", (base,), methods)


# What implementations are made with; the store is one of the test's own folder.


def of_problem(implementation):
    return lambda store: lambda problem: implementation(problem=problem)


def of_problem_and_seed(implementation, *settings):
    return lambda store: lambda problem, seed: implementation(*settings, problem=problem, seed=seed)


def of_nothing(implementation, *settings):
    return lambda store: lambda *seed: implementation(*settings)


def of_store(implementation):
    return lambda store: lambda: implementation(store=store())


def of_tracker(implementation):
    def prepared(store):
        def make():
            its_store = store()
            return implementation(store=its_store, metadata_tracker=SQLMetadataTracker(store=its_store))

        return make

    return prepared


def of_folder(implementation):
    return lambda store: lambda: implementation(folder=store.folder)


def of_cache(implementation):
    return lambda store: lambda: implementation(store=store(), folder=store.folder)


def of_trainer(implementation, *settings, **more):
    return lambda store: (
        lambda problem, seed: implementation(
            *settings, problem=problem, seed=seed, feature_transformer=SklearnFeatureTransformer(), **more
        )
    )


def of_forecaster(implementation):
    return lambda store: lambda problem, seed: implementation(problem=problem, seed=seed)


# Ways to be broken.


def changes_the_frame(base, name):
    def method(self, frame, *args, **kwargs):
        frame["noise"] = 0.0
        return getattr(base, name)(self, frame, *args, **kwargs)

    return mutant(base, **{name: method})


def remembers(base, name):
    """Returns what it returned at first, whatever it is asked."""

    def method(self, *args, **kwargs):
        if not hasattr(self, "_first"):
            self._first = getattr(base, name)(self, *args, **kwargs)
        return self._first

    return mutant(base, **{name: method})


def shortens(base, name, rows=5):
    return mutant(base, **{name: lambda self, *args: getattr(base, name)(self, *args)[:rows]})


def says_nothing(base, name, result=None):
    return mutant(base, **{name: lambda self, *args, **kwargs: result})


class TakesKeywords(IdentityDataTransformer):
    def __init__(self, **settings):
        super().__init__()


class InThisProcess(Executor):
    """A correct executor, if a simple one."""

    def map(self, function, items):
        from lolpop.errors import WiringError
        from lolpop.kernel.specs import Call

        if isinstance(function, Call):
            raise WiringError("there is no run")
        return [function(item) for item in items]


class PassesOn(Interceptor):
    """A correct interceptor, if an idle one."""

    on = "*"

    def around(self, call):
        return call.proceed()


def ends_closed(self):
    if getattr(self, "_closed", False):
        raise RuntimeError("closed already")
    self._closed = True


def swallowing(*errors):
    def around(self, call):
        try:
            return call.proceed()
        except errors:
            return None

    return around


def split_at_random(self, frame):
    rows = np.random.default_rng().permutation(len(frame))
    return Splits(frame.iloc[rows[20:]], frame.iloc[rows[:20]])


def overlapping(self, frame):
    if len(frame) < 2 or "y" not in frame.columns:
        raise DataError("too few rows, or no y")
    return Splits(frame[:100], frame[90:])


def worst(self, objective, spaces, direction="maximize"):
    other = "minimize" if direction == "maximize" else "maximize"
    return GridHyperparameterTuner.search(self, objective, spaces, other)


def beyond(self, objective, spaces, direction="maximize"):
    def call(trainer, params, share=1.0):
        return objective(trainer, {**params, "depth": 99} if "depth" in params else params)

    return GridHyperparameterTuner.search(self, call, spaces, direction)


def shuffled(self, objective, spaces, direction="maximize"):
    search = GridHyperparameterTuner.search(self, objective, spaces, direction)
    return replace(search, trials=tuple(random.sample(search.trials, len(search.trials))))


def draws_outside(self, model, frame, target, folder, importance=()):
    path = folder.parent / "figure.png"
    path.write_bytes(b"figure")
    return {"figure": path}


def leaves_a_figure(self, model, frame, target, folder, importance=()):
    import matplotlib.pyplot as plt

    plt.figure()
    return MatplotlibModelVisualizer.draw(self, model, frame, target, folder, importance)


def idle_first(self, model, frame, target):
    return SklearnModelExplainer.importance(self, model, frame, target)[::-1]


ERROR = CheckReport(checks=(Check(check="rows", status="error", message="no"),))

MUTANTS = {
    contracts.DataConnectorContract: [
        ("reads_what_it_wrote", of_nothing(shortens(FileDataConnector, "read", 159))),
        ("replaces_what_was_there", of_nothing(remembers(FileDataConnector, "write"))),
        ("scans_the_rows_that_it_reads", of_nothing(mutant(FileDataConnector, scan=lambda self, source: iter(())))),
        ("version_follows_the_content", of_nothing(says_nothing(FileDataConnector, "version", "same"))),
        ("rows_that_stay_in_place", of_nothing(says_nothing(FileDataConnector, "require_manifest"))),
        ("rows_that_stay_in_place", of_nothing(says_nothing(FileDataConnector, "scan_manifest", ()))),
        ("tells_places_apart", of_nothing(says_nothing(FileDataConnector, "is_same", True))),
        ("leaves_the_frame_as_it_is", of_nothing(changes_the_frame(FileDataConnector, "write"))),
        ("missing_source_is_a_data_error", of_nothing(says_nothing(FileDataConnector, "read"))),
    ],
    contracts.DataTransformerContract: [
        ("leaves_the_frame_as_it_is", of_nothing(changes_the_frame(IdentityDataTransformer, "transform"))),
        ("is_repeatable", of_nothing(mutant(IdentityDataTransformer, transform=lambda self, frame: frame.sample(9)))),
        ("returns_a_frame", of_nothing(says_nothing(IdentityDataTransformer, "transform"))),
        ("can_be_wired", of_nothing(TakesKeywords)),
        ("can_be_rebuilt_from_a_spec", of_nothing(mutant(IdentityDataTransformer))),
        ("can_be_closed_twice", of_nothing(mutant(IdentityDataTransformer, close=ends_closed))),
        ("implements_the_interface", of_nothing(ConsoleLogger)),
    ],
    contracts.DataCheckerContract: [
        ("accepts_sound_rows", of_problem(says_nothing(BuiltinDataChecker, "check", ERROR))),
        ("rows_that_are_missing_are_reported", of_problem(says_nothing(BuiltinDataChecker, "check", CheckReport()))),
        ("says_what_it_says_again", of_problem(changes_the_frame(BuiltinDataChecker, "check"))),
        ("refuses_what_is_no_frame", of_problem(says_nothing(BuiltinDataChecker, "check", CheckReport()))),
        ("examines_batches_as_their_rows", of_problem(mutant(
            BuiltinDataChecker, examine=lambda self, frames, expectation=None: CheckedBatches([]),
        ))),
    ],
    contracts.DataProfilerContract: [
        ("sketches_of_parts_are_one", of_problem_and_seed(mutant(
            BuiltinDataProfiler,
            sketch=lambda self, frames=(), first_row=0, rows=None: BuiltinDataProfiler.sketch(
                self, [frame[:9] for frame in frames]
            ),
        ))),
        ("describes_every_column", of_problem_and_seed(mutant(
            BuiltinDataProfiler,
            profile=lambda self, frame: BuiltinDataProfiler.profile(self, frame[frame.columns[:2]]),
        ))),
        ("finds_drift_where_there_is_some", of_problem_and_seed(mutant(
            BuiltinDataProfiler,
            compare=lambda self, frame, reference: BuiltinDataProfiler.compare(self, frame, frame),
        ))),
        ("says_what_it_says_again", of_problem_and_seed(mutant(
            BuiltinDataProfiler,
            profile=lambda self, frame: BuiltinDataProfiler.profile(self, frame.sample(frac=0.5)),
        ))),
        ("describes_batches_as_their_rows", of_problem_and_seed(mutant(
            BuiltinDataProfiler,
            sketch=lambda self, frames: BuiltinDataProfiler.sketch(self, frames[:1]),
        ))),
    ],
    contracts.DataSplitterContract: [
        ("parts_are_disjoint", of_problem_and_seed(mutant(SklearnDataSplitter, split=overlapping))),
        ("is_repeatable", of_problem_and_seed(mutant(SklearnDataSplitter, split=split_at_random))),
        ("too_few_rows_are_a_data_error", of_problem_and_seed(mutant(SklearnDataSplitter, split=split_at_random))),
        ("leaves_the_frame_as_it_is", of_problem_and_seed(changes_the_frame(SklearnDataSplitter, "split"))),
    ],
    contracts.DataSynthesizerContract: [
        ("is_repeatable", of_nothing(BuiltinDataSynthesizer)),
        ("no_rows_are_a_data_error", of_nothing(says_nothing(BuiltinDataSynthesizer, "fit"))),
        ("rows_have_the_columns_of_the_real_ones", of_nothing(mutant(
            BuiltinDataSynthesizer,
            sample=lambda self, model, rows: BuiltinDataSynthesizer.sample(self, model, rows + 1),
        ))),
        ("real_rows_are_like_themselves", of_nothing(mutant(
            BuiltinDataSynthesizer,
            evaluate=lambda self, frame, synthetic: BuiltinDataSynthesizer.evaluate(self, frame, frame[:9]),
        ))),
    ],
    contracts.FeatureTransformerContract: [
        ("keeps_nothing_between_calls", of_nothing(remembers(SklearnFeatureTransformer, "make"))),
        ("frame_without_columns_is_a_data_error", of_nothing(says_nothing(SklearnFeatureTransformer, "make"))),
        ("leaves_the_frame_as_it_is", of_nothing(changes_the_frame(SklearnFeatureTransformer, "make"))),
        ("makes_complete_numbers", of_nothing(mutant(
            SklearnFeatureTransformer,
            make=lambda self, frame, accepts=None: __import__("sklearn.preprocessing").preprocessing.FunctionTransformer(),
        ))),
    ],
    contracts.ModelTrainerContract: [
        ("is_repeatable", of_trainer(mutant(
            SklearnModelTrainer,
            fit=lambda self, frame, target, params=None: SklearnModelTrainer.fit(
                self, frame, target.sample(frac=1).reset_index(drop=True), params
            ),
        ), "ridge")),
        ("keeps_nothing_between_calls", of_trainer(remembers(SklearnModelTrainer, "fit"), "ridge")),
        ("refuses_in_words", of_trainer(mutant(
            SklearnModelTrainer,
            fit=lambda self, frame, target, params=None: SklearnModelTrainer.fit(self, frame, target),
        ), "ridge")),
        ("takes_what_its_search_space_says", of_trainer(mutant(
            SklearnModelTrainer, search_space=lambda self: {"nothing": Choice((1, 2))}
        ), "ridge")),
    ],
    contracts.ForecasterContract: [
        ("keeps_nothing_between_calls", of_forecaster(remembers(NaiveModelTrainer, "fit"))),
        ("takes_what_its_search_space_says", of_forecaster(mutant(
            NaiveModelTrainer, search_space=lambda self: {"nothing": Choice((1, 2))}
        ))),
        ("goes_on_with_a_season", of_forecaster(mutant(
            NaiveModelTrainer,
            fit=lambda self, frame, target, params=None: NaiveModelTrainer.fit(self, frame, -target, params),
        ))),
    ],
    contracts.HyperparameterTunerContract: [
        ("returns_the_best_trial", of_nothing(mutant(GridHyperparameterTuner, search=worst), 2)),
        ("stays_within_the_search_space", of_nothing(mutant(GridHyperparameterTuner, search=beyond), 2)),
        ("is_repeatable", of_nothing(mutant(GridHyperparameterTuner, search=shuffled), 2)),
        ("plans_no_fewer_trials_than_it_makes", of_nothing(says_nothing(GridHyperparameterTuner, "planned", 1), 2)),
        ("is_enabled", of_nothing(mutant(GridHyperparameterTuner, enabled=False), 2)),
    ],
    contracts.ModelCheckerContract: [
        ("prefers_the_better_model", of_problem_and_seed(mutant(BuiltinModelChecker, greater_is_better=True))),
        ("prefers_the_better_model", of_problem_and_seed(mutant(
            BuiltinModelChecker,
            compare=lambda self, model, other, *rows: BuiltinModelChecker.compare(self, other, model, *rows),
        ))),
        ("measures_its_metric", of_problem_and_seed(says_nothing(BuiltinModelChecker, "measure", {}))),
        ("no_rows_are_a_data_error", of_problem_and_seed(says_nothing(BuiltinModelChecker, "measure", {}))),
        ("drift_is_of_predictions", of_problem_and_seed(says_nothing(BuiltinModelChecker, "drift", CheckReport()))),
    ],
    contracts.ModelBiasCheckerContract: [
        ("unfair_model_is_found", of_problem(says_nothing(BuiltinModelBiasChecker, "check", BiasReport()))),
        ("groups_are_all_there", of_problem(says_nothing(BuiltinModelBiasChecker, "check", BiasReport()))),
        ("missing_feature_is_a_data_error", of_problem(says_nothing(BuiltinModelBiasChecker, "check", BiasReport()))),
        ("says_what_it_says_again", of_problem(mutant(
            BuiltinModelBiasChecker,
            check=lambda self, model, frame, target: BuiltinModelBiasChecker.check(
                self, model, rows := frame.sample(200), target.loc[rows.index]
            ),
        ))),
    ],
    contracts.ModelExplainerContract: [
        ("importance_tells_what_matters", of_problem_and_seed(mutant(SklearnModelExplainer, importance=idle_first))),
        ("attributions_have_their_shapes", of_problem_and_seed(mutant(
            SklearnModelExplainer,
            explain=lambda self, model, frame, reference: SklearnModelExplainer.explain(
                self, model, reference, reference
            ),
        ))),
        ("is_repeatable", of_problem_and_seed(mutant(
            SklearnModelExplainer,
            explain=lambda self, model, frame, reference: SklearnModelExplainer.explain(
                self, model, frame, reference.sample(50)
            ),
        ))),
        ("no_rows_are_a_data_error", of_problem_and_seed(says_nothing(SklearnModelExplainer, "importance", []))),
    ],
    contracts.ModelVisualizerContract: [
        ("draws_files_into_the_folder", of_problem(mutant(MatplotlibModelVisualizer, draw=draws_outside))),
        ("draws_files_into_the_folder", of_problem(says_nothing(MatplotlibModelVisualizer, "draw", {}))),
        ("leaves_the_frame_and_the_library_as_they_are", of_problem(mutant(
            MatplotlibModelVisualizer, draw=leaves_a_figure
        ))),
    ],
    contracts.NotifierContract: [
        ("sends_messages_of_every_level", of_nothing(ConsoleNotifier, "warning")),
        ("masks_secrets_of_urls", of_nothing(mutant(
            Notifier, notify=lambda self, message, level="info": print(message, file=sys.stderr)
        ))),
        ("has_a_default_level", of_nothing(mutant(ConsoleNotifier, notify=lambda self, message, level: None))),
    ],
    contracts.LoggerContract: [
        ("writes_messages_of_every_level", of_nothing(ConsoleLogger, "error")),
        ("writes_fields", of_nothing(mutant(
            ConsoleLogger, log=lambda self, message, level="info", **fields: ConsoleLogger.log(self, message, level)
        ), "debug")),
        ("keeps_a_message_on_one_line", of_nothing(mutant(
            ConsoleLogger,
            log=lambda self, message, level="info", **fields: print(message, file=sys.stderr),
        ), "debug")),
    ],
    contracts.InterceptorContract: [
        ("passes_the_result_on", of_nothing(mutant(PassesOn, around=lambda self, call: call.proceed() or None))),
        ("calls_once", of_nothing(mutant(PassesOn, around=lambda self, call: (call.proceed(), call.proceed())[0]))),
        ("passes_errors_on", of_nothing(mutant(PassesOn, around=swallowing(LolpopError)))),
        ("lets_an_interruption_through", of_nothing(mutant(PassesOn, around=swallowing(KeyboardInterrupt)))),
        ("says_what_it_stands_around", of_nothing(mutant(PassesOn, on=None))),
    ],
    contracts.ExecutorContract: [
        ("results_are_in_the_order_of_items", of_nothing(mutant(
            InThisProcess, map=lambda self, function, items: sorted(map(function, items))
        ))),
        ("raises_what_a_call_raised", of_nothing(says_nothing(InThisProcess, "map", []))),
        ("refuses_a_call_outside_a_run", of_nothing(says_nothing(InThisProcess, "map", []))),
    ],
    contracts.OrchestratorContract: [
        ("builds_files", of_nothing(says_nothing(CronOrchestrator, "build", {}))),
        ("runs_every_workflow", of_nothing(mutant(
            CronOrchestrator,
            build=lambda self, graph, project: CronOrchestrator.build(
                self, replace(graph, steps=graph.steps[:2]), project
            ),
        ))),
        ("is_repeatable", of_nothing(mutant(
            CronOrchestrator,
            build=lambda self, graph, project: {"flow.sh": f"# {random.random()}"},
        ))),
    ],
    contracts.TestRecorderContract: [
        ("reports_every_failure", of_nothing(says_nothing(ConsoleTestRecorder, "report"))),
        ("records_from_threads", of_nothing(mutant(
            ConsoleTestRecorder,
            record=lambda self, outcome: None,
            report=lambda self, workflow, outcomes: ConsoleTestRecorder.report(self, workflow, outcomes[1:]),
        ))),
        ("takes_any_text", of_nothing(mutant(
            ConsoleTestRecorder,
            report=lambda self, workflow, outcomes: sys.stderr.write(outcomes[0].message),
        ))),
    ],
    contracts.CacheManagerContract: [
        ("gives_back_what_was_put", of_cache(says_nothing(LocalCacheManager, "get"))),
        ("gives_back_frames", of_cache(says_nothing(LocalCacheManager, "put"))),
        ("knows_nothing_of_other_keys", of_cache(mutant(
            LocalCacheManager, get=lambda self, key: LocalCacheManager.get(self, "ab" * 32)
        ))),
        ("refuses_what_would_not_come_back", of_cache(says_nothing(LocalCacheManager, "put"))),
        ("locks_a_key", of_cache(mutant(
            LocalCacheManager, lock=lambda self, key: __import__("contextlib").nullcontext()
        ))),
    ],
    contracts.StoreContract: [
        ("keeps_runs", of_folder(says_nothing(SQLStore, "end_run"))),
        ("missing_file_is_a_store_error", of_folder(says_nothing(SQLStore, "has_file", True))),
        ("locks_keep_others_out", of_folder(mutant(
            SQLStore, lock=lambda self, name: __import__("contextlib").nullcontext()
        ))),
        ("keeps_files", of_folder(mutant(
            SQLStore, put_file=lambda self, path: SQLStore.put_file(self, path)[::-1]
        ))),
        ("keeps_staged_files", of_folder(mutant(
            SQLStore, staged_file=lambda self, name: SQLStore.staged_file(self, name.upper())
        ))),
    ],
    contracts.MetadataTrackerContract: [
        ("keeps_fields_and_tags", of_store(says_nothing(SQLMetadataTracker, "tag"))),
        ("keeps_lineage", of_store(says_nothing(SQLMetadataTracker, "link"))),
        ("keeps_artifacts", of_store(says_nothing(SQLMetadataTracker, "artifacts", []))),
        ("numbers_resources_of_a_name", of_store(says_nothing(SQLMetadataTracker, "find", []))),
    ],
    contracts.MetricsTrackerContract: [
        ("keeps_metrics", of_store(mutant(
            SQLMetricsTracker,
            log=lambda self, resource, metrics: SQLMetricsTracker.log(
                self, resource, {name: round(value, 6) for name, value in metrics.items()}
            ),
        ))),
        ("refuses_what_is_no_number", of_store(says_nothing(SQLMetricsTracker, "log"))),
        ("tells_resources_apart", of_store(says_nothing(SQLMetricsTracker, "get", {"accuracy": 0.5}))),
    ],
    contracts.ResourceVersionControlContract: [
        ("data_comes_back", of_tracker(shortens(LocalResourceVersionControl, "load_data", 9))),
        ("older_versions_stay", of_tracker(mutant(
            LocalResourceVersionControl,
            load_data=lambda self, version: LocalResourceVersionControl.load_data(self, "dataset_version:rows@3"),
        ))),
        ("records_parents", of_tracker(mutant(
            LocalResourceVersionControl,
            save_data=lambda self, name, frame, parents=(): LocalResourceVersionControl.save_data(self, name, frame),
        ))),
        ("lost_versions_are_reported", of_tracker(says_nothing(LocalResourceVersionControl, "require"))),
        ("batches_come_back", of_tracker(says_nothing(LocalResourceVersionControl, "batch_sizes", [1]))),
    ],
    contracts.ModelRepositoryContract: [
        ("version_is_approved_step_by_step", of_tracker(says_nothing(SQLModelRepository, "is_approved", True))),
        ("steps_are_taken_in_order", of_tracker(says_nothing(SQLModelRepository, "promote"))),
        ("unknown_version_is_named", of_tracker(says_nothing(SQLModelRepository, "register"))),
    ],
    contracts.ModelDeployerContract: [
        ("undeploys", of_tracker(says_nothing(LocalModelDeployer, "undeploy"))),
        ("replaces_only_what_was_meant", of_tracker(mutant(
            LocalModelDeployer,
            deploy=lambda self, version, instead_of=None, fields={}: LocalModelDeployer.deploy(self, version),
        ))),
        ("records_fields", of_tracker(mutant(
            LocalModelDeployer,
            deploy=lambda self, version, instead_of=None, fields={}: LocalModelDeployer.deploy(self, version),
        ))),
    ],
}  # fmt: skip


# Of some checks a mutant fails by an error of its own, which is as plain.
RAISED = {
    "test_can_be_closed_twice": (RuntimeError,),
    "test_makes_complete_numbers": (ValueError,),
    "test_has_a_default_level": (TypeError,),
}

CASES = [
    pytest.param(contract, f"test_{check}", make, id=f"{contract.__name__}-{number}-{check}")
    for contract, mutants in MUTANTS.items()
    for number, (check, make) in enumerate(mutants)
]


@pytest.fixture
def fixtures(tmp_path, capsys):
    """What checks take besides the implementation."""
    stores = []

    def new_store():
        stores.append(SQLStore(folder=tmp_path))
        return stores[-1]

    new_store.folder = tmp_path
    numbers = itertools.count()
    yield {
        "store": new_store,
        "tmp_path": tmp_path,
        "new_source": lambda: str(tmp_path / f"{next(numbers)}.parquet"),
        "metadata_tracker": SQLMetadataTracker(store=new_store()),
        "sent": lambda: capsys.readouterr().err,
        "recorded": lambda: capsys.readouterr().err,
        "written": lambda: capsys.readouterr().err,
    }
    for store in stores:
        store.close()


@pytest.mark.parametrize(("contract", "check", "make"), CASES)
def test_broken_implementation_fails_the_check(contract, check, make, fixtures):
    """The check fails with an assertion, or with the error of the mutant."""
    values = {**fixtures, "make": make(fixtures["store"])}
    method = contracts.checks_of(contract)[check]
    taken = [name for name in inspect.signature(method).parameters if name != "self"]
    with pytest.raises((AssertionError, *RAISED.get(check, ()))):
        method(contract(), **{name: values[name] for name in taken})


def test_several_mutants_of_every_type():
    """Every contract has three mutants or more."""
    named = {getattr(contracts, name) for name in contracts.__all__ if name.endswith("Contract")}
    named.discard(contracts.ComponentContract)
    assert named == set(MUTANTS)
    assert all(len(mutants) >= 3 for mutants in MUTANTS.values())


def test_failures_names_the_checks_that_fail():
    """failures() returns the failed checks with their errors, without pytest."""
    broken = mutant(PassesOn, around=swallowing(LolpopError))
    failed = contracts.failures(contracts.InterceptorContract, lambda: {"make": broken})
    assert set(failed) == {"test_passes_errors_on", "test_can_be_rebuilt_from_a_spec"}
    assert "nothing was raised" in str(failed["test_passes_errors_on"])
    assert not contracts.failures(contracts.InterceptorContract, lambda: {"make": PassesOn})
