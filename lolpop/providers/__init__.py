"""What containers are declared with: one provider for each kind of thing that they hold."""

from lolpop.providers.beside import Callable, Factory, Object
from lolpop.providers.components import Component, Components
from lolpop.providers.nesting import nested
from lolpop.providers.owners import Pipeline, Runner
from lolpop.providers.values import Folder, Settings

__all__ = [
    "Callable",
    "Component",
    "Components",
    "Factory",
    "Folder",
    "Object",
    "Pipeline",
    "Runner",
    "Settings",
    "nested",
]
