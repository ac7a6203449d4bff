"""Accounts that work together: candidate groups, tests against chance, false-discovery rate, entities."""
