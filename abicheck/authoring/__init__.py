"""Contracts as people write them: drafted from what is there, and laid out to be looked at."""
