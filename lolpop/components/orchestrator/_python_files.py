"""What the built files of Python have in common: which project it is, and how a workflow of it is run."""

from __future__ import annotations

import json

from lolpop.components.orchestrator import Project
from lolpop.graphs import Step, option_name, option_value

__all__ = ["constants", "literal", "run_function", "step_arguments"]


def constants(project: Project) -> str:
    """Assignments that say which project it is."""
    return "\n".join(
        [
            f"FOLDER = {literal(str(project.folder))}",
            f'LOLPOP = [{literal(project.python)}, "-m", "lolpop"]',
            f"RUNNER = {literal(project.runner)}",
            f"OPTIONS = {literal(list(project.options))}",
        ]
    )


def run_function(returned: str = 'json.loads(done.stdout)["result"]') -> str:
    """A function that runs a workflow in a process of its own; ``returned`` is what it returns."""
    return f'''\
def run_lolpop(group, workflow, *words, **environment):
    """Run a workflow in a process of its own. The group joins the runs of a flow."""
    command = [*LOLPOP, "run", RUNNER, workflow, *words, *OPTIONS, "--json"]
    environment = {{**os.environ, "LOLPOP_GROUP": group, **environment}}
    # Standard error is for people, and becomes the log of the task.
    done = subprocess.run(command, cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{{workflow}} failed with exit code {{done.returncode}}: see the log")
    return {returned}'''


def step_arguments(step: Step, prefix: str = "") -> str:
    """The arguments of a call that runs a step: its workflow, its options, and variables named as steps."""
    words = [literal(step.workflow)]
    for name, value in step.values.items():
        words += [literal(option_name(name)), literal(option_value(value))]
    for name, source in step.inputs.items():
        words += [literal(option_name(name)), f"{prefix}{source}"]
    return ", ".join(words)


def literal(value: object) -> str:
    """A text, a number or a list of such as Python writes it, with double quotes."""
    if value is None or isinstance(value, bool):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)
