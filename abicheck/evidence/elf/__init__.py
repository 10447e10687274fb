"""ELF files -> Evidence: what the dynamic loader will see, read without it."""
