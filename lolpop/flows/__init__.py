"""Flows: the order of workflows, for this process and for orchestrators."""

from __future__ import annotations

from lolpop.flows.flow import Flow, flow
from lolpop.flows.handles import After, Handle
from lolpop.flows.ready_made import predict, ready_made_flows, train, train_and_predict
from lolpop.flows.recorder import Recorder
from lolpop.flows.workflows import Workflows

__all__ = [
    "After",
    "Flow",
    "Handle",
    "Recorder",
    "Workflows",
    "flow",
    "predict",
    "ready_made_flows",
    "train",
    "train_and_predict",
]
