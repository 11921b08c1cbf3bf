"""The providers that containers are declared with."""

from lolpop.kernel.providers.components import Component
from lolpop.kernel.providers.dependencies import Lazy
from lolpop.kernel.providers.lists import Components
from lolpop.kernel.providers.main_slots import Pipeline, Runner
from lolpop.kernel.providers.mappings import Mapping
from lolpop.kernel.providers.nesting import nested
from lolpop.kernel.providers.uncached import Callable, Factory, Object
from lolpop.kernel.providers.values import Folder, Places, Settings
from lolpop.kernel.providers.wrapping import Wrap

__all__ = [
    "Callable",
    "Component",
    "Components",
    "Factory",
    "Folder",
    "Lazy",
    "Mapping",
    "Object",
    "Pipeline",
    "Places",
    "Runner",
    "Settings",
    "Wrap",
    "nested",
]
