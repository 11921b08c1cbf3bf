"""What the settings of the original lolpop are called here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROBLEM: Mapping[str, str] = MappingProxyType(
    {
        "model_name": "problem.name",
        "model_target": "problem.target",
        "model_index": "problem.index",
        "time_index": "problem.time",
        "forecast_frequency": "problem.frequency",
    }
)
"""Settings of the runner that say what is learned."""

SOURCES: Mapping[str, str] = MappingProxyType(
    {"train_data": "data.train", "eval_data": "data.predict", "prediction_data": "data.predictions"}
)
"""Settings of the runner that say where rows are."""

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "data_checker": "process.data_checker",
        "data_transformer": "process.data_transformer",
        "data_splitter": "train.data_splitter",
        "feature_transformer": "train.feature_transformer",
        "model_trainer": "train.model_trainer",
        "hyperparameter_tuner": "train.hyperparameter_tuner",
        "model_visualizer": "train.model_visualizer",
        "model_bias_checker": "train.model_bias_checker",
    }
)
"""Where components of a type are declared, unless they are global."""

IMPLEMENTATIONS: Mapping[str, str] = MappingProxyType(
    {
        "filelogger": "file",
        "stdoutlogger": "console",
        "stdoutnotifier": "console",
        "localdataconnector": "file",
        "localdatatransformer": "python",
        "localdatasplitter": "",
        "localhyperparametertuner": "grid",
        "optunahyperparametertuner": "optuna",
        "sklearnfeaturetransformer": "sklearn",
        "featureenginefeaturetransformer": "feature_engine",
        "xgboostmodeltrainer": "xgboost",
        "prophetmodeltrainer": "prophet",
    }
)
"""Implementations by the lower-case name of their class; those called ``""`` are the default here."""

REPLACED: Mapping[str, str] = MappingProxyType(
    {
        "metadata_tracker": "runs and lineage are kept in lolpop's own store, .lolpop/",
        "metrics_tracker": "metrics are kept in lolpop's own store",
        "model_repository": "versions and approvals are kept in lolpop's own store",
        "model_deployer": "a deployed version is the one that predict_data uses",
        "resource_version_control": "data and models are kept by content in .lolpop/artifacts",
        "data_checker": "the built-in checker takes its place",
        "data_profiler": "the built-in profiler takes its place",
        "model_checker": "the built-in checker takes its place",
        "model_bias_checker": "the built-in checker takes its place, for problem.sensitive_features",
        "model_explainer": "permutation importance takes its place; model_explainer: shap explains rows",
        "model_visualizer": "the built-in figures take its place",
    }
)
"""What takes the place of implementations that do not exist here, by component type."""

METRICS: Mapping[str, str] = MappingProxyType(
    {
        "accuracy": "accuracy",
        "f1": "f1",
        "precision": "precision",
        "recall": "recall",
        "rocauc": "roc_auc",
        "roc_auc": "roc_auc",
        "mae": "mean_absolute_error",
        "mse": "root_mean_squared_error",
        "rmse": "root_mean_squared_error",
        "r2": "r2",
        "mape": "mean_absolute_percentage_error",
        "smape": "symmetric_mean_absolute_percentage_error",
    }
)
"""Metrics that choose a model, by their former names."""

OF_REGRESSIONS = frozenset({"mae", "mse", "rmse", "r2", "rmsle", "mape", "smape"})

FORECAST_METRICS = frozenset(
    {
        "mean_absolute_error",
        "root_mean_squared_error",
        "mean_absolute_percentage_error",
        "symmetric_mean_absolute_percentage_error",
    }
)

XGBOOST: Mapping[str, str] = MappingProxyType(
    {"alpha": "reg_alpha", "lambda": "reg_lambda", "eta": "learning_rate", "min_split_loss": "gamma"}
)
"""Names that XGBoost has beside those of its estimators."""

NOT_NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "config.local_dir": "artifacts are kept in .lolpop/; store.artifacts names another place",
        "train.config.metrics": "all metrics that fit the problem are measured",
        "train.data_splitter.config.include_test": "test rows are always kept apart",
        "train.hyperparameter_tuner.config.param_type": "lists are a grid",
    }
)
"""Settings that have nothing to say here, with the reason."""

NOT_NEEDED_BY_FORECASTS: Mapping[str, str] = MappingProxyType(
    {
        "train.data_splitter.config.test_size": "the last problem.horizon steps are the test rows",
        "train.data_splitter.config.validation_size": "validation steps come before the test rows",
    }
)
