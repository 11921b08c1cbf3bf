"""The contracts of component types, as test classes.

Subclass the contract of the type in a test module, with a fixture ``make`` that creates the component.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
