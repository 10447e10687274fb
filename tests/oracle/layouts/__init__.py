"""Generated structs, and what compilers make of them on every target."""
