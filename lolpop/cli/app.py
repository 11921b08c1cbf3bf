"""The commands, with their options. What they do is imported when they do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lolpop.cli._exit_codes import USAGE
from lolpop.cli._output import say

if TYPE_CHECKING:
    from lolpop.cli._project import SettingsOptions

__all__ = ["app"]

app = typer.Typer(
    help="Machine-learning workflows, wired from components, pipelines and runners.",
    add_completion=False,
    # Plain help: what draws frames around it takes longer to import than everything else.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
config = typer.Typer(help="Show and explain settings.", rich_markup_mode=None)
runs = typer.Typer(help="List, show, compare and replay runs.", rich_markup_mode=None)
app.add_typer(config, name="config")
datasets = typer.Typer(help="List and show versions of data.", rich_markup_mode=None)
models = typer.Typer(help="List, show, approve and deploy models.", rich_markup_mode=None)
app.add_typer(runs, name="runs")
app.add_typer(datasets, name="datasets")
app.add_typer(models, name="models")

_RUNNER_HELP = "A registered name, package.module:ContainerClass, or path/file.py:ContainerClass."
Runner = Annotated[str, typer.Argument(metavar="RUNNER", help=_RUNNER_HELP)]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file, in place of lolpop.yaml. Several: the last is the strongest.",
    ),
]
Profile = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Read x.NAME.yaml over each x.yaml. Several: the last is the strongest."
    ),
]
Flags = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Set one setting, such as train.model_trainer.n_estimators=200."
    ),
]
Group = Annotated[
    str | None, typer.Option(metavar="NAME", help="Runs of several processes that belong together.")
]
Cache = Annotated[
    bool,
    typer.Option("--cache", help="Take over what earlier runs have made of the same, instead of making it."),
]
_RUN_HELP = "A run's id, or its beginning; last is the newest run, @2 the one before it."
RunId = Annotated[str, typer.Argument(metavar="ID", help=_RUN_HELP)]
_VERSION_HELP = "A reference, NAME@NUMBER, or NAME for the newest."
ModelName = Annotated[str, typer.Argument(metavar="NAME", help="A model, such as churn.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decided; you unless said.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]
Limit = Annotated[int, typer.Option("--number", "-n", min=1, help="How many, the newest first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Traceback = Annotated[bool, typer.Option("--traceback", help="Show where an error came from.")]


@app.callback(invoke_without_command=True)
def lolpop(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print help where there is nothing to do; the version is printed before anything is imported."""
    if version or context.invoked_subcommand is None:
        say(context.get_help())


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def run(
    context: typer.Context,
    runner: Annotated[str, typer.Argument(metavar="RUNNER", help=_RUNNER_HELP, show_default=False)] = "",
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[WORKFLOW] [--PARAMETER VALUE]", hidden=True)
    ] = None,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    group: Group = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on where a run failed or was interrupted; in place of RUNNER."),
    ] = None,
    cache: Cache = False,
    as_json: AsJson = False,
    traceback: Traceback = False,
    show_help: Annotated[
        bool,
        typer.Option("--help", help="Show this message; with a RUNNER, its workflows and their parameters."),
    ] = False,
) -> None:
    """Run a workflow and record it in the store.

    Parameters of the workflow are options: lolpop run classification train_model
    --dataset-version dataset_version:titanic_train@1. Without WORKFLOW it is run.
    """
    from lolpop.cli._failures import UsageError

    with _failures(show_traceback=traceback):
        if show_help and not runner:
            say(context.get_help())
        elif resume is not None:
            if runner:
                raise UsageError(f"--resume takes the runner of its run: lolpop run --resume {resume}")
            if cache:
                raise UsageError("--resume takes what its run has made, and nothing else: leave --cache out")
            from lolpop.cli.replay import replay_run

            replay_run(resume, _given(files, profile, flags, group), as_json=as_json, resume=True)
        elif not runner or runner.startswith("-"):
            raise UsageError("name a runner: lolpop run RUNNER [WORKFLOW]. 'lolpop run --help' says more.")
        elif show_help:
            from lolpop.cli.run import describe_workflows

            describe_workflows(runner, _given(files, profile, flags))
        else:
            from lolpop.cli.run import run

            given = _given(files, profile, flags, group, cache=cache)
            run(runner, words or [], given, as_json=as_json)


@app.command()
def plan(
    runner: Annotated[str, typer.Argument(metavar="RUNNER", help=_RUNNER_HELP, show_default=False)] = "",
    workflow: Annotated[str, typer.Argument(metavar="[WORKFLOW]", show_default=False)] = "run",
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Say what run --resume would do; in place of RUNNER.")
    ] = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Say what run --cache, or run --resume, would reuse, and what it would call again and why.

    Nothing is run. Without --resume, the calls of the newest run of the workflow are looked at.
    """
    from lolpop.cli._failures import UsageError

    with _failures(show_traceback=traceback):
        from lolpop.cli.plan import plan_again, plan_resumed

        if resume is not None and runner:
            raise UsageError(f"--resume takes the runner of its run: lolpop plan --resume {resume}")
        if resume is None and not runner:
            raise UsageError(
                "name a runner: lolpop plan RUNNER [WORKFLOW]; or a run: lolpop plan --resume RUN"
            )
        given = _given(files, profile, flags)
        if resume is not None:
            plan_resumed(resume, given, as_json=as_json)
        else:
            plan_again(runner, workflow, given, as_json=as_json)


@app.command()
def verify(
    runner: Runner,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Find everything that is wrong, without running anything."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.verify import verify

        if not verify(runner, _given(files, profile, flags), as_json=as_json):
            raise typer.Exit(USAGE)


@app.command()
def graph(
    runner: Runner,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    traceback: Traceback = False,
) -> None:
    """Draw the wired tree of a container."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.graph import print_graph

        print_graph(runner, _given(files, profile, flags))


