"""Campaigns of many coordinated accounts under one operator, after the published ones."""
