"""What notebooks show."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

from lolpop.components.store import RunRecord
from lolpop.resources import ModelVersion
from lolpop_containers.classification import ClassificationContainer


def test_a_container_is_a_picture_of_its_wiring():
    """Well-formed HTML with every provider, without secrets; a nested container shows its own."""
    settings = {"store.url": "postgresql://ada:s3cr3t@host/db", "problem.name": "a", "problem.target": "x<y"}
    with ClassificationContainer.load(environ={}, overrides=settings) as container:
        html = container._repr_html_()
        assert "s3cr3t" not in html
        words = [element.text for element in ET.fromstring(html).iter() if element.text]
        assert {"train", "model_trainer", "target=x<y"} <= set(words)
        inner = [element.text for element in ET.fromstring(container.train._repr_html_()).iter()]
        assert "model_trainer" in inner
        assert "model_repository" not in inner


def test_runs_and_resources_are_tables():
    """Fields are escaped, and without secrets."""
    run = RunRecord(
        "r1", "run", "App", "failed", datetime(2026, 1, 1, tzinfo=UTC),
        error="<b> at https://ada:s3cr3t@host/x",
    )  # fmt: skip
    html = run._repr_html_()
    words = [element.text for element in ET.fromstring(html).iter()]
    assert {"run r1", "App.run", "failed"} <= set(words)
    assert "&lt;b&gt;" in html
    assert "s3cr3t" not in html
    html = ModelVersion.parse("model_version:churn@3")._repr_html_()
    assert "model_version:churn@3" in html