@app.command()
def components(
    component_type: Annotated[
        str | None, typer.Argument(metavar="TYPE", help="Such as model_trainer.")
    ] = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """List the implementations that are registered."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.components import list_components

        list_components(component_type, as_json=as_json)


@config.command("show")
def config_show(
    runner: Runner,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Print every setting, and where it comes from."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.config import show_settings

        show_settings(runner, _given(files, profile, flags), as_json=as_json)


@config.command("explain")
def config_explain(
    runner: Runner,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Path of a setting or section, such as train.model_trainer.")
    ],
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Print what every source says of a setting."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.config import explain_setting

        explain_setting(runner, key, _given(files, profile, flags), as_json=as_json)


@config.command("schema")
def config_schema(
    runner: Runner,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    traceback: Traceback = False,
) -> None:
    """Print a JSON Schema of the settings, for editors."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.config import print_schema

        print_schema(runner, _given(files, profile, flags))


@runs.command("ls")
def runs_ls(
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    group: Group = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """List runs, the newest first."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.runs import list_runs

        list_runs(_given(files, profile, flags, group), limit=limit, as_json=as_json)


@runs.command("show")
def runs_show(
    run_id: RunId,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Show all that is known of a run."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.runs import show_run

        show_run(run_id, _given(files, profile, flags), as_json=as_json)


@runs.command("diff")
def runs_diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_RUN_HELP)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=_RUN_HELP)],
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Show what differs between two runs, and what came of it."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.diff import diff_runs

        diff_runs(old, new, _given(files, profile, flags), as_json=as_json)


@runs.command("replay")
def runs_replay(
    run_id: RunId,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    group: Group = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Run one again as it was recorded, with what --set says over it."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.replay import replay_run

        replay_run(run_id, _given(files, profile, flags, group), as_json=as_json)


@datasets.command("ls")
def datasets_ls(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A dataset, such as churn_train.")
    ] = None,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """List versions of datasets, the newest first."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.datasets import list_datasets

        list_datasets(name, _given(files, profile, flags), limit=limit, as_json=as_json)


@datasets.command("show")
def datasets_show(
    version: Annotated[str, typer.Argument(metavar="DATASET_VERSION", help=_VERSION_HELP)],
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Show where a dataset version came from, its columns, and what was made of it."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.datasets import show_dataset

        show_dataset(version, _given(files, profile, flags), as_json=as_json)


@models.command("ls")
def models_ls(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A model, such as churn.")] = None,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """List versions of models, the newest first, and which is deployed."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.models import list_models

        list_models(name, _given(files, profile, flags), limit=limit, as_json=as_json)


@models.command("show")
def models_show(
    version: Annotated[str, typer.Argument(metavar="MODEL_VERSION", help=_VERSION_HELP)],
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Show what a model version is worth, where it came from, and what became of it."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.models import show_model

        show_model(version, _given(files, profile, flags), as_json=as_json)


@models.command("approve")
def models_approve(
    version: Annotated[str, typer.Argument(metavar="MODEL_VERSION", help="A reference, or NAME@NUMBER.")],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves it.")],
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Approve a promoted model version, so that it can be deployed."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.models import approve_model

        approve_model(version, by, _given(files, profile, flags), as_json=as_json)


@models.command("deploy")
def models_deploy(
    version: Annotated[str, typer.Argument(metavar="MODEL_VERSION", help="A reference, or NAME@NUMBER.")],
    by: By = None,
    reason: Reason = None,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Put a chosen model version to use, in place of the one that is."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.deployments import deploy_version

        deploy_version(version, by, reason, _given(files, profile, flags), as_json=as_json)


@models.command("rollback")
def models_rollback(
    name: ModelName,
    by: By = None,
    reason: Reason = None,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Put the model version to use again that was in use before the one that is."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.deployments import roll_back

        roll_back(name, by, reason, _given(files, profile, flags), as_json=as_json)


@models.command("undeploy")
def models_undeploy(
    name: ModelName,
    by: By = None,
    reason: Reason = None,
    files: Files = None,
    profile: Profile = None,
    flags: Flags = None,
    as_json: AsJson = False,
    traceback: Traceback = False,
) -> None:
    """Take the model version out of use that is in use."""
    with _failures(show_traceback=traceback):
        from lolpop.cli.deployments import undeploy_model

        undeploy_model(name, by, reason, _given(files, profile, flags), as_json=as_json)


@contextmanager
def _failures(*, show_traceback: bool) -> Iterator[None]:
    from lolpop.cli._failures import failures

    with failures(show_traceback=show_traceback):
        yield


def _given(
    files: list[Path] | None,
    profile: list[str] | None,
    flags: list[str] | None,
    group: str | None = None,
    *,
    cache: bool = False,
) -> SettingsOptions:
    from lolpop.cli._project import SettingsOptions

    return SettingsOptions(tuple(files or ()), tuple(profile or ()), tuple(flags or ()), group, cache)
