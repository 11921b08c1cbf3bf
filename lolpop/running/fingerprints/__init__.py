"""Fingerprints: what a call depends on, part by part."""
