"""Pipelines: components combined into tasks."""
