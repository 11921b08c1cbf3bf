"""Settings of the original lolpop, and what becomes of them."""
