"""Drawings of the wiring of a container."""
