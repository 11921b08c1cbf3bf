"""An extension of lolpop: samples of rows for people to look at, and a shallow tree."""
