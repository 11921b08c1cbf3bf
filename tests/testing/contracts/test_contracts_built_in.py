"""Every built-in component keeps the contract of its type."""

from __future__ import annotations

import itertools

import pytest

from lolpop.components.cache_manager.local import LocalCacheManager
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_checker.forecasting import ForecastDataChecker
from lolpop.components.data_checker.pandera import PanderaDataChecker
from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.components.data_splitter.horizon import HorizonDataSplitter
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.data_synthesizer.builtin import BuiltinDataSynthesizer
from lolpop.components.data_transformer.identity import IdentityDataTransformer
from lolpop.components.data_transformer.python import PythonDataTransformer
from lolpop.components.executor.local import LocalExecutor
from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.hyperparameter_tuner.grid import GridHyperparameterTuner
from lolpop.components.hyperparameter_tuner.optuna import OptunaHyperparameterTuner
from lolpop.components.interceptor.cache import CacheInterceptor
from lolpop.components.interceptor.log import LogInterceptor
from lolpop.components.interceptor.progress import ProgressInterceptor
from lolpop.components.interceptor.retry import RetryInterceptor
from lolpop.components.interceptor.timing import TimingInterceptor
from lolpop.components.logger.console import ConsoleLogger
from lolpop.components.logger.file import FileLogger
from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.metrics_tracker.sql import SQLMetricsTracker
from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.components.model_bias_checker.fairlearn import FairlearnModelBiasChecker
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_checker.forecasting import ForecastModelChecker
from lolpop.components.model_deployer.local import LocalModelDeployer
from lolpop.components.model_explainer.shap import ShapModelExplainer
from lolpop.components.model_explainer.sklearn import SklearnModelExplainer
from lolpop.components.model_repository.sql import SQLModelRepository
from lolpop.components.model_visualizer.forecasting import ForecastModelVisualizer
from lolpop.components.model_visualizer.matplotlib import MatplotlibModelVisualizer
from lolpop.components.notifier.console import ConsoleNotifier
from lolpop.components.orchestrator.airflow import AirflowOrchestrator
from lolpop.components.orchestrator.container_image import ContainerImageOrchestrator
from lolpop.components.orchestrator.cron import CronOrchestrator
from lolpop.components.orchestrator.dagster import DagsterOrchestrator
from lolpop.components.orchestrator.github_actions import GithubActionsOrchestrator
from lolpop.components.orchestrator.kubernetes import KubernetesOrchestrator
from lolpop.components.orchestrator.metaflow import MetaflowOrchestrator
from lolpop.components.orchestrator.prefect import PrefectOrchestrator
from lolpop.components.orchestrator.systemd import SystemdOrchestrator
from lolpop.components.resource_version_control.local import LocalResourceVersionControl
from lolpop.components.store.sql import SQLStore
from lolpop.components.test_recorder.console import ConsoleTestRecorder
from lolpop.components.test_recorder.junit import JUnitTestRecorder
from lolpop.testing import contracts


@pytest.fixture
def new_store(tmp_path):
    """Stores on one place, which are closed at the end."""
    stores = []

    def new():
        stores.append(SQLStore(folder=tmp_path))
        return stores[-1]

    yield new
    for store in stores:
        store.close()


@pytest.fixture
def metadata_tracker(new_store):
    return SQLMetadataTracker(store=new_store())


def on_a_store(implementation, store, *settings):
    """What takes a tracker shares its store: what it writes is one transaction."""
    return implementation(*settings, store=store, metadata_tracker=SQLMetadataTracker(store=store))


class TestFileDataConnector(contracts.DataConnectorContract):
    @pytest.fixture(params=["csv", "parquet"])
    def new_source(self, request, tmp_path):
        numbers = itertools.count()
        return lambda: str(tmp_path / f"rows{next(numbers)}.{request.param}")

    @pytest.fixture
    def make(self):
        return FileDataConnector


class TestIdentityDataTransformer(contracts.DataTransformerContract):
    @pytest.fixture
    def make(self):
        return IdentityDataTransformer


class TestPythonDataTransformer(contracts.DataTransformerContract):
    @pytest.fixture
    def make(self, tmp_path):
        (tmp_path / "functions.py").write_text("def first(frame):\n    return frame[:10]\n")
        return lambda: PythonDataTransformer("functions.py:first", folder=tmp_path)


