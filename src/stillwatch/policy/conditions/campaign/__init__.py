"""Conditions about the campaign that an account belongs to."""
