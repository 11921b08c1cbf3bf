"""Flows read as graphs, and run by a runner that was built by hand."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lolpop import Runner, workflow
from lolpop.errors import FlowError
from lolpop.flows import Recorder, flow, predict, ready_made_flows, train, train_and_predict
from lolpop.graphs import Output
from lolpop.resources import DatasetVersion, ModelVersion
from lolpop.runners.classification import ClassificationRunner
from lolpop.runners.forecasting import ForecastingRunner
from lolpop.runners.regression import RegressionRunner


class Baker(Runner):
    """Bakes, and remembers in which order it was called."""

    def __init__(self) -> None:
        self.calls = []

    @workflow
    def mix(self, flour: int = 1, kind: str = "rye") -> DatasetVersion:
        self.calls.append("mix")
        return DatasetVersion(name=kind, number=flour)

    @workflow
    def bake(self, dough: DatasetVersion) -> ModelVersion:
        self.calls.append("bake")
        return ModelVersion(name=dough.name, number=dough.number)

    @workflow
    def sell(self, bread: ModelVersion, price: float = 1.0) -> str | None:
        self.calls.append("sell")
        return f"{bread} for {price}"


def findings_of(function):
    with pytest.raises(FlowError) as caught:
        flow(function).graph(Baker)
    return list(caught.value.findings)


def line_of(finding):
    """The source line, from the column on, that a finding points to."""
    line = Path(finding.origin.source).read_text().splitlines()[finding.origin.line - 1]
    return line[finding.origin.column - 1 :]


@flow
def bakery(w):
    bread = w.bake(w.mix(2))
    return {"sold": w.sell(bread), "bread": bread}


def test_a_graph_has_a_step_for_each_call_and_an_edge_for_each_handle():
    """Several calls of a workflow have different names, and stated arguments are recorded."""

    def both(w):
        rye, wheat = w.mix(), w.mix(flour=3, kind="wheat")
        w.bake(wheat, after=rye)

    graph = flow(both).graph(Baker)
    assert [step.name for step in graph.steps] == ["mix", "mix_2", "bake"]
    assert graph.step("mix_2").values == {"flour": 3, "kind": "wheat"}
    assert graph.step("bake").arguments == {"dough": Output("mix_2")}
    assert graph.step("bake").predecessors == ("mix_2", "mix")
    assert graph.step("mix_2").options() == ["--flour", "3", "--kind", "wheat"]


def test_a_flow_called_with_a_runner_runs_there_and_returns_results():
    """Returned handles become results."""
    baker = Baker()
    assert bakery(baker) == {
        "sold": "model_version:rye@2 for 1.0",
        "bread": ModelVersion(name="rye", number=2),
    }
    assert baker.calls == ["mix", "bake", "sell"]


def test_a_call_that_waits_for_a_later_one_is_made_after_it():
    """Handle.after orders calls independently of the function's order."""

    @flow
    def late(w):
        second = w.mix(kind="second")
        second.after(w.bake("first@1"))
        return second

    baker = Baker()
    assert late(baker) == DatasetVersion(name="second", number=1)
    assert baker.calls == ["bake", "mix"]


def test_a_flow_inside_a_flow_adds_its_calls():
    """A flow extends a ready-made one by calling it and using its handles."""

    @flow
    def more(w):
        return w.sell(bakery(w)["bread"], price=2.5)

    assert more(Baker()) == "model_version:rye@2 for 2.5"
    assert [step.name for step in more.graph(Baker).steps] == ["mix", "bake", "sell", "sell_2"]


def test_all_errors_are_reported_at_once_with_their_places():
    """Unknown workflows and parameters, and wrong types, with the line of each."""

    def wrong(w):
        dough = w.mixx()
        w.mix(flower=2)
        bread = w.bake(w.mix())
        w.bake(bread)
        w.mix(flour="much")
        w.sell()
        w.bake(dough)

    findings = findings_of(wrong)
    assert [finding.message for finding in findings] == [
        "Baker has no workflow 'mixx'",
        "mix has no parameter 'flower'",
        "dough of bake: expected DatasetVersion, but bake returns ModelVersion",
        "flour of mix: Input should be a valid integer, unable to parse string as an integer",
        "sell needs bread, a ModelVersion",
    ]
    assert [finding.hint for finding in findings[:2]] == ["Did you mean mix?", "Did you mean flour?"]
    assert [line_of(finding).split("(")[0] for finding in findings] == [
        "w.mixx", "w.mix", "w.bake", "w.mix", "w.sell",
    ]  # fmt: skip


