"""Commands that run workflows, and that say what running one would do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from lolpop._import_order import import_ufuncs
from lolpop.cli._completing import completed_by
from lolpop.cli._options import AsJson, Group, Runner, command
from lolpop.cli._output import say
from lolpop.cli._settings_options import SettingsOptions

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[WORKFLOW] [--PARAMETER VALUE]",
        hidden=True,
        autocompletion=completed_by("complete_workflow"),
    ),
]
Workflow = Annotated[
    str,
    typer.Argument(
        metavar="[WORKFLOW]",
        show_default=False,
        autocompletion=completed_by("complete_workflow"),
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="RUN",
        help="Resume a failed or interrupted run; replaces RUNNER.",
        autocompletion=completed_by("complete_run"),
    ),
]
PlanResume = Annotated[
    str | None,
    typer.Option(
        metavar="RUN",
        help="Plan run --resume of this run; replaces RUNNER.",
        autocompletion=completed_by("complete_run"),
    ),
]
Step = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Name of this call in its group: a later attempt resumes earlier ones.",
    ),
]
Cache = Annotated[bool, typer.Option("--cache", help="Reuse results of earlier runs.")]
SweepFlags = Annotated[
    list[str] | None,
    typer.Option(
        "--sweep",
        metavar="PATH=V1,V2",
        help="Run every combination of these values, as a group: --sweep seed=1,2,3.",
    ),
]
SweepFile = Annotated[
    Path | None,
    typer.Option("--sweep-file", metavar="FILE", help="A YAML file of such values: {seed: [1, 2, 3]}."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Combinations of a sweep to run at once.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Run a sweep of more than 100 combinations.")]
Help = Annotated[
    bool,
    typer.Option("--help", help="Show this message; with a RUNNER, its workflows and their parameters."),
]

app = typer.Typer(rich_markup_mode=None)


@command(app, context_settings={"ignore_unknown_options": True, "help_option_names": []})
def run(
    context: typer.Context,
    settings: SettingsOptions,
    runner: Runner = "",
    words: Words = None,
    group: Group = None,
    step: Step = None,
    resume: Resume = None,
    cache: Cache = False,
    sweep: SweepFlags = None,
    sweep_file: SweepFile = None,
    jobs: Jobs = 1,
    yes: Yes = False,
    as_json: AsJson = False,
    show_help: Help = False,
) -> None:
    """Run a workflow and record it in the store.

    Parameters of the workflow are options: lolpop run classification train_model
    --dataset-version dataset_version:titanic_train@1. Without WORKFLOW it is run. Without RUNNER it is the
    runner of the project, which the settings name: lolpop: {runner: classification}.
    """
    from lolpop.cli._failures import UsageError

    options = replace(settings, group=group, cache=cache, step=step)
    if show_help and not runner:
        say(context.get_help())
    elif resume is not None:
        if runner:
            raise UsageError(f"--resume takes the runner of its run: lolpop run --resume {resume}")
        if cache:
            raise UsageError("--resume reuses what its run made, and nothing else: leave --cache out")
        if sweep or sweep_file:
            raise UsageError("a sweep is resumed by its own command: leave --resume out")
        if step is not None:
            raise UsageError("--step finds the run to go on from: leave --resume out")
        import_ufuncs()
        from lolpop.cli.replay import replay_run

        replay_run(resume, options, as_json=as_json, resume=True)
    elif show_help:
        from lolpop.cli.run import describe_workflows

        describe_workflows([runner, *(words or [])], settings)
    elif (jobs > 1 or yes) and not (sweep or sweep_file):
        raise UsageError(
            "--jobs and --yes belong to a sweep: add --sweep PATH=VALUE,VALUE, or leave them out"
        )
    elif sweep or sweep_file:
        if step is not None:
            raise UsageError("a sweep is a group of its own: leave --step out")
        if jobs == 1:  # else its runs are in processes of their own
            import_ufuncs()
        from lolpop.cli import sweep as sweeps

        named = [*filter(None, [runner]), *(words or [])]
        flags = sweep or ()
        sweeps.sweep(named, options, flags, sweep_file, jobs=jobs, confirmed=yes, as_json=as_json)
    else:
        _run([*filter(None, [runner]), *(words or [])], options, as_json=as_json)


def _run(words: list[str], options: SettingsOptions, *, as_json: bool) -> None:
    if not options.cache:  # with it, there may be nothing to compute
        import_ufuncs()
    from lolpop.cli.run import run

    run(words, options, as_json=as_json)


@command(app)
def plan(
    settings: SettingsOptions,
    runner: Runner = "",
    workflow: Workflow = "",
    resume: PlanResume = None,
    as_json: AsJson = False,
) -> None:
    """Show which calls run --cache, or run --resume, would reuse, and which it would repeat and why.

    Nothing runs. Without --resume, the calls of the newest run of the workflow are examined.

    Example: lolpop plan classification --set seed=8
    """
    from lolpop.cli._failures import UsageError
    from lolpop.cli.plan import plan_again, plan_resumed

    if resume is not None:
        if runner:
            raise UsageError(f"--resume takes the runner of its run: lolpop plan --resume {resume}")
        plan_resumed(resume, settings, as_json=as_json)
    else:
        plan_again([word for word in (runner, workflow) if word], settings, as_json=as_json)
