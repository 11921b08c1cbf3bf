"""Ready-made containers, one module per pipeline and per runner."""
