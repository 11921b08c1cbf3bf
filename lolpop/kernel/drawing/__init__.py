"""Drawings of what is wired in a container."""
