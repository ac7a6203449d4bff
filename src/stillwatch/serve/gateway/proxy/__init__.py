"""Carrying calls through: what comes in whole, how it goes on, and how the answer comes back."""