def test_a_result_that_may_be_none_is_not_taken_where_one_is_needed():
    """A workflow that may return None does not fit a parameter that requires a resource."""

    class Shop(Baker):
        @workflow
        def frame(self, receipt: str) -> None:
            """Hang it on the wall."""

    with pytest.raises(FlowError, match=re.escape("expected str, but sell returns str | None")):
        flow(lambda w: w.frame(w.sell("rye@1"))).graph(Shop)


def test_calls_that_wait_for_each_other_are_an_error():
    """The message draws the cycle, with the places of its calls."""

    def circle(w):
        dough = w.mix()
        bread = w.bake(dough)
        dough.after(w.sell(bread))

    [finding] = findings_of(circle)
    assert re.fullmatch(
        r"the calls wait for each other: (mix -> bake -> sell -> mix|bake -> sell -> mix -> bake"
        r"|sell -> mix -> bake -> sell)",
        finding.message,
    )
    assert line_of(finding).startswith("w.")
    assert "test_flow_recording.py" in finding.hint


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda w: w.sell("rye@1") and None, "Branch inside a workflow"),
        (lambda w: [*w.mix()], "Loop inside a workflow"),
        (lambda w: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda w: None, "the flow calls no workflow"),
        (lambda w: w.mix(after="bake"), "after of mix takes handles, but got 'bake'"),
        (lambda w: w.bake("rye"), "'rye' is not a reference of the form dataset_version:name@number"),
        (lambda w: w.bake(dough=w.mix(), dougs=2), "bake has no parameter 'dougs'"),
        (lambda w: w.mix(1, "rye", 3), "mix takes 2 arguments, but got 3"),
        (lambda w: w.mix(1, flour=2), "mix got two values for flour"),
    ],
)
def test_a_flow_that_cannot_be_read_says_where(function, message):
    """Branches on handles, errors of the function, and misuse are reported with their line."""
    [finding] = findings_of(function)
    assert message in finding.message
    assert finding.origin.source.endswith("test_flow_recording.py")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_every_call_comes_after_those_that_it_waits_for(edges):
    """Any order without a cycle is followed; a cycle is an error."""
    recorder = Recorder(Baker)
    handles = [recorder.mix() for _ in range(10)]
    for first, second in edges:
        handles[second].after(handles[first])
    try:
        steps = [step.name for step in recorder.graph("any").steps]
    except FlowError:
        ancestors = {number: {first for first, second in edges if second == number} for number in range(10)}
        for _ in range(10):
            for number, above in ancestors.items():
                ancestors[number] = above | {far for near in above for far in ancestors[near]}
        assert any(number in above for number, above in ancestors.items())
    else:
        for first, second in edges:
            assert steps.index(handles[first].step) < steps.index(handles[second].step)


@pytest.mark.parametrize("runner", [ClassificationRunner, RegressionRunner, ForecastingRunner])
def test_every_ready_made_runner_has_three_flows(runner):
    """Training, predicting, and both, with workflows and parameters of the runner."""
    flows = ready_made_flows(runner)
    steps = {name: [step.workflow for step in ready.graph(runner).steps] for name, ready in flows.items()}
    assert list(steps) == ["train", "predict", "train_and_predict"]
    assert steps["train"] == ["process_data", "train_model", "deploy_model"]
    assert steps["predict"][-1] == steps["train_and_predict"][-1] == "predict_data"


def test_the_flows_of_the_package_are_those_of_classification():
    """Users import the flows that the command line runs."""
    flows = ready_made_flows(ClassificationRunner)
    assert flows == {"train": train, "predict": predict, "train_and_predict": train_and_predict}
    last = train_and_predict.graph(ClassificationRunner).step("predict_data")
    assert last.predecessors == ("process_data_2", "deploy_model")
    assert "model_version" not in last.arguments
