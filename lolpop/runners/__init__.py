"""Runners: pipelines combined into end-to-end workflows."""
