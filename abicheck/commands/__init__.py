"""One module per command: its arguments, then one call into the library."""
