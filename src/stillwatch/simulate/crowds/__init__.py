"""Honest crowds: accounts that share a template, a card, a network or a day, and are not one hand's."""
