"""Components of the extension."""
