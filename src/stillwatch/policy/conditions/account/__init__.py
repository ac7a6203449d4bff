"""Conditions about the account: volume, plan, age."""
