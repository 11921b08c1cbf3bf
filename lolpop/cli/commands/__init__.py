"""The commands, one module a group: their arguments and options. What they do is imported when they do it."""
