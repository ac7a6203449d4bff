"""Conditions about what a provider and a customer agreed on; most exemptions are made of them."""
