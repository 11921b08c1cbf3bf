"""Testing integrations and workflows: contracts, fakes, checks of tasks, and a plugin of pytest."""

from __future__ import annotations

import lazy_loader

# Nothing is imported before it is asked for: a plugin that nobody uses costs nothing.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
