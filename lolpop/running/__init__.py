"""Calls of workflows: recording, failures, caching, resuming and replaying."""
