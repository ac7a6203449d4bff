"""What many unrelated customers have in common: networks, client stacks, cards, mail domains, promo codes.

All of it is heavy-tailed: a few values serve a large share of the accounts, and most values serve very few. Every name
and number is invented.
"""
