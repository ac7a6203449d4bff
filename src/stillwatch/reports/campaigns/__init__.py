"""Campaigns as people see them: terminal, page, JSON and members as CSV."""
