"""explain_miss."""


def explain_miss(symbols, name):
    return None
