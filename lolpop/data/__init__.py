"""Rows: where they are, how they are read as frames, and how they lie in time."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
