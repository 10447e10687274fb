"""The nouns that every other part shares: frozen records, no I/O."""
