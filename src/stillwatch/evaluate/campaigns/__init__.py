"""How well groups of accounts are found: measures, other methods, real labelled sets. Knows nothing of our detector."""
