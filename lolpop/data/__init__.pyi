from .sources import Data as Data
from .sources import FrameKind as FrameKind
from .sources import Source as Source
from .sources import Sources as Sources