class TestBuiltinDataChecker(contracts.DataCheckerContract):
    @pytest.fixture
    def make(self):
        return lambda problem: BuiltinDataChecker(problem=problem)


class TestForecastDataChecker(contracts.DataCheckerContract):
    problem_types = ("forecasting",)

    @pytest.fixture
    def make(self):
        return lambda problem: ForecastDataChecker(problem=problem)


class TestPanderaDataChecker(contracts.DataCheckerContract):
    @pytest.fixture
    def make(self):
        pytest.importorskip("pandera")
        return lambda problem: PanderaDataChecker(problem=problem)


class TestBuiltinDataProfiler(contracts.DataProfilerContract):
    @pytest.fixture
    def make(self):
        return lambda problem, seed: BuiltinDataProfiler(problem=problem, seed=seed)


class TestSklearnDataSplitter(contracts.DataSplitterContract):
    @pytest.fixture(params=[{}, {"validation_size": 0.2}, {"by": "group", "column": "city"}], ids=str)
    def make(self, request):
        return lambda problem, seed: SklearnDataSplitter(**request.param, problem=problem, seed=seed)


class TestBuiltinDataSynthesizer(contracts.DataSynthesizerContract):
    @pytest.fixture
    def make(self):
        return lambda seed: BuiltinDataSynthesizer(seed=seed)


class TestHorizonDataSplitter(contracts.DataSplitterContract):
    problem_types = ("forecasting",)

    @pytest.fixture
    def make(self):
        return lambda problem, seed: HorizonDataSplitter(problem=problem)


class TestSklearnFeatureTransformer(contracts.FeatureTransformerContract):
    @pytest.fixture
    def make(self):
        return SklearnFeatureTransformer


class TestFeatureEngineFeatureTransformer(contracts.FeatureTransformerContract):
    @pytest.fixture
    def make(self):
        pytest.importorskip("feature_engine")
        return FeatureEngineFeatureTransformer


class TestGridHyperparameterTuner(contracts.HyperparameterTunerContract):
    @pytest.fixture
    def make(self):
        return lambda seed: GridHyperparameterTuner(2)


class TestOptunaHyperparameterTuner(contracts.HyperparameterTunerContract):
    @pytest.fixture
    def make(self):
        return lambda seed: OptunaHyperparameterTuner(4, seed=seed)


class TestBuiltinModelChecker(contracts.ModelCheckerContract):
    @pytest.fixture
    def make(self):
        return lambda problem, seed: BuiltinModelChecker(
            resamples=100, problem=problem, data_profiler=BuiltinDataProfiler(problem=problem), seed=seed
        )


class TestForecastModelChecker(contracts.ModelCheckerContract):
    problem_types = ("forecasting",)

    @pytest.fixture
    def make(self):
        return lambda problem, seed: ForecastModelChecker(resamples=100, problem=problem, seed=seed)


class TestBuiltinModelBiasChecker(contracts.ModelBiasCheckerContract):
    @pytest.fixture
    def make(self):
        return lambda problem: BuiltinModelBiasChecker(problem=problem)


class TestFairlearnModelBiasChecker(contracts.ModelBiasCheckerContract):
    @pytest.fixture
    def make(self):
        pytest.importorskip("fairlearn")
        return lambda problem: FairlearnModelBiasChecker(problem=problem)


class TestSklearnModelExplainer(contracts.ModelExplainerContract):
    @pytest.fixture
    def make(self):
        return lambda problem, seed: SklearnModelExplainer(problem=problem, seed=seed)


class TestShapModelExplainer(contracts.ModelExplainerContract):
    @pytest.fixture
    def make(self):
        pytest.importorskip("shap")
        return lambda problem, seed: ShapModelExplainer(seed=seed)


class TestMatplotlibModelVisualizer(contracts.ModelVisualizerContract):
    @pytest.fixture
    def make(self):
        return lambda problem: MatplotlibModelVisualizer("png", 20, problem=problem)


class TestForecastModelVisualizer(contracts.ModelVisualizerContract):
    problem_types = ("forecasting",)

    @pytest.fixture
    def make(self):
        return lambda problem: ForecastModelVisualizer("png", 20, problem=problem)


class TestConsoleNotifier(contracts.NotifierContract):
    @pytest.fixture
    def make(self):
        return lambda: ConsoleNotifier("debug")

    @pytest.fixture
    def sent(self, capsys):
        return lambda: capsys.readouterr().err


