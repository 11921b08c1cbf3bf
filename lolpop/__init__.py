"""lolpop: dependency injection for machine-learning workflows.

Components do the technical work, pipelines combine them into tasks, runners combine pipelines into
workflows, and nested containers wire them.
"""

import lazy_loader

# Nothing is imported before it is asked for: `import lolpop` and `lolpop --help` stay fast.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
