"""Small tables for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from lolpop._escaping import escaped_text
from lolpop._urls import mask_urls


def html_table(title: str, rows: Mapping[str, str]) -> str:
    """A table of names and values below a title; empty values are left out, secrets are masked."""
    cells = "".join(
        f'<tr><th style="text-align: left">{_shown(name)}</th>'
        f'<td style="text-align: left">{_shown(value)}</td></tr>'
        for name, value in rows.items()
        if value
    )
    return f"<table><caption><code>{_shown(title)}</code></caption>{cells}</table>"


def _shown(text: str) -> str:
    return escape(escaped_text(mask_urls(text)))
