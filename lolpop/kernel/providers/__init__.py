"""What containers are declared with: one provider for each kind of thing that they hold."""

from lolpop.kernel.providers.beside import Callable, Factory, Object
from lolpop.kernel.providers.components import Component, Components
from lolpop.kernel.providers.nesting import nested
from lolpop.kernel.providers.owners import Pipeline, Runner
from lolpop.kernel.providers.places import Places
from lolpop.kernel.providers.values import Folder, Settings

__all__ = [
    "Callable",
    "Component",
    "Components",
    "Factory",
    "Folder",
    "Object",
    "Pipeline",
    "Places",
    "Runner",
    "Settings",
    "nested",
]
