"""Predictions of rows as they are kept, written and served: who makes them, and what is checked of them."""
