"""Forecasting: what the trainers of series share."""
