"""Predictions of rows: making, checking, storing and serving them."""
