"""Settings: sources, merging, origins.

``sources`` reads files, variables and flags into layers of nodes that know where they stand; ``tree``
merges the layers; ``links`` and ``reading`` turn what counts into values of the declared types.
"""
