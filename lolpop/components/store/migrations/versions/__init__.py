"""One script for each version of the tables. They stand on their own: what was released never changes."""
