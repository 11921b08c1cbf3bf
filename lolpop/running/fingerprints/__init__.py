"""Fingerprints: the dependencies of a call, part by part."""
