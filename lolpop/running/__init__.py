"""What happens when a workflow is called: calls, their records, failures, resuming and replaying."""
