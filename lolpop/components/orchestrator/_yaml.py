"""YAML that people read and change."""

from __future__ import annotations

from io import StringIO
from typing import Any


def yaml_text(document: dict[str, Any], comments: list[str]) -> str:
    """A document in block style, with comments above it; texts of several lines are literal blocks."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_literal(document), stream)
    return "".join(f"# {comment}\n" for comment in comments) + stream.getvalue()


def _literal(value: Any) -> Any:
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if isinstance(value, dict):
        return {key: _literal(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_literal(child) for child in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    if isinstance(value, str) and (value[:1].isdigit() or value.lower() in {"on", "off", "yes", "no"}):
        return DoubleQuotedScalarString(value)  # YAML 1.1 reads some of them as something else
    return value
