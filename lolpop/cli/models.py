"""``lolpop models``: which versions of models there are, what they are worth, and which is in use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import moment, number, print_json, say, table
from lolpop.cli._store import open_store
from lolpop.cli._summary import checks_table, comparison_line, metrics_table
from lolpop.cli._versions import VersionView, about, lineage_json, lineage_tables, origin_json, version_of
from lolpop.errors import ReferenceNotFoundError
from lolpop.resources import Deployment, Experiment, Model, ModelVersion
from lolpop.running.records import grouped

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.cli._settings_options import SettingsOptions

__all__ = ["approve_model", "list_models", "show_model"]

_DECISION = ("by", "reason", "restores", "ended_by", "ended_reason")
"""What is recorded of a deployment that somebody decided."""

_IMPORTANT = 10
"""How many columns are shown of those that a model rests on."""


def list_models(name: str | None, options: SettingsOptions, *, limit: int, as_json: bool) -> None:
    """Print the newest versions of models, of the one that is named, if one is."""
    _TELLING.newest(name, options, limit=limit, as_json=as_json)


def show_model(version: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print all that is known of a model version.

    Raises ReferenceNotFoundError if there is none such.
    """
    _TELLING.one(version, options, as_json=as_json)


def approve_model(version: str, by: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Approve a promoted model version in the name of ``by``, and print what to do next.

    Raises LolpopError if it is not promoted, and UsageError if the version is not named by its number: the
    newest may be another one by now than the one that was looked at.
    """
    if "@" not in version:
        raise UsageError(f"{version!r} does not say which version to approve. Name it as NAME@NUMBER.")
    with open_store(options) as container:
        model_version = version_of(container, ModelVersion, version)
        container.model_repository().approve(model_version, by=by)
        summary = _summary(container, model_version)
        if as_json:
            print_json(summary)
            return
        registration = summary["registration"]
        say(f"{model_version} is approved by {registration['approved_by']}.")
        if not summary["deployed"]:
            runner = _runner(container, summary["run_id"])
            command = f"lolpop run {runner} deploy_model --model-version {model_version}{options.restated()}"
            say(f"Deploy it: {command}")


def _summary(container: Any, version: ModelVersion) -> dict[str, Any]:
    fields = container.metadata_tracker().get(version).fields
    registration = container.model_repository().registration(version)
    deployed = container.model_deployer().deployed(Model(name=version.name)) == version
    return {
        **origin_json(container, version),
        "status": "deployed" if deployed else _status(registration),
        "deployed": deployed,
        "registration": None if registration is None else asdict(registration),
        "trainer": _of_winner(container, fields.get("winning_experiment"), "trainer"),
        "estimator": _of_winner(container, fields.get("winning_experiment"), "estimator"),
        "metric": fields.get("baseline", {}).get("metric"),
        "metrics": grouped(container.metrics_tracker().get(version)),
    }


def _details(container: Any, version: ModelVersion) -> dict[str, Any]:
    tracker = container.metadata_tracker()
    fields = tracker.get(version).fields
    lineage = lineage_json(container, version)
    deployments = [resource for resource in tracker.children(version) if isinstance(resource, Deployment)]
    experiments = [resource for resource in tracker.children(version) if isinstance(resource, Experiment)]
    return {
        **_summary(container, version),
        "winning_experiment": fields.get("winning_experiment"),
        "experiments": [_experiment(container, resource) for resource in experiments],
        "checks": fields.get("checks", {}).get("checks", []),
        "bias": fields.get("bias"),
        "comparison": fields.get("comparison"),
        "importance": fields.get("importance", {}),
        "test_data": fields.get("test_data"),
        "deployments": [
            {"deployment": resource.reference, **_times(tracker.get(resource))} for resource in deployments
        ],
        **lineage,
    }


def _experiment(container: Any, experiment: Experiment) -> dict[str, Any]:
    fields = container.metadata_tracker().get(experiment).fields
    return {
        "experiment": experiment.reference,
        "winner": fields.get("winner", False),
        "trainer": fields.get("trainer"),
        "params": fields.get("params", {}),
        "searched": fields.get("searched", {}),
        "metrics": grouped(container.metrics_tracker().get(experiment)),
    }


def _times(record: Any) -> dict[str, Any]:
    return {
        "active": record.fields.get("active"),
        **{name: record.fields[name] for name in _DECISION if name in record.fields},
        "deployed_at": record.created_at,
        "ended_at": record.fields.get("ended_at"),
    }


def _status(registration: Any) -> str:
    if registration is None:
        return "trained"
    if registration.approved_at is not None:
        return "approved"
    return "registered" if registration.promoted_at is None else "promoted"


def _of_winner(container: Any, winner: str | None, field: str) -> Any:
    if winner is None:
        return None
    try:
        return container.metadata_tracker().get(winner).fields.get(field)
    except ReferenceNotFoundError:
        return None


def _runner(container: Any, run_id: str | None) -> str:
    """What `lolpop run` calls the container that made a model version."""
    if run_id is not None:
        try:
            return str(container.store().run(run_id).wiring.get("runner", "RUNNER"))
        except ReferenceNotFoundError:
            pass  # made in another store
    return "RUNNER"


def _row(details: Mapping[str, Any]) -> tuple[str, ...]:
    metric, metrics = details["metric"] or "", details["metrics"]
    test, baseline = (number(metrics.get(part, {}).get(metric)) for part in ("test", "baseline"))
    created, run_id = moment(details["created_at"]), details["run_id"] or ""
    trainer = " ".join(filter(None, (details["trainer"], details["estimator"])))
    by = (details["registration"] or {}).get("approved_by")
    status = details["status"] if by is None else f"{details['status']}, approved by {by}"
    return details["model_version"], status, trainer, metric, test, baseline, created, run_id


def _parts(details: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield f"{details['model_version']}: {details['status']}"
    registration = details["registration"] or {}
    times = {
        name: moment(registration[f"{name}_at"])
        for name in ("registered", "promoted", "approved")
        if registration.get(f"{name}_at")
    }
    if "approved" in times:
        times["approved"] += f" by {registration['approved_by']}"
    yield about(details, more={"trainer": details["trainer"], "estimator": details["estimator"], **times})
    if details["metrics"]:
        yield metrics_table(details["metrics"])
    if details["comparison"]:
        yield f"Comparison\n  {comparison_line(details['comparison'])}"
    if details["checks"]:
        yield checks_table(details["checks"])
    if details["importance"]:
        greatest = sorted(details["importance"].items(), key=lambda item: -item[1])[:_IMPORTANT]
        rows = [(f"  {name}", number(value)) for name, value in greatest]
        yield table(rows, titles=("Rests on", ""), right=(1,))
    if details["experiments"]:
        experiments = [
            (f"  {item['experiment']}", item["trainer"] or "", "winner" if item["winner"] else "")
            for item in details["experiments"]
        ]
        yield table(experiments, titles=("Experiments", "", ""))
    if details["deployments"]:
        deployments = [
            (
                f"  {item['deployment']}",
                moment(item["deployed_at"]),
                "active" if item["active"] else "ended",
                "; ".join(f"{name.replace('_', ' ')}: {item[name]}" for name in _DECISION if name in item),
            )
            for item in details["deployments"]
        ]
        yield table(deployments, titles=("Deployments", "", "", ""))
    yield from lineage_tables(details)


_TELLING = VersionView(
    ModelVersion,
    summary=_summary,
    titles=("model version", "status", "trainer", "metric", "test", "baseline", "made", "run"),
    row=_row,
    right=(4, 5),
    details=_details,
    parts=_parts,
)
