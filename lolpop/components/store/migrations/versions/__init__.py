"""One script for each version of the tables. They are self-contained: released scripts never change."""
