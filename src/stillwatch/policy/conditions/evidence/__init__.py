"""Conditions about the evidence against one account."""
