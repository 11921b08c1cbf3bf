"""Component types, one package each: the interface in ``__init__``, one module per implementation."""
