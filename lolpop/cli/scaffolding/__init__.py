"""Scaffolding: projects and their parts, written from templates."""