class TestConsoleLogger(contracts.LoggerContract):
    @pytest.fixture
    def make(self):
        return lambda: ConsoleLogger("debug")

    @pytest.fixture
    def written(self, capsys):
        return lambda: capsys.readouterr().err


class TestFileLogger(contracts.LoggerContract):
    @pytest.fixture
    def make(self, tmp_path):
        loggers = []

        def new():
            loggers.append(FileLogger(tmp_path / "log", "debug"))
            return loggers[-1]

        yield new
        for logger in loggers:
            logger.close()

    @pytest.fixture
    def written(self, tmp_path):
        def read():
            text = (tmp_path / "log").read_text()
            (tmp_path / "log").write_text("")
            return text

        return read


class TestLogInterceptor(contracts.InterceptorContract):
    @pytest.fixture
    def make(self):
        return lambda: LogInterceptor(logger=ConsoleLogger())


class TestProgressInterceptor(contracts.InterceptorContract):
    @pytest.fixture
    def make(self):
        return ProgressInterceptor


class TestRetryInterceptor(contracts.InterceptorContract):
    @pytest.fixture
    def make(self):
        return lambda: RetryInterceptor(wait=0, logger=ConsoleLogger())


class TestCacheInterceptor(contracts.InterceptorContract):
    @pytest.fixture
    def make(self, new_store, tmp_path):
        return lambda: CacheInterceptor(cache_manager=LocalCacheManager(store=new_store(), folder=tmp_path))


class TestLocalCacheManager(contracts.CacheManagerContract):
    @pytest.fixture
    def make(self, new_store, tmp_path):
        return lambda: LocalCacheManager(store=new_store(), folder=tmp_path)


class TestTimingInterceptor(contracts.InterceptorContract):
    @pytest.fixture
    def make(self):
        return lambda: TimingInterceptor(notifiers=[ConsoleNotifier()])


class TestLocalExecutor(contracts.ExecutorContract):
    @pytest.fixture
    def make(self):
        return lambda: LocalExecutor(1)


class TestFlowOrchestrators(contracts.OrchestratorContract):
    @pytest.fixture(
        params=[
            AirflowOrchestrator,
            ContainerImageOrchestrator,
            CronOrchestrator,
            DagsterOrchestrator,
            GithubActionsOrchestrator,
            KubernetesOrchestrator,
            MetaflowOrchestrator,
            PrefectOrchestrator,
            SystemdOrchestrator,
        ]
    )
    def make(self, request):
        return request.param


class TestConsoleTestRecorder(contracts.TestRecorderContract):
    @pytest.fixture
    def make(self):
        return ConsoleTestRecorder

    @pytest.fixture
    def recorded(self, capsys):
        return lambda: capsys.readouterr().err


class TestJUnitTestRecorder(contracts.TestRecorderContract):
    @pytest.fixture
    def make(self, tmp_path):
        return lambda: JUnitTestRecorder(tmp_path / "junit.xml")

    @pytest.fixture
    def recorded(self, tmp_path):
        return lambda: (tmp_path / "junit.xml").read_text()


class TestSQLStore(contracts.StoreContract):
    @pytest.fixture
    def make(self, new_store):
        return new_store


class TestSQLMetadataTracker(contracts.MetadataTrackerContract):
    @pytest.fixture
    def make(self, new_store):
        return lambda: SQLMetadataTracker(store=new_store())


class TestSQLMetricsTracker(contracts.MetricsTrackerContract):
    @pytest.fixture
    def make(self, new_store):
        return lambda: SQLMetricsTracker(store=new_store())


class TestLocalResourceVersionControl(contracts.ResourceVersionControlContract):
    @pytest.fixture
    def make(self, new_store):
        return lambda: on_a_store(LocalResourceVersionControl, new_store())


class TestSQLModelRepository(contracts.ModelRepositoryContract):
    @pytest.fixture(params=[False, True], ids=["promoted is approved", "approval required"])
    def make(self, request, new_store):
        return lambda: on_a_store(SQLModelRepository, new_store(), request.param)


class TestLocalModelDeployer(contracts.ModelDeployerContract):
    @pytest.fixture
    def make(self, new_store):
        return lambda: on_a_store(LocalModelDeployer, new_store())
